"""Remembers which record became which other one: facts keep the id they came with, readers follow the merge.

An old id may live again, when somebody takes a merge back; its row then has an end.
"""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from datetime import datetime

import duckdb

from hubsync.store import sql, tombstones
from hubsync.store.database import changed
from hubsync.types import AsOf

EVER = datetime(1970, 1, 1)  # noqa: DTZ001 (naive UTC)
"""A moment before all changes."""

_FAR = 100
"""Longer than any chain of merges; a circle ends here."""


def chains(as_of: AsOf | None = None) -> str:
    """Return SQL of (object, old_id, record_id): each merged-away id with the record that lives on."""
    now = sql.moment(as_of.now) if as_of else "TIMESTAMP 'infinity'"
    return (
        "WITH RECURSIVE known AS (SELECT object, old_id, record_id FROM portal.identity"
        f" WHERE known_at <= {now} AND coalesce(merged_at, known_at) <= {now}"
        f" AND (ended_at IS NULL OR ended_at > {now}) AND old_id <> record_id),"
        " chain(object, old_id, record_id, step) AS (SELECT object, old_id, record_id, 1 FROM known UNION ALL"
        " SELECT c.object, c.old_id, k.record_id, c.step + 1 FROM chain c"
        f" JOIN known k ON k.object = c.object AND k.old_id = c.record_id WHERE c.step < {_FAR})"
        " SELECT object, old_id, arg_max(record_id, step) AS record_id FROM chain GROUP BY object, old_id"
    )


def save(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    old_id: str,
    record_id: str,
    merged_at: datetime | None,
    known_at: datetime,
) -> None:
    """Remember that a record was merged into another one; the time of the first word about it stays."""
    connection.execute(
        "INSERT INTO portal.identity (object, old_id, record_id, merged_at, known_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (object, old_id) DO UPDATE SET record_id = excluded.record_id, merged_at = excluded.merged_at"
        " WHERE record_id <> excluded.record_id",
        [object_name, old_id, record_id, merged_at, known_at],
    )


def save_listed(connection: duckdb.DuckDBPyConnection, object_name: str, since: datetime, known_at: datetime) -> int:
    """Remember the merges that HubSpot lists on records that changed since a moment; returns how many were new.

    Of two records that list an id the one that is believed already counts, else the one that changed last; while the
    id lives again, not the one it was taken from. What is known of an id stays while the record it became was itself
    merged into the one that lists both, and while the id lives again.
    """
    gone = tombstones.covered(connection, "n.object", "n.old_id")
    found = changed(
        connection,
        "CREATE OR REPLACE TEMP TABLE listed AS SELECT n.object, n.old_id, n.record_id FROM ("
        " SELECT object, record_id, updated_at,"
        " trim(unnest(string_split(json_extract_string(properties, '$.hs_merged_object_ids'), ';'))) AS old_id"
        " FROM portal.record WHERE object = ? AND archived_at IS NULL AND changed_at >= ?"
        " AND json_extract_string(properties, '$.hs_merged_object_ids') IS NOT NULL) n"
        " LEFT JOIN portal.identity i ON i.object = n.object AND i.old_id = n.old_id"
        f" WHERE n.old_id NOT IN ('', n.record_id) AND NOT {gone}"
        " QUALIFY row_number() OVER (PARTITION BY n.old_id ORDER BY"
        " CASE WHEN i.record_id IS DISTINCT FROM n.record_id THEN 1 WHEN i.ended_at IS NULL THEN 2 ELSE 0 END DESC,"
        " n.updated_at DESC, n.record_id) = 1",
        object_name,
        since,
    )
    if not found:
        return 0
    added = changed(
        connection,
        "INSERT INTO portal.identity (object, old_id, record_id, known_at)"
        " SELECT object, old_id, record_id, CAST(? AS TIMESTAMP) FROM listed ON CONFLICT DO NOTHING",
        known_at,
    )
    moved = changed(
        connection,
        "UPDATE portal.identity SET record_id = n.record_id, merged_at = NULL, known_at = ?, ended_at = NULL"
        " FROM listed n WHERE identity.object = n.object AND identity.old_id = n.old_id"
        " AND identity.record_id <> n.record_id"
        " AND CASE WHEN identity.ended_at IS NULL"
        " THEN NOT EXISTS (SELECT 1 FROM portal.identity o WHERE o.object = n.object"
        " AND o.old_id = identity.record_id AND o.ended_at IS NULL)"
        " ELSE NOT EXISTS (SELECT 1 FROM portal.record r WHERE r.object = n.object AND r.record_id = n.old_id"
        " AND r.archived_at IS NULL) END",
        known_at,
    )
    connection.execute("DROP TABLE listed")
    return added + moved


def end_revived(
    connection: duckdb.DuckDBPyConnection, object_name: str, listed_at: datetime | None, at: datetime
) -> int:
    """End the merges of ids that live again: changed since, or shown by the full listing that began at `listed_at`.

    The pull in which the merge became known proves nothing: it may have met the id before the merge.
    """
    return changed(
        connection,
        "UPDATE portal.identity SET ended_at = ? FROM portal.record r WHERE identity.object = ?"
        " AND identity.ended_at IS NULL AND r.object = identity.object AND r.record_id = identity.old_id"
        " AND r.archived_at IS NULL AND r.seen_at > identity.known_at"
        " AND (r.updated_at > identity.known_at OR identity.known_at < CAST(? AS TIMESTAMP))",
        at,
        object_name,
        listed_at,
    )
