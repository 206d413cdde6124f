"""The scores of health that ship: bands and weights to the digit, each rule alone, trials as leads."""

from __future__ import annotations

from decimal import Decimal

import pytest
from models_given import CONFIG, NOW, STEADY, Case, ago, customers, moved, only, page, weekly
from reference_facts import Event, Portal, Record
from scratch_portal import Scored, Scorer
from test_reference import assert_same


def customer(
    name: str, features: int = 0, *, contract: int = 0, seats: int = 0, tickets: int = 10, nps: int = 0, **more: str
) -> Case:
    """A customer of two years on the scales of the anchors, the worst in all of which nothing is said.

    `features` of 1,000, `contract` of 4 renewals, `seats` of 100, `tickets` of 10 (less is better), `nps` of 10.
    """
    known = {"customer_since": "2024-01-01", "features_used": str(features), "seats_used": str(seats),
             "seats_total": "100", **more}  # fmt: skip
    happened = [ago(50, "renewed", value=9)] * contract + [ago(60, "nps", value=nps)]
    return Case(name, {}, [*happened, *([ago(9, "ticket_open", times=tickets)] if tickets else [])], known)


BEST = {"contract": 4, "seats": 100, "tickets": 0, "nps": 10}
ANCHORS = [customer(f"worst {n}") for n in range(10)] + [customer(f"best {n}", 1000, **BEST) for n in range(10)]
"""They hold the ends of each scale: 0 and 100 of every measure."""

BANDS = {
    "0": (customer("0"), 0, "red"),
    "39": (customer("39", 700, tickets=0, nps=10), 39, "red"),
    "39.4": (customer("39.4", 720, tickets=0, nps=10), 39, "red"),
    "39.5": (customer("39.5", 725, tickets=0, nps=10), 40, "yellow"),
    "40": (customer("40", 750, tickets=0, nps=10), 40, "yellow"),
    "74": (customer("74", 450, contract=4, tickets=0, nps=10), 74, "yellow"),
    "74.4": (customer("74.4", 470, contract=4, tickets=0, nps=10), 74, "yellow"),
    "74.5": (customer("74.5", 475, contract=4, tickets=0, nps=10), 75, "green"),
    "75": (customer("75", 500, contract=4, tickets=0, nps=10), 75, "green"),
    "100": (customer("100", 1000, **BEST), 100, "green"),
}
WEIGHTS = {
    "renewal": (customer("renewal", contract=4), 40),
    "usage": (customer("usage", 1000, seats=100), 35),
    "support": (customer("support", tickets=0, nps=10), 25),
    "nps": (customer("nps", nps=10), 10),
    "small: renewal": (customer("small: renewal", contract=4, contract_plan="starter"), 40),
    "small: usage": (customer("small: usage", 1000, seats=100, contract_plan="starter"), 35),
    "small: seats": (customer("small: seats", seats=100, contract_plan="starter"), 25),
    "seats": (customer("seats", seats=100, contract_plan="business"), 15),
    "small: support": (customer("small: support", tickets=0, nps=10, contract_plan="starter"), 25),
}
YOUNG = customer("young", 1000, seats=100, customer_since="2026-03-01")


@pytest.fixture(scope="module")
def health() -> dict[str, Scored]:
    """All customers beside the anchors, scored as by the reference."""
    cases = [case for case, *_ in (*BANDS.values(), *WEIGHTS.values())] + [YOUNG]
    return customers([*ANCHORS, *cases], "health")["health"]


@pytest.mark.parametrize("name", BANDS)
def test_health_bands(health: dict[str, Scored], name: str) -> None:
    """Red ends and Yellow begins at 40, Green at 75; what is between is rounded half up (128, T5)."""
    _, score, band = BANDS[name]
    assert (health[name].row["score"], health[name].row["band"]) == (score, band)


