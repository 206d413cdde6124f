"""The kind `weighted`: measures, each on a scale of 0-100 within its own distribution, weighed by per cents.

Impact times frequency lets whatever is counted in large numbers decide alone (checklist 125, 126); here a measure
counts as much as its per cents say, however large its numbers are (127).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal

from pydantic import Field, model_validator
from sqlglot import exp

from hubsync.scoring import sql
from hubsync.scoring.body import Body, Term
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.expressions import compile_condition, compile_number
from hubsync.scoring.fits import FEWEST, Fitted, Fitting, Rows, distribution, percentile, scaled, too_few
from hubsync.scoring.kinds.base import Kind, Part
from hubsync.scoring.meaning import Meaning
from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import Declaration, Name, Points, Text
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.scoring.why import reasons

HUNDRED = Decimal(100)
EDGES = (5, 95)
"""The percentiles that `min_max` stretches to 0 and 100; what lies outside is an outlier."""

Percent = Annotated[Points, Field(ge=0, le=100)]


class Measure(Declaration):
    """A number of each record, on which scale it counts, and for how many per cent."""

    name: Name
    value: str
    percent: Annotated[Points, Field(gt=0, le=100)]
    scale: Literal["percentile", "min_max"] = "percentile"
    better: Literal["higher", "lower"] = "higher"
    reason: Text


class Variant(Declaration):
    """Other per cents for the records for which a condition holds (checklist 78)."""

    name: Name
    when: str
    percents: dict[Name, Percent]


class WeightedModel(ModelDeclaration):
    """Measures whose per cents add to 100; the first variant whose condition holds replaces them."""

    kind: Literal["weighted"]
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    variants: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> WeightedModel:
        names = [measure.name for measure in self.measures]
        _refuse_part("'measures'", [measure.percent for measure in self.measures])
        for variant in self.variants:
            strange = next((name for name in variant.percents if name not in names), None)
            if strange is not None:
                raise ValueError(
                    f"of the variants, '{variant.name}' names '{strange}', which is no measure of this model"
                )
            _refuse_part(f"of the variants, '{variant.name}'", variant.percents.values())
        return self


def _refuse_part(what: str, percents: Iterable[Decimal]) -> None:
    total = sum(percents, Decimal(0))
    if total != HUNDRED:
        raise ValueError(f"{what} has {total.normalize():f} per cent in all, and it must be 100")


class WeightedKind(Kind):
    """Scaled measures; the weight of those that are unknown goes to the others in proportion."""

    name = "weighted"
    declaration = WeightedModel

    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile every measure; raises ExpressionError."""
        assert isinstance(model, WeightedModel)
        meanings = _meanings(model, vocabulary)
        conditions = [compile_condition(each.when, vocabulary.scope(str(model.object))) for each in model.variants]
        places, together = range(len(meanings)), sql.column("together")
        seen = [sql.template(":s IS NOT NULL", s=_scale(place)) for place in places]
        shares = [sql.when((seen[place], _weight(place)), otherwise=sql.double(0)) for place in places]
        # Where a variant gives nothing to all that is known, nothing is known.
        known = [sql.all_of(each, sql.template(":t > 0", t=together)) for each in seen]
        steps = (
            {_value(place).name: meaning.sql for place, meaning in enumerate(meanings)},
            {_scale(place).name: each for place, each in enumerate(_scales(model, vocabulary))}
            | {_weight(place).name: each for place, each in enumerate(_weights(model, conditions))},
            {"together": sql.added(shares)},
        )
        terms = tuple(
            Term(
                measure.name, measure.reason, _points(place), known[place], measure.percent, None, meaning.available,
                meaning.needs,
            )
            for place, (measure, meaning) in enumerate(zip(model.measures, meanings, strict=True))
        )  # fmt: skip
        needs = frozenset[Need]().union(*(each.needs for each in (*meanings, *conditions)))
        return Body(Decimal(0), terms, self.tiers(model), why=_why(model), steps=steps, reads=needs)

    def attainable(self, model: ModelDeclaration) -> Decimal:
        """All measures at their best make 100."""
        return min(HUNDRED, model.between[1])

    def parts(self, model: ModelDeclaration) -> Iterator[Part]:
        """Every measure with its value."""
        assert isinstance(model, WeightedModel)
        for place, measure in enumerate(model.measures):
            yield Part(("measures", place), measure.name, (("value", measure.value),))

    def conditions(self, model: ModelDeclaration) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """When the variants hold."""
        assert isinstance(model, WeightedModel)
        for place, variant in enumerate(model.variants):
            yield ("variants", place, "when"), variant.when

    def fitting(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Fitting:
        """The distribution of every measure over the records of `who`; raises ExpressionError."""
        assert isinstance(model, WeightedModel)
        meanings = _meanings(model, vocabulary)
        names = [measure.name for measure in model.measures]
        values = {name: meaning.sql for name, meaning in zip(names, meanings, strict=True)}
        needs = frozenset[Need]().union(*(meaning.needs for meaning in meanings))
        return Fitting(values, needs, partial(_fitted, model), distribution(names))


KIND = WeightedKind()


def _meanings(model: WeightedModel, vocabulary: Vocabulary) -> list[Meaning]:
    scope = vocabulary.scope(str(model.object))
    return [compile_number(measure.value, scope) for measure in model.measures]


def _fitted(model: WeightedModel, rows: Rows) -> Fitted:
    """The knots of each measure of which enough is known."""
    found: dict[str, list[tuple[float, int, int, int]]] = defaultdict(list)
    for name, known, value, below, equal in rows:
        found[name].append((value, below, equal, known))
    notes, measures = [], {}
    for measure in model.measures:
        points = found[measure.name]
        known = points[0][3] if points else 0
        if known < FEWEST:
            notes.append(too_few(measure.name, known))
        elif measure.scale == "percentile":
            measures[measure.name] = [[value, percentile(*counts)] for value, *counts in points]
        else:
            measures[measure.name] = _stretched(points)
    return Fitted({"measures": measures} if measures else None, tuple(notes))


def _stretched(points: list[tuple[float, int, int, int]]) -> list[list[float]]:
    """The knots of a line from the 5th to the 95th percentile; a distribution without width has one, in the middle."""
    low, high = (
        next(value for value, below, equal, known in points if (below + equal) * 100 >= edge * known) for edge in EDGES
    )
    return [[low, 0.0], [high, 100.0]] if low < high else [[low, 50.0]]


def _scales(model: WeightedModel, vocabulary: Vocabulary) -> Iterator[Sql]:
    """Each measure on its scale, 0-100, 100 the best; unknown without a fit."""
    fit = vocabulary.fits.get(model.model)
    knots = fit.parameters["measures"] if fit is not None else {}
    for place, measure in enumerate(model.measures):
        value = scaled(_value(place), knots.get(measure.name, ()))
        yield value if measure.better == "higher" else sql.template(":most - :s", most=sql.double(100), s=value)


def _weights(model: WeightedModel, conditions: list[Meaning]) -> Iterator[Sql]:
    for measure in model.measures:
        others = [
            (condition.sql, sql.double(str(variant.percents.get(measure.name, Decimal(0)))))
            for variant, condition in zip(model.variants, conditions, strict=True)
        ]
        usual = sql.double(str(measure.percent))
        yield sql.when(*others, otherwise=usual) if others else usual


def _points(place: int) -> Sql:
    share = sql.template(":s * :w / NULLIF(:t, 0)", s=_scale(place), w=_weight(place), t=sql.column("together"))
    return sql.points(share)


def _why(model: WeightedModel) -> Sql:
    """The measures that lie furthest above and below the middle of their scales, each times its weight."""
    texts = [measure.reason for measure in model.measures]
    above = exp.Array(
        expressions=[
            sql.template("COALESCE(:s - 50, 0) * :w", s=_scale(place), w=_weight(place)) for place in range(len(texts))
        ]
    )
    up, down = reasons(texts, above, "Up: "), reasons(texts, above, "Down: ", sign=-1)
    middle = sql.text("Everything known lies in the middle.")
    return sql.template("COALESCE(NULLIF(CONCAT_WS(' ', :up, :down), ''), :middle)", up=up, down=down, middle=middle)


def _value(place: int) -> exp.Column:
    return _column(f"v{place}")


def _scale(place: int) -> exp.Column:
    return _column(f"s{place}")


def _weight(place: int) -> exp.Column:
    return _column(f"w{place}")


def _column(name: str) -> exp.Column:
    column = sql.column(name)
    assert isinstance(column, exp.Column)
    return column
