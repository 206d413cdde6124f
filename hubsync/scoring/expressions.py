"""The expressions of the YAML files: a small subset of SQL, checked word by word and built anew.

Nothing a user writes reaches the database as text: the parsed expression is walked, each node must be on the
list below, names are resolved by a scope, and the SQL is made by our own constructors (design §8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import ClassVar

import sqlglot
from sqlglot import exp

from hubsync.scoring import sql
from hubsync.scoring.functions import FUNCTIONS
from hubsync.scoring.meaning import ExpressionError, Meaning, Scope, made, nearest, typed

LONGEST = 2_000
DEEPEST = 40

_PERHAPS = frozenset({*sqlglot.Tokenizer.KEYWORDS, *sqlglot.Parser.NO_PAREN_FUNCTION_PARSERS})
"""What the parser may take for something else than a name; all other words are not worth asking it."""


def compile_expression(text: str, scope: Scope) -> Meaning:
    """Check an expression and build its SQL; raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression has {len(text)} characters, more than {LONGEST}")
    return _Builder(scope).build(_parsed(text), 0)


# A run compiles each text many times, and what is parsed is only read.
@lru_cache(maxsize=4_096)
def _parsed(text: str) -> exp.Expr:
    try:
        parsed = sqlglot.parse(text, dialect=_Language)
    except (sqlglot.errors.SqlglotError, RecursionError):
        raise ExpressionError(f"'{text[:80]}' is no expression", "Write for example: employees > 50") from None
    if len(parsed) != 1 or parsed[0] is None:
        raise ExpressionError(f"'{text[:80]}' is no single expression", "Join conditions with 'and' or 'or'.")
    return parsed[0]


def is_name(text: str) -> bool:
    """Whether expressions take a word for a name; some belong to the language itself, such as `case` and `select`."""
    if text.upper() not in _PERHAPS:
        return True
    try:
        tree = _parsed(f"{text} + 1 > coalesce({text}, 0) and ({text} > 1)")
    except ExpressionError:
        return False
    return [column.name for column in tree.find_all(exp.Column)] == [text] * 3


def compile_condition(text: str, scope: Scope) -> Meaning:
    """Like `compile_expression`, and it must be true or false; raises ExpressionError."""
    meaning = compile_expression(text, scope)
    if meaning.type != "bool":
        raise ExpressionError(f"'{text[:80]}' is a {meaning.type}, not a condition", "Compare it with something.")
    return meaning


def compile_number(text: str, scope: Scope) -> Meaning:
    """Like `compile_expression`, and it must be a number; a condition is 1 or 0; raises ExpressionError."""
    meaning = compile_expression(text, scope)
    if meaning.type == "bool":
        return made(sql.template("CAST(CAST(:v AS INTEGER) AS DOUBLE)", v=sql.paren(meaning.sql)), "number", meaning)
    if meaning.type != "number":
        raise ExpressionError(f"'{text[:80]}' is a {meaning.type}, not a number or a condition")
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
        return made(sql.paren(inner.sql), inner.type, inner)

    def negative(self, node: exp.Expr, depth: int) -> Meaning:
        inner = typed(self.build(node.this, depth), "number", "-")
        return made(exp.Neg(this=sql.paren(inner.sql)), "number", inner)

    def logic(self, node: exp.Expr, depth: int) -> Meaning:
        # A chain of ands leans to the left; it is walked flat so that long conditions stay allowed.
        sides = [typed(part, "bool", node.key) for part in self.parts(node.flatten(), depth)]
        join = sql.all_of if isinstance(node, exp.And) else sql.any_of
        return made(sql.paren(join(*(side.sql for side in sides))), "bool", *sides)

    def negation(self, node: exp.Expr, depth: int) -> Meaning:
        inner = typed(self.build(node.this, depth), "bool", "not")
        return made(exp.not_(sql.paren(inner.sql)), "bool", inner)

    def comparison(self, node: exp.Expr, depth: int) -> Meaning:
        left, right = _alike(self.parts((node.this, node.expression), depth), node)
        operator = _COMPARE[type(node)]
        if left.type == "bool" and operator not in ("=", "<>"):
            raise ExpressionError(f"'{node.sql()[:60]}' compares true and false by size", "Use = or <>.")
        built = sql.template(f":a {operator} :b", a=sql.paren(left.sql), b=sql.paren(right.sql))
        return made(built, "bool", left, right)

    def membership(self, node: exp.Expr, depth: int) -> Meaning:
        if not node.expressions or node.args.get("query"):
            raise ExpressionError(f"'{node.sql()[:60]}' needs a list", "Write for example: plan in ('pro', 'team').")
        first, *rest = _alike(self.parts((node.this, *node.expressions), depth), node)
        built = sql.paren(exp.In(this=sql.paren(first.sql), expressions=[each.sql for each in rest]))
        return made(built, "bool", first, *rest)

    def range(self, node: exp.Expr, depth: int) -> Meaning:
        value, low, high = _alike(self.parts((node.this, node.args["low"], node.args["high"]), depth), node)
        built = sql.paren(exp.Between(this=sql.paren(value.sql), low=low.sql, high=high.sql))
        return made(built, "bool", value, low, high)

    def arithmetic(self, node: exp.Expr, depth: int) -> Meaning:
        left, right = (typed(part, "number", node.sql()) for part in self.parts((node.this, node.expression), depth))
        if isinstance(node, exp.Div):
            return made(sql.ratio(left.sql, right.sql), "number", left, right)
        built = sql.finite(sql.template(f":a {_ARITHMETIC[type(node)]} :b", a=left.sql, b=right.sql))
        return made(built, "number", left, right)

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


def _alike(parts: list[Meaning], node: exp.Expr) -> list[Meaning]:
    """Bring the sides of a comparison to one type: text literals may stand for dates."""
    kinds = {part.type for part in parts}
    if kinds == {"text", "date"} or kinds == {"text", "datetime"} or kinds == {"date", "datetime"}:
        return [_as_day(part, node) for part in parts]
    if len(kinds) > 1:
        raise ExpressionError(
            f"'{node.sql()[:60]}' compares a {parts[0].type} with a {(kinds - {parts[0].type}).pop()}"
        )
    return parts


def _as_day(part: Meaning, node: exp.Expr) -> Meaning:
    if part.type == "date":
        return part
    if part.type == "datetime":
        return made(sql.cast(part.sql, "DATE"), "date", part)
    if not isinstance(part.sql, exp.Literal):
        raise ExpressionError(f"'{node.sql()[:60]}' compares a date with a text")
    try:
        return Meaning(sql.day(date.fromisoformat(part.sql.name)), "date")
    except ValueError:
        raise ExpressionError(f"'{part.sql.name[:40]}' is no date", "Write dates as '2026-01-31'.") from None
