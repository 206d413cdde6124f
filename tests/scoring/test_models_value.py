"""The scores of value, credit and accounts that ship: the article's table, every rule, every role."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from models_given import CONFIG, NOW, Case, ago, customers, moved, only, weekly
from reference_facts import Config, Event, Portal, Record
from scratch_portal import Scored, Scorer
from test_reference import assert_same

PINNED = {
    "value_rfm": {"recency": [30, 60, 90, 180], "frequency": [2, 5, 12, 20], "monetary": [2000, 10000, 20000, 40000]},
    "value_rfe": {"recency": [7, 14, 30, 60], "frequency": [2, 6, 12, 20], "engagement": [10, 30, 60, 90]},
}
"""Bounds by which the article's table comes out: the ranks within its own five rows do not give it (T1)."""
TABLE = {
    "Acme Corp": (8, 24, 48_000, "555", "champion", "Champion"),
    "Beta LLC": (15, 18, 31_000, "544", "loyal", "Loyal"),
    "Gamma Inc": (62, 6, 12_000, "333", "needs_attention", "Needs Attention"),
    "Delta Co": (140, 3, 5_200, "222", "at_risk", "At Risk"),
    "Epsilon Ltd": (310, 1, 800, "111", "lost", "Lost"),
}
"""Days since the last order, orders in 12 months, money; code and segment (119, 120)."""
LEFT = {"lifecyclestage": "other", "churned_on": "2026-06-01"}


def pinned(*models: str) -> Config:
    """The models as they ship, with bounds as an admin would pin them."""
    config = only(*models)
    for name in models:
        config.models[name] = {**config.models[name], "cuts": PINNED[name]}
    return config


def companies(cases: list[Case]) -> Portal:
    """Customers with a name, and what happened with them."""
    made = Portal({"companies": {}}, {"companies": []})
    for case in cases:
        made.records["companies"][case.name] = Record({"lifecyclestage": "customer", **case.properties}, NOW.day_start)
        made.events["companies"] += [Event(**{**vars(event), "record_id": case.name}) for event in case.happened]
    return made


def orders(last: int, count: int, money: int) -> list[Event]:
    """So many orders, two weeks apart, the last of them some days ago, worth so much together."""
    return [ago(last + 14 * number, "purchase", value=money / count) for number in range(count)]


def rated(scorer: Scorer, cases: list[Case]) -> dict[str, tuple[Any, ...]]:
    """Code, segment and score by customer, the lines as by the reference."""
    (found,) = assert_same(scorer, companies(cases)).values()
    return {id_: (each.row["extra_code"], each.row["band"], each.row["score"]) for id_, each in found.items()}


@pytest.fixture(scope="module")
def rfm() -> Scorer:
    """RFM with pinned bounds."""
    return Scorer(pinned("value_rfm"), NOW)


def test_the_table_of_the_article(rfm: Scorer) -> None:
    """The five rows have the codes 555, 544, 333, 222 and 111, and the segments with these names (119-121, T1)."""
    found = rated(rfm, [Case(name, {}, orders(*row[:3])) for name, row in TABLE.items()])
    assert {name: each[:2] for name, each in found.items()} == {name: row[3:5] for name, row in TABLE.items()}
    assert [found[name][2] for name in TABLE] == [100, 83, 50, 25, 0]
    segments = CONFIG.models["value_rfm"]["segments"]
    assert [segments[row[4]]["label"] for row in TABLE.values()] == [row[5] for row in TABLE.values()]
    assert [each["label"] for each in segments.values()] == [
        "Champion", "Loyal", "Needs Attention", "At Risk", "Lost", "Hibernating",
    ]  # fmt: skip


def test_twelve_months_of_orders(rfm: Scorer) -> None:
    """Frequency and money count 12 months, recency looks back further; who left is rated too (117)."""
    old = [ago(400, "purchase", value=90_000), ago(390, "purchase", value=90_000)]
    cases = [Case("old", {}, old), Case("left", {}, orders(70, 3, 6_000), LEFT), Case("never", {})]
    cases += [Case("a lead", {}, old, {"lifecyclestage": "lead"})]
    found = rated(rfm, cases)
    assert found == {"old": ("111", "lost", 0), "left": ("322", "needs_attention", 33),
                     "never": (None, "unscored", None)}  # fmt: skip


def test_fifths_of_all_customers() -> None:
    """Without pinned bounds the fifths are those of your customers: the best fifth of twenty is four (118, 121)."""
    cases = [Case(f"c{n:02}", {}, orders(5 + 5 * n, 20 - n, 1_000 * (20 - n))) for n in range(20)]
    found = rated(Scorer(only("value_rfm"), NOW), cases)
    assert [found[f"c{n:02}"][0] for n in range(20)] == [f"{5 - n // 4}" * 3 for n in range(20)]


