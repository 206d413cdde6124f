"""The scores that ship give exactly the points of the articles' rules (items 6-21 and 36-40 of the checklist)."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from models_given import CONFIG, NOW, Case, ago, only, page
from reference_facts import ROOT, Config, Event, Portal, Record, Sources, read_config
from reference_language import Now
from scratch_portal import Scored, Scorer
from test_reference import assert_same

KNOWN = {
    "lifecyclestage": "customer", "product_logins": "5", "features_used": "3", "api_calls": "2", "users_invited": "1",
    "referrals": "0", "seats_used": "1", "seats_total": "10",
}  # fmt: skip
"""A customer whose usage reaches HubSpot, and with whom nothing has happened."""


SATISFIED = "support_solved_it_to_their_satisfaction"
WAITS = "a_support_ticket_waits_for_more_than_a_week"
CUSTOMERS = [
    Case("nothing", {}),
    Case("6: one week", {"uses_the_product_every_week": 5}, [ago(2, "login"), ago(3, "login")]),
    Case("6: two weeks", {"uses_the_product_every_week": 10}, [ago(0, "login"), ago(8, "login")]),
    Case("6: each week", {"uses_the_product_every_week": 20, "limit: usage": -10}, [ago(day,
    "login") for day in range(28)]),
    Case("6: long ago", {}, [ago(29, "login")]),
    Case("7: new feature", {"started_using_a_new_feature": 10}, [ago(5, "feature_started"), ago(6, "feature_started")]),
    Case("7: long ago", {}, [ago(92, "feature_started")]),
    Case("8: solved", {SATISFIED: 5}, [ago(10, "ticket_closed", satisfaction="satisfied")]),
    Case("8: four", {SATISFIED: 20, "limit: support": -5}, [ago(10, "ticket_closed", satisfaction="satisfied",
    times=4)]),
    Case("8: not satisfied", {}, [ago(10, "ticket_closed", satisfaction="unsatisfied"), ago(9, "ticket_closed")]),
    Case("9: advanced", {"looked_at_advanced_features": 8}, [page(3, "/features/advanced"), page(4,
    "/features/advanced/x")]),
    Case("10: referral", {"took_part_in_the_referral_program": 20}, [ago(300, "referral")]),
    Case("11: nine", {"promoter_in_the_nps_survey_9_10": 15}, [ago(100, "nps", value=9)]),
    Case("11: ten", {"promoter_in_the_nps_survey_9_10": 15}, [ago(100, "nps", value=10), ago(120, "nps", value=9)]),
    Case("T9: seven", {}, [ago(100, "nps", value=7)]),
    Case("T9: eight", {}, [ago(100, "nps", value=8)]),
    Case("12: renewal", {"renewed_the_contract": 20}, [ago(364, "renewed", value=10_000)]),
    Case("12: long ago", {}, [ago(367, "renewed", value=10_000)]),
    Case("13: 31 days", {"no_login_for_30_days": -10}, [ago(31, "login")]),
    Case("13: 30 days", {}, [ago(30, "login")]),
    Case("14: waits", {WAITS: -5}, [ago(9, "ticket_open")]),
    Case("14: new", {}, [ago(2, "ticket_open")]),
    Case("14: both", {WAITS: -5}, [ago(9, "ticket_open"), ago(2, "ticket_open")]),
    Case("15: cancel", {"looked_at_the_cancellation_page": -20}, [page(1, "/account/cancel"), page(2, "/cancel")]),
    Case("16: six", {"detractor_in_the_nps_survey_0_6": -15}, [ago(100, "nps", value=6)]),
    Case("16: zero", {"detractor_in_the_nps_survey_0_6": -15}, [ago(100, "nps", value=0)]),
    Case("17: twice", {"payment_failed_twice_or_more": -10}, [ago(5, "payment_failed"), ago(80, "payment_failed")]),
    Case("17: once", {}, [ago(5, "payment_failed")]),
    Case("18: 80 %", {"uses_80_of_the_plan_or_more": 15}, [], {"seats_used": "8"}),
    Case("18: below", {}, [], {"seats_used": "7.9"}),
    Case("19: enterprise", {"looked_at_the_enterprise_plan": 10}, [page(29, "/enterprise")]),
    Case("20: team", {"the_team_grows": 12}, [ago(60, "user_invited")]),
    Case("21: API", {"uses_the_api": 8}, [ago(60, "api_call", times=5000)]),
    Case(
        "all good",
        {
            "uses_the_product_every_week": 20, "limit: usage": -10, "started_using_a_new_feature": 10,
            "uses_the_api": 8,
            SATISFIED: 5, "looked_at_advanced_features": 8, "looked_at_the_enterprise_plan": 10,
            "took_part_in_the_referral_program": 20, "renewed_the_contract": 20, "promoter_in_the_nps_survey_9_10": 15,
            "uses_80_of_the_plan_or_more": 15, "the_team_grows": 12, "range": -87,
        },
        [
            *(ago(day, "login") for day in range(28)), ago(1, "feature_started"), ago(1, "api_call"),
            ago(1, "ticket_closed", satisfaction="satisfied"), page(1, "/features/advanced"), page(1, "/enterprise"),
            ago(1, "referral"), ago(1, "renewed"), ago(1, "nps", value=10), ago(1, "user_invited"),
        ],
        {"seats_used": "9"},
    ),
    Case(
        "all bad",
        {
            "no_login_for_30_days": -10, WAITS: -5, "looked_at_the_cancellation_page": -20, "range": 6,
            "detractor_in_the_nps_survey_0_6": -15, "payment_failed_twice_or_more": -10,
        },
        [ago(99, "login"), ago(20, "ticket_open"), page(0, "/cancel"), ago(9, "nps", value=3), ago(9,
        "payment_failed", times=2)],
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def config() -> Config:
    """The configuration that ships; what is fitted numerically has tests of its own (clv)."""
    return only(*(name for name in CONFIG.models if name != "clv"))


@pytest.fixture(scope="module")
def shipped(config: Config) -> Scorer:
    """All shipped models."""
    return Scorer(config, NOW)


@pytest.fixture(scope="module")
def customers(shipped: Scorer) -> dict[str, Scored]:
    """All cases in one portal, scored once, and the same as by the reference."""
    made = Portal({"contacts": {}, "companies": {"empty": Record({"lifecyclestage": "customer"})}}, {"companies": []})
    made.links["contacts", "companies"] = []
    for case in CUSTOMERS:
        made.records["companies"][case.name] = Record({**KNOWN, **case.properties}, NOW.day_start - timedelta(days=20))
        made.records["contacts"][case.name] = Record({"product_logins": "5"}, NOW.day_start)
        made.links["contacts", "companies"].append((case.name, case.name, True))
        made.events["companies"] += [Event(**{**vars(event), "record_id": case.name}) for event in case.happened]
    return assert_same(shipped, made)["customer"]


@pytest.mark.parametrize("case", CUSTOMERS, ids=lambda case: case.name)
def test_customer_rules(customers: dict[str, Scored], case: Case) -> None:
    """Each rule gives exactly its points, alone and together with all others, on top of 54."""
    moved = {rule: points for rule, points, _ in customers[case.name].lines if points != 0 and rule != "start"}
    assert moved == case.expected
    assert customers[case.name].row["score"] == 54 + sum(case.expected.values())  # type: ignore[call-overload]
    assert customers[case.name].row["known_data"] == 1


def test_known_customer_is_steady(customers: dict[str, Scored]) -> None:
    """A customer with whom nothing has happened is steady at 54 (T6)."""
    assert (customers["nothing"].row["score"], customers["nothing"].row["band"]) == (54, "steady")


def test_empty_customer(customers: dict[str, Scored]) -> None:
    """An empty customer record is steady at 54, and its known data says how little that rests on (T6)."""
    empty = customers["empty"]
    assert (empty.row["score"], empty.row["band"]) == (54, "steady")
    assert empty.row["known_data"] == 0.3627
    assert {line.known for line in empty.explanation.contributions if line.rule == "uses_the_product_every_week"} == {
        False
    }


NEGATIVES = {
    "13": [ago(31, "login")], "14": [ago(9, "ticket_open")], "16": [ago(9, "nps", value=6)],
    "17": [ago(9, "payment_failed", times=2)],
}  # fmt: skip


def test_cancel_page_and_another(config: Config) -> None:
    """A look at the cancellation page is at risk; with any other bad sign it is risk (T6)."""
    made = Portal({"contacts": {}, "companies": {}}, {"companies": []}, {("contacts", "companies"): []})
    for name, events in {"alone": [], **NEGATIVES}.items():
        made.records["companies"][name] = Record(KNOWN, NOW.day_start)
        made.records["contacts"][name] = Record({"product_logins": "5"})
        made.links["contacts", "companies"].append((name, name, True))
        made.events["companies"] += [
            Event(**{**vars(event), "record_id": name}) for event in [*events, page(3, "/cancel")]
        ]
    found = Scorer(only("customer", config=config), NOW).score(made)["customer"]
    assert {name: scored.row["band"] for name, scored in found.items()} == {
        "alone": "at_risk",
        **dict.fromkeys(NEGATIVES, "risk"),
    }


CONTACT = {
    "hs_email_open": "3", "hs_email_click": "1", "hs_email_replied": "0", "num_conversion_events": "1",
    "hs_email_optout": "false",
    "hs_analytics_last_timestamp": "2026-09-15T12:00:00Z", "lifecyclestage": "lead",
}  # fmt: skip
PEOPLE = [
    Case("nothing", {}),
    Case("36: open", {"opened_marketing_emails": 5}, [ago(0, "email_open")]),
    Case("36: open a month ago", {"opened_marketing_emails": Decimal("2.5"), "rounding": Decimal("0.5")},
    [ago(30, "email_open")]),
    Case("36: opens", {"opened_marketing_emails": 50, "limit: opens": -40}, [ago(0, "email_open", times=10)]),
    Case("36: download", {"downloaded_a_resource_or_sent_a_form": 5}, [ago(0, "form_submitted")]),
    Case("36: long ago", {}, [ago(92, "email_open")]),
    Case("37: pricing", {"looked_at_pricing": 10, "visited_the_website": 1}, [page(0, "/pricing")]),
    Case("37: pricing for long", {"looked_at_pricing": 40, "visited_the_website": 4, "limit: website": -14},
         [page(0, "/pricing/enterprise") for _ in range(4)]),
    Case("39: unsubscribed", {"unsubscribed_from_email": -20, "range": 20}, [], {"hs_email_optout": "true"}),
    Case("40: 31 days", {"no_action_for_30_days": -5, "range": 5}, [],
    {"hs_analytics_last_timestamp": "2026-08-21T03:00:00Z"}),
    Case("40: 30 days", {}, [], {"hs_analytics_last_timestamp": "2026-08-22T05:00:00Z"}),
    Case("54: this week", {"met_with_us": 20}, [ago(0, "meeting_held")]),
]  # fmt: skip


@pytest.fixture(scope="module")
def people(shipped: Scorer) -> dict[str, dict[str, Scored]]:
    """All cases in one portal, and the scores of every model."""
    contacts = {case.name: Record({**CONTACT, **case.properties}) for case in PEOPLE}
    contacts["38: target"] = Record({"industry": "COMPUTER SOFTWARE"})
    contacts["38: other"] = Record({"industry": "Agriculture"})
    contacts["133: buyer"] = Record(
        {"industry": "Computer Software", "country": "Germany", "jobtitle": "VP Sales and Manager",
        "need_confirmed": "true",
         "budget_confirmed": "true", "decision_role": "decision_maker"})  # fmt: skip
    contacts["133: student"] = Record({**contacts["133: buyer"].properties, "jobtitle": "Student, head of chess"})
    contacts["customer"] = Record({**CONTACT, "lifecyclestage": "customer"})
    companies = {"c": Record({"numberofemployees": "200", "industry": "Hospital & Health Care"})}
    events = [Event(**{**vars(event), "record_id": case.name}) for case in PEOPLE for event in case.happened]
    links = {("contacts", "companies"): [("133: buyer", "c", True), ("133: student", "c", True)]}
    return assert_same(shipped, Portal({"contacts": contacts, "companies": companies}, {"contacts": events}, links))


@pytest.mark.parametrize("case", PEOPLE, ids=lambda case: case.name)
def test_engagement_rules(people: dict[str, dict[str, Scored]], case: Case) -> None:
    """Each rule on what a person does gives exactly its points, less with age, within the limit of its group."""
    scored = people["engagement"][case.name]
    assert {rule: points for rule, points, _ in scored.lines if points != 0} == case.expected
    assert scored.row["score"] == sum(case.expected.values())  # type: ignore[call-overload]


def test_fit_rules(people: dict[str, dict[str, Scored]]) -> None:
    """A target industry gives 15; need, budget and authority count 15 each; a student is capped at 20."""
    fit = {
        name: {rule: points for rule, points, _ in scored.lines if points != 0}
        for name, scored in people["fit"].items()
    }
    assert fit["38: target"] == {"works_in_an_industry_we_sell_to": 15}
    assert fit["38: other"] == {}
    buyer = {
        "works_in_an_industry_we_sell_to": 15, "company_of_the_right_size": 15, "in_a_country_we_serve": 10,
        "leads_the_area_we_work_for": 15, "manages_in_the_area_we_work_for": 10, "limit: role": -10,
        "has_the_problem_we_solve": 15, "the_budget_is_confirmed": 15, "decides_or_signs": 15,
    }  # fmt: skip
    assert fit["133: buyer"] == buyer
    assert people["fit"]["133: buyer"].row["score"] == 100
    assert people["fit"]["133: student"].row["score"] == 20
    assert fit["133: student"]["cap"] == -80


def test_company_fit_rules(people: dict[str, dict[str, Scored]]) -> None:
    """A company's target industry gives 15, its size 20 (item 38)."""
    lines = {rule: points for rule, points, _ in people["company_fit"]["c"].lines if points != 0}
    assert lines["industry_we_sell_to"] == 15
    assert lines["the_right_size"] == 20
    assert lines["somebody_there_confirmed_the_budget"] == 15


