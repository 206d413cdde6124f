"""The reference scorer: the design's scoring in plain Python, record by record, to hold the SQL against.

It reads the YAML files itself and imports nothing of hubsync: what both agree on was written twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import reference_kinds
import reference_kinds2
from reference_facts import DAYS, Config, Events, Portal, Sources, duration, exact, share, six
from reference_language import Now
from reference_trends import Trends

MOST = Decimal(10) ** 9


@dataclass(frozen=True)
class Line:
    """One line of the explanation."""

    rule: str
    points: Decimal
    known: bool | None = None


@dataclass(frozen=True)
class Result:
    """A record's score by one model; `total` is the number before the floor of known data."""

    score: int | None
    band: str | None
    known_data: float
    total: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Term:
    """One rule: its points per record, None where its inputs are unknown, and how much it weighs."""

    rule: str
    points: Callable[[str], Decimal | None]
    weight: Decimal
    group: str | None = None
    available: bool = True


class Reference(Trends):
    """Scores the records of a portal by the models of a configuration."""

    def __init__(self, config: Config, portal: Portal, now: Now, sources: Sources | None = None) -> None:
        super().__init__(config, portal, now, sources)
        self.scores: dict[str, dict[str, Result]] = {}

    def number(self, model: str, record_id: str) -> float | None:
        """A model's score as a number."""
        result = self.score(model).get(record_id)
        return float(result.score) if result is not None and result.score is not None else None

    def score(self, name: str) -> dict[str, Result]:
        """Every record of the model's `who`."""
        if name not in self.scores:
            model = reference_kinds.completed(reference_kinds2.expanded(self.config.models[name]))
            who = self.expression(model["who"], model["object"]) if model.get("who") else None
            terms = reference_kinds.terms(self, model, Term)
            if terms is None:
                terms = list(self.combined(model) if model["kind"] == "combined" else self.points(model))
            terms = reference_kinds2.with_own(self, model, terms, Term)
            self.scores[name] = {
                record_id: self.result(model, terms, record_id)
                for record_id in self.records(model["object"])
                if who is None or who.value(record_id) is True
            }
        return self.scores[name]

    # Rules

    def points(self, model: dict[str, Any]) -> Iterator[Term]:
        """The rules of a model of points; caps are none."""
        for rule, group in rules_of(model):
            if "points" not in rule:
                continue
            term = self.event_rule(rule, model) if "with" in rule else self.condition_rule(rule, model)
            term = reference_kinds2.limited_to(self, rule, model, term)
            limit = (group or {}).get("limit") or {}
            bound = limit.get("max" if exact(rule["points"]) > 0 else "min")
            weight = term.weight if bound is None else min(term.weight, abs(exact(bound)))
            yield replace(term, weight=weight, group=group["name"] if group else None)

    def condition_rule(self, rule: dict[str, Any], model: dict[str, Any]) -> Term:
        """A rule on a condition."""
        node, points = self.expression(rule["when"], model["object"]), exact(rule["points"])
        worth = {True: points, False: Decimal(0), None: None}
        return Term(rule_name(rule), lambda id_: worth[node.value(id_)], abs(points), None, node.available)

    def event_rule(self, rule: dict[str, Any], model: dict[str, Any]) -> Term:
        """A rule on events."""
        events = Events(self, rule["with"], model["object"], rule)
        weight = abs(exact(rule["points"]) * (most_times(rule) or 1))

        def points(record_id: str) -> Decimal | None:
            found = events.found(record_id)
            if events.overdue or not (found or events.covered(record_id)):
                return None
            return bounded(worth_of(rule, found, events))

        return Term(rule_name(rule), points, weight, None, events.available)

    def combined(self, model: dict[str, Any]) -> Iterator[Term]:
        """The two sides of a blend; a side that is unknown gives its weight to the other."""
        weights = {side: exact((model.get("weights") or {}).get(side, 50)) for side in ("fit", "engagement")}
        for side, other in (("fit", "engagement"), ("engagement", "fit")):
            part = Fraction(weights[side]) / Fraction(weights[side] + weights[other])

            def points(id_: str, side: str = side, other: str = other, part: Fraction = part) -> Decimal | None:
                own, others = self.side(model, side, id_), self.side(model, other, id_)
                return six(own * 100 * (part if others is not None else 1)) if own is not None else None

            available = self.name(model[side], model["object"]).available
            yield Term(side, points, weights[side], None, available)

    def side(self, model: dict[str, Any], side: str, record_id: str) -> Fraction | None:
        """The share, 0 to 1, of what an ingredient can reach."""
        value = self.name(model[side], model["object"]).value(record_id)
        base = self.config.signals.get(model[side], {}).get("of", model[side])
        most = attainable(self.config.models[base])
        return max(Fraction(0), min(Fraction(1), Fraction(value) / Fraction(most))) if value is not None else None

    # Sums

    def result(self, model: dict[str, Any], terms: list[Term], record_id: str) -> Result:
        """Add up the lines, each correction as its own."""
        given = [term.points(record_id) if term.available else None for term in terms]
        lines = [Line("start", exact(model.get("starts_at", 0)))]
        lines += [
            Line(term.rule, points or Decimal(0), points is not None) for term, points in zip(terms, given, strict=True)
        ]
        for group in model.get("rule_groups", []):
            if limit := group.get("limit"):
                members = zip(terms, given, strict=True)
                together = sum(
                    (points or Decimal(0) for term, points in members if term.group == group["name"]), Decimal(0)
                )
                lines.append(
                    Line(f"limit: {group['name']}", clamped(together, limit.get("min"), limit.get("max")) - together)
                )
        least, most = model.get("between", [0, 100])
        lines.append(Line("range", clamped(total_of(lines), least, most) - total_of(lines)))
        lines += self.cap(model, record_id, total_of(lines))
        whole = (total_of(lines) + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
        lines.append(Line("rounding", whole - total_of(lines)))
        known = known_data(terms, given)
        scored = known >= share(model.get("known_data_floor", "0.5"))
        band = self.band(model, whole, record_id)
        return Result(
            int(whole) if scored else None,
            self.named(model, record_id) or (band if scored or band is None else "unscored"),
            float(known),
            total_of(lines),
            tuple(lines),
        )

    def cap(self, model: dict[str, Any], record_id: str, total: Decimal) -> list[Line]:
        """The line of the caps, when the model has any; the range's lower end wins over a cap."""
        caps = [rule for rule, _ in rules_of(model) if "at_most" in rule]
        if not caps:
            return []
        held = [
            exact(rule["at_most"])
            for rule in caps
            if self.expression(rule["when"], model["object"]).value(record_id) is True
            and self.expression(rule.get("only", "true"), model["object"]).value(record_id) is True
        ]
        least = exact(model.get("between", [0, 100])[0])
        return [Line("cap", min([total, *(max(most, least) for most in held)]) - total)]

    def named(self, model: dict[str, Any], record_id: str) -> str | None:
        """The first tier whose condition holds, whatever the score."""
        conditions = ((name, tier["when"]) for name, tier in model.get("tiers", {}).items() if "when" in tier)
        held = (name for name, when in conditions if self.expression(when, model["object"]).value(record_id) is True)
        return next(held, None)

    def band(self, model: dict[str, Any], total: Decimal, record_id: str) -> str | None:
        """The band, or the cell of the matrix; None for a model without tiers."""
        if bounds := {name: tier["from"] for name, tier in model.get("tiers", {}).items() if "from" in tier}:
            return reached(bounds, total)
        if model["kind"] == "rfm":
            return reference_kinds.segment(self, model, record_id)
        if model["kind"] != "combined":
            return None
        matrix = {"fit": {"A": 70, "B": 40, "C": 0}, "engagement": {1: 60, 2: 25, 3: 0}} | (model.get("matrix") or {})
        shares = {side: six((self.side(model, side, record_id) or Fraction(0)) * 100) for side in ("fit", "engagement")}
        return "".join(reached(matrix[side], shares[side]).lower() for side in ("fit", "engagement"))


def rules_of(model: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Every rule with its group."""
    yield from ((rule, None) for rule in model.get("rules", []))
    yield from ((rule, group) for group in model.get("rule_groups", []) for rule in group["rules"])


def rule_name(rule: dict[str, Any]) -> str:
    """The rule's name, or its reason as one."""
    return str(rule.get("name") or re.sub(r"[^a-z0-9]+", "_", rule["reason"].lower()).strip("_")[:60] or "rule")


def most_times(rule: dict[str, Any]) -> int | None:
    """How often a rule can give its points; None for without limit."""
    if "with" not in rule:
        return 1
    if rule.get("times"):
        return int(rule["times"])
    if rule.get("once_per") and rule.get("within"):
        return int(-(-duration(rule["within"]) // DAYS[rule["once_per"]]))
    return None


def worth_of(rule: dict[str, Any], found: list[Any], events: Events) -> Decimal:
    """What a rule gives for these events."""
    points = exact(rule["points"])
    if rule.get("fades"):
        ages = ((event, int(max(events.now.age(event.occurred_at) or 0, 0))) for event in found)
        return sum(
            (six(faded(points, rule["fades"], age)) * min(event.times, 100_000) for event, age in ages), Decimal(0)
        )
    count = events.blocks(found, rule["once_per"]) if rule.get("once_per") else sum(event.times for event in found)
    return points * min(count, rule.get("times") or count, 100_000)


def faded(points: Decimal, text: str, age: int) -> Fraction | Decimal:
    """The points that an event of some age still gives."""
    if half := re.fullmatch(r"half every (.+)", text):
        return points * Decimal(0.5 ** (age / duration(half[1])))
    if zero := re.fullmatch(r"to zero in (.+)", text):
        return Fraction(points) * max(Fraction(0), 1 - Fraction(age, duration(zero[1])))
    percent, every = re.fullmatch(r"(\d+) ?% every (.+)", text).groups()  # type: ignore[union-attr]
    interval = duration(every if every[0].isdigit() else f"1 {every}")
    return Fraction(points) * max(Fraction(0), 1 - Fraction(int(percent), 100) * Fraction(age, interval))


def attainable(model: dict[str, Any]) -> Decimal:
    """The most a record can have."""
    most = exact(model.get("between", [0, 100])[1])
    if model["kind"] == "combined":
        return min(Decimal(100), most)
    total = exact(model.get("starts_at", 0))
    groups = [{"rules": model.get("rules", [])}, *model.get("rule_groups", [])]
    for group in groups:
        given = [rule for rule in group["rules"] if exact(rule.get("points", 0)) > 0]
        limit = (group.get("limit") or {}).get("max")
        endless = any(most_times(rule) is None for rule in given)
        if endless and limit is None:
            return most
        sum_ = None if endless else sum((exact(rule["points"]) * (most_times(rule) or 1) for rule in given), Decimal(0))
        total += min(value for value in (sum_, exact(limit) if limit is not None else None) if value is not None)
    return min(total, most)


def bounded(points: Decimal) -> Decimal:
    """No rule leaves the width of exact points."""
    return max(-MOST, min(MOST, points))


def clamped(value: Decimal, least: Any, most: Any) -> Decimal:
    """Between two bounds that may be missing."""
    if most is not None:
        value = min(value, exact(most))
    return max(value, exact(least)) if least is not None else value


def total_of(lines: list[Line]) -> Decimal:
    """The sum of all lines."""
    return sum((line.points for line in lines), Decimal(0))


def known_data(terms: list[Term], given: list[Decimal | None]) -> Decimal:
    """The share of the weight of available rules whose inputs are known."""
    pairs = [(term.weight, points is not None) for term, points in zip(terms, given, strict=True) if term.available]
    weight = sum((each for each, _ in pairs), Decimal(0))
    if weight == 0:
        return Decimal(0)
    known = sum((each for each, is_known in pairs if is_known), Decimal(0))
    return (known / weight).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def reached(bounds: dict[Any, Any], value: Decimal) -> str:
    """The band with the highest lower bound that the value reaches; the lowest catches the rest."""
    ordered = sorted(bounds.items(), key=lambda item: exact(item[1]))
    inside = [name for name, least in ordered if value >= exact(least)]
    return str(inside[-1] if inside else ordered[0][0])


@dataclass(frozen=True)
class Held:
    """A band for the leave margin: its lower bound and whether entering it takes effect at once."""

    name: str
    least: Decimal
    at_once: bool


def settled(bands: list[Held], value: Decimal, published: str | None, margin: Decimal) -> str:
    """The tier: each boundary has one side that takes effect at once, the other takes the margin."""
    band = reached({each.name: each.least for each in bands}, value)
    names = [each.name for each in bands]
    if published not in names or published == band or bands[names.index(band)].at_once:
        return band
    held = names.index(published)
    if names.index(band) < held:
        return band if value <= bands[held].least - margin else published
    if not bands[held].at_once:
        return band
    return band if value >= bands[held + 1].least + margin else published
