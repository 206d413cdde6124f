"""How the constructors are written for Spark: what its functions do differently is put right here, once per form.

The tree is DuckDB's; its own text stays as it is. The session must run in ANSI mode and in UTC, where an overflow is
an error as it is in DuckDB. Spark's forms, and what is written instead:

- `get_json_object` can't name every key: the object is read as a map of texts.
- Regular expressions are searched for, and `$` stands before a last line break: `\\A(?:...)\\z`.
- A division by zero ends the statement, and what guards it may be worked out later: `TRY_DIVIDE` makes it unknown.
- CEIL and FLOOR give whole numbers of 64 bits: a wider DOUBLE is whole already.
- ROUND works on decimal digits, DuckDB's on the number times a million.
- LOWER looks at the letters beside a sigma and makes two of a dotted I; DuckDB's takes each letter alone.
- There are two kinds of timestamp: all of ours are those without a time zone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator

_INFINITY = "CAST('Infinity' AS DOUBLE)"
_WHOLE_FROM = "9.0E15D"
"""Beyond it no DOUBLE has a fraction, and below it each whole one fits in 64 bits."""

_SINGLE_LETTERS = ("Σİ", "σi")


class _Generator(SparkGenerator):
    """Spark's text of a tree that was made for DuckDB."""

    def _json(self, node: exp.JSONExtractScalar) -> str:
        path = node.args["expression"].name
        key = exp.Literal.string(path.removeprefix('$."').removesuffix('"').replace('\\"', '"'))
        return f"FROM_JSON({self.sql(node, 'this')}, 'MAP<STRING, STRING>')[{self.sql(key)}]"

    def _full_match(self, node: exp.RegexpFullMatch) -> str:
        pattern = exp.Literal.string(rf"\A(?:{node.expression.name})\z")
        return f"{self.sql(node, 'this')} RLIKE {self.sql(pattern)}"

    def _divide(self, node: exp.Div) -> str:
        return f"TRY_DIVIDE({self.sql(node, 'this')}, {self.sql(node, 'expression')})"

    def _whole(self, node: exp.Ceil | exp.Floor) -> str:
        value, name = self.sql(node, "this"), type(node).__name__.upper()
        return f"CASE WHEN ABS({value}) < {_WHOLE_FROM} THEN CAST({name}({value}) AS DOUBLE) ELSE {value} END"

    def _round(self, node: exp.Round) -> str:
        times = f"1.0E{node.args['decimals'].name}D"
        value = self.sql(node, "this")
        return (
            f"CASE WHEN ABS({value} * {times}) < {_INFINITY} THEN ROUND({value} * {times}) / {times} ELSE {value} END"
        )

    def _lower(self, node: exp.Lower) -> str:
        given, made = (self.sql(exp.Literal.string(letters)) for letters in _SINGLE_LETTERS)
        return f"LOWER(TRANSLATE({self.sql(node, 'this')}, {given}, {made}))"

    def _from_millis(self, node: exp.UnixToTime) -> str:
        return f"CAST(TIMESTAMP_MILLIS({self.sql(node, 'this')}) AS TIMESTAMP_NTZ)"

    def _function(self, node: exp.Anonymous) -> str:
        (value,) = (self.sql(each) for each in node.expressions)
        return _FUNCTIONS[node.name.upper()].format(value)

    TRANSFORMS: ClassVar[dict[type[exp.Expr], Callable[..., Any]]] = {
        **SparkGenerator.TRANSFORMS,
        exp.JSONExtractScalar: _json,
        exp.RegexpFullMatch: _full_match,
        exp.Div: _divide,
        exp.Ceil: _whole,
        exp.Floor: _whole,
        exp.Round: _round,
        exp.Lower: _lower,
        exp.UnixToTime: _from_millis,
        exp.Anonymous: _function,
    }


_FUNCTIONS = {
    # NaN is the largest number.
    "ISFINITE": f"(ABS({{}}) < {_INFINITY})",
    "EPOCH_US": "UNIX_MICROS(CAST({} AS TIMESTAMP_LTZ))",
    "TO_MINUTES": "MAKE_DT_INTERVAL(0, 0, {})",
}


class SignalsOnSpark(Spark):
    """Spark's SQL as the signals need it."""

    Generator = _Generator
