"""The shipped customer model at work on a few companies (traps T5, T6, T9)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from hubsync.catalog import load
from hubsync.scoring.facts import ORDER, closure, facts_sql
from hubsync.scoring.model import compile_model, model_sql
from hubsync.scoring.needs import Need
from hubsync.scoring.sources import Feeds, source_ids
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.types import AsOf

TODAY = datetime(2026, 11, 21)  # noqa: DTZ001 (naive UTC)
NOW = AsOf(TODAY, date(2026, 11, 21), TODAY)
Event = tuple[str, int, float | None, dict[str, str]]
"""Kind, days ago, value, attributes."""

CANCELS: Event = ("page_view", 3, None, {"url": "https://x.example/cancel"})
WAITS: Event = ("ticket_open", 20, None, {})


def scored(events: Sequence[Event], properties: Mapping[str, str], mechanisms: Sequence[str]) -> tuple[int | None, str]:
    """Score and tier of one customer company, with the sources of these mechanisms only."""
    catalog = load(Path(__file__).parents[2] / "config")
    active = {
        kind: next((name for name, source in source_ids(kind, event) if source.from_ in mechanisms), None)
        for kind, event in catalog.events.items()
    }
    words = Vocabulary(
        catalog.properties, catalog.portal.words, catalog.signals, catalog.events, catalog.models, NOW, Feeds(active)
    )
    model = compile_model(catalog.models["customer"], words)
    needs = closure(frozenset[Need](model.needs), words)
    with duckdb.connect(":memory:") as connection:
        for object_ in ORDER:
            connection.execute(
                f"CREATE TABLE records_{object_}(record_id VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP,"
                " changed_at TIMESTAMP, properties VARCHAR)"
            )
            connection.execute(
                f"CREATE TABLE events_{object_}(record_id VARCHAR, source VARCHAR, kind VARCHAR, occurred_at TIMESTAMP,"
                " times INTEGER, value DECIMAL(18,6), currency VARCHAR, attributes VARCHAR, known_at TIMESTAMP)"
            )
        for pair in ("contacts_companies", "deals_contacts", "deals_companies"):
            connection.execute(f"CREATE TABLE links_{pair}(from_id VARCHAR, to_id VARCHAR, is_primary BOOLEAN)")
        company = json.dumps({"lifecyclestage": "customer"} | dict(properties))
        made = TODAY - timedelta(days=400)
        connection.execute("INSERT INTO records_companies VALUES ('1', ?, NULL, NULL, ?)", [made, company])
        for kind, ago, value, attributes in events:
            at = TODAY - timedelta(days=ago)
            connection.execute(
                "INSERT INTO events_companies VALUES ('1', 's', ?, ?, 1, ?, NULL, ?, ?)",
                [kind, at, value, json.dumps(attributes), at],
            )
        for object_ in ORDER:
            connection.execute(facts_sql(object_, needs, words))
        connection.execute(model_sql(model, words))
        row = connection.execute(f'SELECT score, band FROM "{model.relation}"').fetchone()
    assert row is not None
    return row[0], row[1]


ALL = ("occurrences", "objects", "counters")


@pytest.mark.parametrize("mechanisms", [ALL, ("objects", "counters")])
def test_an_empty_customer_is_steady(mechanisms: Sequence[str]) -> None:
    """A customer of whom nothing is known stands at 54, with custom events and without."""
    assert scored([], {}, mechanisms) == (54, "steady")


def test_the_cancellation_page_and_one_other_bad_sign_are_risk() -> None:
    """54 - 20 is at risk; with a waiting ticket, the mildest other sign, it is risk."""
    assert scored([CANCELS], {}, ALL) == (34, "at_risk")
    assert scored([CANCELS, WAITS], {}, ALL) == (29, "risk")


def test_a_fresh_ticket_is_no_bad_sign_yet() -> None:
    """A ticket counts against the customer only after a week of waiting."""
    assert scored([("ticket_open", 2, None, {})], {}, ALL) == (54, "steady")


def test_weekly_use_is_limited_to_ten() -> None:
    """Logins in four weeks give 10, not 20."""
    logins: list[Event] = [("login", days, None, {}) for days in (1, 8, 15, 22)]

    assert scored(logins, {}, ALL) == (64, "steady")


def test_silence_of_thirty_days_costs_ten() -> None:
    """The last login 31 days ago takes 10 points."""
    assert scored([("login", 31, None, {})], {}, ALL) == (44, "at_risk")


@pytest.mark.parametrize(("rating", "score"), [(10, 69), (9, 69), (8, 54), (7, 54), (6, 39), (0, 39)])
def test_nps(rating: int, score: int) -> None:
    """9-10 gives 15, 7-8 nothing, 0-6 takes 15; after 180 days it no longer counts."""
    assert scored([("nps", 30, rating, {})], {}, ALL)[0] == score
    assert scored([("nps", 181, rating, {})], {}, ALL)[0] == 54


def test_one_failed_payment_is_an_accident_two_are_a_sign() -> None:
    """Only two failures within 90 days take 10 points."""
    failed: Event = ("payment_failed", 5, 100, {})

    assert scored([failed], {}, ALL)[0] == 54
    assert scored([failed, failed], {}, ALL)[0] == 44


def test_a_customer_near_its_limits_is_strong() -> None:
    """80 % of the seats, an invitation and the API give 15 + 12 + 8."""
    events: list[Event] = [("user_invited", 5, None, {}), ("api_call", 5, None, {}), ("api_call", 6, None, {})]

    assert scored(events, {"seats_used": "8", "seats_total": "10"}, ALL) == (89, "strong")
