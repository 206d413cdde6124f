"""The kind `account`: how well we stand with everybody who decides at a company (checklist 105, 108, 129).

Every input is an expression over the company's signals, mostly roll-ups that count its people:

    roles:           {champion: {people: champions, points: 15, reason: somebody there speaks for us}}
    engaged:         {people: engaged_people, points: 16, each_further: 50 %, up_to: 5}
    stakeholders:    {people: known_people, wanted: [6, 10], points: 20}
    single_threaded: {points: -15}
    champion_left:   {when: champions_gone > 0, points: -20}
    stale:           {people: silent_people, of: known_people, above: 50 %, at_most: 40}
    rules:           fit, intent and whatever else counts, as in a model of points
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hubsync.scoring import sql
from hubsync.scoring.body import Body, Cap, Term
from hubsync.scoring.declarations import ModelDeclaration, Rule
from hubsync.scoring.expressions import compile_condition, compile_number
from hubsync.scoring.kinds.base import Kind, Part
from hubsync.scoring.kinds.points import condition_term, most_together, rule_cap, rule_name, rule_term
from hubsync.scoring.meaning import Meaning, made
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import FINEST, Declaration, Name, Points, Share, Text, Whole
from hubsync.scoring.vocabulary import ObjectScope, Vocabulary

Given = Annotated[Points, Field(gt=0)]
Taken = Annotated[Points, Field(lt=0)]
People = Annotated[int, Field(ge=1, le=100)]


class Role(Declaration):
    """A role on the buying committee: points as soon as one person has it."""

    people: str
    points: Given
    reason: Text


class Engaged(Declaration):
    """People who are engaged: points for the first, for each further one a share of those for the one before."""

    people: str
    points: Given
    each_further: Share = 0.5
    up_to: Annotated[int, Field(ge=1, le=20)] = 5

    @property
    def steps(self) -> list[tuple[int, Decimal]]:
        """Each person that counts, with its points; one that would give nothing ends the list."""
        share, given = Decimal(str(self.each_further)), self.points
        steps = []
        for count in range(1, self.up_to + 1):
            steps.append((count, given.quantize(FINEST)))
            given *= share
        return [(count, points) for count, points in steps if points > 0]


class Stakeholders(Declaration):
    """Known people against the wanted range: its lower end gives all points, each one up to its upper end more."""

    people: str
    wanted: tuple[People, People] = (6, 10)
    points: Given
    each_further: Annotated[Points, Field(ge=0)] = Decimal(0)

    @model_validator(mode="after")
    def _ordered(self) -> Stakeholders:
        if self.wanted[0] > self.wanted[1]:
            raise ValueError("'wanted' names the fewest people first, then the most")
        if self.wanted[0] == self.wanted[1] and self.each_further:
            raise ValueError("'each_further' needs a range: the ends of 'wanted' are the same")
        return self


class SingleThreaded(Declaration):
    """Everything hangs on one person: exactly one is engaged, or `also_when` holds."""

    points: Taken
    also_when: str | None = None
    reason: Text = "everything hangs on one person"


class ChampionLeft(Declaration):
    """A champion has left the company."""

    when: str
    points: Taken
    reason: Text = "a champion has left"


class Stale(Declaration):
    """The guard against contacts who are long gone: above a share of silent people the score is capped."""

    people: str
    of: str
    above: Share = 0.5
    at_most: Whole
    reason: Text = "most people there have not been heard of for long"


class AccountModel(ModelDeclaration):
    """Roles, engaged people, coverage of the committee, flags, a guard, and rules beside them."""

    kind: Literal["account"]
    object: Literal["companies"]
    starts_at: Points = Decimal(0)
    roles: dict[Name, Role] = Field(default_factory=dict)
    engaged: Engaged | None = None
    stakeholders: Stakeholders | None = None
    single_threaded: SingleThreaded | None = None
    champion_left: ChampionLeft | None = None
    stale: Stale | None = None
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> AccountModel:
        if not (self.roles or self.engaged or self.stakeholders):
            raise ValueError("a model of accounts needs 'roles', 'engaged' or 'stakeholders'")
        if self.single_threaded and not self.engaged and not self.single_threaded.also_when:
            raise ValueError("'single_threaded' needs 'engaged', or a condition in 'also_when'")
        return self


class AccountKind(Kind):
    """The committee of a company, line by line."""

    name = "account"
    declaration = AccountModel

    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile every part; raises ExpressionError."""
        assert isinstance(model, AccountModel)
        scope = vocabulary.scope(str(model.object))
        terms = [*_people(model, scope), *_flags(model, scope)]
        caps = [_stale(model.stale, scope)] if model.stale else []
        for rule in model.rules:
            if rule.at_most is not None:
                caps.append(rule_cap(rule_name(rule), rule, str(model.object), vocabulary))
            else:
                terms.append(rule_term(rule_name(rule), rule, str(model.object), vocabulary))
        return Body(model.starts_at, tuple(terms), self.tiers(model), caps=tuple(caps))

    def attainable(self, model: ModelDeclaration) -> Decimal:
        """The start and everything that gives, within the range."""
        assert isinstance(model, AccountModel)
        rules = most_together(model.rules)
        if rules is None:
            return model.between[1]
        parts = [model.starts_at, rules, *(role.points for role in model.roles.values())]
        if model.engaged:
            parts += [points for _, points in model.engaged.steps]
        if wanted := model.stakeholders:
            parts += [wanted.points, wanted.each_further * (wanted.wanted[1] - wanted.wanted[0])]
        return min(sum(parts, Decimal(0)), model.between[1])

    def measures(self, model: ModelDeclaration, body: Body) -> int:  # noqa: ARG002
        """Its parts and its rules; whoever is engaged is one measure, however many persons count."""
        assert isinstance(model, AccountModel)
        return len({part.at for part in self.parts(model)}) + len(model.rules)

    def parts(self, model: ModelDeclaration) -> Iterator[Part]:
        """A line per role, per engaged person, for the stakeholders and per flag."""
        assert isinstance(model, AccountModel)
        for name, role in model.roles.items():
            yield Part(("roles", name), name, (("people", role.people),))
        if model.engaged:
            for count, _ in model.engaged.steps:
                once = (("people", model.engaged.people),) if count == 1 else ()
                yield Part(("engaged",), f"engaged_{count}", once)
        if wanted := model.stakeholders:
            yield Part(("stakeholders",), "stakeholders", (("people", wanted.people),))
            if wanted.each_further:
                yield Part(("stakeholders",), "stakeholders_further")
        if model.single_threaded:
            yield Part(("single_threaded",), "single_threaded")
        if model.champion_left:
            yield Part(("champion_left",), "champion_left")
        if stale := model.stale:
            yield Part(("stale",), "stale", (("people", stale.people), ("of", stale.of)))

    def conditions(self, model: ModelDeclaration) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Those of the flags."""
        assert isinstance(model, AccountModel)
        if model.single_threaded and model.single_threaded.also_when is not None:
            yield ("single_threaded", "also_when"), model.single_threaded.also_when
        if model.champion_left:
            yield ("champion_left", "when"), model.champion_left.when


KIND = AccountKind()


def _people(model: AccountModel, scope: ObjectScope) -> Iterator[Term]:
    """Roles, engaged people and the wanted range."""
    for name, role in model.roles.items():
        people = compile_number(role.people, scope)
        yield condition_term(name, role.reason, role.points, _compared(people, "> 0"))
    if model.engaged:
        people = compile_number(model.engaged.people, scope)
        for count, points in model.engaged.steps:
            reason = f"{_ordinal(count)} engaged person"
            yield condition_term(f"engaged_{count}", reason, points, _compared(people, f">= {count}"))
    if wanted := model.stakeholders:
        yield from _stakeholders(wanted, compile_number(wanted.people, scope))


def _stakeholders(wanted: Stakeholders, people: Meaning) -> Iterator[Term]:
    """Evenly up to the lower end of the range; above it, so much for each further person up to its upper end."""
    least, most = wanted.wanted
    known = sql.template(":v IS NOT NULL", v=sql.paren(people.sql))
    whole = sql.template("FLOOR(:v)", v=sql.paren(people.sql))
    covered = sql.template(
        ":p * GREATEST(LEAST(:v, :least), 0) / :least",
        p=sql.double(str(wanted.points)), v=whole, least=sql.double(least),
    )  # fmt: skip
    several = f"{least}" if least == most else f"{least}-{most}"
    reason = f"people who are known, of the {several} who take part"
    yield Term("stakeholders", reason, sql.points(covered), known, wanted.points, None, people.available, people.needs)
    if not wanted.each_further:
        return
    further = sql.template(
        ":p * GREATEST(LEAST(:v, :most) - :least, 0)",
        p=sql.double(str(wanted.each_further)), v=whole, least=sql.double(least), most=sql.double(most),
    )  # fmt: skip
    weight = wanted.each_further * (most - least)
    reason = f"more than {least} people are known"
    yield Term("stakeholders_further", reason, sql.points(further), known, weight, None, people.available, people.needs)


def _flags(model: AccountModel, scope: ObjectScope) -> Iterator[Term]:
    if single := model.single_threaded:
        conditions = []
        if model.engaged:
            people = compile_number(model.engaged.people, scope)
            # Below 2 and from 1 on: an average number of people is no whole number.
            conditions.append(made(sql.template("FLOOR(:v) = 1", v=sql.paren(people.sql)), "bool", people))
        if single.also_when is not None:
            conditions.append(compile_condition(single.also_when, scope))
        either = sql.paren(sql.any_of(*(sql.paren(each.sql) for each in conditions)))
        yield condition_term("single_threaded", single.reason, single.points, made(either, "bool", *conditions))
    if left := model.champion_left:
        yield condition_term("champion_left", left.reason, left.points, compile_condition(left.when, scope))


def _stale(stale: Stale, scope: ObjectScope) -> Cap:
    silent, everybody = (compile_number(text, scope) for text in (stale.people, stale.of))
    share = sql.ratio(sql.paren(silent.sql), sql.paren(everybody.sql))
    holds = sql.template(":s > :above", s=sql.paren(share), above=sql.double(str(stale.above)))
    return Cap("stale", stale.reason, holds, stale.at_most, silent.needs | everybody.needs)


def _compared(people: Meaning, with_: str) -> Meaning:
    compared: Sql = sql.template(f":v {with_}", v=sql.paren(people.sql))
    return made(compared, "bool", people)


def _ordinal(count: int) -> str:
    ending = "th" if 10 < count % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending}"
