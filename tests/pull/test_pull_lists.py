"""Lists of HubSpot that records join: the event is the joining, once for each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from marketing_given import LISTS, MARKETING, counted, join, leave, new_list, status
from pull_bench import Bench, bench

from hubsync.catalog import Catalog, load
from hubsync.errors import RefusedError

MEMBERS = "/memberships/join-order"
NAMED = "/object-type-id/"
STORED = f"SELECT subject, occurred_at FROM portal.event WHERE source = '{LISTS}' ORDER BY occurred_at, subject"


@pytest.fixture(scope="module")
def lists() -> Catalog:
    return load(MARKETING)


@pytest.fixture
def desk(lists: Catalog, tmp_path: Path) -> Iterator[Bench]:
    """A portal without a record."""
    with bench(tmp_path / "data", lists, empty=True) as made:
        yield made


def later(desk: Bench, **time: int) -> None:
    desk.steer("clock", **(time or {"minutes": 30}))


def test_joining_is_the_event(desk: Bench) -> None:
    """A record that joins is an event at that moment; who leaves keeps it, and who comes again has joined twice."""
    ann, bob = desk.create_contacts(2)
    list_id = new_list(desk)
    join(desk, list_id, ann, bob)
    later(desk)

    result = desk.pull()

    assert [subject for subject, _ in desk.sql(STORED)] == [ann, bob]
    assert counted(desk, LISTS) == [(ann, 1), (bob, 1)]
    # Nothing is known from before the list was made.
    assert result.feeds.starts[LISTS] <= desk.sql(STORED)[0][1]

    leave(desk, list_id, ann)
    later(desk)
    desk.pull()
    assert counted(desk, LISTS) == [(ann, 1), (bob, 1)]

    join(desk, list_id, ann)
    later(desk)
    desk.pull()
    assert counted(desk, LISTS) == [(ann, 2), (bob, 1)]


def test_a_later_pull_reads_on_from_the_last_page(desk: Bench) -> None:
    """The name is looked up once; a later pull reads the last page again, and now and then the whole list."""
    people = desk.create_contacts(230)
    list_id = new_list(desk)
    for start in range(0, 230, 10):
        join(desk, list_id, *people[start : start + 10])
    later(desk)
    desk.pull()
    assert (desk.calls_to(MEMBERS), desk.calls_to(NAMED)) == (3, 1)

    new = desk.create("contacts", {"email": "new@acme.example"})
    join(desk, list_id, new)
    later(desk)
    desk.pull()
    assert (desk.calls_to(MEMBERS), desk.calls_to(NAMED)) == (4, 1)
    assert len(desk.sql(STORED)) == 231

    later(desk, days=1)
    desk.pull()
    assert (desk.calls_to(MEMBERS), desk.calls_to(NAMED)) == (7, 1)
    assert len(desk.sql(STORED)) == 231


def test_a_reading_that_broke_off_goes_on(desk: Bench) -> None:
    """When the second page fails, the next pull goes on there; nothing is lost or read twice."""
    people = desk.create_contacts(230)
    list_id = new_list(desk)
    for start in range(0, 230, 10):
        join(desk, list_id, *people[start : start + 10])
    later(desk)
    desk.fault(f".*{MEMBERS}", method="GET", status=400, times=1, after=1)
    with pytest.raises(RefusedError, match=r"refused lists\.members"):
        desk.pull()
    before = desk.calls_to(MEMBERS)

    desk.pull()

    assert desk.calls_to(MEMBERS) - before == 2
    assert len(desk.sql(STORED)) == 230


def test_a_list_that_is_gone_holds_what_needs_it(desk: Bench) -> None:
    """A list that nobody made is named; one that was there and is gone holds the models that read it."""
    report = {each.source: each for each in desk.pull().sources}[LISTS]
    assert (report.status, report.reason) == (
        "unavailable", "the portal has no list of contacts called 'Has seen pricing'"
    )  # fmt: skip

    list_id = new_list(desk)
    later(desk)
    assert status(desk.pull())[LISTS] == "active"

    desk.call("DELETE", f"/crm/lists/2026-09/{list_id}")
    result = desk.pull()
    assert status(result)[LISTS] == "failed"
    assert result.held.keys() == {"engagement"}


def test_a_new_list_of_the_same_name_is_another_list(desk: Bench) -> None:
    """When a list was deleted and made again, the events of the old one go: nobody joins the same thing twice."""
    (ann,) = desk.create_contacts(1)
    old = new_list(desk)
    join(desk, old, ann)
    later(desk)
    desk.pull()
    desk.call("DELETE", f"/crm/lists/2026-09/{old}")
    join(desk, new_list(desk), ann)
    later(desk)

    desk.pull()

    assert [at > desk.last.now - timedelta(hours=1) for _, at in desk.sql(STORED)] == [True]


def test_a_list_by_its_id(desk: Bench, tmp_path: Path) -> None:
    """A list can be named by its number, which is not quoted in YAML."""
    list_id = new_list(desk, "Anything")
    (ann,) = desk.create_contacts(1)
    join(desk, list_id, ann)
    later(desk)
    for file in MARKETING.rglob("*.yaml"):
        copy = tmp_path / "config" / file.relative_to(MARKETING)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text().replace("list: Has seen pricing", f"list: {list_id}"))
    desk.catalog = load(tmp_path / "config")

    desk.pull()

    assert [subject for subject, _ in desk.sql(STORED)] == [ann]
