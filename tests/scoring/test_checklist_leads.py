"""What the articles say of lead scores as a whole, on the scores that ship (checklist 43, 45, 54, 93)."""

from __future__ import annotations

import pytest
from models_given import NOW, ago, only, page
from reference_facts import Event, Portal, Record
from scratch_portal import Scored, Scorer
from test_reference import assert_same

STRANGER = {
    "hs_email_open": "0", "hs_email_click": "0", "hs_email_replied": "0", "num_conversion_events": "0",
    "hs_email_optout": "false", "hs_analytics_last_timestamp": "2026-09-15T12:00:00Z", "lifecyclestage": "lead",
    "industry": "Agriculture", "country": "Japan", "jobtitle": "Clerk", "need_confirmed": "false",
    "budget_confirmed": "false", "decision_role": "user",
}  # fmt: skip
"""A person of whom everything is known, and nothing speaks for."""
BUYER = {
    **STRANGER, "industry": "Computer Software", "country": "Germany", "jobtitle": "VP Sales",
    "need_confirmed": "true", "budget_confirmed": "true", "decision_role": "decision_maker",
}  # fmt: skip
STUDENT = {**BUYER, "jobtitle": "Graduate student", "need_confirmed": "false", "budget_confirmed": "false"}
BUSY = [
    *(ago(day, "email_open") for day in range(9)), *(ago(day, "email_click") for day in range(9)),
    *(page(day, "/pricing") for day in range(9)), *(ago(day, "form_submitted") for day in range(9)),
]  # fmt: skip
"""A lead who opens every mail, downloads every whitepaper and looks at the prices each day."""
YEARS = 3 * 365

PEOPLE: dict[str, tuple[dict[str, str], list[Event]]] = {
    "stranger": (STRANGER, []),
    "trial this week": (STRANGER, [ago(3, "form_submitted")]),
    "two this week": (STRANGER, [ago(3, "form_submitted"), ago(3, "form_submitted")]),
    "demo years ago": (STRANGER, [ago(YEARS, "meeting_held")]),
    "demo today": (STRANGER, [ago(0, "meeting_held")]),
    "demo a month ago": (STRANGER, [ago(60, "meeting_held")]),
    "student": (STUDENT, BUSY),
    "buyer": (BUYER, [ago(2, "email_reply"), ago(0, "meeting_held")]),
    "hot": (BUYER, [*BUSY, ago(0, "meeting_held")]),
}


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, Scored]]:
    """Everyone in one portal, at companies of the right size."""
    made = Portal({"contacts": {}, "companies": {}}, {"contacts": []}, {("contacts", "companies"): []})
    for name, (properties, happened) in PEOPLE.items():
        made.records["contacts"][name] = Record(properties, NOW.day_start)
        size = "6000" if properties is STRANGER else "200"
        made.records["companies"][name] = Record({"numberofemployees": size})
        made.links["contacts", "companies"].append((name, name, True))
        made.events["contacts"] += [Event(**{**vars(event), "record_id": name}) for event in happened]
    return assert_same(Scorer(only("engagement", "fit", "combined"), NOW), made)


def test_recency_and_frequency_both_count(scores: dict[str, dict[str, Scored]]) -> None:
    """A trial of this week outranks a demo three years ago, and two actions outrank one (checklist 54)."""
    engaged = {name: scored.row["score"] for name, scored in scores["engagement"].items()}

    assert engaged["demo years ago"] == engaged["stranger"] == 0
    assert engaged["trial this week"] == 5
    assert engaged["two this week"] == 10
    assert (engaged["demo today"], engaged["demo a month ago"]) == (20, 10)


def test_activity_is_no_outcome(scores: dict[str, dict[str, Scored]]) -> None:
    """However much a student reads, the score stays below 80; a buyer who did little is ahead (checklist 93)."""
    lead = {name: (scored.row["score"], scored.row["band"]) for name, scored in scores["combined"].items()}

    assert scores["engagement"]["student"].row["score"] == 80
    assert scores["fit"]["student"].row["score"] == 20
    assert lead["student"] == (50, "c1")
    assert scores["engagement"]["buyer"].row["score"] == 30
    assert lead["buyer"] == (65, "a2")


def test_high_and_low_scores_are_told_apart(scores: dict[str, dict[str, Scored]]) -> None:
    """Whom to follow up first and whom to wake up again are two cells of the matrix (checklist 45)."""
    lead = {name: (scored.row["score"], scored.row["band"]) for name, scored in scores["combined"].items()}

    assert lead["hot"] == (100, "a1")
    assert lead["stranger"] == (0, "c3")


def test_companies_and_deals_have_combined_scores() -> None:
    """A company blends its fit with its three most active people, a deal its company's fit with its best (43)."""
    names = ("stranger", "student", "buyer", "hot")
    company = {"lifecyclestage": "lead", "industry": "Computer Software", "numberofemployees": "200",
               "country": "Germany", "annualrevenue": "1"}  # fmt: skip
    made = Portal(
        {"contacts": {name: Record(PEOPLE[name][0], NOW.day_start) for name in names},
         "companies": {"c": Record(company)}, "deals": {"open": Record({"hs_is_closed": "false"})}},
        {"contacts": [Event(**{**vars(event), "record_id": name}) for name in names for event in PEOPLE[name][1]]},
        {("contacts", "companies"): [(name, "c", True) for name in names],
         ("deals", "contacts"): [("open", "buyer", False), ("open", "stranger", False)],
         ("deals", "companies"): [("open", "c", True)]},
    )  # fmt: skip
    found = assert_same(Scorer(only("engagement", "company_fit", "company_combined", "deal_combined"), NOW), made)

    assert [found["engagement"][name].row["score"] for name in names] == [0, 80, 30, 100]
    assert found["company_fit"]["c"].row["score"] == 90
    assert (found["company_combined"]["c"].row["score"], found["company_combined"]["c"].row["band"]) == (80, "a1")
    assert (found["deal_combined"]["open"].row["score"], found["deal_combined"]["open"].row["band"]) == (54, "a2")
