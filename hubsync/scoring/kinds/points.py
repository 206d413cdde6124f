"""The kind `points`: rules give and take points, in groups with limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator
from sqlglot import exp

from hubsync.scoring import sql
from hubsync.scoring.body import Body, Cap, Term
from hubsync.scoring.declarations import ModelDeclaration, Rule, RuleGroup
from hubsync.scoring.expressions import compile_condition
from hubsync.scoring.kinds.base import Kind
from hubsync.scoring.meaning import ExpressionError, Meaning
from hubsync.scoring.naming import line_name
from hubsync.scoring.needs import EventNeed, Shape
from hubsync.scoring.units import PERIOD_DAYS, Points
from hubsync.scoring.vocabulary import Vocabulary


class PointsModel(ModelDeclaration):
    """Rules, alone or in groups with a common limit, on top of a start."""

    kind: Literal["points"]
    starts_at: Points = Decimal(0)
    rules: tuple[Rule, ...] = ()
    rule_groups: Annotated[tuple[RuleGroup, ...], Field()] = ()

    @model_validator(mode="after")
    def _has_rules(self) -> PointsModel:
        if not self.rules and not self.rule_groups:
            raise ValueError("a model of points needs 'rules' or 'rule_groups'")
        return self


class PointsKind(Kind):
    """Rules on conditions and on events."""

    name = "points"
    declaration = PointsModel

    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile every rule; raises ExpressionError."""
        assert isinstance(model, PointsModel)
        terms, caps = [], []
        for name, rule, group in named_rules(model):
            most = group.limit.max if group and group.limit else None
            least = group.limit.min if group and group.limit else None
            if rule.at_most is not None:
                caps.append(rule_cap(name, rule, str(model.object), vocabulary))
                continue
            term = rule_term(name, rule, str(model.object), vocabulary)
            bound = most if rule.points is not None and rule.points > 0 else least
            terms.append(_weighed(term, group.name if group else None, bound))
        limits = {group.name: group.limit for group in model.rule_groups if group.limit}
        return Body(model.starts_at, tuple(terms), self.tiers(model), limits, tuple(caps))

    def attainable(self, model: ModelDeclaration) -> Decimal:
        """The start and every rule that gives, within its group's limit and the range."""
        assert isinstance(model, PointsModel)
        most = _farthest(model, 1)
        return model.between[1] if most is None else min(most, model.between[1])

    def lowest(self, model: PointsModel) -> Decimal | None:
        """The least possible score; None where that is the range's end, or nobody can tell because of a cap."""
        if any(rule.at_most is not None for _, rule, _ in named_rules(model)):
            return None
        least = _farthest(model, -1)
        return None if least is None else max(least, model.between[0])

    def measures(self, model: ModelDeclaration, body: Body) -> int:  # noqa: ARG002
        """Rule groups, and the rules outside of them."""
        assert isinstance(model, PointsModel)
        return len(model.rule_groups) + len(model.rules)


KIND = PointsKind()


def named_rules(model: PointsModel) -> Iterator[tuple[str, Rule, RuleGroup | None]]:
    """Every rule with its name (its own, or one made of its reason) and its group, in order."""
    for rule in model.rules:
        yield rule_name(rule), rule, None
    for group in model.rule_groups:
        for rule in group.rules:
            yield rule_name(rule), rule, group


def rule_name(rule: Rule) -> str:
    """The rule's name, or its reason as a name."""
    return line_name(rule.name, rule.reason)


