"""The upkeep of the database: copies, what is brought back, what is handed out, what goes with time."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from store_given import DAY, NOON, asking, contact, event, everything, moment, pull, scratch, table

from hubsync.errors import BusyError, InputError, NewerDatabaseError, PortalError, StoreError
from hubsync.store import Horizons, Store
from hubsync.store.export import export
from hubsync.store.upkeep import backup, restore
from hubsync.types import Batch


def fill(store: Store) -> None:
    pull(store, contact("1", email="ann@example.com", plan="basic"), events=[event("contacts", "1")])
    pull(store, contact("1", NOON + DAY, email="ann@example.com", plan="pro"), at=NOON + DAY)
    with store.write() as writer:
        writer.start_run("r1", "sync", NOON + DAY, NOON + DAY, full=False)
        writer.set_cursor(
            "contacts", {"properties": ["plan"], "watermark": "2026-09-22T12:00:00", "full_at": "x"}, NOON
        )
        rows = [{"run_id": "r1", "object": "contacts", "record_id": "1", "model": "m", "property": "p", "after": "5"}]
        writer.append("change", rows)
        made = {"object": "contacts", "record_id": "1", "kind": "task", "payload": "{}", "run_id": "r1"}
        times = {"created_at": NOON, "done_at": None, "message": None}
        writer.append("action", [
            {"play": "a", "sequence": 1, "state": "waiting", **made, **times},
            {"play": "a", "sequence": 2, "state": "done", **made, **times},
        ])  # fmt: skip


def reopened(store: Store) -> Store:
    return Store.open(store.file.parents[1], store.portal_id, sleep=lambda _: None, random=lambda: 1.0)


def test_a_backup_is_whole_private_and_says_what_it_holds(store: Store, tmp_path: Path) -> None:
    """The copy opens by itself, has every row, mode 0600 and the portal's id, and nothing else is left beside it."""
    fill(store)
    made = backup(store, tmp_path / "copies.duckdb")

    assert made.file.stat().st_mode & 0o777 == 0o600
    assert (made.portal_id, made.last_run, made.last_run_at) == ("4711", "r1", NOON + DAY)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["4711", "copies.duckdb"]
    with duckdb.connect(str(made.file), read_only=True) as copy:
        assert copy.execute("SELECT count(*) FROM version").fetchone() == (3,)
    assert made.rows == sum(len(rows) for rows in everything(store).values())


def test_what_was_committed_before_a_crash_is_in_the_backup(store: Store, tmp_path: Path) -> None:
    """Rows that are still in DuckDB's log, because the writer was killed, are in the copy."""
    fill(store)
    killed = (
        "import sys, duckdb, os\nc = duckdb.connect()\nc.execute(f\"ATTACH '{sys.argv[1]}' AS portal\")\n"
        "c.execute(\"INSERT INTO portal.meta VALUES ('late', 'yes')\")\nos._exit(9)\n"
    )
    subprocess.run([os.sys.executable, "-c", killed, str(store.file)], check=False)  # type: ignore[attr-defined]
    assert store.file.with_name("hubsync.duckdb.wal").exists()
    made = backup(store, tmp_path / "copy.duckdb")
    with duckdb.connect(str(made.file), read_only=True) as copy:
        assert copy.execute("SELECT value FROM meta WHERE key = 'late'").fetchone() == ("yes",)


def test_a_backup_overwrites_only_when_told(store: Store, tmp_path: Path) -> None:
    """An existing file stays as it is without force; a folder, and the database itself, are never overwritten."""
    file = tmp_path / "copy.duckdb"
    file.write_text("precious")
    with pytest.raises(InputError, match="exists already"):
        backup(store, file)
    assert file.read_text() == "precious"
    assert backup(store, file, force=True).rows > 0
    for place in (tmp_path, store.file, tmp_path / "nowhere" / "copy.duckdb"):
        with pytest.raises(InputError):
            backup(store, place, force=True)
    assert reopened(store).portal_id == "4711"


