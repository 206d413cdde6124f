"""Opens the database file: late, briefly, with patience, and with everything else out of reach."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hubsync.errors import BusyError
from hubsync.store import sql
from hubsync.store.engines import engine, started
from hubsync.store.interrupting import interruptible
from hubsync.store.trouble import translated

FILE = "hubsync.duckdb"
PATIENCE = 5.0
"""Seconds of waiting, all tries together, before another process is reported as the reason."""

_PID = re.compile(r"PID (\d+)")
_HELD = ("Could not set lock", "Conflicting lock", "being used by another process")

MEMORY = "400MiB"
"""What the engine may hold of a portal; the rest is read again, or goes through a file beside the database."""

SCORING_MEMORY = "1GiB"


@dataclass(frozen=True, slots=True)
class Database:
    """One portal's database file and how it is opened.

    Every connection lives in memory and attaches the file as `portal`, so scoring, reading and writing are the
    same kind of connection, and the file is free as soon as it is detached.
    """

    folder: Path
    sleep: Callable[[float], None]
    random: Callable[[], float]
    memory_limit: str = MEMORY
    threads: int = min(os.cpu_count() or 1, 4)
    name: str = FILE

    @property
    def file(self) -> Path:
        """The database file."""
        return self.folder / self.name

    @contextmanager
    def connect(self, *, read_only: bool, tables: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a connection with the file attached as `portal`; both are closed at the end.

        Beside the portal's folder it reaches `tables`, a folder of files to read, and nothing else. What is made in
        memory must be temporary.
        """
        with (
            translated(),
            engine(self._settings(), (self.folder, *([tables] if tables else []))) as connection,
            interruptible(connection),
        ):
            self.attach(connection, read_only=read_only)
            yield connection

    @contextmanager
    def workbench(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a connection of its own with the file attached read-only, in whose memory anything may be made."""
        with translated():
            connection = started(self._settings(), (self.folder,))
        try:
            with translated(), interruptible(connection):
                self.attach(connection, read_only=True)
                yield connection
        finally:
            connection.close()

    def attach(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        """Attach the file; while another process holds it, wait in random steps, then raise BusyError."""
        mode = " (READ_ONLY)" if read_only else ""
        statement = f"ATTACH {sql.text(str(self.file))} AS portal{mode}"
        waited = 0.0
        while True:
            try:
                connection.execute(statement)
            except duckdb.Error as error:
                if not _is_held(error):
                    raise
                if waited >= PATIENCE:
                    raise BusyError(_busy(error)) from error
                pause = 0.02 + 0.18 * self.random()
                waited += pause
                self.sleep(pause)
            else:
                return

    def _settings(self) -> dict[str, str | bool | int]:
        return {
            "memory_limit": self.memory_limit,
            "threads": self.threads,
            "temp_directory": str(self.folder / "spill"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing."""
    connection.begin()
    try:
        yield
    except BaseException:
        # An interrupt or a full disk may have ended the transaction already; what ended it is what is told.
        with suppress(duckdb.Error):
            connection.rollback()
        raise
    connection.commit()


def changed(connection: duckdb.DuckDBPyConnection, statement: str, *params: object) -> int:
    """Run a statement that inserts, updates or deletes, and return how many rows it did."""
    row = connection.execute(statement, list(params)).fetchone()
    return int(row[0]) if row else 0


def _is_held(error: duckdb.Error) -> bool:
    if isinstance(error, duckdb.ResourceInUseException):
        return True
    return isinstance(error, duckdb.IOException) and any(word in str(error) for word in _HELD)


def _busy(error: duckdb.Error) -> str:
    pid = _PID.search(str(error))
    holder = f"process {pid[1]}" if pid else "another part of this process"
    return f"The database is in use by {holder}; wait until it is done, or end it, and try again."
