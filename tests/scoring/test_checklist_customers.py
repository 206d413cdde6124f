"""What the articles say of customer scores as a whole, on the scores that ship (checklist 56, 60, 62, 70, 107, 110)."""

from __future__ import annotations

from typing import Any

import pytest
from models_given import CONFIG, NOW, Case, ago, customers, moved, only, page, weekly
from reference_facts import Config, Event, Portal, Record
from scratch_portal import Scored, Scorer
from test_reference import assert_same

TOPIC = {"topic": "audit", "vendor": "openledger"}
WAITS = "a_support_ticket_waits_for_more_than_a_week"
CASES = [
    Case("more of the same", {}, [page(1, "/enterprise"), ago(9, "user_invited")], {"seats_used": "10"}),
    Case("something else", {}, [*(page(day, "/products/audit-vault") for day in (1, 2)), ago(1, "intent", **TOPIC)]),
    Case("all four", {}, [*weekly(4, 5), ago(31, "login"), ago(40, "renewed", value=9), ago(20, "ticket_open"),
                          ago(3, "payment_failed", times=2)]),
    Case("blooms", {}, [*weekly(29), ago(9, "nps", value=10), ago(9, "milestone_reached"), ago(30, "renewed", value=9)],
         {"features_used": "6", "contract_plan": "team", "customer_since": "2023-01-01"}),
    Case("declines", {}, [*weekly(29, 4), ago(20, "ticket_open"), ago(30, "ticket_closed", satisfaction="unsatisfied",
                                                                      times=3)], {"contract_plan": "team"}),
    Case("like those who left", {},
         [*weekly(29, 4), ago(9, "skipped_delivery", times=2), page(9, "/help/how-to-cancel")],
         {"country": "Japan", "annualrevenue": "1", "trial_activated_on": ""}),
    Case("like those who stay", {}, weekly(29), {"industry": "COMPUTER_SOFTWARE", "annualrevenue": "9000000",
                                                 "country": "Germany"}),
    Case("30 days", {}, [ago(1, "login")], {"customer_since": "2026-08-22"}),
    Case("31 days", {}, [ago(1, "login")], {"customer_since": "2026-08-21"}),
]  # fmt: skip
MODELS = ("customer", "upsell", "cross_sell", "churn_risk", "cs_health", "retention", "company_fit", "loyalty")


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, Scored]]:
    """All cases in one portal."""
    return customers(CASES, *MODELS)


def groups(model: str) -> dict[str, float]:
    """The most that each group of rules can give."""
    return {
        group["name"]: group.get("limit", {}).get("max", sum(max(rule.get("points", 0), 0) for rule in group["rules"]))
        for group in CONFIG.models[model]["rule_groups"]
    }


def test_upsell_and_cross_sell_are_two_scores(scores: dict[str, dict[str, Scored]]) -> None:
    """Signs of a larger plan move the one alone, signs of another product the other alone (checklist 56)."""
    more, other = "more of the same", "something else"

    assert sum(moved(scores["upsell"][more]).values()) == 52  # type: ignore[call-overload]
    assert moved(scores["cross_sell"][more]) == moved(scores["upsell"][other]) == {}
    assert set(moved(scores["cross_sell"][other])) == {
        "looked_at_related_products", "researches_related_products_elsewhere", "rounding",
    }  # fmt: skip


def test_usage_and_intent_are_the_larger_part_of_expansion() -> None:
    """Pages give 15 points at most, use and third-party intent 80; also in the example of one offering (60)."""
    most = groups("expansion")
    assert most.pop("pages") == 15
    assert (most.pop("fit"), sum(most.values())) == (30, 80)
    assert groups("tax_compliance") == {"reading": 15, "footprint": 60, "intent": 25}


def test_churn_risk_is_the_inverse_of_health(scores: dict[str, dict[str, Scored]]) -> None:
    """Who is healthy has a low risk and the reverse; decay weighs most, with support almost half of all (107)."""
    bands = {name: (scores["cs_health"][name].row["band"], scores["churn_risk"][name].row["band"])
             for name in ("blooms", "declines")}  # fmt: skip
    assert bands == {"blooms": ("growth", "low"), "declines": ("at_risk", "high")}

    most = groups("churn_risk")
    assert max(most, key=lambda name: most[name]) == "usage"
    assert most["usage"] + most["support"] == 65
    assert sum(most.values()) == 135


