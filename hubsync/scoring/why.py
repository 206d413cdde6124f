"""The `why` text of a record: two reasons up, two down, no number that ticks daily (design §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

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
    up = reasons([line.reason for line in rules], _listed(line.column for line in rules), "Up: ")
    lowering = [*rules, *(line for line in lines if line.rule == CAP)]
    down = reasons([line.reason for line in lowering], _listed(line.column for line in lowering), "Down: ", sign=-1)
    missing = reasons([line.reason for line in rules], _gaps(rules, weights), "")
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


def _listed(columns: Iterable[str]) -> Sql:
    return exp.Array(expressions=[sql.column(name) for name in columns])


def _gaps(rules: Sequence[Line], weights: Sequence[Decimal]) -> Sql:
    """The weight of each rule that is not known, 0 of the others."""
    return sql.template(
        "LIST_TRANSFORM(:known, LAMBDA k, place : CASE WHEN k THEN :zero ELSE LIST_EXTRACT(:weights, place) END)",
        known=_listed(str(line.known_column) for line in rules), zero=sql.decimal(Decimal(0)),
        weights=exp.Array(expressions=[sql.decimal(weight) for weight in weights]),
    )  # fmt: skip


def reasons(texts: Sequence[str], sizes: Sql, lead: str, sign: Literal[1, -1] = 1) -> Sql:
    """The reasons of the largest sizes of one sign, of a list of them; the earlier one wins a tie."""
    size = "-size" if sign == 1 else "size"
    # By their places, not paired with their sizes: a struct per rule makes a long statement, and planning it dear.
    return sql.template(
        ":lead || NULLIF(ARRAY_TO_STRING(LIST_TRANSFORM(LIST_SLICE(LIST_SORT(LIST_FILTER(LIST_TRANSFORM("
        f":sizes, LAMBDA size, place : {{'s': {size}, 'p': place}}), LAMBDA x : x.s < 0)), 1, :n),"
        " LAMBDA x : LIST_EXTRACT(:texts, x.p)), '; '), '') || '.'",
        lead=sql.text(lead), sizes=sizes, n=sql.integer(REASONS),
        texts=exp.Array(expressions=[sql.text(text.rstrip(".")) for text in texts]),
    )  # fmt: skip
