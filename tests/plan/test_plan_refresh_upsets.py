"""Weekly and monthly models when something comes between: a push that broke off, hours, limits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from desk import model
from segments_desk import SegmentsDesk

from hubsync.store import Store
from hubsync.types import Outcome

FADES = "{when: days_since(met_on) < 10, points: 20, reason: met us lately}"
ORDERS = """
model: worth
kind: rfm
object: companies
outcome: buys again
owner: sales
refresh: monthly
recency: bit1
frequency: bit2
monetary: bit4
cuts: {recency: [0, 1, 2, 3], frequency: [1, 2, 3, 4], monetary: [1, 2, 3, 4]}
segments: {best: {when: r = 9, label: The best}, rest: {}}
writes: {score: worth_score, tier: worth_segment, code: worth_code}
"""


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> SegmentsDesk:
    made = SegmentsDesk(tmp_path, store, minimum=100)
    made.models["health"] = model(extra="refresh: weekly")
    return made


def break_off(desk: SegmentsDesk, *sent: str) -> None:
    """Let HubSpot take these records of the last plan, then let the push end with an error."""
    run_id = f"run{desk.runs}"
    with desk.store.write() as writer:
        writer.publish(run_id, desk.now)
        writer.settle(run_id, "companies", [Outcome(each, True, desk.now, "") for each in sent], desk.now)
        writer.finish_run(run_id, "failed", ended_at=desk.now, counts={"written": len(sent)}, calls=1)


def test_the_day_counts_and_not_the_hour(desk: SegmentsDesk) -> None:
    """What only time moved is written on the day of the refresh, also when that run is earlier in the day."""
    desk.models["health"] = model(extra="refresh: weekly", more=(FADES,))
    desk.put({"1": 1}, met_on="2026-09-15")
    desk.sync()
    desk.now = datetime(2026, 9, 28, 6)
    desk.plan()

    assert desk.values("health_score") == {"1": "1"}


def test_a_push_that_broke_off_is_made_up_for_the_next_day(desk: SegmentsDesk) -> None:
    """What was not sent on the day of the refresh is written by the next run, with all that belongs to the score."""
    desk.models, desk.on = {"worth": ORDERS}, ("worth",)
    desk.put({"1": 0, "2": 0})
    desk.sync()
    desk.now = datetime(2026, 10, 1, 8)
    desk.put({"1": 1, "2": 1})
    desk.plan()
    planned = desk.values("worth_code")
    break_off(desk, "1")
    desk.later(days=1)
    again = desk.plan()

    assert planned.keys() == {"1", "2"}
    assert {change.record_id for change in desk.changes} == {"2"}
    assert desk.values("worth_code") == {"2": planned["2"]}
    assert again.waiting == {}
    desk.write()
    desk.later(days=1)
    desk.put({"1": 7, "2": 7})
    assert desk.plan().changes == 0


def test_the_limit_on_tiers_grows_with_the_time_since_the_refresh(desk: SegmentsDesk) -> None:
    """A week's moves of a weekly model are no mistake of a day, whatever another model published yesterday."""
    desk.minimum = 0
    desk.models["daily"] = model("daily")
    desk.on = ("health", "daily")
    desk.put({str(n): 60 for n in range(20)})
    desk.sync()
    desk.models["daily"] = model("daily", more=("{when: bit4, points: 1, reason: more}",))
    desk.later(days=6)
    desk.sync()
    desk.later(days=1)
    desk.put({str(n): 20 for n in range(3)})
    limits = {guard.name: guard.limit for guard in desk.plan().guards}

    assert limits["tier changes of health"] == pytest.approx(4 * limits["tier changes of daily"])
