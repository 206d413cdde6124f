"""Remembers which record became which other one: facts keep the id they came with, readers follow the merge."""

from __future__ import annotations

from datetime import datetime

import duckdb

from hubsync.store.database import changed


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
        "INSERT INTO portal.identity VALUES (?, ?, ?, ?, ?) ON CONFLICT (object, old_id)"
        " DO UPDATE SET record_id = excluded.record_id, merged_at = excluded.merged_at"
        " WHERE record_id <> excluded.record_id",
        [object_name, old_id, record_id, merged_at, known_at],
    )


def save_listed(connection: duckdb.DuckDBPyConnection, object_name: str, since: datetime, known_at: datetime) -> int:
    """Remember the merges that HubSpot lists on records that changed since a moment; returns how many were new."""
    return changed(
        connection,
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
