"""The scores of risk that ship give exactly their points, and a quarterly user is not at risk."""

from __future__ import annotations

import pytest
from models_given import CONFIG, Case, ago, customers, moved, page, weekly
from reference_facts import Event
from scratch_portal import Scored

WAITS = "a_support_ticket_waits_for_more_than_a_week"
THREE = "three_support_tickets_or_more_in_90_days"
UNSOLVED = "support_did_not_solve_it_to_their_satisfaction"
SILENT = "silent_for_three_times_as_long_as_usual"
TWICE = "silent_for_twice_as_long_as_usual"
MISSED = "missed_its_usual_visit"
AS_EVER = "uses_the_product_as_much_as_before"
HALF = "uses_the_product_less_than_half_as_much_as_before"
FALLING = weekly(29, 4)
"""A login in each week for half a year, and none in the last four."""
RIVAL = {"topic": "analytics platforms", "vendor": "rivalytics"}
TIRED = [ago(100 + 14 * time, "login") for time in range(10)]
"""A login every two weeks, and the last a hundred days ago."""

CHURN = [
    Case("nothing", {"hardly_used_it_and_no_login_for_30_days": 10}),
    Case("66: as ever", {AS_EVER: -10}, weekly(29)),
    Case("66: half", {HALF: 25, SILENT: 25, "limit: usage": -10}, FALLING),
    Case("66: less", {HALF: 25}, [*weekly(29, 4), ago(10, "login")]),
    Case("66: since long", {HALF: 25}, [*weekly(29, 9), ago(36, "login"), ago(8, "login")]),
    Case("66: a long weekend", {AS_EVER: -10}, [ago(day, "login") for day in range(5, 200)]),
    Case("13: silent", {SILENT: 25}, TIRED),
    Case("13: never", {"hardly_used_it_and_no_login_for_30_days": 10}, [ago(40, "login"), ago(90, "login")]),
    Case("13: new", {}, [ago(20, "login")]),
    Case("14: waits", {WAITS: 10}, [ago(9, "ticket_open"), ago(1, "login")]),
    Case("65: three tickets", {THREE: 10}, [ago(9, "ticket_closed", times=2), ago(2, "ticket_open"), ago(1, "login")]),
    Case("65: two tickets", {}, [ago(9, "ticket_closed"), ago(2, "ticket_open"), ago(1, "login")]),
    Case("65: escalates", {WAITS: 10, THREE: 10, UNSOLVED: 10, "limit: support": -5},
         [ago(9, "ticket_closed", satisfaction="unsatisfied", times=3), ago(20, "ticket_open"), ago(1, "login")]),
    Case("16: six", {"detractor_in_the_nps_survey_0_6": 15}, [ago(100, "nps", value=6), ago(1, "login")]),
    Case("11: nine", {"promoter_in_the_nps_survey_9_10": -10}, [ago(100, "nps", value=9), ago(1, "login")]),
    Case("15: cancel", {"looked_at_the_cancellation_page": 20}, [page(1, "/cancel"), ago(1, "login")]),
    Case("a rival", {"looks_for_a_replacement": 15}, [ago(30, "intent", **RIVAL), ago(1, "login")]),
    Case("both", {"looked_at_the_cancellation_page": 20, "looks_for_a_replacement": 15, "limit: leaving": -5},
         [page(1, "/cancel"), ago(30, "intent", **RIVAL), ago(1, "login")]),
    Case("129: champion", {"their_champion_has_left": 15}, [ago(30, "champion_left"), ago(1, "login")]),
    Case("17: twice", {"payment_failed_twice_or_more": 10}, [ago(5, "payment_failed", times=2), ago(1, "login")]),
    Case("12: renewal", {"renewed_the_contract_lately": -15}, [ago(30, "renewed", value=9), ago(1, "login")]),
]  # fmt: skip
GOOD = {"industry": "COMPUTER_SOFTWARE", "annualrevenue": "9000000", "numberofemployees": "300", "country": "Germany"}
"""A company that the fit score likes: 15 for the industry, 20 for the size, 10 each for revenue and country."""
LOGIN = ago(1, "login")
RETENTION = [
    Case("nothing", {}, [LOGIN], GOOD),
    Case("63: lower fit", {"fits_less_than_most_customers": 8}, [LOGIN], {**GOOD, "industry": "CONSTRUCTION"}),
    Case("63: lowest fit", {"fits_less_than_most_customers": 8, "would_hardly_be_taken_as_a_lead_today": 7}, [LOGIN],
         {**GOOD, "industry": "CONSTRUCTION", "country": "Japan", "annualrevenue": "1"}),
    Case("65: trial", {"hardly_used_the_free_trial": 10}, [LOGIN], {**GOOD, "trial_activated_on": ""}),
    Case("65: no trial", {}, [LOGIN], {**GOOD, "trial_activated_on": "", "trial_started_on": ""}),
    Case("65: fewer logins", {"logs_in_less_than_before": 20}, [*weekly(29, 4), ago(13, "login")], GOOD),
    Case("65: silent", {TWICE: 15}, TIRED, GOOD),
    Case("65: both", {"logs_in_less_than_before": 20, TWICE: 15, "limit: logins": -5}, FALLING, GOOD),
    Case("65: skipped", {"skipped_deliveries": 10}, [LOGIN, ago(9, "skipped_delivery", times=2)], GOOD),
    Case("65: often", {"skipped_deliveries": 30, "limit: deliveries": -15},
         [LOGIN, ago(9, "skipped_delivery", times=6)], GOOD),
    Case("65: long ago", {}, [LOGIN, ago(95, "skipped_delivery", times=6)], GOOD),
    Case("65: tickets", {THREE: 10}, [LOGIN, ago(9, "ticket_closed", times=3)], GOOD),
    Case("65: low satisfaction", {UNSOLVED: 10, "not_satisfied_in_the_survey_after_support": 10},
         [LOGIN, ago(99, "ticket_closed", satisfaction="unsatisfied"), ago(99, "csat", value=2)], GOOD),
    Case("65: middling", {}, [LOGIN, ago(99, "ticket_closed"), ago(99, "csat", value=3)], GOOD),
    Case("65: FAQ", {"read_how_to_cancel": 15}, [LOGIN, page(40, "/help/how-to-cancel")], GOOD),
    Case("65: FAQ and page", {"read_how_to_cancel": 15, "looked_at_the_cancellation_page": 15, "limit: leaving": -5},
         [LOGIN, page(40, "/help/how-to-cancel"), page(3, "/cancel")], GOOD),
]  # fmt: skip
CASES = {"churn_risk": CHURN, "retention": RETENTION}


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, Scored]]:
    """All cases of both models, each model with its own portal."""
    return {"churn_risk": customers(CHURN, "churn_risk")["churn_risk"],
            "retention": customers(RETENTION, "retention", "company_fit")["retention"]}  # fmt: skip