def test_only_a_file_is_ever_overwritten(store: Store, tmp_path: Path) -> None:
    """A pipe, a link to one and every name of the database are refused, also with force; nothing is written there."""
    fill(store)
    pipe, linked, hard = (tmp_path / name for name in ("pipe", "linked", "hard"))
    os.mkfifo(pipe)
    linked.symlink_to(pipe)
    os.link(store.file, hard)
    (tmp_path / "soft").symlink_to(store.file)
    os.mkfifo(tmp_path / "copy.duckdb.part")
    before = store.file.read_bytes()

    for place in (pipe, linked, tmp_path / "copy.duckdb"):
        with pytest.raises(InputError, match="is no file"):
            backup(store, place, force=True)
    for place in (hard, tmp_path / "soft", store.file.parent / ".." / "4711" / store.file.name):
        with pytest.raises(InputError, match="the database itself"):
            backup(store, place, force=True)
    with pytest.raises(InputError, match="is no folder"):
        export(store, pipe)

    assert pipe.is_fifo()
    assert store.file.read_bytes() == before


def test_neither_backup_nor_restore_nor_export_while_a_run_goes_on(store: Store, tmp_path: Path) -> None:
    """Each says which process runs, and leaves nothing behind."""
    fill(store)
    file = backup(store, tmp_path / "copy.duckdb").file
    with store.run_lock():
        for work in (
            lambda: backup(store, tmp_path / "other.duckdb"),
            lambda: restore(tmp_path, file, force=True),
            lambda: export(store, tmp_path / "out"),
        ):
            with pytest.raises(BusyError, match=f"process {os.getpid()};"):
                work()
    assert not (tmp_path / "other.duckdb").exists()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_backup_comes_back_with_its_past_and_nothing_of_it_is_done_again(store: Store, tmp_path: Path) -> None:
    """The rows are those of the backup; cursors start anew, and open plans and actions are skipped."""
    fill(store)
    before = everything(store)
    file = backup(store, tmp_path / "copy.duckdb").file
    pull(store, contact("1", NOON + 2 * DAY, email="ann@example.com", plan="gone"), contact("2"), at=NOON + 2 * DAY)

    done = restore(tmp_path, file, force=True)

    store = reopened(store)
    after = everything(store)
    for name in ("record", "version", "event", "association", "identity", "score_history", "run", "model"):
        assert after[name] == before[name], name
    with store.read() as reader:
        assert reader.cursor("contacts") == {"properties": ["plan"]}
        assert reader.restored_at() is not None
    assert table(store, "SELECT DISTINCT state FROM portal.change") == [("skipped",)]
    assert table(store, "SELECT sequence, state FROM portal.action ORDER BY 1") == [(1, "skipped"), (2, "done")]
    assert done.kept is not None
    with duckdb.connect(str(done.kept), read_only=True) as kept:
        assert kept.execute("SELECT count(*) FROM record").fetchone() == (2,)
    past = scratch(store, "SELECT properties FROM records_contacts", NOON)
    assert [orjson.loads(row[0])["plan"] for row in past] == ["basic"]
    assert store.file.stat().st_mode & 0o777 == 0o600


def test_publishing_ends_the_time_after_a_restore(store: Store, tmp_path: Path) -> None:
    """Once a run has published, the database is one like any other."""
    fill(store)
    restore(tmp_path, backup(store, tmp_path / "copy.duckdb").file, force=True)
    with reopened(store).write() as writer:
        writer.publish("r1", NOON)
        assert writer.restored_at() is None


def test_a_restore_takes_no_other_database_away(store: Store, tmp_path: Path) -> None:
    """Without force a database that is there stays; with it each one that was there is kept, the first one too."""
    fill(store)
    file = backup(store, tmp_path / "copy.duckdb").file
    bytes_before = store.file.read_bytes()
    with pytest.raises(InputError, match="--force"):
        restore(tmp_path, file)
    assert store.file.read_bytes() == bytes_before
    kept = [restore(tmp_path, file, force=True).kept for _ in range(2)]
    assert [each and each.name for each in kept] == ["hubsync.duckdb.before-restore", "hubsync.duckdb.before-restore-2"]


