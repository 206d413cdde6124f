"""Backups, what the database tells, and what the commands say when something is in the way."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
import typer
from cli_given import Desk
from typer.testing import CliRunner

from hubsync.cli.failing import INTERRUPTED, Commands
from hubsync.cli.init import write_starter
from hubsync.emulator import EmulatorServer, Options
from hubsync.store import Store
from hubsync.store.upkeep import backup
from hubsync.workspace import moment

OLD = {"source": "login/nowhere", "kind": "login", "subject_type": "contacts", "subject": "1", "times": 1}


def desk_in(folder: Path, server: EmulatorServer) -> Desk:
    made = Desk(folder, server)
    write_starter(made.config)
    made.only("customer")
    made.rewrite("hubsync.yaml", "search_per_second: 2", "search_per_second: 5")
    return made


def live(desk: Desk, days: int) -> None:
    assert desk.server is not None
    answer = requests.post(f"{desk.server.url}/_emulator/clock", json={"days": days}, timeout=30)
    assert answer.ok, answer.text


def store_of(desk: Desk) -> Store:
    return Store.open(desk.folder / "data", "4242424")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A portal that was synced, backed up, lived for three days, and was synced again."""
    with EmulatorServer(Options(port=0, contacts=15)) as server:
        desk = desk_in(tmp_path_factory.mktemp("lived"), server)
        assert desk("sync", "--yes", "--json").code == 0
        desk.first = desk("backup", str(desk.folder / "copy.duckdb"), "--json").json
        with store_of(desk).write() as writer:
            days = (timedelta(days=age) for age in (900, 800))
            at = writer.last_run().started_at  # type: ignore[union-attr]
            writer.append("event", [
                {**OLD, "source_id": str(age.days), "occurred_at": at - age, "known_at": at} for age in days
            ])  # fmt: skip
        live(desk, 3)
        assert desk("sync", "--json").code == 0
        with store_of(desk).scratch(moment(at, "UTC"), []) as scoring:
            desk.first["old"] = scoring.execute(f"SELECT source_id FROM portal.event WHERE source = '{OLD['source']}'")
        yield desk


def some_company(desk: Desk) -> str:
    with store_of(desk).read() as reader:
        return next(
            each.record_id for each in reader.plan_changes(reader.runs()[-1].run_id) if each.object == "companies"
        )


def explained(desk: Desk, record: str, day: str) -> list[dict[str, Any]]:
    """The scores of a past day with every line; what was published since is another matter."""
    models = desk("explain", "companies", record, "--as-of", day, "--json").json["models"]
    return [{key: model[key] for key in ("model", "score", "total", "contributions", "known_data")} for model in models]


def test_a_restored_portal_goes_on_as_if_nothing_had_been_lost(lived: Desk) -> None:
    """After a restore the past answers as before, and the next run lists everything and writes nothing twice."""
    record, day = some_company(lived), "2026-09-22T03:00:00Z"
    before = explained(lived, record, day)
    done = lived("restore", lived.first["file"], "--force", "--json")
    assert done.code == 0, done.text
    assert done.json["portal_id"] == "4242424"
    assert Path(done.json["kept"]).is_file()
    assert lived("status", "--json").json["restored_at"] is not None
    assert "restored from a backup" in lived("status").out
    assert explained(lived, record, day) == before

    found = lived("sync", "--json").json

    assert (found["status"], found["changes"], found["written"]) == ("ok", 0, 0)
    with store_of(lived).read() as reader:
        newest = reader.last_run()
        assert newest is not None
        assert newest.counts["listed"] > 0
    assert explained(lived, record, day) == before
    assert lived("status", "--json").json["restored_at"] is None


def test_a_backup_of_another_portal_is_refused(lived: Desk, tmp_path: Path) -> None:
    """It is exit code 4, and the sentence names both portals."""
    file = backup(Store.open(tmp_path / "other", "99"), tmp_path / "other.duckdb").file
    said = lived("restore", str(file), "--force")
    assert said.code == 4
    assert "backup of portal 99" in said.err
    assert "4242424" in said.err


