"""Deletes what is older than it has to be kept; what is current stays, whatever its age."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from hubsync.store import audit, sql
from hubsync.store.database import changed

RETAINED_ON = "retained_on"
"""The key of the portal's day on which this was last done."""

UNWRITTEN_DAYS = 7
"""A plan that nobody wrote, such as an hourly one that a guard holds, can be approved for so long."""


@dataclass(frozen=True, slots=True)
class Horizons:
    """Before which moments may go: events, history, plans with their before-images, and plans nobody wrote.

    `today` is the beginning of the day that they are counted from.
    """

    events: datetime
    history: datetime
    before_images: datetime
    unwritten: datetime
    today: datetime

    @classmethod
    def of(cls, day_start: datetime, *, events: int, history: int, before_images: int) -> Horizons:
        """The horizons so many days before the beginning of a day."""
        days = (events, history, before_images, min(before_images, UNWRITTEN_DAYS), 0)
        return cls(*(day_start - timedelta(days=each) for each in days))


def retain(connection: duckdb.DuckDBPyConnection, horizons: Horizons) -> dict[str, int]:
    """Delete what is older than these horizons; returns rows per table.

    As of the horizon of the history, and of every later day, each property and each published score is what it was.
    """
    history = sql.moment(horizons.history)
    plans = f"run_id IN ({_runs_before(horizons.before_images)})"
    unwritten = (
        f"run_id IN ({_runs_before(horizons.unwritten)} AND status <> 'running' AND started_at <"
        " (SELECT max(started_at) FROM portal.run WHERE plan IS NOT NULL))"
    )
    conditions = {
        "event": old_events("portal.event", horizons.events, horizons.today),
        "version": _followed("portal.version", ("object", "record_id", "property"), "known_at", history),
        "score_history": _followed("portal.score_history", ("object", "record_id", "model"), "as_of", history),
        "association": f"until < {history}",
        "change": f"{plans} OR (state = 'planned' AND {unwritten})",
        "decision": f"{plans} OR {unwritten}",
        "run": f"started_at < {history}",
    }
    found = {
        table: changed(connection, f"DELETE FROM portal.{table} WHERE {condition}")
        for table, condition in conditions.items()
    }
    # The last plan is the one that commands without the network speak of, the last written one what guards compare.
    last = "SELECT max(started_at) FROM portal.run WHERE"
    connection.execute(
        f"UPDATE portal.run SET plan = NULL, plan_hash = NULL WHERE plan IS NOT NULL AND {plans}"
        f" AND started_at < ({last} plan IS NOT NULL)"
        f" AND started_at <> coalesce(({last} {audit.WRITTEN}), TIMESTAMP 'infinity')"
    )
    return found


def old_events(table: str, before: datetime, today: datetime) -> str:
    """The condition of events that may go; of each subject the last of its kind stays, for 'days since the last'.

    One that is still to come is not the last: it may be put off, and nobody counts the days since it.
    """
    keys = ("kind", "subject_type", "subject")
    return _followed(table, keys, "occurred_at", sql.moment(before), until=sql.moment(today))


def _followed(table: str, keys: tuple[str, ...], at: str, before: str, until: str | None = None) -> str:
    """The condition of rows before a moment that a later row of the same keys follows, up to `until` or that moment."""
    same = " AND ".join(f"later.{key} = {table}.{key}" for key in keys)
    return (
        f"{at} < {before} AND EXISTS (SELECT 1 FROM (SELECT {', '.join(keys)}, max({at}) AS last FROM {table}"
        f" WHERE {at} <= {until or before} GROUP BY ALL) later WHERE {same} AND later.last > {table}.{at})"
    )


def _runs_before(moment: datetime) -> str:
    return f"SELECT run_id FROM portal.run WHERE started_at < {sql.moment(moment)}"
