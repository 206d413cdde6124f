"""What the simulated portal shows of customers beside contracts and logins, and that it follows their hidden state."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest
import yaml
from worlds_given import DAY, Seen, Worlds, companies_of, customers, ms, of_type, three_worlds

from hubsync.emulator.clock import to_ms
from hubsync.emulator.state import Portal
from hubsync.emulator.world import HISTORY_DAYS, words

SHIPPED = Path(__file__).parents[2] / "config" / "portal.yaml"


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    """Three worlds of 1,500 contacts; for reading only."""
    return three_worlds()


def bought(portal: Portal) -> dict[str, set[str]]:
    """The add-ons that each company bought, by the lines of its won deals."""
    skus = {one.sku: addon for addon, one in words.ADDONS.items()}
    found: dict[str, set[str]] = defaultdict(set)
    for line, rec in portal.objects["line_items"].items():
        for deal in portal.associations.of("line_items", line, "deals"):
            for company in companies_of(portal, "deals", deal):
                found[company] |= {skus[sku] for sku in [rec.properties["hs_sku"]] if sku in skus}
    return found


def test_the_shipped_configuration_names_what_is_there(worlds: Worlds) -> None:
    """Every property that portal.yaml declares exists in the simulated portal with that type."""
    portal = worlds[0][0]
    declared = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["properties"]
    for kind, properties in declared.items():
        types = {one["name"]: one["type"] for one in portal.properties[kind]}
        for name, wanted in properties.items():
            assert {"enumeration": "text", "string": "text"}.get(types[name], types[name]) == wanted, (kind, name)


def test_support_is_rated_after_tickets(worlds: Worlds) -> None:
    """Answers to CSAT (1 to 5) and CES (1 to 7) belong to tickets, and agree with the rating that the ticket bears."""
    portal = worlds[0][0]
    ratings: dict[str, list[int]] = defaultdict(list)
    for feedback, rec in portal.objects["feedback_submissions"].items():
        kind, value = rec.properties["hs_survey_type"], int(rec.properties["hs_value"])
        ratings[kind].append(value)
        tickets = portal.associations.of("feedback_submissions", feedback, "tickets")
        assert len(tickets) == (kind != "NPS")
        for ticket in tickets if kind == "CSAT" else ():
            said = portal.objects["tickets"][ticket].properties["ticket_satisfaction"]
            assert (value >= 4) == (said == "satisfied")
    assert set(ratings["CSAT"]) == set(range(1, 6))
    assert set(ratings["CES"]) == set(range(1, 8))
    assert min(map(len, ratings.values())) > 80


def test_customers_bought_more_than_once(worlds: Worlds) -> None:
    """Won deals per customer run from one to many, some long ago; the lines of expansions agree with their kind."""
    portal = worlds[0][0]
    won: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for deal, rec in portal.objects["deals"].items():
        kind = rec.properties.get("expansion_type", "")
        is_expansion = (rec.properties["dealtype"], rec.properties["pipeline"]) == ("existingbusiness", "default")
        assert bool(kind) == is_expansion
        if rec.properties["hs_is_closed_won"] != "true":
            continue
        won.update(companies_of(portal, "deals", deal))
        kinds[kind] += 1
        lines = portal.associations.of("deals", deal, "line_items")
        skus = {portal.objects["line_items"][one].properties["hs_sku"].partition("-")[0] for one in lines}
        renewal = rec.properties["pipeline"] == "renewals"
        assert skus == (set() if renewal else {"ADDON"} if kind == "cross_sell" else {"PLAN"})
    assert {1, 2, 3, 4, 5, 6} <= set(won.values())
    assert min(kinds["upsell"], kinds["cross_sell"]) > 50
    oldest = min(ms(rec.properties["closedate"]) for rec in portal.objects["deals"].values())
    assert oldest < to_ms(portal.now) - (HISTORY_DAYS + 365) * DAY


def test_the_product_mix_is_told_twice(worlds: Worlds) -> None:
    """Where a company's add-ons are known, they are those of its won deals; most customers of add-ons are known."""
    known = 0
    for portal, _ in worlds:
        buys = bought(portal)
        for company in customers(portal):
            owned = company.properties.get("products_owned")
            known += owned is not None
            assert owned is None or set(owned.split(";")) == buys[company.id]
        assert known / sum(bool(buys[company.id]) for company in customers(portal)) > 0.75
        known = 0


def test_reviews_follow_a_pace_of_each_customer(worlds: Worlds) -> None:
    """Reviews are 9, 13 or 26 weeks apart or a multiple of it, a few customers have none, and sponsors come to some."""
    paces: Counter[int] = Counter()
    sponsored = reviewed = 0
    for portal, _ in worlds:
        held: dict[str, list[int]] = defaultdict(list)
        for meeting, rec in portal.objects["meetings"].items():
            if rec.properties.get("hs_activity_type") == "QBR":
                sponsored += len(portal.associations.of("meetings", meeting, "contacts")) > 1
                for company in companies_of(portal, "meetings", meeting):
                    held[company].append(ms(rec.properties["hs_meeting_start_time"]))
        reviewed += sum(company.id in held for company in customers(portal))
        for times in held.values():
            weeks = [round((later - earlier) / (7 * DAY)) for earlier, later in pairwise(sorted(times))]
            if len(weeks) > 1 or 26 in weeks:
                paces[next((pace for pace in (26, 13, 9) if _are_multiples(weeks, pace)), 0)] += 1
    assert min(paces[pace] for pace in (9, 13, 26)) > 20
    assert not paces[0]
    assert reviewed < 0.95 * sum(len(customers(portal)) for portal, _ in worlds)
    assert sponsored > 100


