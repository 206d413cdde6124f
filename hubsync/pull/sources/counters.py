"""Events from counters: the growth of a property such as `hs_email_click` between two looks at the record."""

from __future__ import annotations

from hubsync.pull.portal import Portal
from hubsync.scoring.origins import CounterSource
from hubsync.types import Counter


def why_not(source: CounterSource, portal: Portal) -> str | None:
    """Why this source can't be used, or None when it can."""
    return portal.lacks(source.object, {source.count, source.last})


def counter(source_id: str, kind: str, source: CounterSource) -> Counter:
    """What the store watches while it takes in records."""
    return Counter(source_id, kind, source.object, source.count, source.last)
