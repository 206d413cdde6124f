"""Whole runs through the real client against the emulator."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from thread_given import Thread
from thread_small import small_thread, write_portal

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


def test_running_again_writes_nothing(thread_of: Callable[..., Thread]) -> None:
    """The second run plans nothing, writes nothing and asks little: at most three calls per stream."""
    thread = thread_of()
    thread.run()
    thread.steer("reset", {})
    again = thread.run()
    stats = thread.stats

    assert (again.status, again.plan and again.plan.changes, again.written) == ("ok", 0, 0)
    assert not [path for path in stats["by_call"] if path.endswith("batch/update")]
    per_object = {
        name: sum(count for path, count in stats["by_path"].items() if f"/objects/2026-09/{name}" in path)
        for name in ("contacts", "companies", "deals", "tickets", "meetings", "calls")
    }
    assert max(per_object.values()) <= 3


@pytest.mark.parametrize("plan", ["free", "starter", "pro", "enterprise"])
def test_sync_works_on_every_plan(thread_of: Callable[..., Thread], plan: str) -> None:
    """Contacts and companies carry scores and tiers on each of HubSpot's plans, within its limits."""
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


def test_first_write_waits_for_a_yes(thread_of: Callable[..., Thread]) -> None:
    """Without a yes the first sync plans everything, writes nothing and makes no property."""
    thread = thread_of()
    with pytest.raises(HeldError, match="first write to portal 4242424"):
        thread.run(yes=False)

    assert not [
        path for path in thread.stats["by_call"] if "update" in path or ("properties" in path and "POST" in path)
    ]
    with thread.store.read() as reader:
        last = reader.last_run()
    assert last is not None
    assert last.status == "held"


def _planned_to_file(thread: Thread) -> tuple[Plan, Path]:
    planned = thread.run("plan").plan
    assert planned is not None
    file = thread.folder / "plan.csv"
    with thread.store.read() as reader:
        write_plan(file, planned, reader.plan_changes(planned.run_id))
    return planned, file


def test_an_approved_file_is_written_exactly(thread_of: Callable[..., Thread]) -> None:
    """A plan that was written to a file is pushed as it stands, once."""
    thread = thread_of()
    planned, file = _planned_to_file(thread)
    done = thread.accept(file=file)

    assert (done.status, done.written, done.rejected) == ("ok", planned.records_changed, 0)
    assert thread.run().plan.changes == 0  # type: ignore[union-attr]
    with pytest.raises(InputError, match="already written"):
        thread.accept(file=file)


def test_an_edited_file_is_refused(thread_of: Callable[..., Thread]) -> None:
    """A plan file in which one score was changed by hand is refused, and nothing is written."""
    thread = thread_of()
    _, file = _planned_to_file(thread)
    lines = file.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if "hubsync_fit_score" in line)
    lines[place] = lines[place].replace("hubsync_fit_score,,", "hubsync_fit_score,,9")
    file.write_text("".join(lines))

    with pytest.raises(InputError, match="was edited or cut"):
        thread.accept(file=file)
    assert not [path for path in thread.stats["by_call"] if "batch/update" in path]


def test_a_plan_that_no_longer_fits_is_refused(thread_of: Callable[..., Thread]) -> None:
    """When HubSpot's values moved after the plan was made, the approved plan is refused whole."""
    thread = thread_of()
    thread.run()
    thread.live(30)
    planned = thread.run("plan").plan
    assert planned is not None
    with thread.store.read() as reader:
        change = next(each for each in reader.plan_changes(planned.run_id) if each.property.endswith("score"))
    with thread.server.portal.lock:
        thread.server.portal.set(
            change.object, change.record_id, {change.property: "1"}, at=thread.server.portal.now, source="CRM_UI"
        )

    with pytest.raises(HeldError, match=r"1 of .* values of plan .* have changed in HubSpot"):
        thread.accept(run_id=planned.run_id)


def test_a_past_moment_never_writes(synced: Thread) -> None:
    """sync with a past --as-of is refused, plan with it works and leaves HubSpot alone."""
    with Workspace.open(synced.settings) as workspace:
        past = workspace.present.now.replace(year=2026, month=8, day=1)
    with pytest.raises(InputError, match="never writes"):
        synced.run(as_of=past)
    planned = synced.run("plan", as_of=past, pull=False)

    assert planned.status in ("ok", "held")
    assert planned.as_of == past


def test_a_plan_of_the_past_is_never_approved(synced: Thread) -> None:
    """A plan that was made with a past --as-of can't be written through its run or its file."""
    with Workspace.open(synced.settings) as workspace:
        past = workspace.present.now.replace(month=8, day=1)
    planned = synced.run("plan", as_of=past, pull=False)

    with pytest.raises(InputError, match="only for looking"):
        synced.accept(run_id=planned.run_id)


def test_earlier_today_is_now(synced: Thread) -> None:
    """--as-of with today's date knows what is pulled in the run: nothing changes."""
    with Workspace.open(synced.settings) as workspace:
        morning = workspace.present.now.replace(hour=12)
    again = synced.run(as_of=morning)

    assert again.plan is not None
    assert (again.status, again.plan.changes) == ("ok", 0)


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


def test_half_a_portal_is_not_believed(tmp_path: Path) -> None:
    """A listing that shows half of the contacts holds the run; accepting it writes and believes it."""
    with small_thread(tmp_path, write_portal(tmp_path / "csv", contacts=60, companies=8)) as thread:
        thread.run()
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


def test_no_token_in_any_file_or_log(synced: Thread, caplog: pytest.LogCaptureFixture) -> None:
    """The token stands in no file that hubsync wrote and in no log line."""
    token = synced.server.token.encode()
    with caplog.at_level("DEBUG"):
        synced.run("plan")
    files = [path for path in synced.folder.rglob("*") if path.is_file()]

    assert files
    assert not [path for path in files if token in path.read_bytes()]
    assert synced.server.token not in caplog.text
