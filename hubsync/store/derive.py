"""Events made inside the database: from records, from files beside the configuration, all rows of a source at once."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from hubsync.errors import InputError
from hubsync.store import sql
from hubsync.store.database import Database
from hubsync.store.scratch import transaction
from hubsync.store.store import Store
from hubsync.store.writer import Writer

_KEY = ("source_id", "subject_type", "subject")
_VALUES = ("kind", "occurred_at", "times", "value", "currency", "CAST({}.attributes AS VARCHAR)")


@dataclass(frozen=True, slots=True)
class Derived:
    """What became of the rows of a source: how many are new or gone, and how many had no readable time or subject."""

    added: int
    removed: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Stock:
    """How many events of a source there are, and when the first and the last happened."""

    events: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class _Database(Database):
    """A database whose connection may also read the files of one more folder."""

    tables: Path | None = None

    def _lock_down(self, connection: duckdb.DuckDBPyConnection) -> None:
        folders = [self.folder, *([self.tables] if self.tables else [])]
        connection.execute(f"SET allowed_directories = [{', '.join(sql.text(str(folder)) for folder in folders)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")


class Deriver(Writer):
    """A writer that replaces the events of whole sources without passing them through Python."""

    def replace_events(
        self, source: str, kind: str, select: str, known_at: datetime, *, file: str | None = None
    ) -> Derived:
        """Make the events of a source exactly what `select` gives; what is already there stays as it is.

        `select` gives source_id, subject_type, subject, occurred_at, times, value, currency and attributes. A row
        without time or subject is no event and is counted. Raises InputError when the `file` it reads is no table.
        """
        link = self._connection
        statement = (
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT source_id, subject_type, subject, occurred_at,"
            f" CAST(times AS INTEGER) AS times, CAST(value AS DECIMAL(18,6)) AS value, currency, attributes,"
            f" {sql.text(kind)} AS kind FROM ({select})"
        )
        try:
            link.execute(statement)
        except duckdb.Error as error:
            if file is None:
                raise
            raise not_a_table(file, error) from error
        unreadable = self._changed("DELETE FROM fresh WHERE occurred_at IS NULL OR coalesce(subject, '') = ''")
        key = " AND ".join(f"e.{column} = n.{column}" for column in _KEY)
        same = " AND ".join(f"{_value(column, 'e')} IS NOT DISTINCT FROM {_value(column, 'n')}" for column in _VALUES)
        removed = self._changed(
            "DELETE FROM portal.event e WHERE e.source = ?"
            f" AND NOT EXISTS (SELECT 1 FROM fresh n WHERE {key} AND {same})",
            source,
        )
        added = self._changed(
            "INSERT INTO portal.event BY NAME"
            " SELECT n.*, CAST(? AS VARCHAR) AS source, CAST(? AS TIMESTAMP) AS known_at"
            f" FROM fresh n WHERE NOT EXISTS (SELECT 1 FROM portal.event e WHERE e.source = ? AND {key})",
            source,
            known_at,
            source,
        )
        link.execute("DROP TABLE fresh")
        return Derived(added, removed, unreadable)

    def drop_events(self, source: str) -> int:
        """Delete all events of a source."""
        return self._changed("DELETE FROM portal.event WHERE source = ?", source)

    def save_merges(self, object_name: str, since: datetime, known_at: datetime) -> int:
        """Remember which ids became which record, from HubSpot's list on records that changed since a moment."""
        return self._changed(
            "INSERT INTO portal.identity SELECT object, trim(old_id), record_id, NULL, CAST(? AS TIMESTAMP) FROM ("
            " SELECT object, record_id, updated_at,"
            " unnest(string_split(json_extract_string(properties, '$.hs_merged_object_ids'), ';')) AS old_id"
            " FROM portal.record WHERE object = ? AND archived_at IS NULL AND changed_at >= ?"
            " AND json_extract_string(properties, '$.hs_merged_object_ids') IS NOT NULL)"
            " WHERE trim(old_id) NOT IN ('', record_id)"
            " QUALIFY row_number() OVER (PARTITION BY trim(old_id) ORDER BY updated_at DESC, record_id) = 1"
            " ON CONFLICT (object, old_id) DO UPDATE SET record_id = excluded.record_id"
            " WHERE record_id <> excluded.record_id",
            known_at,
            object_name,
            since,
        )

    def updated_at(self, object_name: str, ids: Sequence[str]) -> Mapping[str, datetime]:
        """When the records with these ids were last changed, as far as they are known."""
        return dict(
            self._all(
                "SELECT record_id, updated_at FROM portal.record WHERE object = ?"
                " AND record_id IN (SELECT unnest(CAST(? AS VARCHAR[])))",
                object_name,
                list(ids),
            )
        )

    def stock(self) -> Mapping[str, Stock]:
        """What there is of each source of events."""
        return {
            source: Stock(events, first, last)
            for source, events, first, last in self._all(
                "SELECT source, count(*), min(occurred_at), max(occurred_at) FROM portal.event GROUP BY source"
            )
        }

    def _changed(self, statement: str, *params: object) -> int:
        row = self._connection.execute(statement, list(params)).fetchone()
        return int(row[0]) if row else 0


def _value(column: str, alias: str) -> str:
    return column.format(alias) if "{}" in column else f"{alias}.{column}"


@contextmanager
def deriving(store: Store, *, read_only: bool = False, tables: Path | None = None) -> Iterator[Deriver]:
    """Open the file in one transaction; `tables` is a folder whose files may be read beside it."""
    database = _Database(store.file.parent, time.sleep, random.random, tables=tables)
    with ExitStack() as stack:
        connection = stack.enter_context(database.connect(read_only=read_only))
        if not read_only:
            stack.enter_context(transaction(connection))
        yield Deriver(connection, store.file)


@dataclass(frozen=True, slots=True)
class Table:
    """A file beside the configuration as a relation: the SQL that reads it, and the SQL of each column's text."""

    relation: str
    columns: Mapping[str, str]


def look(folder: Path, file: str) -> Table:
    """Find the columns of a file below a folder; raises InputError when it can't be read as a table."""
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InputError(f"The file {file} lies outside of {folder}; put it into this folder.")
    parquet = path.suffix.lower() in (".parquet", ".pq")
    read = f"read_parquet({sql.text(str(path))}" if parquet else f"read_csv({sql.text(str(path))}, all_varchar = true"
    relation = f"{read})" if parquet else f"{read}, header = true)"
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"SET allowed_directories = [{sql.text(str(path.parent))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except duckdb.Error as error:
        raise not_a_table(file, error) from error
    finally:
        connection.close()
    return Table(relation, {name: _text(name, kind) for name, kind, *_ in described})


def not_a_table(file: str, error: BaseException) -> InputError:
    """The error for a file that can't be read, with the reader's first words."""
    words = str(error).strip().splitlines()[0][:200]
    return InputError(f"The file {file} can't be read as a table; write it as CSV with a header or Parquet ({words}).")


def _text(name: str, kind: str) -> str:
    """A column as text that the readers of HubSpot's values understand; a moment with a zone as milliseconds."""
    quoted = sql.name(name)
    moment = f"epoch_ms({quoted})" if kind == "TIMESTAMP WITH TIME ZONE" else quoted
    return f"nullif(trim(CAST({moment} AS VARCHAR)), '')"
