"""Which records' property history is to be read: those in which the property has changed, or was seen at first."""
# Every name in the SQL here is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from hubsync.store import sql
from hubsync.types import Counter

Place = tuple[datetime, str]
"""A moment and a record's id: what was looked at before is not after it."""

BEGINNING: Place = (datetime(1970, 1, 1), "")  # noqa: DTZ001 (naive UTC)

_AFTER = "(s.at, s.record_id) > (CAST(? AS TIMESTAMP), CAST(? AS VARCHAR)) ORDER BY s.at, s.record_id LIMIT ?"


@dataclass(frozen=True, slots=True)
class FirstSight:
    """A counter as it was seen first: when, its value and that of the property which dates it.

    `counted` says that this sight was taken for an event.
    """

    record_id: str
    at: datetime
    count: str
    last: str | None
    counted: bool

    @property
    def place(self) -> Place:
        """Where it stands in the order in which they are looked at."""
        return self.at, self.record_id


class Lookback:
    """Looks through the attached database for records whose history is to be read."""

    _connection: duckdb.DuckDBPyConnection

    def changed_in(self, object_name: str, name: str, after: Place, limit: int) -> list[Place]:
        """Return when a property was last seen to change, for the next live records of an object after a place.

        A record that never changed has it since it came. One that has no value and never had one is left out.
        """
        return self._connection.execute(
            "SELECT s.at, s.record_id FROM (SELECT r.record_id, coalesce(v.at, r.changed_at) AS at FROM portal.record r"
            " LEFT JOIN (SELECT record_id, max(known_at) AS at FROM portal.version WHERE object = ? AND property = ?"
            " GROUP BY record_id) v ON v.record_id = r.record_id WHERE r.object = ? AND r.archived_at IS NULL"
            f" AND (v.at IS NOT NULL OR {_value(name)} IS NOT NULL)) s WHERE {_AFTER}",
            [object_name, name, object_name, *after, limit],
        ).fetchall()

    def first_sights(self, counter: Counter, after: Place, limit: int) -> list[FirstSight]:
        """Return how the next live records after a place had a counter when it was seen first.

        A record into which one was merged that had the counter too has begun with that one, and one whose first value
        is not kept any more has events of its growth since.
        """
        count, last = counter.count, counter.last
        heirs = (
            "SELECT i.record_id FROM portal.identity i JOIN portal.record o ON o.object = i.object"
            " AND o.record_id = i.old_id WHERE i.object = ? AND i.ended_at IS NULL"
            f" AND {_value(count, 'o')} IS NOT NULL"
        )
        rows = self._connection.execute(
            f"WITH first AS (SELECT record_id, min(known_at) FILTER (WHERE property = {sql.text(count)}) AS at,"
            f" first(value ORDER BY known_at) FILTER (WHERE property = {sql.text(count)}) AS count,"
            f" first(value ORDER BY known_at) FILTER (WHERE property = {sql.text(last)}) AS last"
            f" FROM portal.version WHERE object = ? AND property IN {sql.one_of((count, last))} GROUP BY record_id),"
            " seen AS (SELECT r.record_id, coalesce(f.at, r.changed_at) AS at,"
            f" CASE WHEN f.at IS NULL THEN {_value(count)} ELSE f.count END AS count,"
            f" CASE WHEN f.at IS NULL THEN {_value(last)} ELSE f.last END AS last"
            " FROM portal.record r LEFT JOIN first f ON f.record_id = r.record_id"
            f" WHERE r.object = ? AND r.archived_at IS NULL AND r.record_id NOT IN ({heirs})),"
            " known AS (SELECT subject, min(known_at) AS at FROM portal.event WHERE source = ? GROUP BY subject)"
            " SELECT s.record_id, s.at, s.count, s.last, coalesce(k.at = s.at, false) FROM seen s"
            " LEFT JOIN known k ON k.subject = s.record_id"
            f" WHERE s.count IS NOT NULL AND (k.at IS NULL OR k.at >= s.at) AND {_AFTER}",
            [counter.object, counter.object, counter.object, counter.source, *after, limit],
        ).fetchall()
        return [FirstSight(*row) for row in rows]


def _value(name: str, alias: str = "r") -> str:
    path = sql.text('$."' + name + '"')
    return f"nullif(trim(json_extract_string({alias}.properties, {path})), '')"
