"""The `why` text of a record: two reasons up, two down, no number that ticks daily (design §8)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlglot import exp

from hubsync.scoring import sql
from hubsync.scoring.body import CAP, Body, Line
from hubsync.scoring.sql import Sql

LONGEST = 250
REASONS = 2
NOTHING = "No rule moves this score."


def why_sql(lines: Sequence[Line], scored: Sql, body: Body) -> Sql:
    """Up to two reasons that raise the score and two that lower it, or what is missing when it is unscored.

    It may be longer than the property holds; see `shortened`.
    """
    rules = [line for line in lines if line.known_column and line.available]
    if not rules:
        return sql.text(NOTHING)
    weights = [term.weight for term in body.terms if term.available]
    up = reasons([line.reason for line in rules], [sql.column(line.column) for line in rules], "Up: ")
    lowering = [*rules, *(line for line in lines if line.rule == CAP)]
    sizes = [exp.Neg(this=sql.column(line.column)) for line in lowering]
    down = reasons([line.reason for line in lowering], sizes, "Down: ")
    gaps = [_unknown(line, weight) for line, weight in zip(rules, weights, strict=True)]
    missing = reasons([line.reason for line in rules], gaps, "")
    spoken = (
        sql.column("reasons")
        if body.why is not None
        else sql.template(
            "COALESCE(NULLIF(CONCAT_WS(' ', :up, :down), ''), :nothing)", up=up, down=down, nothing=sql.text(NOTHING)
        )
    )
    silent = sql.template("CONCAT('Not scored, too little is known. Unknown: ', :missing)", missing=missing)
    return sql.when((scored, spoken), otherwise=silent)


def shortened(value: Sql) -> Sql:
    """Text cut to what the property may hold."""
    return sql.template(
        "CASE WHEN LENGTH(:v) > :most THEN CONCAT(SUBSTR(:v, 1, :cut), '...') ELSE :v END",
        v=value, most=sql.integer(LONGEST), cut=sql.integer(LONGEST - 3),
    )  # fmt: skip


def _unknown(line: Line, weight: Decimal) -> Sql:
    known = sql.column(str(line.known_column))
    return sql.when((known, sql.decimal(Decimal(0))), otherwise=sql.decimal(weight))


def reasons(texts: Sequence[str], sizes: Sequence[Sql], lead: str) -> Sql:
    """The reasons of the largest positive sizes; the earlier one wins a tie."""
    structs = [
        sql.template("{'p': :p, 'i': :i, 'r': :r}", p=size, i=sql.integer(-number), r=sql.text(text.rstrip(".")))
        for number, (text, size) in enumerate(zip(texts, sizes, strict=True))
    ]
    return sql.template(
        ":lead || NULLIF(ARRAY_TO_STRING(LIST_TRANSFORM(LIST_SLICE(LIST_REVERSE_SORT("
        "LIST_FILTER(:all, LAMBDA x : x.p > 0)), 1, :n), LAMBDA x : x.r), '; '), '') || '.'",
        lead=sql.text(lead), all=exp.Array(expressions=structs), n=sql.integer(REASONS),
    )  # fmt: skip
