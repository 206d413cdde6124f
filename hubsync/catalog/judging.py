"""What is allowed in a configuration and yet rarely meant: sentences for `check`, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from hubsync.catalog.model import Catalog
from hubsync.scoring.body import Term
from hubsync.scoring.declarations import RuleGroup
from hubsync.scoring.facts import closure
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.kinds.points import KIND as POINTS
from hubsync.scoring.kinds.points import PointsModel, most_together
from hubsync.scoring.model import CompiledModel
from hubsync.scoring.needs import EventNeed, PropertyNeed
from hubsync.scoring.vocabulary import Vocabulary

MOST_SIGNALS = 10
FEW_SIGNALS = (5, 8)
"""More than ten measures are sprawl, five to eight are advised (checklist 96, 111, 132, 143; T2)."""

MANUAL_SCORE, MANUAL_MEASURES, MANUAL_EARLY = 0.30, 0.25, 0.15
"""Shares of a score, and of its measures, that people type in: beyond them it is opinion, does not scale, or breaks
down (checklist 130; T8)."""

SURVEYS = frozenset({"nps", "csat", "ces"})
"""Kinds of events that are answers: an input, not a score (checklist 99)."""

LOGINS = "login"
_HALF = 0.5


def warnings(catalog: Catalog, vocabulary: Vocabulary) -> list[str]:
    """Sentences about the models that are on, and those that they are made of."""
    found: list[str] = []
    for model in catalog.compiled(vocabulary):
        found += _sprawl(model)
        found += _manual(model, catalog, vocabulary)
        found += _one_sided(model, vocabulary)
        found += _unreachable(model)
        found += _to_come(model, vocabulary)
    return found


def measures(model: CompiledModel) -> int:
    """How many measures a model has: rule groups, rules outside of them, or what its kind has in their place."""
    return KINDS[model.declaration.kind].measures(model.declaration, model.body)


def _to_come(model: CompiledModel, vocabulary: Vocabulary) -> Iterator[str]:
    day = model.declaration.reviewed_on
    if day is not None and day > vocabulary.as_of.day:
        yield (
            f"The model '{model.name}' was reviewed on {day}, which is still to come: it counts from then on. Write the"
            " day of the last look."
        )


def _sprawl(model: CompiledModel) -> Iterator[str]:
    count = measures(model)
    if count > MOST_SIGNALS:
        yield (
            f"The model '{model.name}' has {count} measures; more than {MOST_SIGNALS} are hard to trust and to explain."
            f" Keep the {FEW_SIGNALS[0]} to {FEW_SIGNALS[1]} that go with its outcome."
        )


def _manual(model: CompiledModel, catalog: Catalog, vocabulary: Vocabulary) -> Iterator[str]:
    """Sentences on what people type in, by the properties that portal.yaml lists under `manual`."""
    typed = {(of, name) for of, names in catalog.portal.manual.items() for name in names}
    if not typed:
        return
    terms = [term for term in model.body.terms if term.weight > 0]
    mine = [term for term in terms if typed & set(_properties(term, vocabulary))]
    if not mine:
        return
    share = float(_weight(mine) / _weight(terms))
    parts = len({_measure(term) for term in mine}) / len({_measure(term) for term in terms})
    remedy = "Let a source fill these properties, or take the rules out."
    if share > MANUAL_SCORE:
        yield (
            f"{share:.0%} of the score '{model.name}' rest on what people type in; above {MANUAL_SCORE:.0%} it is"
            f" opinion. {remedy}"
        )
    elif parts > MANUAL_MEASURES:
        yield (
            f"{parts:.0%} of the measures of '{model.name}' are typed in by people; above {MANUAL_MEASURES:.0%} that"
            f" does not last. {remedy}"
        )
    elif max(share, parts) > MANUAL_EARLY:
        yield (
            f"{max(share, parts):.0%} of '{model.name}' rest on what people type in; from about {MANUAL_EARLY:.0%} on"
            f" scores were seen to break down. {remedy}"
        )


def _measure(term: Term) -> str:
    return term.group or term.rule


def _weight(terms: Iterable[Term]) -> Decimal:
    return sum((term.weight for term in terms), Decimal(0))


def _properties(term: Term, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    for need in closure(term.needs, vocabulary):
        if isinstance(need, PropertyNeed):
            yield need.object, need.name


def _kinds(term: Term, vocabulary: Vocabulary) -> set[str]:
    return {need.kind for need in closure(term.needs, vocabulary) if isinstance(need, EventNeed)}


def _one_sided(model: CompiledModel, vocabulary: Vocabulary) -> Iterator[str]:
    terms = [term for term in model.body.terms if term.weight > 0 and term.available]
    weight = _weight(terms)
    if not weight:
        return
    read = [(_kinds(term, vocabulary), term) for term in terms]
    if all(kinds and kinds <= SURVEYS for kinds, _ in read):
        yield (
            f"The model '{model.name}' reads nothing but answers to surveys. NPS is an input, not a score: add what"
            " customers do."
        )
    logins = _weight(term for kinds, term in read if kinds == {LOGINS})
    if float(logins / weight) > _HALF:
        yield (
            f"{float(logins / weight):.0%} of the model '{model.name}' rest on logins, and logins are not adoption: add"
            " the features that matter."
        )


def _unreachable(model: CompiledModel) -> Iterator[str]:
    declared = model.declaration
    most = KINDS[declared.kind].attainable(declared)
    bounds = [(name, tier.from_) for name, tier in declared.tiers.items() if tier.from_ is not None]
    for name, least in bounds:
        if least > most:
            yield (
                f"The tier '{name}' of '{model.name}' begins at {least:f}, and no record can have more than"
                f" {most.normalize():f} points. Lower it, or give rules more points."
            )
    if not isinstance(declared, PointsModel):
        return
    lowest = POINTS.lowest(declared)
    for (name, _), (_, above) in pairwise(bounds):
        if lowest is not None and lowest >= above:
            yield (
                f"No record can fall into the tier '{name}' of '{model.name}': the least possible score is"
                f" {lowest.normalize():f}."
            )
    for group in declared.rule_groups:
        yield from _limits(model.name, group)


def _limits(model: str, group: RuleGroup) -> Iterator[str]:
    if group.limit is None:
        return
    ends: tuple[tuple[str, Decimal | None, Literal[1, -1]], ...] = (
        ("max", group.limit.max, 1),
        ("min", group.limit.min, -1),
    )
    for word, bound, sign in ends:
        reach = most_together(group.rules, sign)
        if bound is not None and reach is not None and abs(reach) < abs(bound) and bound * sign > 0:
            yield (
                f"The limit '{word}: {bound.normalize():f}' of the group '{group.name}' in '{model}' can't be reached:"
                f" its rules give {reach.normalize():f} together. Remove the limit, or look at their points."
            )