def test_a_backup_brings_a_lost_or_damaged_database_back(store: Store, tmp_path: Path) -> None:
    """It needs no database that is there, in an empty data folder, nor one that can be opened; it says so."""
    fill(store)
    before = everything(store)["version"]
    file = backup(store, tmp_path / "copy.duckdb").file
    store.file.write_bytes(b"not a database" * 1000)
    done = restore(tmp_path, file, force=True)
    assert everything(reopened(store))["version"] == before
    assert done.erasures_known is False
    assert restore(tmp_path / "new", file).kept is None
    assert everything(Store.open(tmp_path / "new", "4711"))["version"] == before


def test_whoever_was_erased_after_the_backup_stays_erased(store: Store, tmp_path: Path) -> None:
    """The erasures that the database knows are done again in what the backup brings back."""
    fill(store)
    pull(store, contact("2", email="bob@example.com"))
    pull(store, contact("2", at=NOON + DAY, email="rob@example.com"))
    file = backup(store, tmp_path / "copy.duckdb").file
    with store.write() as writer:
        writer.erase("contacts", ["1"], at=NOON + DAY, reason="asked")
    done = restore(tmp_path, file, force=True)
    store = reopened(store)
    assert table(store, "SELECT record_id FROM portal.record") == [("2",)]
    assert table(store, "SELECT DISTINCT record_id FROM portal.version") == [("2",)]
    assert done.erased > 0
    assert done.erasures_known


def test_what_does_not_fit_is_not_restored(store: Store, tmp_path: Path) -> None:
    """Another portal's backup, a newer one, a damaged one and what is none at all are refused; all stays as it was."""
    fill(store)
    other = Store.open(tmp_path / "others", "99")
    foreign = backup(other, tmp_path / "foreign.duckdb").file
    good = backup(store, tmp_path / "good.duckdb").file
    newer, damaged, none, text = (tmp_path / f"{name}.duckdb" for name in ("newer", "damaged", "none", "text"))
    newer.write_bytes(good.read_bytes())
    with duckdb.connect(str(newer)) as connection:
        connection.execute("INSERT INTO migration VALUES (99, 'of tomorrow', now()::TIMESTAMP)")
    damaged.write_bytes(good.read_bytes()[:100_000])
    rotten, flipped = tmp_path / "rotten.duckdb", bytearray(good.read_bytes())
    for place in range(16_384 + 8, len(flipped), 512):
        flipped[place] ^= 0xFF
    rotten.write_bytes(flipped)
    with duckdb.connect(str(none)) as connection:
        connection.execute("CREATE TABLE meta (a INTEGER)")
    text.write_text("no database")
    empty = tmp_path / "empty.duckdb"
    empty.touch()
    before = store.file.read_bytes()

    with pytest.raises(PortalError, match=r"backup of portal 99.*belongs to portal 4711"):
        restore(tmp_path, foreign, force=True)
    with pytest.raises(NewerDatabaseError):
        restore(tmp_path, newer, force=True)
    for file in (damaged, rotten, none, text, empty, tmp_path / "missing.duckdb"):
        with pytest.raises(InputError, match=file.name) as refused:
            restore(tmp_path, file, force=True)
        assert "restore FILE" not in str(refused.value)

    assert store.file.read_bytes() == before
    assert [each.name for each in store.file.parent.iterdir() if "restore" in each.name] == []


def test_an_export_holds_every_row_of_every_table(store: Store, tmp_path: Path) -> None:
    """One Parquet file per table, and a manifest with the rows of each, in a folder for this user alone."""
    fill(store)
    made = export(store, tmp_path / "out")
    manifest = orjson.loads((tmp_path / "out" / "manifest.json").read_bytes())
    whole = everything(store)
    assert manifest["rows"] == made.rows == {name: len(rows) for name, rows in whole.items()}
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    with duckdb.connect() as connection:
        for name, rows in whole.items():
            file = tmp_path / "out" / f"{name}.parquet"
            found = connection.execute(f"SELECT * FROM '{file}' ORDER BY ALL").fetchall()
            assert found == rows, name


