"""Ranges of ids, read side by side: everything once, whatever is cut where, and from wherever it broke off."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pull_bench import Bench

from hubsync.crm import RecordPage
from hubsync.errors import RefusedError, RemoteError
from hubsync.pull.sources import listing
from hubsync.pull.sources.listing import Listing, Span
from hubsync.types import RecordRow

LONG_AGO = datetime(2026, 1, 1)


class Portal:
    """Records in the order of their ids, in pages of `size`; `probes` counts searches."""

    def __init__(self, ids: list[int], size: int = 10) -> None:
        self.ids = sorted(ids)
        self.size = size
        self.probes = 0
        self.pages = 0

    def fetch(self, after: str | None) -> RecordPage:
        self.pages += 1
        start = bisect_left(self.ids, int(after)) if after else 0
        shown = self.ids[start : start + self.size]
        more = self.ids[start + self.size : start + self.size + 1]
        rows = [RecordRow("contacts", str(each), LONG_AGO, {}) for each in shown]
        return RecordPage(rows, next_after=str(more[0]) if more else None)

    def probe(self, after: str, place: int) -> tuple[int, str | None]:
        self.probes += 1
        there = self.ids[bisect_left(self.ids, int(after)) :]
        return len(there), str(there[place]) if place < len(there) else None


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of a few pages of 10."""
    monkeypatch.setattr(listing, "SMALLEST", 40)
    monkeypatch.setattr(listing, "LARGEST", 90)
    monkeypatch.setattr(listing, "PAGE", 10)
    monkeypatch.setattr(listing, "WORTH", 3)


def ids_of(pages: Iterator[RecordPage]) -> list[int]:
    return [int(row.record_id) for page in pages for row in page.rows]


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 5_000), max_size=600))
def test_everything_comes_once(ids: set[int]) -> None:
    """A listing gives each record once, however many ranges it is read in."""
    portal = Portal(list(ids))
    whole = Listing(portal.fetch, portal.probe)
    assert sorted(ids_of(whole.pages())) == sorted(ids)
    assert whole.seen == len(ids)
    assert whole.spans == []


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 3_000), min_size=150, max_size=500), st.lists(st.integers(1, 3_000), max_size=40))
def test_records_that_come_meanwhile_repeat_none(ids: set[int], coming: list[int]) -> None:
    """While records come in anywhere during the listing, each one that was there all the time is given once."""
    portal = Portal(list(ids))
    coming = [each for each in dict.fromkeys(coming) if each not in ids]

    def moving(after: str | None) -> RecordPage:
        if coming:
            portal.ids = sorted([*portal.ids, coming.pop()])
        return portal.fetch(after)

    found = ids_of(Listing(moving, portal.probe).pages())
    assert ids <= set(found)
    assert len(found) == len(set(found))


def test_a_long_list_is_read_in_ranges_at_little_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges end where pages end: reading side by side costs no page more, and one search a range."""
    monkeypatch.setattr(listing, "WORTH", 10)
    portal = Portal(list(range(7, 7 + 3 * 1_000, 3)))
    whole = Listing(portal.fetch, portal.probe)
    assert len(ids_of(whole.pages())) == 1_000
    assert portal.pages == 100
    assert 2 <= portal.probes <= 14
    assert whole.total == 1_000


def test_a_lane_that_has_nothing_to_do_takes_half_of_the_longest_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of a long range is shared when other lanes are done: each record still comes once."""
    monkeypatch.setattr(listing, "LARGEST", 10_000)
    monkeypatch.setattr(listing, "SMALLEST", 1_000)
    portal = Portal(list(range(1, 4_001)))
    begun: set[str | None] = set()
    shared = threading.Event()

    def slow(after: str | None) -> RecordPage:
        # The range that begins at 1,031 waits in the middle until a page behind it was asked for out of turn.
        if after == "1131":
            assert shared.wait(20), "nobody took a part of the range"
        page = portal.fetch(after)
        if after is not None and 1_200 < int(after) < 2_031 and after not in begun:
            shared.set()
        begun.add(page.next_after)
        return page

    whole = Listing(slow, portal.probe)
    found = ids_of(whole.pages())
    assert sorted(found) == list(range(1, 4_001))
    assert whole.seen == 4_000


def test_a_short_list_is_not_searched() -> None:
    """The search is asked only when there are more pages than a few."""
    portal = Portal(list(range(1, 31)))
    assert len(ids_of(Listing(portal.fetch, portal.probe).pages())) == 30
    assert portal.probes == 0


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 3_000), min_size=150, max_size=500), st.data())
def test_a_listing_goes_on_where_it_broke_off(ids: set[int], data: st.DataObject) -> None:
    """What was given before a break and what `spans` leaves are everything, each record once."""
    portal = Portal(list(ids))
    broken = Listing(portal.fetch, portal.probe)
    pages = broken.pages()
    before = [int(row.record_id) for _ in range(data.draw(st.integers(1, 12))) for row in next(pages).rows]
    left, seen = broken.spans, broken.seen
    pages.close()
    assert seen == len(before)
    resumed = Listing(portal.fetch, portal.probe, [Span(span.after, span.until) for span in left], seen)
    assert sorted(before + ids_of(resumed.pages())) == sorted(ids)
    assert resumed.seen == len(ids)


