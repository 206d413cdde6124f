"""Models that are refreshed weekly or monthly: when their published values move, and what is written in between."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from desk import model
from segments_desk import SegmentsDesk

from hubsync.plan.refresh import begins, follows
from hubsync.store import Store

MONDAY = datetime(2026, 9, 21, 14)


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> SegmentsDesk:
    made = SegmentsDesk(tmp_path, store, minimum=100)
    made.models["health"] = model(extra="refresh: weekly")
    return made


@pytest.mark.parametrize(
    ("refresh", "day", "first", "then"),
    [
        ("weekly", date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 23)),
        ("weekly", date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 30)),
        ("monthly", date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 1)),
        ("monthly", date(2026, 12, 1), date(2026, 12, 1), date(2027, 1, 1)),
        ("every run", date(2026, 12, 1), date(2026, 12, 1), date(2026, 12, 2)),
    ],
)
def test_a_week_begins_on_monday_and_a_month_on_its_first(refresh: str, day: date, first: date, then: date) -> None:
    """The period of a day, and the day on which the next one begins."""
    assert (begins(refresh, day), follows(refresh, day)) == (first, then)  # type: ignore[arg-type]


def test_nothing_moves_within_the_week(desk: SegmentsDesk) -> None:
    """From Monday's first run on scores and tiers stay, also worse ones; the next Monday's run moves them."""
    desk.put({"1": 60, "2": 84})
    first = desk.plan()
    desk.write()
    found = []
    for score, days in ((20, 1), (24, 2), (8, 3), (4, 1)):
        desk.later(days=days)
        desk.put({"1": score})
        found.append(desk.plan())
        desk.write()

    assert first.waiting == {}
    assert [planned.changes for planned in found[:3]] == [0] * 3
    assert found[2].waiting == {"health": "2026-09-28"}
    assert found[3].waiting == {}
    assert (desk.values("health_score"), desk.values("health_tier")) == ({"1": "4"}, {"1": "risk"})


def test_the_first_run_of_a_week_counts_whenever_it_is(desk: SegmentsDesk) -> None:
    """Without a run on Monday the next one refreshes, also where it had nothing to write."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(days=9)
    quiet = desk.plan()
    desk.write()
    desk.later(days=1)
    desk.put({"1": 20})
    later = desk.plan()

    assert (quiet.changes, quiet.refreshed) == (0, {"health": "2026-09-30"})
    assert (later.changes, later.waiting) == (0, {"health": "2026-10-05"})


def test_a_plan_that_nobody_wrote_refreshes_nothing(desk: SegmentsDesk) -> None:
    """Whoever only looks does not use up the week."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(days=7)
    desk.put({"1": 20})
    desk.plan()
    desk.later(hours=1)

    assert desk.plan().waiting == {}
    assert desk.values("health_score") == {"1": "20"}


def test_new_records_are_written_at_once_and_lost_values_come_back(desk: SegmentsDesk) -> None:
    """A record without a value gets one in between; what was lost or edited becomes what was published, not more."""
    desk.put({"1": 60, "2": 60, "3": 60})
    desk.sync()
    desk.later(days=1)
    desk.put({"1": 20, "2": 20, "3": 20, "4": 84})
    desk.own("1", health_score="99")
    desk.own("2", health_score="", health_tier="", health_why="")
    desk.plan()

    assert desk.values("health_score") == {"1": "60", "2": "60", "4": "84"}
    assert desk.values("health_tier") == {"2": "steady", "4": "strong"}


def test_a_new_version_is_written_at_once(desk: SegmentsDesk) -> None:
    """A model that was changed does not wait with its values; another refresh is no new version."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(days=1)
    desk.models["health"] = model(extra="refresh: monthly")
    same = desk.plan()
    desk.models["health"] = model(extra="refresh: weekly", more=("{when: bit4, points: 20, reason: more}",))
    changed = desk.plan()

    assert (same.changes, same.new_models) == (0, ())
    assert changed.new_models == ("health",)
    assert desk.values("health_score") == {"1": "80"}


def test_who_leaves_is_cleared_at_once(desk: SegmentsDesk) -> None:
    """A record that leaves `who` keeps no value until the month is over, and gets one in the first run it is back."""
    desk.models["health"] = model(extra="refresh: monthly")
    desk.put({"1": 60})
    desk.sync()
    desk.later(days=1)
    desk.put({"1": 60}, lifecyclestage="lead")
    desk.sync()
    cleared = desk.values("health_score")
    desk.later(days=1)
    desk.put({"1": 20})
    desk.plan()

    assert cleared == {"1": ""}
    assert desk.values("health_score") == {"1": "20"}


def test_as_an_ingredient_and_in_segments_it_counts_as_scored_now(desk: SegmentsDesk) -> None:
    """Only what is published waits: who is made of the model, or asks for it, sees today's score."""
    desk.models["part"] = model("part", more=("{when: health < 50, points: -9, reason: health}",))
    desk.on = ("health", "part")
    desk.segments = "low: {object: companies, when: health < 50}\n"
    desk.put({"1": 60})
    desk.sync()
    desk.later(days=1)
    desk.put({"1": 44})
    desk.plan()

    assert desk.values("health_score") == {}
    assert desk.values("part_score") == {"1": "35"}
    assert desk.values("hubsync_segments") == {"1": "low"}


def test_a_model_that_is_held_is_not_refreshed(desk: SegmentsDesk) -> None:
    """A week in which the model was held on Monday is made up for on Tuesday."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(days=7)
    desk.put({"1": 20})
    desk.plan(held={"health": "broken"})
    desk.write()
    desk.later(days=1)
    planned = desk.plan()

    assert planned.waiting == {}
    assert desk.values("health_score") == {"1": "20"}
