"""Segments: named conditions on one record's scores, with durations and crossings; declarations in, SQL out.

`when` looks at one moment. `for` and `crosses` look at what was published (T10): the relation `told`, one row per
publication of a score, with the columns record_id, branch, model, version, score, tier, as_of. A branch is one history
of a record: its own, or that of a record that was merged into it, with its own behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator
from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.expressions import compile_condition
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.meaning import ExpressionError, Meaning, nearest
from hubsync.scoring.model import row
from hubsync.scoring.needs import Need, ScoreNeed
from hubsync.scoring.sql import Sql
from hubsync.scoring.tiers import tier_names
from hubsync.scoring.units import OBJECTS, Days, Declaration, Name, Points, Text
from hubsync.scoring.vocabulary import ObjectScope, Vocabulary

TIER = "_tier"
"""`customer_tier` is the published tier of the model `customer`."""

SEGMENT_MODELS = {f"segments_{object_}": object_ for object_ in OBJECTS}
"""The names under which the segments of an object stand beside the models in plans and in the history."""

_IN, _OUT, _GAP = "in", "out", "gap"
_OVER = "OVER (PARTITION BY record_id, branch ORDER BY as_of)"


class Segment(Declaration):
    """A condition on the scores of one record: `when`, which may have to hold `for` a time, or a score that `crosses`.

    `crosses` is a movement, not a level (checklist 22): it begins when the published score goes from the one side of
    `below` or `above` to the other, and ends after `stays`, or when the score is back by the model's leave margin.
    """

    object: Literal["contacts", "companies", "deals", "customers"]
    label: Text | None = None
    when: str | None = None
    for_: Days | None = Field(default=None, alias="for")
    crosses: Name | None = None
    below: Points | None = None
    above: Points | None = None
    stays: Days | None = None
    covers: tuple[int, ...] = ()

    @property
    def bound(self) -> Decimal:
        """The score that is crossed."""
        return self.below if self.below is not None else self.above or Decimal(0)

    def shown(self, name: str) -> str:
        """What HubSpot shows for the segment of this name."""
        return self.label or name.replace("_", " ").capitalize()

    @property
    def spoken(self) -> str:
        """The condition in words."""
        if self.crosses is None:
            return f"{self.when}, for {self.for_} days" if self.for_ else str(self.when)
        side = "below" if self.below is not None else "above"
        stays = f", for {self.stays} days" if self.stays else ""
        return f"{self.crosses} crosses {self.bound.normalize():f} to {side} it{stays}"

    @model_validator(mode="after")
    def _one_meaning(self) -> Segment:
        if (self.when is None) == (self.crosses is None):
            raise ValueError("a segment has either 'when' (a condition) or 'crosses' (a model whose score crosses)")
        if self.when is None and self.for_ is not None:
            raise ValueError("'for' belongs to 'when'; how long a crossing counts is 'stays'")
        if self.crosses is None and (self.below is not None or self.above is not None or self.stays is not None):
            raise ValueError("below, above and stays belong to 'crosses'")
        if self.crosses is not None and (self.below is None) == (self.above is None):
            raise ValueError("'crosses' needs either 'below' or 'above', the score that is crossed")
        return self


@dataclass(frozen=True)
class CompiledSegment:
    """A segment ready to run; `models` are those whose published score or tier it reads on the record itself."""

    key: str
    declaration: Segment
    object: str
    needs: frozenset[Need]
    condition: Sql
    models: tuple[str, ...]
    margin: Decimal

    @property
    def name(self) -> str:
        """How it is named among the models that need something."""
        return f"segment {self.key}"

    @property
    def remembers(self) -> bool:
        """Whether it looks at what was published before."""
        return self.declaration.for_ is not None or self.declaration.crosses is not None


def tier_column(model: str) -> str:
    """The column of a model's published tier, beside that of its score."""
    return f"tier_{model}"


def published_tiers(model: ModelDeclaration) -> list[str]:
    """The tiers that a model may publish; empty for one without tiers."""
    return tier_names(KINDS[model.kind].tiers(model), model.tiers)


class SegmentScope:
    """The names of a segment's condition: those of its object, and `<model>_tier`."""

    def __init__(self, vocabulary: Vocabulary, object_: str) -> None:
        self._inner: ObjectScope = vocabulary.scope(object_)
        self.as_of = vocabulary.as_of

    def resolve(self, name: str) -> Meaning:
        """The meaning of a name; raises ExpressionError."""
        words, object_ = self._inner.vocabulary, self._inner.object
        model = name.removesuffix(TIER)
        if name == model or model not in words.models or name in words.signals:
            return self._inner.resolve(name)
        self._inner.resolve(model)
        if not published_tiers(words.models[model]):
            raise ExpressionError(f"the model '{model}' has no tiers", "Compare its score instead.")
        return Meaning(sql.column(tier_column(model)), "text", frozenset({ScoreNeed(object_, model)}))


