"""What is left of the erased: salted hashes of their ids and addresses, so that nothing brings them back.

Each row carries the salt it was made with, so that the rows of two files of one portal can be put together.
"""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from hubsync.store import sql
from hubsync.store.database import changed
from hubsync.store.reports import Tombstone
from hubsync.types import Batch, RecordRow

KEYS = {"contacts": "email", "companies": "domain"}
"""The property by which events may name a record of an object; it is a subject type, too."""

_TEXTS = frozenset(KEYS.values())
_ALL = "SELECT object, salt, hash, erased_at, reason FROM portal.tombstone"


def normal(subject_type: str, key: str) -> str:
    """An id as it is; an email or a domain as events have it."""
    return key.strip().lower() if subject_type in _TEXTS else key


@dataclass(frozen=True)
class Tombstones:
    """All tombstones, by object (or `email`, `domain`) and salt."""

    rows: Sequence[Tombstone]

    def of(self, object_name: str, key: str) -> Tombstone | None:
        """The tombstone of an id, an email or a domain."""
        hashes = {
            _hash(salt, object_name, key) for salt in {row.salt for row in self.rows if row.object == object_name}
        }
        return next((row for row in self.rows if row.object == object_name and row.hash in hashes), None)


class Sieve:
    """Keeps the erased out of what comes in."""

    def __init__(self, stones: Iterable[Tombstone]) -> None:
        self._hashes: dict[str, dict[str, set[str]]] = {}
        for stone in stones:
            self._hashes.setdefault(stone.object, {}).setdefault(stone.salt, set()).add(stone.hash)
        self.returned: set[str] = set()
        """Hashes of emails and domains that HubSpot shows on other records by now."""

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def _found(self, object_name: str, key: str) -> str | None:
        for salt, hashes in self._hashes.get(object_name, {}).items():
            if (found := _hash(salt, object_name, key)) in hashes:
                return found
        return None

    def holds(self, object_name: str, key: str) -> bool:
        """True when this id, email or domain is one of the erased."""
        found = self._found(object_name, key)
        return found is not None and found not in self.returned

    def rest(self, batch: Batch) -> Batch:
        """A batch without the erased; whoever comes anew under an erased email is somebody again."""
        records = [row for row in batch.records if not self.holds(row.object, row.record_id)]
        for row in records:
            self._welcome(row)
        return replace(
            batch,
            records=records,
            associations=[
                row
                for row in batch.associations
                if not (self.holds(row.from_object, row.from_id) or self.holds(row.to_object, row.to_id))
            ],
            links=[(here, there, [i for i in ids if not self.holds(here, i)]) for here, there, ids in batch.links],
            events=[row for row in batch.events if not self.holds(row.subject_type, row.subject)],
        )

    def _welcome(self, row: RecordRow) -> None:
        kind = KEYS.get(row.object, "")
        text = row.properties.get(kind)
        if kind in self._hashes and text and row.archived_at is None and (found := self._found(kind, text)):
            self.returned.add(found)


def load(connection: duckdb.DuckDBPyConnection) -> list[Tombstone]:
    """Read all tombstones."""
    return [Tombstone(*row) for row in connection.execute(_ALL).fetchall()]


def add(
    connection: duckdb.DuckDBPyConnection, object_name: str, keys: Iterable[str], at: datetime, reason: str
) -> None:
    """Set tombstones for ids, emails or domains that have none."""
    stones = load(connection)
    salt = stones[0].salt if stones else secrets.token_hex(16)
    adopt(connection, [Tombstone(object_name, salt, _hash(salt, object_name, key), at, reason) for key in set(keys)])


def adopt(connection: duckdb.DuckDBPyConnection, stones: Sequence[Tombstone]) -> int:
    """Add tombstones that are not there; returns how many."""
    if not stones:
        return 0
    shape = sql.rows_of(object="VARCHAR", salt="VARCHAR", hash="VARCHAR", erased_at="TIMESTAMP", reason="VARCHAR")
    rows = [
        {"object": s.object, "salt": s.salt, "hash": s.hash, "erased_at": s.erased_at, "reason": s.reason}
        for s in stones
    ]
    return changed(
        connection,
        f"INSERT INTO portal.tombstone BY NAME SELECT DISTINCT n.* FROM {shape} n"
        " WHERE n.hash NOT IN (SELECT hash FROM portal.tombstone)",
        sql.parameter(rows),
    )


def lift(connection: duckdb.DuckDBPyConnection, hashes: Iterable[str]) -> None:
    """Take tombstones away."""
    connection.execute("DELETE FROM portal.tombstone WHERE hash IN (SELECT unnest(CAST(? AS VARCHAR[])))", [[*hashes]])


def covered(connection: duckdb.DuckDBPyConnection, object_sql: str, key_sql: str) -> str:
    """Return the SQL condition that a row names one of the erased; FALSE while there are none."""
    salts = connection.execute("SELECT DISTINCT salt FROM portal.tombstone").fetchall()
    kinds = connection.execute("SELECT DISTINCT object FROM portal.tombstone").fetchall()
    named = f"{object_sql} IN {sql.one_of([kind for (kind,) in kinds])}"
    key = f"CASE WHEN {object_sql} IN {sql.one_of(sorted(_TEXTS))} THEN lower(trim({key_sql})) ELSE {key_sql} END"
    ways = [
        f"sha256(concat({sql.text(salt)}, '|', {object_sql}, '|', {key})) IN (SELECT hash FROM portal.tombstone)"
        for (salt,) in salts
    ]
    return f"({named} AND ({' OR '.join(ways)}))" if ways else "FALSE"


def _hash(salt: str, object_name: str, key: str) -> str:
    return hashlib.sha256(f"{salt}|{object_name}|{normal(object_name, key)}".encode()).hexdigest()
