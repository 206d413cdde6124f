"""The shipped customer model at work on a few companies (traps T5, T6, T9)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from hubsync.catalog import Catalog, load
from hubsync.scoring.facts import ORDER, closure, facts_sql
from hubsync.scoring.feeds import Feeds, source_ids
from hubsync.scoring.model import compile_model, model_sql
from hubsync.scoring.needs import Need
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.types import AsOf

TODAY = datetime(2026, 11, 21)
NOW = AsOf(TODAY, date(2026, 11, 21), TODAY)
Event = tuple[str, int, float | None, dict[str, str]]
"""Kind, days ago, value, attributes."""

CANCELS: Event = ("page_view", 3, None, {"url": "https://x.example/cancel"})
FAILED: Event = ("payment_failed", 5, 100, {})
COMPANIES: dict[str, Sequence[Event]] = {
    "empty": [],
    "cancels": [CANCELS],
    "cancels and waits": [CANCELS, ("ticket_open", 20, None, {})],
    "asks": [("ticket_open", 2, None, {})],
    "logs in weekly": [("login", days, None, {}) for days in (1, 8, 15, 22)],
    "is silent": [("login", 31, None, {})],
    "failed once": [FAILED],
    "failed twice": [FAILED, FAILED],
    "grows": [("user_invited", 5, None, {}), ("api_call", 5, None, {}), ("api_call", 6, None, {})],
    **{f"nps {rating}, {ago} days ago": [("nps", ago, rating, {})] for rating in range(11) for ago in (30, 181)},
}
PROPERTIES = {"grows": {"seats_used": "8", "seats_total": "10"}}

Scores = Mapping[str, tuple[int | None, str]]


def scored(catalog: Catalog, mechanisms: Sequence[str]) -> Scores:
    """Score and tier of every company, with the sources of these mechanisms only."""
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
        fill(connection)
        for object_ in ORDER:
            connection.execute(facts_sql(object_, needs, words))
        connection.execute(model_sql(model, words))
        rows = connection.execute(f'SELECT record_id, score, band FROM "{model.relation}"').fetchall()
    return {name: (score, band) for name, score, band in rows}


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the relations that scoring reads, with the companies and what happened to them."""
    for object_ in ORDER:
        connection.execute(
            f"CREATE TABLE records_{object_}(record_id VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP,"
            " changed_at TIMESTAMP, properties VARCHAR)"
        )
        for events in ("events", "coming"):
            connection.execute(
                f"CREATE TABLE {events}_{object_}(record_id VARCHAR, source VARCHAR, kind VARCHAR, occurred_at"
                " TIMESTAMP, times INTEGER, value DECIMAL(18,6), currency VARCHAR, attributes VARCHAR,"
                " known_at TIMESTAMP)"
            )
    for pair in ("contacts_companies", "deals_contacts", "deals_companies"):
        connection.execute(f"CREATE TABLE links_{pair}(from_id VARCHAR, to_id VARCHAR, is_primary BOOLEAN)")
    for name, events in COMPANIES.items():
        properties = json.dumps({"lifecyclestage": "customer"} | PROPERTIES.get(name, {}))
        made = TODAY - timedelta(days=400)
        connection.execute("INSERT INTO records_companies VALUES (?, ?, NULL, NULL, ?)", [name, made, properties])
        for kind, ago, value, attributes in events:
            at = TODAY - timedelta(days=ago)
            connection.execute(
                "INSERT INTO events_companies VALUES (?, 's', ?, ?, 1, ?, NULL, ?, ?)",
                [name, kind, at, value, json.dumps(attributes), at],
            )


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load(Path(__file__).parents[2] / "config")


@pytest.fixture(scope="module")
def scores(catalog: Catalog) -> Scores:
    return scored(catalog, ("occurrences", "objects", "counters"))


def test_an_empty_customer_is_steady(catalog: Catalog, scores: Scores) -> None:
    """A customer of whom nothing is known stands at 54, with custom events and without."""
    assert scores["empty"] == (54, "steady")
    assert scored(catalog, ("objects", "counters"))["empty"] == (54, "steady")


def test_the_cancellation_page_and_one_other_bad_sign_are_risk(scores: Scores) -> None:
    """54 - 20 is at risk; with a waiting ticket, the mildest other sign, it is risk."""
    assert scores["cancels"] == (34, "at_risk")
    assert scores["cancels and waits"] == (29, "risk")


def test_a_fresh_ticket_is_no_bad_sign_yet(scores: Scores) -> None:
    """A ticket counts against the customer only after a week of waiting."""
    assert scores["asks"] == (54, "steady")


def test_weekly_use_is_limited_to_ten(scores: Scores) -> None:
    """Logins in four weeks give 10, not 20; the last login 31 days ago takes 10."""
    assert scores["logs in weekly"] == (64, "steady")
    assert scores["is silent"] == (44, "at_risk")


def test_nps(scores: Scores) -> None:
    """9-10 gives 15, 7-8 nothing, 0-6 takes 15; after 180 days it no longer counts."""
    assert [scores[f"nps {rating}, 30 days ago"][0] for rating in range(11)] == [39] * 7 + [54] * 2 + [69] * 2
    assert {scores[f"nps {rating}, 181 days ago"][0] for rating in range(11)} == {54}


def test_one_failed_payment_is_an_accident_two_are_a_sign(scores: Scores) -> None:
    """Only two failures within 90 days take 10 points."""
    assert scores["failed once"][0] == 54
    assert scores["failed twice"][0] == 44


def test_a_customer_near_its_limits_is_strong(scores: Scores) -> None:
    """80 % of the seats, an invitation and the API give 15 + 12 + 8, the API once."""
    assert scores["grows"] == (89, "strong")