@pytest.mark.parametrize("name", WEIGHTS)
def test_health_weights(health: dict[str, Scored], name: str) -> None:
    """Renewal counts 40, usage 35, support 25 per cent, also where a small plan weighs usage otherwise (78, 127)."""
    assert health[name].row["score"] == WEIGHTS[name][1]


def test_a_customer_without_an_anniversary(health: dict[str, Scored]) -> None:
    """In the first year there was nothing to renew: unknown, and its 40 per cent go to the other measures."""
    found = health["young"]
    assert [line for line in found.lines if line[0] == "contract"] == [("contract", Decimal(0), False)]
    assert found.row["known_data"] == 0.6
    assert found.row["score"] == round(35 / 0.6)


def test_impact_times_frequency_and_its_repair() -> None:
    """500 active users with 40 unresolved tickets do not look healthier than 50 without any (125-127, T7)."""
    raw = {"large": (500, 40), "small": (50, 0)}
    cases = [
        Case(name, {}, [ago(9, "ticket_open", times=tickets)] if tickets else [],
             {"seats_used": str(users), "seats_total": str(users * 2)})
        for name, (users, tickets) in raw.items()
    ]  # fmt: skip
    cases += [Case(f"c{n}", {}, [ago(9, "ticket_open", times=n % 4)] if n % 4 else [],
                   {"seats_used": str(10 * n + 10), "seats_total": "200"}) for n in range(20)]  # fmt: skip
    found = customers(cases, "health")["health"]

    assert 9 * 500 + 5 * 40 > 9 * 50 + 5 * 0
    points = {name: {rule: float(points) for rule, points, known in found[name].lines if known} for name in raw}
    assert points["large"]["seats"] == points["small"]["seats"]
    assert points["large"]["tickets"] == 0 < points["small"]["tickets"]
    large, small = (found[name].row["score"] for name in ("large", "small"))
    assert large is not None
    assert small is not None
    assert large + 25 < small


def test_health_is_no_vanity() -> None:
    """Usage is features and seats, never logins (106, 131); the NPS is one input of ten per cent (99)."""
    measures = {measure["name"]: measure for measure in CONFIG.models["health"]["measures"]}
    assert not any("login" in measure["value"] or "weeks" in measure["value"] for measure in measures.values())
    assert measures["nps"]["percent"] == 10
    assert measures["tickets"]["better"] == "lower"


THERE = {"somebody_there_speaks_for_us": 5}
WAITS = {"a_support_ticket_waits_for_more_than_a_week": -5}
THREE = {"three_support_tickets_or_more_in_90_days": -5}
UNHAPPY = {"not_satisfied_in_the_survey_after_support": -10}
HALF = {"uses_the_product_less_than_half_as_much_as_before": -15}
SILENT = {"silent_for_three_times_as_long_as_usual": -15}
NO_REVIEW = {"no_business_review_in_half_a_year": -10}
SPONSOR = {"hs_buying_role": "BUDGET_HOLDER;EXECUTIVE_SPONSOR"}


def touched(*features: str) -> list[Event]:
    """Uses of features, two weeks ago."""
    return [ago(14, "feature_used", feature=feature) for feature in features]