def test_an_export_never_mixes_with_what_is_there(store: Store, tmp_path: Path) -> None:
    """A folder with anything in it is refused, and stays as it is."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export(store, tmp_path / "out")
    with pytest.raises(InputError, match="is no folder"):
        export(store, tmp_path / "out" / "mine.txt")
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["mine.txt"]


KEEPS = {"events": 750, "history": 1095, "before_images": 90}


def retain(store: Store, at: datetime = NOON) -> dict[str, int]:
    with store.write() as writer:
        return dict(writer.retain(at.date(), Horizons.of(moment(at).day_start, **KEEPS)))


def seen(store: Store, at: datetime) -> list[list[tuple[Any, ...]]]:
    """What scoring sees of plans and of published scores at a moment."""
    plans = "SELECT record_id, properties->>'plan' FROM records_contacts ORDER BY 1"
    with asking(store, at) as ask:
        return [ask(query) for query in (plans, "SELECT record_id, score, as_of FROM published ORDER BY 1")]


def history(record_id: str, score: int, days: int) -> dict[str, Any]:
    at = NOON - days * DAY
    row = {"object": "contacts", "record_id": record_id, "model": "m", "version": "v", "score": score, "run_id": "r"}
    return {**row, "as_of": at, "published_at": at}


def test_old_history_goes_and_what_it_says_of_the_kept_days_stays(store: Store) -> None:
    """Of every property and score the value at the horizon stays, however old; any kept day answers as before."""
    days = (2000, 1500, 1200, 800, 10)
    for age in days:
        pull(store, contact("1", NOON - age * DAY, plan=f"of {age}"), at=NOON - age * DAY)
    pull(store, contact("2", NOON - 1999 * DAY, plan="never changed"), at=NOON - 1999 * DAY)
    pull(store, contact("1", NOON, plan="now"))
    with store.write() as writer:
        writer.append("score_history", [*(history("1", age, age) for age in days), history("2", 7, 1999)])
    kept_days = [NOON - age * DAY for age in (1095, 900, 800, 400, 1, 0)]
    before = [seen(store, at) for at in kept_days]

    found = retain(store)

    assert (found["version"], found["score_history"]) == (2, 2)
    assert [seen(store, at) for at in kept_days] == before
    assert before[-1][1][1][:2] == ("2", 7)
    assert retain(store)["version"] == 0


def test_old_events_go_and_the_last_of_each_kind_stays(store: Store) -> None:
    """After 25 months events are deleted; a record's last one stays, so that the days since it are still known."""
    for age in (900, 800, 751, 700):
        pull(store, contact("1"), events=[event("contacts", "1", f"a{age}", occurred_at=NOON - age * DAY)])
    pull(store, contact("2"), events=[
        event("contacts", "2", f"b{age}", occurred_at=NOON - age * DAY) for age in (1000, 900)
    ])  # fmt: skip
    assert retain(store)["event"] == 4
    assert table(store, "SELECT source_id FROM portal.event ORDER BY 1") == [("a700",), ("b900",)]


def test_an_event_to_come_is_not_the_last_one(store: Store) -> None:
    """A meeting that is planned may be put off: what went before it stays, in the stock and in events made anew."""
    ages = (1000, 900, -30)
    pull(store, contact("1"), events=[
        event("contacts", "1", f"e{age}", occurred_at=NOON - age * DAY) for age in ages
    ])  # fmt: skip
    query = (
        "SELECT 'f' || d AS source_id, 'contacts' AS subject_type, '1' AS subject,"
        f" TIMESTAMP '{NOON}' - to_days(CAST(d AS INTEGER)) AS occurred_at, 1 AS times, NULL AS value,"
        f" NULL AS currency, NULL AS attributes FROM unnest({list(ages)}) t(d)"
    )
    since = Horizons.of(moment(NOON).day_start, **KEEPS).events
    assert retain(store)["event"] == 1
    with store.write() as writer:
        writer.replace_events("met/objects", "met", query, NOON, since=since)
    left = table(store, "SELECT source_id FROM portal.event ORDER BY 1")
    assert left == [("e-30",), ("e900",), ("f-30",), ("f900",)]