def test_export_writes_every_table(lived: Desk, tmp_path: Path) -> None:
    """The command names the tables with their rows; a second export into the same folder is refused."""
    found = lived("export", str(tmp_path / "out"), "--json").json
    assert found["rows"]["record"] > 15
    assert {f"{name}.parquet" for name in found["rows"]} < {each.name for each in (tmp_path / "out").iterdir()}
    assert lived("export", str(tmp_path / "out")).code == 2
    assert "record.parquet" in lived("export", str(tmp_path / "more")).out


def test_a_plan_is_never_written_over_what_is_no_file(lived: Desk, tmp_path: Path) -> None:
    """With --force too, a pipe and the database itself are refused before HubSpot is called."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.csv").symlink_to(store_of(lived).file)
    for name, why in (("pipe", "is no file"), ("link.csv", "is the database itself")):
        said = lived("plan", "--out", str(tmp_path / name), "--force", env={"HUBSPOT_ACCESS_TOKEN": "refused"})
        assert (said.code, why in said.text) == (2, True), said.text


def test_old_events_go_at_the_end_of_the_first_run_of_a_day(lived: Desk) -> None:
    """Of two events of long ago the run of the next day left the last, which says how long ago it was."""
    assert lived.first["old"] == [("800",)]


def test_status_tells_calls_forecast_and_sizes(lived: Desk) -> None:
    """`status` says the day's calls with our share, what the next run and a first pull take, and what takes room."""
    found = lived("status", "--json").json
    api = found["api"]
    assert api["share_of_hubsync"] == 125_000
    assert api["limit_of_account"] == 625_000
    assert api["used_by_account"] >= api["used_by_hubsync"] > 0
    assert api["used_of_share"] == pytest.approx(api["used_by_hubsync"] / 125_000, abs=1e-3)
    assert api["left_for_hubsync"] <= 125_000 - api["used_by_hubsync"]
    assert api["next_run"] > 0
    assert api["first_pull"] > 8
    assert found["rows"]["record"] > 15
    assert found["file_bytes"] > 100_000
    said = lived("status").text
    assert "of its share of 125,000 a day" in said
    assert "The next run takes about" in said
    assert "Kept: events for 25 months, history for 3 years, plans for 90 days." in said


def test_status_says_which_models_are_due_for_a_look(lived: Desk, tmp_path: Path) -> None:
    """Each model has its owner and the day on which it is due; three days are longer than a cycle of two.

    One that was changed today is not, also where it was tried first as of a day of the past.
    """
    write_starter(tmp_path / "config")
    Desk(tmp_path).only("engagement", "fit", "customer")
    main = tmp_path / "config" / "hubsync.yaml"
    main.write_text(f"{main.read_text(encoding='utf-8')}\nreview_every: 2 days\n", encoding="utf-8")
    model = tmp_path / "config" / "models" / "fit.yaml"
    model.write_text(f"{model.read_text(encoding='utf-8')}\nreview_every: 5 days\n", encoding="utf-8")
    heat = tmp_path / "config" / "models" / "engagement.yaml"
    heat.write_text(heat.read_text(encoding="utf-8").replace("points: 1,", "points: 2,", 1), encoding="utf-8")
    often = {"HUBSYNC_CONFIG": str(tmp_path / "config")}
    tried = lived("plan", "--no-pull", "--as-of", "2026-09-22", "--json", env=often)
    assert tried.code in (0, 3), tried.text

    usual, found = (lived("status", "--json", env=env).json["models"] for env in ({}, often))

    assert [(each["model"], each["review_due"]) for each in usual] == [("customer", False)]
    assert {"customer", "engagement", "fit"} <= {each["model"] for each in found}
    due = {each["model"] for each in found if each["review_due"]}
    assert due == {"customer"}
    owner = next(each["owner"] for each in found if each["model"] == "customer")
    said = lived("status", env=often).text
    assert "Due for a look" in said
    assert f"customer ({owner}, 2 days)" in said
    assert "Due for a look" not in lived("status").text


