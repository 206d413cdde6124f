"""The expressions of the YAML files: a small subset of SQL, checked word by word and built anew.

Nothing a user writes reaches the database as text: the parsed expression is walked, each node must be on the
list below, names are resolved by a scope, and the SQL is made by our own constructors (design §8).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Protocol

import sqlglot
from sqlglot import exp

from hubsync.scoring import sql
from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql
from hubsync.types import AsOf, PropertyType

LONGEST = 2_000
DEEPEST = 40
LARGEST = 2_000


class ExpressionError(ValueError):
    """An expression that can't be used: what is wrong, and a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True)
class Meaning:
    """A value of one record: its SQL over the columns of `needs`, its type, and whether a source allows it."""

    sql: Sql
    type: PropertyType
    needs: frozenset[Need] = frozenset()
    available: bool = True
    size: int = 1
    """How many values and operations it is made of, names written out."""


class Scope(Protocol):
    """What the names of an expression mean."""

    @property
    def as_of(self) -> AsOf:
        """The moment ages are counted to."""
        ...

    def resolve(self, name: str) -> Meaning:
        """The meaning of a name; raises ExpressionError with the nearest known name."""
        ...


def nearest(name: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?`, or nothing when no known name is near."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{match[0]}'?" if match else ""


def compile_expression(text: str, scope: Scope) -> Meaning:
    """Check an expression and build its SQL; raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression has {len(text)} characters, more than {LONGEST}")
    try:
        parsed = sqlglot.parse(text, dialect=_Language)
    except (sqlglot.errors.SqlglotError, RecursionError):
        raise ExpressionError(f"'{text[:80]}' is no expression", "Write for example: employees > 50") from None
    if len(parsed) != 1 or parsed[0] is None:
        raise ExpressionError(f"'{text[:80]}' is no single expression", "Join conditions with 'and' or 'or'.")
    return _Builder(scope).build(parsed[0], 0)


def compile_condition(text: str, scope: Scope) -> Meaning:
    """Like `compile_expression`, and it must be true or false; raises ExpressionError."""
    meaning = compile_expression(text, scope)
    if meaning.type != "bool":
        raise ExpressionError(f"'{text[:80]}' is a {meaning.type}, not a condition", "Compare it with something.")
    return meaning


_COMPARE: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}


class _Language(sqlglot.Dialect):
    """SQL's expressions with every function left as it is written: ours decide what a name means."""

    class Parser(sqlglot.Parser):
        """The parser without the engine's functions."""

        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {}
        NO_PAREN_FUNCTIONS: ClassVar = {}


class _Builder:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def build(self, node: exp.Expr, depth: int) -> Meaning:
        if depth > DEEPEST:
            raise ExpressionError("the expression is nested too deeply", "Split it into signals.")
        for types, handler in _NODES:
            if isinstance(node, types):
                return handler(self, node, depth + 1)
        raise ExpressionError(
            f"'{node.sql()[:60]}' is not allowed here",
            f"Allowed are comparisons, and, or, not, in, between, + - * / and {', '.join(sorted(FUNCTIONS))}.",
        )

    def parts(self, nodes: Iterable[exp.Expr], depth: int) -> list[Meaning]:
        return [self.build(node, depth) for node in nodes]

    def name(self, node: exp.Expr, _depth: int) -> Meaning:
        if not isinstance(node, exp.Column) or node.table or not isinstance(node.this, exp.Identifier):
            raise ExpressionError(f"'{node.sql()[:60]}' is not allowed here", "Use a name without dots.")
        return self.scope.resolve(node.name)

    def literal(self, node: exp.Expr, _depth: int) -> Meaning:
        if isinstance(node, exp.Boolean):
            return Meaning(exp.true() if node.this else exp.false(), "bool")
        if node.is_string:
            return Meaning(sql.text(node.name), "text")
        if not math.isfinite(float(node.name)):
            raise ExpressionError(f"the number {node.name[:40]} is too large")
        return Meaning(sql.double(node.name), "number")

    def paren(self, node: exp.Expr, depth: int) -> Meaning:
        inner = self.build(node.this, depth)
        return _made(exp.paren(inner.sql), inner.type, inner)

    def negative(self, node: exp.Expr, depth: int) -> Meaning:
        inner = _typed(self.build(node.this, depth), "number", "-")
        return _made(exp.Neg(this=exp.paren(inner.sql)), "number", inner)

    def logic(self, node: exp.Expr, depth: int) -> Meaning:
        # A chain of ands leans to the left; it is walked flat so that long conditions stay allowed.
        sides = [
            _typed(part, "bool", node.key) for part in self.parts(node.flatten(), depth)
        ]
        join = sql.all_of if isinstance(node, exp.And) else sql.any_of
        return _made(exp.paren(join(*(side.sql for side in sides))), "bool", *sides)

    def negation(self, node: exp.Expr, depth: int) -> Meaning:
        inner = _typed(self.build(node.this, depth), "bool", "not")
        return _made(exp.not_(exp.paren(inner.sql)), "bool", inner)

    def comparison(self, node: exp.Expr, depth: int) -> Meaning:
        left, right = _alike(self.parts((node.this, node.expression), depth), node)
        operator = _COMPARE[type(node)]
        if left.type == "bool" and operator not in ("=", "<>"):
            raise ExpressionError(f"'{node.sql()[:60]}' compares true and false by size", "Use = or <>.")
        made = sql.template(f":a {operator} :b", a=exp.paren(left.sql), b=exp.paren(right.sql))
        return _made(made, "bool", left, right)

    def membership(self, node: exp.Expr, depth: int) -> Meaning:
        if not node.expressions or node.args.get("query"):
            raise ExpressionError(f"'{node.sql()[:60]}' needs a list", "Write for example: plan in ('pro', 'team').")
        first, *rest = _alike(self.parts((node.this, *node.expressions), depth), node)
        made = exp.paren(exp.In(this=exp.paren(first.sql), expressions=[each.sql for each in rest]))
        return _made(made, "bool", first, *rest)

    def range(self, node: exp.Expr, depth: int) -> Meaning:
        value, low, high = _alike(self.parts((node.this, node.args["low"], node.args["high"]), depth), node)
        made = exp.paren(exp.Between(this=exp.paren(value.sql), low=low.sql, high=high.sql))
        return _made(made, "bool", value, low, high)

    def arithmetic(self, node: exp.Expr, depth: int) -> Meaning:
        left, right = (_typed(part, "number", node.sql()) for part in self.parts((node.this, node.expression), depth))
        if isinstance(node, exp.Div):
            return _made(sql.ratio(left.sql, right.sql), "number", left, right)
        made = sql.finite(sql.template(f":a {_ARITHMETIC[type(node)]} :b", a=left.sql, b=right.sql))
        return _made(made, "number", left, right)

    def function(self, node: exp.Expr, depth: int) -> Meaning:
        name = (node.name if isinstance(node, exp.Anonymous) else node.key).lower()
        if name not in FUNCTIONS:
            raise ExpressionError(
                f"the function {name}() is not allowed",
                nearest(name, FUNCTIONS) or f"Allowed are {', '.join(sorted(FUNCTIONS))}.",
            )
        arguments = self.parts(node.expressions, depth)
        return FUNCTIONS[name](name, arguments, self.scope.as_of)


_NODES: tuple[tuple[type | tuple[type, ...], Callable[[_Builder, exp.Expr, int], Meaning]], ...] = (
    (exp.Column, _Builder.name),
    ((exp.Literal, exp.Boolean), _Builder.literal),
    (exp.Paren, _Builder.paren),
    ((exp.And, exp.Or), _Builder.logic),
    (exp.Not, _Builder.negation),
    (tuple(_COMPARE), _Builder.comparison),
    (exp.In, _Builder.membership),
    (exp.Between, _Builder.range),
    ((exp.Add, exp.Sub, exp.Mul, exp.Div), _Builder.arithmetic),
    (exp.Neg, _Builder.negative),
    (exp.Func, _Builder.function),
)


def _made(made: Sql, kind: PropertyType, *parts: Meaning) -> Meaning:
    size = 1 + sum(part.size for part in parts)
    if size > LARGEST:
        raise ExpressionError("the expression grows too large with the signals it uses", "Use fewer signals in it.")
    needs = frozenset[Need]().union(*(part.needs for part in parts))
    return Meaning(made, kind, needs, all(part.available for part in parts), size)


def _typed(part: Meaning, kind: PropertyType, where: str) -> Meaning:
    if part.type != kind:
        expected = "a condition" if kind == "bool" else f"a {kind}"
        raise ExpressionError(f"'{where[:60]}' needs {expected}, not a {part.type}")
    return part


def _alike(parts: list[Meaning], node: exp.Expr) -> list[Meaning]:
    """Bring the sides of a comparison to one type: text literals may stand for dates."""
    kinds = {part.type for part in parts}
    if kinds == {"text", "date"} or kinds == {"text", "datetime"} or kinds == {"date", "datetime"}:
        return [_as_day(part, node) for part in parts]
    if len(kinds) > 1:
        raise ExpressionError(f"'{node.sql()[:60]}' compares a {parts[0].type} with a {(kinds - {parts[0].type}).pop()}")
    return parts


def _as_day(part: Meaning, node: exp.Expr) -> Meaning:
    if part.type == "date":
        return part
    if part.type == "datetime":
        return _made(exp.cast(part.sql, "DATE"), "date", part)
    if not isinstance(part.sql, exp.Literal):
        raise ExpressionError(f"'{node.sql()[:60]}' compares a date with a text")
    try:
        return Meaning(sql.day(date.fromisoformat(part.sql.name)), "date")
    except ValueError:
        raise ExpressionError(f"'{part.sql.name[:40]}' is no date", "Write dates as '2026-01-31'.") from None


_Function = Callable[[str, list[Meaning], AsOf], Meaning]


def _count(name: str, given: list[Meaning], least: int, most: int | None = None) -> None:
    if len(given) < least or (most is not None and len(given) > most):
        wanted = f"{least}" if most == least else f"at least {least}" if most is None else f"{least} to {most}"
        raise ExpressionError(f"{name}() takes {wanted} value{'s' if wanted != '1' else ''}, not {len(given)}")


def _days(name: str, given: list[Meaning], as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    if given[0].type not in ("date", "datetime"):
        raise ExpressionError(f"{name}() needs a date, not a {given[0].type}")
    since = sql.age(given[0].sql, given[0].type, as_of)
    return _made(since if name == "days_since" else exp.Neg(this=exp.paren(since)), "number", given[0])


def _ratio(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 2, 2)
    over, under = (_typed(each, "number", name) for each in given)
    return _made(sql.ratio(over.sql, under.sql), "number", over, under)


def _known(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    return _made(sql.template(":v IS NOT NULL", v=exp.paren(given[0].sql)), "bool", given[0])


def _text_test(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 2)
    for each in given:
        _typed(each, "text", name)
    shapes = {
        "contains": "CONTAINS(LOWER(:a), LOWER(:b))",
        "starts_with": "STARTS_WITH(LOWER(:a), LOWER(:b))",
        "has": "CONTAINS(';' || :a || ';', ';' || :b || ';')",
    }
    tests = [sql.template(shapes[name], a=given[0].sql, b=each.sql) for each in given[1:]]
    return _made(exp.paren(sql.any_of(*tests)), "bool", *given)


def _same_type(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 2)
    if len({each.type for each in given}) > 1:
        raise ExpressionError(f"{name}() needs values of one type")
    parts = [each.sql for each in given]
    if name == "coalesce":
        return _made(exp.Coalesce(this=parts[0], expressions=parts[1:]), given[0].type, *given)
    # An unknown side makes the result unknown; the engine would skip it.
    pick: Sql = exp.Least(this=parts[0], expressions=parts[1:]) if name == "least" else exp.Greatest(
        this=parts[0], expressions=parts[1:]
    )
    known = sql.all_of(*(sql.template(":v IS NOT NULL", v=exp.paren(part)) for part in parts))
    return _made(sql.when((known, pick)), given[0].type, *given)


def _number(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    if name == "number":
        return _made(sql.to_number(_typed(given[0], "text", name).sql), "number", given[0])
    value = _typed(given[0], "number", name)
    return _made(sql.template(f"{name.upper()}(:v)", v=value.sql), "number", value)


def _lower(name: str, given: list[Meaning], _as_of: AsOf) -> Meaning:
    _count(name, given, 1, 1)
    return _made(sql.template("LOWER(:v)", v=_typed(given[0], "text", name).sql), "text", given[0])


FUNCTIONS: dict[str, _Function] = {
    "days_since": _days, "days_until": _days, "ratio": _ratio, "known": _known,
    "contains": _text_test, "starts_with": _text_test, "has": _text_test,
    "coalesce": _same_type, "least": _same_type, "greatest": _same_type,
    "abs": _number, "floor": _number, "ceil": _number, "number": _number, "lower": _lower,
}  # fmt: skip
