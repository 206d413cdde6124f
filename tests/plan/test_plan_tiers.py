"""Tiers with their leave margin, and the guards over them."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

from hubsync.store import Store


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    return Desk(tmp_path, store)


MOVES = {
    (60, 29): "risk", (29, 30): "risk", (29, 32): "risk", (29, 33): "at_risk", (29, 75): "strong",
    (60, 50): "steady", (60, 49): "steady", (60, 48): "at_risk", (60, 70): "strong",
    (70, 69): "strong", (70, 68): "strong", (70, 67): "steady", (50, 51): "steady", (70, 29): "risk",
}  # fmt: skip


def test_leaving_a_tier_takes_the_margin(desk: Desk) -> None:
    """Worse tiers take effect at once, climbing too; leaving risk upwards or another tier downwards takes 3 points.

    The why text of a record that is held says so first.
    """
    desk.put({f"{before} to {after}": before for before, after in MOVES})
    desk.put({"75 to 69": 75})
    desk.sync()
    desk.later(hours=1)
    desk.put({f"{before} to {after}": after for before, after in MOVES})
    desk.put({"75 to 69": 69})
    desk.sync()
    with desk.store.read() as reader:
        published = {key: reader.published("companies", f"{key[0]} to {key[1]}")[0].tier for key in MOVES}
    why = desk.values("health_why")["75 to 69"]

    assert published == MOVES
    assert why is not None
    assert why.startswith("Stays strong, steady takes 3 points past the boundary. Up: ")


def test_many_tier_changes_are_held(desk: Desk) -> None:
    """More than 5 % of the tiered records changing tier holds the plan; ten never do, however small the portal."""
    desk.put({str(number): 60 for number in range(20)})
    desk.sync()
    desk.later(hours=1)
    desk.put({str(number): 75 for number in range(10)})
    few = desk.plan()
    desk.put({"10": 75})
    many = desk.plan()

    assert not few.held
    assert [guard.name for guard in many.guards if guard.held] == ["tier changes of health"]
    assert "11 of 20 records (55.0%)" in many.guards[0].message
    assert many.tier_moves["health"]["steady", "strong"] == 11


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
