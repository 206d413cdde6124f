"""The updates of a plan that wait to be sent, page by page, with the file left alone."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import orjson

from hubsync.store.trouble import translated
from hubsync.types import Update


@dataclass(frozen=True, slots=True)
class Expected:
    """A record and what a plan found in its properties."""

    record_id: str
    properties: Mapping[str, str | None]


class Planned:
    """What a run planned and has not settled, as it was when it was opened; made by `Store.planned`.

    It stands in the engine's own memory, so that neither Python nor the file is held while HubSpot works.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
        self._connection = connection
        connection.execute(
            "CREATE TABLE planned AS SELECT object, record_id,"
            " CAST(json_group_object(property, coalesce(after, '')) AS VARCHAR) AS after,"
            " CAST(json_group_object(property, before) AS VARCHAR) AS before, count(*) AS changes"
            " FROM portal.change WHERE run_id = ? AND state = 'planned' GROUP BY object, record_id",
            [run_id],
        )
        connection.execute("DETACH portal")

    @property
    def changes(self) -> int:
        """How many values wait."""
        row = self._connection.execute("SELECT coalesce(sum(changes), 0) FROM planned").fetchone()
        return int(row[0]) if row else 0

    @property
    def objects(self) -> list[str]:
        """The objects whose records wait."""
        return [row[0] for row in self._connection.execute("SELECT DISTINCT object FROM planned ORDER BY 1").fetchall()]

    def updates(self, object_name: str, size: int) -> Iterator[list[Update]]:
        """What is to be written, one update per record, in the order of ids; read one object at a time."""
        for rows in self._pages("after", object_name, size):
            yield [Update(record_id, orjson.loads(properties)) for record_id, properties in rows]

    def expected(self, object_name: str, size: int) -> Iterator[list[Expected]]:
        """What HubSpot must still have, one for each record, in the order of ids; read one object at a time."""
        for rows in self._pages("before", object_name, size):
            yield [Expected(record_id, orjson.loads(properties)) for record_id, properties in rows]

    def _pages(self, column: str, object_name: str, size: int) -> Iterator[list[tuple[str, str]]]:
        with translated():
            found = self._connection.execute(
                f"SELECT record_id, {column} FROM planned WHERE object = ? ORDER BY record_id", [object_name]
            )
            while rows := found.fetchmany(size):
                yield rows
