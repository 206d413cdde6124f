"""The reference of the kinds `account` and `trained`, and of rules with `only`, in plain Python.

What a kind can say as rules becomes rules of the YAML's own form; the rest are terms of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

from reference_facts import exact, share, six

ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}


def expanded(model: dict[str, Any]) -> dict[str, Any]:
    """The model with what its kind means by its own keys said as rules and a start."""
    if model["kind"] == "account":
        own = list(account_rules(model))
        return {**model, "rules": [*own, *model.get("rules", [])]}
    if model["kind"] == "trained":
        start = exact(model.get("offset", 50)) + exact(model.get("factor", 20)) * exact(model["intercept"])
        return {**model, "starts_at": six(start)}
    return model


def account_rules(model: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Roles, engaged people and flags as rules."""
    for name, role in model.get("roles", {}).items():
        yield {"name": name, "when": f"({role['people']}) > 0", "points": role["points"], "reason": role["reason"]}
    engaged = model.get("engaged")
    if engaged:
        points = exact(engaged["points"])
        for count in range(1, engaged.get("up_to", 5) + 1):
            worth = six(Fraction(points) * Fraction(share(engaged.get("each_further", "50 %"))) ** (count - 1))
            if not worth:
                break
            nth = f"{count}{ORDINALS.get(count, 'th')}"
            yield {
                "name": f"engaged_{count}", "when": f"({engaged['people']}) >= {count}", "points": worth,
                "reason": f"{nth} engaged person",
            }  # fmt: skip
    single = model.get("single_threaded")
    if single:
        also = f" or ({single['also_when']})" if single.get("also_when") else ""
        when = f"floor({engaged['people']}) = 1{also}" if engaged else single["also_when"]
        yield {"name": "single_threaded", "when": when, **only(single, "points"), "reason": "single"}
    if left := model.get("champion_left"):
        yield {"name": "champion_left", **only(left, "when", "points"), "reason": "left"}
    if stale := model.get("stale"):
        limit = share(stale.get("above", "50 %"))
        when = f"({stale['people']}) / ({stale['of']}) > {limit}"
        yield {"name": "stale", "when": when, "at_most": stale["at_most"], "reason": "stale"}


def only(entry: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Some keys of an entry."""
    return {key: entry[key] for key in keys}


def with_own(reference: Any, model: dict[str, Any], rules: list[Any], term: Callable[..., Any]) -> list[Any]:
    """The terms of the rules, with those that are no rules in their places."""
    if model["kind"] == "trained":
        return [trained(reference, model, entry, term) for entry in model["inputs"]]
    if model["kind"] == "account" and model.get("stakeholders"):
        flags = [rule.rule in ("single_threaded", "champion_left") for rule in rules]
        before = flags.index(True) if True in flags else len(rules) - len(model.get("rules", []))
        return [*rules[:before], *stakeholders(reference, model, term), *rules[before:]]
    return rules


def stakeholders(reference: Any, model: dict[str, Any], term: Callable[..., Any]) -> Iterator[Any]:
    """How many of the wanted people are known: evenly up to the lower end, then so much for each further."""
    wanted = model["stakeholders"]
    node = reference.expression(wanted["people"], model["object"])
    least, most = wanted.get("wanted", [6, 10])
    worth = exact(wanted["points"])

    def covered(record_id: str) -> Decimal | None:
        people = node.value(record_id)
        return six(Fraction(worth) * within(people, 0, least) / least) if people is not None else None

    yield term("stakeholders", covered, worth, None, node.available)
    if not wanted.get("each_further"):
        return
    each = exact(wanted["each_further"])

    def further(record_id: str) -> Decimal | None:
        people = node.value(record_id)
        return six(Fraction(each) * within(people - least, 0, most - least)) if people is not None else None

    yield term("stakeholders_further", further, each * (most - least), None, node.available)


def within(people: float, least: int, most: int) -> Fraction:
    """A number of people, whole, inside two bounds."""
    return max(Fraction(least), min(Fraction(most), Fraction(floor(people))))


def trained(reference: Any, model: dict[str, Any], entry: dict[str, Any], term: Callable[..., Any]) -> Any:
    """One input of a trained model: what it moves the log-odds by, in points."""
    node = reference.expression(entry["value"], model["object"])
    worth = exact(entry["coefficient"]) * exact(model.get("factor", 20))

    def points(record_id: str) -> Decimal | None:
        value = node.value(record_id)
        if value is None:
            return None
        moved = six(Fraction(worth) * (Fraction(float(value)) - Fraction(exact(entry.get("center", 0)))))
        return max(Decimal(-(10**9)), min(Decimal(10**9), moved))

    name = entry.get("name") or entry["reason"].lower().replace(" ", "_")
    return term(name, points, abs(worth) * exact(entry.get("spread", 1)), None, node.available)


def limited_to(reference: Any, rule: dict[str, Any], model: dict[str, Any], term: Any) -> Any:
    """A rule with `only`: 0 and known where the condition does not hold, unknown where it is unknown."""
    if "only" not in rule:
        return term
    applies = reference.expression(rule["only"], model["object"])
    inner = term.points

    def points(record_id: str) -> Decimal | None:
        if applies.value(record_id) is None:
            return None
        return inner(record_id) if applies.value(record_id) else Decimal(0)

    return replace(term, points=points, available=term.available and applies.available)


def expected_purchases(fit: Mapping[str, Any], repeats: int, last: float, age: float, horizon: float) -> float:
    """The purchases of a BG/NBD within a horizon, purchase by purchase.

    The chance of one more than j is that of being there after j (1 - p with p of a beta distribution) times that of
    having the rate for it (a negative binomial distribution); a sum of positive numbers, unlike the product's series.
    """
    r, alpha, a, b = (fit[name] for name in ("r", "alpha", "a", "b"))
    left = (alpha + age) / (alpha + age + horizon)
    there, more, exactly, total = 1.0, 1.0, left ** (r + repeats), 0.0
    for number in range(100_000):
        more -= exactly
        total += there * max(more, 0)
        if there * more < 1e-15:
            break
        there *= (b + repeats + number) / (a + b + repeats + number)
        exactly *= (r + repeats + number) / (number + 1) * (1 - left)
    gone = a / (b + repeats - 1) * ((alpha + age) / (alpha + last)) ** (r + repeats) if repeats else 0
    return total / (1 + gone)


def expected_spend(fit: Mapping[str, Any], purchases: int, mean: float) -> float:
    """The value of a next purchase: the average of all and one's own, weighted by how much one's own says."""
    own = fit["p"] * purchases / (fit["p"] * purchases + fit["q"] - 1)
    return float((1 - own) * fit["p"] * fit["gamma"] / (fit["q"] - 1) + own * mean)


def on_scale(knots: list[list[float]], value: float) -> float:
    """Straight lines between the knots."""
    if value < knots[0][0]:
        return 0
    for (low, start), (high, end) in pairwise(knots):
        if value <= high:
            return start + (value - low) / (high - low) * (end - start)
    return 100
