"""What a plan writes, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk, model

from hubsync.approval import digest
from hubsync.store import Store
from hubsync.types import RecordRow


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    return Desk(tmp_path, store)


def test_first_plan_writes_all_properties_of_each_record(desk: Desk) -> None:
    """The first plan of a portal sets score, tier, why and the moment of the tier, and says that it is the first.

    Its hash can be computed from its rows alone, in any order.
    """
    desk.put({"1": 60, "2": 20})
    planned = desk.plan()

    assert planned.first_write
    assert planned.records_scored == 2
    assert planned.changes == 8
    assert desk.values("health_score") == {"1": "60", "2": "20"}
    assert desk.values("health_tier") == {"1": "steady", "2": "risk"}
    assert set(desk.values("health_changed").values()) == {"2026-09-21T14:00:00.000Z"}
    assert desk.values("health_why") == {"1": "Up: bit 32; bit 16.", "2": "Up: bit 16; bit 4."}
    assert digest(reversed(desk.changes)) == planned.hash


def test_second_plan_is_empty(desk: Desk) -> None:
    """With nothing changed, nothing is planned, whatever time of the day it is."""
    desk.put({str(number): number for number in range(1, 90)})
    desk.sync()
    desk.later(hours=3)

    assert desk.plan().changes == 0


def test_small_changes_are_not_written(desk: Desk) -> None:
    """A change below three points stays unwritten, also with other reasons, unless the tier changes with it.

    Then everything that goes with the tier is written.
    """
    moves = {"1": (60, 61), "2": (60, 62), "3": (60, 63), "-3": (60, 57), "-2": (60, 58), "reasons": (4, 3)}
    desk.put({key: before for key, (before, _) in moves.items()} | {"tier": 50})
    desk.sync()
    desk.later(hours=1)
    desk.put({key: after for key, (_, after) in moves.items()} | {"tier": 51})
    desk.plan()

    assert desk.values("health_score") == {"3": "63", "-3": "57", "tier": "51"}
    assert {change.record_id for change in desk.changes} == {"3", "-3", "tier"}
    assert desk.values("health_tier") == {"tier": "steady"}
    assert desk.values("health_changed") == {"tier": "2026-09-21T15:00:00.000Z"}


def test_time_alone_moves_a_score_at_most_every_seven_days(desk: Desk) -> None:
    """A score that moved only because days went by is written when the last write is seven days old."""
    desk.models["health"] = model(more=("{when: days_since(met_on) > 2, points: -9, reason: silent}",))
    desk.put({"1": 60}, met_on="2026-09-20")
    desk.sync()
    desk.later(days=3)
    early = desk.plan().changes
    desk.later(days=4)

    assert early == 0
    assert desk.plan().changes > 0
    assert desk.values("health_score") == {"1": "51"}


def test_values_edited_in_hubspot_are_healed(desk: Desk) -> None:
    """A score that somebody overwrote in HubSpot is planned again; 60.0 is 60, and nothing is written."""
    desk.put({"1": 60, "2": 60})
    desk.sync()
    desk.later(hours=1)
    desk.put({"1": 60}, health_score="99")
    desk.put({"2": 60}, health_score="60.0")
    desk.plan()

    assert desk.values("health_score") == {"1": "60"}
    assert {change.record_id for change in desk.changes} == {"1"}


def test_leaving_who_clears_once(desk: Desk) -> None:
    """A record that leaves `who` loses its values once; one that never was in it is not touched."""
    desk.put({"1": 60})
    desk.put({"2": 60}, lifecyclestage="lead")
    desk.sync()
    desk.later(hours=1)
    desk.put({"1": 60}, lifecyclestage="lead")
    first = desk.sync()
    desk.later(hours=1)

    assert {(change.record_id, change.property, change.after) for change in first} == {
        ("1", f"health_{name}", "") for name in ("score", "tier", "why", "changed")
    }
    assert desk.plan().changes == 0


def test_switching_a_model_off_clears_its_properties(desk: Desk) -> None:
    """A model that is off takes its values back, and a property that another model writes now stays."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(hours=1)
    desk.models["other"] = model("other")
    desk.on = ("other",)
    desk.plan()

    assert desk.values("health_score") == {"1": ""}
    assert desk.values("other_score") == {"1": "60"}


def test_closed_deals_are_frozen(desk: Desk) -> None:
    """A deal that closes leaves `who` but keeps its last score."""
    desk.models["deal"] = model("deal", "deals", more=("{when: amount > 5, points: 60, reason: large}",))
    desk.on = ("deal",)
    deal = {"amount": "9", "hs_is_closed": "false"}
    desk.pull([RecordRow("deals", "1", desk.now, deal)])
    desk.sync()
    desk.later(hours=1)
    desk.pull([RecordRow("deals", "1", desk.now, {**deal, "hs_is_closed": "true"})])

    assert desk.plan().changes == 0


def test_held_models_keep_their_old_values(desk: Desk) -> None:
    """A model whose inputs can't be trusted is neither written nor cleared."""
    desk.put({"1": 60, "2": 60})
    desk.sync()
    desk.later(hours=1)
    desk.put({"1": 10})
    desk.put({"2": 60}, lifecyclestage="lead")

    assert desk.plan(held={"health": "why"}).changes == 0


def test_refused_values_rest_until_the_record_changes(desk: Desk) -> None:
    """What HubSpot refused is not sent again with the same values before the record changes, or a week is over."""
    desk.put({"1": 60, "2": 60, "3": 60, "4": 60})
    desk.plan()
    desk.write(refuse=frozenset({"1", "3", "4"}))
    desk.later(hours=1)
    rests = desk.plan().changes
    desk.put({"1": 62, "4": 60})
    desk.plan()
    changed = desk.values("health_score")
    desk.later(days=8)
    desk.plan()

    assert rests == 0
    assert changed == {"1": "62", "4": "60"}
    assert desk.values("health_score") == {"1": "62", "3": "60", "4": "60"}


def test_new_version_writes_whatever_differs(desk: Desk) -> None:
    """A new version of a model is named in the plan, and even one point is written."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(hours=1)
    desk.models["health"] = model(more=("{when: bit4, points: 1, reason: more}",))
    planned = desk.plan()

    assert planned.new_models == ("health",)
    assert desk.values("health_score") == {"1": "61"}
