"""The segments that ship, by published scores at their exact bounds (checklist 22, 23, 26-29, 46, 47)."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import MODEL, model
from segments_desk import SegmentsDesk

from hubsync.store import Store

SHIPPED = (Path(__file__).parents[2] / "config" / "segments.yaml").read_text(encoding="utf-8")
SECOND = "2026-01-01"
"""The date that gives the score of upsell 60 points; with another date it has 59."""


def rules(name: str, object_: str, *lines: str) -> str:
    """A model whose points are these rules alone."""
    text = MODEL.format(name=name, object=object_, extra="", rules="\n".join(f"  - {line}" for line in lines))
    return text.replace("who: is_customer\n", "") if object_ == "contacts" else text


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> SegmentsDesk:
    """The three scores that the shipped segments read; the score of customers is set by `put`."""
    made = SegmentsDesk(tmp_path, store, minimum=100, segments=SHIPPED)
    made.models = {
        "customer": model("customer"),
        "upsell": rules(
            "upsell", "companies",
            f"{{when: met_on = '{SECOND}', points: 60, reason: a}}",
            f"{{when: met_on <> '{SECOND}', points: 59, reason: b}}",
        ),
        "combined": rules(
            "combined", "contacts",
            "{when: weight >= 79, points: 79, reason: a}",
            "{when: weight >= 80, points: 1, reason: b}",
        ),
    }  # fmt: skip
    return made


def test_levels(desk: SegmentsDesk) -> None:
    """30-50 is at risk, below 30 risk, 51-69 neither; whoever is below without having fallen is not to be called."""
    desk.on = ("customer",)
    desk.put({"0": 0, "29": 29, "30": 30, "50": 50, "51": 51, "70": 70})
    desk.sync()

    assert desk.values("hubsync_segments") == {"0": "risk", "29": "risk", "30": "at_risk", "50": "at_risk"}


def test_upsell_candidates_have_both_scores(desk: SegmentsDesk) -> None:
    """80 points as a customer and a high upsell score together; either alone is no candidate (26)."""
    desk.on = ("customer", "upsell")
    desk.put({"both": 80, "unhappy": 79}, met_on=SECOND)
    desk.put({"content": 100}, met_on="2026-01-02")
    desk.sync()

    assert desk.values("hubsync_segments") == {"both": "upsell_candidate"}


def test_a_fall_below_thirty_is_told_once(desk: SegmentsDesk) -> None:
    """Whoever falls below 30 is to be called, for fourteen days; a level below 30 alone is no trigger (22, 23)."""
    desk.on = ("customer",)
    desk.put({"falls": 30, "is low": 20})
    desk.sync()
    desk.later(days=1)
    desk.put({"falls": 27, "is low": 17})
    desk.sync()
    fell = desk.values("hubsync_segments")
    desk.later(days=14)
    desk.sync()

    assert fell == {"falls": "risk;risk_call"}
    assert desk.values("hubsync_segments") == {"falls": "risk"}


def test_loyal_after_six_months(desk: SegmentsDesk) -> None:
    """70 points are loyal once they were published for six months; 69 never are (27, T10)."""
    desk.on = ("customer",)
    desk.put({"70": 70, "69": 69})
    desk.sync()
    desk.later(days=179)
    desk.sync()
    early = desk.values("hubsync_segments")
    desk.later(days=1)
    desk.sync()

    assert (early, desk.values("hubsync_segments")) == ({}, {"70": "loyal"})


def test_hot_leads(desk: SegmentsDesk) -> None:
    """A lead whose score reaches 80 is hot, at 79 it is not (46, 47)."""
    desk.on = ("combined",)
    desk.people("warm", company="1", weight="79")
    desk.people("hot", company="1", weight="80")
    desk.sync()

    assert desk.values("combined_score") == {"warm": "79", "hot": "80"}
    assert desk.values("hubsync_segments") == {"hot": "hot_lead"}
