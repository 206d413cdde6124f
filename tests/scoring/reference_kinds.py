"""The kinds `weighted` and `rfm` of the reference scorer: what is measured over all records, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from reference_facts import exact, six
from reference_language import Node, Parser

if TYPE_CHECKING:
    from reference import Reference, Term

FEWEST = 5
SEGMENTS = {
    "champion": "r = 5 and f + m >= 9", "loyal": "r >= 3 and f + m >= 7", "needs_attention": "r >= 3",
    "at_risk": "f + m >= 4", "lost": "r = 1", "hibernating": None,
}  # fmt: skip


def completed(model: dict[str, Any]) -> dict[str, Any]:
    """A model with what its kind adds: an rfm code needs all three measures."""
    return {**model, "known_data_floor": 1} if model["kind"] == "rfm" else model


def terms(reference: Reference, model: dict[str, Any], term: type[Term]) -> list[Term] | None:
    """The lines of a weighted or an rfm model; None for other kinds."""
    if model["kind"] == "weighted":
        return list(weighted(reference, model, term))
    if model["kind"] == "rfm":
        return [term(name, points, Decimal(1)) for name, points in fifths_in_points(reference, model)]
    return None


def population(reference: Reference, model: dict[str, Any]) -> list[str]:
    """The records of `who`."""
    who = reference.expression(model["who"], model["object"]) if model.get("who") else None
    return [id_ for id_ in reference.records(model["object"]) if who is None or who.value(id_) is True]


def number(node: Node) -> Callable[[str], Fraction | None]:
    """A value as an exact number; a condition is 1 or 0."""

    def value(record_id: str) -> Fraction | None:
        found = node.value(record_id)
        return Fraction(found) if found is not None else None

    return value


# Weighted


@dataclass(frozen=True)
class Scale:
    """The scale of one measure, 0-100, 100 the best."""

    knots: list[tuple[Fraction, Fraction]]
    lower: bool

    def at(self, value: Fraction | None) -> Fraction | None:
        """Where a value lies."""
        if value is None or not self.knots:
            return None
        place = self.rising(value)
        return 100 - place if self.lower else place

    def rising(self, value: Fraction) -> Fraction:
        """Straight lines between the knots."""
        if value < self.knots[0][0]:
            return Fraction(0)
        if value > self.knots[-1][0]:
            return Fraction(100)
        for (low, start), (high, end) in zip(self.knots, self.knots[1:], strict=False):
            if low <= value < high:
                return start + (end - start) * (value - low) / (high - low)
        return self.knots[-1][1]


def scale(measure: dict[str, Any], values: list[Fraction]) -> Scale:
    """The scale that the known values of all records make."""
    lower, count = measure.get("better") == "lower", len(values)
    if count < FEWEST:
        return Scale([], lower)
    ordered = sorted(values)
    if measure.get("scale") == "min_max":
        low, high = (ordered[-(-edge * count // 100) - 1] for edge in (5, 95))
        return Scale([(low, Fraction(0)), (high, Fraction(100))] if low < high else [(low, Fraction(50))], lower)
    different, knots = sorted(set(ordered)), []
    for value in different:
        below, equal = sum(each < value for each in ordered), ordered.count(value)
        passes = (below + equal) * 100 // count > below * 100 // count
        if len(different) <= 100 or value == different[0] or passes:
            percent = Decimal(100 * below + 50 * equal) / count
            knots.append((value, Fraction(percent.quantize(Decimal("0.0001"), ROUND_HALF_UP))))
    return Scale(knots, lower)


def weighted(reference: Reference, model: dict[str, Any], term: type[Term]) -> Iterator[Term]:
    """Measures on their scales; the per cents of unknown ones go to the others in proportion."""
    measures = {measure["name"]: measure for measure in model["measures"]}
    nodes = {name: reference.expression(measure["value"], model["object"]) for name, measure in measures.items()}
    values = {name: number(node) for name, node in nodes.items()}
    people = population(reference, model)
    scales = {}
    for name, measure in measures.items():
        known = [value for id_ in people if (value := values[name](id_)) is not None]
        scales[name] = scale(measure, known)
    variants = [
        (reference.expression(each["when"], model["object"]), each["percents"]) for each in model.get("variants", [])
    ]

    def percents(record_id: str) -> dict[str, Decimal]:
        usual = {name: exact(measure["percent"]) for name, measure in measures.items()}
        held = (given for when, given in variants if when.value(record_id) is True)
        other = next(held, None)
        return usual if other is None else {name: exact(other.get(name, 0)) for name in measures}

    def points(name: str) -> Callable[[str], Decimal | None]:
        def found(record_id: str) -> Decimal | None:
            shares = percents(record_id)
            places = {each: scales[each].at(values[each](record_id)) for each in measures}
            together = sum((shares[each] for each, place in places.items() if place is not None), Decimal(0))
            place = places[name]
            if place is None or together == 0:
                return None
            return six(place * Fraction(shares[name]) / Fraction(together))

        return found

    for name, measure in measures.items():
        yield term(name, points(name), exact(measure["percent"]), None, nodes[name].available)


# RFM


def names_of(model: dict[str, Any]) -> dict[str, str]:
    """The three measures by their letters."""
    third = "monetary" if "monetary" in model else "engagement"
    return {"r": "recency", "f": "frequency", third[0]: third}


def fifth(reference: Reference, model: dict[str, Any], name: str) -> Callable[[str], int | None]:
    """The fifth of one measure: by pinned bounds, or by the share of records that are strictly worse."""
    value = number(reference.expression(model[name], model["object"]))
    bounds = model.get("cuts", {}).get(name)
    found = (value(id_) for id_ in population(reference, model))
    known = [each for each in found if each is not None]

    def better(one: Fraction, other: Fraction) -> bool:
        return one < other if name == "recency" else one > other

    def place(record_id: str) -> int | None:
        own = value(record_id)
        if own is None or (bounds is None and len(known) < FEWEST):
            return None
        if bounds is not None:
            return 1 + sum(not better(Fraction(exact(bound)), own) for bound in bounds)
        return 1 + min(4, 5 * sum(better(own, each) for each in known) // len(known))

    return place


def fifths_in_points(reference: Reference, model: dict[str, Any]) -> Iterator[tuple[str, Callable[[str], Any]]]:
    """Each measure with the points of its fifth."""
    for name in names_of(model).values():
        place = fifth(reference, model, name)

        def points(record_id: str, place: Callable[[str], int | None] = place) -> Decimal | None:
            at = place(record_id)
            return six(Fraction(100 * (at - 1), 12)) if at is not None else None

        yield name, points


def code(reference: Reference, model: dict[str, Any], record_id: str) -> str | None:
    """The three digits; None when one is unknown."""
    digits = [fifth(reference, model, name)(record_id) for name in names_of(model).values()]
    return "".join(map(str, digits)) if None not in digits else None


def segment(reference: Reference, model: dict[str, Any], record_id: str) -> str:
    """The first segment whose condition holds, else the last."""
    letters = {letter: fifth(reference, model, name) for letter, name in names_of(model).items()}
    usual = {name: {"when": when.replace("m", [*letters][2])} if when else {} for name, when in SEGMENTS.items()}
    named = model.get("segments") or usual
    for name, declared in named.items():
        if "when" in declared:
            node = Parser(declared["when"], lambda each: Node("number", letters[each]), reference.now).parse()
            if node.value(record_id) is True:
                return str(name)
    return str([*named][-1])
