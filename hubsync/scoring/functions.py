"""The functions that expressions may use."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from hubsync.scoring import sql
from hubsync.scoring.meaning import ExpressionError, Meaning, made, typed
from hubsync.scoring.sql import Sql
from hubsync.types import AsOf

Function = Callable[[str, list[Meaning], AsOf], Meaning]


def _count(name: str, given: list[Meaning], least: int, most: int | None = None) -> None:
    if len(given) < least or (most is not None and len(given) > most):
        wanted = f"{least}" if most == least else f"at least {least}" if most is None else f"{least} to {most}"
        raise ExpressionError(f"{name}() takes {wanted} value{'s' if wanted != '1' else ''}, not {len(given)}")


def _days(name: str, given: list[Meaning], as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    if given[0].type not in ("date", "datetime"):
        raise ExpressionError(f"{name}() needs a date, not a {given[0].type}")
    since = sql.age(given[0].sql, given[0].type, as_of)
    return made(since if name == "days_since" else exp.Neg(this=sql.paren(since)), "number", given[0])


def _ratio(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 2, 2)
    over, under = (typed(each, "number", name) for each in given)
    return made(sql.ratio(over.sql, under.sql), "number", over, under)


def _known(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    return made(sql.template(":v IS NOT NULL", v=sql.paren(given[0].sql)), "bool", given[0])


def _text_test(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 2)
    for each in given:
        typed(each, "text", name)
    shapes = {
        "contains": "CONTAINS(:a, :b)",
        "starts_with": "STARTS_WITH(:a, :b)",
        "has": "CONTAINS(';' || :a || ';', ';' || :b || ';')",
    }
    first, *others = (each.sql if name == "has" else _lowered(each.sql) for each in given)
    tests = [sql.template(shapes[name], a=first, b=other) for other in others]
    return made(sql.paren(sql.any_of(*tests)), "bool", *given)


def _same_type(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 2)
    if len({each.type for each in given}) > 1:
        raise ExpressionError(f"{name}() needs values of one type")
    parts = [each.sql for each in given]
    if name == "coalesce":
        return made(exp.Coalesce(this=parts[0], expressions=parts[1:]), given[0].type, *given)
    # An unknown side makes the result unknown; the engine would skip it.
    pick: Sql = (
        exp.Least(this=parts[0], expressions=parts[1:])
        if name == "least"
        else exp.Greatest(this=parts[0], expressions=parts[1:])
    )
    known = sql.all_of(*(sql.template(":v IS NOT NULL", v=sql.paren(part)) for part in parts))
    return made(sql.when((known, pick)), given[0].type, *given)


def _number(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    if name == "number":
        return made(sql.to_number(typed(given[0], "text", name).sql), "number", given[0])
    value = typed(given[0], "number", name)
    return made(sql.template(f"{name.upper()}(:v)", v=value.sql), "number", value)


def _lower(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    return made(_lowered(typed(given[0], "text", name).sql), "text", given[0])


def _lowered(value: Sql) -> Sql:
    # Beyond ASCII the engine has rules of its own.
    if isinstance(value, exp.Literal) and value.name.isascii():
        return sql.text(value.name.lower())
    return sql.template("LOWER(:v)", v=value)


FUNCTIONS: dict[str, Function] = {
    "days_since": _days, "days_until": _days, "ratio": _ratio, "known": _known,
    "contains": _text_test, "starts_with": _text_test, "has": _text_test,
    "coalesce": _same_type, "least": _same_type, "greatest": _same_type,
    "abs": _number, "floor": _number, "ceil": _number, "number": _number, "lower": _lower,
}  # fmt: skip
