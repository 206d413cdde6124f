"""The simulated portal: the same for the same seed, consistent with itself, and moving day by day."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from hubsync.emulator.clock import read_moment, to_ms
from hubsync.emulator.occurrences import Occurrence
from hubsync.emulator.state import Portal
from hubsync.emulator.world import World

NOW = datetime(2026, 9, 21, 14, tzinfo=UTC)
PREFIX = "pe7_"
OWN_IDS = {"hs_object_id", "associatedcompanyid", "hs_merged_object_ids", "hs_calculated_merged_vids"}


def lived(contacts: int, seed: int = 1, clock: Callable[[], float] = lambda: 0.0) -> tuple[Portal, World]:
    portal = Portal(portal_id=7, now=NOW, token="t", monotonic=clock)
    world = World(portal, seed=seed, contacts=contacts)
    world.populate()
    return portal, world


def digest(portal: Portal) -> str:
    records = [(kind, rec) for kind, live in portal.objects.items() for rec in live.values()]
    links = [
        (
            kind,
            record_id,
            sorted((end, other, sorted(types)) for end, other, types in portal.associations.all_of(kind, record_id)),
        )
        for kind, live in portal.objects.items()
        for record_id in list(live)[::5]
    ]
    lists = [(one.name, one.joined) for one in portal.tools.lists.live.values()]
    rest = (portal.archived, portal.merged, list(portal.occurrences), lists, portal.now)
    return hashlib.sha256(repr((records, links, rest)).encode()).hexdigest()


@pytest.fixture(scope="module")
def world() -> tuple[Portal, World]:
    """A world of 300 contacts that lived three weeks after its first day; for reading only."""
    portal, world = lived(300)
    world.live(timedelta(days=21))
    return portal, world


def test_the_same_seed_lives_the_same_portal() -> None:
    """Seed, number of contacts and date decide everything that the portal holds."""
    assert digest(lived(60)[0]) == digest(lived(60)[0])
    assert digest(lived(60)[0]) != digest(lived(60, seed=2)[0])


def test_seven_days_at_once_are_seven_days_one_by_one() -> None:
    """How often the clock is moved does not change what happens."""
    at_once, one_by_one = lived(60), lived(60)
    at_once[1].live(timedelta(days=16))
    for _ in range(16):
        one_by_one[1].live(timedelta(days=1))
    assert digest(at_once[0]) == digest(one_by_one[0])


def test_more_contacts_change_nobody() -> None:
    """A larger world holds the companies of a smaller one with the same people, values and days."""
    small, large = lived(60)[0], lived(150)[0]
    grown = {rec.properties["email"]: rec for rec in large.objects["contacts"].values()}
    cut = _domain_of_the_last_company(small, large)
    compared = 0
    for rec in small.objects["contacts"].values():
        email = rec.properties["email"]
        if email.endswith(cut):
            continue
        compared += 1
        other = grown[email]
        assert _own(rec.properties) == _own(other.properties), email
        assert rec.updated_ms == other.updated_ms, email
    assert compared > 50


def _own(properties: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in properties.items() if name not in OWN_IDS}


def _domain_of_the_last_company(small: Portal, large: Portal) -> str:
    few, many = (
        Counter(rec.properties["email"].split("@")[1] for rec in portal.objects["contacts"].values())
        for portal in (small, large)
    )
    cut = [domain for domain in few if few[domain] != many[domain] and domain != "mail.example"]
    assert len(cut) <= 1
    return cut[0] if cut else "@nobody"


@pytest.mark.parametrize("contacts", [1, 37, 250])
def test_there_are_as_many_contacts_as_asked_for(contacts: int) -> None:
    """Duplicates that were merged and contacts that were deleted do not count."""
    assert len(lived(contacts)[0].objects["contacts"]) == contacts


def test_counters_agree_with_the_events(world: tuple[Portal, World]) -> None:
    """Page views and logins are as many as the occurrences, and the last one is dated by the last occurrence."""
    portal = world[0]
    counted = 0
    for kind, count, last in (
        ("e_visited_page", "hs_analytics_num_page_views", "hs_analytics_last_timestamp"),
        (PREFIX + "login", "product_logins", "product_last_login_at"),
    ):
        for record_id, rec in portal.objects["contacts"].items():
            if "hs_merged_object_ids" in rec.properties or count not in rec.properties:
                continue
            times = [
                one.at_ms for one in portal.occurrences.of_records("contacts", [record_id]) if one.event_type == kind
            ]
            assert int(rec.properties[count]) == len(times), (record_id, count)
            if times:
                counted += 1
                assert read_moment(rec.properties[last]) == max(times), (record_id, last)
    assert counted > 100


def test_the_company_counts_what_its_people_do(world: tuple[Portal, World]) -> None:
    """A company's logins are the sum of its people's; only those whose usage reaches the CRM have any."""
    portal = world[0]
    logins = Counter(portal.resolve("contacts", one.object_id) for one in portal.occurrences.by_type[PREFIX + "login"])
    checked = 0
    for company_id, company in portal.objects["companies"].items():
        people = _primary_contacts(portal, company_id)
        gone = int(company.properties.get("product_logins", 0)) - sum(logins[one] for one in people)
        if "product_logins" in company.properties:
            checked += 1
            assert gone >= 0
    assert checked > 10


def _primary_contacts(portal: Portal, company_id: str) -> list[str]:
    links = portal.associations.of("companies", company_id, "contacts")
    return [contact for contact, types in links.items() if 2 in types]


def test_only_what_changed_has_a_new_modified_date() -> None:
    """A week later some contacts differ; all others keep their modified date."""
    portal, world = lived(300)
    before = {one: (rec.updated_ms, dict(rec.properties)) for one, rec in portal.objects["contacts"].items()}
    world.live(timedelta(days=7))
    now = portal.objects["contacts"]
    moved = [one for one in before if one in now and now[one].updated_ms != before[one][0]]
    assert all(now[one].properties != before[one][1] for one in moved)
    assert 0.03 < len(moved) / len(before) < 0.16
    assert all(now[one].properties == before[one][1] for one in before if one in now and one not in moved)


def test_the_world_grows() -> None:
    """New leads and companies appear while the world lives."""
    portal, world = lived(300)
    contacts, companies = len(portal.objects["contacts"]), len(portal.objects["companies"])
    world.live(timedelta(days=60))
    assert contacts * 1.05 < len(portal.objects["contacts"]) < contacts * 1.25
    assert len(portal.objects["companies"]) > companies
    assert portal.now == NOW + timedelta(days=60)


def test_nothing_lies_in_the_future(world: tuple[Portal, World]) -> None:
    """No event and no change is dated after the portal's clock."""
    portal = world[0]
    now = to_ms(portal.now)
    assert max(one.at_ms for one in portal.occurrences) <= now
    assert max(rec.updated_ms for live in portal.objects.values() for rec in live.values()) <= now