def compile_segment(key: str, segment: Segment, vocabulary: Vocabulary) -> CompiledSegment:
    """Compile a segment; raises ExpressionError."""
    object_ = str(segment.object)
    if segment.crosses is not None:
        if segment.crosses not in vocabulary.models:
            hint = nearest(segment.crosses, vocabulary.models) or f"There are {', '.join(sorted(vocabulary.models))}."
            raise ExpressionError(f"there is no model '{segment.crosses}'", hint)
        needs = vocabulary.scope(object_).resolve(segment.crosses).needs
        margin = vocabulary.models[segment.crosses].leave_margin
        return CompiledSegment(key, segment, object_, needs, exp.true(), (segment.crosses,), margin)
    meaning = compile_condition(str(segment.when), SegmentScope(vocabulary, object_))
    others = [need for need in meaning.needs if not isinstance(need, ScoreNeed)]
    if segment.for_ is not None and (others or not meaning.needs):
        raise ExpressionError(
            "with 'for', 'when' compares scores and tiers of models alone, because only those have a history",
            "Make a model of what else has to hold, or leave out 'for'.",
        )
    models = tuple(sorted(need.model for need in meaning.needs if isinstance(need, ScoreNeed)))
    return CompiledSegment(key, segment, object_, meaning.needs, meaning.sql, models, Decimal(0))


def held_since(segment: CompiledSegment, told: str, versions: Mapping[str, str]) -> exp.Select:
    """(record_id, since): since when the condition of a `for` has held without a gap.

    A moment at which a score is not known, or comes from another version than now, is a gap. Of a record that others
    were merged into, the longest of its branches counts.
    """
    known = [
        sql.template(
            "LAST_VALUE(CASE WHEN model = :m THEN {'score': score, 'tier': tier, 'same': version = :v} END"
            f" IGNORE NULLS) {_OVER}", m=sql.text(model), v=sql.text(versions[model]),
        )
        for model in segment.models
    ]  # fmt: skip
    points = select("record_id", "branch", "as_of").distinct().from_(_told(told, segment.models))
    points = points.select(*(sql.alias(each, f"k{n}") for n, each in enumerate(known)), copy=False)
    seen = select("record_id", "branch", "as_of").from_(points.subquery("points", copy=False))
    same: list[Sql] = []
    for number, model in enumerate(segment.models):
        held = sql.column(f"k{number}")
        seen = seen.select(
            sql.alias(sql.template("STRUCT_EXTRACT(:k, 'score')", k=held), _score_column(segment.object, model)),
            sql.alias(sql.template("STRUCT_EXTRACT(:k, 'tier')", k=held), tier_column(model)),
            sql.alias(sql.template("STRUCT_EXTRACT(:k, 'same')", k=held), f"s{number}"),
            copy=False,
        )
        same.append(sql.column(f"s{number}"))
    holds = sql.template("COALESCE(:all, FALSE)", all=sql.all_of(sql.paren(segment.condition), *same))
    judged = select("record_id", "branch", "as_of", sql.alias(holds, "holds")).from_(seen.subquery("seen", copy=False))
    broke = sql.template("MAX(CASE WHEN NOT holds THEN as_of END) OVER (PARTITION BY record_id, branch)")
    broken = select("record_id", "as_of", "holds", sql.alias(broke, "broke")).from_(judged.subquery("j", copy=False))
    since = sql.alias(sql.template("MIN(as_of)"), "since")
    lasting = sql.template("holds AND (broke IS NULL OR as_of > broke)")
    return select("record_id", since).from_(broken.subquery("b", copy=False)).where(lasting).group_by("record_id")


