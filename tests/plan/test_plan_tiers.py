"""Tiers with their leave margin, and the guards over them."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

from hubsync.store import Store


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, Store.open(tmp_path / "data", "7"))


@pytest.mark.parametrize(
    ("before", "after", "tier"),
    [
        (60, 29, "risk"), (29, 30, "risk"), (29, 32, "risk"), (29, 33, "at_risk"), (29, 75, "strong"),
        (60, 50, "steady"), (60, 49, "steady"), (60, 48, "at_risk"), (60, 70, "strong"),
        (70, 69, "strong"), (70, 68, "strong"), (70, 67, "steady"), (50, 51, "steady"), (70, 29, "risk"),
    ],
)  # fmt: skip
def test_leaving_a_tier_takes_the_margin(desk: Desk, before: int, after: int, tier: str) -> None:
    """Worse tiers take effect at once, climbing too; leaving risk upwards or another tier downwards takes 3 points."""
    desk.put({"1": before})
    desk.sync()
    desk.later(hours=1)
    desk.put({"1": after})
    desk.sync()
    with desk.store.read() as reader:
        published = reader.published("companies", "1")

    assert published[0].tier == tier


def test_reason_says_that_a_tier_is_held(desk: Desk) -> None:
    """When the margin holds a tier, the why text says so first."""
    desk.put({"1": 75})
    desk.sync()
    desk.later(hours=1)
    desk.put({"1": 69})
    desk.plan()

    assert desk.values("health_why")["1"].startswith("Stays strong, steady takes 3 points past the boundary. Up: ")


def test_many_tier_changes_are_held(desk: Desk) -> None:
    """More than 5 % of the tiered records changing tier, and more than the minimum, holds the plan."""
    desk.put({str(number): 60 for number in range(100)})
    desk.sync()
    desk.later(hours=1)
    desk.put({str(number): 75 for number in range(11)})
    planned = desk.plan()

    assert planned.held
    assert [guard.name for guard in planned.guards if guard.held] == ["tier changes of health"]
    assert "11 of 100 records (11.0%)" in planned.guards[0].message
    assert planned.tier_moves["health"]["steady", "strong"] == 11


def test_few_changes_on_a_small_portal_pass(desk: Desk) -> None:
    """Ten changes never hold a plan, however small the portal."""
    desk.put({str(number): 60 for number in range(20)})
    desk.sync()
    desk.later(hours=1)
    desk.put({str(number): 75 for number in range(10)})

    assert not desk.plan().held


def test_entering_a_worse_tier_has_a_tighter_limit(desk: Desk) -> None:
    """At most 2 % may enter a tier on which something acts."""
    desk.put({str(number): 60 for number in range(400)})
    desk.sync()
    desk.later(hours=1)
    desk.put({str(number): 10 for number in range(12)})
    planned = desk.plan()

    assert [guard.name for guard in planned.guards if guard.held] == ["acting tiers of health"]


def test_a_pull_of_half_the_portal_is_held(desk: Desk) -> None:
    """A listing that shows half of what was there holds the plan."""
    desk.put({"1": 60})
    planned = desk.plan(pulled={"companies": (2000, 4000)})

    assert [guard.name for guard in planned.guards if guard.held] == ["pull of companies"]


def test_clearing_many_records_is_held(desk: Desk) -> None:
    """Switching a model off on many records waits for somebody's yes."""
    desk.put({str(number): 60 for number in range(50)})
    desk.sync()
    desk.later(hours=1)
    desk.on = ()
    planned = desk.plan()

    assert [guard.name for guard in planned.guards if guard.held] == ["clearing of health"]


def test_writes_beyond_the_days_calls_are_held(desk: Desk) -> None:
    """A plan that needs more calls than are left today is held."""
    desk.put({str(number): 60 for number in range(101)})

    assert [guard.name for guard in desk.plan(calls_left=1).guards if guard.held] == ["API calls"]
    assert not desk.plan(calls_left=2).held


def test_limits_on_tiers_are_meant_per_day(desk: Desk) -> None:
    """After two days twice as many records may change tier, after a month four times as many and no more."""
    desk.put({str(number): 60 for number in range(100)})
    desk.sync()
    desk.later(days=2)
    desk.put({str(number): 75 for number in range(11)})
    soon = desk.plan()
    desk.later(days=30)
    desk.put({str(number): 75 for number in range(21)})
    late = desk.plan()

    assert not [guard for guard in soon.guards if guard.name.startswith("tier") and guard.held and guard.value < 0.1]
    assert [guard.limit for guard in soon.guards if guard.name == "tier changes of health"] == [0.1]
    assert [(guard.limit, guard.held) for guard in late.guards if guard.name == "tier changes of health"] == [
        (0.2, True)
    ]