CS = [
    Case("nothing", THERE),
    Case("79: three features", {**THERE, "uses_three_features_or_more": 5}, [],
         {"features_used": "3", "contract_plan": "team"}),
    Case("79: five features", {**THERE, "uses_three_features_or_more": 5, "uses_five_features_or_more": 10}, [],
         {"features_used": "5", "contract_plan": "team"}),
    Case("78: five features on starter", THERE, [], {"features_used": "5", "contract_plan": "starter"}),
    Case("depth: seats", {**THERE, "uses_most_of_its_seats": 5}, [], {"seats_used": "6"}),
    Case("depth: few seats", {**THERE, "uses_few_of_its_seats": -10}, [], {"seats_used": "2.4"}),
    Case("depth: all", {**THERE, "uses_three_features_or_more": 5, "uses_five_features_or_more": 10,
                        "uses_most_of_its_seats": 5, "limit: depth": -5}, [],
         {"features_used": "5", "contract_plan": "team", "seats_used": "7"}),
    Case("79: breadth", {**THERE, "four_different_features_in_90_days": 5},
         touched("dashboards", "alerts", "api", "exports", "api")),
    Case("79: one feature often", THERE, touched("dashboards", "dashboards", "dashboards", "dashboards", "alerts")),
    Case("decline", {**THERE, **HALF}, [*weekly(29, 4), ago(10, "login")]),
    Case("decline: silent", {**THERE, **HALF, **SILENT, "limit: decline": 10}, weekly(29, 4)),
    Case("79: milestone", {**THERE, "reached_a_milestone_lately": 5}, [ago(100, "milestone_reached")]),
    Case("78: slow start", {**THERE, "slow_to_reach_its_first_milestone": -10}, [], {"customer_since": "2026-08-01"}),
    Case("78: just begun", THERE, [], {"customer_since": "2026-09-01"}),
    Case("74: an outcome", {**THERE, "achieved_a_first_outcome": 5}, [], {"outcomes_achieved": "1"}),
    Case("74: outcomes", {**THERE, "achieved_a_first_outcome": 5, "achieved_three_outcomes_or_more": 5}, [],
         {"outcomes_achieved": "3"}),
    Case("74: none in a year", {**THERE, "no_outcome_achieved_in_a_year": -5}, [],
         {"outcomes_achieved": "0", "customer_since": "2025-01-01"}),
    Case("74: none yet", THERE, [], {"outcomes_achieved": "0"}),
    Case("79: review", {**THERE, "business_reviews_are_held": 5}, [ago(199, "qbr_held")],
         {"contract_plan": "business"}),
    Case("79: no review", {**THERE, **NO_REVIEW}, [ago(202, "qbr_held")], {"contract_plan": "enterprise"}),
    Case("78: no review of a team", THERE, [], {"contract_plan": "team"}),
    Case("sentiment: nine", {**THERE, "promoter_in_the_nps_survey_9_10": 10}, [ago(100, "nps", value=9)]),
    Case("sentiment: six", {**THERE, "detractor_in_the_nps_survey_0_6": -10}, [ago(100, "nps", value=6)]),
    Case("sentiment: seven", THERE, [ago(100, "nps", value=7)]),
    Case("sentiment: CSAT", {**THERE, **UNHAPPY}, [ago(100, "csat", value=2)]),
    Case("sentiment: both", {**THERE, **UNHAPPY, "detractor_in_the_nps_survey_0_6": -10, "limit: sentiment": 5},
         [ago(100, "csat", value=1), ago(100, "nps", value=0)]),
    Case("support: waits", {**THERE, **WAITS}, [ago(9, "ticket_open")]),
    Case("support: three", {**THERE, **THREE}, [ago(9, "ticket_closed", times=2), ago(2, "ticket_open")]),
    Case("79: sponsor", {**THERE, "an_executive_sponsor_stands_behind_it": 10}, [], {}, SPONSOR),
    Case("79: sponsor gone", {}, [], {}, {**SPONSOR, "left_company_on": "2026-09-01"}),
    Case("79: nobody", {}, [], {}, {"is_champion": "false"}),
    Case("129: champion left", {**THERE, "their_champion_has_left": -15}, [ago(30, "champion_left")]),
    Case("89: growth", {**THERE, "uses_80_of_the_plan_or_more": 5, "uses_most_of_its_seats": 5, "the_team_grows": 5},
         [ago(60, "user_invited")], {"seats_used": "8"}),
    Case("all good",
         {**THERE, "uses_three_features_or_more": 5, "uses_five_features_or_more": 10, "uses_most_of_its_seats": 5,
          "limit: depth": -5, "four_different_features_in_90_days": 5, "reached_a_milestone_lately": 5,
          "achieved_a_first_outcome": 5, "achieved_three_outcomes_or_more": 5, "business_reviews_are_held": 5,
          "promoter_in_the_nps_survey_9_10": 10, "an_executive_sponsor_stands_behind_it": 10,
          "uses_80_of_the_plan_or_more": 5, "the_team_grows": 5, "range": -20},
         [*touched("dashboards", "alerts", "api", "exports"), ago(9, "milestone_reached"), ago(9, "qbr_held"),
          ago(9, "nps", value=10), ago(9, "user_invited")],
         {"features_used": "6", "seats_used": "9", "outcomes_achieved": "4", "contract_plan": "business"}, SPONSOR),
    Case("all bad",
         {"uses_few_of_its_seats": -10, **HALF, **SILENT, "limit: decline": 10, **NO_REVIEW, **UNHAPPY, **WAITS,
          **THREE, "no_outcome_achieved_in_a_year": -5, "detractor_in_the_nps_survey_0_6": -10, "limit: sentiment": 5,
          "their_champion_has_left": -15, "range": 40},
         [*weekly(29, 4), ago(20, "ticket_open", times=3), ago(9, "nps", value=2), ago(9, "csat", value=1),
          ago(9, "champion_left")],
         {"seats_used": "1", "outcomes_achieved": "0", "customer_since": "2025-01-01", "contract_plan": "business"},
         {"is_champion": "false"}),
]  # fmt: skip
FITS = {"fits_little": -10}
TRIAL = [
    Case("nothing", {**FITS, "used_the_product_in_the_trial": 25}),
    Case("65: never used", {**FITS, "range": 10}, [], {"trial_activated_on": ""}),
    Case("days", {**FITS, "used_the_product_in_the_trial": 25, "days_with_the_product": 15},
         [ago(3, "login"), ago(4, "login"), ago(4, "login"), ago(9, "login")]),
    Case("days: all", {**FITS, "used_the_product_in_the_trial": 25, "days_with_the_product": 50, "limit: days": -25},
         [ago(day, "login") for day in range(1, 11)]),
    Case("106: depth", {**FITS, "used_the_product_in_the_trial": 25, "three_features_or_more": 10},
         touched("dashboards", "alerts", "api")),
    Case("milestone", {**FITS, "used_the_product_in_the_trial": 25, "reached_a_first_milestone": 10},
         [ago(5, "milestone_reached", times=2)]),
    Case("team", {**FITS, "used_the_product_in_the_trial": 25, "invited_colleagues": 5}, [ago(5, "user_invited")]),
    Case("pricing", {**FITS, "used_the_product_in_the_trial": 25, "looked_at_pricing": 10}, [page(5, "/pricing")]),
    Case("fit", {"used_the_product_in_the_trial": 25, "fits_the_ideal_customer": 20,
                 "we_know_somebody_who_decides_or_signs": 10}, [],
         {"industry": "COMPUTER_SOFTWARE", "annualrevenue": "9000000"}, {"decision_role": "decision_maker"}),
    Case("all good", {"used_the_product_in_the_trial": 25, "fits_the_ideal_customer": 20,
                      "we_know_somebody_who_decides_or_signs": 10, "days_with_the_product": 25,
                      "three_features_or_more": 10, "reached_a_first_milestone": 10, "invited_colleagues": 5,
                      "looked_at_pricing": 10, "range": -15},
         [*(ago(day, "login") for day in range(1, 6)), *touched("dashboards", "alerts", "api"), page(5, "/pricing"),
          ago(5, "milestone_reached"), ago(5, "user_invited")],
         {"industry": "COMPUTER_SOFTWARE", "annualrevenue": "9000000"}, {"decision_role": "decision_maker"}),
]  # fmt: skip
CASES = {"cs_health": CS, "product_fit": TRIAL}


