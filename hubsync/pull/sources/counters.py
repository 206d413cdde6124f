"""Events from counters: the growth of a property such as `hs_email_click` between two looks at the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.pull.glance import Glance
from hubsync.pull.portal import Portal
from hubsync.pull.sources.seeding import SeedStream, name_of
from hubsync.scoring.origins import CounterSource
from hubsync.types import Counter


def why_not(source: CounterSource, portal: Portal) -> str | None:
    """Why this source can't be used, or None when it can."""
    return portal.lacks(source.object, {source.count, source.last})


def counter(source_id: str, kind: str, source: CounterSource) -> Counter:
    """What the store watches while it takes in records."""
    return Counter(source_id, kind, source.object, source.count, source.last, source.seed)


def sighting(source: str) -> str:
    """The name of the cursor that remembers by which property a source counts."""
    return f"counter/{source}"


def sighted(counter: Counter) -> Mapping[str, str]:
    """By which property a source counts."""
    return {"property": f"{counter.object}.{counter.count}"}


def is_another(counter: Counter, cursors: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a source counted by another property before: its events are worthless now."""
    return cursors.get(sighting(counter.source), sighted(counter)) != sighted(counter)


def seeding(
    counter: Counter, portal: Portal, glance: Glance, cursors: Mapping[str, Mapping[str, Any]]
) -> SeedStream | None:
    """The stream that reads what a counter had counted before it was seen first, None when that is not asked for."""
    if not counter.seed:
        return None
    position = None if is_another(counter, cursors) else cursors.get(name_of(counter.source))
    return SeedStream(counter, portal.client, glance.first_sights, position)