def most_of(rule: Rule) -> Decimal | None:
    """The points a rule can give or take at most; None when an event may happen without limit."""
    assert rule.points is not None
    if rule.event is None:
        return rule.points
    if rule.times is not None:
        return rule.points * rule.times
    if rule.once_per and rule.within:
        return rule.points * -(-rule.within // PERIOD_DAYS[rule.once_per])
    return None


def most_together(rules: tuple[Rule, ...], sign: Literal[1, -1] = 1) -> Decimal | None:
    """What the rules of one sign give or take together at most; None where an event may happen without limit."""
    total = Decimal(0)
    for rule in rules:
        if rule.points is None or rule.points * sign <= 0:
            continue
        most = most_of(rule)
        if most is None:
            return None
        total += most
    return total


def _farthest(model: PointsModel, sign: Literal[1, -1]) -> Decimal | None:
    """The start and the rules of one sign, each group within its limit; None where there is no end."""
    total = model.starts_at
    for rules, limit in [(model.rules, None), *((group.rules, group.limit) for group in model.rule_groups)]:
        reach = most_together(rules, sign)
        bound = None if limit is None else limit.max if sign > 0 else limit.min
        if bound is not None:
            reach = bound if reach is None else sign * min(sign * reach, sign * bound)
        if reach is None:
            return None
        total += reach
    return total


def _weighed(term: Term, group: str | None, bound: Decimal | None) -> Term:
    weight = min(term.weight, abs(bound)) if bound is not None else term.weight
    return replace(term, weight=weight, group=group)


def rule_cap(name: str, rule: Rule, object_: str, vocabulary: Vocabulary) -> Cap:
    """The cap of a rule with `at_most`; raises ExpressionError."""
    assert rule.when is not None and rule.at_most is not None
    condition = compile_condition(rule.when, vocabulary.scope(object_))
    holds, needs = condition.sql, condition.needs
    if rule.only is not None:
        only = compile_condition(rule.only, vocabulary.scope(object_))
        holds, needs = sql.all_of(sql.paren(holds), sql.paren(only.sql)), needs | only.needs
    return Cap(name, rule.reason, sql.paren(holds), rule.at_most, needs)


def rule_term(name: str, rule: Rule, object_: str, vocabulary: Vocabulary) -> Term:
    """The term of a rule that gives or takes points; raises ExpressionError."""
    term = _whole_term(name, rule, object_, vocabulary)
    if rule.only is None:
        return term
    only = compile_condition(rule.only, vocabulary.scope(object_))
    applies = sql.paren(only.sql)
    points = sql.when((applies, term.points), otherwise=sql.decimal(Decimal(0)))
    # A rule that does not apply is known, whatever it would have read; NULL stays unknown.
    known = sql.when((sql.template("NOT :o", o=applies), exp.true()), (applies, term.known), otherwise=exp.false())
    available = term.available and only.available
    return replace(term, points=points, known=known, available=available, needs=term.needs | only.needs)


def condition_term(name: str, reason: str, points: Decimal, condition: Meaning) -> Term:
    """Points for the records for which a condition holds."""
    given = sql.when((condition.sql, sql.decimal(points)), otherwise=sql.decimal(Decimal(0)))
    known = sql.template(":c IS NOT NULL", c=sql.paren(condition.sql))
    return Term(name, reason, given, known, abs(points), None, condition.available, condition.needs, settled=True)


def _whole_term(name: str, rule: Rule, object_: str, vocabulary: Vocabulary) -> Term:
    assert rule.points is not None
    if rule.when is not None:
        condition = compile_condition(rule.when, vocabulary.scope(object_))
        return condition_term(name, rule.reason, rule.points, condition)
    return _event_term(name, rule, object_, abs(most_of(rule) or rule.points), vocabulary)


def _event_term(name: str, rule: Rule, object_: str, weight: Decimal, vocabulary: Vocabulary) -> Term:
    assert rule.event is not None and rule.points is not None
    if rule.fades and rule.times is not None:
        raise ExpressionError("times and fades do not go together", "Limit a fading rule by the limit of its group.")
    period = PERIOD_DAYS[rule.once_per] if rule.once_per else None
    shape: Shape = "points" if rule.fades else "periods" if period else "times"
    need = EventNeed(
        object_, rule.event, shape, rule.within, rule.url_contains, rule.where, period,
        rule.fades, rule.points if rule.fades else None,
    )  # fmt: skip
    source = vocabulary.events_of(rule.event, object_)
    nothing, unknown = sql.decimal(Decimal(0)), exp.false()
    if source is None or not vocabulary.filters_available(need):
        return Term(name, rule.reason, nothing, unknown, weight, available=False)
    if source[0] in vocabulary.feeds.overdue:
        return Term(name, rule.reason, nothing, unknown, weight)
    cover = vocabulary.covers(rule.event, object_, source[0], rule.within)
    seen = sql.column(need.column)
    # An event that has faded to nothing was seen all the same.
    happened = sql.template(":v IS NOT NULL" if rule.fades else "COALESCE(:v, 0) <> 0", v=seen)
    value = sql.template("COALESCE(:v, 0)", v=seen)
    points = sql.exact(value) if rule.fades else _counted(value, rule)
    known = sql.any_of(happened, cover.sql)
    return Term(name, rule.reason, points, known, weight, needs=cover.needs | {need}, settled=True)


def _counted(value: sql.Sql, rule: Rule) -> sql.Sql:
    assert rule.points is not None
    happened = sql.template(f"LEAST(:v, {rule.times})", v=value) if rule.times is not None else value
    # Bounded before the product, so that a million events can't overflow the exact type.
    bounded = sql.template("LEAST(CAST(:v AS BIGINT), 100000)", v=happened)
    return sql.exact(sql.template(":n * :p", n=bounded, p=sql.decimal(rule.points)))
