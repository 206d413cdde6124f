"""The updates of a plan that wait to be sent, a piece at a time, with the file left alone in between."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from hubsync.store.database import Database
from hubsync.types import Update

_WAITS = "run_id = ? AND state = 'planned'"
_PIECE = 20_000
"""Changes read at once: a few thousand records."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A record and what a plan found in its properties."""

    record_id: str
    properties: Mapping[str, str | None]


class Planned:
    """What a run planned and has not settled; made by `Store.planned`.

    It is read a piece at a time, each with an opening of the file of its own: neither memory nor the file is held
    while HubSpot works, however large the plan.
    """

    def __init__(self, database: Database, run_id: str) -> None:
        self._database = database
        self._run_id = run_id

    @property
    def changes(self) -> int:
        """How many values wait."""
        with self._database.connect(read_only=True) as connection:
            row = connection.execute(f"SELECT count(*) FROM portal.change WHERE {_WAITS}", [self._run_id]).fetchone()
        return int(row[0]) if row else 0

    @property
    def objects(self) -> list[str]:
        """The objects whose records wait."""
        query = f"SELECT DISTINCT object FROM portal.change WHERE {_WAITS} ORDER BY 1"
        with self._database.connect(read_only=True) as connection:
            return [row[0] for row in connection.execute(query, [self._run_id]).fetchall()]

    def updates(self, object_name: str, size: int) -> Iterator[list[Update]]:
        """What is to be written, one update per record, in the order of ids."""
        for rows in self._pages("coalesce(after, '')", object_name, size):
            yield [Update(record_id, orjson.loads(properties)) for record_id, properties in rows]

    def expected(self, object_name: str, size: int) -> Iterator[list[Expected]]:
        """What HubSpot must still have, one for each record, in the order of ids."""
        for rows in self._pages("before", object_name, size):
            yield [Expected(record_id, orjson.loads(properties)) for record_id, properties in rows]

    def _pages(self, value: str, object_name: str, size: int) -> Iterator[list[tuple[str, str]]]:
        last = ""
        while rows := self._piece(value, object_name, last):
            last = rows[-1][0]
            for start in range(0, len(rows), size):
                yield rows[start : start + size]

    def _piece(self, value: str, object_name: str, last: str) -> list[tuple[str, str]]:
        """The records after an id, whole, up to the one with which there are enough changes."""
        waiting = f"FROM portal.change WHERE {_WAITS} AND object = ? AND record_id > ?"
        given = [self._run_id, object_name, last]
        with self._database.connect(read_only=True) as connection:
            found = connection.execute(
                f"SELECT record_id, CAST(json_group_object(property, {value}) AS VARCHAR) {waiting} AND record_id <="
                f" (SELECT max(record_id) FROM (SELECT record_id {waiting} ORDER BY record_id LIMIT {_PIECE}))"
                " GROUP BY record_id ORDER BY record_id",
                [*given, *given],
            )
            return [(record_id, properties) for record_id, properties in found.fetchall()]