@pytest.mark.parametrize(("model", "case"), [(model, case) for model, cases in CASES.items() for case in cases],
                         ids=lambda each: each if isinstance(each, str) else each.name)  # fmt: skip
def test_risk_rules(scores: dict[str, dict[str, Scored]], model: str, case: Case) -> None:
    """Each sign gives exactly its points, alone and with others, within the limit of its group."""
    scored = scores[model][case.name]
    assert moved(scored) == case.expected
    assert scored.row["score"] == CONFIG.models[model]["starts_at"] + sum(case.expected.values())  # type: ignore[call-overload]


def quarterly(last: int) -> list[Event]:
    """Three days of use every quarter for a year, the last of them so many days ago."""
    return [ago(last + 91 * quarter + day, "login") for quarter in range(4) for day in range(3)]


def test_quarterly_user() -> None:
    """Who comes once a quarter is not at risk after 30, 60 or 90 days; a weekly user is after 30 (item 66)."""
    cases = [Case(str(days), {}, quarterly(days)) for days in (30, 60, 90, 130)]
    cases.append(Case("weekly", {}, [*weekly(29, 5), ago(31, "login")]))
    found = customers(cases, "churn_risk", "retention", "company_fit")
    assert [moved(found["churn_risk"][str(days)]) for days in (30, 60, 90)] == [{}, {}, {}]
    assert moved(found["churn_risk"]["130"]) == {MISSED: 25}
    risky = {"logs_in_less_than_before", TWICE, MISSED}
    assert risky.isdisjoint(moved(found["retention"]["90"]))
    assert risky & set(moved(found["retention"]["130"])) == {MISSED}
    assert moved(found["churn_risk"]["weekly"]) == {HALF: 25, SILENT: 25, "limit: usage": -10}


def test_activity_weighs_more_than_fit() -> None:
    """The worst fit adds 15 points, what a customer does up to 105: activity decides (item 64)."""
    groups = {group["name"]: group for group in CONFIG.models["retention"]["rule_groups"]}
    fit = groups.pop("fit")["limit"]["max"]
    most = {name: group.get("limit", {}).get("max") or sum(rule["points"] for rule in group["rules"])
            for name, group in groups.items()}  # fmt: skip
    assert fit == 15
    assert sum(most.values()) == 105
    assert all(fit <= each or name == "trial" for name, each in most.items())
