"""Takes in records: never an older one over a newer one, with a version of every input that changed."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import orjson

from hubsync.store import sql
from hubsync.store.database import changed
from hubsync.types import RecordRow

MODIFIED = frozenset({"lastmodifieddate", "hs_lastmodifieddate"})
"""Properties that move with every write, also our own: they change nothing that a model may read."""

MERGED = "hs_merged_object_ids"
"""The property in which a record lists the ids that were merged into it."""

Properties = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds of a record."""

    updated_at: datetime
    archived_at: datetime | None
    changed_at: datetime
    inputs: dict[str, str | None]
    own: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record as it came in, beside what was there; `changed` are the inputs that differ."""

    row: RecordRow
    before: Stored | None
    inputs: dict[str, str | None]
    own: dict[str, str | None]
    changed: dict[str, str | None]

    @property
    def moves(self) -> bool:
        """True when the row in the database has to be written anew."""
        old = self.before
        return old is None or (old.updated_at, old.archived_at, old.inputs, old.own) != (
            self.row.updated_at,
            self.row.archived_at,
            self.inputs,
            self.own,
        )


def commit(
    connection: duckdb.DuckDBPyConnection,
    rows: Iterable[RecordRow],
    own: Mapping[str, frozenset[str]],
    known_at: datetime,
) -> list[Arrival]:
    """Take in these records and return the ones that were not older than what was there."""
    newest: dict[tuple[str, str], RecordRow] = {}
    for row in rows:
        key = (row.object, row.record_id)
        if key not in newest or row.updated_at >= newest[key].updated_at:
            newest[key] = row
    if not newest:
        return []
    stored = _stored(connection, newest)
    arrivals = [
        _arrival(row, old, own.get(row.object, frozenset()))
        for key, row in newest.items()
        if (old := stored.get(key)) is None or row.updated_at >= old.updated_at
    ]
    moved = [arrival for arrival in arrivals if arrival.moves]
    _upsert(connection, moved, known_at)
    _append_versions(connection, moved, known_at)
    _mark_seen(connection, newest.keys() - {(a.row.object, a.row.record_id) for a in moved}, known_at)
    return arrivals


def archive(connection: duckdb.DuckDBPyConnection, object_name: str, ids: Sequence[str], at: datetime) -> None:
    """Mark these records as archived, unless they are already."""
    connection.execute(
        "UPDATE portal.record SET archived_at = ? WHERE object = ? AND archived_at IS NULL"
        " AND record_id IN (SELECT unnest(CAST(? AS VARCHAR[])))",
        [at, object_name, list(ids)],
    )


def forget_own(connection: duckdb.DuckDBPyConnection, object_name: str, names: Sequence[str]) -> None:
    """Take the values of these properties of our own out of the snapshot of every record."""
    connection.execute(
        "UPDATE portal.record SET own = json_merge_patch(own, CAST(? AS JSON))"
        " WHERE object = ? AND list_has_any(json_keys(own), CAST(? AS VARCHAR[]))",
        [sql.as_json(dict.fromkeys(names)), object_name, list(names)],
    )


def archive_missing(connection: duckdb.DuckDBPyConnection, object_name: str, seen_since: datetime, at: datetime) -> int:
    """Archive what a full listing that began at `seen_since` did not show; returns how many."""
    return changed(
        connection,
        "UPDATE portal.record SET archived_at = ? WHERE object = ? AND archived_at IS NULL AND seen_at < ?",
        at,
        object_name,
        seen_since,
    )


def mark_gone(connection: duckdb.DuckDBPyConnection, object_name: str, listed_at: datetime, at: datetime) -> int:
    """Note which records the full listing that began at `listed_at` showed neither alive nor in the recycle bin.

    Ids that were merged away are not gone. Returns how many are newly gone.
    """
    merged = "record_id IN (SELECT old_id FROM portal.identity WHERE object = ? AND ended_at IS NULL)"
    connection.execute(
        f"UPDATE portal.record SET gone_at = NULL WHERE object = ? AND gone_at IS NOT NULL AND {merged}",
        [object_name, object_name],
    )
    return changed(
        connection,
        "UPDATE portal.record SET gone_at = ? WHERE object = ? AND gone_at IS NULL AND archived_at IS NOT NULL"
        f" AND seen_at < ? AND NOT {merged}",
        at,
        object_name,
        listed_at,
        object_name,
    )


def inherited(
    connection: duckdb.DuckDBPyConnection, arrivals: Iterable[Arrival]
) -> dict[tuple[str, str], list[Stored]]:
    """Return, for each record that names newly merged ids, what is stored of these."""
    heirs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for arrival in arrivals:
        if MERGED in arrival.changed:
            row = arrival.row
            fresh = _ids(arrival.inputs) - _ids(arrival.before.inputs if arrival.before else {}) - {row.record_id}
            for old_id in sorted(fresh):
                heirs.setdefault((row.object, old_id), []).append((row.object, row.record_id))
    found: dict[tuple[str, str], list[Stored]] = {}
    for old, stored in (_stored(connection, heirs) if heirs else {}).items():
        for key in heirs[old]:
            found.setdefault(key, []).append(stored)
    return found


def _ids(inputs: Properties) -> set[str]:
    return {part.strip() for part in (inputs.get(MERGED) or "").split(";")} - {""}


def _stored(connection: duckdb.DuckDBPyConnection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    wanted = [{"o": object_name, "i": record_id} for object_name, record_id in keys]
    found = connection.execute(
        "SELECT r.object, r.record_id, r.updated_at, r.archived_at, r.changed_at, r.properties, r.own"
        " FROM portal.record r"
        f" JOIN {sql.rows_of(o='VARCHAR', i='VARCHAR')} w ON r.object = w.o AND r.record_id = w.i",
        [sql.parameter(wanted)],
    ).fetchall()
    return {
        (object_name, record_id): Stored(updated, archived, changed_at, orjson.loads(properties), orjson.loads(own))
        for object_name, record_id, updated, archived, changed_at, properties, own in found
    }


def _arrival(row: RecordRow, before: Stored | None, own_names: frozenset[str]) -> Arrival:
    if before is None:
        own = {name: row.properties[name] for name in own_names if name in row.properties}
        inputs = {name: value for name, value in row.properties.items() if name not in own_names}
        return Arrival(row, None, inputs, own, inputs)
    inputs, own = dict(before.inputs), dict(before.own)
    differ: dict[str, str | None] = {}
    for name, value in row.properties.items():
        if name in own_names:
            own[name] = value
            continue
        if name not in MODIFIED and inputs.get(name) != value:
            differ[name] = value
        inputs[name] = value
    return Arrival(row, before, inputs, own, differ)


_MERGE = (
    " ON CONFLICT (object, record_id) DO UPDATE SET created_at = coalesce(excluded.created_at, created_at),"
    " updated_at = excluded.updated_at, archived_at = excluded.archived_at, gone_at = NULL,"
    " properties = excluded.properties,"
    " own = excluded.own, changed_at = coalesce(excluded.changed_at, changed_at), seen_at = excluded.seen_at"
)


def _upsert(connection: duckdb.DuckDBPyConnection, moved: Sequence[Arrival], known_at: datetime) -> None:
    if not moved:
        return
    columns = sql.columns(
        o="VARCHAR", i="VARCHAR", c="TIMESTAMP", u="TIMESTAMP", a="TIMESTAMP", p="VARCHAR", w="VARCHAR", x="BOOLEAN"
    )
    rows = [arrival.row for arrival in moved]
    # Rows that are all new can be in nobody's way, and looking for that costs half of what writing them does.
    merge = _MERGE if any(arrival.before for arrival in moved) else ""
    connection.execute(
        "INSERT INTO portal.record (object, record_id, created_at, updated_at, archived_at, properties, own,"
        " changed_at, seen_at)"
        " SELECT o, i, c, u, a, p, w, CASE WHEN x THEN CAST(? AS TIMESTAMP) END, CAST(? AS TIMESTAMP)"
        f" FROM {columns}{merge}",
        [
            known_at,
            known_at,
            [row.object for row in rows],
            [row.record_id for row in rows],
            [row.created_at for row in rows],
            [row.updated_at for row in rows],
            [row.archived_at for row in rows],
            [sql.as_json(arrival.inputs) for arrival in moved],
            [sql.as_json(arrival.own) for arrival in moved],
            [bool(arrival.changed) or arrival.before is None for arrival in moved],
        ],
    )


def _append_versions(connection: duckdb.DuckDBPyConnection, moved: Sequence[Arrival], known_at: datetime) -> None:
    """Append what changed; the first change of a record also appends what it was before.

    What never changed is in the snapshot alone, with the moment since when: it was that ever since.
    """
    changes = [
        (arrival.row, arrival.before, arrival.changed) for arrival in moved if arrival.before and arrival.changed
    ]
    if not changes:
        return
    objects, ids = [row.object for row, _, _ in changes], [row.record_id for row, _, _ in changes]
    columns = sql.columns(o="VARCHAR", i="VARCHAR", c="VARCHAR", k="TIMESTAMP")
    statement = (
        "INSERT INTO portal.version (object, record_id, property, value, known_at)"
        " SELECT o, i, entry.key, entry.value, k FROM"
        """ (SELECT o, i, k, unnest(map_entries(from_json(CAST(c AS JSON), '"MAP(VARCHAR, VARCHAR)"'))) AS entry"""
        f" FROM {columns}"
    )
    first = [
        sql.as_json({name: value for name, value in before.inputs.items() if name not in MODIFIED})
        for _, before, _ in changes
    ]
    connection.execute(
        f"{statement} WHERE (o, i) NOT IN (SELECT (object, record_id) FROM portal.version))",
        [objects, ids, first, [before.changed_at for _, before, _ in changes]],
    )
    later = [sql.as_json(changed) for _, _, changed in changes]
    connection.execute(f"{statement})", [objects, ids, later, [known_at] * len(changes)])


def _mark_seen(connection: duckdb.DuckDBPyConnection, keys: Iterable[tuple[str, str]], known_at: datetime) -> None:
    rows = [{"o": object_name, "i": record_id} for object_name, record_id in keys]
    if rows:
        connection.execute(
            "UPDATE portal.record SET seen_at = ?, gone_at = NULL FROM"
            f" {sql.rows_of(o='VARCHAR', i='VARCHAR')} w WHERE object = w.o AND record_id = w.i",
            [known_at, sql.parameter(rows)],
        )
