"""Writes down what hubsync did: runs, plans, what became of each change, and what HubSpot refused."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import duckdb

from hubsync.store import scores, sql
from hubsync.types import Outcome, Plan, RunStatus

VALUES_HASH = (
    "md5(coalesce(string_agg(property || '=' || coalesce(after, ''), chr(10) ORDER BY property)"
    " FILTER (WHERE try_cast(after AS TIMESTAMP) IS NULL), ''))"
)
"""What a reject remembers of the values that were refused: over the change rows of one record and model.

The moment a tier changed is left out: it is another one in every run.
"""

_OUTCOME = sql.rows_of(i="VARCHAR", written="BOOLEAN", u="TIMESTAMP", m="VARCHAR", c="VARCHAR")
_ABANDONED = "The process ended before the run did; the next run goes on where it stopped."


def start_run(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    command: str,
    as_of: datetime,
    started_at: datetime,
    *,
    full: bool,
) -> None:
    """Begin a run; one that still says `running` was cut off, since only one can run."""
    connection.execute(
        "UPDATE portal.run SET status = 'failed', ended_at = ?, reason = ? WHERE status = 'running'",
        [started_at, _ABANDONED],
    )
    connection.execute(
        'INSERT INTO portal.run (run_id, command, status, as_of, started_at, "full", counts, calls, reason)'
        " VALUES (?, ?, 'running', ?, ?, ?, '{}', 0, '')",
        [run_id, command, as_of, started_at, full],
    )


def finish_run(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    status: RunStatus,
    ended_at: datetime,
    counts: Mapping[str, int],
    calls: int,
    reason: str,
) -> None:
    """End a run with what it counted and why it ended so."""
    connection.execute(
        "UPDATE portal.run SET status = ?, ended_at = ?, counts = ?, calls = ?, reason = ? WHERE run_id = ?",
        [status, ended_at, sql.as_json(dict(counts)), calls, reason, run_id],
    )


def save_plan(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Keep the header of a plan with its run."""
    header = asdict(plan)
    header["tier_moves"] = [
        [model, old, new, count] for model, moves in plan.tier_moves.items() for (old, new), count in moves.items()
    ]
    connection.execute(
        "UPDATE portal.run SET plan = ?, plan_hash = ? WHERE run_id = ?",
        [sql.as_json(header), plan.hash, plan.run_id],
    )


def publish(connection: duckdb.DuckDBPyConnection, run_id: str, at: datetime) -> int:
    """Move the decisions of a run into the history.

    What is there already is not repeated: a run that was cut off published it, and it is only written again.
    """
    row = connection.execute(
        "INSERT INTO portal.score_history BY NAME SELECT d.*, r.as_of, CAST(? AS TIMESTAMP) AS published_at"
        " FROM portal.decision d JOIN portal.run r ON r.run_id = d.run_id"
        f" LEFT JOIN ({scores.published()}) p"
        " ON p.object = d.object AND p.record_id = d.record_id AND p.model = d.model"
        " WHERE d.run_id = ? AND (p.version IS DISTINCT FROM d.version OR p.score IS DISTINCT FROM d.score"
        " OR p.tier IS DISTINCT FROM d.tier OR p.why IS DISTINCT FROM d.why)",
        [at, run_id],
    ).fetchone()
    connection.execute("DELETE FROM portal.decision WHERE run_id = ?", [run_id])
    return int(row[0]) if row else 0