def test_events_made_anew_do_not_bring_the_old_ones_back(store: Store) -> None:
    """A source whose events are derived again makes only those that retention leaves: nothing comes and goes."""
    query = (
        "SELECT 'e' || d AS source_id, 'contacts' AS subject_type, '1' AS subject,"
        f" TIMESTAMP '{NOON}' - to_days(CAST(d AS INTEGER)) AS occurred_at, 1 AS times, NULL AS value,"
        " NULL AS currency, NULL AS attributes FROM unnest([900, 800, 751, 749, 1]) t(d)"
    )
    since = Horizons.of(moment(NOON).day_start, **KEEPS).events
    with store.write() as writer:
        first = writer.replace_events("login/objects", "login", query, NOON, since=since)
    assert retain(store)["event"] == 0
    with store.write() as writer:
        again = writer.replace_events("login/objects", "login", query, NOON + DAY, since=since)
    assert (first.added, again.added, again.removed) == (2, 0, 0)


def test_plans_go_after_their_time_and_the_last_one_stays(store: Store) -> None:
    """What a run wrote is kept for 90 days, what nobody wrote for 7; the last plan and all runs stay."""
    for run_id, age, state in (
        ("old", 100, "written"), ("written", 30, "written"), ("held", 30, "planned"), ("new", 1, "planned"),
    ):  # fmt: skip
        with store.write() as writer:
            writer.start_run(run_id, "sync", NOON - age * DAY, NOON - age * DAY, full=False)
            writer.finish_run(run_id, "ok", ended_at=NOON - age * DAY, counts={}, calls=1)
            row = {"run_id": run_id, "object": "contacts", "record_id": "1", "model": "m", "version": "v"}
            writer.append("decision", [row])
            row = {"run_id": run_id, "object": "contacts", "record_id": "1", "model": "m", "property": "p"}
            writer.append("change", [{**row, "state": state}])
    with store.scratch(moment(NOON), []) as scoring, scoring.writing() as writer:
        writer._connection.execute("UPDATE portal.run SET plan = '{}', plan_hash = 'h'")
    found = retain(store)
    assert (found["change"], found["decision"], found["run"]) == (2, 3, 0)
    assert table(store, "SELECT run_id FROM portal.change ORDER BY 1") == [("new",), ("written",)]
    assert table(store, "SELECT run_id FROM portal.run WHERE plan IS NULL") == [("old",)]


def test_the_file_stays_flat_while_days_come_and_go(store: Store) -> None:
    """What is deleted makes room for what comes: after the first weeks the file does not grow any more."""
    sizes = []
    for day in range(14):
        at = NOON + day * DAY
        rows = [
            event("contacts", str(number % 500), f"{day}-{number}", occurred_at=at - timedelta(seconds=number))
            for number in range(2_000)
        ]
        with store.write() as writer:
            writer.commit_batches([Batch("s", events=rows)], own={}, counters=(), known_at=at)
            writer.retain(at.date(), Horizons.of(moment(at).day_start, events=3, history=3, before_images=3))
        sizes.append(store.file.stat().st_size)
    assert max(sizes[7:]) <= 1.1 * max(sizes[:7])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB; only an administrator can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small disk can't be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def write_until_full(store: Store) -> int:
    """Commit ever more rows; how many commits came through."""
    done = 0
    with pytest.raises(StoreError, match=r"The disk is full.*Free some space"):  # noqa: PT012
        for number in range(400):
            row = {"object": "contacts", "property": "p", "known_at": NOON}
            with store.write() as writer:
                writer.append("version", [
                    {**row, "record_id": f"{number}-{each}", "value": os.urandom(40).hex()} for each in range(1_000)
                ])  # fmt: skip
            done += 1
    return done


def test_a_full_disk_loses_nothing_that_was_committed(small_disk: Path, tmp_path: Path) -> None:
    """A disk that runs full is one sentence; every commit before is there, and goes on after room is made."""
    (ballast := small_disk / "ballast").write_bytes(b"x" * 1_000_000)
    store = Store.open(small_disk, "4711")
    done = write_until_full(store)
    assert table(reopened(store), "SELECT count(*) FROM portal.version") == [(1_000 * done,)]
    with pytest.raises(StoreError, match="The disk is full"):
        backup(store, small_disk / "copy.duckdb")
    assert not list(small_disk.glob("copy*"))
    ballast.unlink()
    with store.write() as writer:
        writer.set_cursor("s", {}, NOON)
    assert backup(store, tmp_path / "copy.duckdb").rows > 1_000 * done


