"""Events made inside the database, from records and from tables: all of a source at once."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from hubsync.store import sql, tombstones
from hubsync.store.database import changed
from hubsync.store.retention import old_events
from hubsync.store.tables import not_a_table

_KEY = ("source_id", "subject_type", "subject")
_VALUES = ("kind", "occurred_at", "times", "value", "currency", "CAST({}.attributes AS VARCHAR)")


@dataclass(frozen=True, slots=True)
class Derived:
    """What became of the rows of a source: how many are new or gone, and how many had no readable time or subject."""

    added: int
    removed: int
    unreadable: int


def replace(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    kind: str,
    select: str,
    known_at: datetime,
    file: str | None,
    since: datetime | None = None,
    *,
    whole: bool = True,
) -> Derived:
    """Make the events of a source exactly what `select` gives; what is already there stays as it is.

    When that is not the `whole` source, its events with other ids stay too. What retention would delete, before
    `since`, is left out. Raises InputError when the `file` that it reads is no table.
    """
    try:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT source_id, subject_type, subject, occurred_at,"
            " CAST(times AS INTEGER) AS times, CAST(value AS DECIMAL(18,6)) AS value, currency, attributes,"
            f" {sql.text(kind)} AS kind FROM ({select})"
        )
    except duckdb.Error as error:
        if file is None:
            raise
        raise not_a_table(file, error) from error
    unreadable = changed(connection, "DELETE FROM fresh WHERE occurred_at IS NULL OR coalesce(subject, '') = ''")
    if since is not None:
        connection.execute(f"DELETE FROM fresh WHERE {old_events('fresh', since, known_at)}")
    connection.execute(f"DELETE FROM fresh WHERE {tombstones.covered(connection, 'subject_type', 'subject')}")
    key = " AND ".join(f"e.{column} = n.{column}" for column in _KEY)
    same = " AND ".join(f"{_value(column, 'e')} IS NOT DISTINCT FROM {_value(column, 'n')}" for column in _VALUES)
    removed = changed(
        connection,
        f"DELETE FROM portal.event e WHERE e.source = ? AND NOT EXISTS (SELECT 1 FROM fresh n WHERE {key} AND {same})"
        f"{'' if whole else ' AND e.source_id IN (SELECT source_id FROM fresh)'}",
        source,
    )
    added = changed(
        connection,
        "INSERT INTO portal.event BY NAME"
        " SELECT n.*, CAST(? AS VARCHAR) AS source, CAST(? AS TIMESTAMP) AS known_at"
        f" FROM fresh n WHERE NOT EXISTS (SELECT 1 FROM portal.event e WHERE e.source = ? AND {key})",
        source,
        known_at,
        source,
    )
    connection.execute("DROP TABLE fresh")
    return Derived(added, removed, unreadable)


def adopt(
    connection: duckdb.DuckDBPyConnection,
    staged: str,
    source: str,
    kind: str,
    known_at: datetime,
    since: datetime,
    *,
    unique: bool,
    whole: bool,
) -> int:
    """Give a source the events that are staged under another name; returns how many had an id that another one had."""
    number = "CAST(regexp_extract(source_id, '-([0-9]+)$', 1) AS BIGINT)"
    place = f"row_number() OVER (PARTITION BY key ORDER BY {number}{' DESC' if unique else ''})"
    told = "key" if unique else "key || '-' || place"
    rows = (
        "SELECT subject_type, subject, occurred_at, times, value, currency, attributes,"
        f" {told} AS source_id FROM (SELECT *, {place} AS place FROM"
        " (SELECT *, regexp_replace(source_id, '-[0-9]+$', '') AS key FROM portal.event"
        f" WHERE source = {sql.text(staged)})){' WHERE place = 1' if unique else ''}"
    )
    (count,) = connection.execute("SELECT count(*) FROM portal.event WHERE source = ?", [staged]).fetchone() or (0,)
    (kept,) = connection.execute(f"SELECT count(*) FROM ({rows})").fetchone() or (0,)
    replace(connection, source, kind, rows, known_at, None, since, whole=whole)
    connection.execute("DELETE FROM portal.event WHERE source = ?", [staged])
    return int(count) - int(kept)


def _value(column: str, alias: str) -> str:
    return column.format(alias) if "{}" in column else f"{alias}.{column}"