def test_pages_that_do_not_fit_are_read_one_after_the_other() -> None:
    """When a list that begins in the middle shows other records than it should, all is read from the start."""
    portal = Portal(list(range(1, 501)))

    def stubborn(after: str | None) -> RecordPage:
        # HubSpot might ignore an `after` that none of its pages named.
        named = after is None or int(after) == 1 or int(after) - 10 in served
        page = portal.fetch(after if named else None)
        served.update(int(row.record_id) for row in page.rows[:1])
        return page

    served: set[int] = set()
    whole = Listing(stubborn, portal.probe)
    assert set(ids_of(whole.pages())) == set(range(1, 501))
    assert whole.seen == 500


def test_a_list_in_another_order_is_read_from_page_to_page() -> None:
    """A portal whose pages are not in the order of ids is pulled all the same, also when already the first shows it."""
    places = Portal(list(range(1, 101)))

    def backwards(after: str | None) -> RecordPage:
        page = places.fetch(after)
        return RecordPage([replace(row, record_id=str(900 - int(row.record_id))) for row in page.rows],
                          next_after=page.next_after)  # fmt: skip

    whole = Listing(backwards, places.probe)
    whole.open()
    assert sorted(ids_of(whole.pages())) == list(range(800, 900))
    assert (whole.seen, whole.spans, places.probes) == (100, [], 0)


def test_cursors_that_are_no_ids_are_followed() -> None:
    """Cursors are HubSpot's own: where they say nothing about ids, each page is read after the one that names it."""
    portal = Portal(list(range(1, 101)))

    def opaque(after: str | None) -> RecordPage:
        page = portal.fetch(after.removeprefix("page-") if after else None)
        return replace(page, next_after=page.next_after and f"page-{page.next_after}")

    assert ids_of(Listing(opaque, portal.probe).pages()) == list(range(1, 101))


@pytest.mark.parametrize("answer", ["refused", "empty"])
def test_a_list_that_begins_only_where_a_page_says_so_is_read_whole(answer: str) -> None:
    """HubSpot may refuse to begin at an id that no page has named, or show nothing there: no record is missed."""
    portal = Portal(list(range(1, 501)))
    named: set[str | None] = {None}

    def strict(after: str | None) -> RecordPage:
        if after not in named:
            if answer == "refused":
                raise RefusedError("no such page", status=400)
            return RecordPage([])
        page = portal.fetch(after)
        named.add(page.next_after)
        return page

    whole = Listing(strict, portal.probe)
    assert set(ids_of(whole.pages())) == set(range(1, 501))
    assert whole.seen == 500
    gone = Listing(strict, portal.probe, [Span("77", "91"), Span("300", None)], seen=350)
    named.clear()
    named.add(None)
    assert set(ids_of(gone.pages())) == set(range(1, 501))
    assert gone.seen == 500


def test_a_listing_that_goes_on_cuts_the_rest_into_ranges_too() -> None:
    """What was not cut yet when a listing broke off is read side by side by the next one."""
    portal = Portal(list(range(1, 1_001)))
    resumed = Listing(portal.fetch, portal.probe, [Span("31", "71"), Span("71", None)], seen=30)
    assert sorted(ids_of(resumed.pages())) == list(range(31, 1_001))
    assert portal.probes > 2
    broken = Listing(portal.fetch, portal.probe)
    pages = broken.pages()
    for _ in range(8):
        next(pages)
    assert [span.until for span in broken.spans][-1] is None
    pages.close()


def test_a_search_that_fails_leaves_one_range() -> None:
    """Without the search the list is read as it is."""
    portal = Portal(list(range(1, 301)))

    def refused(_after: str, _place: int) -> tuple[int, str | None]:
        raise RemoteError("not now")

    assert len(ids_of(Listing(portal.fetch, refused).pages())) == 300


def test_an_error_of_a_range_ends_the_listing() -> None:
    """What a thread raises reaches the reader."""
    portal = Portal(list(range(1, 501)))

    def failing(after: str | None) -> RecordPage:
        if after is not None and int(after) > 300:
            raise RemoteError("HubSpot failed")
        return portal.fetch(after)

    with pytest.raises(RemoteError, match="HubSpot failed"):
        ids_of(Listing(failing, portal.probe).pages())


def test_ranges_of_a_portal(bare: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull that reads ranges brings the same records and associations as HubSpot has, also after a break."""
    monkeypatch.setattr(listing, "SMALLEST", 200)
    monkeypatch.setattr(listing, "LARGEST", 300)
    monkeypatch.setattr(listing, "PAGE", 100)
    everybody = set(bare.create_contacts(1_230))
    bare.fault("/crm/objects/2026-09/contacts$", method="GET", status=500, after=8, times=60)
    with pytest.raises(RemoteError):
        bare.pull()
    had = bare.alive("contacts")
    assert 0 < len(had) < len(everybody)
    bare.steer("reset")
    bare.pull()
    assert bare.alive("contacts") == everybody
    assert bare.sql("SELECT position->>'listing' FROM portal.cursor WHERE stream = 'contacts'") == [(None,)]
