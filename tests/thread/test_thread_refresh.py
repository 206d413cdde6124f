"""Weekly models in whole runs: a push that breaks off on the day of the refresh, and plans that are approved later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from thread_given import Thread, Waits
from thread_prepared import Prepared, after_sync
from thread_small import LEADS_ALONE, write_portal

from hubsync.errors import HubsyncError
from hubsync.types import Plan

WRITES = "/crm/objects/2026-09/contacts/batch/update"


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A small portal whose contacts are scored weekly, after its first sync; two batches of them."""
    folder = tmp_path_factory.mktemp("synced")
    return after_sync(
        folder, write_portal(folder / "csv", contacts=180, companies=4), LEADS_ALONE,
        ("hubsync.yaml", "api:", "guards: {minimum: 1000}\napi:"),
        ("models/interest.yaml", "owner: sales", "owner: sales\nrefresh: weekly"),
    )  # fmt: skip


@pytest.fixture
def small(tmp_path: Path, synced: Prepared) -> Iterator[Thread]:
    """That portal a week later."""
    with synced.thread(tmp_path) as thread:
        thread.live(7)
        yield thread


def try_often(thread: Thread, tries: str) -> None:
    """Let every contact try the product more or less often."""
    thread.later()
    portal = thread.server.portal
    with portal.lock:
        for key in list(portal.objects["contacts"]):
            portal.set("contacts", key, {"tries": tries}, at=portal.now)


def scores(thread: Thread) -> dict[str, str | None]:
    """The scores that HubSpot has."""
    return {key: each["hubsync_lead"] for key, each in thread.in_hubspot("contacts", ("hubsync_lead",)).items()}


def planned(thread: Thread) -> Plan:
    """What a run would do now."""
    plan = thread.run("plan", write=False).plan
    assert plan is not None
    return plan


def test_a_push_that_breaks_off_on_monday_is_made_up_for_on_tuesday(small: Thread) -> None:
    """One batch is written and the other is not: the next day writes what is missing, and the week then rests."""
    try_often(small, "99")
    before = scores(small)
    small.steer("faults", {"faults": [{"path": WRITES, "after": 1, "status": 503, "times": None}]})
    with pytest.raises(HubsyncError):
        small.run(waits=Waits())
    half = scores(small)
    small.server.hub.faults.clear()
    small.live(1)
    made_up = small.run()
    after = scores(small)
    try_often(small, "0")
    rest = small.run()

    written = {key for key in before if half[key] != before[key]}
    assert 0 < len(written) < len({key for key in before if after[key] != before[key]})
    assert made_up.plan is not None
    assert "interest" not in made_up.plan.waiting
    assert rest.plan is not None
    assert rest.plan.waiting == {"interest": "2026-10-05"}
    assert scores(small) == after


def test_an_approved_plan_counts_for_the_day_it_was_made(small: Thread) -> None:
    """Approved a week later, a plan is written as it is, and the new week's refresh is still to come."""
    try_often(small, "99")
    run_id = small.run("plan", write=False).run_id
    small.live(7)
    small.accept(run_id=run_id)
    approved = scores(small)
    try_often(small, "0")
    due = planned(small)

    assert due.refreshed == {"interest": "2026-10-05"}
    assert due.waiting == {}
    assert due.changes > 0
    assert approved == scores(small)
