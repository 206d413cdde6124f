from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest
from store_given import DAY, NOON, contact, moment, pull, table

from hubsync.errors import BusyError, NewerDatabaseError, PortalError, StoreError
from hubsync.store import Store, Writer, engines
from hubsync.store.lives import life
from hubsync.store.migrations import MIGRATIONS, Migration, applied, migrate

HERE = Path(__file__).parent


def other_process(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start another Python that says `ready` when it holds what it should, and waits for its end."""
    before = "import os, sys; from pathlib import Path; from hubsync.store import Store; from store_given import *\n"
    path = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    return subprocess.Popen(
        [sys.executable, "-c", before + textwrap.dedent(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


@pytest.mark.parametrize("spills", [False, True])
def test_an_engine_that_needed_a_file_for_itself_is_not_kept(tmp_path: Path, *, spills: bool) -> None:
    """Somebody may clear its place away, and values of records are not to lie about in it; any other one is kept."""
    settings = {"temp_directory": str(tmp_path / "spill")}
    for _ in range(2):
        with engines.engine(settings, (tmp_path,)) as connection:
            connection.execute("ATTACH ':memory:' AS portal")
            used = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'used'").fetchone()
            connection.execute("CREATE TABLE IF NOT EXISTS used (trace INTEGER)")
            if spills:
                (tmp_path / "spill").mkdir(exist_ok=True)

    assert used == (0 if spills else 1,)


HOLDS = """
    store = Store.open(Path(sys.argv[1]), "4711")
    with getattr(store, sys.argv[2])():
        print("ready", flush=True)
        sys.stdin.read()
"""


def test_the_folder_is_private_and_opening_again_changes_nothing(tmp_path: Path) -> None:
    """The portal's folder has mode 0700; a second opening only reads."""
    store = Store.open(tmp_path / "data", "4711")
    assert store.file.parent.stat().st_mode & 0o777 == 0o700
    before = store.file.read_bytes()
    Store.open(tmp_path / "data", "4711")
    assert store.file.read_bytes() == before
    assert Store.portals(tmp_path / "data") == ["4711"]


def test_another_portals_database_is_refused(store: Store) -> None:
    """A database that was copied into another portal's folder is not used."""
    folder = store.file.parent
    folder.rename(folder.parent / "4712")
    with pytest.raises(PortalError, match="belongs to portal 4711, the token to 4712"):
        Store.open(folder.parent, "4712")


def test_an_id_that_is_no_id_is_refused(tmp_path: Path) -> None:
    """A portal id can't lead out of the data folder."""
    with pytest.raises(StoreError, match="no portal id"):
        Store.open(tmp_path, "../x")


def test_a_newer_database_is_refused(store: Store) -> None:
    """A database with more migrations than this hubsync knows is left alone."""
    with duckdb.connect(str(store.file)) as connection:
        connection.execute("INSERT INTO migration VALUES (99, 'of tomorrow', now()::TIMESTAMP)")
    with pytest.raises(NewerDatabaseError, match="migration 99"):
        Store.open(store.file.parents[1], "4711")


def test_a_file_that_is_no_database_is_named(store: Store) -> None:
    """A damaged file ends in a sentence, not in a traceback of the database engine."""
    store.file.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="not a valid DuckDB database"):
        Store.open(store.file.parents[1], "4711")


def in_memory() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS portal")
    return connection


def test_migrations_go_up_from_every_number() -> None:
    """From 0 or from any step between, the same tables result; a second time nothing is taken."""
    shapes = set()
    for start in range(len(MIGRATIONS) + 1):
        with in_memory() as connection:
            migrate(connection, NOON, MIGRATIONS[:start])
            assert migrate(connection, NOON) == len(MIGRATIONS) - start
            assert migrate(connection, NOON) == 0
            shapes.add(str(connection.execute("SELECT sql FROM duckdb_tables() ORDER BY table_name").fetchall()))
    assert len(shapes) == 1


def test_what_was_published_before_extras_were_kept_has_none() -> None:
    """A history of the time before is read as it was, and the next publication stands beside it."""
    row = "INSERT INTO portal.score_history BY NAME SELECT 'contacts' AS object, '1' AS record_id, 'm' AS model,"
    with in_memory() as connection:
        migrate(connection, NOON, MIGRATIONS[:4])
        at = [NOON, NOON]
        connection.execute(f"{row} 'v1' AS version, 'r1' AS run_id, ? AS as_of, ? AS published_at", at)
        migrate(connection, NOON)
        more = "'v2' AS version, 'r2' AS run_id, json_object('code', '511') AS extras, ? AS as_of, ? AS published_at"
        connection.execute(f"{row} {more}", [NOON + DAY, NOON + DAY])

        assert [each.extras for each in life(connection, "contacts", "1").publications] == [{}, {"code": "511"}]