def test_likeness_to_those_who_left(scores: dict[str, dict[str, Scored]]) -> None:
    """Low fit and what came before others left lead to the tier of those who left, the opposite to the other (62)."""
    found = scores["retention"]
    assert found["like those who left"].row["band"] == "leaving"
    assert set(moved(found["like those who left"])) > {
        "fits_less_than_most_customers", "would_hardly_be_taken_as_a_lead_today", "hardly_used_the_free_trial",
        "skipped_deliveries", "read_how_to_cancel",
    }  # fmt: skip
    assert moved(found["like those who stay"]) == {}
    assert found["like those who stay"].row["band"] == "stays"


def test_usage_deals_tickets_and_billing_in_one_score(scores: dict[str, dict[str, Scored]]) -> None:
    """What product, CRM, help desk and billing know of a customer are lines of one score (checklist 110)."""
    assert moved(scores["customer"]["all four"]) == {
        "no_login_for_30_days": -10, "renewed_the_contract": 20, WAITS: -5, "payment_failed_twice_or_more": -10,
    }  # fmt: skip


def test_what_adoption_brings(scores: dict[str, dict[str, Scored]]) -> None:
    """Who adopted it renews, stays, has the habit, comes often, and is less likely to leave: all is scored (70)."""
    adopted = moved(scores["loyalty"]["blooms"])
    assert adopted == {
        "uses_the_product_every_week": 20, "limit: use": -10, "has_used_it_every_week_for_a_quarter": 10,
        "promoter_in_the_nps_survey_9_10": 15, "renewed_the_contract": 20, "customer_for_more_than_two_years": 10,
    }  # fmt: skip
    assert moved(scores["churn_risk"]["blooms"])["uses_the_product_as_much_as_before"] == -10


def test_repeat_orders_of_those_who_adopted() -> None:
    """Orders that come again are counted by the frequency of RFM (checklist 70)."""
    config = only("value_rfm")
    cuts = {"recency": [30, 60, 90, 180], "frequency": [2, 5, 12, 20], "monetary": [2000, 10000, 20000, 40000]}
    config.models["value_rfm"] = {**config.models["value_rfm"], "cuts": cuts}
    made = Portal({"companies": {}}, {"companies": []})
    for name, count in (("once", 1), ("again", 13)):
        made.records["companies"][name] = Record({"lifecyclestage": "customer"}, NOW.day_start)
        made.events["companies"] += [
            Event(**{**vars(ago(9 + 20 * n, "purchase", value=3000)), "record_id": name}) for n in range(count)
        ]
    found = assert_same(Scorer(config, NOW), made)["value_rfm"]
    assert {name: each.row["extra_code"] for name, each in found.items()} == {"once": "512", "again": "544"}


def test_the_first_month_is_onboarding(scores: dict[str, dict[str, Scored]]) -> None:
    """For 30 days a customer's tier says that it is new, whatever the score; then the score names it (T6)."""
    found = scores["customer"]
    assert (found["30 days"].row["band"], found["31 days"].row["band"]) == ("onboarding", "steady")
    assert found["30 days"].row["score"] == found["31 days"].row["score"] == 59


def test_impact_times_frequency() -> None:
    """The classic formula gives 100 for ten renewals, 20 for four tickets and 4,500 for 500 users (125), so that
    500 users with 40 unresolved tickets are far ahead of 50 users without one (126)."""
    impact = {"renewed": 10, "ticket_open": 5, "user_invited": 9}
    model: dict[str, Any] = {
        "model": "m", "kind": "points", "object": "companies", "outcome": "x", "owner": "x", "between": [0, 100_000],
        "rules": [{"name": kind, "with": kind, "within": "365 days", "points": points, "reason": kind}
                  for kind, points in impact.items()],
    }  # fmt: skip
    config = Config(CONFIG.events, {}, CONFIG.words, CONFIG.properties, {"m": model})
    counts = {"formula": (10, 4, 500), "large": (0, 40, 500), "small": (0, 0, 50)}
    made = Portal({"companies": {}}, {"companies": []})
    for name, times in counts.items():
        made.records["companies"][name] = Record({"users_invited": "1"}, NOW.day_start)
        made.events["companies"] += [
            Event(**{**vars(ago(9, kind, times=count)), "record_id": name})
            for kind, count in zip(impact, times, strict=True) if count
        ]  # fmt: skip
    found = assert_same(Scorer(config, NOW), made)["m"]

    assert {rule: points for rule, points, _ in found["formula"].lines if points} == {
        "renewed": 100, "ticket_open": 20, "user_invited": 4500,
    }  # fmt: skip
    assert (found["large"].row["score"], found["small"].row["score"]) == (4700, 450)