def test_changes_are_never_dated_before_what_a_reader_has_seen() -> None:
    """Days are lived after hours of real time: changes are dated after them, so a pull by modified date gets all."""
    ticks = [0.0]
    portal, world = lived(120, clock=lambda: ticks[0])
    ticks[0] = 5 * 3600.0
    before = {(kind, one): rec.updated_ms for kind, live in portal.objects.items() for one, rec in live.items()}
    seen = to_ms(portal.now)
    world.live(timedelta(days=2))
    changed = [
        rec.updated_ms
        for kind, live in portal.objects.items()
        for one, rec in live.items()
        if rec.updated_ms != before.get((kind, one))
    ]
    assert changed
    assert min(changed) >= seen


def test_history_ends_with_the_present_value(world: tuple[Portal, World]) -> None:
    """Property history is in order of time, and its last revision is what the property holds."""
    for rec in world[0].objects["contacts"].values():
        for name, revisions in rec.history.items():
            assert revisions[-1].value == rec.properties.get(name, ""), (rec.id, name)
            assert all(one.at_ms <= other.at_ms for one, other in pairwise(revisions)), (rec.id, name)


def test_choices_are_among_the_options(world: tuple[Portal, World]) -> None:
    """A property with fixed options holds one of them or several, and owners and stages exist."""
    portal = world[0]
    stages = {kind: set(portal.directory.stage_ids(kind)) for kind in ("deals", "tickets")}
    for kind, live in portal.objects.items():
        options = {
            one["name"]: {option["value"] for option in one["options"]}
            for one in portal.properties[kind]
            if one["type"] == "enumeration" and one["options"]
        }
        for rec in live.values():
            for name in options.keys() & rec.properties.keys():
                assert set(rec.properties[name].split(";")) <= options[name], (kind, name)
            assert rec.properties.get("hubspot_owner_id", "41629700") in portal.directory.owners
    assert {rec.properties["dealstage"] for rec in portal.objects["deals"].values()} <= stages["deals"]
    assert {rec.properties["hs_pipeline_stage"] for rec in portal.objects["tickets"].values()} <= stages["tickets"]


def test_events_may_arrive_late() -> None:
    """Some events appear in the portal days after they happened."""
    portal, world = lived(300)
    late = 0
    for _ in range(28):
        newest, before = max(one.number for one in portal.occurrences), to_ms(portal.now)
        world.live(timedelta(days=1))
        late += sum(one.number > newest and one.at_ms < before for one in portal.occurrences)
    assert late


def test_duplicates_are_merged_under_a_new_id() -> None:
    """The old ids of a merged contact lead to the survivor, which keeps the counters of both."""
    portal, world = lived(400)
    assert world.truth.merged
    for old, survivor in world.truth.merged.items():
        now = portal.resolve("contacts", old)
        assert now == portal.resolve("contacts", survivor)
        assert old not in portal.objects["contacts"]


def test_a_day_passes_bit_by_bit() -> None:
    """What ten minutes bring is dated within them, and after four days all is as if they had passed at once."""
    (portal, bit_by_bit), (other, at_once) = lived(240), lived(240)
    seen, busy = _dated(portal), 0
    for _ in range(4 * 24 * 6):
        before = to_ms(portal.now)
        bit_by_bit.live(timedelta(minutes=10))
        now = _dated(portal)
        moved = [ms for one, ms in now.items() if ms != seen.get(one)]
        assert all(before <= ms <= to_ms(portal.now) for ms in moved)
        assert all(rows[-1].at_ms <= to_ms(portal.now) for rows in portal.occurrences.by_type.values())
        busy, seen = busy + bool(moved), now
    at_once.live(timedelta(days=4))
    assert busy > 40
    assert _values(portal) == _values(other)
    assert sorted(map(_event, portal.occurrences)) == sorted(map(_event, other.occurrences))


def _dated(portal: Portal) -> dict[tuple[str, str], int]:
    """When each record was last changed and each page was viewed, which never arrives late."""
    changed = {(kind, one): rec.updated_ms for kind, live in portal.objects.items() for one, rec in live.items()}
    views = {("view", str(one.number)): one.at_ms for one in portal.occurrences.by_type["e_visited_page"]}
    return changed | views


def _values(portal: Portal) -> dict[tuple[str, str], dict[str, str]]:
    return {(kind, one): dict(rec.properties) for kind, live in portal.objects.items() for one, rec in live.items()}


def _event(one: Occurrence) -> tuple[int, str, str, str]:
    return one.at_ms, one.event_type, one.object_id, repr(one.properties)