def test_engagement_in_place_of_money() -> None:
    """RFE has the mechanics of RFM; depth of features, length of sessions and workflows make engagement (124)."""
    used = {"product_logins": "9", "product_minutes": "9"}
    cases = [
        Case("best", {}, [*weekly(24), ago(1, "minute_used", times=500), ago(9, "milestone_reached", times=2)],
             {**used, "features_used": "5", "milestones_reached": "2"}),
        Case("many logins", {}, [*weekly(24), ago(1, "minute_used", times=9)],
             {**used, "features_used": "0", "milestones_reached": "0"}),
        Case("long sessions", {}, [ago(20, "login"), ago(20, "minute_used", times=30)],
             {**used, "features_used": "0", "milestones_reached": "0"}),
        Case("gone", {}, [ago(200, "login"), ago(200, "minute_used", times=9)],
             {**used, **LEFT, "features_used": "3", "milestones_reached": "0"}),
        Case("no usage data", {}, [], {}),
    ]  # fmt: skip
    made = companies(cases)
    made.records["contacts"] = {f"p {case.name}": Record({"product_logins": "9"}) for case in cases[:-1]}
    made.links["contacts", "companies"] = [(f"p {case.name}", case.name, True) for case in cases[:-1]]
    found = assert_same(Scorer(pinned("value_rfe"), NOW), made)["value_rfe"]
    assert {id_: (each.row["extra_code"], each.row["band"]) for id_, each in found.items()} == {
        "best": ("555", "champion"), "many logins": ("551", "needs_attention"),
        "long sessions": ("313", "needs_attention"),
        "gone": ("113", "at_risk"), "no usage data": (None, "unscored"),
    }  # fmt: skip


def test_expected_value() -> None:
    """What buyers are expected to buy, and what it is worth, stands beside a score that adds up; off as shipped."""
    pytest.importorskip("scipy", reason="clv needs the extra ml")
    cases = [Case(f"c{n:02}", {}, orders(5 + 4 * n, 1 + n % 5, (200 + 37 * n) * (1 + n % 5))) for n in range(30)]
    cases += [Case("often", {}, orders(3, 20, 20_000)), Case("left", {}, orders(500, 2, 900), LEFT), Case("never", {})]
    scorer = Scorer(only("clv"), NOW)
    found = scorer.score(companies(cases))["clv"]

    assert scorer.fits["clv"].records == 33
    assert scorer.fits["clv"].parameters["buyers"] == 32
    assert found["often"].row["band"] == "high"
    assert found["never"].row["band"] == "unscored"
    assert found["often"].row["extra_expected_purchases"] > found["left"].row["extra_expected_purchases"]
    assert found["often"].row["extra_expected_value"] > found["c00"].row["extra_expected_value"]
    for scored in found.values():
        assert scored.row["score"] is None or scored.explanation.total == scored.row["score"]


