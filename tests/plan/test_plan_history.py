"""What a plan takes from the history: data against time, versions, properties that nothing writes any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk import Desk, model

from hubsync.store import Store
from hubsync.types import AssociationRow, RecordRow

PEOPLE = "people: {object: companies, label: weight of its people, of: weight, over: contacts, take: sum}\n"


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    return Desk(tmp_path, store)


def people(desk: Desk, *ids: str, company: str | None = None, weight: str = "20") -> None:
    """Pull contacts that belong to one company, or to none."""
    rows = [RecordRow("contacts", each, desk.now, {"weight": weight}) for each in ids]
    linked = [AssociationRow("contacts", each, "companies", company, 1) for each in ids] if company else []
    desk.pull(rows, associations=linked, links=[("contacts", "companies", list(ids))])


def test_an_association_that_changes_is_data(desk: Desk) -> None:
    """A roll-up that moves because an association came or went is written at once, though no record changed."""
    desk.signals = PEOPLE
    desk.models["health"] = model(more=("{when: people > 10, points: -9, reason: heavy}",))
    desk.put({"appears": 60, "ends": 60, "comes with a new contact": 60, "is left alone": 60})
    people(desk, "6")
    people(desk, "7", company="ends")
    desk.sync()
    desk.later(hours=1)
    people(desk, "6", company="appears")
    people(desk, "7")
    people(desk, "8", company="comes with a new contact")
    desk.plan()

    assert desk.values("health_score") == {"appears": "51", "ends": "60", "comes with a new contact": "51"}


def test_what_an_ingredient_rolls_up_is_data(desk: Desk) -> None:
    """A changed record counts also for a model that reads it through the roll-up of its ingredient."""
    desk.signals = PEOPLE
    desk.models["part"] = model("part", more=("{when: people > 10, points: 9, reason: heavy}",))
    desk.models["health"] = model(more=("{when: part > 65, points: -9, reason: part}",))
    desk.put({"1": 60})
    people(desk, "7", company="1", weight="5")
    desk.sync()
    desk.later(hours=1)
    people(desk, "7", company="1")
    desk.plan()

    assert desk.values("health_score") == {"1": "51"}


def test_a_new_version_counts_from_its_first_run_on(desk: Desk) -> None:
    """Records that a new version leaves as they are belong to it too: later, small changes are small again."""
    desk.put({"1": 60, "2": 52})
    desk.sync()
    desk.later(hours=1)
    desk.models["health"] = model(more=("{when: bit8, points: 1, reason: more}",))
    first = desk.plan()
    desk.write()
    desk.later(hours=1)
    desk.put({"2": 54})
    second = desk.plan()

    assert (first.new_models, second.new_models) == (("health",), ())
    assert second.changes == 0


def test_what_did_not_arrive_is_written_however_small(desk: Desk) -> None:
    """A value that was published and that HubSpot does not have is planned again, also one point."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(hours=1)
    desk.models["health"] = model(more=("{when: bit4, points: 1, reason: more}",))
    desk.plan()
    with desk.store.write() as writer:
        writer.publish("run2", desk.now)
    desk.later(hours=1)
    desk.plan()

    assert desk.values("health_score") == {"1": "61"}


def test_a_tier_that_hubspot_has_already_enters_the_history(desk: Desk) -> None:
    """Somebody set in HubSpot the tier that the score then reaches: there is nothing to write, and it is published."""
    desk.put({"1": 51})
    desk.sync()
    desk.later(hours=1)
    desk.put({"1": 48}, health_score="48", health_tier="at_risk")
    changes = desk.sync()
    with desk.store.read() as reader:
        (published,) = reader.published("companies", "1")

    assert changes == []
    assert published.tier == "at_risk"


def test_a_closed_deal_is_frozen_even_within_who(desk: Desk) -> None:
    """A model that looks at all deals writes to the open ones alone."""
    desk.models["deal"] = model("deal", "deals", more=("{when: amount > 5, points: 60, reason: large}",)).replace(
        "who: is_customer", "who: amount > 0"
    )
    desk.on = ("deal",)
    desk.pull([RecordRow("deals", key, desk.now, {"amount": "9", "hs_is_closed": closed}) for key, closed in DEALS])

    assert desk.plan().tier_moves == {"deal": {("", "steady"): 1}}
    assert desk.values("deal_score") == {"1": "60"}


DEALS = [("1", "false"), ("2", "true")]


def renamed(desk: Desk) -> None:
    desk.models["health"] = model().replace("health_score", "health_points")


def test_a_property_that_a_model_writes_no_more_is_cleared_once(desk: Desk) -> None:
    """Under its new name the score is written, the old property is emptied, even when a plan alone came between."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(hours=1)
    renamed(desk)
    desk.plan()
    desk.later(hours=1)
    desk.sync()
    cleared, written = desk.values("health_score"), desk.values("health_points")
    desk.later(hours=1)

    assert (cleared, written) == ({"1": ""}, {"1": "60"})
    assert desk.plan().changes == 0


def test_a_property_that_is_gone_from_the_portal_is_not_cleared(desk: Desk) -> None:
    """What somebody deleted in HubSpot can't be emptied there, and stands in nobody's way."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(hours=1)
    renamed(desk)
    existing: dict[str, Any] = {"companies": frozenset({"health_tier", "health_why"})}
    desk.plan(existing=existing)

    assert desk.values("health_score") == {}
    assert desk.values("health_points") == {"1": "60"}


def test_a_property_of_a_held_model_is_not_cleared(desk: Desk) -> None:
    """A property that changed hands stays, also while its new model is held."""
    desk.put({"1": 60})
    desk.sync()
    desk.later(hours=1)
    renamed(desk)
    desk.models["other"] = model("other").replace("other_score", "health_score")
    desk.on = ("health", "other")
    desk.plan(held={"other": "why"})

    assert desk.values("health_score") == {}
