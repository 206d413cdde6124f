"""Whole runs through the real client against the emulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from thread_given import Thread
from thread_prepared import Prepared, after_sync
from thread_small import LEADS_ALONE, small_thread, write_portal

from hubsync.approval import write_plan
from hubsync.errors import BusyError, HeldError, InputError
from hubsync.pipeline import Options, run
from hubsync.provision import provision
from hubsync.scoring.explain import explain
from hubsync.types import Plan
from hubsync.workspace import Workspace

LEAD = ("hubsync_lead_score", "hubsync_lead_tier", "hubsync_lead_why", "hubsync_lead_tier_changed")
CUSTOMER = ("hubsync_customer_score", "hubsync_customer_tier", "hubsync_customer_why")


def test_explanations_add_up_for_every_record_and_model(synced: Thread) -> None:
    """The points of every explanation sum exactly to the score, and HubSpot holds that score."""
    held = {
        "contacts": synced.in_hubspot("contacts", (*LEAD, "hubsync_engagement_score", "hubsync_fit_score")),
        "companies": synced.in_hubspot("companies", CUSTOMER),
    }
    checked = 0
    with synced.scored() as (scratch, scores):
        for model in scores.models:
            writes = model.declaration.writes
            columns = scratch.columns(model.relation)
            for row in scratch.execute(f'SELECT * FROM "{model.relation}"'):
                explanation = explain(model, dict(zip(columns, row, strict=True)))
                if explanation.score is not None:
                    assert explanation.total == Decimal(explanation.score)
                has = held[model.object][explanation.record_id]
                assert writes is not None
                assert has[str(writes.score)] == (None if explanation.score is None else str(explanation.score))
                if writes.why:
                    assert has[writes.why] == explanation.why
                checked += 1

    assert checked == scores.total > 400


def test_running_again_writes_nothing(synced: Thread) -> None:
    """The second run plans nothing, writes nothing and asks little: at most three calls per stream."""
    before = Counter(synced.stats["by_call"])
    again = synced.run()
    calls = Counter(synced.stats["by_call"]) - before

    assert (again.status, again.plan and again.plan.changes, again.written) == ("ok", 0, 0)
    assert not [call for call in calls if call.endswith("batch/update")]
    per_object = {
        name: sum(count for call, count in calls.items() if f"/objects/2026-09/{name}" in call)
        for name in ("contacts", "companies", "deals", "tickets", "meetings", "calls")
    }
    assert 1 <= min(per_object.values()) <= max(per_object.values()) <= 3


@pytest.mark.parametrize("plan", ["free", "starter", "pro", "enterprise"])
def test_sync_works_on_every_plan(request: pytest.FixtureRequest, thread_of: Callable[..., Thread], plan: str) -> None:
    """Contacts and companies carry scores and tiers on each of HubSpot's plans, within its limits."""
    if plan == "enterprise":
        first = request.getfixturevalue("first_sync")
        thread, result, stats = first.thread, first.result, first.stats
    else:
        thread = thread_of(plan=plan)
        result = thread.run()
        stats = thread.stats

    assert result.status == "ok", result.reason
    assert result.rejected == 0
    tiers = {each["hubsync_customer_tier"] for each in thread.in_hubspot("companies", CUSTOMER).values()} - {None}
    assert len(tiers) >= 2
    leads = [each for each in thread.in_hubspot("contacts", LEAD).values() if each["hubsync_lead_score"]]
    assert len(leads) > 10
    assert stats["by_status"].get("429", 0) == 0
    assert stats["peak_10s"] <= (100 if plan in ("free", "starter") else 190)


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty contacts and eight companies."""
    return write_portal(tmp_path_factory.mktemp("portal") / "csv", contacts=60, companies=8)


def test_first_write_waits_for_a_yes(tmp_path: Path, csv: Path) -> None:
    """Without a yes the first sync plans everything, writes nothing and makes no property."""
    with small_thread(tmp_path, csv) as thread:
        with pytest.raises(HeldError, match="first write to portal 4242424"):
            thread.run(yes=False)

        assert not [
            path for path in thread.stats["by_call"] if "update" in path or ("properties" in path and "POST" in path)
        ]
        with thread.store.read() as reader:
            last = reader.last_run()
        assert last is not None
        assert last.status == "held"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, csv: Path) -> Prepared:
    """That portal after its first plan."""
    with small_thread(tmp_path_factory.mktemp("planned"), csv) as thread:
        thread.run("plan")
        return Prepared.of(thread)


def _to_file(thread: Thread) -> tuple[Plan, Path]:
    """The last plan, and the file it was written to."""
    file = thread.folder / "plan.csv"
    with thread.store.read() as reader:
        last = reader.last_planned_run()
        assert last is not None
        plan = reader.plan(last.run_id)
        assert plan is not None
        write_plan(file, plan, reader.plan_changes(last.run_id))
    return plan, file


def test_an_approved_file_is_written_exactly(tmp_path: Path, planned: Prepared) -> None:
    """A plan that was written to a file is pushed as it stands, once."""
    with planned.thread(tmp_path) as thread:
        plan, file = _to_file(thread)
        done = thread.accept(file=file)

        assert (done.status, done.written, done.rejected) == ("ok", plan.records_changed, 0)
        assert done.written == 60 + 6
        assert thread.run().plan.changes == 0  # type: ignore[union-attr]
        with pytest.raises(InputError, match="already written"):
            thread.accept(file=file)


def test_an_edited_file_is_refused(tmp_path: Path, planned: Prepared) -> None:
    """A plan file in which one score was changed by hand is refused, and nothing is written."""
    with planned.thread(tmp_path) as thread:
        _, file = _to_file(thread)
        lines = file.read_text().splitlines(keepends=True)
        place = next(number for number, line in enumerate(lines) if "hubsync_lead,," in line)
        lines[place] = lines[place].replace("hubsync_lead,,", "hubsync_lead,,9")
        file.write_text("".join(lines))

        with pytest.raises(InputError, match="was edited or cut"):
            thread.accept(file=file)
        assert not [path for path in thread.stats["by_call"] if "batch/update" in path]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, csv: Path) -> Prepared:
    """The small portal after its first sync, with the model of contacts alone."""
    return after_sync(tmp_path_factory.mktemp("small"), csv, LEADS_ALONE)


def test_a_plan_that_no_longer_fits_is_refused(tmp_path: Path, small: Prepared) -> None:
    """When HubSpot's values moved after the plan was made, the approved plan is refused whole."""
    with small.thread(tmp_path) as thread:
        thread.live(30)
        planned = thread.run("plan").plan
        assert planned is not None
        assert planned.changes > 1
        with thread.store.read() as reader:
            change = next(each for each in reader.plan_changes(planned.run_id) if each.property == "hubsync_lead")
        with thread.server.portal.lock:
            thread.server.portal.set(
                change.object, change.record_id, {change.property: "1"}, at=thread.server.portal.now, source="CRM_UI"
            )

        with pytest.raises(HeldError, match=r"1 of .* values of plan .* have changed in HubSpot"):
            thread.accept(run_id=planned.run_id)


