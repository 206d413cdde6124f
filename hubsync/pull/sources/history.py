"""Events from the history of a property: its changes, each dated by HubSpot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from hubsync.crm.client import HISTORY_BATCH, chunks
from hubsync.pull.glance import LOOK
from hubsync.pull.sources.amounts import amount
from hubsync.pull.sources.streams import Opening
from hubsync.scoring.origins import HistorySource
from hubsync.store import BEGINNING, Place, Writer
from hubsync.store.values import finite
from hubsync.types import Batch, EventRow, Revision


@dataclass
class HistoryStream:
    """The changes of one property in all records, read for those in which it has changed since the last pull.

    The cursor holds the place of the last record that was read: records in the order in which changes were seen, so
    that a pull which broke off goes on with the next one. What HubSpot does not keep any more stays as it was read.
    """

    given: Opening
    source: HistorySource
    total: int | None = None
    unreadable: int = 0

    @property
    def name(self) -> str:
        """The source's id."""
        return self.given.name

    @property
    def definition(self) -> str:
        """What the stored events were made with; another one makes them worthless."""
        return repr((self.source.object, self.source.property_, self.source.when))

    @property
    def outdated(self) -> bool:
        """True when the stored events were made with another definition and must go."""
        return self.given.differs("definition", self.definition)

    @property
    def starts_at(self) -> datetime | None:
        """A property's history is as old as the property."""
        return None

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when the portal has the property."""
        return self.given.portal.lacks(self.source.object, {self.source.property_})

    def batches(self) -> Iterator[Batch]:
        """The changes of 50 records at a time, each batch with the place to go on from."""
        place = self._place()
        while places := self.given.glance.changed_in(self.source.object, self.source.property_, place, LOOK):
            for some in chunks(places, HISTORY_BATCH):
                place = some[-1]
                at, record_id = place
                yield Batch(
                    self.name,
                    events=list(self._events([each for _, each in some])),
                    position={"definition": self.definition, "at": at.isoformat(), "record_id": record_id},
                )

    def finish(self, writer: Writer) -> None:
        """Leave out what a record has from those merged into it: HubSpot hands their history on, and it was read."""
        writer.drop_inherited(self.name)

    def _place(self) -> Place:
        position = self.given.position
        if position is None or self.given.full or self.outdated:
            return BEGINNING
        return datetime.fromisoformat(position["at"]), position["record_id"]

    def _events(self, ids: Sequence[str]) -> Iterator[EventRow]:
        found = self.given.portal.client.histories(self.source.object, ids, self.source.property_)
        for record_id, revisions in found.items():
            for before, now in changes(revisions, self.source.when):
                attributes = {"before": before, "after": now.value}
                yield EventRow(
                    self.name, f"{record_id}:{now.at.isoformat()}", self.given.kind, self.source.object, record_id,
                    now.at, value=amount(now.value),
                    attributes={name: text for name, text in attributes.items() if text},
                )  # fmt: skip


def open_stream(given: Opening, source: HistorySource) -> HistoryStream:
    """The stream of a source."""
    return HistoryStream(given, source)


def changes(revisions: Sequence[Revision], when: str) -> Iterator[tuple[str | None, Revision]]:
    """The revisions that are a change of this kind, each with the value before it.

    The oldest value that HubSpot keeps says nothing about a change, but that the property then became it; values are
    compared without regard to case, numbers as numbers.
    """
    wanted = when.removeprefix("becomes ").strip().lower() if when.startswith("becomes ") else None
    for before, now in pairwise([None, *revisions]):
        assert now is not None
        was = before.value if before else None
        if was is not None and _same(was, now.value):
            continue
        if _happened(was, now.value, when, wanted):
            yield was, now


def _happened(was: str | None, now: str, when: str, wanted: str | None) -> bool:
    if wanted is not None:
        return _same(now.lower(), wanted)
    if was is None:
        return False
    if when == "changes":
        # Getting a first value, after the property was emptied or before it had any, is no change of a value.
        return was != ""
    old, new = finite(was), finite(now)
    if old is None or new is None:
        return False
    return new > old if when == "grows" else new < old


def _same(one: str, other: str) -> bool:
    a, b = finite(one), finite(other)
    return a == b if a is not None and b is not None else one == other
