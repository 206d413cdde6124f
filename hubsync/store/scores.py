"""Keeps what was published and the versions of the models that said so."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb

from hubsync.store import sql
from hubsync.store.database import changed
from hubsync.types import Fit


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
        " last.as_of AS as_of, last.why AS why, last.extras AS extras FROM ("
        " SELECT object, record_id, model, arg_max(struct_pack(version := version, score := score, tier := tier,"
        " as_of := as_of, why := why, extras := extras),"
        f" struct_pack(o := {own}, a := as_of, p := published_at)) AS last"
        f" FROM {rows} GROUP BY object, record_id, model)"
    )


def history(as_of: datetime, merges: str = "identities") -> str:
    """Return SQL of all that was published up to a moment, each score once per moment, by the record that lives on.

    `own_id` is the record that it was published for: another one where that was merged into `record_id`.
    """
    return (
        "SELECT h.object, coalesce(i.record_id, h.record_id) AS record_id, h.record_id AS own_id, h.model, h.version,"
        f" h.score, h.tier, h.as_of FROM portal.score_history h LEFT JOIN {merges} i ON i.object = h.object"
        f" AND i.old_id = h.record_id WHERE h.as_of <= {sql.moment(as_of)} QUALIFY row_number() OVER"
        " (PARTITION BY h.object, h.record_id, h.model, h.as_of ORDER BY h.published_at DESC) = 1"
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


def save_model(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    version: str,
    declaration: str,
    at: datetime,
    base: str = "",
    fit: Fit | None = None,
) -> bool:
    """Remember a model's version; True when it was not known before.

    With a fit, `base` is the version of the declaration that it belongs to. A version that is known already and was
    fitted again becomes the newest once more, and stays the one of its earlier times.
    """
    added = changed(
        connection,
        "INSERT INTO portal.model (name, version, declaration, first_used_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        name,
        version,
        declaration,
        at,
    )
    if fit is not None:
        _keep_fit(connection, name, version, base, fit)
    return added > 0


def _keep_fit(connection: duckdb.DuckDBPyConnection, name: str, version: str, base: str, fit: Fit) -> None:
    """Store the fit of a version, beside the times at which it was fitted to the same parameters before."""
    text, last = connection.execute(
        "SELECT CAST(fitted AS VARCHAR), fitted_as_of FROM portal.model WHERE name = ? AND version = ?", [name, version]
    ).fetchall()[0]
    earlier = _fitted_at(json.loads(text), last) if text is not None else []
    if fit.as_of in earlier:
        return
    *before, newest = sorted([*earlier, fit.as_of])
    fitted = {
        "base": base, "parameters": fit.parameters, "records": fit.records,
        "before": [each.isoformat() for each in before],
    }  # fmt: skip
    connection.execute(
        "UPDATE portal.model SET fitted = ?, fitted_as_of = ? WHERE name = ? AND version = ?",
        [sql.as_json(fitted), newest, name, version],
    )


def _fitted_at(fitted: Mapping[str, Any], last: datetime) -> list[datetime]:
    """When a version was fitted, the first time first."""
    return [*(datetime.fromisoformat(each) for each in fitted.get("before", ())), last]


def fits(connection: duckdb.DuckDBPyConnection, bases: Mapping[str, str], as_of: datetime) -> dict[str, Fit]:
    """Read the newest fit of each model at a moment, of these versions of their declarations."""
    rows = connection.execute(
        "SELECT name, CAST(fitted AS VARCHAR), fitted_as_of FROM portal.model"
        " WHERE fitted IS NOT NULL ORDER BY first_used_at, rowid",
    ).fetchall()
    found: dict[str, Fit] = {}
    for name, text, last in rows:
        fitted = json.loads(text)
        if fitted["base"] != bases.get(name):
            continue
        at = max((each for each in _fitted_at(fitted, last) if each <= as_of), default=None)
        if at is not None and (name not in found or found[name].as_of <= at):
            found[name] = Fit(fitted["parameters"], at, fitted["records"])
    return found