def on_trial(case: Case) -> Case:
    """The case of a company whose trial began ten days ago."""
    return Case(case.name, case.expected, [*case.happened, ago(10, "trial_started")],
                {"lifecyclestage": "lead", "customer_since": "", **case.properties}, case.person)  # fmt: skip


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, Scored]]:
    """All cases of both models, each model with its own portal."""
    trials = customers([on_trial(case) for case in TRIAL], "product_fit", "company_fit")
    return {"cs_health": customers(CS, "cs_health")["cs_health"], "product_fit": trials["product_fit"]}


@pytest.mark.parametrize(("model", "case"), [(model, case) for model, cases in CASES.items() for case in cases],
                         ids=lambda each: each if isinstance(each, str) else each.name)  # fmt: skip
def test_success_rules(scores: dict[str, dict[str, Scored]], model: str, case: Case) -> None:
    """Each rule gives exactly its points, alone and with others, within the limit of its group."""
    scored = scores[model][case.name]
    assert moved(scored) == case.expected
    assert scored.row["score"] == CONFIG.models[model]["starts_at"] + sum(case.expected.values())  # type: ignore[call-overload]


def test_success_tiers(scores: dict[str, dict[str, Scored]]) -> None:
    """At Risk, Watch, Healthy and Growth for customers (81); a trial that is used, by who suits us, is a lead."""
    bands = {name: scored.row["band"] for name, scored in scores["cs_health"].items()}
    assert (bands["all bad"], bands["nothing"], bands["all good"]) == ("at_risk", "watch", "growth")
    assert bands["79: sponsor"] == bands["74: outcomes"] == "healthy"
    trials = {name: scored.row["band"] for name, scored in scores["product_fit"].items()}
    assert (trials["65: never used"], trials["days"], trials["all good"]) == ("cold", "warm", "qualified")


