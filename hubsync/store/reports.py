"""What can be read from the database without scoring: runs, plans, records, sources, rejects."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast

import duckdb
import orjson

from hubsync.store.scores import published
from hubsync.types import Change, Guard, Plan, RunStatus, Update

SourceStatus = Literal["active", "unavailable", "overdue", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it was written down."""

    run_id: str
    command: str
    status: RunStatus
    as_of: datetime
    started_at: datetime
    ended_at: datetime | None
    full: bool
    counts: Mapping[str, int]
    calls: int
    plan_hash: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the snapshot; `own` are hubsync's own properties as HubSpot has them."""

    object: str
    record_id: str
    created_at: datetime | None
    updated_at: datetime
    archived_at: datetime | None
    changed_at: datetime
    properties: Mapping[str, str | None]
    own: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Published:
    """The score of one model that was last published for a record."""

    object: str
    record_id: str
    model: str
    version: str
    score: Decimal | None
    tier: str | None
    as_of: datetime
    why: str | None


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model as it was last used, with its declaration."""

    name: str
    version: str
    declaration: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source of events stands."""

    source: str
    kind: str
    status: SourceStatus
    checked_at: datetime
    reason: str = ""
    starts_at: datetime | None = None
    last_event_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Values that HubSpot refused for a record, in HubSpot's words."""

    object: str
    record_id: str
    model: str
    values_hash: str
    message: str
    category: str
    first_at: datetime
    last_at: datetime
    changed_at: datetime | None


_RUN = 'run_id, command, status, as_of, started_at, ended_at, "full", counts, calls, plan_hash, reason'
_KEYS = {"contacts": "email", "companies": "domain"}


