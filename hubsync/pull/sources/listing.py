"""All records of one object, listed in ranges of ids that are read side by side.

A list is serial, since each page names the next one: with 200 ms of latency one list uses a quarter of HubSpot's
limit. Pages come in the order of ids, and `after` is the id of the next record (api-facts §3); so a list can begin at
any record, and the search tells the record at each place. That HubSpot lets a list begin at an id which no page named
is unverified: each page is looked at, and what does not fit is read again from the start, one page after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from hubsync.crm import RecordPage
from hubsync.crm.client import PAGE
from hubsync.errors import AccessError, RefusedError, RemoteError
from hubsync.pull.sources.lanes import Lanes

LANES = 4
SERIAL = 3
"""Pages read one after the other before a search for ranges is worth its calls."""

SMALLEST = 2_000
WORTH = 5
"""Pages that a range must still have for a search and a second lane to be worth it."""

LARGEST = 9_900
"""Records of a range: whole pages, and below the 10,000 that HubSpot's search goes to."""

Fetch = Callable[[str | None], RecordPage]
"""Reads the page that begins at an id, or the first."""

Probe = Callable[[str, int], tuple[int, str | None]]
"""How many records there are from an id on, and the id at this place behind it, if there are that many."""


@dataclass(slots=True, eq=False)
class Span:
    """Ids from `after` on (None: from the first) and before `until` (None: to the last).

    `left` is how many records are still to be read, as far as a search has told; `reading` the id at which the page
    begins that is being read, None when none is. All four change under the lock of the listing alone.
    """

    after: str | None = None
    until: str | None = None
    left: int | None = None
    reading: str | None = None

    def ends(self, cursor: str | None) -> bool:
        """Whether the page at this cursor lies beyond the range."""
        return cursor is None or (self.until is not None and int(cursor) >= int(self.until))


class _DisorderError(Exception):
    """The pages are not in the order of ids, or a list can't begin at an id."""


