"""The relations that scoring reads: views over the attached file as they stood at one moment.

Scores are computed in memory; the file is attached read-only, and `writing` moves results into it without
passing them through Python.
"""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from hubsync.store import routes, scores, sql
from hubsync.store.database import Database, transaction
from hubsync.store.exchange import exchange
from hubsync.store.trouble import translated
from hubsync.store.writer import Writer
from hubsync.types import AsOf

Link = tuple[str, str]
"""From object and to object."""


class Scratch:
    """An in-memory connection with the scoring relations; made by `Store.scratch`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: Database, as_of: AsOf) -> None:
        self._connection = connection
        self._database = database
        self._attached = True
        self.as_of = as_of

    def execute(self, statement: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with translated():
            return self._connection.execute(statement, list(params)).fetchall()

    def stream(self, query: str, params: Sequence[object] = (), size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and give its rows in pieces; nothing else may be run before it ends."""
        with translated():
            result = self._connection.execute(query, list(params))
            while rows := result.fetchmany(size):
                yield rows

    def columns(self, relation: str) -> list[str]:
        """Return the names of a relation's columns."""
        return [row[0] for row in self.execute(f"DESCRIBE {sql.name(relation)}")]

    @contextmanager
    def exchange(self) -> Iterator[Path]:
        """An empty folder for Parquet files that this database and another engine read; it is gone afterwards."""
        with exchange(self._database.folder) as folder:
            yield folder

    def export(self, relation: str, file: Path) -> None:
        """Write a relation's rows as a Parquet file."""
        self.execute(f"COPY {sql.name(relation)} TO {sql.text(str(file))} (FORMAT parquet, COMPRESSION zstd)")

    def take_in(self, table: str, folder: Path, like: str) -> None:
        """Make a table of a folder of Parquet files, with the columns and their types of the query `like`."""
        types = self.execute(f"DESCRIBE {like}")
        columns = ", ".join(f"CAST({sql.name(each[0])} AS {each[1]}) AS {sql.name(each[0])}" for each in types)
        self.execute(
            f"CREATE OR REPLACE TABLE {sql.name(table)} AS SELECT {columns}"
            f" FROM read_parquet({sql.text(str(folder / '*.parquet'))})"
        )

    def detach(self) -> None:
        """Let go of the file; tables made in memory stay, the views rest until `attach`."""
        if self._attached:
            self._connection.execute("DETACH portal")
            self._attached = False

    def attach(self) -> None:
        """Take up the file again, read-only."""
        if not self._attached:
            self._database.attach(self._connection, read_only=True)
            self._attached = True

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Hold the file for writing in one transaction; afterwards it is detached.

        Compute into tables first: `writer.insert("change", "SELECT ... FROM changes")` is then a quick copy.
        """
        self.detach()
        self._database.attach(self._connection, read_only=False)
        self._attached = True
        try:
            with translated(), transaction(self._connection):
                yield Writer(self._connection, self._database.file)
        finally:
            self.detach()


def prepare(
    connection: duckdb.DuckDBPyConnection,
    as_of: AsOf,
    sources: Sequence[str],
    objects: Iterable[str],
    links: Iterable[Link],
) -> None:
    """Create the scoring relations; those asked for exist even when there are no rows."""
    found = routes.survey(connection, as_of, sources)
    for object_name in sorted({*objects, *found.objects, *routes.SCORED}):
        _create(connection, f"records_{object_name}", _records(connection, object_name, as_of, found))
    for pair in sorted({*links, *found.links}):
        _create(connection, f"links_{pair[0]}_{pair[1]}", routes.links(pair, as_of, found))
    for object_name in routes.SCORED:
        _create(connection, f"own_{object_name}", _own(object_name))
        if reach := routes.reach(object_name, found):
            # A table: all that reads events joins it, and would put it together anew each time.
            connection.execute(f"CREATE TABLE {sql.name(f'reach_{object_name}')} AS {reach}")
        _create(connection, f"events_{object_name}", routes.events(object_name, as_of, found))
        _create(connection, f"coming_{object_name}", routes.coming(object_name, as_of, found))
        _create(connection, f"relinked_{object_name}", routes.relinked(object_name, as_of, found))
    _create(connection, "published", scores.published(as_of.now, "identities" if found.merged else ""))
    _create(connection, "history", scores.history(as_of.now))
    _create(connection, "tier_since", scores.tier_since(as_of.now))
    _create(connection, "rejects", "SELECT * FROM portal.reject")


def _create(connection: duckdb.DuckDBPyConnection, view: str, query: str) -> None:
    connection.execute(f"CREATE VIEW {sql.name(view)} AS {query}")


def _own(object_name: str) -> str:
    return f"SELECT record_id, CAST(own AS VARCHAR) AS own FROM portal.record WHERE object = {sql.text(object_name)}"


def _records(connection: duckdb.DuckDBPyConnection, object_name: str, as_of: AsOf, found: routes.Survey) -> str:
    """Read the snapshot; only what changed after `as_of` is put together again from versions."""
    now, quoted = sql.moment(as_of.now), sql.text(object_name)
    merged = (
        f" AND record_id NOT IN (SELECT old_id FROM identities WHERE object = {quoted})"
        if object_name in found.merged
        else ""
    )
    alive = (
        f"object = {quoted} AND (archived_at IS NULL OR archived_at > {now})"
        f" AND (created_at IS NULL OR created_at <= {now}){merged}"
    )
    snapshot = (
        "SELECT record_id, created_at, updated_at, changed_at, CAST(properties AS VARCHAR) AS properties"
        f" FROM portal.record WHERE {alive}"
    )
    later = connection.execute(
        "SELECT 1 FROM portal.record WHERE object = ? AND changed_at > ? LIMIT 1", [object_name, as_of.now]
    ).fetchone()
    if later is None:
        return snapshot
    return (
        f"{snapshot} AND changed_at <= {now} UNION ALL"
        " SELECT r.record_id, r.created_at, r.updated_at, coalesce(v.changed_at, r.created_at, r.updated_at),"
        " coalesce(v.properties, '{}')"
        f" FROM (SELECT * FROM portal.record WHERE {alive} AND changed_at > {now}) r LEFT JOIN ("
        " SELECT record_id, max(known_at) AS changed_at,"
        " CAST(json_group_object(property, value) AS VARCHAR) AS properties FROM ("
        " SELECT record_id, property, max(known_at) AS known_at,"
        " arg_max_null(value, struct_pack(a := known_at, p := place)) AS value FROM ("
        " SELECT record_id, property, value, known_at, rowid AS place FROM portal.version"
        f" WHERE object = {quoted} AND known_at <= {now}"
        f" AND record_id IN (SELECT record_id FROM portal.record WHERE object = {quoted} AND changed_at > {now}))"
        " GROUP BY record_id, property) GROUP BY record_id) v ON v.record_id = r.record_id"
    )