def _are_multiples(weeks: list[int], pace: int) -> bool:
    """Within a week more or less, since a review takes place on any day of its week."""
    return all(min(gap % pace, -gap % pace) <= 1 for gap in weeks)


def test_who_wants_an_add_on_researches_it(worlds: Worlds) -> None:
    """Tax compliance is bought by installations in many jurisdictions; before, its people read and search for it."""
    jurisdictions: dict[bool, list[int]] = {True: [], False: []}
    interest: dict[bool, list[bool]] = {True: [], False: []}
    for portal, _ in worlds:
        seen, buys = Seen(portal), bought(portal)
        read = {one.object_id for one in portal.occurrences.by_type["e_visited_page"]
                if one.properties["hs_url"].endswith(words.TAX_PAGE)}  # fmt: skip
        searched = {contact for contact, about, _ in of_type(portal, "intent")
                    if about == {"topic": "tax compliance", "vendor": "avalara"}}  # fmt: skip
        assert read
        asking = {company for contact in read | searched for company in seen.companies("contacts", contact)}
        for company in customers(portal):
            has = "tax_compliance" in buys[company.id]
            interest[has].append(company.id in asking)
            if "tax_jurisdictions" in company.properties:
                jurisdictions[has].append(int(company.properties["tax_jurisdictions"]))
                steps = [int(one.value) for one in company.history["tax_jurisdictions"]]
                assert steps == sorted(steps)
    assert mean(jurisdictions[True]) > 1.2 * mean(jurisdictions[False])
    assert mean(interest[True]) > 2 * mean(interest[False])


def test_intent_is_counted_on_the_company(worlds: Worlds) -> None:
    """Below Enterprise a counter and the topics stand for the events."""
    portal = worlds[0][0]
    topics: dict[str, set[str]] = defaultdict(set)
    counts: Counter[str] = Counter()
    for contact, about, _ in of_type(portal, "intent"):
        for company, types in portal.associations.of("contacts", contact, "companies").items():
            if 1 in types:
                topics[company].add(about["topic"])
                counts[company] += 1
    for company, rec in portal.objects["companies"].items():
        assert int(rec.properties.get("intent_signals", 0)) >= counts[company]
        assert topics[company] <= set(rec.properties.get("intent_topics", "").split(";"))
    assert sum(topics[company.id] >= {"analytics platforms"} for company in customers(portal)) > 10


def test_trials_come_before_purchases(worlds: Worlds) -> None:
    """Most customers tried first and some never engaged; those who did not are in more danger of leaving."""
    danger: dict[bool, list[float]] = {True: [], False: []}
    for portal, world in worlds:
        companies = portal.objects["companies"]
        for rec in companies.values():
            started, since = rec.properties.get("trial_started_on", ""), rec.properties.get("customer_since")
            assert since is None or not started or started < since
            assert not rec.properties.get("trial_activated_on") or rec.properties["trial_activated_on"] >= started
        for decision in world.truth.decisions:
            properties = companies[decision.company_id].properties
            if "trial_started_on" in properties:
                danger["trial_activated_on" in properties].append(decision.probability)
        trying = [rec for rec in companies.values()
                  if "trial_started_on" in rec.properties and "customer_since" not in rec.properties]  # fmt: skip
        engaged = sum("trial_activated_on" in rec.properties for rec in trying)
        assert 0.2 < engaged / len(trying) < 0.9
        assert len(list(of_type(portal, "trial_started"))) >= len(trying)
    assert mean(danger[False]) > 1.3 * mean(danger[True])


def test_milestones_come_in_order(worlds: Worlds) -> None:
    """Customers pass one milestone after the other, not all of them all; the counter knows of each event."""
    portal = worlds[0][0]
    passed: dict[str, list[str]] = defaultdict(list)
    for contact, about, _ in of_type(portal, "milestone"):
        for company, types in portal.associations.of("contacts", contact, "companies").items():
            if 1 in types:
                passed[company].append(about["milestone"])
    for company, names in passed.items():
        assert names == sorted(names, key=words.MILESTONES.index)
        assert len(names) <= int(portal.objects["companies"][company].properties["milestones_reached"])
    reached = Counter(int(company.properties["milestones_reached"]) for company in customers(portal))
    assert set(reached) == {0, 1, 2, 3, 4}


def test_outcomes_and_payments_follow_the_hidden_state(worlds: Worlds) -> None:
    """Healthy customers achieved more outcomes; those whose payments failed take longer to pay."""
    outcomes: dict[bool, list[int]] = {True: [], False: []}
    days: dict[bool, list[float]] = {True: [], False: []}
    for portal, world in worlds:
        failed = {company for payment, rec in portal.objects["commerce_payments"].items()
                  if rec.properties["hs_latest_status"] == "failed"
                  for company in companies_of(portal, "commerce_payments", payment)}  # fmt: skip
        for company in customers(portal):
            if "outcomes_achieved" in company.properties and company.id in world.truth.health:
                outcomes[world.truth.health[company.id] > 0].append(int(company.properties["outcomes_achieved"]))
            if "average_days_to_pay" in company.properties:
                days[company.id in failed].append(float(company.properties["average_days_to_pay"]))
    assert mean(outcomes[True]) > 1.4 * mean(outcomes[False])
    assert mean(days[True]) > 1.1 * mean(days[False])
