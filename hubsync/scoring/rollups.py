"""Roll-ups: one value per record from its associated records."""

from __future__ import annotations

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.feeds import LINKS
from hubsync.scoring.meaning import Meaning
from hubsync.scoring.signals import Signal
from hubsync.scoring.sql import Sql

WIDEST = 1e11
"""A number beyond it doesn't fit an exact sum: it is a mistake of who typed it, and unknown."""


def rollup(signal: Signal, meaning: Meaning, rows: exp.Select) -> exp.Select:
    """(record_id, value) for every record with at least one known associated value.

    `rows` are the associated records with the columns that `meaning` reads. Ties of a `top N` are settled by the
    record id, so that two runs take the same records.
    """
    assert signal.take is not None and signal.over is not None and signal.object is not None
    forward = (signal.over, signal.object) in LINKS
    pair = (signal.over, signal.object) if forward else (signal.object, signal.over)
    own, other = ("to_id", "from_id") if forward else ("from_id", "to_id")
    values = select(
        sql.alias(sql.column("record_id"), "other_id"), sql.alias(_number(meaning, signal.take.how), "value")
    ).from_(exp.Subquery(this=rows, alias=exp.to_identifier("o")))
    joined = (
        select(
            sql.alias(sql.column(own, "l"), "record_id"),
            sql.column("other_id", "v"),
            sql.column("value", "v"),
        )
        .from_(exp.to_table(f"links_{pair[0]}_{pair[1]}").as_("l"))
        .join(
            exp.Subquery(this=values),
            on=sql.template(":a = :b", a=sql.column(other, "l"), b=sql.column("other_id", "v")),
            join_alias="v",
        )
        .where(sql.template(":v IS NOT NULL", v=sql.column("value", "v")))
    )
    if signal.via == "primary":
        joined = joined.where(sql.column("is_primary", "l"))
    if signal.take.top is not None:
        joined = _top(joined, signal.take.top)
    reduced = sql.alias(_reduce(signal.take.how), "value")
    return (
        select("record_id", reduced)
        .from_(exp.Subquery(this=joined, alias=exp.to_identifier("t")))
        .group_by("record_id")
    )


def _number(meaning: Meaning, how: str) -> Sql:
    if meaning.type == "bool":
        return sql.template("CAST(CAST(:v AS INTEGER) AS DOUBLE)", v=sql.paren(meaning.sql))
    if how in ("sum", "avg"):
        return sql.template("CASE WHEN ABS(:v) < :most THEN :v END", v=sql.paren(meaning.sql), most=sql.double(WIDEST))
    return meaning.sql


def _top(joined: exp.Select, count: int) -> exp.Select:
    place = sql.template(
        "ROW_NUMBER() OVER (PARTITION BY :r ORDER BY :v DESC, :o)",
        r=sql.column("record_id"), v=sql.column("value"), o=sql.column("other_id"),
    )  # fmt: skip
    numbered = select("*", sql.alias(place, "place")).from_(exp.Subquery(this=joined, alias=exp.to_identifier("j")))
    return (
        select("record_id", "value")
        .from_(exp.Subquery(this=numbered, alias=exp.to_identifier("n")))
        .where(sql.template(":p <= :n", p=sql.column("place"), n=sql.integer(count)))
    )


def _reduce(how: str) -> Sql:
    value = sql.column("value")
    # Sums of doubles depend on their order; sums of decimals do not.
    exact = sql.template(f"SUM(CAST(ROUND(:v, 6) AS {sql.SCALE}))", v=value)
    match how:
        case "max" | "min":
            return sql.template(f"{how.upper()}(:v)", v=value)
        case "count":
            return sql.template("CAST(COUNT(*) FILTER (WHERE :v <> 0) AS DOUBLE)", v=value)
        case "sum":
            return sql.template("CAST(:s AS DOUBLE)", s=exact)
        case _:
            return sql.template("CAST(:s AS DOUBLE) / COUNT(*)", s=exact)
