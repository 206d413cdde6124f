"""What can be read from the database without scoring: records, sources, models, rejects, and what runs did."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import duckdb
import orjson

from hubsync.store import erasure, lives, tombstones
from hubsync.store.identity import chains
from hubsync.store.lives import Life, Stretch
from hubsync.store.lookback import Lookback
from hubsync.store.reports import (
    UNREADABLE,
    Published,
    Reject,
    SourceState,
    Stock,
    StoredRecord,
    Tombstone,
    UsedModel,
)
from hubsync.store.runs import Runs
from hubsync.store.scores import fits, published
from hubsync.store.tombstones import KEYS
from hubsync.types import Fit

_NEVER = datetime(9999, 1, 1)  # noqa: DTZ001 (naive UTC)


class Reader(Lookback, Runs):
    """Reads the attached database; made by `Store.read`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        self._connection = connection
        self._file = file

    def meta(self, key: str) -> str | None:
        """Return a fact about the whole database; None when it is not known."""
        rows = self._all("SELECT value FROM portal.meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def portal_id(self) -> str | None:
        """Return the portal this database is bound to; None before it is."""
        return self.meta("portal_id")

    def restored_at(self) -> datetime | None:
        """Return when a backup was brought back, as long as no run has published since."""
        text = self.meta("restored_at")
        return datetime.fromisoformat(text) if text else None

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

    def updated_at(self, object_name: str, ids: Sequence[str]) -> Mapping[str, datetime]:
        """Return when the records with these ids were last changed, as far as they are known."""
        return dict(
            self._all(
                "SELECT record_id, updated_at FROM portal.record WHERE object = ?"
                " AND record_id IN (SELECT unnest(CAST(? AS VARCHAR[])))",
                object_name,
                list(ids),
            )
        )

    def stock(self, now: datetime = _NEVER) -> Mapping[str, Stock]:
        """Return what there is of each source of events; those after `now` have not happened yet."""
        return {
            source: Stock(*row)
            for source, *row in self._all(
                "SELECT source, count(*), min(occurred_at), max(occurred_at) FILTER (WHERE occurred_at <= $1),"
                " count(bot), count(*) FILTER (WHERE occurred_at > $1) FROM portal.event GROUP BY ALL",
                now,
            )
        }

    def account(self) -> Mapping[str, str] | None:
        """Return what is remembered about the portal; None before its first run."""
        text = self.meta("account")
        return cast("Mapping[str, str]", orjson.loads(text)) if text else None

    def models(self) -> list[UsedModel]:
        """Return every version of every model that was ever used, by name and in the order of their use."""
        return [
            UsedModel(name, version, orjson.loads(declaration), used_at, fitted_at)
            for name, version, declaration, used_at, fitted_at in self._all(
                "SELECT name, version, declaration, first_used_at, fitted_as_of FROM portal.model"
                " ORDER BY name, first_used_at, version"
            )
        ]

    def fits(self, bases: Mapping[str, str], as_of: datetime) -> Mapping[str, Fit]:
        """Return the newest fit of each model at a moment, of these versions of their declarations."""
        return fits(self._connection, bases, as_of)

    def written_models(self) -> frozenset[str]:
        """Return the names of the models that ever published a score."""
        return frozenset(row[0] for row in self._all("SELECT DISTINCT model FROM portal.score_history"))

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
        if found is None and object_name in KEYS:
            rows = self._all(
                "SELECT record_id FROM portal.record WHERE object = ? AND lower(json_extract_string(properties, ?))"
                " = ? ORDER BY archived_at IS NOT NULL, record_id LIMIT 1",
                object_name,
                f"$.{KEYS[object_name]}",
                key.strip().lower(),
            )
            found = self._record(object_name, rows[0][0]) if rows else None
        return found

    def tombstones(self) -> list[Tombstone]:
        """Return what is left of the erased."""
        return tombstones.load(self._connection)

    def erased(self, object_name: str, key: str) -> Tombstone | None:
        """Return what is left of an erased record; the key is its id, email or domain."""
        stones = tombstones.Tombstones(self.tombstones())
        return stones.of(object_name, key) or stones.of(KEYS.get(object_name, ""), key)

    def traces(self, object_name: str, record_id: str, key: str) -> tuple[list[str], list[str]]:
        """Return the id if any table names it, and the key as email or domain if an event does; empty where not."""
        ids = [record_id] if erasure.is_named(self._connection, object_name, record_id) else []
        kind = KEYS.get(object_name, "")
        text = tombstones.normal(kind, key)
        rows = self._all("SELECT 1 FROM portal.event WHERE subject_type = ? AND subject = ? LIMIT 1", kind, text)
        return ids, [text] if rows else []

    def resolve(self, object_name: str, record_id: str) -> str:
        """Follow merges from an old id to the record that lives on."""
        seen = {record_id}
        while rows := self._all(
            "SELECT record_id FROM portal.identity WHERE object = ? AND old_id = ? AND ended_at IS NULL",
            object_name,
            record_id,
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
                f" FROM ({published(merges=f'({chains()})')}) WHERE object = ? AND record_id = ? ORDER BY model",
                object_name,
                record_id,
            )
        ]

    def life(self, object_name: str, record_id: str) -> Life:
        """Return all that was published for a record and for those that were merged into it."""
        return lives.life(self._connection, object_name, record_id)

    def held(self, model: str, since: datetime) -> list[Stretch]:
        """Return when a model was held, from a moment on."""
        return lives.held(self._connection, model, since)

    def sizes(self) -> Mapping[str, int]:
        """Return the rows of each table, and under `file` the bytes of the file with its log."""
        names = self._all("SELECT table_name FROM duckdb_tables() WHERE database_name = 'portal' ORDER BY table_name")
        rows = {name: int(self._all(f"SELECT count(*) FROM portal.{name}")[0][0]) for (name,) in names}
        log = self._file.with_name(f"{self._file.name}.wal")
        return {**rows, "file": self._file.stat().st_size + (log.stat().st_size if log.exists() else 0)}

    def unreadable(self) -> Mapping[str, int]:
        """Return how many values the last scores could not read, by property or source of events."""
        text = self.meta(UNREADABLE)
        return cast("Mapping[str, int]", orjson.loads(text)) if text else {}

    def _record(self, object_name: str, record_id: str) -> StoredRecord | None:
        rows = self._all(
            "SELECT created_at, updated_at, archived_at, changed_at, properties, own, gone_at FROM portal.record"
            " WHERE object = ? AND record_id = ?",
            object_name,
            record_id,
        )
        if not rows:
            return None
        made, updated, archived, changed, properties, own, gone = rows[0]
        inputs, ours = orjson.loads(properties), orjson.loads(own)
        return StoredRecord(object_name, record_id, made, updated, archived, changed, inputs, ours, gone)