def test_lead_score_stops_at_customers(people: dict[str, dict[str, Scored]]) -> None:
    """The lead score ends where the customer score begins (item 44)."""
    assert "customer" in people["engagement"]
    assert "customer" not in people["combined"]
    assert "133: buyer" in people["combined"]


def test_blend(people: dict[str, dict[str, Scored]]) -> None:
    """Fit and engagement are blended by the share of what each can reach; the matrix keeps them apart (item 53)."""
    buyer = people["combined"]["133: buyer"]
    engagement = people["engagement"]["133: buyer"].row["score"]
    assert engagement is not None
    assert buyer.row["score"] == 50 + engagement / 2
    assert buyer.row["band"] == "a3"


BANDS = [("0", "risk"), ("29.499999", "risk"), ("29.5", "at_risk"), ("30", "at_risk"), ("50.499999", "at_risk"),
("50.5", "steady"),
         ("51", "steady"), ("69.499999", "steady"), ("69.5", "strong"), ("70", "strong"), ("74.5", "strong"),
         ("80", "strong")]  # fmt: skip


@pytest.mark.parametrize(("start", "band"), BANDS)
def test_customer_bands(config: Config, start: str, band: str) -> None:
    """A score is rounded half up, and the highest lower bound that it reaches names the band (T5)."""
    model = {
        **config.models["customer"],
        "starts_at": start,
        "rules": [{"when": "known(seats_used)", "points": 0, "reason": "x"}],
    }
    model["rule_groups"], model["known_data_floor"] = [], "0 %"
    tried = Config(config.events, {}, config.words, config.properties, {"customer": model})
    portal = Portal({"companies": {"c": Record(KNOWN)}})
    assert assert_same(Scorer(tried, NOW), portal)["customer"]["c"].row["band"] == band


