"""Keeps what was published and the versions of the models that said so."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from datetime import datetime

import duckdb

from hubsync.store import sql
from hubsync.store.database import changed


def published(as_of: datetime | None = None) -> str:
    """Return SQL of the last published row per record and model, at `as_of` or at all."""
    until = f" WHERE as_of <= {sql.moment(as_of)}" if as_of else ""
    return (
        "SELECT object, record_id, model, last.version AS version, last.score AS score, last.tier AS tier,"
        " last.as_of AS as_of, last.why AS why FROM ("
        " SELECT object, record_id, model, arg_max(struct_pack(version := version, score := score, tier := tier,"
        " as_of := as_of, why := why), struct_pack(a := as_of, p := published_at)) AS last"
        f" FROM portal.score_history{until} GROUP BY object, record_id, model)"
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
