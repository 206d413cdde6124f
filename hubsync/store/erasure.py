"""Erases people and companies everywhere: one loop over all tables with personal data."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import duckdb

from hubsync.store import tombstones
from hubsync.store.routes import OTHER_EMAILS
from hubsync.store.tombstones import KEYS, normal

AFTER = timedelta(days=7)
"""How long what HubSpot deleted for good may come back; then it is erased (design §5)."""

GONE = "after HubSpot had deleted it for good"
"""Why a record was erased that vanished from HubSpot."""

ASKED = "by `hubsync forget`"
"""Why a record was erased that somebody named."""

PERSONAL = {
    "version": "object = $object AND record_id IN (SELECT unnest($ids))",
    "score_history": "object = $object AND record_id IN (SELECT unnest($ids))",
    "decision": "object = $object AND record_id IN (SELECT unnest($ids))",
    "change": "object = $object AND record_id IN (SELECT unnest($ids))",
    "action": "object = $object AND record_id IN (SELECT unnest($ids))",
    "reject": "object = $object AND record_id IN (SELECT unnest($ids))",
    "looked": "object = $object AND record_id IN (SELECT unnest($ids))",
    "record": "object = $object AND record_id IN (SELECT unnest($ids))",
    "event": "(subject_type = $object AND subject IN (SELECT unnest($ids)))"
    " OR (subject_type = $kind AND subject IN (SELECT unnest($keys)))",
    "association": "(from_object = $object AND from_id IN (SELECT unnest($ids)))"
    " OR (to_object = $object AND to_id IN (SELECT unnest($ids)))",
    "identity": "object = $object AND (record_id IN (SELECT unnest($ids)) OR old_id IN (SELECT unnest($ids)))",
}
"""Every table with personal data and the rows of it that belong to a record."""

IMPERSONAL = frozenset({"meta", "migration", "cursor", "source", "run", "model", "tombstone"})
"""Every other table; none of them names a record."""


def erase(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    record_ids: Sequence[str],
    at: datetime,
    reason: str,
    keys: Iterable[str] = (),
) -> dict[str, int]:
    """Delete all rows of records and of the records merged into them; returns how many per table.

    `keys` are emails or domains of theirs that no record holds. Tombstones stay, so that nothing brings them back.
    """
    ids = _ids(connection, object_name, record_ids)
    kind = KEYS.get(object_name, "")
    texts = [*_texts(connection, object_name, ids), *(normal(kind, key) for key in keys)]
    given: dict[str, object] = {"object": object_name, "ids": ids, "kind": kind, "keys": texts}
    counts = {}
    for table, condition in PERSONAL.items():
        params = {name: value for name, value in given.items() if f"${name}" in condition}
        row = connection.execute(f"DELETE FROM portal.{table} WHERE {condition}", params).fetchone()
        counts[table] = int(row[0]) if row else 0
    tombstones.add(connection, object_name, ids, at, reason)
    tombstones.add(connection, kind, texts, at, reason)
    return counts


def erase_gone(connection: duckdb.DuckDBPyConnection, at: datetime) -> int:
    """Erase what has been gone from HubSpot for long enough; returns how many records."""
    due = connection.execute(
        "SELECT object, list(record_id ORDER BY record_id) FROM portal.record WHERE gone_at <= ? GROUP BY object",
        [at - AFTER],
    ).fetchall()
    return sum(erase(connection, object_name, ids, at, GONE)["record"] for object_name, ids in due)


def erase_covered(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Erase again whatever tombstones cover: what an older file brought back."""
    counts = dict.fromkeys(PERSONAL, 0)
    stones = tombstones.Tombstones(tombstones.load(connection))
    record = tombstones.covered(connection, "object", "record_id")
    for object_name, ids in connection.execute(
        f"SELECT object, list(DISTINCT record_id) FROM ({_named()}) WHERE {record} GROUP BY object"
    ).fetchall():
        stone = stones.of(object_name, ids[0])
        assert stone is not None
        for table, count in erase(connection, object_name, ids, stone.erased_at, stone.reason).items():
            counts[table] += count
    texts = tombstones.covered(connection, "subject_type", "subject")
    row = connection.execute(f"DELETE FROM portal.event WHERE {texts}").fetchone()
    counts["event"] += int(row[0]) if row else 0
    return counts


def is_named(connection: duckdb.DuckDBPyConnection, object_name: str, record_id: str) -> bool:
    """Tell whether any table names this record."""
    query = f"SELECT 1 FROM ({_named()}) WHERE object = ? AND record_id = ? LIMIT 1"
    return connection.execute(query, [object_name, record_id]).fetchone() is not None


def _named() -> str:
    """Every (object, record_id) that any table names."""
    ways = [
        f"SELECT object, record_id FROM portal.{table}"
        for table, condition in PERSONAL.items()
        if condition.startswith("object = $object AND record_id")
    ]
    ways += [
        "SELECT object, old_id AS record_id FROM portal.identity",
        "SELECT object, record_id FROM portal.identity",
        "SELECT from_object AS object, from_id AS record_id FROM portal.association",
        "SELECT to_object AS object, to_id AS record_id FROM portal.association",
        "SELECT subject_type AS object, subject AS record_id FROM portal.event"
        " WHERE subject_type NOT IN ('email', 'domain')",
    ]
    return " UNION ALL ".join(ways)


def _ids(connection: duckdb.DuckDBPyConnection, object_name: str, record_ids: Sequence[str]) -> list[str]:
    rows = connection.execute(
        "WITH RECURSIVE same(id) AS (SELECT unnest(CAST($ids AS VARCHAR[])) UNION"
        " SELECT i.old_id FROM portal.identity i JOIN same ON i.record_id = same.id"
        " WHERE i.object = $object AND i.ended_at IS NULL)"
        " SELECT id FROM same",
        {"ids": list(record_ids), "object": object_name},
    ).fetchall()
    return [row[0] for row in rows]


def _texts(connection: duckdb.DuckDBPyConnection, object_name: str, ids: list[str]) -> list[str]:
    """Return the emails or domains that only these records have or ever had: events may be known under them."""
    key = KEYS.get(object_name)
    if key is None:
        return []
    rows = connection.execute(
        "SELECT DISTINCT lower(trim(value)) FROM ("
        " SELECT value FROM portal.version WHERE object = $object AND property = $key"
        " AND record_id IN (SELECT unnest($ids))"
        " UNION ALL SELECT json_extract_string(properties, '$.' || $key) FROM portal.record"
        " WHERE object = $object AND record_id IN (SELECT unnest($ids))"
        f" UNION ALL SELECT unnest(string_split(json_extract_string(properties, '$.{OTHER_EMAILS}'), ';'))"
        " FROM portal.record WHERE object = $object AND record_id IN (SELECT unnest($ids))) WHERE value IS NOT NULL"
        " EXCEPT SELECT lower(trim(json_extract_string(properties, '$.' || $key))) FROM portal.record"
        " WHERE object = $object AND archived_at IS NULL AND record_id NOT IN (SELECT unnest($ids))",
        {"object": object_name, "key": key, "ids": ids},
    ).fetchall()
    return [row[0] for row in rows]
