"""Reads the life of a record's scores: all that was published, the merges, and when a model was held."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb
import orjson

from hubsync.store.identity import chains


@dataclass(frozen=True, slots=True)
class Publication:
    """One entry of the history; `own_id` is the record it was published for, another one if that was merged.

    `extras` are the texts that some kinds write beside the score; what was published before they were kept has none.
    """

    model: str
    version: str
    score: Decimal | None
    tier: str | None
    known_data: float | None
    why: str | None
    run_id: str
    as_of: datetime
    own_id: str
    extras: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Life:
    """What was published for a record and those merged into it, oldest first, and (old id, when) of the merges."""

    publications: tuple[Publication, ...]
    merges: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Runs in a row in which a model was held, with the reason of the last."""

    first: datetime
    last: datetime
    runs: int
    reason: str


def life(connection: duckdb.DuckDBPyConnection, object_name: str, record_id: str) -> Life:
    """Read the life of a record that lives on."""
    rows = connection.execute(
        "SELECT h.model, h.version, h.score, h.tier, CAST(h.known_data AS DOUBLE), h.why, h.run_id, h.as_of,"
        f" h.record_id, h.extras FROM portal.score_history h LEFT JOIN ({chains()}) i ON i.object = h.object"
        " AND i.old_id = h.record_id WHERE h.object = ? AND coalesce(i.record_id, h.record_id) = ?"
        " ORDER BY h.as_of, h.published_at, h.model",
        [object_name, record_id],
    ).fetchall()
    merges = connection.execute(
        "SELECT n.old_id, coalesce(n.merged_at, n.known_at) AS moment FROM portal.identity n JOIN"
        f" ({chains()}) i ON i.object = n.object AND i.old_id = n.old_id"
        " WHERE n.object = ? AND i.record_id = ? AND n.ended_at IS NULL ORDER BY moment, n.old_id",
        [object_name, record_id],
    ).fetchall()
    publications = tuple(Publication(*[*row, orjson.loads(extras or "{}")]) for *row, extras in rows)
    return Life(publications, tuple((str(old), at) for old, at in merges))


def held(connection: duckdb.DuckDBPyConnection, model: str, since: datetime) -> list[Stretch]:
    """Read when a model was held, from a moment on; what is known of runs is kept as long as their plans are."""
    rows = connection.execute(
        "SELECT as_of, json_extract_string(plan, ?) FROM portal.run WHERE plan IS NOT NULL AND as_of >= ?"
        " AND command <> 'plan' ORDER BY started_at, run_id",
        [f'$.held_models."{model}"', since],
    ).fetchall()
    found: list[Stretch] = []
    begun = False
    for at, reason in rows:
        if reason is None:
            begun = False
        elif begun:
            found[-1] = Stretch(found[-1].first, at, found[-1].runs + 1, reason)
        else:
            found.append(Stretch(at, at, 1, reason))
            begun = True
    return found
