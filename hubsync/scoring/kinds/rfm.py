"""The kind `rfm`: recency, frequency and money (or engagement: RFE), a fifth each, as a code and a segment.

Every fifth is 1-5, 5 the best (checklist 118, 121, 124). Where the fifths begin is measured over the records of `who`,
or given (`cuts`), see `fifths.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from hubsync.scoring import sql
from hubsync.scoring.body import Axis, Band, Body, Term
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.expressions import compile_condition, compile_number
from hubsync.scoring.fifths import FIFTHS, Bounds, fitting, placed
from hubsync.scoring.fits import Fitting
from hubsync.scoring.kinds.base import Kind, Part
from hubsync.scoring.meaning import ExpressionError, Meaning
from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql
from hubsync.scoring.tiers import UNSCORED
from hubsync.scoring.units import Declaration, Name, Number, Share, Text
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.types import AsOf

MOST = Decimal(100)
_STEP = 100 / (3 * (FIFTHS - 1))
"""Points for each fifth above the lowest, so that 555 has 100 and 111 has 0."""

_RISING = {"recency": False, "frequency": True, "monetary": True, "engagement": True}
"""Of which measures more is better; who was here fewer days ago is."""

Pinned = tuple[Number, ...]
Letters = dict[str, str]


class Cuts(Declaration):
    """Pinned bounds: the most days of 5, 4, 3 and 2 for recency; the least of 2, 3, 4 and 5 for the others."""

    recency: Pinned | None = None
    frequency: Pinned | None = None
    monetary: Pinned | None = None
    engagement: Pinned | None = None

    @model_validator(mode="after")
    def _rising(self) -> Cuts:
        for name, bounds in self:
            if bounds is not None and (list(bounds) != sorted(set(bounds)) or len(bounds) != FIFTHS - 1):
                raise ValueError(f"'{name}' has four bounds, each above the one before")
        return self


class Labels(Declaration):
    """What explanations call the measures; the label of the signal where nothing is said."""

    recency: Text | None = None
    frequency: Text | None = None
    monetary: Text | None = None
    engagement: Text | None = None


class RfmSegment(Declaration):
    """A name for some codes; the last segment takes what fits no other and needs no condition."""

    when: str | None = None
    label: Text | None = None
    worse: bool = False
    acts: bool = False


class RfmModel(ModelDeclaration):
    """Three numbers of a record; the segments are the tiers."""

    kind: Literal["rfm"]
    recency: str
    frequency: str
    monetary: str | None = None
    engagement: str | None = None
    labels: Labels = Labels()
    cuts: Cuts = Cuts()
    segments: dict[Name, RfmSegment] = Field(default_factory=dict)
    known_data_floor: Share = 1.0

    @model_validator(mode="after")
    def _whole(self) -> RfmModel:
        if (self.monetary is None) == (self.engagement is None):
            raise ValueError("an rfm model has either 'monetary' or 'engagement'")
        strange = "engagement" if self.engagement is None else "monetary"
        if getattr(self.cuts, strange) is not None:
            raise ValueError(f"'cuts' has bounds of '{strange}', which this model does not have")
        if self.known_data_floor != 1:
            raise ValueError("an rfm code needs all three measures; leave out 'known_data_floor'")
        if self.tiers:
            raise ValueError("the tiers of an rfm model are its 'segments'; leave out 'tiers'")
        if self.between != (Decimal(0), MOST):
            raise ValueError("an rfm score lies between 0 and 100; leave out 'between'")
        if UNSCORED in self.segments:
            raise ValueError(f"of the segments, '{UNSCORED}' is the tier of records with too little known data")
        *conditional, last = self.named.values()
        if any(segment.when is None for segment in conditional) or last.when is not None:
            raise ValueError("every one of the 'segments' has 'when' but the last, which takes all that is left")
        return self

    @property
    def letters(self) -> Letters:
        """The three measures by the letters that conditions use."""
        return {
            "r": "recency",
            "f": "frequency",
            **({"m": "monetary"} if self.engagement is None else {"e": "engagement"}),
        }

    @property
    def named(self) -> dict[str, RfmSegment]:
        """The segments in order: those of the article unless some are declared (checklist 120)."""
        third = "m" if self.engagement is None else "e"
        return self.segments or {
            "champion": RfmSegment(when=f"r = 5 and f + {third} >= 9", label="Champion"),
            "loyal": RfmSegment(when=f"r >= 3 and f + {third} >= 7", label="Loyal"),
            "needs_attention": RfmSegment(when="r >= 3", label="Needs Attention"),
            "at_risk": RfmSegment(when=f"f + {third} >= 4", label="At Risk", worse=True),
            "lost": RfmSegment(when="r = 1", label="Lost", worse=True),
            "hibernating": RfmSegment(label="Hibernating", worse=True),
        }


@dataclass(frozen=True)
class _Letters:
    """The names that the condition of a segment may use."""

    as_of: AsOf
    letters: Letters

    def resolve(self, name: str) -> Meaning:
        """The fifth of a measure; raises ExpressionError."""
        if name not in self.letters:
            listed = ", ".join(self.letters)
            raise ExpressionError(f"there is no '{name}' here", f"Segments are told by {listed}, each 1 to {FIFTHS}.")
        return Meaning(sql.cast(_fifth(self.letters[name]), "DOUBLE"), "number")


class RfmKind(Kind):
    """Three fifths; a record of which one is unknown has no code and no segment."""

    name = "rfm"
    declaration = RfmModel
    makes = frozenset({"code"})

    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile the measures and the segments; raises ExpressionError."""
        assert isinstance(model, RfmModel)
        meanings = _meanings(model, vocabulary)
        bounds = _bounds(model, vocabulary)
        steps = (
            {f"v_{name}": meaning.sql for name, meaning in meanings.items()},
            {f"q_{name}": placed(sql.column(f"v_{name}"), bounds.get(name), rising=_RISING[name]) for name in meanings},
        )
        terms = tuple(
            # Never unavailable: without one of the three there is no code, and so no score.
            Term(name, _reason(model, name, vocabulary), _points(name), _known(name), Decimal(1), needs=meaning.needs)
            for name, meaning in meanings.items()
        )
        code = sql.template(":r || :f || :m", **{letter: _digit(name) for letter, name in _lettered(model)})
        axis = _axis(model, _segment(model, vocabulary.as_of))
        return Body(
            Decimal(0), terms, (axis,), why=_why(model), steps=steps, reads=_needs(meanings), extras={"code": code}
        )

    def attainable(self, model: ModelDeclaration) -> Decimal:  # noqa: ARG002
        """555 has 100."""
        return MOST

    def parts(self, model: ModelDeclaration) -> Iterator[Part]:
        """The three measures."""
        assert isinstance(model, RfmModel)
        for name in model.letters.values():
            yield Part((), name, ((name, str(getattr(model, name))),))

    def tiers(self, model: ModelDeclaration) -> tuple[Axis, ...]:
        """The segments, the last one lowest."""
        assert isinstance(model, RfmModel)
        return (_axis(model, None),)

    def fitting(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Fitting | None:
        """Where the fifths begin, of the measures that are not pinned; raises ExpressionError."""
        assert isinstance(model, RfmModel)
        meanings = {
            name: each for name, each in _meanings(model, vocabulary).items() if getattr(model.cuts, name) is None
        }
        if not meanings:
            return None
        values = {name: meaning.sql for name, meaning in meanings.items()}
        return fitting(values, _needs(meanings), rising=_RISING)


KIND = RfmKind()


def _meanings(model: RfmModel, vocabulary: Vocabulary) -> dict[str, Meaning]:
    scope = vocabulary.scope(str(model.object))
    return {name: compile_number(str(getattr(model, name)), scope) for name in model.letters.values()}


def _needs(meanings: Mapping[str, Meaning]) -> frozenset[Need]:
    return frozenset[Need]().union(*(meaning.needs for meaning in meanings.values()))


def _lettered(model: RfmModel) -> Iterator[tuple[str, str]]:
    return zip("rfm", model.letters.values(), strict=True)


def _bounds(model: RfmModel, vocabulary: Vocabulary) -> dict[str, Bounds]:
    """The bounds of each measure, pinned or fitted, as far as there are any."""
    fit = vocabulary.fits.get(model.model)
    fitted = fit.parameters["cuts"] if fit is not None else {}
    return fitted | {name: bounds for name, bounds in model.cuts if bounds is not None}


def _fifth(name: str) -> Sql:
    return sql.column(f"q_{name}")


def _known(name: str) -> Sql:
    return sql.template(":q IS NOT NULL", q=_fifth(name))


def _digit(name: str) -> Sql:
    return sql.cast(_fifth(name), "VARCHAR")


def _points(name: str) -> Sql:
    return sql.points(sql.template(":q * :step", q=sql.template(":q - 1", q=_fifth(name)), step=sql.double(_STEP)))


def _reason(model: RfmModel, name: str, vocabulary: Vocabulary) -> str:
    text = str(getattr(model, name))
    signal = vocabulary.signals.get(text)
    label = getattr(model.labels, name) or (signal.label if signal is not None else text)
    return f"{name}, in fifths: {label}"[:250]


def _segment(model: RfmModel, as_of: AsOf) -> Sql:
    """The place of a record's segment, the last one 0."""
    scope, named = _Letters(as_of, model.letters), list(model.named.values())
    tests = []
    for place, segment in enumerate(named[:-1]):
        text = str(segment.when)
        try:
            holds = compile_condition(text, scope)
        except ExpressionError as error:
            # Said with the whole condition, so that it is found in its file.
            message = error.message if f"'{text}'" in error.message else f"'{text}' tells no segment: {error.message}"
            raise ExpressionError(message, error.hint) from None
        tests.append((holds.sql, sql.decimal(Decimal(len(named) - 1 - place))))
    return sql.when(*tests, otherwise=sql.decimal(Decimal(0))) if tests else sql.decimal(Decimal(0))


def _axis(model: RfmModel, value: Sql | None) -> Axis:
    bands = tuple(
        Band(name, Decimal(place), segment.worse or segment.acts, segment.label)
        for place, (name, segment) in enumerate(reversed(model.named.items()))
    )
    return Axis("segment", bands, value, at_once=True)


def _why(model: RfmModel) -> Sql:
    """The three digits in words."""
    told = [
        sql.template("CONCAT(:name, COALESCE(:d, 'unknown'))", name=sql.text(f"{name} "), d=_digit(name))
        for name in model.letters.values()
    ]
    return sql.template("CONCAT('Of 5: ', :r, ', ', :f, ', ', :m, '.')", r=told[0], f=told[1], m=told[2])
