"""The scores of growth that ship give exactly their points: upsell, cross-sell, loyalty, expansion, adoption."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from models_given import CONFIG, NOW, Case, ago, customers, moved, only, page, weekly
from reference_facts import Portal, Record
from scratch_portal import Scored, Scorer
from test_reference import assert_same

from hubsync.catalog import load
from hubsync.catalog.starter import shipped

SATISFIED = "support_solved_it_to_their_satisfaction"
WAITS = "a_support_ticket_waits_for_more_than_a_week"
PROMOTER = "promoter_in_the_nps_survey_9_10"
ADVANCED = page(3, "/features/advanced")
AMONG = "a_related_product_is_among_the_topics_they_research"
QUARTER = "has_used_it_every_week_for_a_quarter"
TOPIC = {"topic": "audit", "vendor": "openledger"}
MORE = [*weekly(29), *(ago(day, "login") for day in (3, 10, 17))]
"""A login in each week for half a year, and one more in the last three."""

UPSELL = [
    Case("nothing", {}),
    Case("18: 80 %", {"uses_80_of_the_plan_or_more": 15}, properties={"seats_used": "8"}),
    Case("18: below", {}, properties={"seats_used": "7.9"}),
    Case("57: full", {"uses_80_of_the_plan_or_more": 15, "has_reached_the_limit_of_the_plan": 15},
         properties={"seats_used": "10"}),
    Case("20: team", {"asked_for_more_users": 12}, [ago(60, "user_invited"), ago(5, "user_invited")]),
    Case("20: long ago", {}, [ago(92, "user_invited")]),
    Case("21: API", {"started_using_the_api": 8}, [ago(60, "api_call", times=5000)]),
    Case("21: API for long", {}, [ago(200, "api_call"), ago(60, "api_call")]),
    Case("7: new feature", {"started_using_a_new_feature": 10}, [ago(5, "feature_started")]),
    Case("66: more use", {"uses_the_product_more_than_before": 15}, MORE),
    Case("66: as ever", {}, weekly(29)),
    Case("9: advanced", {"looked_at_advanced_features": 8}, [ADVANCED, ADVANCED]),
    Case("19: enterprise", {"looked_at_the_enterprise_plan": 10}, [page(29, "/enterprise")]),
    Case("14: waits", {WAITS: -10}, [ago(9, "ticket_open")]),
    Case("15: cancel", {"uses_80_of_the_plan_or_more": 15, "has_reached_the_limit_of_the_plan": 15,
                        "asked_for_more_users": 12, "cap": -12},
         [page(3, "/cancel"), ago(3, "user_invited")], {"seats_used": "10"}),
    Case("all", {
        "uses_80_of_the_plan_or_more": 15, "has_reached_the_limit_of_the_plan": 15, "asked_for_more_users": 12,
        "started_using_the_api": 8, "started_using_a_new_feature": 10, "uses_the_product_more_than_before": 15,
        "looked_at_advanced_features": 8, "looked_at_the_enterprise_plan": 10, "range": -3,
    }, [*MORE, ADVANCED, page(1, "/enterprise"), ago(1, "user_invited"), ago(1, "api_call"), ago(1, "feature_started")],
       {"seats_used": "11"}),
]  # fmt: skip
CROSS_SELL = [
    Case("nothing", {}),
    Case("58: alike", {"resembles_customers_who_have_the_whole_mix": 20},
         properties={"industry": "COMPUTER_SOFTWARE", "numberofemployees": "300"}),
    Case("58: one product", {"has_bought_only_one_of_our_products": 10}, [ago(300, "product_bought", product="plan")]),
    Case("58: two products", {}, [ago(300, "product_bought", product="plan"), ago(9, "product_bought", product="tax")]),
    Case("3: related", {"looked_at_related_products": 10}, [page(40, "/products/audit-vault")]),
    Case("3: often", {"looked_at_related_products": 20, "asked_for_material": 10, "limit: interest": -10},
         [page(40, "/products/audit-vault"), page(2, "/products/x"), page(1, "/products/x"), ago(1, "form_submitted")]),
    Case("60: intent", {"researches_related_products_elsewhere": 10}, [ago(0, "intent", **TOPIC)]),
    Case("60: a month ago", {"researches_related_products_elsewhere": 5}, [ago(30, "intent", **TOPIC)]),
    Case("60: topics", {AMONG: 10}, properties={"intent_topics": "audit;analytics platforms"}),
    Case("60: other topics", {}, properties={"intent_topics": "analytics platforms"}),
    Case("60: a rival", {}, [ago(0, "intent", topic="analytics platforms", vendor="rivalytics")]),
    Case("depth", {"uses_much_of_what_it_has": 15}, properties={"features_used": "4"}),
    Case("11, 8: trust", {PROMOTER: 10, SATISFIED: 5},
         [ago(9, "nps", value=9), ago(9, "ticket_closed", satisfaction="satisfied", times=3)]),
    Case("14: waits", {WAITS: -10}, [ago(9, "ticket_open")]),
    Case("15: cancel", {"resembles_customers_who_have_the_whole_mix": 20, "uses_much_of_what_it_has": 15, "cap": -5},
         [page(3, "/cancel")], {"industry": "COMPUTER_SOFTWARE", "numberofemployees": "300", "features_used": "9"}),
]  # fmt: skip
LOYALTY = [
    Case("nothing", {}),
    Case("6: each week", {"uses_the_product_every_week": 20, "limit: use": -10}, weekly(3)),
    Case("4: a quarter", {"uses_the_product_every_week": 20, "limit: use": -10, QUARTER: 10},
         weekly(11)),
    Case("4: a gap", {"uses_the_product_every_week": 20, "limit: use": -10}, [*weekly(8), *weekly(20, 10)]),
    Case("11: nine", {PROMOTER: 15}, [ago(100, "nps", value=9)]),
    Case("T9: eight", {}, [ago(100, "nps", value=8)]),
    Case("16: six", {"detractor_in_the_nps_survey_0_6": -15, "range": 5}, [ago(100, "nps", value=6)]),
    Case("8: solved", {SATISFIED: 5}, [ago(10, "ticket_closed", satisfaction="satisfied")]),
    Case("csat", {"satisfied_in_the_survey_after_support": 5}, [ago(10, "csat", value=4)]),
    Case("8: very happy", {SATISFIED: 20, PROMOTER: 15, "limit: satisfaction": -10},
         [ago(10, "ticket_closed", satisfaction="satisfied", times=4), ago(9, "nps", value=10)]),
    Case("10: referral", {"took_part_in_the_referral_program": 20}, [ago(300, "referral"), ago(2, "referral")]),
    Case("12: renewal", {"renewed_the_contract": 20}, [ago(364, "renewed", value=10_000)]),
    Case("4: years", {"customer_for_more_than_two_years": 10}, properties={"customer_since": "2024-09-20"}),
    Case("14: waits", {WAITS: -5}, [ago(9, "ticket_open")]),
    Case("15: cancel", {"looked_at_the_cancellation_page": -20, "range": 10}, [page(1, "/cancel")]),
]  # fmt: skip
EXPANSION = [
    Case("nothing", {}),
    Case("58: alike", {"resembles_customers_who_have_the_whole_mix": 20},
         properties={"industry": "FINANCIAL_SERVICES", "numberofemployees": "300"}),
    Case("59: ideal", {"resembles_customers_who_have_the_whole_mix": 20, "fits_the_ideal_customer": 10},
         properties={"industry": "COMPUTER_SOFTWARE", "numberofemployees": "300", "annualrevenue": "9000000",
                     "country": "Germany"}),
    Case("60: pages", {"looked_at_features": 8, "looked_at_related_products": 8, "looked_at_the_enterprise_plan": 10,
                       "limit: pages": -11}, [ADVANCED, page(2, "/products/x"), page(1, "/enterprise")]),
    Case("18, 57: limit", {"uses_80_of_the_plan_or_more": 15, "has_reached_the_limit_of_the_plan": 10},
         properties={"seats_used": "10"}),
    Case("20: team", {"the_team_grows": 12}, [ago(60, "user_invited")]),
    Case("60: use", {"uses_the_product_more_than_before": 15, "started_using_a_new_feature": 8},
         [*MORE, ago(9, "feature_started")]),
    Case("60: intent", {"researches_related_products_elsewhere": 30, AMONG: 10, "limit: intent": -20},
         [ago(0, "intent", **TOPIC)] * 3, {"intent_topics": "audit"}),
]  # fmt: skip
ADOPTION = [
    Case("nothing", {}),
    Case("131: logins", {}, weekly(30)),
    Case("67: tried", {"tried_forecasts": 10}, [ago(day, "feature_used", feature="forecasts") for day in (2, 3)]),
    Case("67: each week", {"tried_forecasts": 40, "limit: feature": -20},
         [ago(7 * week + 1, "feature_used", feature="forecasts") for week in range(4)]),
    Case("67: neighbours", {"uses_what_leads_to_forecasts": 10},
         [ago(2, "feature_used", feature="exports"), ago(9, "feature_used", feature="dashboards")]),
    Case("67: other feature", {}, [ago(2, "feature_used", feature="api")]),
    Case("67: read", {"read_about_forecasts": 5}, [page(9, "/features/forecasts")]),
    Case("106: breadth", {"uses_three_features_or_more": 10}, properties={"features_used": "4"}),
    Case("106: depth", {"uses_three_features_or_more": 10, "uses_five_features_or_more": 15},
         properties={"features_used": "5"}),
    Case("70: pace", {"starts_using_new_features": 20}, [ago(day, "feature_started") for day in (2, 3, 4)]),
    Case("milestone", {"reached_a_milestone_lately": 15}, [ago(9, "milestone_reached", milestone="integrated")]),
    Case("67: persona", {"has_people_whom_forecasts_serve": 15}, person={"persona": "analyst"}),
]  # fmt: skip
READ = page(20, "/blog/is-saas-taxable-in-california")
AVALARA = ago(20, "intent", topic="tax compliance", vendor="avalara")
READS = "read_whether_saas_is_taxable_in_california"
SELLS = "sells_in_five_tax_jurisdictions_or_more"
GROWS = "grows_in_many_tax_jurisdictions"
TAX = [
    Case("nothing", {}),
    Case("61: reads", {READS: 15}, [READ, READ]),
    Case("61: sells", {SELLS: 35}, properties={"tax_jurisdictions": "5"}),
    Case("61: grows in few", {}, [ago(9, "user_invited")]),
    Case("61: grows", {SELLS: 35, GROWS: 25}, [ago(9, "user_invited")], {"tax_jurisdictions": "12"}),
    Case("61: compares", {"researches_avalara": 25}, [AVALARA]),
    Case("61: compares others", {}, [ago(20, "intent", topic="audit", vendor="openledger")]),
    Case("61: topics", {"researches_tax_compliance": 25}, properties={"intent_topics": "tax compliance"}),
    Case("61: both", {"researches_avalara": 25, "researches_tax_compliance": 25, "limit: intent": -25}, [AVALARA],
         {"intent_topics": "tax compliance"}),
    Case("61: reads and grows", {READS: 15, SELLS: 35, GROWS: 25},
         [READ, ago(9, "user_invited")], {"tax_jurisdictions": "12"}),
    Case("61: all three", {READS: 15, SELLS: 35, GROWS: 25, "researches_avalara": 25},
         [READ, AVALARA, ago(9, "user_invited")], {"tax_jurisdictions": "12"}),
]  # fmt: skip
CASES = {
    "upsell": UPSELL, "cross_sell": CROSS_SELL, "loyalty": LOYALTY, "expansion": EXPANSION, "adoption": ADOPTION,
    "tax_compliance": TAX,
}  # fmt: skip


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, Scored]]:
    """All cases of all models, each model with its own portal."""
    parts = {"expansion": ("company_fit",)}
    return {model: customers(cases, model, *parts.get(model, ()))[model] for model, cases in CASES.items()}


@pytest.mark.parametrize(("model", "case"), [(model, case) for model, cases in CASES.items() for case in cases],
                         ids=lambda each: each if isinstance(each, str) else each.name)  # fmt: skip
def test_growth_rules(scores: dict[str, dict[str, Scored]], model: str, case: Case) -> None:
    """Each rule gives exactly its points, alone and with others, within the limit of its group."""
    scored = scores[model][case.name]
    assert moved(scored) == case.expected
    assert scored.row["score"] == CONFIG.models[model]["starts_at"] + sum(case.expected.values())  # type: ignore[call-overload]


def test_tax_compliance_upsell(scores: dict[str, dict[str, Scored]]) -> None:
    """Reading, growth in many tax jurisdictions and research of Avalara together are an offer; two are watched (61)."""
    bands = {name: scored.row["band"] for name, scored in scores["tax_compliance"].items()}
    assert bands["61: all three"] == "offer"
    assert bands["61: reads and grows"] == bands["61: grows"] == "watch"
    assert bands["61: reads"] == bands["61: compares"] == bands["nothing"] == "quiet"


def test_logins_are_not_adoption() -> None:
    """A login every day moves the score of adoption by nothing (131), and no rule of it looks at one."""
    rules = [rule for group in CONFIG.models["adoption"]["rule_groups"] for rule in group["rules"]]
    assert not any("login" in str(rule) or "weeks_of_use" in str(rule) for rule in rules)


def test_who_uses_the_feature_has_adopted_it(scores: dict[str, dict[str, Scored]]) -> None:
    """The tier says who uses the feature already, whatever the score; one try is the way there (67)."""
    assert scores["adoption"]["67: each week"].row["band"] == "adopted"
    assert scores["adoption"]["67: tried"].row["band"] == "far"


def test_unknown_moves_nothing() -> None:
    """An empty customer record gets no points, good or bad, for what nobody knows; its known data says so."""
    made = Portal({"companies": {"empty": Record({"lifecyclestage": "customer"})}})
    found = assert_same(Scorer(only(*BANDS, "company_fit"), NOW), made)
    assert [moved(found[model]["empty"]) for model in BANDS] == [{}] * len(BANDS)
    assert max(found[model]["empty"].row["known_data"] for model in BANDS) < 0.55


BANDS = {
    "upsell": "quiet warming warming warming warming ready ready ready ready",
    "cross_sell": "quiet curious curious interested interested interested interested interested interested",
    "loyalty": "friendly friendly friendly loyal loyal loyal loyal loyal loyal",
    "churn_risk": "low watch watch high high high high high high",
    "expansion": "quiet growing growing ready ready ready ready ready ready",
    "retention": "stays unclear unclear leaving leaving leaving leaving leaving leaving",
    "adoption": "far near near verge verge verge verge verge verge",
    "tax_compliance": "quiet quiet quiet watch watch watch watch watch offer",
}
STARTS = ("29.499999", "29.5", "30", "50.5", "51", "69.5", "70", "74.5", "80")


@pytest.mark.parametrize("place", range(len(STARTS)), ids=STARTS)
def test_bands(place: int) -> None:
    """A score is rounded half up, and the highest lower bound that it reaches names the band (T5)."""
    rule = {"when": "known(lifecyclestage)", "points": 0, "reason": "x"}
    config = only(*BANDS)
    for model in config.models:
        tiers = {name: tier for name, tier in config.models[model]["tiers"].items() if "from" in tier}
        config.models[model] = {
            **config.models[model], "starts_at": STARTS[place], "rules": [rule], "rule_groups": [], "tiers": tiers,
            "known_data_floor": 0,
        }  # fmt: skip
    made = Portal({"companies": {"c": Record({"lifecyclestage": "customer"})}})
    found = assert_same(Scorer(config, NOW), made)
    assert {model: found[model]["c"].row["band"] for model in BANDS} == {
        model: bands.split()[place] for model, bands in BANDS.items()
    }


def test_all_models_load_together(tmp_path: Path) -> None:
    """Every model that ships can be switched on at once, each with properties of its own."""
    for path, text in shipped().items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        names = ", ".join(CONFIG.models)
        (tmp_path / path).write_text(re.sub(r"^models: .*$", f"models: [{names}]", text, flags=re.MULTILINE))
    catalog = load(tmp_path)
    assert {model.model for model in catalog.on} == set(CONFIG.models)
