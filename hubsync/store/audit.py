"""Writes down what hubsync did: runs with their plans, and what they published."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

import duckdb

from hubsync.store import scores, sql
from hubsync.store.database import changed
from hubsync.types import Plan, RunStatus

WRITTEN = (
    "plan IS NOT NULL AND (TRY_CAST(counts->>'written' AS BIGINT) > 0 OR (status IN ('ok', 'partial')"
    " AND list_contains(CAST(json_extract(plan, '$.guards[*].held') AS VARCHAR[]), 'true')))"
)
"""The condition of runs whose plan was written, or accepted although a guard held it: there may be nothing to write."""

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
    _abandon(connection, started_at)
    connection.execute(
        'INSERT INTO portal.run (run_id, command, status, as_of, started_at, "full", counts, calls, reason)'
        " VALUES (?, ?, 'running', ?, ?, ?, '{}', 0, '')",
        [run_id, command, as_of, started_at, full],
    )


def resume_run(connection: duckdb.DuckDBPyConnection, run_id: str, at: datetime) -> None:
    """Go on with a run that planned and stopped there."""
    _abandon(connection, at)
    connection.execute(
        "UPDATE portal.run SET status = 'running', ended_at = NULL, reason = '' WHERE run_id = ?", [run_id]
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
    """End a run with what it counted and why it ended so; what a resumed one had counted before stays."""
    connection.execute(
        "UPDATE portal.run SET status = ?, ended_at = ?, counts = json_merge_patch(counts, CAST(? AS JSON)),"
        " calls = calls + ?, reason = ? WHERE run_id = ?",
        [status, ended_at, sql.as_json(dict(counts)), calls, reason, run_id],
    )


def _abandon(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    connection.execute(
        "UPDATE portal.run SET status = 'failed', ended_at = ?, reason = ? WHERE status = 'running'", [at, _ABANDONED]
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
    published = changed(
        connection,
        "INSERT INTO portal.score_history BY NAME SELECT d.*, r.as_of, CAST(? AS TIMESTAMP) AS published_at"
        " FROM portal.decision d JOIN portal.run r ON r.run_id = d.run_id"
        f" LEFT JOIN ({scores.published()}) p"
        " ON p.object = d.object AND p.record_id = d.record_id AND p.model = d.model"
        " WHERE d.run_id = ? AND (p.version IS DISTINCT FROM d.version OR p.score IS DISTINCT FROM d.score"
        " OR p.tier IS DISTINCT FROM d.tier OR p.why IS DISTINCT FROM d.why OR p.extras IS DISTINCT FROM d.extras)",
        at,
        run_id,
    )
    connection.execute("DELETE FROM portal.decision WHERE run_id = ?", [run_id])
    # What a restored backup did not know is in the history again.
    connection.execute("DELETE FROM portal.meta WHERE key = 'restored_at'")
    return published
