from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from worker_given import Ear, Post, configure, until

from hubsync.emulator import EmulatorServer, Options
from hubsync.errors import BusyError
from hubsync.settings import Settings
from hubsync.store import Run
from hubsync.worker.lock import sole
from hubsync.worker.memory import Memory
from hubsync.worker.portal import ServedPortal
from hubsync.worker.serve import job, scheduled
from hubsync.workspace import only_store


def runs(folder: Path) -> list[Run]:
    """The runs of the portal in a folder, newest first."""
    with only_store(Settings.only({"HUBSYNC_DATA": folder / "data"})).read() as reader:
        return reader.runs()


def asks_for(server: EmulatorServer, part: str) -> Callable[[], bool]:
    """Whether the portal has been asked for something since now."""

    def count() -> int:
        return sum(number for path, number in server.hub.statistics.shown()["by_path"].items() if part in path)

    before = count()
    return lambda: count() > before


def test_a_worker_runs_tells_and_answers(post: Post, ear: Ear) -> None:
    """A missed run is made up for at once and told, measured and answered for; the worker is alone, and ends."""
    post.env = {
        "HUBSYNC_SLACK_URL": f"{ear.url}/slack",
        "HUBSYNC_WEBHOOK_URL": f"{ear.url}/hook",
        "HUBSYNC_HEARTBEAT_URL": f"{ear.url}/beat",
    }
    post.first_sync()
    Memory(alerts={"failure": "It broke."}).save(post.folder / "data")

    with post.serving() as worker:
        health = until(lambda: worker.portal() if worker.portal()["state"] == "ok" else None, "a good run")
        with pytest.raises(BusyError, match=f"Process {worker.process.pid} serves"), sole(post.folder / "data"):
            pass
        figures = worker.metrics()
        until(lambda: ("GET", "/beat", None) in ear.heard, "the heartbeat")
        code, seconds, said = worker.end()

    newest = runs(post.folder)[0]
    assert health["healthy"] and health["last_good_run"] == newest.run_id and 0 <= health["age_seconds"] < 60
    assert figures['hubsync_runs_total{portal="default",status="ok"}'] == 1
    assert figures['hubsync_last_run_records_scored{portal="default"}'] == newest.counts["records_scored"] > 0
    assert figures['hubsync_last_run_calls{portal="default"}'] == newest.calls > 0
    assert figures['hubsync_database_bytes{portal="default"}'] > 0
    assert [(body["cause"], body["state"]) for body in ear.bodies("/hook")] == [("failure", "over")]
    assert ["Over: the run failed" in body["text"] for body in ear.bodies("/slack")] == [True]
    assert Memory.load(post.folder / "data").good_run == newest.run_id
    assert (code, seconds < 10) == (0, True)
    assert ear.url not in said and f"run {newest.run_id} ok" in said


def test_a_worker_that_is_ended_in_the_middle_of_a_run_ends_it_cleanly(post: Post, emulator: EmulatorServer) -> None:
    """Within ten seconds the run has written down how it ended, nobody is alarmed, and the next run is good."""
    post.slow("/crm/.*contacts")
    is_pulling = asks_for(emulator, "contacts")

    with post.serving() as worker:
        until(is_pulling, "the run to pull contacts")
        state = worker.portal()["state"]
        code, seconds, _ = worker.end()
    emulator.hub.faults.clear()
    ended = runs(post.folder)[0]
    post.first_sync()

    assert (state, code) == ("running", 0)
    assert seconds < 10
    assert (ended.status, "stopped by hand" in ended.reason) == ("failed", True)
    assert ended.ended_at is not None
    assert Memory.load(post.folder / "data") == Memory()
    assert runs(post.folder)[0].status == "ok"


def test_sigterm_ends_a_command_like_an_interrupt(post: Post, emulator: EmulatorServer) -> None:
    """`kill` on a sync by hand gives the same end as Ctrl-C: exit code 130 and a run that says why."""
    post.slow("/crm/.*contacts")
    is_pulling = asks_for(emulator, "contacts")

    with post.start("sync") as process:
        until(is_pulling, "the run to pull contacts")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert process.returncode == 130
    assert "stopped by hand" in runs(post.folder)[0].reason


