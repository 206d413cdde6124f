"""The reasons of a score: two up, two down, at most 250 characters, and the same while the causes are the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from reference_facts import Config, Portal, Record
from reference_language import Now
from scratch_portal import Scorer

NOW = Now(datetime(2026, 9, 21, 14), date(2026, 9, 21), datetime(2026, 9, 21, 4))
NAMES = ["a", "b", "c", "d", "e", "f"]
POINTS = [5, 10, 10, -3, -8, -1]


def why(rules: list[dict[str, Any]], properties: dict[str, str | None], now: Now = NOW, **more: Any) -> str:
    """The reasons for one record."""
    model = {"model": "m", "kind": "points", "object": "contacts", "outcome": "x", "owner": "x", "rules": rules, **more}
    config = Config({}, {}, {}, {"contacts": {**dict.fromkeys(NAMES, "bool"), "t": "datetime"}}, {"m": model})
    found = Scorer(config, now).score(Portal({"contacts": {"1": Record(properties)}}))["m"]["1"]
    return str(found.row["why"])


def simple(length: int = 0) -> list[dict[str, Any]]:
    """A rule per property."""
    return [
        {"when": n, "points": p, "reason": f"reason {n}" + "x" * length} for n, p in zip(NAMES, POINTS, strict=True)
    ]


def test_two_up_two_down() -> None:
    """The two largest reasons of each side are named, the earlier rule first when they are equal."""
    assert why(simple(), dict.fromkeys(NAMES, "true")) == "Up: reason b; reason c. Down: reason e; reason d."


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("a", "Up: reason a."),
        ("ab", "Up: reason b; reason a."),
        ("f", "Down: reason f."),
        ("af", "Up: reason a. Down: reason f."),
        ("", "No rule moves this score."),
    ],
)
def test_one_side(held: str, expected: str) -> None:
    """A side without reasons is not named at all."""
    assert why(simple(), {name: str(name in held).lower() for name in NAMES}) == expected


def test_cap_is_a_reason() -> None:
    """A cap that lowers the score is named among the reasons down, with its bound."""
    rules = [*simple(), {"when": "a", "at_most": 7, "reason": "only a trial"}]
    everything = {"a": "true", "b": "true", "c": "false", "d": "false", "e": "false", "f": "false"}

    assert why(rules, everything) == "Up: reason b; reason a. Down: at most 7: only a trial."


def test_too_little_known() -> None:
    """A record that is not scored is told the two heaviest things that are missing."""
    expected = "Not scored, too little is known. Unknown: reason b; reason c."
    assert why(simple(), {"a": "true"}) == expected


def test_length() -> None:
    """Long reasons are cut to what the property holds."""
    text = why(simple(240), dict.fromkeys(NAMES, "true"))
    assert len(text) == 250
    assert text.endswith("...")
    assert why([{"when": "a", "points": 1, "reason": "é🙂" * 125}], {"a": "true"}).endswith("...")


def test_reason_signs() -> None:
    """A reason may hold any sign, and a full stop at its end is not doubled."""
    assert (
        why([{"when": "a", "points": 1, "reason": 'it\'s 100 % "sure"; {x}.'}], {"a": "true"})
        == 'Up: it\'s 100 % "sure"; {x}.'
    )


def test_stable_from_day_to_day() -> None:
    """The text does not tick: a day later the same reasons read the same."""
    rules = [{"when": "days_since(t) > 30", "points": -5, "reason": "no action for 30 days"}]
    later = Now(NOW.now + timedelta(days=1), NOW.day + timedelta(days=1), NOW.day_start + timedelta(days=1))
    today = why(rules, {"t": "2026-06-01T00:00:00Z"})
    assert today == "Down: no action for 30 days."
    assert why(rules, {"t": "2026-06-01T00:00:00Z"}, later) == today


def test_no_rule_available() -> None:
    """A model whose sources this portal does not have says that nothing moves it."""
    rules = [{"when": "a", "points": 0, "reason": "x"}]
    assert why(rules, {"a": "true"}, known_data_floor=0) == "No rule moves this score."
