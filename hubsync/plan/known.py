"""The guard over known data: no rule may know far less than it did at the last write (design §5)."""
# Names are quoted by `name`.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hubsync.plan.moves import name
from hubsync.scoring.configuration import Guards
from hubsync.scoring.model import CompiledModel
from hubsync.scoring.needs import EventNeed, Need, PropertyNeed, RollupNeed, ScoreNeed
from hubsync.store import Scratch
from hubsync.types import Guard

KnownData = Mapping[str, Mapping[str, Sequence[int]]]
"""Per model and rule: the records of which it knows enough, and all that the model scores."""

GUARD = "known data"


@dataclass(frozen=True, slots=True)
class _Loss:
    model: CompiledModel
    rule: str
    before: Sequence[int]
    now: Sequence[int]

    @property
    def points(self) -> float:
        """By how much the share of records went down."""
        return _part(self.before) - _part(self.now)

    def sentence(self, limit: float) -> str:
        """What was lost, and where to look."""
        reads = ", ".join(sorted(_inputs(self.model, self.rule))) or "nothing by itself"
        return (
            f"The rule '{self.rule}' of {self.model.name} knows its data for {_part(self.now):.0%} of the records, at"
            f" the last write it was {_part(self.before):.0%}; at most {limit:.0%} points less may be. It reads"
            f" {reads}: see in HubSpot what emptied it, or accept the plan."
        )


def known_data(
    scratch: Scratch, models: Iterable[CompiledModel], held: Collection[str], before: KnownData
) -> dict[str, dict[str, list[int]]]:
    """What each rule knows now; models that are held keep what they knew when they were last written."""
    found = {model: {rule: list(pair) for rule, pair in before[model].items()} for model in held if model in before}
    for model in models:
        lines = [line for line in model.lines if line.known_column and line.available]
        if model.name in held or not lines:
            continue
        counts = ", ".join(f"count(*) FILTER (WHERE {name(str(line.known_column))})" for line in lines)
        everything, *known = scratch.execute(f"SELECT count(*), {counts} FROM {name(model.relation)}")[0]
        pairs = zip(lines, known, strict=True)
        found[model.name] = {line.rule: [int(count), int(everything)] for line, count in pairs}
    return found


def known_guard(models: Iterable[CompiledModel], now: KnownData, before: KnownData, limits: Guards) -> Iterator[Guard]:
    """The rule that lost most, and whether it lost too much.

    A share goes down also when many new records come of which little is known; what was known is lost only where
    fewer records are known than before.
    """
    losses = [
        _Loss(model, rule, before[model.name][rule], pair)
        for model in models
        for rule, pair in now.get(model.name, {}).items()
        if rule in before.get(model.name, {})
    ]
    if not losses:
        return
    lost = [loss for loss in losses if loss.before[0] - loss.now[0] > limits.minimum]
    worst = max(lost, key=lambda loss: loss.points, default=None)
    if worst is not None and worst.points > limits.known_data:
        message = worst.sentence(limits.known_data)
    else:
        message = f"Each rule knows its data as at the last write; at most {limits.known_data:.0%} points less may be."
    points = max(worst.points, 0.0) if worst is not None else 0.0
    yield Guard(GUARD, points > limits.known_data, message, round(points, 6), limits.known_data)


def _part(pair: Sequence[int]) -> float:
    known, everything = pair
    return known / everything if everything else 1.0


def _inputs(model: CompiledModel, rule: str) -> Iterator[str]:
    for term in model.body.terms:
        if term.rule == rule:
            for need in term.needs:
                yield from _named(need)


def _named(need: Need) -> Iterator[str]:
    match need:
        case PropertyNeed(object_, property_):
            yield f"{object_}.{property_}"
        case EventNeed():
            yield f"events {need.kind}"
        case RollupNeed(_, signal):
            yield f"the signal {signal}"
        case ScoreNeed(_, model):
            yield f"the model {model}"
        case _:
            pass
