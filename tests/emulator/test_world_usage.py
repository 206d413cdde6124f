"""How people use the product of the simulated portal's vendor, and what changes before customers leave."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from statistics import mean, median

import pytest
from worlds_given import DAY, Seen, Worlds, companies_of, of_type, three_worlds

from hubsync.emulator.clock import to_ms
from hubsync.emulator.world import HISTORY_DAYS, words

HALF_YEAR = 240 * DAY
"""What it takes to compare two months with the half year before."""


@pytest.fixture(scope="module")
def worlds() -> Iterator[Worlds]:
    """Three worlds of 1,500 contacts; for reading only. The last tests of them are here."""
    yield three_worlds()
    three_worlds.cache_clear()


def test_who_will_leave_skips_deliveries(worlds: Worlds) -> None:
    """In the 90 days before the decision those who leave skipped more deliveries, and still not all of them did."""
    skipped: dict[bool, list[float]] = {True: [], False: []}
    for portal, world in worlds:
        seen = Seen(portal)
        for decision in world.truth.decisions:
            rec = portal.objects["companies"][decision.company_id]
            if "skipped_deliveries" in rec.properties:
                found = seen.columns(decision.company_id, to_ms(decision.at))["skipped in 90 days"]
                skipped[decision.churned].append(found or 0)
    assert mean(skipped[True]) > 1.5 * mean(skipped[False])
    assert mean(one == 0 for one in skipped[True]) > 0.2


def test_usage_falls_before_customers_leave(worlds: Worlds) -> None:
    """Who leaves logged in less in the last 60 days than before, who stays as much; quarterly users mostly stay."""
    trends: dict[bool, list[float]] = {True: [], False: []}
    quarterly: list[bool] = []
    for portal, world in worlds:
        seen, first = Seen(portal), to_ms(portal.now) - HISTORY_DAYS * DAY
        for decision in world.truth.decisions:
            if decision.company_id in world.truth.quarterly:
                quarterly.append(decision.churned)
            elif to_ms(decision.at) - HALF_YEAR >= first:
                found = seen.columns(decision.company_id, to_ms(decision.at))["logins against before"]
                trends[decision.churned] += [] if found is None else [found]
    assert median(trends[True]) < 0.7
    assert 0.8 < median(trends[False]) < 1.25
    assert len(quarterly) > 20
    assert mean(quarterly) < 0.4


def test_champions_who_leave_are_noticed_late(worlds: Worlds) -> None:
    """A departure is noted days later with its own date, or never; it raises the danger that the customer leaves."""
    noted = departures = 0
    danger: dict[bool, list[float]] = {True: [], False: []}
    for portal, world in worlds:
        lost: dict[str, list[int]] = defaultdict(list)
        for contact, when in world.truth.left.items():
            departures += 1
            rec = portal.objects["contacts"].get(portal.resolve("contacts", contact))
            for company in companies_of(portal, "contacts", rec.id) if rec else ():
                lost[company].append(to_ms(when))
            if rec and "left_company_on" in rec.properties:
                noted += 1
                assert rec.properties["left_company_on"] == when.date().isoformat()
                assert rec.history["left_company_on"][0].at_ms > to_ms(when) + DAY
                assert rec.properties.get("is_champion") != "false"
        for decision in world.truth.decisions:
            recent = any(0 < to_ms(decision.at) - at < 150 * DAY for at in lost[decision.company_id])
            danger[recent].append(decision.probability)
    assert 0.5 < noted / departures < 0.9
    assert mean(danger[True]) > 1.5 * mean(danger[False])


def test_personas_use_their_own_features(worlds: Worlds) -> None:
    """Each persona uses its favourite features more than the others do; the persona of 10 to 20 % is not known."""
    portal = worlds[0][0]
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for contact, about, _ in of_type(portal, "feature_used"):
        rec = portal.objects["contacts"].get(contact)
        used[rec.properties.get("persona", "") if rec else ""][about["feature"]] += 1
    for persona, favourites in words.FAVOURITES.items():
        own, others = used[persona], sum((used[one] for one in words.FAVOURITES if one != persona), Counter())
        share, usual = (sum(one[name] for name in favourites) / one.total() for one in (own, others))
        assert share > 1.2 * usual, persona
    people = portal.objects["contacts"].values()
    assert 0.1 < mean("persona" not in rec.properties for rec in people) < 0.2


def test_a_session_has_a_length(worlds: Worlds) -> None:
    """Every login says how many minutes it lasted, and the company's counter holds at least those of its people."""
    portal = worlds[0][0]
    minutes: Counter[str] = Counter()
    for contact, about, _ in of_type(portal, "login"):
        for company, types in portal.associations.of("contacts", contact, "companies").items():
            if 1 in types:
                minutes[company] += int(about["minutes"])
    known = [rec for rec in portal.objects["companies"].values() if "product_minutes" in rec.properties]
    assert all(int(rec.properties["product_minutes"]) >= minutes[rec.id] for rec in known)
    assert median(int(rec.properties["product_minutes"]) for rec in known) > 60


def test_lists_hold_those_who_looked_at_a_page(worlds: Worlds) -> None:
    """Every list of viewers has members, each of whom viewed such a page at the moment of joining."""
    portal = worlds[0][0]
    views: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one in portal.occurrences.by_type["e_visited_page"]:
        path = one.properties["hs_url"].removeprefix(words.SITE)
        views[portal.resolve("contacts", one.object_id)].append((one.at_ms, path))
    lists = {one.name: one for one in portal.tools.lists.live.values() if one.name.startswith("Viewed: ")}
    assert set(lists) == {"Viewed: pricing", "Viewed: advanced features", "Viewed: enterprise", "Viewed: add-ons",
                          "Viewed: cancellation", "Viewed: how to cancel"}  # fmt: skip
    for name, path in (("Viewed: add-ons", "/products/"), ("Viewed: cancellation", "/cancel")):
        joined = {id: at for id, at in lists[name].joined.items() if id in portal.objects["contacts"]}
        assert len(joined) > 20
        for contact, at in joined.items():
            times = [seen for seen, page in views[contact] if page.startswith(path)]
            assert any(abs(at - seen) <= timedelta(minutes=30) // timedelta(milliseconds=1) for seen in times)
