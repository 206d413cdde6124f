"""Values beside the score: written together with the model's other properties, and never alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

from hubsync.provision import wanted
from hubsync.store import Store
from hubsync.types import RecordRow

LIKELY = """
model: likely
kind: trained
object: companies
who: is_customer
outcome: stays
owner: cs-ops
intercept: 0
offset: 50
factor: 10
inputs:
  - {value: bit1, coefficient: 1, reason: one}
  - {value: bit2, coefficient: 0.01, reason: two}
writes: {score: likely_score, why: likely_why, probability: likely_probability}
"""
WORTH = """
model: worth
kind: rfm
object: companies
outcome: buys again
owner: sales
recency: bit1
frequency: bit2
monetary: bit4
cuts: {recency: [0, 1, 2, 3], frequency: [1, 2, 3, 4], monetary: [1, 2, 3, 4]}
segments: {best: {when: r = 5, label: The best}, rest: {}}
writes: {tier: worth_segment, code: worth_code}
"""


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    models = {"likely": LIKELY, "worth": WORTH}
    return Desk(tmp_path, store, models=models, on=("likely",))


def edited(desk: Desk, record_id: str = "1", **values: str | None) -> None:
    """Somebody changes values of ours in HubSpot; the record itself is a customer with bit1 alone."""
    properties = {"lifecyclestage": "customer", "bit1": "true", "bit2": "false", "bit4": "false", **values}
    desk.pull([RecordRow("companies", record_id, desk.now, properties)])


def test_a_number_is_written_with_the_score(desk: Desk) -> None:
    """The probability goes along whenever the score is written, as a plain number."""
    desk.put({"1": 0, "2": 1})
    desk.sync()

    assert desk.values("likely_score") == {"1": "50", "2": "60"}
    assert desk.values("likely_probability") == {"1": "0.5000", "2": "0.7311"}
    assert desk.plan().changes == 0


def test_a_number_alone_is_never_written(desk: Desk) -> None:
    """What moves the probability and not the score stays unwritten, and is written once the score is.

    A property that was deleted and made anew is filled; another way to write the same number is no change. What
    HubSpot has already is not written along. Where too little is known for a score, the probability is cleared too.
    """
    desk.put({"moves": 1, "lost": 1, "unknown": 1, "edited": 1})
    desk.sync()
    desk.later(hours=1)
    ours = {"likely_score": "60", "likely_why": "Up: one."}
    desk.put({"moves": 3})
    edited(desk, "lost", **ours, likely_probability=".73110")
    assert desk.plan().changes == 0

    desk.put({"moves": 2})
    edited(desk, "lost", **ours, likely_probability=None)
    edited(desk, "edited", **ours | {"likely_score": "99"}, likely_probability="0.7311")
    edited(desk, "unknown", bit1=None, **ours, likely_probability="0.7311")
    desk.plan()
    assert desk.values("likely_score") == {"moves": "50", "unknown": "", "edited": "60"}
    assert desk.values("likely_probability") == {"moves": "0.5025", "unknown": "", "lost": "0.7311"}
    assert [change.property for change in desk.changes if change.record_id == "lost"] == ["likely_probability"]


def test_a_code_counts_like_a_tier(desk: Desk) -> None:
    """A code that changes is written although the segment and the score stay; what was edited is written back.

    Segments are told by conditions: there is no boundary to be near to, so no margin holds a record back in one.
    """
    desk.on = ("worth",)
    desk.put({"1": 0, "2": 0})
    desk.sync()
    assert (desk.values("worth_segment")["1"], desk.values("worth_code")["1"]) == ("best", "511")

    desk.later(hours=1)
    desk.put({"1": 4}, worth_segment="best", worth_code="511")
    desk.put({"2": 1})
    desk.plan()
    assert [(change.property, change.after) for change in desk.changes if change.record_id == "1"] == [
        ("worth_code", "512")
    ]
    assert (desk.values("worth_segment"), desk.values("worth_code")["2"]) == ({"2": "rest"}, "411")

    desk.put({"1": 4}, worth_segment="rest", worth_code="411")
    desk.plan()
    assert {change.property: change.after for change in desk.changes if change.record_id == "1"} == {
        "worth_segment": "best", "worth_code": "512",
    }  # fmt: skip


def test_properties_are_made_with_their_types(desk: Desk) -> None:
    """A code is text, a probability a number, and a segment an option with its label."""
    desk.on = ("likely", "worth")
    made = {definition.name: definition for _, definition in wanted(desk.catalog())}

    assert (made["worth_code"].type, made["worth_code"].field_type, made["worth_code"].label) == (
        "string", "text", "Worth code",
    )  # fmt: skip
    assert (made["likely_probability"].type, made["likely_probability"].label) == ("number", "Likely probability")
    assert made["worth_segment"].options == (("unscored", "Unscored"), ("rest", "Rest"), ("best", "The best"))
    assert desk.catalog().own["companies"] >= {"worth_code", "likely_probability"}


def test_a_model_that_is_switched_off_takes_its_code_along(desk: Desk) -> None:
    """Off means that all its values are cleared, those beside the score too."""
    desk.on = ("worth", "likely")
    desk.put({"1": 0})
    desk.sync()
    desk.later(hours=1)
    edited(desk, worth_segment="best", worth_code="511", likely_score="50", likely_why="x", likely_probability="0.5")
    desk.on = ("worth",)
    desk.plan()

    assert {change.property: change.after for change in desk.changes if change.model == "likely"} == {
        "likely_score": "", "likely_why": "", "likely_probability": "",
    }  # fmt: skip
