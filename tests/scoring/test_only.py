"""Rules that count only for some records."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from generated_models import EVENTS, LINKS, NOWS, PROPERTIES
from reference_facts import Config, Event, Portal, Record
from scratch_portal import Scorer
from test_reference import assert_same

NOW = NOWS[0]
ONE = {"model": "tried", "kind": "points", "object": "companies", "outcome": "x", "owner": "x", "known_data_floor": 0}
PLANS = {"starter": {"s": "starter", "n": "9"}, "pro": {"s": "pro", "n": "9"}, "unknown": {"n": "9"}}


def config(rules: list[dict[str, Any]]) -> Config:
    """One model of these rules."""
    named = [{"reason": f"rule {number}", **rule} for number, rule in enumerate(rules)]
    return Config(EVENTS, {}, {}, dict.fromkeys(LINKS, PROPERTIES), {"tried": {**ONE, "rules": named}})


def portal(values: dict[str, dict[str, str]], events: list[Event] | None = None) -> Portal:
    """Companies with these properties."""
    records = {name: Record(properties) for name, properties in values.items()}
    return Portal({"companies": records}, {"companies": events or []})


def lines(rules: list[dict[str, Any]], of: Portal) -> dict[str, list[tuple[Decimal, bool | None]]]:
    """Points and known of the rules per record."""
    found = assert_same(Scorer(config(rules), NOW), of)["tried"]
    return {id_: [line[1:] for line in scored.lines if line[0].startswith("rule")] for id_, scored in found.items()}


def test_a_rule_for_one_plan() -> None:
    """A rule counts for the plan that it names, is known and 0 for other plans, and unknown where the plan is."""
    found = lines([{"when": "n > 5", "points": 7, "only": "s = 'pro'"}], portal(PLANS))

    assert found == {"starter": [(0, True)], "pro": [(7, True)], "unknown": [(0, False)]}


def test_what_does_not_apply_may_be_unknown() -> None:
    """Where a rule does not apply, nothing is asked of its inputs; where it applies, they must be known."""
    rule = {"when": "m > 5", "points": 7, "only": "s = 'pro'"}

    found = assert_same(Scorer(config([rule]), NOW), portal(PLANS))["tried"]

    assert {name: scored.row["known_data"] for name, scored in found.items()} == {"starter": 1, "pro": 0, "unknown": 0}


def test_events_that_fade_for_some() -> None:
    """A fading rule on events and a counting one keep their exact points where they apply."""
    when = NOW.day_start - timedelta(days=30)
    events = [Event(name, "order", when) for name in PLANS]
    rules: list[dict[str, Any]] = [
        {"with": "order", "fades": "half every 30 days", "points": 8, "only": "s = 'pro'"},
        {"with": "order", "times": 1, "points": -3, "only": "s <> 'pro'"},
    ]

    found = lines(rules, portal(PLANS, events))

    assert found["pro"] == [(4, True), (0, True)]
    assert found["starter"] == [(0, True), (-3, True)]
    assert found["unknown"] == [(0, False), (0, False)]


def test_a_cap_for_some() -> None:
    """A cap with `only` holds where both conditions do, and not where one is unknown."""
    rules: list[dict[str, Any]] = [
        {"when": "true", "points": 60},
        {"when": "n > 5", "at_most": 29, "only": "s = 'pro'"},
    ]

    found = assert_same(Scorer(config(rules), NOW), portal(PLANS))["tried"]

    assert {name: scored.row["score"] for name, scored in found.items()} == {"starter": 60, "pro": 29, "unknown": 60}
