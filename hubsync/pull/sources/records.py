"""The records of one object with their associations: listed in full, or searched by when they were changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from hubsync.crm import Client, Filter, RecordPage, SearchPage, modified_property
from hubsync.crm.client import ASSOCIATION_BATCH, PAGE, SEARCH_PAGE
from hubsync.crm.times import milliseconds
from hubsync.errors import RefusedError, ScopeError
from hubsync.scoring.configuration import Main
from hubsync.store import Writer
from hubsync.types import AsOf, AssociationRow, Batch, RecordRow

OVERLAP = timedelta(minutes=5)
"""What HubSpot's search may lag behind."""

_STALE = timedelta(days=1)
_PUNCTUAL = timedelta(hours=1)
_CALLS_PER_SECOND = 19

Known = Callable[[str, Sequence[str]], Mapping[str, datetime]]
"""When the records of an object with these ids were changed, as far as the store knows them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for of an object: its properties, and the objects whose associations come along."""

    properties: frozenset[str]
    links: frozenset[str]

    def covers(self, other: Asked) -> bool:
        """True when everything that the other one asks for is here too."""
        return other.properties <= self.properties and other.links <= self.links


@dataclass
class RecordStream:
    """One object's records since the cursor, or all of them.

    The cursor holds what was asked for, `watermark` (changes before it are here), `full_at` (the last full listing)
    and `listing` while one is going on, so that it goes on where it stopped.
    """

    name: str
    asked: Asked
    client: Client
    main: Main
    as_of: AsOf
    known: Known
    before: int = 0
    position: Mapping[str, Any] | None = None
    full: bool = False
    accept: bool = False
    page: int = SEARCH_PAGE
    total: int | None = field(default=None, init=False)
    seen: int = field(default=0, init=False)
    listed: bool = field(default=False, init=False)
    _first: RecordPage | SearchPage | None = field(default=None, init=False)
    _started: datetime = field(init=False)
    _after: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._started = self.as_of.now

    @property
    def watermark(self) -> str:
        """Before which moment all changes are here once the stream has ended."""
        return self._started.isoformat()

    @property
    def due(self) -> bool:
        """Whether all records have to be listed: never done, done long ago, or not with all that is asked for now."""
        full_at = self._at("full_at")
        if self.full or full_at is None or not self._had.covers(self.asked):
            return True
        return self.as_of.now - full_at >= timedelta(days=self.main.reconcile_every) - _PUNCTUAL

    @property
    def shrunk(self) -> bool:
        """Whether a full listing showed so few of the records we had that none may be archived."""
        gone = self.before - self.seen
        guards = self.main.guards
        return self.listed and not self.accept and gone > guards.minimum and self.seen < guards.pull * self.before

    def why_not(self) -> str | None:
        """Why HubSpot does not let this object be read, or None when it does; the first page is kept."""
        try:
            if self._first is None:
                self._open()
        except ScopeError as error:
            return str(error)
        return None

    def _open(self) -> None:
        """Read the first page, which decides between search and list; raises ScopeError."""
        if not self.due:
            page = self._search(0)
            if not self._slower(page.total):
                self.total, self._first = page.total, page
                return
        self.listed, self.total = True, self.before or None
        self._resume()
        self._first = self._list(self._after)

    def batches(self) -> Iterator[Batch]:
        """Everything there is to pull; raises ScopeError."""
        if self._first is None:
            self._open()
        if self.listed:
            yield from self._listing()
        else:
            yield from self._changes()

    def finish(self, writer: Writer) -> None:
        """Move the watermark; after a full listing, archive what it did not show, unless far too much is gone."""
        full_at = self._at("full_at")
        if self.shrunk or (self.listed and self._at("watermark") == self._started):
            # Until somebody accepts the loss, every pull looks again. So does the next one after two pulls as of the
            # same moment: what was seen then can't be told from what was seen now.
            full_at = None
        elif self.listed:
            full_at = self._started
            writer.archive_missing(self.name, self._started, self.as_of.now)
        writer.set_cursor(self.name, self._cursor(self.asked, self._started, full_at), self.as_of.now)

    def _listing(self) -> Iterator[Batch]:
        page = self._first
        while page is not None:
            assert isinstance(page, RecordPage)
            self._after = page.next_after
            self.seen += len(page.rows)
            ids = [row.record_id for row in page.rows]
            yield Batch(
                self.name,
                records=page.rows,
                associations=self._completed(page),
                links=[(self.name, to, ids) for to in sorted(self.asked.links)],
                position=self._unfinished() if page.next_after else None,
            )
            page = self._list(self._after) if self._after else None
        if not self.shrunk:
            yield from self._archived()

    def _completed(self, page: RecordPage) -> list[AssociationRow]:
        """The associations of a page, those that came cut off read in full."""
        cut = set(page.truncated)
        rows = [row for row in page.associations if (row.from_object, row.from_id, row.to_object) not in cut]
        for to, group in groupby(sorted(cut, key=itemgetter(2)), key=itemgetter(2)):
            rows += self.client.associations(self.name, to, [record_id for _, record_id, _ in group])
        return rows

    def _archived(self) -> Iterator[Batch]:
        after: str | None = None
        while True:
            try:
                page = self.client.list_page(self.name, self._names, archived=True, after=after)
            except RefusedError:
                # Not every object has a recycle bin; what is gone is then found by its absence.
                return
            if page.rows:
                yield Batch(self.name, records=page.rows)
            after = page.next_after
            if after is None:
                return

    def _changes(self) -> Iterator[Batch]:
        """The changed records in the order of their ids, each page from the last id on: no wall, and none twice."""
        page, last, rows = self._first, 0, list[RecordRow]()
        while page is not None:
            assert isinstance(page, SearchPage)
            rows += page.rows
            last = max((int(row.record_id) for row in page.rows), default=last)
            page = self._search(last) if page.next_after and page.rows else None
            if rows and (page is None or len(rows) >= ASSOCIATION_BATCH):
                yield self._changed(rows)
                rows = []

    def _changed(self, rows: Sequence[RecordRow]) -> Batch:
        """The rows with the associations of those that are not as they were: the others came by the overlap."""
        known = self.known(self.name, [row.record_id for row in rows])
        ids = [row.record_id for row in rows if known.get(row.record_id) != row.updated_at]
        links = sorted(self.asked.links) if ids else []
        found = [row for to in links for row in self.client.associations(self.name, to, ids)]
        return Batch(self.name, records=rows, associations=found, links=[(self.name, to, ids) for to in links])

    def _search(self, beyond: int) -> SearchPage:
        since = self._at("watermark") or self._started
        filters = [Filter(modified_property(self.name), "GTE", milliseconds(since - OVERLAP))]
        if beyond:
            filters.append(Filter("hs_object_id", "GT", str(beyond)))
        return self.client.search_page(self.name, self._names, filters, ["hs_object_id"], limit=self.page)

    def _list(self, after: str | None) -> RecordPage:
        return self.client.list_page(self.name, self._names, associations=sorted(self.asked.links), after=after)

    def _slower(self, total: int) -> bool:
        """Whether searching this many records takes longer than listing all."""
        search = total / self.page / self.main.api.search_per_second
        return search > (self.before / PAGE + 1) / _CALLS_PER_SECOND + 1

    @property
    def _names(self) -> list[str]:
        return sorted(self.asked.properties)

    @property
    def _had(self) -> Asked:
        """What the records in the store were asked for."""
        position = self.position or {}
        return Asked(frozenset(position.get("properties", ())), frozenset(position.get("links", ())))

    def _at(self, key: str) -> datetime | None:
        text = (self.position or {}).get(key)
        return datetime.fromisoformat(text) if text else None

    def _resume(self) -> None:
        """Go on with a listing that broke off less than a day ago and asked for the same."""
        listing = (self.position or {}).get("listing")
        if not listing or self.full:
            return
        started = datetime.fromisoformat(listing["from"])
        same = Asked(frozenset(listing["properties"]), frozenset(listing["links"])) == self.asked
        if same and timedelta(0) <= self.as_of.now - started < _STALE:
            self._started, self._after, self.seen = started, listing["after"], listing["seen"]
            self.before = max(self.before, listing["before"])

    def _unfinished(self) -> Mapping[str, Any]:
        listing = {
            "from": self._started.isoformat(),
            "after": self._after,
            "seen": self.seen,
            "before": self.before,
            "properties": self._names,
            "links": sorted(self.asked.links),
        }
        return self._cursor(self._had, self._at("watermark"), self._at("full_at")) | {"listing": listing}

    def _cursor(self, had: Asked, watermark: datetime | None, full_at: datetime | None) -> dict[str, Any]:
        return {
            "properties": sorted(had.properties),
            "links": sorted(had.links),
            "watermark": watermark.isoformat() if watermark else None,
            "full_at": full_at.isoformat() if full_at else None,
        }
