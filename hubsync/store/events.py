"""Takes in events: what a source replaces is compared, not rewritten; growth of counters becomes events."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from hubsync.store import sql
from hubsync.store.records import Arrival, Stored
from hubsync.store.values import finite, moment
from hubsync.types import Counter, EventRow

_MOST = 2**31 - 1
_KEY = ("source", "source_id", "subject_type", "subject")
_BY_TEXT = ("email", "domain")
_COLUMNS = {
    "source": "VARCHAR",
    "source_id": "VARCHAR",
    "kind": "VARCHAR",
    "subject_type": "VARCHAR",
    "subject": "VARCHAR",
    "occurred_at": "TIMESTAMP",
    "times": "INTEGER",
    "value": "DECIMAL(18,6)",
    "currency": "VARCHAR",
    "attributes": "VARCHAR",
}

_Row = dict[str, Any]
Replaced = tuple[str, str, Sequence[str]]
"""Source, subject type and the subjects whose events are given anew."""


def commit(
    connection: duckdb.DuckDBPyConnection,
    events: Iterable[EventRow],
    grown: Iterable[EventRow],
    replaced: Iterable[Replaced],
    known_at: datetime,
) -> None:
    """Add events, each once per (source, source_id, subject); the events of replaced subjects that are gone go.

    An event that is there already stays as it is, with the time at which it became known. What the counters have
    `grown` by is always new.
    """
    rows = {tuple(row[column] for column in _KEY): row for row in map(_row, events)}
    _remove_gone(connection, list(rows.values()), replaced)
    known = _known(connection, list(rows.values()))
    fresh = [row for key, row in rows.items() if key not in known] + [_row(each) for each in grown]
    if fresh:
        names = ", ".join(_COLUMNS)
        connection.execute(
            f"INSERT INTO portal.event ({names}, known_at) SELECT {names}, ? FROM {sql.rows_of(**_COLUMNS)}",
            [known_at, sql.parameter(fresh)],
        )


def mark_bots(connection: duckdb.DuckDBPyConnection, source: str, rules: str) -> None:
    """Set on each event of a source the rule by which it is a program's doing; the others count."""
    connection.execute(
        f"UPDATE portal.event SET bot = m.bot FROM (WITH mine AS (SELECT rowid AS place, subject, occurred_at,"
        f" attributes FROM portal.event WHERE source = ?) {rules}) m"
        " WHERE portal.event.rowid = m.place AND portal.event.bot IS DISTINCT FROM m.bot",
        [source],
    )


def growth(
    arrivals: Iterable[Arrival],
    counters: Sequence[Counter],
    known_at: datetime,
    inherited: Mapping[tuple[str, str], Sequence[Stored]] | None = None,
) -> list[EventRow]:
    """Return the events that the growth of counters stands for.

    The first sight of a counter above zero is one event at the date of its last one, unless its history is read for
    that; a counter that shrinks, or holds no number, is no event. What a record has `inherited` from records that
    were merged into it is no growth: their events follow the merge.
    """
    heirlooms = inherited or {}
    return [
        event
        for arrival in arrivals
        for counter in counters
        if counter.object == arrival.row.object and counter.count in arrival.changed
        for event in _grown(arrival, counter, known_at, heirlooms.get((arrival.row.object, arrival.row.record_id), ()))
    ]


def _grown(arrival: Arrival, counter: Counter, known_at: datetime, inherited: Sequence[Stored]) -> list[EventRow]:
    now = finite(arrival.inputs.get(counter.count))
    last = moment(arrival.inputs.get(counter.last))
    if now is None or now <= 0:
        return []
    before = [*([arrival.before] if arrival.before else ()), *inherited]
    counted = [stored.inputs[counter.count] for stored in before if counter.count in stored.inputs]
    if not counted:
        times = 1 if last and not counter.seed else 0
    else:
        known = [finite(was or "0") for was in counted]
        times = 0 if None in known else min(int(now - sum(each for each in known if each is not None)), _MOST)
    if times < 1:
        return []
    record_id = arrival.row.record_id
    return [EventRow(
        source=counter.source,
        source_id=f"{record_id}:{now}:{known_at.isoformat()}",
        kind=counter.kind,
        subject_type=counter.object,
        subject=record_id,
        occurred_at=min(last or known_at, known_at),
        times=times,
    )]  # fmt: skip


def _row(event: EventRow) -> _Row:
    subject = event.subject.strip().lower() if event.subject_type in _BY_TEXT else event.subject
    return {
        "source": event.source,
        "source_id": event.source_id,
        "kind": event.kind,
        "subject_type": event.subject_type,
        "subject": subject,
        "occurred_at": event.occurred_at,
        "times": event.times,
        "value": event.value,
        "currency": event.currency,
        "attributes": sql.as_json(event.attributes) if event.attributes else None,
    }


def _remove_gone(connection: duckdb.DuckDBPyConnection, rows: Sequence[_Row], replaced: Iterable[Replaced]) -> None:
    """Delete events of replaced subjects unless exactly the same event was given again."""
    subjects = [
        {"s": source, "t": subject_type, "i": subject.strip().lower() if subject_type in _BY_TEXT else subject}
        for source, subject_type, listed in replaced
        for subject in listed
    ]
    if not subjects:
        return
    same = " AND ".join(f"e.{column} IS NOT DISTINCT FROM n.{column}" for column in _COLUMNS if column not in _KEY)
    keys = " AND ".join(f"e.{column} = n.{column}" for column in _KEY)
    gone = connection.execute(
        "WITH old AS MATERIALIZED (SELECT e.*, e.rowid AS place FROM portal.event e"
        f" JOIN (SELECT DISTINCT * FROM {sql.rows_of(s='VARCHAR', t='VARCHAR', i='VARCHAR')}) w"
        " ON e.source = w.s AND e.subject_type = w.t AND e.subject = w.i)"
        f" SELECT place FROM old e WHERE NOT EXISTS (SELECT 1 FROM {sql.rows_of(**_COLUMNS)} n"
        f" WHERE {keys} AND {same})",
        [sql.parameter(subjects), sql.parameter(rows)],
    ).fetchall()
    if gone:
        connection.execute(
            "DELETE FROM portal.event WHERE rowid IN (SELECT unnest(CAST(? AS BIGINT[])))",
            [[place for (place,) in gone]],
        )


def _known(connection: duckdb.DuckDBPyConnection, rows: Sequence[_Row]) -> set[tuple[object, ...]]:
    """The keys of those events that are there already.

    An event never changes its time, so of each source only the span of these times is looked through. Pages come in
    the order of time and the table lies in it, so that most of it is skipped unread.
    """
    by_source: dict[str, list[_Row]] = {}
    for row in rows:
        by_source.setdefault(row["source"], []).append(row)
    shape = sql.rows_of(**dict.fromkeys(_KEY, "VARCHAR"))
    same = " AND ".join(f"e.{column} = n.{column}" for column in _KEY)
    found: set[tuple[object, ...]] = set()
    for source, mine in by_source.items():
        times = [row["occurred_at"] for row in mine]
        keys = sql.parameter([{column: row[column] for column in _KEY} for row in mine])
        found |= set(
            connection.execute(
                f"SELECT {', '.join(f'e.{column}' for column in _KEY)} FROM portal.event e JOIN {shape} n ON {same}"
                " WHERE e.source = ? AND e.occurred_at BETWEEN ? AND ?",
                [keys, source, min(times), max(times)],
            ).fetchall()
        )
    return found
