"""Takes in what became of planned changes: the snapshot follows HubSpot, and what it refused is remembered."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from hubsync.store import sql
from hubsync.types import Outcome

VALUES_HASH = (
    "md5(coalesce(string_agg(property || '=' || coalesce(after, ''), chr(10) ORDER BY property)"
    " FILTER (WHERE try_cast(after AS TIMESTAMP) IS NULL), ''))"
)
"""What a reject remembers of the values that were refused: over the change rows of one record and model.

The moment a tier changed is left out: it is another one in every run.
"""

_GONE = (
    "SELECT (object, record_id) FROM portal.record WHERE archived_at IS NOT NULL UNION ALL"
    " SELECT (object, old_id) FROM portal.identity WHERE ended_at IS NULL"
)
"""Records that are archived or were merged away."""

_OUTCOME = sql.rows_of(i="VARCHAR", written="BOOLEAN", u="TIMESTAMP", m="VARCHAR", c="VARCHAR")


def settle(
    connection: duckdb.DuckDBPyConnection, run_id: str, object_name: str, outcomes: Sequence[Outcome], at: datetime
) -> None:
    """Mark the planned changes of these records, take written values into the snapshot, remember refusals.

    A plan's rows lie in the order of ids, so the span of these leaves most of a large plan unread.
    """
    if not outcomes:
        return
    ids = [outcome.record_id for outcome in outcomes]
    span = [object_name, min(ids), max(ids)]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE settling AS SELECT c.rowid AS place, c.record_id, c.model, c.property, c.after,"
        f" w.written, w.u AS updated_at, w.m AS message, w.c AS category FROM portal.change c JOIN {_OUTCOME} w"
        " ON c.record_id = w.i WHERE c.run_id = ? AND c.state = 'planned'"
        " AND c.object = ? AND c.record_id BETWEEN ? AND ?",
        [
            sql.parameter(
                [
                    {"i": o.record_id, "written": o.written, "u": o.updated_at, "m": o.message, "c": o.category}
                    for o in outcomes
                ]
            ),
            run_id,
            *span,
        ],
    )
    _take_over(connection, span)
    _forget_rejects(connection, object_name)
    if not all(outcome.written for outcome in outcomes):
        _remember_rejects(connection, object_name, at)
    connection.execute(
        "UPDATE portal.change SET state = CASE WHEN s.written THEN 'written' ELSE 'rejected' END, message = s.message,"
        " settled_at = ? FROM settling s WHERE portal.change.rowid = s.place AND run_id = ?"
        " AND object = ? AND portal.change.record_id BETWEEN ? AND ?",
        [at, run_id, *span],
    )
    connection.execute("DROP TABLE settling")


def skip(connection: duckdb.DuckDBPyConnection, run_id: str, message: str, at: datetime) -> None:
    """Mark the changes of a run that are still planned as not sent, and say why."""
    connection.execute(
        "UPDATE portal.change SET state = 'skipped', message = ?, settled_at = ?"
        " WHERE run_id = ? AND state = 'planned'",
        [message, at, run_id],
    )


def unsent(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[str]:
    """The models of a run of which changes were not sent, of records that are still there."""
    rows = connection.execute(
        "SELECT DISTINCT model FROM portal.change WHERE run_id = ? AND state IN ('planned', 'skipped')"
        f" AND (object, record_id) NOT IN ({_GONE}) ORDER BY model",
        [run_id],
    ).fetchall()
    return [str(model) for (model,) in rows]


def skip_archived(connection: duckdb.DuckDBPyConnection, run_id: str, message: str, at: datetime) -> None:
    """Mark the planned changes of records that are archived or were merged away by now as not sent."""
    connection.execute(
        "UPDATE portal.change SET state = 'skipped', message = ?, settled_at = ?"
        f" WHERE run_id = ? AND state = 'planned' AND (object, record_id) IN ({_GONE})",
        [message, at, run_id],
    )


def forget_absent(connection: duckdb.DuckDBPyConnection, object_name: str) -> None:
    """Forget what HubSpot refused for records that are archived or were merged away: nothing is tried for them."""
    connection.execute(
        "DELETE FROM portal.reject WHERE object = $object AND (record_id IN (SELECT record_id FROM portal.record"
        " WHERE object = $object AND archived_at IS NOT NULL) OR record_id IN (SELECT old_id FROM portal.identity"
        " WHERE object = $object AND ended_at IS NULL))",
        {"object": object_name},
    )


def _take_over(connection: duckdb.DuckDBPyConnection, span: Sequence[str]) -> None:
    """HubSpot now has what was written; a cleared property is gone from the snapshot."""
    connection.execute(
        "UPDATE portal.record SET own = json_merge_patch(own, n.patch),"
        " updated_at = greatest(updated_at, coalesce(n.u, updated_at)) FROM ("
        " SELECT record_id AS i, any_value(updated_at) AS u, json_group_object(property, nullif(after, '')) AS patch"
        " FROM settling WHERE written GROUP BY record_id) n"
        " WHERE record_id = n.i AND object = ? AND record_id BETWEEN ? AND ?",
        list(span),
    )


def _forget_rejects(connection: duckdb.DuckDBPyConnection, object_name: str) -> None:
    connection.execute(
        "DELETE FROM portal.reject r WHERE r.object = ?"
        " AND (r.record_id, r.model) IN (SELECT (record_id, model) FROM settling WHERE written)",
        [object_name],
    )


def _remember_rejects(connection: duckdb.DuckDBPyConnection, object_name: str, at: datetime) -> None:
    connection.execute(
        "INSERT INTO portal.reject (object, record_id, model, values_hash, message, category, first_at, last_at,"
        " changed_at) SELECT n.object, n.record_id, n.model, n.values_hash, n.message, n.category, n.noted, n.noted,"
        f" r.updated_at FROM (SELECT CAST(? AS VARCHAR) AS object, record_id, model, {VALUES_HASH} AS values_hash,"
        " any_value(message) AS message, any_value(category) AS category, CAST(? AS TIMESTAMP) AS noted"
        " FROM settling WHERE NOT written GROUP BY record_id, model) n"
        " LEFT JOIN portal.record r ON r.object = n.object AND r.record_id = n.record_id"
        " ON CONFLICT (object, record_id, model) DO UPDATE SET"
        " first_at = CASE WHEN values_hash = excluded.values_hash AND message = excluded.message"
        " THEN first_at ELSE excluded.first_at END,"
        " values_hash = excluded.values_hash, message = excluded.message, category = excluded.category,"
        " last_at = excluded.last_at, changed_at = excluded.changed_at",
        [object_name, at],
    )
