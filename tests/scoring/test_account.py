"""How well one stands with everybody who decides at a company."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from generated import conditions, numbers
from generated_models import EVENTS, LINKS, NOWS, PROPERTIES
from generated_models import portal as generated_portal
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_facts import Config, Portal, Record
from scratch_portal import TRIED, Scored, Scorer
from test_reference import assert_same

NOW = NOWS[0]
MODEL: dict[str, Any] = {
    "model": "tried", "kind": "account", "object": "companies", "outcome": "x", "owner": "x", "known_data_floor": 0,
    "between": [-100, 100],
}  # fmt: skip


def config(**keys: Any) -> Config:
    """One model of accounts."""
    return Config(EVENTS, {}, {}, dict.fromkeys(LINKS, PROPERTIES), {"tried": {**MODEL, **keys}})


def scored(values: dict[str, str | None], **keys: Any) -> Scored:
    """The score of one company."""
    return assert_same(Scorer(config(**keys), NOW), Portal({"companies": {"1": Record(values)}}))["tried"]["1"]


def points(found: Scored) -> dict[str, Decimal]:
    """The lines of the explanation that give or take something."""
    return {line.rule: line.points for line in found.explanation.contributions if line.points}


def test_roles_present() -> None:
    """A role gives its points once, however many people have it; without anybody it gives none."""
    roles = {
        "champion": {"people": "n", "points": 15, "reason": "speaks for us"},
        "buyer": {"people": "m", "points": 10, "reason": "signs"},
    }

    assert points(scored({"n": "3", "m": "0"}, roles=roles)) == {"champion": 15}
    unknown = scored({"n": "3"}, roles=roles)
    assert (points(unknown), unknown.row["known_data"]) == ({"champion": 15}, 0.6)


ENGAGED = {"people": "n", "points": 16, "each_further": "50 %", "up_to": 4}


@pytest.mark.parametrize(("people", "total"), [("0", 0), ("1", 16), ("2", 24), ("3", 28), ("4", 30), ("9", 30)])
def test_each_further_person_counts_less(people: str, total: int) -> None:
    """The 1st engaged person gives all, each further one half of the one before, up to a limit."""
    found = scored({"n": people}, engaged=ENGAGED)

    assert found.row["score"] == total
    reasons = [line.reason for line in found.explanation.contributions]
    assert [f"{n} engaged person" for n in ("1st", "2nd", "3rd", "4th")] == [r for r in reasons if "engaged" in r]


def test_shares_that_do_not_come_out_even() -> None:
    """A third of ten is rounded to six decimals per person, so that the lines add up."""
    found = scored({"n": "3"}, engaged={"people": "n", "points": 10, "each_further": "0.333", "up_to": 3})

    assert points(found) == {
        "engaged_1": 10, "engaged_2": Decimal("3.33"), "engaged_3": Decimal("1.10889"),
        "rounding": Decimal("-0.43889"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("people", "total"), [("0", 0), ("3", 9), ("6", 18), ("7", 19), ("10", 22), ("40", 22), ("-2", 0)]
)
def test_six_to_ten_stakeholders(people: str, total: int) -> None:
    """Known people count evenly up to the lower end of the range, a little up to its upper end, then no more."""
    wanted = {"people": "n", "wanted": [6, 10], "points": 18, "each_further": 1}

    assert scored({"n": people}, stakeholders=wanted).row["score"] == total


def test_single_threaded() -> None:
    """Exactly one engaged person costs points, two do not, unless a condition says that all hangs on one."""
    keys: dict[str, Any] = {"engaged": ENGAGED, "single_threaded": {"points": -15, "also_when": "m > 0.8"}}

    assert points(scored({"n": "1", "m": "0"}, **keys))["single_threaded"] == -15
    assert "single_threaded" not in points(scored({"n": "2", "m": "0"}, **keys))
    assert points(scored({"n": "2", "m": "0.9"}, **keys))["single_threaded"] == -15
    assert "single_threaded" not in points(scored({"n": "0", "m": "0"}, **keys))
    unknown = {line[0]: line[1:] for line in scored({"m": "0"}, **keys).lines}
    assert unknown["single_threaded"] == (0, False)


def test_champion_left() -> None:
    """A champion who left costs points, and the line says so."""
    keys: dict[str, Any] = {"engaged": ENGAGED, "champion_left": {"when": "m > 0", "points": -20}}
    found = scored({"n": "2", "m": "1"}, **keys)

    assert points(found) == {"engaged_1": 16, "engaged_2": 8, "champion_left": -20}
    assert "a champion has left" in found.row["why"]


def test_stale_contacts_cap_the_score() -> None:
    """Where most people have not been heard of, the score is capped in a line of its own; at the share it is not."""
    stale = {"people": "m", "of": "n", "above": "50 %", "at_most": 10}
    keys: dict[str, Any] = {"engaged": ENGAGED, "stale": stale}

    assert points(scored({"n": "4", "m": "3"}, **keys))["cap"] == -20
    assert "cap" not in points(scored({"n": "4", "m": "2"}, **keys))
    for nobody in ({"n": "0", "m": "0"}, {"n": "4"}):
        assert "cap" not in points(scored(nobody, **keys))


def test_fit_and_intent_beside() -> None:
    """Rules stand beside the committee, as in a model of points."""
    rules = [{"name": "fit", "when": "m > 5", "points": 12, "reason": "fits"}]

    assert points(scored({"n": "1", "m": "6"}, engaged=ENGAGED, rules=rules)) == {"engaged_1": 16, "fit": 12}


@st.composite
def models(draw: Any) -> Config:
    """Models of accounts over any expressions."""
    some = st.sampled_from([4, "7.5", 20])
    engaged = {
        "people": draw(numbers(1)), "points": draw(some), "each_further": draw(st.sampled_from(["50 %", "0.3", 1])),
        "up_to": draw(st.integers(1, 6)),
    }  # fmt: skip
    roles = {name: {"people": draw(numbers(0)), "points": draw(some), "reason": name} for name in ("buyer", "user")}
    keys: dict[str, Any] = {"engaged": engaged, "roles": roles}
    keys["stakeholders"] = {
        "people": draw(numbers(0)), "points": draw(some), "wanted": draw(st.sampled_from([[6, 10], [2, 3]])),
        "each_further": draw(st.sampled_from([0, "0.5"])),
    }  # fmt: skip
    keys["single_threaded"] = {"points": -15, "also_when": draw(conditions(0))}
    keys["champion_left"] = {"points": -8, "when": draw(conditions(0))}
    keys["stale"] = {"people": draw(numbers(0)), "of": draw(numbers(0)), "at_most": 10}
    keys["rules"] = [{"when": draw(conditions(0)), "points": 3, "reason": "beside", "only": draw(conditions(0))}]
    return config(**keys)


@settings(TRIED, max_examples=3)
@given(models(), st.integers(0, 2**32))
def test_as_in_plain_python(of: Config, seed: int) -> None:
    """Generated models score generated portals as the reference does, each record alone as in the batch."""
    scorer, portal = Scorer(of, NOW), generated_portal(seed, NOW)
    together = assert_same(scorer, portal)["tried"]
    for record_id, record in list(portal.records["companies"].items())[:1]:
        alone = scorer.score(Portal({"companies": {record_id: record}}))["tried"][record_id]
        assert alone.lines == together[record_id].lines