def test_a_migration_that_fails_leaves_no_trace() -> None:
    """Statements and record of a step are one transaction."""
    bad = Migration("bad", ("CREATE TABLE portal.half (a INTEGER)", "SELECT * FROM nowhere"))
    with in_memory() as connection:
        with pytest.raises(duckdb.Error):
            migrate(connection, NOON, (*MIGRATIONS, bad))
        assert applied(connection) == len(MIGRATIONS)
        names = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        assert ("half",) not in names


def test_only_one_process_runs_and_its_death_frees_the_lock(store: Store) -> None:
    """The second is told who runs; after a kill nothing has to be cleaned up."""
    process = other_process(HOLDS, str(store.file.parents[1]), "run_lock")
    ready(process)
    with pytest.raises(BusyError, match=f"process {process.pid};"), store.run_lock():
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    with store.run_lock():
        assert (store.file.parent / "run.lock").read_text() == str(os.getpid())


def test_a_reader_waits_for_a_writer(store: Store) -> None:
    """Reading while another process writes waits in steps of up to 0.2 s and then succeeds."""
    process = other_process(HOLDS, str(store.file.parents[1]), "write")
    ready(process)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            process.communicate()

    patient = Store.open(store.file.parents[1], "4711", sleep=sleep, random=lambda: 0.5)
    assert len(pauses) == 3
    with patient.read() as reader:
        assert reader.counts() == {}


def test_a_writer_that_stays_is_named(store: Store) -> None:
    """After 5 s of waiting in all, the error names the process that holds the database."""
    process = other_process(HOLDS, str(store.file.parents[1]), "write")
    ready(process)
    pauses: list[float] = []
    with pytest.raises(BusyError, match=f"in use by process {process.pid};"):
        Store.open(store.file.parents[1], "4711", sleep=pauses.append, random=lambda: 1.0)
    assert 5 <= sum(pauses) < 5.3
    process.communicate()


def test_several_read_at_once(store: Store) -> None:
    """Readers of several processes do not disturb each other."""
    process = other_process(HOLDS, str(store.file.parents[1]), "read")
    ready(process)
    with store.read() as first, store.read() as second:
        assert first.counts() == second.counts() == {}
    process.communicate()


def test_a_kill_inside_a_transaction_leaves_the_old_state(store: Store) -> None:
    """A process that dies after writing and before the commit has written nothing."""
    pull(store, contact("1", email="old"))
    script = """
        store = Store.open(Path(sys.argv[1]), "4711")
        with store.write() as writer:
            batch = Batch("s", [contact("1", NOON + DAY, email="new"), contact("2")], position={"after": 1})
            writer.commit_batches([batch], own={}, counters=[], known_at=NOON + DAY)
            os._exit(9)
    """
    assert other_process(script, str(store.file.parents[1])).wait() == 9
    assert table(store, "SELECT record_id, properties->>'email' FROM portal.record") == [("1", "old")]
    assert table(store, "SELECT * FROM portal.cursor") == []


def test_a_kill_right_after_the_commit_keeps_it(store: Store) -> None:
    """What was committed is there, also for readers, when the process died before it could close the file."""
    script = """
        from hubsync.store.database import Database
        folder = Store.open(Path(sys.argv[1]), "4711").file.parent
        with Database(folder, print, float).connect(read_only=False) as connection:
            connection.execute("INSERT INTO portal.cursor VALUES ('s', '{}', TIMESTAMP '2026-09-21')")
            os._exit(9)
    """
    assert other_process(script, str(store.file.parents[1])).wait() == 9
    with store.read() as reader:
        assert reader.cursor("s") == {}


def write_half(writer: Writer) -> None:
    writer.set_cursor("s", {"after": 1}, NOON)
    writer.insert("change", "SELECT * FROM nowhere")


def test_an_error_inside_a_transaction_leaves_the_old_state(store: Store) -> None:
    """What was written before an error is rolled back, and the error goes on."""
    with pytest.raises(StoreError, match="nowhere"), store.write() as writer:
        write_half(writer)
    assert table(store, "SELECT * FROM portal.cursor") == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/hubsync-never.csv'",
        "ATTACH '/tmp/hubsync-never.duckdb' AS other",
        "SET threads = 1",
        "INSTALL httpfs",
        "DELETE FROM portal.record",
    ],
)
def test_scoring_reaches_nothing_else(store: Store, statement: str) -> None:
    """Within scoring no other file can be read or written, no setting changed, the file itself not written."""
    with pytest.raises(StoreError), store.scratch(moment(NOON), []) as scoring:
        scoring.execute(statement)