def test_status_says_a_reason_once(lived: Desk) -> None:
    """Several sources that HubSpot refuses for one reason are named before it, and it is not repeated."""
    out = lived("status").out
    assert out.count("(403)") == 1
    assert "page_view/occurrences" in next(line for line in out.splitlines() if "(403)" in line)


def test_status_names_what_it_could_not_read(lived: Desk) -> None:
    """A value that is no number is named by its property, not only counted."""
    with store_of(lived).write() as writer:
        writer.set_meta("unreadable", '{"companies.seats_used": 1, "deals.amount": 0}')
    assert "1 value of companies.seats_used." in lived("status").out
    assert lived("status", "--json").json["unreadable"] == {"companies.seats_used": 1, "deals.amount": 0}


def test_a_plan_is_no_good_run(lived: Desk) -> None:
    """The last good run is one that was there to write; looking at a plan does not make the data fresher."""
    with store_of(lived).write() as writer:
        before, last = writer.last_good_run(), writer.last_run()
        assert last is not None
        writer.start_run("look", "plan", last.as_of, last.started_at + timedelta(seconds=1), full=False)
        writer.finish_run("look", "ok", ended_at=last.started_at, counts={"written": 0}, calls=1)
        assert writer.last_good_run() == before
        writer.finish_run("look", "ok", ended_at=last.started_at, counts={"written": 2}, calls=1)
        accepted = writer.last_good_run()
        assert accepted is not None
        assert accepted.run_id == "look"


def test_runs_fit_the_screen(lived: Desk) -> None:
    """At 80 columns the table is not broken, and the reason of a run stands whole below it."""
    with store_of(lived).write() as writer:
        at = writer.last_run().started_at  # type: ignore[union-attr]
        for number in range(2):
            writer.start_run(f"zz-{number}", "sync", at, at, full=False)
            why = "The account's API calls of the day are used up; the limit resets at midnight."
            writer.finish_run(f"zz-{number}", "failed", ended_at=at, counts={}, calls=1, reason=why)
    out = lived("runs", env={"COLUMNS": "80"}).out
    rows = [line for line in out.splitlines() if line.strip()[:9] in ("20260921-", "20260924-")]
    assert rows
    assert all(len(line) <= 80 for line in rows)
    assert out.count("The account's API calls of the day are used up; the limit resets at midnight.") == 1
    assert "zz-1 and 1 before" in out


def test_while_a_run_goes_on_plan_shows_the_last_one(lived: Desk) -> None:
    """`plan` then shows the last finished plan and says so; what asks for a new one is refused with the PID."""
    with store_of(lived).run_lock():
        said = lived("plan")
        as_json = lived("plan", "--json")
        refused = lived("plan", "--out", str(lived.folder / "new.csv"))
    assert said.code == 0
    assert "This is the last finished plan" in said.out
    assert "going on in process" in said.out
    assert as_json.json["run_id"] in said.out
    assert "going on in process" in as_json.json["running"]
    assert refused.code == 6
    assert not (lived.folder / "new.csv").exists()


def test_a_clock_that_was_set_back_never_turns_time_around(lived: Desk) -> None:
    """A little behind the last run, the next one is of the last one's moment; far behind, one sentence, exit 6."""
    copy = Desk(lived.folder / "behind", lived.server, {"HUBSYNC_CONFIG": str(lived.config)})
    assert copy("restore", lived.first["file"]).code == 0
    now = lived("status", "--json").json["now"]
    store = store_of(copy)
    with store.write() as writer:
        at = _time(now) + timedelta(minutes=30)
        writer.start_run("ahead", "sync", at, at, full=False)
    found = copy("plan", "--json")
    assert found.code == 0, found.text
    assert _time(found.json["as_of"]) == at
    with store.write() as writer:
        writer.start_run("far", "sync", at + timedelta(hours=5), at + timedelta(hours=5), full=False)
    said = copy("plan")
    assert said.code == 6
    assert "HubSpot's clock says" in said.err
    assert "hubsync restore" in said.err


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z"))


