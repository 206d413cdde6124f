"""Takes in associations, with the time from which and until which they held."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import duckdb

from hubsync.store import sql
from hubsync.types import AssociationRow

Links = tuple[str, str, Sequence[str]]
"""From object, to object and the from ids whose associations were given completely."""

_Pair = tuple[str, str, str]
_Key = tuple[str, str, str, str, int]
_PAIR = sql.rows_of(o="VARCHAR", i="VARCHAR", t="VARCHAR")


def commit(
    connection: duckdb.DuckDBPyConnection,
    rows: Iterable[AssociationRow],
    links: Iterable[Links],
    known_at: datetime,
) -> None:
    """Add what is new and end what is gone from the completely given ones.

    What the first look at a record shows has no beginning: it may be older than we are.
    """
    given = {(r.from_object, r.from_id, r.to_object, r.to_id, r.type_id): r for r in rows}
    complete = {(from_object, i, to_object) for from_object, to_object, ids in links for i in ids}
    pairs = complete | {key[:3] for key in given}
    if not pairs:
        return
    asked = [{"o": from_object, "i": from_id, "t": to_object} for from_object, from_id, to_object in pairs]
    looked, alive = _looked(connection, asked), _alive(connection, asked)
    _end(connection, [key for key in alive - given.keys() if key[:3] in complete], known_at)
    fresh = [(row, known_at if key[:3] in looked else None) for key, row in given.items() if key not in alive]
    _insert(connection, fresh)
    _remember(connection, complete - looked, known_at)


def _looked(connection: duckdb.DuckDBPyConnection, asked: Sequence[dict[str, str]]) -> set[_Pair]:
    return set(
        connection.execute(
            f"SELECT l.object, l.record_id, l.to_object FROM portal.looked l JOIN {_PAIR} w"
            " ON l.object = w.o AND l.record_id = w.i AND l.to_object = w.t",
            [sql.parameter(asked)],
        ).fetchall()
    )


def _alive(connection: duckdb.DuckDBPyConnection, asked: Sequence[dict[str, str]]) -> set[_Key]:
    return set(
        connection.execute(
            f"SELECT a.from_object, a.from_id, a.to_object, a.to_id, a.type_id FROM portal.association a JOIN {_PAIR} w"
            " ON a.from_object = w.o AND a.from_id = w.i AND a.to_object = w.t WHERE a.until IS NULL",
            [sql.parameter(asked)],
        ).fetchall()
    )


def _end(connection: duckdb.DuckDBPyConnection, keys: Sequence[_Key], at: datetime) -> None:
    if keys:
        rows = [dict(zip("oitjy", key, strict=True)) for key in keys]
        shape = sql.rows_of(o="VARCHAR", i="VARCHAR", t="VARCHAR", j="VARCHAR", y="INTEGER")
        connection.execute(
            f"UPDATE portal.association SET until = ? FROM {shape} w WHERE from_object = w.o AND from_id = w.i"
            " AND to_object = w.t AND to_id = w.j AND type_id = w.y AND until IS NULL",
            [at, sql.parameter(rows)],
        )


def _insert(connection: duckdb.DuckDBPyConnection, fresh: Sequence[tuple[AssociationRow, datetime | None]]) -> None:
    if fresh:
        rows = [
            {"o": r.from_object, "i": r.from_id, "t": r.to_object, "j": r.to_id, "y": r.type_id, "l": r.label, "s": s}
            for r, s in fresh
        ]
        shape = sql.rows_of(o="VARCHAR", i="VARCHAR", t="VARCHAR", j="VARCHAR", y="INTEGER", l="VARCHAR", s="TIMESTAMP")
        connection.execute(
            "INSERT INTO portal.association (from_object, from_id, to_object, to_id, type_id, label, since)"
            f" SELECT o, i, t, j, y, l, s FROM {shape}",
            [sql.parameter(rows)],
        )


def _remember(connection: duckdb.DuckDBPyConnection, pairs: Iterable[_Pair], at: datetime) -> None:
    rows = [{"o": from_object, "i": from_id, "t": to_object} for from_object, from_id, to_object in pairs]
    if rows:
        connection.execute(
            f"INSERT INTO portal.looked (object, record_id, to_object, known_at) SELECT o, i, t, ? FROM {_PAIR}",
            [at, sql.parameter(rows)],
        )
