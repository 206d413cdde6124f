"""Copies of a portal's database: made whole, checked row by row, and brought back without side effects."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from hubsync.errors import DamagedError, InputError, NewerDatabaseError, PortalError, StoreError
from hubsync.store import sql
from hubsync.store.database import Database, transaction
from hubsync.store.lock import held
from hubsync.store.migrations import is_current
from hubsync.store.places import refuse_taken
from hubsync.store.reader import Reader
from hubsync.store.reports import Tombstone
from hubsync.store.store import Store, drafted
from hubsync.store.trouble import damaged, on_disk
from hubsync.store.writer import Writer

KEPT = ".before-restore"
_PART = ".part"
_RESTORED = "The database was restored from a backup; what was planned before it is not done any more."
# What a cursor says about how far a stream was read; without it, everything is pulled anew and the rest stays known.
_PROGRESS = ("watermark", "full_at", "listing", "since", "late", "window")


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy of a portal's database: where it lies, its bytes, its rows, and the run up to which it knows."""

    portal_id: str
    file: Path
    bytes: int
    rows: int
    last_run: str | None
    last_run_at: datetime | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back, and where the database lies that was there before.

    `erased` counts rows of people who were erased since the backup; `erasures_known` is False where no database was
    there, or could be read, that knows of them.
    """

    backup: Copied
    kept: Path | None
    erased: int
    erasures_known: bool


def backup(store: Store, file: Path, *, force: bool = False) -> Copied:
    """Copy the database to a file, readable for this user alone, while no run goes on.

    The copy is made beside the file, read through, and then takes its place. Raises BusyError during a run, and
    InputError when the file exists (unless `force`), is none that may be overwritten, or can't be made.
    """
    file = file.absolute()
    part = replace(store.database, folder=file.parent, name=file.name + _PART)
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}; make it first.")
    refuse_taken(file, [store.file], force=force)
    refuse_taken(part.file, [store.file], force=True)
    with store.run_lock():
        with store.database.connect(read_only=False) as connection:
            connection.execute("CHECKPOINT portal")
        with _removed_on_error(part.file):
            _copy(store.file, part.file)
            try:
                found = examined(part)
            except DamagedError as error:
                raise damaged(f"a copy of {store.file} can't be read through") from error
            with on_disk(file):
                part.file.replace(file)
    return replace(found, file=file)


def restore(data: Path, file: Path, *, force: bool = False) -> Restored:
    """Make a backup the database of its portal in a data folder; what was there is kept beside it.

    No play fires for what happened since the backup: what was planned or waits is done no more, and the next run
    pulls everything anew and starts from HubSpot's values. Raises InputError for a file that is no backup, or a
    database that is there (unless `force`), PortalError for another portal's, NewerDatabaseError, BusyError.
    """
    found = _backup(file.absolute())
    others = [each for each in Store.portals(data) if each != found.portal_id]
    if others:
        raise PortalError(
            f"{file} is a backup of portal {found.portal_id}, the data in {data} belongs to portal"
            f" {', '.join(others)}; restore it into another folder (HUBSYNC_DATA)."
        )
    store = Store.closed(data, found.portal_id)
    with held(store.database.folder):
        if store.file.exists() and not force:
            raise InputError(
                f"There is a database of portal {found.portal_id} in {data}; --force puts the backup in its place and"
                f" keeps it beside as {store.file.name}{KEPT}."
            )
        erasures = _erasures(store.database)
        # Some damage shows only when the copy is written to.
        with _told_of_the_backup(file), drafted(store.database) as draft:
            _copy(found.file, draft.file)
            with draft.connect(read_only=False) as connection:
                store.prepare(connection)
                with transaction(connection):
                    _begin_anew(connection)
                    erased = Writer(connection, draft.file).adopt_tombstones(erasures or ())
            kept = _put_aside(store.database)
    return Restored(found, kept, sum(erased.values()), erasures is not None)


def examined(database: Database) -> Copied:
    """Read every row of a database and say what it is; raises StoreError when it is damaged or none of ours."""
    with database.connect(read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'portal'").fetchall()
        if ("meta",) not in names or ("migration",) not in names:
            raise StoreError("it is a DuckDB database, but none of hubsync")
        is_current(connection)
        reader = Reader(connection, database.file)
        rows = sum(_read_through(connection, name) for (name,) in names)
        portal_id, last = reader.portal_id(), reader.last_run() if ("run",) in names else None
    if portal_id is None:
        raise StoreError("it is bound to no portal")
    return Copied(
        portal_id, database.file, database.file.stat().st_size, rows,
        last.run_id if last else None, last.started_at if last else None,
    )  # fmt: skip


def _backup(file: Path) -> Copied:
    if not file.is_file():
        raise InputError(f"There is no file {file}; give the path of a backup.")
    database = Database(file.parent, lambda _: None, lambda: 1.0, name=file.name)
    try:
        with _told_of_the_backup(file):
            return examined(database)
    except NewerDatabaseError:
        raise
    except StoreError as error:
        raise InputError(f"{file} is no backup that can be used: {error}") from error


@contextmanager
def _told_of_the_backup(file: Path) -> Iterator[None]:
    """Damage is that of the backup, not of the database that is there."""
    try:
        yield
    except DamagedError as error:
        raise InputError(
            f"{file} is no backup that can be used: it is damaged, cut off or no database; choose another backup."
        ) from error


def _erasures(database: Database) -> list[Tombstone] | None:
    """Who was erased from the database that is there; None when there is none that could say so."""
    if not database.file.exists():
        return None
    try:
        with database.connect(read_only=True) as connection:
            return Reader(connection, database.file).tombstones() if is_current(connection) else []
    except StoreError:
        return None


def _read_through(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Count the rows, reading all their values: a damaged block is found now."""
    row = connection.execute(f"SELECT count(*), bit_xor(hash(t)) FROM portal.{sql.name(table)} t").fetchone()
    return int(row[0]) if row else 0


def _copy(source: Path, target: Path) -> None:
    with on_disk(target), source.open("rb") as given:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as made:
            os.fchmod(descriptor, 0o600)
            shutil.copyfileobj(given, made, 1 << 20)
            made.flush()
            os.fsync(descriptor)


@contextmanager
def _removed_on_error(file: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            file.unlink()
        raise


def _begin_anew(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave the past as it is, and take care that nothing of it is done once more."""
    now = datetime.now(UTC).replace(tzinfo=None)
    forgotten = sql.as_json(dict.fromkeys(_PROGRESS))
    connection.execute("UPDATE portal.cursor SET position = json_merge_patch(position, CAST(? AS JSON))", [forgotten])
    connection.execute(
        "UPDATE portal.action SET state = 'skipped', message = ?, done_at = ? WHERE state NOT IN ('done', 'skipped')",
        [_RESTORED, now],
    )
    connection.execute(
        "UPDATE portal.change SET state = 'skipped', message = ?, settled_at = ? WHERE state = 'planned'",
        [_RESTORED, now],
    )
    connection.execute(
        "INSERT INTO portal.meta VALUES ('restored_at', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [now.isoformat()],
    )


def _put_aside(database: Database) -> Path | None:
    """Keep the database that is there under another name, with what it had not yet taken in."""
    file = database.file
    if not file.exists():
        return None
    number, kept = 1, file.with_name(file.name + KEPT)
    while kept.exists():
        number += 1
        kept = file.with_name(f"{file.name}{KEPT}-{number}")
    with on_disk(file):
        log = file.with_name(file.name + ".wal")
        if log.exists():
            log.rename(kept.with_name(kept.name + ".wal"))
        # A second name first: at no moment is there no database.
        os.link(file, kept)
    return kept
