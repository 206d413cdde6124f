"""Property history: its changes as events, and the past of counters."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pull_bench import OBJECTS, Bench
from source_given import CLICKS, config_with, make_property, portal_with

from hubsync.catalog import load
from hubsync.errors import RemoteError
from hubsync.pull.estimate import reckon
from hubsync.pull.sources.history import changes
from hubsync.pull.sources.seeding import growth
from hubsync.store import FirstSight
from hubsync.types import AsOf, Revision

HISTORY = "{{from: history, object: contacts, property: {}, when: {}}}"
COUNTER = "{from: counters, count: visits, last: closedate, seed: true}"
T0 = datetime(2026, 9, 1)
EVENTS = (
    "SELECT attributes->>'before', attributes->>'after', value::VARCHAR FROM portal.event WHERE source = ?"
    " ORDER BY occurred_at"
)


def revisions(*values: str) -> list[Revision]:
    return [Revision(value, T0 + timedelta(days=day)) for day, value in enumerate(values)]


@pytest.mark.parametrize(
    ("when", "values", "found"),
    [
        ("grows", ("5", "7", "7.0", "6", "8", "N/A", "9"), ["7", "8"]),
        ("falls", ("5", "7", "6", "", "2"), ["6"]),
        ("changes", ("lead", "customer", "", "lead", "lead"), ["customer", ""]),
        ("becomes customer", ("Customer", "lead", "customer", "customer"), ["Customer", "customer"]),
        ("becomes 3", ("3.0", "4", "3"), ["3.0", "3"]),
    ],
)
def test_what_is_a_change(when: str, values: tuple[str, ...], found: list[str]) -> None:
    """Growing and falling compare numbers; a first value is no change, but it may be what the property became."""
    assert [now.value for _, now in changes(revisions(*values), when)] == found


def test_changes_of_a_property_are_events(tmp_path: Path) -> None:
    """Each change that HubSpot kept is an event at its time, with what was before and after, also of the past."""
    with portal_with(tmp_path, CLICKS, HISTORY.format("jobtitle", "changes")) as portal:
        ids = portal.create_contacts(3)
        for title in ("boss", "chief"):
            portal.steer("clock", minutes=1)
            portal.change("contacts", ids[0], jobtitle=title)
        portal.change("contacts", ids[1], jobtitle="clerk")
        first = portal.pull()
        then = portal.sql(EVENTS, "email_click/history")
        portal.steer("clock", minutes=1)
        portal.change("contacts", ids[0], jobtitle="owner")
        portal.change("contacts", ids[1], firstname="Ada")
        portal.change("contacts", ids[2], jobtitle="clerk")
        asked: list[list[str]] = []
        read = portal.client.histories
        portal.client.histories = lambda kind, some, name: (asked.append(list(some)), read(kind, some, name))[1]  # type: ignore[method-assign]
        portal.pull()
        portal.pull()
        now = portal.sql(EVENTS, "email_click/history")
    assert first.feeds.active["email_click"] == "email_click/history"
    assert then == [("boss", "chief", None)]
    assert now == [("boss", "chief", None), ("chief", "owner", None)]
    assert [sorted(some) for some in asked] == [sorted([ids[0], ids[2]])]


def test_history_goes_on_where_it_broke_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull that breaks off between two calls for histories goes on with the next 50 records."""
    monkeypatch.setattr("hubsync.pull.flow.ROWS", 1)
    with portal_with(tmp_path, CLICKS, HISTORY.format("email", "becomes person7@acme.example")) as portal:
        portal.create_contacts(120)
        portal.fault(f"{OBJECTS}/contacts/batch/read", method="POST", status=500, after=1, times=60)
        with pytest.raises(RemoteError):
            portal.pull()
        portal.steer("reset")
        before = portal.calls_to(f"{OBJECTS}/contacts/batch/read")
        portal.pull()
        assert portal.calls_to(f"{OBJECTS}/contacts/batch/read") - before == 2
        assert portal.sql("SELECT count(*) FROM portal.event WHERE source = 'email_click/history'") == [(1,)]


def test_a_property_that_the_portal_lacks(tmp_path: Path) -> None:
    """A history of a property that is not there is unavailable, and the next source takes over."""
    other = "{from: counters, count: hs_email_click, last: hs_email_last_click_date}"
    with portal_with(tmp_path, CLICKS, HISTORY.format("decision_role", "changes"), other) as portal:
        report = next(each for each in portal.pull().sources if each.source == "email_click/history")
    assert report.reason == "the portal has no contacts property decision_role"
    assert report.replaced_by == "email_click/counters"


COUNTED = "SELECT subject, occurred_at, times FROM portal.event WHERE source = 'email_click/counters' ORDER BY 1, 2"


def visit(portal: Bench, record_id: str, visits: int) -> None:
    """The counter grows, a minute later."""
    portal.steer("clock", minutes=1)
    portal.change("contacts", record_id, visits=str(visits), closedate=portal.client.account().server_time.isoformat())


def total(portal: Bench, record_id: str) -> int:
    return sum(times for subject, _, times in portal.sql(COUNTED) if subject == record_id)


