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

from hubsync.errors import PortalError, StoreError
from hubsync.store import scratch as relations
from hubsync.store.database import FILE, SCORING_MEMORY, Database, transaction
from hubsync.store.lock import held
from hubsync.store.migrations import is_current, migrate
from hubsync.store.planned import Planned
from hubsync.store.reader import Reader
from hubsync.store.scratch import Link, Scratch
from hubsync.store.trouble import on_disk
from hubsync.store.writer import Writer
from hubsync.types import AsOf

DRAFT = "new"
PRIVATE = 0o077
_PORTAL_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class Store:
    """One portal's data; every method opens the file for itself and closes it at once."""

    def __init__(self, database: Database, portal_id: str) -> None:
        self.database = database
        """How the file is opened; for the upkeep of the file itself."""
        self.portal_id = portal_id

    @classmethod
    def open(
        cls,
        data: Path,
        portal_id: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = dice.random,
    ) -> Store:
        """Open `data/<portal id>`, making it or bringing it up to date where needed.

        Raises PortalError when the database belongs to another portal, NewerDatabaseError when a newer hubsync
        wrote it.
        """
        store = cls.closed(data, portal_id)
        store.database = replace(store.database, sleep=sleep, random=random)
        store.make_ready()
        return store

    @classmethod
    def closed(cls, data: Path, portal_id: str) -> Store:
        """Make the folder `data/<portal id>` and look at nothing in it: what is there may be damaged."""
        if not _PORTAL_ID.fullmatch(portal_id):
            raise StoreError(f"'{portal_id}' is no portal id; give the account's number as HubSpot shows it.")
        folder = data.absolute() / portal_id
        with on_disk(folder):
            # What this process writes from here on, DuckDB's own files too, is for its user alone.
            os.umask(PRIVATE)
            data.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        return cls(Database(folder, time.sleep, dice.random), portal_id)

    @staticmethod
    def portals(data: Path) -> list[str]:
        """Return the ids of the portals that have a database in this data folder."""
        return [file.parent.name for file in Store.files(data)]

    @staticmethod
    def files(data: Path) -> list[Path]:
        """Return the databases in this data folder."""
        return sorted(data.glob(f"*/{FILE}"))

    @property
    def file(self) -> Path:
        """The database file."""
        return self.database.file

    @contextmanager
    def run_lock(self) -> Iterator[None]:
        """Hold the right to run; the system takes it back when the process ends, however it ends.

        Raises BusyError naming the process that has it.
        """
        with held(self.database.folder):
            yield

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open the file read-only."""
        with self.database.connect(read_only=True) as connection:
            yield Reader(connection, self.file)

    @contextmanager
    def write(self, *, tables: Path | None = None) -> Iterator[Writer]:
        """Open the file for writing, in one transaction: committed at the end, rolled back on any error.

        `tables` is a folder whose files may be read beside it.
        """
        with self.database.connect(read_only=False, tables=tables) as connection, transaction(connection):
            yield Writer(connection, self.file)

    def planned(self, run_id: str) -> Planned:
        """What a run planned and has not settled."""
        return Planned(self.database, run_id)

    @contextmanager
    def scratch(
        self,
        as_of: AsOf,
        sources: Sequence[str],
        objects: Iterable[str] = (),
        links: Iterable[Link] = (),
    ) -> Iterator[Scratch]:
        """Open an in-memory database with the scoring relations as of a moment, from the active sources."""
        database = replace(self.database, memory_limit=SCORING_MEMORY)
        with database.workbench() as connection:
            relations.prepare(connection, as_of, sources, objects, links)
            yield Scratch(connection, database, as_of)

    def make_ready(self) -> None:
        """Make the database, or bring it up to date; raises PortalError and NewerDatabaseError."""
        if not self.file.exists():
            self._create()
        with self.database.connect(read_only=True) as connection:
            ready = is_current(connection) and self._is_bound(Reader(connection, self.file))
        if not ready:
            with self.database.connect(read_only=False) as connection:
                self.prepare(connection)

    def _create(self) -> None:
        """Make the database beside its place: a process that is killed meanwhile leaves nothing half made there."""
        with on_disk(self.database.folder):
            descriptor = os.open(self.database.folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not self.file.exists():
                    with drafted(self.database) as draft, draft.connect(read_only=False) as connection:
                        self.prepare(connection)
            finally:
                os.close(descriptor)

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Bring an attached file up to date and bind it to this portal; raises PortalError for another one's."""
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


@contextmanager
def drafted(database: Database) -> Iterator[Database]:
    """Make a database beside its place and move it there at the end; on an error nothing has changed."""
    draft = replace(database, folder=database.folder / DRAFT)
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.folder.mkdir(mode=0o700)
    try:
        yield draft
        draft.file.replace(database.file)
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)
