"""The ids of the records of one object type, in their order."""

from __future__ import annotations

from bisect import bisect_left, insort


class Ids:
    """Gives ids that were never given before, and keeps those of live records sorted."""

    def __init__(self, first: int) -> None:
        self._sorted: list[int] = []
        self._next = first

    def new(self) -> str:
        """An id that no record has or had."""
        self._next += 1
        return str(self._next - 1)

    def add(self, id: str) -> None:
        """A record with this id came."""
        number, ids = int(id), self._sorted
        if ids and ids[-1] > number:
            insort(ids, number)
        else:
            ids.append(number)
        self._next = max(self._next, number + 1)

    def remove(self, id: str) -> None:
        """The record with this id went."""
        del self._sorted[bisect_left(self._sorted, int(id))]

    def since(self, first: int, count: int) -> list[int]:
        """Up to `count` ids in their order, from `first` on."""
        start = bisect_left(self._sorted, first)
        return self._sorted[start : start + count]