def test_a_disk_that_can_only_be_read_is_told(small_disk: Path) -> None:
    """Without the right to write, the sentence says whose folder it is; reading goes on."""
    store = Store.open(small_disk, "4711")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreError, match=r"may not be written.*HUBSYNC_DATA"), store.run_lock():
        pass
    with pytest.raises(StoreError, match=r"may not be written.*HUBSYNC_DATA"), store.write():
        pass
    with pytest.raises(StoreError, match=r"may not be written.*HUBSYNC_DATA"):
        Store.open(small_disk, "4712")
    with reopened(store).read() as reader:
        assert reader.counts() == {}


def test_a_lock_that_can_not_be_had_is_told(store: Store) -> None:
    """Something else in the place of the lock is one sentence, not a traceback."""
    (store.file.parent / "run.lock").mkdir()
    with pytest.raises(StoreError, match="can't be used"), store.run_lock():
        pass


def test_the_database_and_its_log_are_for_one_user_alone(store: Store) -> None:
    """Nobody else may read the file, nor the log that lies beside it while something is written."""
    with store.write() as writer:
        writer.set_cursor("s", {}, NOON)
        modes = {each.name: each.stat().st_mode & 0o777 for each in store.file.parent.iterdir() if each.is_file()}
    assert modes["hubsync.duckdb"] == 0o600
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("harm", ["empty", "half", "flipped"])
def test_a_damaged_file_says_how_to_go_on(store: Store, tmp_path: Path, harm: str) -> None:
    """A file that is empty, cut off or changed is told as damaged, with both ways on; no traceback."""
    row = {"object": "contacts", "property": "p", "known_at": NOON}
    with store.write() as writer:
        writer.append("version", [{**row, "record_id": str(n), "value": os.urandom(40).hex()} for n in range(20_000)])
    whole = store.file.read_bytes()
    flipped = bytearray(whole)
    for place in range(20_000, len(whole), 4_096):
        flipped[place] ^= 0xFF
    store.file.write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "flipped": bytes(flipped)}[harm])
    with pytest.raises(StoreError, match=r"damaged.*hubsync restore FILE --force.*anew"):
        table(reopened(store), "SELECT max(value), max(record_id) FROM portal.version")
    copy = tmp_path / "copy.duckdb"
    with pytest.raises(StoreError, match="database is damaged") as refused:
        backup(reopened(store), copy)
    assert ".part" not in str(refused.value)
    assert [each for each in tmp_path.iterdir() if each.name.startswith(copy.name)] == []


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Somebody presses Ctrl-C a moment later."""
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    yield
    timer.join()


# With one thread DuckDB looks for Ctrl-C all the time; with several it may do so only when a query is done.
LONG = "SELECT sum(sin(a.range * b.range)) AS n FROM range(1000000) a, range(300000) b"


def with_one_thread(store: Store) -> Store:
    return Store(replace(store.database, threads=1), store.portal_id)


def test_ctrl_c_within_a_query_is_ctrl_c(store: Store, ctrl_c: None) -> None:
    """A query that is interrupted ends as an interrupt does anywhere else."""
    with with_one_thread(store).scratch(moment(NOON), []) as scoring, pytest.raises(KeyboardInterrupt):
        scoring.execute(LONG)


def write_long(store: Store) -> None:
    with store.write() as writer:
        writer.set_cursor("s", {}, NOON)
        writer.insert("version", f"SELECT 'x' AS object FROM ({LONG}) WHERE n > 0")


def test_ctrl_c_within_a_write_leaves_the_old_state(store: Store, ctrl_c: None) -> None:
    """Nothing of a transaction that is interrupted is written."""
    with pytest.raises(KeyboardInterrupt):
        write_long(with_one_thread(store))
    assert table(store, "SELECT * FROM portal.cursor") == []
