"""The store of one portal: a folder with the database, a lock, and the ways in."""

from __future__ import annotations

import fcntl
import os
import random as dice
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from hubsync.errors import BusyError, PortalError, StoreError
from hubsync.store import scratch as relations
from hubsync.store.database import FILE, Database, transaction
from hubsync.store.migrations import is_current, migrate
from hubsync.store.planned import Planned
from hubsync.store.reader import Reader
from hubsync.store.scratch import Link, Scratch
from hubsync.store.writer import Writer
from hubsync.types import AsOf

LOCK = "run.lock"
_DRAFT = "new"
_PORTAL_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class Store:
    """One portal's data; every method opens the file for itself and closes it at once."""

    def __init__(self, database: Database, portal_id: str) -> None:
        self._database = database
        self.portal_id = portal_id

    @classmethod
    def open(
        cls,
        data: Path,
        portal_id: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = dice.random,
        memory_limit: str = "1GiB",
    ) -> Store:
        """Open `data/<portal id>`, making it or bringing it up to date where needed.

        Raises PortalError when the database belongs to another portal, NewerDatabaseError when a newer hubsync
        wrote it.
        """
        if not _PORTAL_ID.fullmatch(portal_id):
            raise StoreError(f"'{portal_id}' is no portal id; give the account's number as HubSpot shows it.")
        folder = data.absolute() / portal_id
        try:
            data.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The data folder {folder} can't be made: {error.strerror}.") from error
        store = cls(Database(folder, sleep, random, memory_limit), portal_id)
        store._make_ready()
        return store

    @staticmethod
    def portals(data: Path) -> list[str]:
        """Return the ids of the portals that have a database in this data folder."""
        return sorted(file.parent.name for file in data.glob(f"*/{FILE}"))

    @property
    def file(self) -> Path:
        """The database file."""
        return self._database.file

    @contextmanager
    def run_lock(self) -> Iterator[None]:
        """Hold the right to run; the system takes it back when the process ends, however it ends.

        Raises BusyError naming the process that has it.
        """
        descriptor = os.open(self._database.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
                raise BusyError(
                    f"Another run is going on in process {holder}; wait until it ends, or end it, and try again."
                ) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open the file read-only."""
        with self._database.connect(read_only=True) as connection:
            yield Reader(connection, self.file)

    @contextmanager
    def write(self, *, tables: Path | None = None) -> Iterator[Writer]:
        """Open the file for writing, in one transaction: committed at the end, rolled back on any error.

        `tables` is a folder whose files may be read beside it.
        """
        with self._database.connect(read_only=False, tables=tables) as connection, transaction(connection):
            yield Writer(connection, self.file)

    @contextmanager
    def planned(self, run_id: str) -> Iterator[Planned]:
        """Take what a run planned and has not settled; the file is free again at once."""
        with self._database.connect(read_only=True) as connection:
            yield Planned(connection, run_id)

    @contextmanager
    def scratch(
        self,
        as_of: AsOf,
        sources: Sequence[str],
        objects: Iterable[str] = (),
        links: Iterable[Link] = (),
    ) -> Iterator[Scratch]:
        """Open an in-memory database with the scoring relations as of a moment, from the active sources."""
        with self._database.connect(read_only=True) as connection:
            relations.prepare(connection, as_of, sources, objects, links)
            yield Scratch(connection, self._database, as_of)

    def _make_ready(self) -> None:
        if not self.file.exists():
            self._create()
        with self._database.connect(read_only=True) as connection:
            ready = is_current(connection) and self._is_bound(Reader(connection, self.file))
        if not ready:
            with self._database.connect(read_only=False) as connection:
                self._prepare(connection)

    def _create(self) -> None:
        """Make the database beside its place: a process that is killed meanwhile leaves nothing half made there."""
        descriptor = os.open(self._database.folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self.file.exists():
                return
            draft = replace(self._database, folder=self._database.folder / _DRAFT)
            shutil.rmtree(draft.folder, ignore_errors=True)
            draft.folder.mkdir(mode=0o700)
            with draft.connect(read_only=False) as connection:
                self._prepare(connection)
            draft.file.rename(self.file)
            shutil.rmtree(draft.folder, ignore_errors=True)
        finally:
            os.close(descriptor)

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        migrate(connection, datetime.now(UTC).replace(tzinfo=None))
        if not self._is_bound(Reader(connection, self.file)):
            connection.execute("INSERT INTO portal.meta VALUES ('portal_id', ?)", [self.portal_id])

    def _is_bound(self, reader: Reader) -> bool:
        bound = reader.portal_id()
        if bound is not None and bound != self.portal_id:
            raise PortalError(
                f"The database {self.file} belongs to portal {bound}, the token to {self.portal_id};"
                " use that portal's token or another data folder."
            )
        return bound is not None
