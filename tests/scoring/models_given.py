"""Customers made by hand for the models that ship: what is known of them, and what happened with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from reference_facts import ROOT, Config, Event, Portal, Record, Sources, read_config
from reference_language import Now
from scratch_portal import Scored, Scorer
from test_reference import assert_same

NOW = Now(datetime(2026, 9, 21, 14), date(2026, 9, 21), datetime(2026, 9, 21, 4))
CONFIG = read_config(ROOT / "config")
STEADY = {
    "lifecyclestage": "customer", "customer_since": "2025-12-01", "product_logins": "50", "features_used": "2",
    "api_calls": "2", "users_invited": "1", "referrals": "0", "skipped_deliveries": "0", "milestones_reached": "1",
    "seats_used": "5", "seats_total": "10", "tax_jurisdictions": "2", "industry": "CONSTRUCTION",
    "numberofemployees": "100", "trial_started_on": "2025-10-01", "trial_activated_on": "2025-10-03",
}  # fmt: skip
"""A customer whose usage reaches HubSpot, and with whom nothing has happened."""
PERSON = {"email": "p@customer.example", "product_logins": "50", "is_champion": "true", "persona": "admin"}


@dataclass
class Case:
    """What happened with a customer, and the lines that it moves."""

    name: str
    expected: dict[str, object]
    happened: list[Event] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    person: dict[str, str] = field(default_factory=dict)


def ago(days: int, kind: str, value: float | None = None, times: int = 1, **attributes: str) -> Event:
    """An event at noon, some portal days ago (0 is today)."""
    at = NOW.day_start - timedelta(days=days) + timedelta(hours=8)
    amount = None if value is None else Decimal(str(value))
    return Event("", kind, at, dict(attributes), amount, None, times)


def page(days: int, address: str) -> Event:
    """A look at a page."""
    return ago(days, "page_view", url=f"https://example.com{address}?from=mail")


def only(*models: str, config: Config = CONFIG) -> Config:
    """The configuration, the one that ships unless another is given, with some of its models."""
    kept = {name: config.models[name] for name in models}
    return Config(config.events, config.signals, config.words, config.properties, kept)


def customers(cases: list[Case], *models: str, sources: Sources | None = None) -> dict[str, dict[str, Scored]]:
    """All cases in one portal, a company with one person each, scored as by the reference."""
    made = Portal({"contacts": {}, "companies": {}}, {"companies": [], "contacts": []}, {("contacts", "companies"): []})
    since = NOW.day_start - timedelta(days=400)
    for case in cases:
        made.records["companies"][case.name] = Record({**STEADY, **case.properties}, since)
        made.records["contacts"][case.name] = Record({**PERSON, **case.person}, since)
        made.links["contacts", "companies"].append((case.name, case.name, True))
        made.events["companies"] += [Event(**{**vars(event), "record_id": case.name}) for event in case.happened]
    return assert_same(Scorer(only(*models), NOW, sources), made)


def moved(scored: Scored) -> dict[str, object]:
    """The lines that gave or took points, but for the start."""
    return {rule: points for rule, points, _ in scored.lines if points != 0 and rule != "start"}


def weekly(first: int, last: int = 0) -> list[Event]:
    """A login in each week from `first` weeks ago to `last` weeks ago."""
    return [ago(7 * week + 1, "login") for week in range(last, first + 1)]