def crossed_at(segment: CompiledSegment, told: str) -> exp.Select:
    """(record_id, since): when the score crossed, for records that have not come back since.

    A first score, a score after a gap and one of a new version cross nothing.
    """
    declared = segment.declaration
    falling = declared.below is not None
    bound, back = sql.decimal(declared.bound), sql.decimal(declared.bound + (1 if falling else -1) * segment.margin)
    beyond, returned = ("score < :b", "score >= :b") if falling else ("score >= :b", "score <= :b")
    before = select("record_id", "branch", "as_of", "version", "score").from_(_told(told, segment.models))
    for name in ("score", "version"):
        before = before.select(sql.alias(sql.template(f"LAG({name}) {_OVER}"), f"last_{name}"), copy=False)
    place = sql.when(
        (sql.template("score IS NULL"), sql.text(_GAP)),
        (sql.template(beyond, b=bound), sql.text(_IN)),
        (sql.template(returned, b=back), sql.text(_OUT)),
        # Within the margin it is where it was before, if it was anywhere.
        (sql.template("last_score IS NULL OR last_version IS DISTINCT FROM version"), sql.text(_OUT)),
    )
    placed = select("*", sql.alias(place, "place")).from_(before.subquery("t", copy=False))
    state = sql.template(f"LAST_VALUE(place IGNORE NULLS) {_OVER}")
    states = select("*", sql.alias(state, "state")).from_(placed.subquery("p", copy=False))
    fell = sql.template(
        f"state = :inside AND LAG(state) {_OVER} = :out AND last_version = version",
        inside=sql.text(_IN), out=sql.text(_OUT),
    )  # fmt: skip
    moves = select("*", sql.alias(fell, "crossed")).from_(states.subquery("s", copy=False))
    inside = sql.text(_IN)
    last = select(
        "record_id", "branch",
        sql.alias(sql.template("MAX(as_of) FILTER (WHERE crossed)"), "since"),
        sql.alias(sql.template("MAX(as_of) FILTER (WHERE state <> :i)", i=inside), "elsewhere"),
    ).from_(moves.subquery("m", copy=False)).group_by("record_id", "branch")  # fmt: skip
    since = sql.alias(sql.template("MIN(since)"), "since")
    still = sql.template("elsewhere IS NULL OR since > elsewhere")
    return select("record_id", since).from_(last.subquery("l", copy=False)).where(still).group_by("record_id")


def members_sql(
    segments: Iterable[CompiledSegment], object_: str, told: str, versions: Mapping[str, str], vocabulary: Vocabulary
) -> exp.Select:
    """One row per record: `b<n>`, whether it belongs to the n-th segment, and `a<n>`, since when it may.

    NULL is unknown and no member. Reads the facts, `standing_<object>` (m_<model>, tier_<model>: what is published
    now), and for what `remembers` the relation `told`.
    """
    listed = list(segments)
    needs = frozenset[Need]().union(*(segment.needs for segment in listed))
    apart = frozenset(need for need in needs if not isinstance(need, ScoreNeed))
    query = select("f.record_id").from_(row(apart, object_, vocabulary).subquery("f", copy=False))
    query = query.join(exp.to_table(f"standing_{object_}").as_("p"), on=_same("p"), join_type="left", copy=False)
    for number, segment in enumerate(listed):
        since: Sql = sql.null("TIMESTAMP")
        if segment.remembers:
            found = held_since(segment, told, versions) if segment.declaration.when else crossed_at(segment, told)
            alias = f"h{number}"
            query = query.join(found.subquery(alias, copy=False), on=_same(alias), join_type="left", copy=False)
            since = sql.column("since", alias)
        belongs = _belongs(segment, since, vocabulary)
        query = query.select(sql.alias(belongs, f"b{number}"), sql.alias(since, f"a{number}"), copy=False)
    return query


def _belongs(segment: CompiledSegment, since: Sql, vocabulary: Vocabulary) -> Sql:
    declared = segment.declaration
    age = sql.age(since, "datetime", vocabulary.as_of)
    if declared.for_ is not None:
        long = sql.template("COALESCE(:age >= :days, FALSE)", age=age, days=sql.double(declared.for_))
        return sql.all_of(sql.paren(segment.condition), long)
    if declared.crosses is None:
        return segment.condition
    if declared.stays is None:
        return sql.template(":since IS NOT NULL", since=since)
    return sql.template("COALESCE(:age < :days, FALSE)", age=age, days=sql.double(declared.stays))


def _score_column(object_: str, model: str) -> str:
    return ScoreNeed(object_, model).column


def _told(told: str, models: Iterable[str]) -> exp.Expr:
    named = exp.In(this=sql.column("model"), expressions=[sql.text(model) for model in models])
    return select("*").from_(exp.to_table(told)).where(named, copy=False).subquery("told", copy=False)


def _same(alias: str) -> Sql:
    return sql.template(":a = :b", a=sql.column("record_id", "f"), b=sql.column("record_id", alias))
