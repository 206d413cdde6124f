"""Records that become others, go, come back or are deleted for good: between two runs and in the middle of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from thread_given import Thread
from thread_prepared import Prepared, after_sync
from thread_small import LEADS_ALONE, OWN, At, write_portal

from hubsync.emulator.faults import Fault
from hubsync.journal import RunResult
from hubsync.store import Scratch

WRITES = "/crm/objects/2026-09/contacts/batch/update"
ONE, TWO, THREE, FOUR = "1000", "1005", "1010", "1015"
"""Contacts with one login each."""

STEADY = (
    ("models/interest.yaml", "days_since(met_on) < 30", "days_since(met_on) < 300"),
    ("models/interest.yaml", "days_since(seen_at) < 10", "days_since(seen_at) < 300"),
    ("models/interest.yaml", "within: 90 days", "within: 1 year"),
)
"""So that no score moves by itself when days go by."""

Scored = dict[str, int | None]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A small portal after its first sync."""
    folder = tmp_path_factory.mktemp("synced")
    return after_sync(folder, write_portal(folder / "csv", contacts=24, companies=2), *STEADY, LEADS_ALONE)


@pytest.fixture
def thread(tmp_path: Path, synced: Prepared) -> Iterator[Thread]:
    """That portal."""
    with synced.thread(tmp_path) as made:
        yield made


def next_day(thread: Thread) -> RunResult:
    """The run of the next day, which lists everything."""
    thread.live(1)
    return again(thread)


def again(thread: Thread) -> RunResult:
    result = thread.run()
    assert result.status == "ok", result.reason
    return result


def interest(thread: Thread) -> Scored:
    """The contacts that are scored; nobody twice."""
    with thread.scored() as (scratch, scores):
        relation = next(model.relation for model in scores.models if model.name == "interest")
        rows = scratch.execute(f'SELECT record_id, score FROM "{relation}"')
    assert len({record_id for record_id, _ in rows}) == len(rows)
    return {str(record_id): score for record_id, score in rows}


def as_hubspot_has_it(thread: Thread) -> Scored:
    """The scores of the contacts that HubSpot shows."""
    own = thread.in_hubspot("contacts", OWN["contacts"])
    return {record_id: int(each["hubsync_lead"]) if each["hubsync_lead"] else None for record_id, each in own.items()}


def logins(thread: Thread, *ids: str) -> int:
    """How many logins reach these contacts."""

    def count(scratch: Scratch) -> int:
        names = ", ".join(f"'{each}'" for each in ids)
        return int(scratch.execute(f"SELECT count(*) FROM events_contacts WHERE record_id IN ({names})")[0][0])

    with thread.scored() as (scratch, _):
        return count(scratch)


def everywhere(thread: Thread) -> str:
    """All rows of all tables."""
    with thread.store.read() as reader:
        names = reader._all("SELECT table_name FROM duckdb_tables() WHERE database_name = 'portal'")
        return str([reader._all(f"SELECT * FROM portal.{name}") for (name,) in names])


def merge(thread: Thread, primary: str, other: str, *, preserve_id: bool = False) -> str:
    portal = thread.server.portal
    with portal.lock:
        return portal.merge("contacts", primary, other, portal.now, preserve_id=preserve_id)


def take_back(thread: Thread, survivor: str, record_id: str, properties: Mapping[str, str]) -> None:
    """A merged contact lives again, while its survivor still lists it."""
    thread.later()
    portal = thread.server.portal
    with portal.lock:
        del portal.merged["contacts"][record_id]
        portal.put("contacts", properties, id=record_id, at=portal.now)
        portal.objects["contacts"][record_id].created_at = "2026-01-01T00:00:00.000Z"
        assert record_id in portal.objects["contacts"][survivor].properties["hs_merged_object_ids"]


def before_the_write(thread: Thread, act: Callable[[], object]) -> None:
    """Do something after the pull of the next run and before its first write."""

    def at_once() -> Fault | None:
        act()
        return None

    thread.server.hub.faults = At(1, at_once, WRITES)


def touch(thread: Thread, *ids: str) -> None:
    """Change what the scores of these contacts depend on, so that the next run writes them."""
    thread.later()
    portal = thread.server.portal
    with portal.lock:
        for record_id in ids:
            rec = portal.objects["contacts"][record_id]
            more = "1" if int(rec.properties.get("tries", "0")) > 10 else "15"
            portal.set("contacts", record_id, {"tries": more}, at=portal.now)


def test_history_follows_a_merge(thread: Thread) -> None:
    """Found by search and again by the listing: the survivor has both histories, is scored once, its old ids never."""
    thread.live(1)
    again(thread)
    survivor = merge(thread, ONE, TWO)
    by_search = again(thread)
    old = {ONE, TWO}
    with thread.store.read() as reader:
        published = {each.model: each for each in reader.published("contacts", survivor)}
        assert {reader.resolve("contacts", each) for each in old} == {survivor}

    assert by_search.plan is not None
    assert not [moves for moves in by_search.plan.tier_moves.get("interest", {}) if moves[0] == ""]
    assert published["interest"].tier
    assert interest(thread) == as_hubspot_has_it(thread)
    by_listing = next_day(thread)
    assert by_listing.rejected == 0
    assert interest(thread) == as_hubspot_has_it(thread)
    assert not old & interest(thread).keys()
    assert logins(thread, survivor) == 2


