"""Fits: what a kind measures over all records of a model before it can score one of them.

A fit is made once, on first use or by `hubsync fit`, and stored with the model's version; every run then scores with
it. So one record scored alone equals the same record in the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import partial, reduce
from typing import Any

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql

FEWEST = 5
"""Known values below which nothing is measured: the value stays unknown."""

FINENESS = 100
"""Steps of a distribution that a fit keeps, where there are more different values."""

Rows = Sequence[tuple[Any, ...]]
Knots = Sequence[Sequence[float]]
"""(value, 0-100) pairs, rising in both."""

_SHARES = Decimal("0.0001")


@dataclass(frozen=True)
class Fitted:
    """What the rows say: parameters as JSON can hold them, None when too little is known to keep anything.

    `notes` are sentences for people, such as what could not be measured.
    """

    parameters: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fitting:
    """What a model measures.

    `values` are read of every record of `who`, as SQL over its row; `query` makes the few rows that are wanted of
    the relation of these values (columns `record_id` and the names), all rows when it is None; `parameters` makes of
    the rows what is kept, without looking at anything else.
    """

    values: Mapping[str, Sql]
    needs: frozenset[Need]
    parameters: Callable[[Rows], Fitted]
    query: Callable[[exp.Select], exp.Select] | None = None


def distribution(names: Sequence[str]) -> Callable[[exp.Select], exp.Select]:
    """A query for rows (name, known, value, below, equal), rising, a row per different known value of each name.

    Where a name has more than a hundred different values, only those at which the share up to the value passes a
    whole per cent are there, and the first: never more than 101 rows a name. `below` and `equal` count records.
    """
    kept = f"different <= {FINENESS} OR place = 1 OR upto * {FINENESS} // known > below * {FINENESS} // known"

    def one(name: str) -> exp.Select:
        return _counted(name, "value", "below", "equal").where(sql.template(kept))

    return partial(_together, one, names)


def shares(names: Mapping[str, bool], count: int) -> Callable[[exp.Select], exp.Select]:
    """A query for rows (name, known, place, least, most): the values of each part when records are cut into `count`.

    The place counts from 0 and is the share of records that are strictly worse, so that equal values are in one
    part; `names` says whether higher is better.
    """

    def one(name: str) -> exp.Select:
        worse = "below" if names[name] else "known - upto"
        place = sql.template(f"LEAST(({worse}) * {count} // known, {count - 1})")
        parts = _counted(name, sql.alias(place, "part"), "value")
        wanted = ("name", "known", "part", sql.template("MIN(value)"), sql.template("MAX(value)"))
        of = exp.Subquery(this=parts, alias=exp.to_identifier("p"))
        return select(*wanted).from_(of).group_by("name", "known", "part")

    return partial(_together, one, names)


def _together(part: Callable[[str], exp.Select], names: Iterable[str], measured: exp.Select) -> exp.Select:
    parts: Iterable[exp.Query] = map(part, names)
    union = reduce(lambda one, other: exp.Union(this=one, expression=other, distinct=False), parts)
    rows = exp.Subquery(this=union, alias=exp.to_identifier("d"))
    return select("*").from_(rows).order_by("1", "3").with_("measured", as_=measured)


def _counted(name: str, *wanted: str | Sql) -> exp.Select:
    """The different known values of a name, with how many records are below, equal and up to each."""
    value = sql.column(name)
    # Of 0 and -0, which are equal, either could stand for both; the version of a fit must not depend on which.
    unsigned = sql.alias(sql.template(":v + :zero", v=value, zero=sql.double(0)), "value")
    counted = select(unsigned, sql.alias(sql.template("COUNT(*)"), "equal")).from_("measured")
    counted = counted.where(sql.template(":v IS NOT NULL", v=value)).group_by(value)
    running = select("value", "equal").from_(exp.Subquery(this=counted, alias=exp.to_identifier("c")))
    for alias, window in (
        ("upto", "CAST(SUM(equal) OVER (ORDER BY value) AS BIGINT)"),
        ("below", "CAST(SUM(equal) OVER (ORDER BY value) AS BIGINT) - equal"),
        ("known", "CAST(SUM(equal) OVER () AS BIGINT)"),
        ("place", "ROW_NUMBER() OVER (ORDER BY value)"),
        ("different", "COUNT(*) OVER ()"),
    ):
        running = running.select(sql.alias(sql.template(window), alias))
    source = exp.Subquery(this=running, alias=exp.to_identifier("n"))
    return select(sql.alias(sql.text(name), "name"), "known", *wanted).from_(source)


def too_few(name: str, known: int) -> str:
    """The sentence about a measure that is not fitted."""
    return f"{name} is known of {known:,} records, and at least {FEWEST} are needed: it stays unknown"


def percentile(below: int, equal: int, known: int) -> float:
    """The share of records below a value and half of those equal to it, 0-100 with four decimals, halves upwards."""
    exact = Decimal(2 * below + equal) * 50 / known
    return float(exact.quantize(_SHARES, ROUND_HALF_UP))


def scaled(value: Sql, knots: Knots) -> Sql:
    """A number on the scale of the knots: straight lines between them, 0 below the first and 100 above the last.

    A comparison halves the knots, so that of a hundred of them seven are looked at.
    """
    if not knots:
        return sql.null("DOUBLE")
    first, last = (sql.double(knots[place][0]) for place in (0, -1))
    inside = _between(value, knots) if len(knots) > 1 else sql.double(knots[0][1])
    return sql.when(
        (sql.template(":v IS NULL", v=value), sql.null("DOUBLE")),
        (sql.template(":v < :x", v=value, x=first), sql.double(0)),
        (sql.template(":v > :x", v=value, x=last), sql.double(100)),
        otherwise=inside,
    )


def _between(value: Sql, knots: Knots) -> Sql:
    if len(knots) > 2:
        middle = len(knots) // 2
        lower, upper = _between(value, knots[: middle + 1]), _between(value, knots[middle:])
        edge = sql.template(":v < :x", v=value, x=sql.double(knots[middle][0]))
        return sql.when((edge, lower), otherwise=upper)
    (low, start), (high, end) = knots
    # Halved first: the difference of two values can leave the range of numbers, that of their halves can't.
    width = high / 2 - low / 2
    if width == 0:
        return sql.double(start)
    return sql.template(
        ":start + ((:v / 2 - :low) / :width) * :rise",
        start=sql.double(start), v=value, low=sql.double(low / 2), width=sql.double(width),
        rise=sql.double(end - start),
    )  # fmt: skip
