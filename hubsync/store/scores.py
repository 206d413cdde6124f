"""Keeps what was published and the versions of the models that said so."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from datetime import datetime

import duckdb

from hubsync.store import sql
from hubsync.store.database import changed


def published(as_of: datetime | None = None, merges: str = "") -> str:
    """Return SQL of the last published row per record and model, at `as_of` or at all.

    With `merges`, a relation of (object, old_id, record_id), a record without a history of its own has the one of
    the records that were merged into it.
    """
    until = f" WHERE as_of <= {sql.moment(as_of)}" if as_of else ""
    rows, own = f"(SELECT * FROM portal.score_history{until}) h", "true"
    if merges:
        own = "i.record_id IS NULL"
        rows = (
            f"(SELECT h.* REPLACE (coalesce(i.record_id, h.record_id) AS record_id), {own} AS own FROM {rows}"
            f" LEFT JOIN {merges} i ON i.object = h.object AND i.old_id = h.record_id)"
        )
        own = "own"
    return (
        "SELECT object, record_id, model, last.version AS version, last.score AS score, last.tier AS tier,"
        " last.as_of AS as_of, last.why AS why FROM ("
        " SELECT object, record_id, model, arg_max(struct_pack(version := version, score := score, tier := tier,"
        f" as_of := as_of, why := why), struct_pack(o := {own}, a := as_of, p := published_at)) AS last"
        f" FROM {rows} GROUP BY object, record_id, model)"
    )


def tier_since(as_of: datetime) -> str:
    """Return SQL of the moment at which each record's tier of a model last changed, at `as_of`."""
    return (
        "SELECT object, record_id, model, max(as_of) AS since FROM ("
        " SELECT object, record_id, model, as_of, tier, lag(tier) OVER (PARTITION BY object, record_id, model"
        " ORDER BY as_of, published_at) AS before"
        f" FROM portal.score_history WHERE as_of <= {sql.moment(as_of)})"
        " WHERE tier IS DISTINCT FROM before GROUP BY ALL"
    )


def save_model(connection: duckdb.DuckDBPyConnection, name: str, version: str, declaration: str, at: datetime) -> bool:
    """Remember a model's version; True when it was not known before."""
    added = changed(
        connection,
        "INSERT INTO portal.model (name, version, declaration, first_used_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        name,
        version,
        declaration,
        at,
    )
    return added > 0
