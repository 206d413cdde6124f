"""What a pull says about itself: how each source stands, what was missing, what must be held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hubsync.pull.drift import Lost
from hubsync.scoring.feeds import Feeds
from hubsync.store import SourceStatus, Stock
from hubsync.types import PropertyDefinition


class Progress(Protocol):
    """Told how far a stream is; `total` is None where HubSpot does not say."""

    def __call__(self, stream: str, rows: int, total: int | None) -> None:
        """Take note of rows pulled so far."""
        ...


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one source stands; `replaced_by` is the source that feeds its kind instead, if any."""

    source: str
    kind: str
    status: SourceStatus
    reason: str = ""
    replaced_by: str | None = None
    models: tuple[str, ...] = ()
    starts_at: datetime | None = None
    last_event_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Objects and kinds of events that can't be read for one reason, with nothing in their place.

    `models` need them; those of them in `not_scored` have no record to score at all, the others score with less.
    """

    objects: tuple[str, ...]
    events: tuple[str, ...]
    reason: str
    models: tuple[str, ...]
    not_scored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PullResult:
    """What was pulled, and what the plan has to know.

    `rows` counts pulled records per object, `events` the events per kind that came or went. `records` has, for each
    object listed in full, (records seen, records we had); `shrunk` names those whose listing fell below the guard:
    nothing of theirs was archived. `definitions` has the properties of each object in this portal by name; `missing`
    maps `object.property` to the models that name it, `unreadable` a source to its rows without a readable time.
    `lost` is what models were scored with and is not there any more. `bots` has the sources with events that programs
    made, which are stored and counted by no score.
    `unavailable` maps an object that can't be read to the reason, `gaps` says what the scores lack by that and by
    sources, `held` maps a model to the reason why its old values must stay.
    """

    feeds: Feeds
    sources: tuple[SourceReport, ...]
    rows: Mapping[str, int]
    events: Mapping[str, int]
    records: Mapping[str, tuple[int, int]]
    shrunk: tuple[str, ...]
    definitions: Mapping[str, Mapping[str, PropertyDefinition]]
    missing: Mapping[str, tuple[str, ...]]
    lost: tuple[Lost, ...]
    unreadable: Mapping[str, int]
    bots: Mapping[str, Stock]
    unavailable: Mapping[str, str]
    gaps: tuple[Gap, ...]
    held: Mapping[str, str]
    calls: int
    seconds: float