def test_a_chain_of_merges(thread: Thread) -> None:
    """Three merges into one another, one that keeps its id and two between two runs, lead all to the last survivor."""
    first = merge(thread, ONE, TWO, preserve_id=True)
    next_day(thread)
    last = merge(thread, merge(thread, THREE, first), FOUR)
    next_day(thread)

    assert logins(thread, last) == 4
    assert interest(thread) == as_hubspot_has_it(thread)
    with thread.store.read() as reader:
        assert {reader.resolve("contacts", each) for each in (ONE, TWO, THREE, FOUR, first)} == {last}


def test_a_merge_before_the_write(thread: Thread) -> None:
    """What was planned for the two is refused and forgotten, and the next run writes their survivor."""
    touch(thread, ONE, TWO, THREE)
    survivors: list[str] = []
    before_the_write(thread, lambda: survivors.append(merge(thread, ONE, TWO)))
    cut = again(thread)
    healed = again(thread)

    assert cut.rejected == 2
    assert healed.rejected == 0
    assert interest(thread) == as_hubspot_has_it(thread)
    assert survivors[0] in interest(thread)
    with thread.store.read() as reader:
        assert reader.rejects() == []


def test_an_approved_plan_leaves_out_what_was_merged(thread: Thread) -> None:
    """A plan from before a merge is written without the two that are one now."""
    touch(thread, ONE, TWO, THREE)
    planned = thread.run("plan").plan
    assert planned is not None
    merge(thread, ONE, TWO)
    thread.run("plan")
    done = thread.accept(run_id=planned.run_id)
    with thread.store.read() as reader:
        states = reader.change_counts(planned.run_id)

    assert (done.status, done.rejected) == ("ok", 0)
    assert (states["skipped"], states["written"]) == (2, done.written)
    again(thread)
    assert interest(thread) == as_hubspot_has_it(thread)


def test_a_merge_that_is_taken_back(thread: Thread) -> None:
    """A merged id that lives again has its own events again, both are scored right, and nothing turns back."""
    with thread.server.portal.lock:
        was = dict(thread.server.portal.objects["contacts"][ONE].properties)
    survivor = merge(thread, TWO, ONE)
    next_day(thread)
    assert logins(thread, survivor) == 2
    kept = {name: was[name] for name in ("jobtitle", "tries", "met_on", "seen_at")}
    take_back(thread, survivor, ONE, {**kept, "email": "back@x0.example"})

    for run in (again, next_day):
        assert run(thread).rejected == 0
        assert (logins(thread, ONE), logins(thread, survivor)) == (1, 1)
        assert interest(thread) == as_hubspot_has_it(thread)
        assert {ONE, survivor} <= interest(thread).keys()


def test_merged_a_second_time(thread: Thread) -> None:
    """An id that was taken out of a merge and is merged again follows the new one, with all it ever had."""
    first = merge(thread, TWO, ONE)
    next_day(thread)
    take_back(thread, first, ONE, {"email": "back@x0.example"})
    next_day(thread)
    second = merge(thread, THREE, ONE)
    next_day(thread)

    assert (logins(thread, first), logins(thread, second), logins(thread, ONE)) == (1, 2, 0)
    assert interest(thread) == as_hubspot_has_it(thread)


def test_archived_before_the_write_and_restored(thread: Thread) -> None:
    """A contact that goes in mid-run is the only one refused, and left alone; restored it has its history, no more."""
    portal = thread.server.portal
    touch(thread, ONE, TWO)
    before_the_write(thread, lambda: portal.archive("contacts", ONE, portal.now))
    cut = again(thread)
    gone = next_day(thread)
    assert ONE not in interest(thread)
    thread.later()
    with portal.lock:
        portal.restore("contacts", ONE, portal.now)
    restored = again(thread)

    assert (cut.rejected, gone.rejected, restored.rejected) == (1, 0, 0)
    assert restored.plan is not None
    assert not [moves for moves in restored.plan.tier_moves.get("interest", {}) if moves[0] == ""]
    assert logins(thread, ONE) == 1
    assert interest(thread) == as_hubspot_has_it(thread)


def test_deleted_for_good_before_the_write(thread: Thread) -> None:
    """At once not scored, after seven days in no row of any table, and no page of later brings it back."""
    survivor = merge(thread, ONE, TWO)
    next_day(thread)
    touch(thread, survivor, THREE)
    portal = thread.server.portal
    properties = dict(portal.objects["contacts"][survivor].properties)
    before_the_write(thread, lambda: portal.purge("contacts", survivor))
    assert again(thread).rejected == 1
    next_day(thread)
    assert survivor not in interest(thread)
    assert survivor in everywhere(thread)
    thread.live(6)
    again(thread)
    assert survivor in everywhere(thread)
    next_day(thread)

    traces = [f"'{each}'" for each in (survivor, ONE, TWO)] + ["p0@x0.example"]
    assert [each for each in traces if each in everywhere(thread)] == []
    assert interest(thread) == as_hubspot_has_it(thread)

    thread.later()
    with portal.lock:
        kept = {name: properties[name] for name in ("email", "jobtitle", "tries")}
        portal.put("contacts", kept, id=survivor, at=portal.now)
    assert next_day(thread).rejected == 0
    assert [each for each in traces if each in everywhere(thread)] == []
    assert as_hubspot_has_it(thread)[survivor] is None