def test_green_from_75() -> None:
    """74.5 is green, 74.4 is yellow, 39.5 is yellow and 39.4 is red (T5, item 128)."""
    tiers = {"red": {"from": 0}, "yellow": {"from": 40}, "green": {"from": 75}}
    for start, band in (("74.5", "green"), ("74.4", "yellow"), ("39.5", "yellow"), ("39.4", "red")):
        model = {"model": "m", "kind": "points", "object": "companies", "outcome": "x", "owner": "x",
        "starts_at": start,
                 "known_data_floor": 0, "tiers": tiers, "rules": [{"when": "true", "points": 0,
                 "reason": "x"}]}  # fmt: skip
        tried = Config({}, {}, {}, {"companies": {}}, {"m": model})
        assert assert_same(Scorer(tried, NOW), Portal({"companies": {"c": Record()}}))["m"]["c"].row["band"] == band


def test_customers_are_contacts(config: Config) -> None:
    """`customers_are: contacts` moves the customer score to persons, with the same rules and points."""
    moved = read_config(ROOT / "config", customers_are="contacts")
    assert config.models["customer"]["object"] == "companies"
    person = Record({"lifecyclestage": "customer", "product_logins": "5"}, NOW.day_start)
    events = [
        Event(**{**vars(event), "record_id": "p"})
        for event in (page(1, "/cancel"), ago(3, "renewed"), ago(4, "nps", value=9))
    ]
    tried = only("customer", config=moved)
    scored = assert_same(Scorer(tried, NOW), Portal({"contacts": {"p": person}}, {"contacts": events}))["customer"]["p"]
    moved_lines = {rule: points for rule, points, _ in scored.lines if points != 0}
    assert moved_lines == {
        "start": 54, "renewed_the_contract": 20, "looked_at_the_cancellation_page": -20,
        "promoter_in_the_nps_survey_9_10": 15,
    }  # fmt: skip