def test_a_schedule_follows_the_configuration_and_the_portals_time(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a run the schedule is what the file says now, in the time zone that the run found; UTC was for before."""
    for name, value in post.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(post.folder)
    portal = ServedPortal(Settings(), Settings(), threading.Event())
    scheduler = scheduled([portal], side_by_side=1)
    scheduler.start(paused=True)
    first = scheduler.get_job("default").next_run_time
    configure(post.folder / "config", schedule='{cron: "30 2 * * *"}')

    job(scheduler, portal)
    after = scheduler.get_job("default")
    scheduler.shutdown()

    assert first <= datetime.now(UTC)
    assert f"{after.next_run_time.astimezone(ZoneInfo('US/Eastern')):%H:%M}" == "02:30"
    assert portal.standing.facts.portal_id == portal.title == str(post.server.options.portal_id)


def test_a_run_that_hangs_is_ended_and_told(
    post: Post, ear: Ear, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """HubSpot that keeps a run waiting for longer than `hangs_after` ends the run, and somebody hears of it."""
    post.env = {"HUBSYNC_WEBHOOK_URL": f"{ear.url}/hook"}
    configure(post.folder / "config", schedule="{hangs_after: 3 seconds}")
    post.slow("/crm/.*contacts")

    with caplog.at_level(logging.INFO, logger="hubsync"):
        code = post.once(monkeypatch)

    assert code != 0 and "run hung" in caplog.text
    assert [(body["cause"], body["state"]) for body in ear.bodies("/hook")] == [("hung", "began")]
    assert "no sign of life" in ear.bodies("/hook")[0]["message"]


def test_a_run_by_hand_counts_for_the_worker(post: Post) -> None:
    """A worker that starts finds the last good run in the database, whoever ran it, but never later than now."""
    post.first_sync()
    now = datetime(2026, 9, 21, 13, tzinfo=UTC)
    given = {"HUBSYNC_CONFIG": post.folder / "config", "HUBSYNC_DATA": post.folder / "data"}

    portal = ServedPortal(Settings.only(given), Settings.only({}), threading.Event(), now=lambda: now)

    assert portal.standing.good_run == runs(post.folder)[0].run_id
    # The portal's clock is at 14:00, an hour ahead of the worker's machine.
    assert portal.standing.good_at == now
    assert portal.first_run() == now + timedelta(hours=1)
    assert portal.zone == ZoneInfo("US/Eastern")


def test_one_portals_trouble_is_not_anothers(tmp_path: Path, ear: Ear) -> None:
    """One worker runs all portals: a refused token and a broken file are told, and the third portal runs.

    That one has never been written to, and is not written to now.
    """
    portals = tmp_path / "portals"
    for name in ("acme", "torn", "zeta"):
        configure(portals / name / "config")
    (portals / "torn" / "config" / "hubsync.yaml").write_text("models: nothing\n")
    with EmulatorServer(Options(port=0, contacts=10)) as server:
        tokens = {"ACME": "pat-na1-refused", "TORN": server.token, "ZETA": server.token}
        env = {f"{name}_HUBSPOT_ACCESS_TOKEN": token for name, token in tokens.items()}
        post = Post(tmp_path, server, {"HUBSYNC_WEBHOOK_URL": f"{ear.url}/hook", **env})
        code, _, said = post.do("serve", "--once", "--side-by-side", "2")

    assert code == 4
    assert {(body["portal"], body["cause"]) for body in ear.bodies("/hook")} == {
        ("acme", "token"), ("torn", "failure"), ("zeta", "first_write"),
    }  # fmt: skip
    assert "torn: 1 mistake in the configuration" in said
    assert [(run.status, run.counts["written"]) for run in runs(portals / "zeta")] == [("held", 0)]


def test_a_broken_configuration_is_told_and_the_next_edit_mends_it(
    post: Post, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker whose only portal's configuration is broken serves on and alerts; the next good run says it is over."""
    main = post.folder / "config" / "hubsync.yaml"
    good = main.read_text()
    main.write_text("models: nothing\n")
    post.env["HUBSYNC_WEBHOOK_URL"] = f"{ear.url}/hook"
    with post.serving() as worker:
        until(lambda: ear.bodies("/hook"), "the alert")
        until(lambda: worker.portal()["state"] == "failed", "the end of the run")
        code, _, said = worker.end()
    assert code == 0
    assert "default: hubsync.yaml:1: " in said
    assert "`hubsync check` says it again" in said
    assert post.once(monkeypatch) == 2

    main.write_text(good)
    post.once(monkeypatch)

    told = [(body["cause"], body["state"]) for body in ear.bodies("/hook")]
    assert (told[0], told.count(("failure", "began"))) == (("failure", "began"), 1)
    assert ("failure", "over") in told
