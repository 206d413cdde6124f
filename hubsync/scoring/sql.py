"""The constructors of all scoring SQL: every identifier quoted, every literal typed, unknown is NULL.

Engines differ on 1/0, on NaN and Infinity as text, on offsets in timestamps and on decimal arithmetic; each
constructor settles one of these, and the parity tests compare it with plain Python on edge values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache

import sqlglot
from sqlglot import exp

from hubsync.types import AsOf, PropertyType

DIALECT = "duckdb"
SCALE = "DECIMAL(18, 6)"
DAY_US = 86_400_000_000
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
_BLANKS = " \t\r\n\u00a0"
_MILLIS = r"[0-9]{12,13}"
# The first millisecond of the year 2200: as in ISO text, later dates are taken for mistakes.
_MOST_MILLIS = 7_258_118_400_000
_ISO = (
    r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?( ?(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9]))?)?"
)
# No contribution can leave DECIMAL(18,6), however often an event happened.
MOST_POINTS = Decimal(1_000_000_000)

Sql = exp.Expr

_OPERATORS = (exp.Binary, exp.Unary, exp.Predicate)


@cache
def _parsed(template: str) -> Sql:
    return sqlglot.parse_one(template, dialect=DIALECT)


def template(text: str, **parts: Sql) -> Sql:
    """Fill the `:name` places of a SQL template with expressions.

    The parts are shared, not copied: expressions are never changed once they are made.
    """
    # Copying each part, and so each part of a part once more, was half of what a run cost.
    filled = _filled(_parsed(text), parts)
    return paren(filled) if isinstance(filled, exp.Binary | exp.Connector) else filled


def _filled(node: Sql, parts: Mapping[str, Sql]) -> Sql:
    if isinstance(node, exp.Placeholder):
        part = parts[node.name]
        return paren(part) if isinstance(part, _OPERATORS) and not isinstance(part, exp.Paren) else part
    made: dict[str, object] = {}
    for key, held in node.args.items():
        if isinstance(held, list):
            made[key] = [_filled(one, parts) if isinstance(one, exp.Expr) else one for one in held]
        else:
            made[key] = _filled(held, parts) if isinstance(held, exp.Expr) else held
    return node.__class__(**made)


def render(sql: Sql, dialect: str | type[sqlglot.Dialect] = DIALECT) -> str:
    """The statement as text for DuckDB, or for another engine in its dialect."""
    return sql.sql(dialect=dialect, copy=False)


def column(name: str, table: str | None = None) -> Sql:
    """A quoted column."""
    return exp.Column(this=_quoted(name), table=_quoted(table) if table else None)


def _quoted(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=True)


def alias(value: Sql, name: str) -> Sql:
    """A value under a quoted name."""
    return exp.Alias(this=value, alias=_quoted(name))


def paren(value: Sql) -> Sql:
    """A value in parentheses."""
    return exp.Paren(this=value)


def cast(value: Sql, kind: str) -> Sql:
    """A value as an SQL type."""
    return exp.Cast(this=value, to=_type(kind))


@cache
def _type(kind: str) -> exp.DataType:
    return exp.DataType.build(kind, dialect=DIALECT)


def text(value: str) -> Sql:
    """A text literal."""
    return exp.Literal.string(value)


def double(value: float | str) -> Sql:
    """A number literal as DOUBLE."""
    return cast(exp.Literal.string(str(value)), "DOUBLE")


def decimal(value: Decimal) -> Sql:
    """A literal of exact points."""
    return cast(exp.Literal.string(f"{value:f}"), SCALE)


def integer(value: int) -> Sql:
    """An integer literal."""
    return cast(exp.Literal.string(str(value)), "BIGINT")


def moment(value: datetime) -> Sql:
    """A timestamp literal, naive UTC."""
    return cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMP")


def day(value: date) -> Sql:
    """A date literal."""
    return cast(exp.Literal.string(value.isoformat()), "DATE")


def null(kind: str) -> Sql:
    """An unknown value of an SQL type."""
    return cast(exp.Null(), kind)


SQL_TYPES: dict[PropertyType, str] = {
    "number": "DOUBLE",
    "text": "VARCHAR",
    "bool": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}


def json_text(json: Sql, key: str) -> Sql:
    """One value of a JSON object as trimmed text; empty text is unknown."""
    path = '$."' + key.replace('"', '\\"') + '"'
    return template(
        "NULLIF(TRIM(JSON_EXTRACT_STRING(:json, :path), :blanks), '')", json=json, path=text(path), blanks=text(_BLANKS)
    )


def read(raw: Sql, kind: PropertyType) -> Sql:
    """Text from HubSpot as a value of the property's type; what can't be read is unknown."""
    readers = {"number": to_number, "bool": to_bool, "date": to_date, "datetime": to_moment}
    return readers[kind](raw) if kind in readers else raw


def to_number(raw: Sql) -> Sql:
    """A finite DOUBLE, or unknown; `N/A`, `NaN` and `Infinity` are unknown."""
    return template(
        "CASE WHEN REGEXP_FULL_MATCH(:raw, :pattern) AND ISFINITE(TRY_CAST(:raw AS DOUBLE))"
        " THEN TRY_CAST(:raw AS DOUBLE) END",
        raw=raw,
        pattern=text(_NUMBER),
    )


def to_bool(raw: Sql) -> Sql:
    """A condition written as true or false in any case, or unknown."""
    return template("CASE LOWER(:raw) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END", raw=raw)


def to_moment(raw: Sql) -> Sql:
    """ISO text with or without time, fraction and offset, or milliseconds; naive UTC, or unknown."""
    # DuckDB's cast ignores an offset, so it is read apart and taken off.
    return template(
        "CASE WHEN REGEXP_FULL_MATCH(:raw, :millis) AND TRY_CAST(:raw AS BIGINT) < :most"
        " THEN EPOCH_MS(TRY_CAST(:raw AS BIGINT))"
        " WHEN REGEXP_FULL_MATCH(:raw, :iso) THEN"
        " TRY_CAST(REGEXP_REPLACE(:raw, ' ?(Z|[+-][0-9]{2}:?[0-9]{2})$', '') AS TIMESTAMP)"
        " - TO_MINUTES(CASE WHEN REGEXP_MATCHES(:raw, ':[0-9]{2}([.][0-9]+)? ?[+-][0-9]{2}:?[0-9]{2}$') THEN"
        " CAST(REGEXP_EXTRACT(:raw, '([+-][0-9]{2}):?[0-9]{2}$', 1) AS INTEGER) * 60"
        " + CAST(REGEXP_EXTRACT(:raw, '([+-])[0-9]{2}:?[0-9]{2}$', 1)"
        " || REGEXP_EXTRACT(:raw, '[+-][0-9]{2}:?([0-9]{2})$', 1) AS INTEGER) ELSE 0 END) END",
        raw=raw,
        millis=text(_MILLIS),
        most=integer(_MOST_MILLIS),
        iso=text(_ISO),
    )


def to_date(raw: Sql) -> Sql:
    """The UTC day of a moment, as HubSpot stores dates (midnight UTC)."""
    return cast(to_moment(raw), "DATE")


def age(value: Sql, kind: PropertyType, as_of: AsOf) -> Sql:
    """Whole portal days from a date or moment to `as_of`: 0 today, 1 yesterday, negative in the future."""
    if kind == "date":
        return template("CAST(DATE_DIFF('day', :value, :day) AS DOUBLE)", value=value, day=day(as_of.day))
    return template(
        "CEIL(CAST(EPOCH_US(:start) - EPOCH_US(:value) AS DOUBLE) / :us)",
        start=moment(as_of.day_start),
        value=value,
        us=double(DAY_US),
    )


def ratio(over: Sql, under: Sql) -> Sql:
    """A quotient; a division by zero is unknown."""
    return template("CASE WHEN :b <> 0 AND ISFINITE(:a / :b) THEN :a / :b END", a=over, b=under)


def finite(value: Sql) -> Sql:
    """A DOUBLE that overflowed is unknown."""
    return template("CASE WHEN ISFINITE(:v) THEN :v END", v=value)


def points(value: Sql) -> Sql:
    """A DOUBLE as exact points: rounded to six decimals."""
    return template(f"CAST(ROUND(:v, 6) AS {SCALE})", v=value)


def exact(value: Sql) -> Sql:
    """An exact sum, which is known, brought back to the width of points, within bounds no honest score reaches."""
    return template(f"CAST(GREATEST(LEAST(:v, {MOST_POINTS}), -{MOST_POINTS}) AS {SCALE})", v=value)


def half_up(value: Sql) -> Sql:
    """An exact number rounded to a whole one, halves upwards (T5)."""
    return template(f"CAST(FLOOR(:v + CAST('0.5' AS {SCALE})) AS {SCALE})", v=value)


def when(*branches: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    """A CASE over conditions in order."""
    case = exp.Case()
    for condition, result in branches:
        case = case.when(condition, result, copy=False)
    return case.else_(otherwise, copy=False) if otherwise is not None else case


def all_of(*conditions: Sql) -> Sql:
    """AND over conditions; none is true."""
    return exp.and_(*conditions, copy=False) if conditions else exp.true()


def any_of(*conditions: Sql) -> Sql:
    """OR over conditions; none is false."""
    return exp.or_(*conditions, copy=False) if conditions else exp.false()


def total(values: list[Sql]) -> Sql:
    """An exact sum of points; bounded terms can't leave its width."""
    return cast(added([decimal(Decimal(0)), *values]), SCALE)


def added(values: list[Sql]) -> Sql:
    """The sum of one or more numbers, in the width that it takes."""
    result, *rest = values
    for value in rest:
        result = exp.Add(this=result, expression=paren(value))
    return result
