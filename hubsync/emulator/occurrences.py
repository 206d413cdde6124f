"""Event occurrences: what happened to records, by event type and time."""

from __future__ import annotations

import base64
import zlib
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hubsync.emulator.records import OBJECT_TYPES


@dataclass(slots=True, order=True)
class Occurrence:
    """One event; the order is by time, then by the sequence of arrival."""

    at_ms: int
    number: int
    event_type: str = field(compare=False)
    object: str = field(compare=False)
    object_id: str = field(compare=False)
    properties: dict[str, str] = field(compare=False)

    @property
    def cursor(self) -> str:
        """The wire's `after`: base64 of time, object type, object, event type and a hash (api-facts §5)."""
        event_id = zlib.crc32(self.event_type.encode()) % 1_000_000
        type_id = OBJECT_TYPES[self.object].type_id
        text = f"{self.at_ms}|{type_id}|{self.object_id}|4-{event_id}|{self.number}|"
        return base64.b64encode(text.encode()).decode()


def position_of(cursor: str) -> tuple[int, int] | None:
    """Time and sequence number of a cursor, or None if it is none of ours."""
    try:
        parts = base64.b64decode(cursor, validate=True).decode().split("|")
        return int(parts[0]), int(parts[4])
    except (ValueError, IndexError):
        return None


class Occurrences:
    """All events of a portal, sorted by time within each event type and within each record."""

    def __init__(self) -> None:
        self.by_type: dict[str, list[Occurrence]] = {}
        self.by_record: dict[tuple[str, str], list[Occurrence]] = {}
        self._count = 0

    def __len__(self) -> int:
        return sum(map(len, self.by_type.values()))

    def __iter__(self) -> Iterator[Occurrence]:
        for rows in self.by_type.values():
            yield from rows

    def add(self, event_type: str, object: str, id: str, at_ms: int, properties: dict[str, str]) -> None:
        """Note that something happened; it may have happened before things already noted."""
        self._count += 1
        occurrence = Occurrence(at_ms, self._count, event_type, object, id, properties)
        for rows in (self.by_type.setdefault(event_type, []), self.by_record.setdefault((object, id), [])):
            if rows and rows[-1] > occurrence:
                insort(rows, occurrence)
            else:
                rows.append(occurrence)

    def of_records(self, object: str, ids: Iterable[str]) -> list[Occurrence]:
        """What happened to these records, in order of time."""
        return sorted(row for id in ids for row in self.by_record.get((object, id), ()))

    def of_type(self, event_type: str, after_ms: int, before_ms: int) -> list[Occurrence]:
        """What happened of one type from `after_ms` to before `before_ms`, in order of time."""
        rows = self.by_type.get(event_type, [])
        return rows[bisect_left(rows, after_ms, key=_time) : bisect_left(rows, before_ms, key=_time)]

    def forget(self, object: str, id: str) -> None:
        """Erase everything that happened to one record."""
        for event_type in {row.event_type for row in self.by_record.pop((object, id), ())}:
            rows = self.by_type[event_type]
            rows[:] = [row for row in rows if (row.object, row.object_id) != (object, id)]


def _time(row: Occurrence) -> int:
    return row.at_ms
