"""Events from lists: a record that joined one, dated by when it did; members are read in the order of joining."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubsync.crm.marketing import ListOfRecords, Member
from hubsync.crm.paging import RowPage
from hubsync.crm.times import milliseconds, parse_time
from hubsync.errors import RefusedError, ScopeError
from hubsync.pull.sources.streams import Opening, walk
from hubsync.scoring.marketing_sources import ListSource
from hubsync.store import Writer
from hubsync.types import Batch, EventRow

_NOT_FOUND = 404


def open_stream(given: Opening, source: ListSource) -> ListStream:
    """The stream of a source."""
    return ListStream(given, source)


@dataclass
class ListStream:
    """The members of a list, from the page on at which the last pull ended; now and then all of them.

    A join that HubSpot dates back is found when all are read. The position holds the `list` that the name stands for,
    when it was `created`, the page to go on `after`, `late`, when all members were last read, and `reading`, when a
    reading of all of them began that has not come to its end.
    """

    given: Opening
    source: ListSource
    total: int | None = None
    unreadable: int = 0
    _list: ListOfRecords | None = field(default=None, init=False)
    _first: RowPage[Member] | None = field(default=None, init=False)
    _at: str | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """The source's id."""
        return self.given.name

    @property
    def outdated(self) -> bool:
        """True when the stored events are of another list, even of one that had the same name."""
        known = self.given.so_far.get("list")
        return known is not None and (
            self.given.so_far["declared"] != self._declared or (self._list is not None and self._list.id != known)
        )

    @property
    def starts_at(self) -> datetime | None:
        """When the list was made: nobody could join before."""
        return self._list.created_at if self._list else None

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when it can; the first page it reads is kept."""
        try:
            self._list = self._remembered()
            if self._list is not None and self._opened():
                return None
            self._list = self._looked_up()
            if self._list is not None and self._opened():
                return None
        except ScopeError as error:
            return str(error)
        return f"the portal has no list of {self.source.object} called '{self.source.list}'"

    def batches(self) -> Iterator[Batch]:
        """The pages that are left, each with the place to go on from."""
        begin, late = self._after, self.given.so_far.get("late")
        reading = self.given.so_far.get("reading") if begin else self.given.as_of.now.isoformat()
        for page in walk(self._page, begin, (_NOT_FOUND,)):
            events = [event for each in page.rows if (event := self._event(each))]
            if page.next_after is None:
                late, reading = reading or late, None
            # The last page is read again by the next pull: those who join stand at its end.
            yield Batch(self.name, events=events, position=self._cursor(page.next_after or self._at, late, reading))

    def finish(self, writer: Writer) -> None:
        """Nothing is left to do: the last batch said that all has come."""

    @property
    def _declared(self) -> str:
        return f"{self.source.object}: {self.source.list}"

    @property
    def _after(self) -> str | None:
        """The page at which to begin, None for the first."""
        if self.given.full or self.outdated:
            return None
        so_far = self.given.so_far
        after: str | None = so_far.get("after")
        return None if self.given.reconciles and not so_far.get("reading") else after

    def _remembered(self) -> ListOfRecords | None:
        """The list that the name stood for at the last pull: it is looked up once."""
        if self.given.full or self.given.so_far.get("declared") != self._declared:
            return None
        return ListOfRecords(self.given.so_far["list"], self.source.object, parse_time(self.given.so_far["created"]))

    def _looked_up(self) -> ListOfRecords | None:
        found = self.given.portal.client.marketing.list_of(self.source.object, self.source.list)
        return found if found is not None and found.object == self.source.object else None

    def _opened(self) -> bool:
        """Read the first page; False when there is no such list."""
        try:
            self._first = next(walk(self._page, self._after, (_NOT_FOUND,)))
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
            return False
        return True

    def _page(self, after: str | None) -> RowPage[Member]:
        if self._first is not None:
            page, self._first = self._first, None
            return page
        assert self._list is not None
        self._at = after
        return self.given.portal.client.marketing.members(self._list.id, after)

    def _cursor(self, after: str | None, late: str | None, reading: str | None) -> Mapping[str, Any]:
        assert self._list is not None
        created = self._list.created_at.isoformat() if self._list.created_at else None
        return {
            "declared": self._declared, "list": self._list.id, "created": created,
            "after": after, "late": late, "reading": reading,
        }  # fmt: skip

    def _event(self, one: Member) -> EventRow | None:
        if one.joined_at is None:
            self.unreadable += 1
            return None
        # Who left and joined again has joined twice.
        key = f"{one.record_id}:{milliseconds(one.joined_at)}"
        return EventRow(self.name, key, self.given.kind, self.source.object, one.record_id, one.joined_at)
