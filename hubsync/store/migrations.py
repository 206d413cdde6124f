"""The numbered steps that lead from an empty file to today's tables.

A step that was released is never edited; what changes later is a new step at the end. Each runs in one
transaction with its own record. Times are naive UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from hubsync.errors import NewerDatabaseError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its place in the order is its number, from 1."""

    name: str
    statements: tuple[str, ...]


FACTS = Migration(
    "what HubSpot has and what happened",
    (
        """CREATE TABLE portal.record (
            object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, created_at TIMESTAMP, updated_at TIMESTAMP NOT NULL,
            archived_at TIMESTAMP, properties JSON NOT NULL, own JSON NOT NULL, changed_at TIMESTAMP NOT NULL,
            seen_at TIMESTAMP NOT NULL, PRIMARY KEY (object, record_id))""",
        """CREATE TABLE portal.version (
            object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, property VARCHAR NOT NULL, value VARCHAR,
            known_at TIMESTAMP NOT NULL)""",
        """CREATE TABLE portal.event (
            source VARCHAR NOT NULL, source_id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
            subject_type VARCHAR NOT NULL, subject VARCHAR NOT NULL, occurred_at TIMESTAMP NOT NULL,
            known_at TIMESTAMP NOT NULL, times INTEGER NOT NULL DEFAULT 1, value DECIMAL(18,6), currency VARCHAR,
            attributes JSON)""",
        """CREATE TABLE portal.association (
            from_object VARCHAR NOT NULL, from_id VARCHAR NOT NULL, to_object VARCHAR NOT NULL,
            to_id VARCHAR NOT NULL, type_id INTEGER NOT NULL, label VARCHAR, since TIMESTAMP, until TIMESTAMP)""",
        """CREATE TABLE portal.looked (
            object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, to_object VARCHAR NOT NULL,
            known_at TIMESTAMP NOT NULL)""",
        """CREATE TABLE portal.identity (
            object VARCHAR NOT NULL, old_id VARCHAR NOT NULL, record_id VARCHAR NOT NULL, merged_at TIMESTAMP,
            known_at TIMESTAMP NOT NULL, PRIMARY KEY (object, old_id))""",
        "CREATE TABLE portal.cursor (stream VARCHAR PRIMARY KEY, position JSON NOT NULL, known_at TIMESTAMP NOT NULL)",
        """CREATE TABLE portal.source (
            source VARCHAR PRIMARY KEY, kind VARCHAR NOT NULL, status VARCHAR NOT NULL, reason VARCHAR NOT NULL,
            starts_at TIMESTAMP, last_event_at TIMESTAMP, checked_at TIMESTAMP NOT NULL)""",
    ),
)

