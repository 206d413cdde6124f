"""The simulated portal goes on when users and programs delete, merge and archive what it lives with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubsync.emulator.state import Portal
from hubsync.emulator.world import World

NOW = datetime(2026, 9, 21, 14, tzinfo=UTC)


def lived() -> tuple[Portal, World]:
    portal = Portal(portal_id=7, now=NOW, token="t", monotonic=lambda: 0.0)
    world = World(portal, seed=1, contacts=60)
    world.populate()
    return portal, world


@pytest.mark.parametrize("objects", [("contacts", "companies"), ("deals", "tickets", "subscriptions")])
def test_deleted_records_stay_gone(objects: tuple[str, ...]) -> None:
    """Half of the records are deleted, some for good: months later nothing happened with them, and others came."""
    portal, world = lived()
    gone = [(object, id) for object in objects for id in list(portal.objects[object])[::2]]
    for place, (object, id) in enumerate(gone):
        if place % 3:
            portal.archive(object, id, portal.now)
        else:
            portal.purge(object, id)
    events = [len(portal.occurrences.by_record.get(record, ())) for record in gone]
    contacts, payments = set(portal.objects["contacts"]), set(portal.objects["commerce_payments"])

    world.live(timedelta(days=120))

    assert not any(id in portal.objects[object] for object, id in gone)
    assert [len(portal.occurrences.by_record.get(record, ())) for record in gone] == events
    assert not any(list(portal.associations.all_of(*record)) for record in gone)
    assert portal.objects["contacts"].keys() - contacts
    paid = portal.objects["commerce_payments"].keys() - payments
    assert paid
    assert all(portal.associations.of("commerce_payments", id, "companies") for id in paid)


def test_merged_records_live_on_as_one() -> None:
    """Colleagues and their companies are merged by a program: the survivors go on from the counters of both.

    The people of one company were deleted before, so that those of the other pay for both.
    """
    portal, world = lived()
    logins = sorted(
        (int(rec.properties["product_logins"]), id)
        for id, rec in portal.objects["companies"].items()
        if "product_logins" in rec.properties and "churned_on" not in rec.properties
    )
    (fewer, other), (more, primary) = logins[-2:]
    older = min(other, primary, key=int)
    for id in list(portal.associations.of("companies", older, "contacts")):
        portal.archive("contacts", id, portal.now)
    payments = set(portal.objects["commerce_payments"])
    company = portal.merge("companies", primary, other, portal.now)
    people = list(portal.associations.of("companies", company, "contacts"))
    person = portal.merge("contacts", people[0], people[1], portal.now)

    world.live(timedelta(days=60))

    now = portal.objects["companies"][company].properties
    assert int(now["product_logins"]) >= fewer + more
    paid = portal.associations.of("companies", company, "commerce_payments").keys() - payments
    assert paid
    assert all(portal.associations.of("commerce_payments", id, "contacts") for id in paid)
    assert person in portal.objects["contacts"]
    assert int(now["num_associated_contacts"]) == len(portal.associations.of("companies", company, "contacts"))


def test_an_archived_property_is_written_no_more() -> None:
    """The definition of a property is archived: its values stay as they are, and all others go on."""
    portal, world = lived()
    portal.properties["companies"].archive("product_logins", "2026-09-21T14:00:00.000Z")
    before = {id: rec.properties.get("product_logins") for id, rec in portal.objects["companies"].items()}
    minutes = {id: rec.properties.get("product_minutes") for id, rec in portal.objects["companies"].items()}

    world.live(timedelta(days=14))

    now = portal.objects["companies"]
    assert {id: now[id].properties.get("product_logins") for id in before} == before
    assert {id: now[id].properties.get("product_minutes") for id in minutes} != minutes


def test_a_person_who_was_entered_by_hand() -> None:
    """A program creates a contact whom the world would have met later: there is one record with this email."""
    (before, first), (portal, second) = lived(), lived()
    known = {rec.properties["email"] for rec in before.objects["contacts"].values()}
    first.live(timedelta(days=30))
    email = next(
        rec.properties["email"] for rec in before.objects["contacts"].values() if rec.properties["email"] not in known
    )
    by_hand = portal.put("contacts", {"email": email}, at=portal.now)

    second.live(timedelta(days=30))

    assert [id for id, rec in portal.objects["contacts"].items() if rec.properties["email"] == email] == [by_hand]
