"""What makes the simulated portal like a real one: people, contracts, dirt, and causes that show only in part."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from worlds_given import AHEAD, DAY, Seen, Worlds, auc, ms, three_worlds

from hubsync.emulator.clock import to_ms
from hubsync.emulator.world import HISTORY_DAYS
from hubsync.emulator.world.population import size_of


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    """Three worlds of 1,500 contacts; for reading only."""
    return three_worlds()


def test_the_hidden_state_predicts_churn_well_but_not_perfectly(worlds: Worlds) -> None:
    """Who knew the hidden state at the renewal date, or 90 days before, would reach an AUC of .80 to .88."""
    decisions = [decision for _, world in worlds for decision in world.truth.decisions]
    assert len(decisions) > 300
    assert 0.12 < sum(one.churned for one in decisions) / len(decisions) < 0.28
    assert 0.80 <= auc((-one.health, one.churned) for one in decisions) <= 0.88
    assert 0.80 <= auc((-one.health_before, one.churned) for one in decisions) <= 0.88


def test_no_single_column_gives_churn_away(worlds: Worlds) -> None:
    """The best single thing that the portal shows two months ahead has an AUC of at most .72; some reach .62."""
    columns: dict[str, list[tuple[float | None, bool]]] = defaultdict(list)
    for portal, world in worlds:
        seen = Seen(portal)
        for decision in world.truth.decisions:
            for name, value in seen.columns(decision.company_id, to_ms(decision.at) - AHEAD).items():
                columns[name].append((value, decision.churned))
    strength = {name: max(auc(rows), 1 - auc(rows)) for name, rows in columns.items()}
    assert max(strength.values()) <= 0.72, strength
    assert sum(one >= 0.62 for one in strength.values()) >= 3, strength


@pytest.mark.parametrize(
    ("kind", "name"),
    [("contacts", "jobtitle"), ("contacts", "country"), ("companies", "industry"), ("companies", "country"),
     ("companies", "numberofemployees"), ("companies", "annualrevenue")],
)  # fmt: skip
def test_optional_properties_are_often_missing(worlds: Worlds, kind: str, name: str) -> None:
    """Of the optional properties, 10 to 20 % have no value."""
    records = [rec for portal, _ in worlds for rec in portal.objects[kind].values()
               if kind == "companies" or not rec.properties["email"].endswith("@mail.example")]  # fmt: skip
    missing = sum(not rec.properties.get(name) for rec in records) / len(records)
    assert 0.10 <= missing <= 0.20


def test_numbers_and_dates_are_dirty_now_and_then(worlds: Worlds) -> None:
    """Some number properties hold "NaN" but no other word, and some dates are in milliseconds."""
    values = Counter(
        value
        for portal, _ in worlds
        for rec in portal.objects["companies"].values()
        for name, value in rec.properties.items()
        if name in ("numberofemployees", "annualrevenue", "seats_used", "arr", "renewal_date")
    )
    assert values["NaN"] > 10
    assert {value for value in values if value[:1].isalpha()} == {"NaN"}
    assert sum(count for value, count in values.items() if value.isdigit() and len(value) == 13) >= 3


def test_texts_are_as_people_write_them(worlds: Worlds) -> None:
    """There are emoji, umlauts, and a note of more than 65,000 characters."""
    portal = worlds[0][0]
    notes = [rec.properties["hs_note_body"] for rec in portal.objects["notes"].values()]
    assert 65_000 < max(map(len, notes)) <= 65_536
    assert any("🔍" in note for note in notes)
    assert any("ö" in rec.properties["name"] for rec in portal.objects["companies"].values())


def test_some_customers_work_once_in_a_quarter(worlds: Worlds) -> None:
    """Quarterly users log in during one week of the thirteen of a quarter, and are silent in between."""
    in_their_week = logins = 0
    for portal, world in worlds:
        seen = Seen(portal)
        first = to_ms(portal.now) - HISTORY_DAYS * DAY
        for company in world.truth.quarterly:
            weeks = Counter((t - first) // (7 * DAY) % 13 for t in seen.times[company, "login"])
            logins += weeks.total()
            in_their_week += max(weeks.values(), default=0)
    assert logins > 100
    assert in_their_week / logins > 0.6


def test_mail_gateways_click_every_link_at_once(worlds: Worlds) -> None:
    """Where a gateway scans mail, clicks jump by four or more within a second of delivery."""
    portal, world = worlds[0]
    jumps = 0
    for rec in portal.objects["contacts"].values():
        counts = [int(one.value) for one in rec.history.get("hs_email_click", ())]
        jumps += any(later - earlier >= 4 for earlier, later in zip([0, *counts], counts, strict=False))
    assert jumps >= 5
    assert world.truth.bot_clicks > 20


def test_champions_leave(worlds: Worlds) -> None:
    """Who left their company does nothing any more, and mail to them bounces."""
    portal, world = worlds[0]
    bounced = 0
    assert len(world.truth.left) >= 5
    for contact, when in world.truth.left.items():
        rec = portal.objects["contacts"].get(portal.resolve("contacts", contact))
        later = [one for one in portal.occurrences.of_records("contacts", [contact]) if one.at_ms > to_ms(when)]
        assert not later
        bounced += bool(rec and rec.properties.get("hs_email_bad_address") == "true")
    assert bounced >= 3


def test_churn_ends_a_contract_everywhere(worlds: Worlds) -> None:
    """Who churned is no customer any more: lifecycle, date, subscription and people agree."""
    portal, world = worlds[0]
    churned = [one for one in world.truth.decisions if one.churned]
    assert len(churned) > 10
    for decision in churned:
        properties = portal.objects["companies"][decision.company_id].properties
        assert properties["lifecyclestage"] == "other"
        assert properties["churned_on"] == decision.at.date().isoformat()
        subscriptions = portal.associations.of("companies", decision.company_id, "subscriptions")
        assert {portal.objects["subscriptions"][one].properties["hs_status"] for one in subscriptions} == {"canceled"}
        for contact, types in portal.associations.of("companies", decision.company_id, "contacts").items():
            assert 2 not in types or portal.objects["contacts"][contact].properties["lifecyclestage"] != "customer"


def test_every_stage_of_selling_is_there(worlds: Worlds) -> None:
    """There are open, won and lost deals and renewals, and about half of the companies are customers."""
    portal = worlds[0][0]
    stages = Counter(rec.properties["dealstage"] for rec in portal.objects["deals"].values())
    for stage in ("appointmentscheduled", "contractsent", "closedwon", "closedlost", "renewal_open", "renewal_won",
                  "renewal_lost"):  # fmt: skip
        assert stages[stage], stage
    companies = portal.objects["companies"].values()
    customers = sum(rec.properties["lifecyclestage"] == "customer" for rec in companies) / len(companies)
    assert 0.38 < customers < 0.55


def test_some_leads_evaluate_the_product(worlds: Worlds) -> None:
    """Within 60 days 3 to 8 % of the leads looked at prices and met the vendor; some confirmed need and budget."""
    leads = evaluating = confirmed = 0
    for portal, _ in worlds:
        since = to_ms(portal.now) - AHEAD
        priced = {
            portal.resolve("contacts", one.object_id)
            for one in portal.occurrences.by_type["e_visited_page"]
            if one.at_ms > since and "/pricing" in one.properties["hs_url"]
        }
        met = {
            contact
            for meeting, rec in portal.objects["meetings"].items()
            if rec.properties["hs_meeting_outcome"] == "COMPLETED" and ms(rec.created_at) > since
            for contact in portal.associations.of("meetings", meeting, "contacts")
        }
        for contact, rec in portal.objects["contacts"].items():
            if rec.properties["lifecyclestage"] not in ("customer", "other"):
                leads += 1
                evaluating += contact in priced & met
                answers = [rec.properties.get(name) for name in ("need_confirmed", "budget_confirmed")]
                confirmed += contact in priced & met and answers == ["true", "true"]
    assert 0.03 < evaluating / leads < 0.08
    assert confirmed > 0.3 * evaluating


def test_some_customers_are_new(worlds: Worlds) -> None:
    """A few customers are in their first 30 days."""
    for portal, _ in worlds:
        month = (portal.now - timedelta(days=30)).date().isoformat()
        since = [rec.properties.get("customer_since", "") for rec in portal.objects["companies"].values()]
        assert 0 < sum(date >= month for date in since) < 0.1 * len(since)


def test_contacts_belong_to_no_one_or_two_companies(worlds: Worlds) -> None:
    """One company is primary, a few contacts know a second one, some have none."""
    portal = worlds[0][0]
    shapes = Counter(
        tuple(sorted(tuple(sorted(types)) for types in portal.associations.of("contacts", one, "companies").values()))
        for one in portal.objects["contacts"]
    )
    assert set(shapes) == {(), ((1, 279),), ((1, 279), (279,))}
    assert min(shapes.values()) > 10


def test_a_few_companies_have_more_than_a_hundred_contacts() -> None:
    """At 2,000 contacts, three companies exceed the hundred associations that a list page shows."""
    sizes, people = [], 0
    while people < 1900:
        sizes.append(size_of(1, len(sizes)))
        people += sizes[-1]
    assert sum(size > 100 for size in sizes) == 3
