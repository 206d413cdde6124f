"""The records of one object with their associations: listed in full, or searched by when they were changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from hubsync.crm import Client, Filter, RecordPage, SearchPage, modified_property
from hubsync.crm.client import ASSOCIATION_BATCH, PAGE, SEARCH_PAGE
from hubsync.crm.paging import follow
from hubsync.crm.times import milliseconds
from hubsync.errors import RefusedError, ScopeError
from hubsync.pull.sources.listing import Listing, Span
from hubsync.scoring.configuration import Main
from hubsync.store import Writer
from hubsync.types import AsOf, Batch, RecordRow

OVERLAP = timedelta(minutes=15)
"""What HubSpot's search may lag behind: moments as a rule, ten minutes have been seen by others."""

_STALE = timedelta(days=1)
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
    page: int = SEARCH_PAGE
    _refusal: str | None = field(default=None, init=False)
    _found: int | None = field(default=None, init=False)
    _first: SearchPage | None = field(default=None, init=False)
    _listing: Listing | None = field(default=None, init=False)
    _started: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.as_of.now

    @property
    def watermark(self) -> str:
        """Before which moment all changes are here once the stream has ended."""
        return self._started.isoformat()

    @property
    def listed(self) -> bool:
        """Whether all records are listed, not only those that changed."""
        return self._listing is not None

    @property
    def seen(self) -> int:
        """How many records the listing showed."""
        return self._listing.seen if self._listing else 0

    @property
    def total(self) -> int | None:
        """How many records are expected, None when nobody knows."""
        return (self._listing.total or self.before or None) if self._listing else self._found

    @property
    def due(self) -> bool:
        """Whether all records have to be listed: never done, done long ago, or not with all that is asked for now."""
        full_at = self._at("full_at")
        if self.full or full_at is None or not self._had.covers(self.asked):
            return True
        return full_at < latest_reconcile(self.as_of, self.main)

    @property
    def shrunk(self) -> bool:
        """Whether a full listing showed so few of the records we had that none may be archived."""
        gone = self.before - self.seen
        guards = self.main.guards
        return self.listed and gone > guards.minimum and self.seen < guards.pull * self.before

    def why_not(self) -> str | None:
        """Why HubSpot does not let this object be read, or None when it does; it is asked once, the page is kept."""
        if self._refusal is None:
            try:
                self._open()
            except ScopeError as error:
                self._refusal = str(error)
        return self._refusal

    def _open(self) -> None:
        """Read the first page, which decides between search and list; raises ScopeError."""
        if self._first is not None or self._listing is not None:
            return
        if not self.due:
            page = self._search(0)
            if not self._slower(page.total):
                self._found, self._first = page.total, page
                return
        spans, seen = self._resumed()
        listing = Listing(self._list, self._probe, spans, seen)
        listing.open()
        self._listing = listing

    def batches(self) -> Iterator[Batch]:
        """Everything there is to pull; raises ScopeError."""
        self._open()
        if self._listing is not None:
            yield from self._listed(self._listing)
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

    def _listed(self, listing: Listing) -> Iterator[Batch]:
        for page in listing.pages():
            ids = [row.record_id for row in page.rows]
            yield Batch(
                self.name,
                records=page.rows,
                associations=page.associations,
                links=[(self.name, to, ids) for to in sorted(self.asked.links)],
                position=self._unfinished(listing) if listing.spans else None,
            )
        if not self.shrunk:
            yield from self._archived()

    def _archived(self) -> Iterator[Batch]:
        def fetch(after: str | None) -> RecordPage:
            return self.client.list_page(self.name, self._names, archived=True, after=after)

        try:
            for page in follow(fetch):
                if page.rows:
                    yield Batch(self.name, records=page.rows)
        except RefusedError:
            # Not every object has a recycle bin; what is gone is then found by its absence.
            return

    def _changes(self) -> Iterator[Batch]:
        """The changed records in the order of their ids, each page from the last id on: no wall, and none twice."""
        page, last, rows = self._first, 0, list[RecordRow]()
        while page is not None:
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
        """A page with the associations that came cut off read in full."""
        page = self.client.list_page(self.name, self._names, associations=sorted(self.asked.links), after=after)
        cut = set(page.truncated)
        rows = [row for row in page.associations if (row.from_object, row.from_id, row.to_object) not in cut]
        for to, group in groupby(sorted(cut, key=itemgetter(2)), key=itemgetter(2)):
            rows += self.client.associations(self.name, to, [record_id for _, record_id, _ in group])
        return replace(page, associations=rows, truncated=())

    def _probe(self, after: str, place: int) -> tuple[int, str | None]:
        """How many records there are from an id on, and the id of the one at a place behind it."""
        page = self.client.search_page(
            self.name, [], [Filter("hs_object_id", "GTE", after)], ["hs_object_id"], after=str(place), limit=1
        )
        return page.total, page.rows[0].record_id if page.rows else None

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

    def _resumed(self) -> tuple[list[Span], int]:
        """What is left of a listing that broke off less than a day ago and asked for the same, and what it showed."""
        listing = (self.position or {}).get("listing")
        if not listing or self.full or "spans" not in listing:
            return [], 0
        started = datetime.fromisoformat(listing["from"])
        same = Asked(frozenset(listing["properties"]), frozenset(listing["links"])) == self.asked
        if not same or not timedelta(0) <= self.as_of.now - started < _STALE:
            return [], 0
        self._started, self.before = started, max(self.before, listing["before"])
        return [Span(after, until) for after, until in listing["spans"]], listing["seen"]

    def _unfinished(self, under_way: Listing) -> Mapping[str, Any]:
        listing = {
            "from": self._started.isoformat(),
            "spans": [(span.after, span.until) for span in under_way.spans],
            "seen": under_way.seen,
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


def latest_reconcile(as_of: AsOf, main: Main) -> datetime:
    """The moment before which the last comparison with all of HubSpot is too old: the hour of it, so many days ago.

    On the two days on which clocks change it lies an hour off, which only moves the comparison by that hour.
    """
    at = as_of.day_start + timedelta(hours=main.reconcile_at.hour, minutes=main.reconcile_at.minute)
    past = at if at <= as_of.now else at - timedelta(days=1)
    return past - timedelta(days=main.reconcile_every - 1)