def settle(
    connection: duckdb.DuckDBPyConnection, run_id: str, object_name: str, outcomes: Sequence[Outcome], at: datetime
) -> None:
    """Mark the planned changes of these records, take written values into the snapshot, remember refusals."""
    if not outcomes:
        return
    rows = sql.parameter(
        [{"i": o.record_id, "written": o.written, "u": o.updated_at, "m": o.message, "c": o.category} for o in outcomes]
    )
    _remember_rejects(connection, run_id, object_name, rows, at)
    _forget_rejects(connection, run_id, object_name, rows)
    _take_over(connection, run_id, object_name, rows)
    connection.execute(
        "UPDATE portal.change SET state = CASE WHEN w.written THEN 'written' ELSE 'rejected' END, message = w.m,"
        f" settled_at = ? FROM {_OUTCOME} w"
        " WHERE run_id = ? AND object = ? AND state = 'planned' AND record_id = w.i",
        [at, rows, run_id, object_name],
    )


def skip(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    object_name: str,
    record_ids: Sequence[str],
    message: str,
    at: datetime,
) -> None:
    """Mark the planned changes of these records as not sent, and say why."""
    connection.execute(
        "UPDATE portal.change SET state = 'skipped', message = ?, settled_at = ?"
        " WHERE run_id = ? AND object = ? AND state = 'planned'"
        " AND record_id IN (SELECT unnest(CAST(? AS VARCHAR[])))",
        [message, at, run_id, object_name, list(record_ids)],
    )


def _take_over(connection: duckdb.DuckDBPyConnection, run_id: str, object_name: str, rows: str) -> None:
    """HubSpot now has what was written; a cleared property is gone from the snapshot."""
    connection.execute(
        "UPDATE portal.record SET own = json_merge_patch(own, n.patch),"
        " updated_at = greatest(updated_at, coalesce(n.u, updated_at)) FROM ("
        " SELECT c.record_id AS i, any_value(w.u) AS u, json_group_object(c.property, nullif(c.after, '')) AS patch"
        f" FROM portal.change c JOIN {_OUTCOME} w ON c.record_id = w.i"
        " WHERE c.run_id = ? AND c.object = ? AND c.state = 'planned' AND w.written GROUP BY c.record_id) n"
        " WHERE object = ? AND record_id = n.i",
        [rows, run_id, object_name, object_name],
    )


def _forget_rejects(connection: duckdb.DuckDBPyConnection, run_id: str, object_name: str, rows: str) -> None:
    connection.execute(
        "DELETE FROM portal.reject r WHERE r.object = ? AND (r.record_id, r.model) IN ("
        f" SELECT (c.record_id, c.model) FROM portal.change c JOIN {_OUTCOME} w ON c.record_id = w.i"
        " WHERE c.run_id = ? AND c.object = ? AND c.state = 'planned' AND w.written)",
        [object_name, rows, run_id, object_name],
    )


def _remember_rejects(
    connection: duckdb.DuckDBPyConnection, run_id: str, object_name: str, rows: str, at: datetime
) -> None:
    connection.execute(
        "INSERT INTO portal.reject (object, record_id, model, values_hash, message, category, first_at, last_at,"
        " changed_at) SELECT n.object, n.record_id, n.model, n.values_hash, n.message, n.category, n.noted, n.noted,"
        " r.changed_at FROM ("
        f" SELECT c.object, c.record_id, c.model, {VALUES_HASH} AS values_hash, any_value(w.m) AS message,"
        " any_value(w.c) AS category, CAST(? AS TIMESTAMP) AS noted"
        f" FROM portal.change c JOIN {_OUTCOME} w ON c.record_id = w.i"
        " WHERE c.run_id = ? AND c.object = ? AND c.state = 'planned' AND NOT w.written"
        " GROUP BY c.object, c.record_id, c.model) n"
        " LEFT JOIN portal.record r ON r.object = n.object AND r.record_id = n.record_id"
        " ON CONFLICT (object, record_id, model) DO UPDATE SET"
        " first_at = CASE WHEN values_hash = excluded.values_hash AND message = excluded.message"
        " THEN first_at ELSE excluded.first_at END,"
        " values_hash = excluded.values_hash, message = excluded.message, category = excluded.category,"
        " last_at = excluded.last_at, changed_at = excluded.changed_at",
        [at, rows, run_id, object_name],
    )