def test_a_trial_that_nobody_used_is_capped() -> None:
    """After its first week a trial without use has at most 40 points, however well the company fits (65)."""
    good = next(case for case in TRIAL if case.name == "all good")
    case = Case(good.name, {}, good.happened, {**good.properties, "trial_activated_on": ""}, good.person)
    found = customers([on_trial(case)], "product_fit", "company_fit")["product_fit"]["all good"]
    assert found.row["score"] == 40
    assert moved(found)["cap"] == -50


def test_only_trials_are_scored() -> None:
    """Neither customers nor companies whose trial began long ago, nor those without one, are leads by their trial."""
    past = Case("past", {}, [ago(50, "trial_started")], {"lifecyclestage": "lead"})
    never = Case("never", {}, [], {"lifecyclestage": "lead"})
    bought = Case("bought", {}, [ago(20, "trial_started")])
    found = customers([past, never, bought, on_trial(TRIAL[0])], "product_fit", "company_fit")
    assert [*found["product_fit"]] == ["nothing"]


def test_people_who_use_it() -> None:
    """Breadth is people, too: three who logged in within 30 days in cs_health, two in a trial (79)."""
    since = NOW.day_start
    stages = {"customer": "customer", "trial": "lead"}
    companies = {name: Record({**STEADY, "lifecyclestage": stage}, since) for name, stage in stages.items()}
    people = {f"{name} {n}": Record({"product_logins": "9"}, since) for name in companies for n in range(3)}
    events = {
        "contacts": [Event(**{**vars(ago(5, "login")), "record_id": id_}) for id_ in people],
        "companies": [Event(**{**vars(ago(5, "trial_started")), "record_id": "trial"})],
    }
    links = {("contacts", "companies"): [(id_, id_.split()[0], True) for id_ in people]}
    made = Portal({"contacts": people, "companies": companies}, events, links)
    found = assert_same(Scorer(only("cs_health", "product_fit", "company_fit"), NOW), made)
    assert moved(found["cs_health"]["customer"])["three_people_or_more_use_it"] == 5
    assert moved(found["product_fit"]["trial"])["two_people_or_more_use_it"] == 10