def test_a_past_moment_never_writes(tmp_path: Path, small: Prepared) -> None:
    """sync with a past --as-of is refused; plan with it works, and can't be written through its run."""
    with small.thread(tmp_path) as thread:
        thread.live(30)
        past = small.now.replace(tzinfo=None) + timedelta(days=15)
        with pytest.raises(InputError, match="never writes"):
            thread.run(as_of=past)
        planned = thread.run("plan", as_of=past, pull=False)
        with pytest.raises(InputError, match="only for looking"):
            thread.accept(run_id=planned.run_id)

    assert planned.status in ("ok", "held")
    assert planned.as_of == past
    assert planned.plan is not None
    assert planned.plan.changes > 0


def test_earlier_today_is_now(synced: Thread) -> None:
    """--as-of with today's date is now: what is pulled in the run is known."""
    with Workspace.open(synced.settings) as workspace:
        morning = workspace.present.now.replace(hour=12)
    with Workspace.open(synced.settings, as_of=morning) as workspace:
        assert morning < workspace.present.now
        assert workspace.as_of == workspace.present


def test_somebody_elses_property_is_not_overwritten(synced: Thread) -> None:
    """A property that hubsync did not make stops the provisioning before anything is changed."""
    model = synced.config / "models" / "fit.yaml"
    text = model.read_text()
    body = {
        "name": "my_score",
        "label": "My score",
        "type": "number",
        "fieldType": "number",
        "groupName": "contactinformation",
    }
    requests.post(
        f"{synced.server.url}/crm/v3/properties/contacts",
        json=body,
        timeout=30,
        headers={"Authorization": f"Bearer {synced.server.token}"},
    ).raise_for_status()
    model.write_text(text.replace("hubsync_fit_score", "my_score"))
    try:
        with Workspace.open(synced.settings) as workspace, pytest.raises(InputError, match="was not made by hubsync"):
            provision(workspace.writer, workspace.catalog, dry_run=False)
    finally:
        model.write_text(text)


