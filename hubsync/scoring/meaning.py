"""What a name or an expression means: a value of one record as SQL, with what it needs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql
from hubsync.types import AsOf, PropertyType

LARGEST = 2_000
"""Values and operations of one expression, names written out."""


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


def made(value: Sql, kind: PropertyType, *parts: Meaning) -> Meaning:
    """A value made of others: it needs what they need; raises ExpressionError when it grows too large."""
    size = 1 + sum(part.size for part in parts)
    if size > LARGEST:
        raise ExpressionError("the expression grows too large with the signals it uses", "Use fewer signals in it.")
    needs = frozenset[Need]().union(*(part.needs for part in parts))
    return Meaning(value, kind, needs, all(part.available for part in parts), size)


def typed(part: Meaning, kind: PropertyType, where: str) -> Meaning:
    """The value, which must have this type; raises ExpressionError."""
    if part.type != kind:
        expected = "a condition" if kind == "bool" else f"a {kind}"
        raise ExpressionError(f"'{where[:60]}' needs {expected}, not a {part.type}")
    return part