def test_free_plan(config: Config) -> None:
    """Where page views have no address, the rules on pages leave the denominator instead of staying unknown."""
    kinds = ("page_view", "login", "api_call", "user_invited", "referral")
    free = Sources({kind: f"{kind}/counters" for kind in kinds})
    portal = Portal({"companies": {"c": Record(KNOWN, NOW.day_start)}})
    scored = assert_same(Scorer(only("customer", config=config), NOW, free), portal)["customer"]["c"]
    assert scored.row["known_data"] == 1
    assert "looked_at_the_cancellation_page" not in {line.rule for line in scored.explanation.contributions}


@pytest.mark.parametrize("seed", range(3))
def test_shipped_models_on_dirt(shipped: Scorer, seed: int) -> None:
    """The shipped models score generated portals as the reference does, whatever stands in the properties."""
    assert_same(shipped, dirty(shipped.config, random.Random(seed), NOW))


def test_alone_as_in_batch(config: Config) -> None:
    """A contact has the same scores alone as among others."""
    scorer = Scorer(only("engagement", "fit", "combined", config=config), NOW)
    portal = dirty(config, random.Random(5), NOW)
    together = scorer.score(portal)
    for record_id in list(portal.records["contacts"])[:2]:
        portal_of_one = Portal(
            {**portal.records, "contacts": {record_id: portal.records["contacts"][record_id]}},
            portal.events,
            portal.links,
        )
        alone = scorer.score(portal_of_one)
        for model in ("engagement", "fit", "combined"):
            assert alone[model].get(record_id) == together[model].get(record_id)