def test_a_counters_past_is_read_once(tmp_path: Path) -> None:
    """At first sight a counter's history gives its dated growth, later growth adds to it: in all what it counted."""
    with portal_with(tmp_path, CLICKS, COUNTER) as portal:
        make_property(portal, "visits")
        one, two, three = portal.create_contacts(3)
        for visits in (1, 4, 9):
            visit(portal, one, visits)
        visit(portal, two, 30)
        portal.pull()
        seeded = portal.sql(COUNTED)
        calls = portal.calls_to(f"{OBJECTS}/contacts/batch/read")
        visit(portal, one, 11)
        visit(portal, two, 31)
        visit(portal, three, 2)
        portal.pull()
        portal.pull(full=True)
        assert portal.calls_to(f"{OBJECTS}/contacts/batch/read") == calls == 1
        assert [(subject, times) for subject, _, times in seeded] == [(one, 1), (one, 3), (one, 5), (two, 1)]
        assert len({at for _, at, _ in seeded}) == 4
        assert [total(portal, each) for each in (one, two, three)] == [11, 2, 2]


def test_a_seed_that_broke_off_counts_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth between the first sight and the reading of the past, a pull later, is in neither twice nor left out."""
    monkeypatch.setattr("hubsync.pull.flow.ROWS", 1)
    with portal_with(tmp_path, CLICKS, COUNTER) as portal:
        make_property(portal, "visits")
        ids = portal.create_contacts(60)
        for record_id in ids:
            portal.change("contacts", record_id, visits="2", closedate="2026-01-01")
        visit(portal, ids[0], 5)
        visit(portal, ids[59], 6)
        portal.fault(f"{OBJECTS}/contacts/batch/read", method="POST", status=500, after=1, times=60)
        with pytest.raises(RemoteError):
            portal.pull()
        portal.steer("reset")
        visit(portal, ids[0], 8)
        visit(portal, ids[59], 10)
        portal.pull()
        assert [total(portal, each) for each in (ids[0], ids[30], ids[59])] == [1 + 6, 1, 1 + 8]


def test_a_seed_switched_on_later(tmp_path: Path) -> None:
    """A counter that was watched before it is seeded has its first sight as one event already: the rest is added."""
    with portal_with(tmp_path, CLICKS, COUNTER.replace(", seed: true", "")) as portal:
        make_property(portal, "visits")
        (one,) = portal.create_contacts(1)
        for visits in (1, 4, 9):
            visit(portal, one, visits)
        portal.pull()
        visit(portal, one, 12)
        portal.pull()
        assert total(portal, one) == 1 + 3
        events = portal.catalog.folder / "events.yaml"
        events.write_text(events.read_text().replace("last: closedate", "last: closedate, seed: true"))
        portal.catalog = load(portal.catalog.folder)
        portal.pull()
        portal.pull()
        assert total(portal, one) == 12


def test_a_merge_counts_the_past_once(tmp_path: Path) -> None:
    """A record into which seeded ones were merged has their past, not a second one of its own."""
    with portal_with(tmp_path, CLICKS, COUNTER) as portal:
        make_property(portal, "visits")
        one, two = portal.create_contacts(2)
        for record_id in (one, two):
            visit(portal, record_id, 1)
            visit(portal, record_id, 4)
        portal.pull()
        body = {"primaryObjectId": one, "objectIdToMerge": two}
        portal.call("POST", f"{OBJECTS}/contacts/merge", body)
        portal.pull()
        portal.pull()
        assert portal.sql("SELECT sum(times) FROM portal.event WHERE source = 'email_click/counters'") == [(8,)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(0, 12), st.integers(0, 12), st.booleans(),
)  # fmt: skip
def test_growth_before_the_first_sight_adds_up(steps: list[int], seen: int, kept: int, counted: bool) -> None:
    """However much of a history is kept: the value at first sight, less the oldest value kept but one event."""
    values = [sum(steps[: place + 1]) for place in range(len(steps))]
    seen = min(seen, len(values) - 1)
    history = revisions(*map(str, values))[min(kept, seen) :]
    sight = FirstSight("1", history[0].at + timedelta(days=seen - min(kept, seen)), str(values[seen]), None, counted)
    oldest = Decimal(history[0].value)
    expected = values[seen] - oldest + (1 if oldest else 0)
    found = growth(sight, history)
    assert sum(times for _, times in found) == max(0, expected - (1 if counted else 0))
    assert all(at <= sight.at and times > 0 for at, times in found)


def test_a_sight_that_lagged_behind_takes_no_later_growth() -> None:
    """The search may show a value that was overtaken before the pull: the next sight counts what came since."""
    history = revisions("2", "5", "9")
    sight = FirstSight("1", history[-1].at + timedelta(minutes=1), "5", None, counted=False)
    assert growth(sight, history) == [(T0, 1), (T0 + timedelta(days=1), 3)]


def test_no_history_at_all() -> None:
    """Where HubSpot keeps no history, the first sight is one event at the date of the last one, as without a seed."""
    sight = FirstSight("1", T0, "7", "2026-03-01T00:00:00Z", counted=False)
    assert growth(sight, []) == [(datetime(2026, 3, 1), 1)]


def test_the_cost_of_histories_is_told_beforehand(tmp_path: Path) -> None:
    """The estimate of a first pull has one call for the history of each 50 records."""
    calls = []
    for number, source in enumerate((COUNTER.replace(", seed: true", ""), COUNTER)):
        catalog = load(config_with(tmp_path / f"config{number}", CLICKS, source))
        now = AsOf(T0, T0.date(), T0)
        calls.append(reckon(catalog, now, {"contacts": 1_001}).calls)
    assert calls[1] - calls[0] == 21