PLAIN = {"industry": "INFORMATION_TECHNOLOGY_AND_SERVICES", "numberofemployees": "20", "annualrevenue": "900000"}
ON_TIME, TWO_WEEKS, MONTH = "pays_on_time", "pays_more_than_two_weeks_late", "pays_more_than_a_month_late"
CREDIT = [
    Case("nothing", {}),
    Case("104: on time", {ON_TIME: 20}, [], {"average_days_to_pay": "7"}),
    Case("104: a little late", {}, [], {"average_days_to_pay": "7.1"}),
    Case("104: two weeks", {TWO_WEEKS: -10}, [], {"average_days_to_pay": "14.1"}),
    Case("104: a month", {TWO_WEEKS: -10, MONTH: -10}, [], {"average_days_to_pay": "30.5"}),
    Case("17: failures", {"payments_failed": -15}, [ago(5, "payment_failed", times=2), ago(300, "payment_failed")]),
    Case("17: many", {"payments_failed": -35, "limit: failures": 15}, [ago(5, "payment_failed", times=7)]),
    Case("17: long ago", {}, [ago(367, "payment_failed")]),
    Case("104: history", {"four_payments_or_more_in_a_year": 10}, [ago(9 * n, "payment", value=5) for n in range(4)]),
    Case("104: little history", {}, [ago(9 * n, "payment", value=5) for n in range(3)]),
    Case("104: two years", {"customer_for_more_than_two_years": 10}, [], {"customer_since": "2024-09-01"}),
    Case("104: size", {"50_employees_or_more": 5}, [], {"numberofemployees": "50"}),
    Case("104: revenue", {"revenue_that_carries_our_invoices": 10}, [], {"annualrevenue": "5000000"}),
    Case("104: small", {"very_small": -10}, [], {"numberofemployees": "9"}),
    Case("104: sector", {"sector_that_pays_reliably": 5}, [], {"industry": "HIGHER_EDUCATION"}),
    Case("104: risky sector", {"sector_in_which_invoices_often_stay_unpaid": -10}, [], {"industry": "CONSTRUCTION"}),
    Case("all good", {ON_TIME: 20, "four_payments_or_more_in_a_year": 10, "customer_for_more_than_two_years": 10,
                      "50_employees_or_more": 5, "revenue_that_carries_our_invoices": 10,
                      "sector_that_pays_reliably": 5},
         [ago(9, "payment", value=5, times=4)],
         {"average_days_to_pay": "0", "customer_since": "2023-01-01", "numberofemployees": "500",
          "annualrevenue": "9000000", "industry": "INSURANCE"}),
    Case("all bad", {TWO_WEEKS: -10, MONTH: -10, "payments_failed": -50, "limit: failures": 30, "very_small": -10,
                     "sector_in_which_invoices_often_stay_unpaid": -10, "range": 20},
         [ago(9, "payment_failed", times=10)],
         {"average_days_to_pay": "60", "numberofemployees": "3", "industry": "RETAIL"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def credit() -> dict[str, Scored]:
    """All cases in one portal."""
    cases = [Case(case.name, {}, case.happened, {**PLAIN, **case.properties}) for case in CREDIT]
    return customers(cases, "credit")["credit"]


@pytest.mark.parametrize("case", CREDIT, ids=lambda case: case.name)
def test_credit_rules(credit: dict[str, Scored], case: Case) -> None:
    """Payment history, size and sector give exactly their points on top of 40 (104)."""
    assert moved(credit[case.name]) == case.expected
    assert credit[case.name].row["score"] == 40 + sum(case.expected.values())  # type: ignore[call-overload]


def test_credit_terms(credit: dict[str, Scored]) -> None:
    """Who pays late or not prepays, who pays on time has 60 days in the end (104)."""
    bands = {name: scored.row["band"] for name, scored in credit.items()}
    assert (bands["all bad"], bands["nothing"], bands["104: on time"], bands["all good"]) == (
        "prepaid", "short", "usual", "long",
    )  # fmt: skip
    assert bands["17: failures"] == "prepaid"


ACTIVE = {
    "hs_email_open": "3", "hs_email_click": "1", "hs_email_replied": "0", "num_conversion_events": "1",
    "hs_email_optout": "false", "hs_analytics_last_timestamp": "2026-09-15T12:00:00Z", "decision_role": "user",
    "is_champion": "false", "hs_buying_role": "END_USER",
}  # fmt: skip
SILENT = {"hs_analytics_last_timestamp": "2026-02-01T12:00:00Z"}
GONE = {"left_company_on": "2026-08-01"}
GOOD = {"industry": "COMPUTER_SOFTWARE", "annualrevenue": "9000000", "numberofemployees": "300", "country": "Germany"}


@dataclass
class Account:
    """A company, its people beside one another, and how many of them met with us yesterday."""

    name: str
    expected: dict[str, object]
    people: list[dict[str, str]] = field(default_factory=lambda: [{}])
    engaged: int = 0
    happened: list[Event] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


def known(count: int) -> dict[str, object]:
    """The line of so many stakeholders, a sixth of 20 for each up to six."""
    points = sixths(count)
    whole = points.quantize(Decimal(1))
    return {"stakeholders": points, **({"rounding": whole - points} if whole != points else {})}


def sixths(count: int) -> Decimal:
    """So many sixths of 20, at most six, rounded as points are."""
    return (Decimal(20 * min(count, 6)) / 6).quantize(Decimal("0.000001"))


CHAMPION, DECIDER = {"is_champion": "true"}, {"decision_role": "decision_maker"}
SPONSOR = {"hs_buying_role": "BUDGET_HOLDER;EXECUTIVE_SPONSOR"}
ONE, TWO, THREE = {"engaged_1": 16}, {"engaged_2": 8}, {"engaged_3": 4}
ACCOUNTS = [
    Account("nobody", {}, []),
    Account("nothing", known(1)),
    Account("108: champion", {"champion": 15, **known(1)}, [CHAMPION]),
    Account("108: decider", {"decider": 15, **known(1)}, [DECIDER]),
    Account("108: sponsor", {"sponsor": 10, **known(1)}, [SPONSOR]),
    Account("108: once", {"champion": 15, **known(3)}, [CHAMPION] * 3),
    Account("108: one engaged", {**ONE, "single_threaded": -10, **known(3)}, [{}] * 3, 1),
    Account("108: two engaged", {**ONE, **TWO, **known(3)}, [{}] * 3, 2),
    Account("108: three engaged", {**ONE, **TWO, **THREE, **known(3)}, [{}] * 3, 3),
    Account("108: all engaged", {**ONE, **TWO, **THREE, "engaged_4": 2, "engaged_5": 1, **known(9)}, [{}] * 9, 9),
    Account("108: six known", known(6), [{}] * 6),
    Account("108: ten known", known(10), [{}] * 10),
    Account("129: champion left", {"champion_left": -15, "stakeholders": sixths(2), "range": 15 - sixths(2)},
            [{}, {}], 0, [ago(30, "champion_left")]),
    Account("129: champion left long ago", known(1), [{}], 0, [ago(182, "champion_left")]),
    Account("129: who left is no role", known(1), [{}, {**CHAMPION, **SPONSOR, **GONE}]),
    Account("105: fit", {"fits_the_ideal_customer": 15, **known(1)}, [{}], 0, [], GOOD),
    Account("60: intent", {"researches_our_field_elsewhere": 10, **known(1)}, [{}], 0,
            [ago(9, "intent", topic="audit"), ago(8, "intent", topic="audit")]),
    Account("129: half are silent", {"champion": 15, "decider": 15, "sponsor": 10, **known(4)},
            [{**CHAMPION, **SPONSOR}, DECIDER, SILENT, SILENT]),
    Account("129: most are silent", {"champion": 15, "decider": 15, "sponsor": 10, "stakeholders": sixths(5),
                                     "cap": -sixths(5)},
            [{**CHAMPION, **SPONSOR}, DECIDER, SILENT, SILENT, SILENT]),
    Account("129: most of whom we know something",
            {"champion": 15, "decider": 15, "sponsor": 10, **known(8), "cap": -20},
            [{**CHAMPION, **SPONSOR}, DECIDER, SILENT, SILENT, SILENT, *[{"hs_analytics_last_timestamp": ""}] * 3]),
    Account("129: most have left", {"champion": 15, "decider": 15, "sponsor": 10, "stakeholders": sixths(2),
                                    "cap": -sixths(2)},
            [{**CHAMPION, **SPONSOR}, DECIDER, GONE, GONE, GONE]),
    Account("all", {"champion": 15, "decider": 15, "sponsor": 10, **ONE, **TWO, **THREE, "engaged_4": 2, "engaged_5": 1,
                    "stakeholders": 20, "fits_the_ideal_customer": 15, "researches_our_field_elsewhere": 10,
                    "range": -16},
            [CHAMPION, DECIDER, SPONSOR, {}, {}, {}], 6, [ago(9, "intent", topic="audit")], GOOD),
]  # fmt: skip


@pytest.fixture(scope="module")
def accounts() -> dict[str, Scored]:
    """All accounts in one portal, each with its people."""
    made = Portal({"contacts": {}, "companies": {}}, {"contacts": [], "companies": []}, {("contacts", "companies"): []})
    for case in ACCOUNTS:
        properties = {"lifecyclestage": "customer", "industry": "CONSTRUCTION", "numberofemployees": "20"}
        made.records["companies"][case.name] = Record({**properties, **case.properties}, NOW.day_start)
        made.events["companies"] += [Event(**{**vars(event), "record_id": case.name}) for event in case.happened]
        for number, person in enumerate(case.people):
            id_ = f"{case.name} {number}"
            made.records["contacts"][id_] = Record({**ACTIVE, **person}, NOW.day_start)
            made.links["contacts", "companies"].append((id_, case.name, True))
            met = Event(**{**vars(ago(1, "meeting_held")), "record_id": id_})
            made.events["contacts"] += [met] if number < case.engaged else []
    return assert_same(Scorer(only("account", "company_fit", "engagement"), NOW), made)["account"]


@pytest.mark.parametrize("case", ACCOUNTS, ids=lambda case: case.name)
def test_account_rules(accounts: dict[str, Scored], case: Account) -> None:
    """Roles, engaged people, coverage and flags give exactly their points, alone and together (105, 108, 129)."""
    scored = accounts[case.name]
    assert moved(scored) == case.expected
    total = sum(case.expected.values())  # type: ignore[call-overload]
    assert scored.row["score"] == (total if case.people else None)


def test_account_tiers(accounts: dict[str, Scored]) -> None:
    """One eager person is no account; the whole committee is. A company without contacts is unscored."""
    bands = {name: scored.row["band"] for name, scored in accounts.items()}
    assert bands["108: one engaged"] == "cold"
    assert bands["129: most are silent"] == "open"
    assert bands["all"] == "covered"
    assert bands["nobody"] == "unscored"