class Listing:
    """The pages of a whole list; `spans` is what is left after the pages given so far, `seen` counts their records."""

    def __init__(self, fetch: Fetch, probe: Probe, spans: Sequence[Span] = (), seen: int = 0) -> None:
        self._fetch = fetch
        self._probe = probe
        self._spans = list(spans) or [Span()]
        self._first: RecordPage | None = None
        self._lock = threading.Lock()
        self._cutting = threading.Lock()
        self._in_order = True
        self.seen = seen
        self.total: int | None = None

    @property
    def spans(self) -> list[Span]:
        """The ranges that are not read to their end."""
        with self._lock:
            return [replace(span) for span in self._spans]

    def open(self) -> None:
        """Read the first page, to find out whether it may be read; raises what the client raises."""
        if self._first is None:
            try:
                self._first = self._page(self._spans[0], self._spans[0].after)
            except _DisorderError:
                self._start_over()
                self._first = self._fetch(None)

    def pages(self) -> Iterator[RecordPage]:
        """All pages that are left; after each, `spans` and `seen` count it as read."""
        try:
            self.open()
            if self._in_order:
                yield from self._ranges()
        except _DisorderError:
            self._start_over()
        while self._spans:
            span = self._spans[0]
            page, self._first = self._first or self._fetch(span.after), None
            yield self._read(span, page)

    def _start_over(self) -> None:
        """Forget what was read, and read from now on one page after the other."""
        with self._lock:
            # A new list: the thread that looks for ranges may still add one to the old.
            self._spans, self._first, self.seen = [Span()], None, 0
        self._in_order = False

    def _ranges(self) -> Iterator[RecordPage]:
        span = self._spans[0]
        for _ in range(SERIAL if len(self._spans) == 1 else 1):
            page, self._first = self._first or self._page(span, span.after), None
            yield self._read(span, page)
            if span not in self._spans:
                break
        if self._spans:
            yield from self._side_by_side()

    def _side_by_side(self) -> Iterator[RecordPage]:
        lanes = Lanes(LANES, self._page, self._cut)
        try:
            lanes.start(self._pieces())
            while self._spans:
                span, page = lanes.take()
                yield self._read(span, page)
        finally:
            lanes.stop()

    def _read(self, span: Span, page: RecordPage) -> RecordPage:
        with self._lock:
            self.seen += len(page.rows)
            if span.ends(page.next_after):
                self._spans.remove(span)
            else:
                span.after = page.next_after
        return page

    def _page(self, span: Span, after: str | None) -> RecordPage:
        """A page without what lies beyond its range; raises _DisorderError when it can't be a page of this range."""
        with self._lock:
            span.reading = after
        try:
            page = self._fetch(after)
        except RefusedError as error:
            if after is None:
                raise
            raise _DisorderError from error
        with self._lock:
            return _fitted(page, span, after)

    def _pieces(self) -> Iterator[Span]:
        """The ranges that are left, the last of them cut into pieces as the search finds where."""
        with self._lock:
            spans = self._spans
            known = list(spans)
            rest = known[-1]
            # No lane reads it yet, wherever the pages before the ranges ended.
            rest.reading = None
        yield from known[:-1]
        size = SMALLEST
        while rest.until is None and rest.after is not None and (found := self._probed(rest.after, size)):
            total, border = found
            self.total = self.total or self.seen + total
            with self._lock:
                rest.left = total
                if border is None or int(border) <= int(rest.after):
                    break
                piece = Span(rest.after, border, size)
                rest.after, rest.left = border, total - size
                # Before the rest, so that a listing which goes on later finds the rest last again.
                spans.insert(spans.index(rest), piece)
            size = min(max(ceil(total / LANES / PAGE) * PAGE, SMALLEST), LARGEST)
            yield piece
        yield rest

    def _cut(self) -> Span | None:
        """The second half of the longest range that is being read, for a lane that has nothing else to do."""
        with self._cutting:
            with self._lock:
                spans = self._spans
                longest = max(spans, key=lambda span: span.left or 0, default=Span())
                begin, left = longest.reading, longest.left or 0
            half = min(left // 2 // PAGE * PAGE, LARGEST)
            if begin is None or left < WORTH * PAGE or not (found := self._probed(begin, half)):
                return None
            with self._lock:
                border, place = found[1], longest.reading
                # It was read on while the search was asked.
                if border is None or place is None or int(border) <= int(place) or longest.ends(border):
                    return None
                piece = Span(border, longest.until, left - half)
                longest.until, longest.left = border, max(0, (longest.left or 0) - (left - half))
                spans.insert(spans.index(longest) + 1, piece)
                return piece

    def _probed(self, after: str, place: int) -> tuple[int, str | None] | None:
        """How many records there are from an id on, and the id at a place behind it; None when it can't be asked."""
        try:
            return self._probe(after, place)
        except (AccessError, RemoteError):
            return None


def _fitted(page: RecordPage, span: Span, after: str | None) -> RecordPage:
    """The page without what lies beyond its range, noted in the range; raises _DisorderError."""
    ids = _ids_in_order(page, span, after)
    span.reading = None if span.ends(page.next_after) else page.next_after
    span.left = None if span.left is None else max(0, span.left - len(ids))
    if span.until is None or not ids or ids[-1] < int(span.until):
        return page
    kept = {row.record_id for row in page.rows if int(row.record_id) < int(span.until)}
    return RecordPage(
        [row for row in page.rows if row.record_id in kept],
        [row for row in page.associations if row.from_id in kept],
        [each for each in page.truncated if each[1] in kept],
        page.next_after,
    )


def _ids_in_order(page: RecordPage, span: Span, after: str | None) -> list[int]:
    """The ids of a page; raises _DisorderError when they do not go on from where it begins to where it ends."""
    try:
        ids = [int(row.record_id) for row in page.rows]
        beyond = int(page.next_after) if page.next_after is not None else None
        begin, until = int(after or 0), int(span.until) if span.until is not None else None
    except ValueError as error:
        raise _DisorderError from error
    # The record at which it begins was there, as were all up to the end of its range: a list that ends before has
    # begun nowhere.
    ends_early = after is not None and beyond is None and (not ids or (until is not None and ids[-1] < until))
    ordered = ids == sorted(ids) and (not ids or (begin <= ids[0] and (beyond is None or ids[-1] < beyond)))
    if ends_early or not ordered:
        raise _DisorderError
    return ids
