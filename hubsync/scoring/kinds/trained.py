"""The kind `trained`: a logistic regression whose coefficients are declared, told in points.

Only models that are linear in log-odds are offered, because only they can be explained by lines that add up
(checklist 112, 116, 140); random forests and boosting are not. The coefficients come from a training of your own,
or from `hubsync train` once that is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from hubsync.scoring import sql
from hubsync.scoring.body import Body, Term
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.expressions import compile_number
from hubsync.scoring.kinds.base import Kind, Part
from hubsync.scoring.meaning import Meaning
from hubsync.scoring.naming import line_name
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import FINEST, Declaration, Name, Number, Points, Text
from hubsync.scoring.vocabulary import Vocabulary


class Input(Declaration):
    """One value and what a unit of it moves the log-odds by, away from its `center`.

    A condition is 1 or 0. `spread` is how far the value typically lies from its center, in its own unit: with the
    coefficient it says how much the input weighs in known data.
    """

    name: Name | None = None
    value: str
    coefficient: Number
    center: Number = Decimal(0)
    spread: Annotated[Number, Field(gt=0)] = Decimal(1)
    reason: Text

    @field_validator("coefficient")
    @classmethod
    def _moves(cls, value: Decimal) -> Decimal:
        if value == 0:
            raise ValueError("an input with the coefficient 0 changes nothing; remove it")
        return value


class TrainedModel(ModelDeclaration):
    """Log-odds as a sum, and how they become a score: offset + factor x log-odds."""

    kind: Literal["trained"]
    intercept: Number
    offset: Points = Decimal(50)
    factor: Points = Decimal(20)
    inputs: Annotated[tuple[Input, ...], Field(min_length=1)]

    @field_validator("factor")
    @classmethod
    def _scales(cls, value: Decimal) -> Decimal:
        if value == 0:
            raise ValueError("'factor' is the points of one unit of log-odds; it can't be 0")
        return value

    @model_validator(mode="after")
    def _bounded(self) -> TrainedModel:
        most = sql.MOST_POINTS
        if abs(self.offset + self.factor * self.intercept) > most:
            raise ValueError(f"'factor' times 'intercept' is more than {most:,} points; let 'factor' be smaller")
        heavy = (each for each in self.inputs if abs(each.coefficient * self.factor) * each.spread > most)
        if (each := next(heavy, None)) is not None:
            raise ValueError(
                f"of the inputs, '{each.value}' has 'coefficient' times 'spread' times 'factor' of more than {most:,}"
                " points; look at the three"
            )
        return self


class TrainedKind(Kind):
    """A sum of log-odds, line by line; a negative factor lets a high score mean a low probability."""

    name = "trained"
    declaration = TrainedModel
    makes = frozenset({"probability"})

    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile every input; raises ExpressionError."""
        assert isinstance(model, TrainedModel)
        start = (model.offset + model.factor * model.intercept).quantize(FINEST)
        inputs = [compile_number(each.value, vocabulary.scope(str(model.object))) for each in model.inputs]
        moved = {f"moved_{place}": _moved(each, inputs[place], model) for place, each in enumerate(model.inputs)}
        terms = tuple(
            _term(each, inputs[place], sql.column(f"moved_{place}"), model) for place, each in enumerate(model.inputs)
        )
        return Body(
            start, terms, self.tiers(model), steps=(moved,), extras={"probability": _probability(start, terms, model)}
        )

    def attainable(self, model: ModelDeclaration) -> Decimal:
        """Log-odds have no end: the range has."""
        return model.between[1]

    def parts(self, model: ModelDeclaration) -> Iterator[Part]:
        """A line per input."""
        assert isinstance(model, TrainedModel)
        for place, each in enumerate(model.inputs):
            yield Part(("inputs", place), line_name(each.name, each.reason), (("value", each.value),))


KIND = TrainedKind()


def _moved(each: Input, value: Meaning, model: TrainedModel) -> Sql:
    """What an input moves the score by; unknown where its value is."""
    moved = sql.template(
        "GREATEST(LEAST(:w * (:v - :c), :most), :least)",
        w=sql.double(str(each.coefficient * model.factor)), v=sql.paren(value.sql), c=sql.double(str(each.center)),
        most=sql.double(str(sql.MOST_POINTS)), least=sql.double(str(-sql.MOST_POINTS)),
    )  # fmt: skip
    # GREATEST and LEAST skip an unknown value.
    return sql.points(sql.when((sql.template(":v IS NOT NULL", v=sql.paren(value.sql)), moved)))


def _term(each: Input, value: Meaning, moved: Sql, model: TrainedModel) -> Term:
    """One input; where its value is unknown it gives nothing, as if it lay at its center."""
    # An input that weighs less than a millionth of a point still counts for known data.
    weight = max((abs(each.coefficient * model.factor) * each.spread).quantize(FINEST), FINEST)
    known = sql.template(":m IS NOT NULL", m=moved)
    name = line_name(each.name, each.reason)
    return Term(name, each.reason, moved, known, weight, None, value.available, value.needs)


def _probability(start: Decimal, terms: tuple[Term, ...], model: TrainedModel) -> Sql:
    """The probability that the exact sum of the lines stands for, whatever the range makes of it."""
    zero = sql.decimal(Decimal(0))
    given = [sql.template("COALESCE(:p, :zero)", p=term.points, zero=zero) for term in terms if term.available]
    return sql.template(
        "1 / (1 + EXP((:offset - CAST(:raw AS DOUBLE)) / :factor))",
        raw=sql.total([sql.decimal(start), *given]),
        offset=sql.double(str(model.offset)), factor=sql.double(str(model.factor)),
    )  # fmt: skip