def test_a_first_sync_through_trouble(tmp_path: Path) -> None:
    """A full disk ends it with a sentence and loses nothing; the plan is then looked at, approved and written."""
    with EmulatorServer(Options(port=0, contacts=20)) as server:
        desk = desk_in(tmp_path, server)
        limit = 2_500_000
        process = desk.start(
            "sync", "--yes", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        )
        _, err = process.communicate(timeout=120)
        assert process.returncode == 6, err
        assert "The disk is full" in err
        assert "Traceback" not in err

        waits = desk("sync", "--json")
        assert waits.code == 3
        assert (waits.json["kind"], waits.json["status"], waits.json["first_write"]) == ("HeldError", "held", True)
        assert waits.json["changes"] > waits.json["records_changed"] > 0
        assert waits.json["run_id"]

        _refuses_places(desk, tmp_path)
        file = tmp_path / "plan.csv"
        assert desk("plan", "--out", str(file)).code == 0
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_text(file.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")
        written = desk("sync", "--plan", str(file), "--json")
        assert written.code == 0, written.text
        assert written.json["written"] == waits.json["records_changed"]


def _refuses_places(desk: Desk, folder: Path) -> None:
    """--out tells a place that does not do before HubSpot is called."""
    assert desk.server is not None
    before = requests.get(f"{desk.server.url}/_emulator/stats", timeout=10).json()["by_path"]
    (there := folder / "there.csv").write_text("mine", encoding="utf-8")
    for place in (there, folder, folder / "nowhere" / "plan.csv"):
        said = desk("plan", "--out", str(place))
        assert said.code == 2, said.text
        assert str(place) in said.err
    assert there.read_text(encoding="utf-8") == "mine"
    assert requests.get(f"{desk.server.url}/_emulator/stats", timeout=10).json()["by_path"] == before


def test_a_model_looks_no_further_back_than_events_are_kept(desk: Desk) -> None:
    """A window that is longer than the retention of events is a mistake, with file, line and both numbers."""
    desk.rewrite("hubsync.yaml", "events: 25 months", "events: 20 days")
    said = desk("check", "--offline")
    assert said.code == 2
    assert "models/customer.yaml:" in said.err
    assert "events are kept for 20 days" in said.text
    assert "'retention' in hubsync.yaml" in said.text


def test_an_interrupt_is_one_json_object() -> None:
    """With --json Ctrl-C, too, leaves one object on stdout; the exit code is 130."""
    app = typer.Typer(cls=Commands)

    @app.command()
    def first(*, json: bool = False) -> None:
        raise KeyboardInterrupt

    @app.command()
    def second() -> None:
        pass

    result = CliRunner().invoke(app, ["first", "--json"])
    assert result.exit_code == INTERRUPTED == 128 + signal.SIGINT
    assert orjson.loads(result.stdout)["kind"] == "Interrupted"


def test_explain_tells_the_models_that_leave_a_record_out(lived: Desk) -> None:
    """A company that is no customer has its other scores, and the customer score is named with its condition."""
    shutil.copytree(lived.config, lived.folder / "more" / "config")
    more = Desk(lived.folder / "more", env={"HUBSYNC_DATA": str(lived.folder / "data")})
    more.rewrite("hubsync.yaml", "models: [", "models: [company_fit, ")
    with store_of(lived).scratch(moment(datetime(2026, 9, 21), "UTC"), []) as scoring:
        rows = scoring.execute(
            "SELECT record_id FROM portal.record WHERE object = 'companies' AND archived_at IS NULL"
            " AND record_id NOT IN (SELECT record_id FROM portal.score_history WHERE object = 'companies')"
        )
    said = more("explain", "companies", rows[0][0], "--json")
    assert said.code == 0, said.text
    assert [model["model"] for model in said.json["models"]] == ["company_fit"]
    assert list(said.json["outside"]) == ["customer"]
    assert "customer: this record is outside of 'who' (" in more("explain", "companies", rows[0][0]).out


def test_explain_knows_nothing_of_the_future(lived: Desk) -> None:
    """A day to come is refused: its ages would be invented."""
    said = lived("explain", "companies", some_company(lived), "--as-of", "2099-01-01")
    assert said.code == 2
    assert "lies in the future" in said.err
