"""The kind `combined`: fit and engagement blended by the share of what each can reach, with the A1-C3 matrix."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from hubsync.scoring import sql
from hubsync.scoring.body import Axis, Band, Body, Term
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.kinds.base import Kind, score_axis
from hubsync.scoring.meaning import ExpressionError, Meaning
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import Declaration, Name, Points
from hubsync.scoring.vocabulary import Vocabulary

HUNDRED = Decimal(100)


Letter = Annotated[str, Field(pattern="^[ABC]$")]
Digit = Annotated[str, BeforeValidator(str), Field(pattern="^[123]$")]


def _bounds(*names: str, at: tuple[int, ...]) -> dict[str, Decimal]:
    return {name: Decimal(bound) for name, bound in zip(names, at, strict=True)}


class Weights(Declaration):
    """How much each side counts."""

    fit: Annotated[Points, Field(gt=0)] = Decimal(50)
    engagement: Annotated[Points, Field(gt=0)] = Decimal(50)


class Matrix(Declaration):
    """Lower bounds of the bands, in per cent of what each side can reach; the first band is the best."""

    fit: dict[Letter, Points] = Field(default_factory=lambda: _bounds("A", "B", "C", at=(70, 40, 0)))
    engagement: dict[Digit, Points] = Field(default_factory=lambda: _bounds("1", "2", "3", at=(60, 25, 0)))

    @model_validator(mode="after")
    def _falling(self) -> Matrix:
        for bands, names in ((self.fit, ["A", "B", "C"]), (self.engagement, ["1", "2", "3"])):
            bounds = list(bands.values())
            if list(bands) != names or bounds[-1] != 0 or bounds != sorted(set(bounds), reverse=True):
                raise ValueError(f"the matrix names {', '.join(names)} in this order, with falling bounds down to 0")
        return self


class CombinedModel(ModelDeclaration):
    """Two ingredients, each a model of the same object or a roll-up of one."""

    kind: Literal["combined"]
    fit: Name
    engagement: Name
    weights: Weights = Weights()
    matrix: Matrix | None = None

    @model_validator(mode="after")
    def _one_naming(self) -> CombinedModel:
        if self.matrix is not None and self.tiers:
            raise ValueError("a combined model has either 'matrix' or 'tiers'")
        return self

    @property
    def named_by(self) -> Matrix | None:
        """The matrix that names the tiers: A1-C3 unless tiers are declared."""
        return None if self.tiers else self.matrix or Matrix()


class CombinedKind(Kind):
    """The blend of two sides; a side that is unknown gives its weight to the other."""

    name = "combined"
    declaration = CombinedModel

    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile both sides; raises ExpressionError."""
        assert isinstance(model, CombinedModel)
        fit, engagement = (_side(getattr(model, key), model, vocabulary) for key in ("fit", "engagement"))
        weights = model.weights
        terms = (
            _term("fit", "how well it fits", fit, engagement, weights.fit, weights.engagement),
            _term("engagement", "how engaged it is", engagement, fit, weights.engagement, weights.fit),
        )
        why = _why((model.fit, model.engagement), vocabulary)
        return Body(Decimal(0), terms, self._axes(model, fit, engagement), why=why)

    def attainable(self, model: ModelDeclaration) -> Decimal:
        """A blend reaches 100 at the most."""
        return min(HUNDRED, model.between[1])

    def tiers(self, model: ModelDeclaration) -> tuple[Axis, ...]:
        """The two axes of the matrix, or the declared tiers."""
        assert isinstance(model, CombinedModel)
        return self._axes(model, None, None)

    def _axes(self, model: CombinedModel, fit: Meaning | None, engagement: Meaning | None) -> tuple[Axis, ...]:
        matrix = model.named_by
        if matrix is None:
            return score_axis(model)
        sides = (("fit", matrix.fit, fit), ("engagement", matrix.engagement, engagement))
        return tuple(_axis(name, bands, side) for name, bands, side in sides)


KIND = CombinedKind()


def _axis(name: str, bounds: dict[str, Decimal], side: Meaning | None) -> Axis:
    bands = tuple(Band(label.lower(), least) for label, least in reversed(list(bounds.items())))
    if side is None:
        return Axis(name, bands)
    percent = sql.template("COALESCE(:s, 0) * 100", s=sql.paren(side.sql))
    return Axis(name, bands, sql.points(percent), side.needs)


def _side(name: str, model: CombinedModel, vocabulary: Vocabulary) -> Meaning:
    """The share, 0 to 1, of what the ingredient can reach; raises ExpressionError."""
    meaning = vocabulary.scope(str(model.object)).resolve(name)
    if meaning.type != "number":
        raise ExpressionError(f"'{name}' is a {meaning.type}; an ingredient is a model or a roll-up of one")
    most = _attainable(name, vocabulary)
    share = sql.template("GREATEST(LEAST(:v / :most, 1), 0)", v=meaning.sql, most=sql.double(str(most)))
    share = sql.when((sql.template(":v IS NOT NULL", v=sql.paren(meaning.sql)), share))
    return Meaning(share, "number", meaning.needs, meaning.available)


def _attainable(name: str, vocabulary: Vocabulary) -> Decimal:
    from hubsync.scoring.kinds import KINDS

    signal = vocabulary.signals.get(name)
    base = signal.of if signal is not None and signal.of is not None else name
    model = vocabulary.models.get(base)
    if model is None:
        raise ExpressionError(f"'{name}' is no model and no roll-up of a model", "Name a model, or a signal with 'of'.")
    most = KINDS[model.kind].attainable(model)
    if most <= 0:
        raise ExpressionError(f"the model '{base}' can't reach a score above 0")
    return most


def _term(rule: str, reason: str, side: Meaning, other: Meaning, weight: Decimal, others: Decimal) -> Term:
    known = sql.template(":v IS NOT NULL", v=sql.paren(side.sql))
    alone = sql.template(":s * 100", s=sql.paren(side.sql))
    share = sql.template(":own / (:own + :others)", own=sql.double(str(weight)), others=sql.double(str(others)))
    both = sql.template(":s * 100 * :w", s=sql.paren(side.sql), w=share)
    other_known = sql.template(":v IS NOT NULL", v=sql.paren(other.sql))
    points = sql.points(sql.when((other_known, both), otherwise=alone))
    return Term(rule, reason, points, known, weight, None, side.available, side.needs | other.needs)


def _why(names: tuple[str, str], vocabulary: Vocabulary) -> Sql:
    """The reasons of both sides; a roll-up is named by its label."""
    halves = []
    for title, name in zip(("Fit", "Engagement"), names, strict=True):
        signal = vocabulary.signals.get(name)
        reasons = sql.text(f"{signal.label}.") if signal is not None else sql.column(f"w_{name}")
        half = sql.template(
            "CONCAT(:title, COALESCE(REGEXP_REPLACE(:why, '^Up: ', ''), 'unknown.'))",
            title=sql.text(f"{title}: "), why=reasons,
        )  # fmt: skip
        halves.append(half)
    return sql.template("CONCAT_WS(' ', :fit, :engagement)", fit=halves[0], engagement=halves[1])
