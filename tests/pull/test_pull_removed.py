"""Sources that leave events.yaml: they count for nothing at once, what they brought stays, and they can come back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pull_bench import OBJECTS, Bench
from source_given import CLICKS, make_property, portal_with

from hubsync.catalog import load
from hubsync.pull import feeds_of, held_before
from hubsync.store import SourceState

HISTORY = "{from: history, object: contacts, property: jobtitle, when: changes}"
COUNTER = "{from: counters, count: visits, last: closedate}"
REASON = "it is not in events.yaml any more; what it brought is kept (1 event) and counts for nothing"


def declared(portal: Bench, *sources: str) -> None:
    """From now on `email_click` comes from these sources."""
    events = portal.catalog.folder / "events.yaml"
    before, _, rest = events.read_text().partition("page_view:")
    head = before.partition("sources:")[0]
    events.write_text(f"{head}sources:{''.join(f'{chr(10)}    - {each}' for each in sources)}\npage_view:{rest}")
    portal.catalog = load(portal.catalog.folder)


def titled(portal: Bench, record_id: str, *titles: str) -> None:
    for title in titles:
        portal.steer("clock", minutes=1)
        portal.change("contacts", record_id, jobtitle=title)


def states(portal: Bench) -> Mapping[str, SourceState]:
    with portal.store.read() as reader:
        return {each.source: each for each in reader.sources()}


def test_a_removed_source_counts_for_nothing_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    """The next source stands in at once; what HubSpot may not show again stays, and nothing of it is there twice."""
    with portal_with(tmp_path, CLICKS, HISTORY, COUNTER) as portal:
        make_property(portal, "visits")
        (one,) = portal.create_contacts(1)
        titled(portal, one, "clerk", "boss")
        assert portal.pull().feeds.active["email_click"] == "email_click/history"
        kept = portal.sql("SELECT * FROM portal.event")

        declared(portal, COUNTER)
        with portal.store.read() as reader:
            assert "email_click/history" not in feeds_of(portal.catalog, reader.sources()).active.values()
        removed = portal.pull()
        titled(portal, one, "chief")
        assert removed.feeds.active["email_click"] == "email_click/counters"
        assert "email_click/history" not in {each.source for each in removed.sources}
        assert (states(portal)["email_click/history"].status, states(portal)["email_click/history"].reason) == (
            "unavailable", REASON,
        )  # fmt: skip
        assert portal.sql("SELECT * FROM portal.event") == kept

        declared(portal, HISTORY, COUNTER)
        back = portal.pull()
        now = portal.sql("SELECT * FROM portal.event WHERE source = 'email_click/history' ORDER BY occurred_at")
    assert back.feeds.active["email_click"] == "email_click/history"
    assert (now[0], len(now)) == (kept[0], 2)


def test_a_counter_that_is_back_has_what_it_counted_meanwhile(tmp_path: Path) -> None:
    """Nobody but hubsync knows when a counter grew: that stays, and what it grew by while it was away is added."""
    with portal_with(tmp_path, CLICKS, COUNTER, HISTORY) as portal:
        make_property(portal, "visits")
        (one,) = portal.create_contacts(1)
        for visits in ("1", "3"):
            portal.change("contacts", one, visits=visits, closedate="2026-09-01")
            portal.pull()
            portal.steer("clock", minutes=1)
        declared(portal, HISTORY)
        portal.pull()
        portal.steer("clock", minutes=1)
        portal.change("contacts", one, visits="7")
        portal.pull()
        declared(portal, COUNTER, HISTORY)
        portal.pull()
        counted = portal.sql("SELECT sum(times)::INTEGER FROM portal.event WHERE source = 'email_click/counters'")
    assert counted == [(7,)]


def test_a_source_that_failed_and_is_removed_holds_nothing(tmp_path: Path) -> None:
    """Its models are scored again from the next source, in a run that pulls and in one that does not."""
    source = "{from: tables, file: clicks.csv, subject: {email: user}, time: at}"
    with portal_with(tmp_path, CLICKS, source, COUNTER) as portal:
        make_property(portal, "visits")
        file = portal.catalog.folder / "clicks.csv"
        file.write_text("user,at\na@x.example,2026-09-01\n")
        portal.pull()
        file.unlink()
        assert portal.pull().held.keys() == {"engagement"}
        declared(portal, COUNTER)
        with portal.store.read() as reader:
            feeds = feeds_of(portal.catalog, reader.sources())
            assert held_before(portal.catalog, portal.last, feeds, reader) == {}
        assert portal.pull().held == {}
        assert states(portal)["email_click/tables"].status == "unavailable"


def test_a_removed_source_without_an_event_is_forgotten(tmp_path: Path) -> None:
    """Of a source that brought nothing, nothing is left: no line in the status, and no cursor."""
    with portal_with(tmp_path, CLICKS, HISTORY, COUNTER) as portal:
        make_property(portal, "visits")
        titled(portal, portal.create_contacts(1)[0], "clerk")
        portal.pull()
        cursors = "SELECT stream FROM portal.cursor WHERE stream LIKE '%email_click/history'"
        assert portal.sql(cursors) == [("email_click/history",)]
        declared(portal, COUNTER)
        portal.pull()
        assert "email_click/history" not in states(portal)
        assert portal.sql(cursors) == []


def test_a_past_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    """When HubSpot refuses the history that seeds a counter, the source has failed: its zero would be no zero."""
    with portal_with(tmp_path, CLICKS, COUNTER.replace("}", ", seed: true}")) as portal:
        make_property(portal, "visits")
        (one,) = portal.create_contacts(1)
        portal.change("contacts", one, visits="3", closedate="2026-09-01")
        portal.fault(f"{OBJECTS}/contacts/batch/read", method="POST", status=403, times=9)
        refused = portal.pull()
        portal.steer("reset")
        again = portal.pull()
    assert "engagement" in refused.held
    assert (again.held, again.events["email_click"]) == ({}, 1)
