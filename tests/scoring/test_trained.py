"""Declared log-odds in points, and the probability beside them."""

from __future__ import annotations

import math
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
    "model": "tried", "kind": "trained", "object": "companies", "outcome": "x", "owner": "x", "known_data_floor": 0,
    "intercept": "-1.5", "offset": 50, "factor": 20,
    "inputs": [
        {"name": "usage", "value": "n", "coefficient": "0.8", "center": "2.5", "spread": 2, "reason": "usage"},
        {"name": "angry", "value": "b", "coefficient": "-1.25", "reason": "complained"},
    ],
}  # fmt: skip


def config(**keys: Any) -> Config:
    """One trained model."""
    return Config(EVENTS, {}, {}, dict.fromkeys(LINKS, PROPERTIES), {"tried": {**MODEL, **keys}})


def scored(values: dict[str, str | None], **keys: Any) -> Scored:
    """The score of one company."""
    portal = Portal({"companies": {"1": Record(values)}})
    return assert_same(Scorer(config(**keys), NOW), portal)["tried"]["1"]


def test_lines_are_log_odds_in_points() -> None:
    """Each line is factor x coefficient x distance from the center; start and lines add up to the score."""
    found = scored({"n": "4.5", "b": "true"})

    points = {line.rule: line.points for line in found.explanation.contributions}
    assert points == {"start": 20, "usage": 32, "angry": -25}
    assert found.row["score"] == 27


def test_probability_beside() -> None:
    """The probability is that of the log-odds which the lines add up to, also where the range cuts the score."""
    log_odds = -1.5 + 0.8 * 2 - 1.25

    assert float(scored({"n": "4.5", "b": "true"}).row["extra_probability"]) == pytest.approx(
        1 / (1 + math.exp(-log_odds)), abs=5e-5
    )
    high = scored({"n": "12.5", "b": "false"})
    assert high.row["score"] == 100
    assert dict(line[:2] for line in high.lines)["range"] == -80
    assert float(high.row["extra_probability"]) == pytest.approx(1 / (1 + math.exp(-6.5)), abs=5e-5)


def test_unknown_input_is_no_contribution() -> None:
    """An unknown input gives 0, as if at its center, and takes its share of weight from known data."""
    found = scored({"b": "true"})

    assert [line[1:] for line in found.lines if line[0] == "usage"] == [(0, False)]
    # Weights: 0.8 x 20 x 2 = 32 and 1.25 x 20 = 25.
    assert found.row["known_data"] == round(25 / 57, 4)
    # 20 - 25 lies below the range.
    assert (found.row["score"], found.explanation.contributions[-1].rule) == (0, "range")


def test_below_the_floor_nothing_is_told() -> None:
    """With too little known there is neither a score nor a probability."""
    found = scored({"b": "true"}, known_data_floor="0.5")

    assert (found.row["score"], found.row["extra_probability"]) == (None, None)


def test_factor_below_zero() -> None:
    """With a negative factor a high score means a low probability."""
    happy, angry = (scored({"n": "2.5", "b": value}, factor=-20) for value in ("false", "true"))

    assert (happy.row["score"], angry.row["score"]) == (80, 100)
    assert happy.row["extra_probability"] > angry.row["extra_probability"]


def test_values_without_end() -> None:
    """A typo of three hundred digits moves the line to the bound of points, and the lines still add up."""
    found = scored({"n": "1e308", "b": "false"})

    assert dict(line[:2] for line in found.lines)["usage"] == Decimal(10) ** 9
    assert found.row["score"] == 100


@st.composite
def models(draw: Any) -> Config:
    """Trained models of any inputs."""
    coefficients = st.sampled_from(["0.5", "-1.2", 3, "0.07", -12])
    inputs = [
        {
            "name": f"i{number}", "reason": f"input {number}", "coefficient": draw(coefficients),
            "value": draw(st.one_of(numbers(1), conditions(0))), "center": draw(st.sampled_from([0, "1.5", -7])),
            "spread": draw(st.sampled_from([1, "0.5", 30])),
        }
        for number in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    return config(
        inputs=inputs, factor=draw(st.sampled_from([20, -5, "0.5"])), known_data_floor=draw(st.sampled_from([0, 0.5]))
    )


@settings(TRIED, max_examples=3)
@given(models(), st.integers(0, 2**32))
def test_as_in_plain_python(of: Config, seed: int) -> None:
    """Generated models score generated portals as the reference does, each record alone as in the batch."""
    scorer, portal = Scorer(of, NOW), generated_portal(seed, NOW)
    together = assert_same(scorer, portal)["tried"]
    for record_id, record in list(portal.records["companies"].items())[:2]:
        events = {object_: [e for e in found if e.record_id == record_id] for object_, found in portal.events.items()}
        alone = Portal({"companies": {record_id: record}}, events)
        assert scorer.score(alone)["tried"][record_id].lines == together[record_id].lines