RAW = {
    "number": ["0", "9", "100", "250", "N/A", "-1", "1e400", ""], "bool": ["true", "false", "TRUE", ""],
    "datetime": ["2026-09-21T03:00:00Z", "1789990000000", "2026-08-01", "never", ""], "date": ["2027-01-31",
    "2026-02-30", ""],
    "text": ["lead", "customer", "evangelist", "Computer Software", "Germany", "VP Sales", "student", "NPS",
    "renewals", "🙂", "", "A;B"],
}  # fmt: skip
USED = [
    "lifecyclestage",
    "industry",
    "numberofemployees",
    "annualrevenue",
    "country",
    "jobtitle",
    "decision_role",
    "hs_buying_role",
    "budget_confirmed",
    "need_confirmed",
    "hs_email_optout",
    "hs_last_sales_activity_timestamp",
    "hs_analytics_last_timestamp",
    "churned_on",
    "seats_used",
    "seats_total",
    "product_logins",
    "hs_email_open",
    "hs_email_click",
    "hs_email_replied",
    "num_conversion_events",
    "features_used",
    "api_calls",
    "users_invited",
    "referrals",
    "hs_is_closed",
]


def dirty(config: Config, dice: random.Random, now: Now) -> Portal:
    """A portal of the shipped properties and kinds of events, with gaps and dirt."""
    made = Portal()
    for object_, count in (("contacts", 25), ("companies", 15), ("deals", 8)):
        kinds = config.properties[object_]
        made.records[object_] = {
            f"{object_[:2]}{number}": Record(
                {name: dice.choice(RAW[kinds[name]]) for name in USED if name in kinds and dice.random() < 0.7},
                dice.choice([None, now.day_start - timedelta(days=dice.randrange(90))]),
            )
            for number in range(count)
        }
        for record_id in dice.choices(list(made.records[object_]), k=12 * count):
            happened = ago(dice.randrange(100), dice.choice(list(config.events)), value=dice.choice([0, 6, 7, 9, 10]))
            happened.attributes = {
                "url": dice.choice(["/pricing", "/cancel", "/enterprise"]),
                "satisfaction": dice.choice(["satisfied", ""]),
            }
            happened.occurred_at = min(happened.occurred_at, now.now)
            made.events.setdefault(object_, []).append(Event(**{**vars(happened), "record_id": record_id}))
    for pair in (("contacts", "companies"), ("deals", "contacts"), ("deals", "companies")):
        near, far = (list(made.records[object_]) for object_ in pair)
        pairs = sorted({(dice.choice(near), dice.choice(far)) for _ in range(30)})
        made.links[pair] = [(a, b, dice.random() < 0.6) for a, b in pairs]
    return made
