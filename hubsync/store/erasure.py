"""Erases a person or company everywhere: one loop over all tables with personal data."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

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
    " OR (subject_type IN ('email', 'domain') AND subject IN (SELECT unnest($keys)))",
    "association": "(from_object = $object AND from_id IN (SELECT unnest($ids)))"
    " OR (to_object = $object AND to_id IN (SELECT unnest($ids)))",
    "identity": "object = $object AND (record_id IN (SELECT unnest($ids)) OR old_id IN (SELECT unnest($ids)))",
}
"""Every table with personal data and the rows of it that belong to a record."""

IMPERSONAL = frozenset({"meta", "migration", "cursor", "source", "run", "model"})
"""Every other table; none of them names a record."""

_KEYS = {"contacts": "email", "companies": "domain"}


def erase(connection: duckdb.DuckDBPyConnection, object_name: str, record_id: str) -> dict[str, int]:
    """Delete all rows of a record and of the records merged into it; returns how many per table."""
    ids = _ids(connection, object_name, record_id)
    given: dict[str, object] = {
        "object": object_name,
        "ids": ids,
        "keys": _texts(connection, object_name, ids),
    }
    counts = {}
    for table, condition in PERSONAL.items():
        params = {name: value for name, value in given.items() if f"${name}" in condition}
        row = connection.execute(f"DELETE FROM portal.{table} WHERE {condition}", params).fetchone()
        counts[table] = int(row[0]) if row else 0
    return counts


def _ids(connection: duckdb.DuckDBPyConnection, object_name: str, record_id: str) -> list[str]:
    rows = connection.execute(
        "WITH RECURSIVE same(id) AS (SELECT CAST($id AS VARCHAR) UNION"
        " SELECT i.old_id FROM portal.identity i JOIN same ON i.record_id = same.id WHERE i.object = $object)"
        " SELECT id FROM same",
        {"id": record_id, "object": object_name},
    ).fetchall()
    return [row[0] for row in rows]


def _texts(connection: duckdb.DuckDBPyConnection, object_name: str, ids: list[str]) -> list[str]:
    """Return the emails or domains that the record has or ever had: events may be known under them."""
    key = _KEYS.get(object_name)
    if key is None:
        return []
    rows = connection.execute(
        "SELECT DISTINCT lower(trim(value)) FROM ("
        " SELECT value FROM portal.version WHERE object = $object AND property = $key"
        " AND record_id IN (SELECT unnest($ids))"
        " UNION ALL SELECT json_extract_string(properties, '$.' || $key) FROM portal.record"
        " WHERE object = $object AND record_id IN (SELECT unnest($ids))) WHERE value IS NOT NULL",
        {"object": object_name, "key": key, "ids": ids},
    ).fetchall()
    return [row[0] for row in rows]
