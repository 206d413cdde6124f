"""What a counter had counted before it was seen first: dated growth from its property history, read once.

Without it the first sight of a counter is one event at the date of its last one. With it, every growth that HubSpot
keeps is an event at its time; what had been counted by the oldest value that is kept is one event, since nobody knows
when that was. Growth after the first sight is found by comparing sights, so history counts only up to that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from hubsync.crm import Client
from hubsync.crm.client import HISTORY_BATCH, chunks
from hubsync.pull.glance import LOOK
from hubsync.store import BEGINNING, FirstSight, Place, Writer
from hubsync.store.values import finite, moment
from hubsync.types import Batch, Counter, EventRow, Revision

_MOST = 2**31 - 1

Look = Callable[[Counter, Place, int], Sequence[FirstSight]]
"""How so many records after a place had a counter when it was seen first."""

Growth = tuple[datetime, int]
"""When a counter grew, and by how much."""


@dataclass
class SeedStream:
    """The past of one counter in all records whose past has not been read.

    The cursor holds the place of the last record that was read, in the order in which they were seen first: so new
    records are read when they come, and a pull that breaks off goes on with the next one.
    """

    counter: Counter
    client: Client
    look: Look
    position: Mapping[str, Any] | None = None
    total: int | None = None

    @property
    def name(self) -> str:
        """Its name, also that of its cursor."""
        return name_of(self.counter.source)

    def batches(self) -> Iterator[Batch]:
        """The growth of 50 records at a time, each batch with the place to go on from."""
        place = BEGINNING
        if self.position is not None:
            place = datetime.fromisoformat(self.position["at"]), self.position["record_id"]
        while sights := self.look(self.counter, place, LOOK):
            for some in chunks(sights, HISTORY_BATCH):
                place = some[-1].place
                position = {"at": some[-1].at.isoformat(), "record_id": some[-1].record_id}
                yield Batch(self.name, events=self._events(some), position=position)

    def finish(self, writer: Writer) -> None:
        """Nothing is left to do: each batch said how far it has come."""

    def _events(self, sights: Sequence[FirstSight]) -> list[EventRow]:
        counter = self.counter
        counted = [each for each in sights if (finite(each.count) or 0) > 0]
        found = self.client.histories(counter.object, [each.record_id for each in counted], counter.count)
        return [
            EventRow(
                counter.source, f"{sight.record_id}:seed:{at.isoformat()}", counter.kind, counter.object,
                sight.record_id, at, times=times,
            )
            for sight in counted
            for at, times in growth(sight, found.get(sight.record_id, ()))
        ]  # fmt: skip


def name_of(source: str) -> str:
    """The name of the stream that seeds a source."""
    return f"seed/{source}"


def growth(sight: FirstSight, revisions: Sequence[Revision]) -> list[Growth]:
    """The growth of a counter up to its first sight: in all its value there, less the oldest value but one event.

    What a first sight that was `counted` stands for is left out.
    """
    found: list[Growth] = []
    before: Decimal | None = Decimal(0)
    for place, (at, value) in enumerate(_up_to(sight, revisions)):
        if before is not None and value is not None and value > before:
            times = 1 if place == 0 else min(int(value - before), _MOST)
            found += [(at, times)] if times else []
        before = value
    if sight.counted and found:
        at, times = found.pop()
        found += [(at, times - 1)] if times > 1 else []
    return found


def _up_to(sight: FirstSight, revisions: Sequence[Revision]) -> list[tuple[datetime, Decimal | None]]:
    """The values that led to the one that was seen; a history that does not lead there is brought there.

    HubSpot's history is read after the sight, and the sight a little after the moment that it is dated by: what came
    in between belongs to it as far as the value that was seen. Where that lies before, the search showed the record as
    it had been: what came since is found by the next sight.
    """
    seen = finite(sight.count)
    values = [(each.at, finite(each.value or "0")) for each in revisions]
    known = sum(at <= sight.at for at, _ in values)
    ends = [place for place, (_, value) in enumerate(values, 1) if value == seen]
    if ends:
        return values[: min(ends, key=lambda place: (place < known, abs(place - known)))]
    return [*values[:known], (min(moment(sight.last) or sight.at, sight.at), seen)]