SCORES = Migration(
    "what hubsync found, planned and did",
    (
        """CREATE TABLE portal.run (
            run_id VARCHAR PRIMARY KEY, command VARCHAR NOT NULL, status VARCHAR NOT NULL, as_of TIMESTAMP,
            started_at TIMESTAMP NOT NULL, ended_at TIMESTAMP, "full" BOOLEAN NOT NULL, counts JSON NOT NULL,
            calls INTEGER NOT NULL, plan JSON, plan_hash VARCHAR, reason VARCHAR NOT NULL)""",
        """CREATE TABLE portal.model (
            name VARCHAR NOT NULL, version VARCHAR NOT NULL, declaration JSON NOT NULL, fitted JSON,
            fitted_as_of TIMESTAMP, first_used_at TIMESTAMP NOT NULL, PRIMARY KEY (name, version))""",
        """CREATE TABLE portal.score_history (
            object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, model VARCHAR NOT NULL, version VARCHAR NOT NULL,
            score DECIMAL(18,6), tier VARCHAR, known_data DECIMAL(9,6), why VARCHAR, run_id VARCHAR NOT NULL,
            as_of TIMESTAMP NOT NULL, published_at TIMESTAMP NOT NULL)""",
        """CREATE TABLE portal.change (
            run_id VARCHAR NOT NULL, object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, model VARCHAR NOT NULL,
            property VARCHAR NOT NULL, before VARCHAR, after VARCHAR, state VARCHAR NOT NULL DEFAULT 'planned',
            message VARCHAR, settled_at TIMESTAMP)""",
        """CREATE TABLE portal.decision (
            run_id VARCHAR NOT NULL, object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, model VARCHAR NOT NULL,
            version VARCHAR NOT NULL, score DECIMAL(18,6), tier VARCHAR, known_data DECIMAL(9,6), why VARCHAR)""",
        """CREATE TABLE portal.action (
            play VARCHAR NOT NULL, object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, sequence INTEGER NOT NULL,
            kind VARCHAR NOT NULL, payload JSON NOT NULL, state VARCHAR NOT NULL, run_id VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL, done_at TIMESTAMP, message VARCHAR,
            PRIMARY KEY (play, object, record_id, sequence))""",
        """CREATE TABLE portal.reject (
            object VARCHAR NOT NULL, record_id VARCHAR NOT NULL, model VARCHAR NOT NULL,
            values_hash VARCHAR NOT NULL, message VARCHAR NOT NULL, category VARCHAR NOT NULL,
            first_at TIMESTAMP NOT NULL, last_at TIMESTAMP NOT NULL, changed_at TIMESTAMP,
            PRIMARY KEY (object, record_id, model))""",
    ),
)

IDENTITY = Migration(
    "who is gone, and who lives again",
    (
        "ALTER TABLE portal.record ADD COLUMN gone_at TIMESTAMP",
        "ALTER TABLE portal.identity ADD COLUMN ended_at TIMESTAMP",
        """CREATE TABLE portal.tombstone (
            object VARCHAR NOT NULL, salt VARCHAR NOT NULL, hash VARCHAR NOT NULL, erased_at TIMESTAMP NOT NULL,
            reason VARCHAR NOT NULL)""",
    ),
)

BOTS = Migration("what programs did in people's place", ("ALTER TABLE portal.event ADD COLUMN bot VARCHAR",))

BESIDE = Migration(
    "what some kinds of models write beside the score",
    (
        "ALTER TABLE portal.score_history ADD COLUMN extras JSON",
        "ALTER TABLE portal.decision ADD COLUMN extras JSON",
    ),
)

MIGRATIONS = (FACTS, SCORES, IDENTITY, BOTS, BESIDE)
"""All steps in order; the first has number 1."""

_GROUND = (
    "CREATE TABLE IF NOT EXISTS portal.meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)",
    """CREATE TABLE IF NOT EXISTS portal.migration (
        number INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)""",
)


def applied(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the last step this database has taken; 0 for an empty file."""
    known = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'portal' AND table_name = 'migration'"
    ).fetchone()
    if known is None:
        return 0
    row = connection.execute("SELECT coalesce(max(number), 0) FROM portal.migration").fetchone()
    return int(row[0]) if row else 0


def is_current(connection: duckdb.DuckDBPyConnection, steps: Sequence[Migration] = MIGRATIONS) -> bool:
    """Tell whether no step is missing; a database with more steps than ours raises NewerDatabaseError."""
    number = applied(connection)
    if number > len(steps):
        raise NewerDatabaseError(
            f"The database has migration {number}, this hubsync knows {len(steps)}; update hubsync."
        )
    return number == len(steps)


def migrate(connection: duckdb.DuckDBPyConnection, at: datetime, steps: Sequence[Migration] = MIGRATIONS) -> int:
    """Take all missing steps, each in its own transaction, and return how many were taken."""
    if is_current(connection, steps):
        return 0
    for statement in _GROUND:
        connection.execute(statement)
    start = applied(connection)
    for number, step in enumerate(steps[start:], start=start + 1):
        connection.begin()
        try:
            for statement in step.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO portal.migration VALUES (?, ?, ?)", [number, step.name, at])
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    return len(steps) - start