def test_two_runs_at_once(synced: Thread) -> None:
    """A second run names the process of the first and does nothing."""
    with (
        Workspace.open(synced.settings) as workspace,
        synced.store.run_lock(),
        pytest.raises(BusyError, match=r"process \d+"),
    ):
        run(workspace, Options("sync", write=True, yes=True), synced.heard)


def test_an_empty_portal(thread_of: Callable[..., Thread]) -> None:
    """A portal without a record is fine: nothing is scored, nothing written."""
    thread = thread_of(empty=True)
    result = thread.run()

    assert (result.status, result.written) == ("ok", 0)
    assert result.plan is not None
    assert result.plan.records_scored == 0


@pytest.mark.parametrize("zone", ["Mars/Olympus", "x" * 5_000])
def test_an_unknown_time_zone_is_told_once_in_every_run(
    thread_of: Callable[..., Thread], caplog: pytest.LogCaptureFixture, zone: str
) -> None:
    """A time zone that is none is named, shortly, when a run begins: days then begin at midnight UTC."""
    thread = thread_of(empty=True)
    details = {"portalId": int(thread.server.options.portal_id), "timeZone": zone}
    fault = {"path": "/account-info/.*/details", "status": 200, "body": details, "times": None}
    thread.steer("faults", {"faults": [fault]})
    for _ in range(2):
        caplog.clear()
        with Workspace.open(thread.settings) as workspace:
            assert workspace.present.day_start.hour == 0
        said = [record.getMessage() for record in caplog.records if "time zone" in record.getMessage()]

        assert len(said) == 1
        assert "days begin at midnight UTC" in said[0]
        assert len(said[0]) < 160


def test_half_a_portal_is_not_believed(tmp_path: Path, small: Prepared) -> None:
    """A listing that shows half of the contacts holds the run; accepting it writes and believes it."""
    with small.thread(tmp_path) as thread:
        portal = thread.server.portal
        with portal.lock:
            for record_id in sorted(portal.objects["contacts"])[:30]:
                portal.purge("contacts", record_id)
        held = thread.run(full=True)

        assert held.status == "held"
        assert "pull of contacts" in held.reason
        with thread.store.read() as reader:
            assert reader.counts()["contacts"] == 60

        thread.later()
        with portal.lock:
            portal.set("contacts", "1050", {"tries": "99", "seen_at": "2026-09-21T10:00:00Z"}, at=portal.now)
        last = thread.run(full=True)
        accepted = thread.accept(run_id=last.run_id)
        after = thread.run(full=True)

        assert (last.status, accepted.status, after.status) == ("held", "ok", "ok"), after.reason
        with thread.store.read() as reader:
            assert reader.counts()["contacts"] == 30


def test_no_token_in_any_file_or_log(
    synced: Thread, tmp_path: Path, csv: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The token stands in no file that hubsync wrote and in no log line."""
    token = synced.server.token
    with caplog.at_level("DEBUG"), small_thread(tmp_path, csv) as thread:
        thread.run()
    files = [path for folder in (tmp_path, synced.folder) for path in folder.rglob("*") if path.is_file()]

    assert len([path for path in files if path.name == "hubsync.duckdb"]) == 2
    assert not [path for path in files if token.encode() in path.read_bytes()]
    assert thread.server.token == token
    assert caplog.text
    assert token not in caplog.text
