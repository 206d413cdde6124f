"""Generated configurations, and portals full of dirt, to hold the SQL against the reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from generated import BY_TYPE, EXPRESSION_PROPERTIES, RAW, conditions, numbers
from hypothesis import strategies as st
from reference_facts import Config, Event, Portal, Record, Sources
from reference_language import Now

NOWS = (
    Now(datetime(2026, 9, 21, 14), date(2026, 9, 21), datetime(2026, 9, 21, 4)),
    Now(datetime(2026, 9, 21, 2), date(2026, 9, 20), datetime(2026, 9, 20, 4)),
    Now(datetime(2026, 9, 20, 15), date(2026, 9, 21), datetime(2026, 9, 20, 15)),
)
PROPERTIES = {**EXPRESSION_PROPERTIES, "counted": "number", "last_one": "datetime"}
EVENTS: dict[str, Any] = {
    "visit": {"label": "visited", "sources": [
        {"from": "occurrences", "event_type": "visit", "attributes": {"url": "u", "title": "t"}},
        {"from": "counters", "count": "counted", "last": "last_one"}]},
    "login": {"label": "logged in", "sources": [
        {"from": "occurrences", "event_type": "login", "covers": "known(n)"},
        {"from": "counters", "object": "companies", "count": "counted", "last": "last_one"}]},
    "order": {"label": "ordered", "sources": [
        {"from": "tables", "file": "o.csv", "subject": {"email": "e"}, "time": "t", "value": "v", "currency": "c"}]},
    "billed": {"label": "billed", "sources": [
        {"from": "tables", "file": "b.csv", "subject": {"domain": "d"}, "time": "t", "value": "v"}]},
    "ticket": {"label": "ticket", "sources": [
        {"from": "objects", "object": "tickets", "time": "t", "attributes": {"mood": "m"}}]},
    "won": {"label": "won", "sources": [{"from": "objects", "object": "deals", "time": "t", "value": "n"}]},
    "staged": {"label": "moved", "sources": [{"from": "counters", "object": "deals", "count": "counted",
    "last": "last_one"}]},
    "rated": {"label": "rated", "sources": [{"from": "objects", "object": "contacts", "time": "t", "covers": "b"}]},
}  # fmt: skip
REACHED = {
    "contacts": ["visit", "order", "ticket", "won", "staged", "rated"],
    "companies": ["visit", "login", "order", "billed", "ticket", "won", "staged", "rated"],
    "deals": ["won", "staged"],
}
WHERE = {
    "visit": ["title = 'x'", "contains(title, 'A')", "known(title)"],
    "order": ["value > 10", "currency = 'EUR' and value >= 0", "not value > 10"],
    "billed": ["value between 1 and 20"],
    "ticket": ["mood = 'good'", "mood <> 'good'"],
    "won": ["value > 10 or value < 0"],
}
ATTRIBUTES = {"visit": ["url", "title"], "ticket": ["mood"]}
WITHIN = ["1 day", "7 days", "30 days", "10 weeks", "1 year", 45]
POINTS = [-20, -5, 5, 10, 1, "0.5", 2.75, "-0.25", 33, "0.000001"]
LINKS = {"contacts": ["companies", "deals"], "companies": ["contacts", "deals"], "deals": ["contacts", "companies"]}
WORDS = {
    "is_customer": {"contacts": "b", "companies": "coalesce(b, c)", "deals": None},
    "employees": {"contacts": "n + m", "companies": "number(s)"},
    "role": {"contacts": "s", "companies": "lower(r)", "deals": "'fixed'"},
    "renewal_date": {"contacts": "t", "companies": "d"},
    "last_action_at": {"contacts": "d", "companies": "coalesce(t, u)"},
}
WORD_TESTS = ["is_customer", "employees > 3", "contains(role, 'SOFT', 'x')", "days_until(renewal_date) < 10",
              "days_since(last_action_at) > 5", "known(arr)", "opted_out or is_customer"]  # fmt: skip


def filters(draw: Any, kind: str, *, within: bool = True) -> dict[str, Any]:
    """Which events count."""
    found: dict[str, Any] = {}
    if within and draw(st.booleans()):
        found["within"] = draw(st.sampled_from(WITHIN))
    if kind == "visit" and draw(st.booleans()):
        found["url_contains"] = draw(st.sampled_from(["/pricing", "/", "'"]))
    if kind in WHERE and draw(st.booleans()):
        found["where"] = draw(st.sampled_from(WHERE[kind]))
    return found


def event_signal(draw: Any, object_: str) -> dict[str, Any]:
    """A fact about events."""
    how = draw(st.sampled_from(["count", "sum", "since", "trend"]))
    if how == "trend":
        return trend_signal(draw, object_)
    kind = draw(st.sampled_from([k for k in REACHED[object_] if how != "sum" or k in ("order", "billed", "won")]))
    found = {"label": how, how: kind, **filters(draw, kind, within=how != "since")}
    if how == "count" and draw(st.booleans()):
        found["once_per"] = draw(st.sampled_from(["day", "week", "month"]))
    return found


def trend_signal(draw: Any, object_: str, how: str | None = None) -> dict[str, Any]:
    """A fact that compares events with those before, or looks ahead."""
    how = how or draw(st.sampled_from(["first", "until", "trend", "silence", "streak", "covered", "distinct"]))
    kind = draw(st.sampled_from([k for k in REACHED[object_] if how != "distinct" or k in ATTRIBUTES]))
    found = {"label": how, how: kind, **filters(draw, kind, within=how not in ("trend", "silence"))}
    if how == "trend":
        found |= {"within": draw(st.sampled_from(["1 day", "7 days", "30 days"])), "against": draw(st.sampled_from(
            ["30 days", 45, "1 year"])), "at_least": draw(st.sampled_from([1, 3, 20]))}  # fmt: skip
        if kind in ("order", "billed", "won"):
            found["trend_of"] = draw(st.sampled_from(["count", "value"]))
    elif how == "silence":
        found["against"] = draw(st.sampled_from(["7 days", "30 days", "1 year"]))
    elif how == "streak":
        found["once_per"] = draw(st.sampled_from(["day", "week", "month"]))
    elif how == "distinct":
        found["by"] = draw(st.sampled_from(ATTRIBUTES[kind]))
    return {key: found[key] for key in found if how != "covered" or key not in ("url_contains", "where")}


def rule(draw: Any, object_: str, names: list[str]) -> dict[str, Any]:
    """A rule on a condition, a signal or events."""
    points = draw(st.sampled_from(POINTS))
    sort = draw(st.sampled_from(["when", "signal", "with", "with"]))
    if sort == "when":
        return {"when": draw(st.one_of(conditions(1), st.sampled_from(WORD_TESTS))), "points": points}
    if sort == "signal" and names:
        sides = (st.sampled_from(names), st.sampled_from([">", "<=", "="]), st.sampled_from(["0", "1", "30"]))
        test = " ".join(draw(side) for side in sides)
        return {"when": test, "points": points}
    kind = draw(st.sampled_from(REACHED[object_]))
    found: dict[str, Any] = {"with": kind, "points": points, **filters(draw, kind)}
    extra = draw(st.sampled_from(["", "times", "once_per", "once_per", "fades", "both"]))
    if extra in ("times", "both"):
        found["times"] = draw(st.sampled_from([1, 2, 5]))
    if extra in ("once_per", "both"):
        found["once_per"] = draw(st.sampled_from(["day", "week", "month"]))
    if extra == "fades":
        found["fades"] = draw(
            st.sampled_from(
                [
                    "half every 30 days",
                    "half every 1 week",
                    "50 % every month",
                    "to zero in 60 days",
                    "10% every 5 days",
                ]
            )
        )
    return found


def rules(draw: Any, object_: str, names: list[str], prefix: str) -> list[dict[str, Any]]:
    """Some rules with their reasons."""
    count = draw(st.integers(1, 4))
    return [{**rule(draw, object_, names), "reason": f"{prefix} reason {number}"} for number in range(count)]


def points_model(draw: Any, name: str, object_: str, names: list[str]) -> dict[str, Any]:
    """A model of points."""
    model: dict[str, Any] = {
        "model": name, "kind": "points", "object": object_, "outcome": "x", "owner": "x",
        "starts_at": draw(st.sampled_from([1, 54, "10.5"])),
        "between": draw(st.sampled_from([[0, 100], [-50, 50], [5, 60], [0, 1000]])),
        "known_data_floor": draw(st.sampled_from(["0 %", 0.5, "30%", 1])),
        "rules": rules(draw, object_, names, "alone"),
    }  # fmt: skip
    limits = [None, {"max": 10}, {"min": -10}, {"min": -7.5, "max": "12.25"}, {"max": 0}, {"min": 2}]
    model["rule_groups"] = [
        {"name": f"g{number}", "rules": rules(draw, object_, names, f"g{number}")}
        | ({"limit": limit} if (limit := draw(st.sampled_from(limits))) else {})
        for number in range(draw(st.integers(0, 2)))
    ]
    if draw(st.booleans()):
        model["rules"].append(
            {"when": draw(conditions(0)), "at_most": draw(st.sampled_from([29, 0, 50])), "reason": "capped"}
        )
    if draw(st.booleans()):
        model["who"] = draw(conditions(0))
    if draw(st.booleans()):
        model["tiers"] = {"low": {"from": -50, "worse": True}, "mid": {"from": 30}, "high": {"from": 54}}
        if draw(st.booleans()):
            model["tiers"]["fresh"] = {"when": draw(conditions(0))}
    return model


@st.composite
def configs(draw: Any) -> Config:
    """Signals of every sort, models of points on every object, blends and scores of scores."""
    signals: dict[str, Any] = {}
    names: dict[str, list[str]] = {object_: [] for object_ in LINKS}
    for object_, own in names.items():
        signals[f"v_{object_}"] = {"object": object_, "label": "v", "value": draw(st.one_of(numbers(1), conditions(0)))}
        boolean = not is_number(signals[f"v_{object_}"]["value"])
        signals[f"e_{object_}"] = event_signal(draw, object_)
        own += [] if boolean else [f"v_{object_}"]
        own += [] if is_condition(signals[f"e_{object_}"]) else [f"e_{object_}"]
    takes = ["max", "min", "avg", "sum", "count", "top 2 avg", "top 1 sum"]
    for object_, overs in LINKS.items():
        for over in overs:
            signals[f"r_{object_}_{over}"] = {
                "object": object_, "label": "r", "over": over, "take": draw(st.sampled_from(takes)),
                "of": draw(st.sampled_from([f"v_{over}", f"e_{over}", "n", "b"])),
                "via": draw(st.sampled_from(["primary", "any"])),
            }  # fmt: skip
            names[object_].append(f"r_{object_}_{over}")
    models = {name: points_model(draw, name, object_, names[object_]) for name, object_ in
              (("first", "contacts"), ("second", "contacts"), ("firm", "companies"), ("bargain", "deals"))}  # fmt: skip
    blend = {"kind": "combined", "outcome": "x", "owner": "x", "known_data_floor": draw(st.sampled_from([0.5, "60 %"]))}
    models["both"] = {**blend, "model": "both", "object": "contacts", "fit": "first", "engagement": "second",
                      "weights": draw(st.sampled_from([{}, {"fit": 30, "engagement": 70}]))}  # fmt: skip
    signals["people"] = {"object": "companies", "label": "p", "of": "second", "over": "contacts", "take": "top 3 avg"}
    models["firm_both"] = {**blend, "model": "firm_both", "object": "companies", "fit": "firm", "engagement": "people",
                           "matrix": {"fit": {"A": 60, "B": "33.3", "C": 0}}}  # fmt: skip
    models["later"] = {"model": "later", "kind": "points", "object": "contacts", "outcome": "x", "owner": "x",
                       "rules": [{"when": "both > 30 and first < 90", "points": 7,
                       "reason": "of a score"}]}  # fmt: skip
    return Config(EVENTS, signals, WORDS, dict.fromkeys(LINKS, PROPERTIES), models)


def is_condition(signal: dict[str, Any]) -> bool:
    """Whether a signal on events holds or not."""
    return "covered" in signal or ("within" in signal and ("first" in signal or "until" in signal))


def is_number(text: str) -> bool:
    """Whether a generated value is a number (and not a condition)."""
    from reference_facts import Facts

    return (
        Facts(Config({}, {}, {}, {"contacts": PROPERTIES}, {}), Portal(), NOWS[0]).expression(text, "contacts").type
        == "number"
    )


def sources(seed: int, now: Now) -> Sources:
    """Which sources feed this portal: some missing, some young, some late."""
    dice = Random(seed)
    ids = {kind: [f"{kind}/{source['from']}" for source in declared["sources"]] for kind, declared in EVENTS.items()}
    active = {kind: dice.choice([*options, *options, None]) for kind, options in ids.items() if dice.random() < 0.7}
    every = [source for options in ids.values() for source in options]
    starts = {
        source: now.day_start - timedelta(days=dice.choice([3, 40, 400])) for source in every if dice.random() < 0.4
    }
    watched = {source: starts.pop(source) for source in list(starts) if dice.random() < 0.3}
    return Sources(active, starts, frozenset(source for source in every if dice.random() < 0.1), watched)


def portal(seed: int, now: Now) -> Portal:
    """A small portal with gaps, dirt, events on the edges of days, and links in all directions."""
    dice = Random(seed)
    made = Portal()
    for object_, count in (("contacts", 8), ("companies", 5), ("deals", 4)):
        made.records[object_] = {f"{object_[:2]}{number}": record(dice, now) for number in range(count)}
        made.events[object_] = [
            event(dice, dice.choice(list(made.records[object_])), dice.choice(list(EVENTS)), now)
            for _ in range(dice.choice([0, 40, 80]))
        ]
        made.coming[object_] = [event for event in made.events[object_] if event.occurred_at >= now.day_start]
        made.coming[object_] += [
            later(dice, dice.choice(list(made.records[object_])), dice.choice(list(EVENTS)), now)
            for _ in range(dice.choice([0, 20]))
        ]
    for pair in (("contacts", "companies"), ("deals", "contacts"), ("deals", "companies")):
        near, far = (list(made.records[object_]) for object_ in pair)
        pairs = {(dice.choice(near), dice.choice([*far, "gone"])) for _ in range(dice.choice([0, 6, 14]))}
        made.links[pair] = [(a, b, dice.random() < 0.5) for a, b in sorted(pairs)]
    return made


def record(dice: Random, now: Now) -> Record:
    """A record with what it may or may not have."""
    created = dice.choice(
        [None, now.now, now.day_start - timedelta(days=dice.randrange(400), hours=dice.randrange(24))]
    )
    kinds = {name: kind for kind, names in BY_TYPE.items() for name in names} | {"counted": "number"}
    share = dice.random()
    return Record(
        {name: dice.choice([*RAW[kind], None]) for name, kind in kinds.items() if dice.random() < share}, created
    )


def event(dice: Random, record_id: str, kind: str, now: Now) -> Event:
    """An event, often at the very edge of a portal day."""
    edge = now.day_start - timedelta(days=dice.choice([0, 1, 6, 7, 8, 14, 29, 30, 31, 45, 70, 89, 365, 366]))
    at = min(
        edge + dice.choice([timedelta(0), timedelta(microseconds=-1), timedelta(microseconds=1), timedelta(hours=9)]),
        now.now,
    )
    attributes = {"url": dice.choice(["/pricing", "/x'y", "", None]), "title": dice.choice(["x", "Abc", " "]),
                  "mood": dice.choice(["good", "bad", None])}  # fmt: skip
    value = dice.choice([None, Decimal("10.5"), Decimal(20), Decimal("-3.25"), Decimal("0.000001")])
    times = dice.choice([1, 1, 1, 3, 200])
    return Event(record_id, kind, at, attributes, value, dice.choice([None, "EUR", "USD"]), times)


def later(dice: Random, record_id: str, kind: str, now: Now) -> Event:
    """An event to come, often at the very edge of a portal day."""
    edge = now.day_start + timedelta(days=dice.choice([1, 2, 7, 8, 30, 31, 45, 70, 366]))
    at = edge + dice.choice([timedelta(0), timedelta(microseconds=-1), timedelta(hours=9)])
    return replace(event(dice, record_id, kind, now), occurred_at=max(at, now.now))