class Reader:
    """Reads the attached database; made by `Store.read`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        self._connection = connection
        self._file = file

    def _all(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, list(params)).fetchall()

    def portal_id(self) -> str | None:
        """Return the portal this database is bound to; None before it is."""
        rows = self._all("SELECT value FROM portal.meta WHERE key = 'portal_id'")
        return str(rows[0][0]) if rows else None

    def cursor(self, stream: str) -> Mapping[str, Any] | None:
        """Return the position up to which a stream was pulled; None when it never was."""
        rows = self._all("SELECT position FROM portal.cursor WHERE stream = ?", stream)
        return cast("Mapping[str, Any]", orjson.loads(rows[0][0])) if rows else None

    def cursors(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the positions of all streams."""
        return {
            stream: orjson.loads(position)
            for stream, position in self._all("SELECT stream, position FROM portal.cursor")
        }

    def counts(self) -> Mapping[str, int]:
        """Count the records per object that are not archived."""
        return dict(self._all("SELECT object, count(*) FROM portal.record WHERE archived_at IS NULL GROUP BY object"))

    def runs(self, limit: int = 20) -> list[Run]:
        """Return the last runs, newest first."""
        return self._runs("ORDER BY started_at DESC, run_id DESC LIMIT ?", limit)

    def run(self, run_id: str) -> Run | None:
        """Return one run."""
        return next(iter(self._runs("WHERE run_id = ?", run_id)), None)

    def last_run(self) -> Run | None:
        """Return the newest run."""
        return next(iter(self.runs(1)), None)

    def last_good_run(self) -> Run | None:
        """Return the newest run that ended well."""
        return next(iter(self._runs("WHERE status = 'ok' ORDER BY started_at DESC, run_id DESC LIMIT 1")), None)

    def last_planned_run(self) -> Run | None:
        """Return the newest run whose plan was finished."""
        return next(iter(self._runs("WHERE plan IS NOT NULL ORDER BY started_at DESC, run_id DESC LIMIT 1")), None)

    def calls_since(self, moment: datetime) -> int:
        """Add up the calls of the runs that started at or after this moment."""
        return int(self._all("SELECT coalesce(sum(calls), 0) FROM portal.run WHERE started_at >= ?", moment)[0][0])

    def plan(self, run_id: str) -> Plan | None:
        """Return the header of a run's plan."""
        rows = self._all("SELECT plan FROM portal.run WHERE run_id = ? AND plan IS NOT NULL", run_id)
        return _plan(orjson.loads(rows[0][0])) if rows else None

    def plan_changes(self, run_id: str, limit: int | None = None) -> list[Change]:
        """Return the changes of a plan, by object, record and property."""
        return [
            Change(*row)
            for row in self._all(
                "SELECT object, record_id, model, property, before, after FROM portal.change WHERE run_id = ?"
                " ORDER BY object, record_id, property LIMIT ?",
                run_id,
                limit,
            )
        ]

    def change_counts(self, run_id: str) -> Mapping[str, int]:
        """Count a run's records by the state of their changes."""
        return dict(
            self._all(
                "SELECT state, count(DISTINCT (object, record_id)) FROM portal.change WHERE run_id = ? GROUP BY state",
                run_id,
            )
        )

    def updates(self, run_id: str, object_name: str, limit: int) -> list[Update]:
        """Return the next updates that are planned and not settled, one per record, in the order of ids."""
        rows = self._all(
            "SELECT record_id, json_group_object(property, coalesce(after, '')) FROM portal.change"
            " WHERE run_id = ? AND object = ? AND state = 'planned' GROUP BY record_id ORDER BY record_id LIMIT ?",
            run_id,
            object_name,
            limit,
        )
        return [Update(record_id, orjson.loads(properties)) for record_id, properties in rows]

    def account(self) -> Mapping[str, str] | None:
        """Return what is remembered about the portal; None before its first run."""
        rows = self._all("SELECT value FROM portal.meta WHERE key = 'account'")
        return cast("Mapping[str, str]", orjson.loads(rows[0][0])) if rows else None

    def models(self) -> list[UsedModel]:
        """Return the last version of every model that was ever used."""
        return [
            UsedModel(name, version, orjson.loads(declaration))
            for name, version, declaration in self._all(
                "SELECT name, arg_max(version, first_used_at), arg_max(declaration, first_used_at)"
                " FROM portal.model GROUP BY name ORDER BY name"
            )
        ]

    def rejects(self) -> list[Reject]:
        """Return what HubSpot refuses now, newest first."""
        return [
            Reject(*row)
            for row in self._all(
                "SELECT object, record_id, model, values_hash, message, category, first_at, last_at, changed_at"
                " FROM portal.reject ORDER BY last_at DESC, object, record_id, model"
            )
        ]

    def sources(self) -> list[SourceState]:
        """Return how all sources of events stand."""
        return [
            SourceState(*row)
            for row in self._all(
                "SELECT source, kind, status, checked_at, reason, starts_at, last_event_at FROM portal.source"
                " ORDER BY source"
            )
        ]

    def find_record(self, object_name: str, key: str) -> StoredRecord | None:
        """Find a record by its id, also one from before a merge, or by its email or domain."""
        found = self._record(object_name, self.resolve(object_name, key))
        if found is None and object_name in _KEYS:
            rows = self._all(
                "SELECT record_id FROM portal.record WHERE object = ? AND lower(json_extract_string(properties, ?))"
                " = ? ORDER BY archived_at IS NOT NULL, record_id LIMIT 1",
                object_name,
                f"$.{_KEYS[object_name]}",
                key.strip().lower(),
            )
            found = self._record(object_name, rows[0][0]) if rows else None
        return found

    def resolve(self, object_name: str, record_id: str) -> str:
        """Follow merges from an old id to the record that lives on."""
        seen = {record_id}
        while rows := self._all(
            "SELECT record_id FROM portal.identity WHERE object = ? AND old_id = ?", object_name, record_id
        ):
            record_id = rows[0][0]
            if record_id in seen:
                break
            seen.add(record_id)
        return record_id

    def published(self, object_name: str, record_id: str) -> list[Published]:
        """Return what was last published for a record, per model."""
        return [
            Published(*row)
            for row in self._all(
                "SELECT object, record_id, model, version, score, tier, as_of, why"
                f" FROM ({published()}) WHERE object = ? AND record_id = ? ORDER BY model",
                object_name,
                record_id,
            )
        ]

    def sizes(self) -> Mapping[str, int]:
        """Return the rows of each table, and the bytes of the file under `file`."""
        rows = self._all(
            "SELECT table_name, estimated_size FROM duckdb_tables() WHERE database_name = 'portal' ORDER BY table_name"
        )
        return {**dict(rows), "file": self._file.stat().st_size}

    def _record(self, object_name: str, record_id: str) -> StoredRecord | None:
        rows = self._all(
            "SELECT created_at, updated_at, archived_at, changed_at, properties, own FROM portal.record"
            " WHERE object = ? AND record_id = ?",
            object_name,
            record_id,
        )
        return StoredRecord(object_name, record_id, *rows[0][:4], *map(orjson.loads, rows[0][4:])) if rows else None

    def _runs(self, rest: str, *params: object) -> list[Run]:
        rows = self._all(f"SELECT {_RUN} FROM portal.run {rest}", *params)
        return [replace(Run(*row), counts=orjson.loads(row[7])) for row in rows]


def _plan(header: dict[str, Any]) -> Plan:
    moves: dict[str, dict[tuple[str, str], int]] = {}
    for model, old, new, count in header.pop("tier_moves"):
        moves.setdefault(model, {})[old, new] = count
    header["as_of"] = datetime.fromisoformat(header["as_of"])
    header["guards"] = tuple(Guard(**guard) for guard in header["guards"])
    header["new_models"] = tuple(header["new_models"])
    return Plan(**header, tier_moves=moves)
