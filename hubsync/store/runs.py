"""What runs did: their outcome, their calls, their plans and what became of these."""
# Every name in the SQL here comes from a fixed set; values are parameters.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb
import orjson

from hubsync.store import audit, outcomes
from hubsync.store.reports import Run
from hubsync.types import Change, Guard, Plan

_RUN = 'run_id, command, status, as_of, started_at, ended_at, "full", counts, calls, plan_hash, reason'


class Runs:
    """Reads the runs of the attached database."""

    _connection: duckdb.DuckDBPyConnection

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
        """Return the newest run that ended well and was there to write; a plan only looks."""
        wrote = "(command <> 'plan' OR CAST(json_extract(counts, '$.written') AS INTEGER) > 0)"
        rest = f"WHERE status = 'ok' AND {wrote} ORDER BY started_at DESC, run_id DESC LIMIT 1"
        return next(iter(self._runs(rest)), None)

    def last_planned_run(self) -> Run | None:
        """Return the newest run whose plan was finished."""
        return next(iter(self._runs("WHERE plan IS NOT NULL ORDER BY started_at DESC, run_id DESC LIMIT 1")), None)

    def last_written_plan(self) -> Plan | None:
        """Return the header of the newest plan of which something was written, or that was accepted as it was."""
        found = self._runs(f"WHERE {audit.WRITTEN} ORDER BY started_at DESC, run_id DESC LIMIT 1")
        return self.plan(found[0].run_id) if found else None

    def refreshed(self) -> Mapping[str, str]:
        """Return the days on which models were refreshed, by the newest plan that was carried out.

        A run that had nothing to write carried out its plan too; one that only looks did not. A model is left out where
        changes of its refresh were not sent: the push broke off, and the next run makes up for it.
        """
        done = "(TRY_CAST(counts->>'written' AS BIGINT) > 0 OR (command <> 'plan' AND status IN ('ok', 'partial')))"
        found = self._runs(f"WHERE plan IS NOT NULL AND {done} ORDER BY started_at DESC, run_id DESC LIMIT 1")
        plan = self.plan(found[0].run_id) if found else None
        if plan is None:
            return {}
        unsent = set(outcomes.unsent(self._connection, plan.run_id)) - plan.waiting.keys()
        return {model: day for model, day in plan.refreshed.items() if model not in unsent}

    def calls_since(self, moment: datetime) -> int:
        """Add up the calls of the runs that started at or after this moment."""
        return int(self._all("SELECT coalesce(sum(calls), 0) FROM portal.run WHERE started_at >= ?", moment)[0][0])

    def calls_of_runs(self) -> Mapping[bool, int]:
        """Return the calls of the last run that listed all records (True), and of the last that did not."""
        return dict(
            self._all(
                "SELECT listed, arg_max(calls, started_at) FROM ("
                " SELECT calls, started_at, CAST(json_extract(counts, '$.listed') AS INTEGER) > 0 AS listed"
                " FROM portal.run WHERE status IN ('ok', 'partial', 'held'))"
                " WHERE listed IS NOT NULL GROUP BY listed"
            )
        )

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

    def _runs(self, rest: str, *params: object) -> list[Run]:
        rows = self._all(f"SELECT {_RUN} FROM portal.run {rest}", *params)
        return [replace(Run(*row), counts=orjson.loads(row[7])) for row in rows]

    def _all(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, list(params)).fetchall()


def _plan(header: dict[str, Any]) -> Plan:
    moves: dict[str, dict[tuple[str, str], int]] = {}
    for model, old, new, count in header.pop("tier_moves"):
        moves.setdefault(model, {})[old, new] = count
    header["as_of"] = datetime.fromisoformat(header["as_of"])
    header["guards"] = tuple(Guard(**guard) for guard in header["guards"])
    header["new_models"] = tuple(header["new_models"])
    return Plan(**header, tier_moves=moves)
