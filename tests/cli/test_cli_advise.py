"""`hubsync advise`: what each model would know of this portal, and which ones to begin with."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from io import StringIO

import pytest
from cli_given import Desk, Said
from rich.console import Console

from hubsync.advice import Advice, ModelAdvice, RuleAdvice, recommended
from hubsync.cli.advise import show_advice
from hubsync.cli.init import write_starter
from hubsync.emulator import EmulatorServer


@pytest.fixture(scope="module")
def advised(emulator: EmulatorServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Said]:
    """The shipped configuration with business reviews from a database, and what is advised for it.

    A word is mapped to a property that the portal does not have, another to none.
    """
    desk = Desk(tmp_path_factory.mktemp("advised"), emulator)
    write_starter(desk.config)
    meetings = """
    - from: objects
      object: meetings
      when: hs_meeting_outcome = 'COMPLETED' and hs_activity_type = 'QBR'
      time: hs_meeting_start_time
"""
    database = " [{from: sql, url_env: HUBSYNC_SQL_REVIEWS_URL, table: reviews, subject: {domain: of}, time: at}]\n"
    desk.rewrite("events.yaml", meetings, database)
    desk.rewrite("portal.yaml", "    companies: seats_used\n", "    companies: seats_in_use\n")
    desk.rewrite("portal.yaml", "    seats_used: number\n", "    seats_used: number\n    seats_in_use: number\n")
    desk.rewrite("portal.yaml", "    companies: average_days_to_pay\n", "")
    with sqlite3.connect(desk.folder / "reviews.db") as link:
        link.execute("CREATE TABLE reviews (of, at)")
    link.close()
    desk.env["HUBSYNC_SQL_REVIEWS_URL"] = f"sqlite:///{desk.folder / 'reviews.db'}"
    return desk, desk("advise", "--json")


def test_every_declared_model_is_judged_and_nothing_is_kept(
    advised: tuple[Desk, Said], emulator: EmulatorServer
) -> None:
    """Models that are off are judged like those that are on; it leaves no run and no record behind."""
    portal, said = advised

    models = {each["model"]: each for each in said.json["models"]}
    assert said.code == 0
    assert {"customer", "upsell", "deal_combined"} <= models.keys()
    assert models["customer"]["on"] and not models["upsell"]["on"]
    assert portal("runs", "--json").json["runs"] == []
    for each in models.values():
        assert 0 <= each["known_data"] <= 1
        assert 0 <= each["scored"] <= each["records"]
        assert each["calls"] > 0
        assert all(0 <= rule["known"] <= 1 and 0 <= rule["gives"] <= 1 for rule in each["rules"])
        assert abs(sum(rule["weight"] for rule in each["rules"]) - 1) < 0.01
    with emulator.portal.lock:
        companies = [each.properties for each in emulator.portal.objects["companies"].values() if not each.archived_at]
    bought = [each for each in companies if each.get("lifecyclestage") in ("customer", "evangelist")]
    customers = [each for each in bought if not each.get("churned_on")]
    assert 0 < models["health"]["scored"] <= models["health"]["records"] == len(customers)
    silent = {rule["rule"]: rule for rule in models["engagement"]["rules"]}["looked_at_pricing"]
    assert (silent["available"], silent["known"]) == (False, 0)
    instead = "page_view can't come from occurrences of contacts: it comes from counters of contacts"
    assert instead in models["engagement"]["lacks"]
    assert "intent can't come from occurrences of contacts: nothing stands in" in models["account"]["lacks"]
    assert "companies.seats_total" in models["upsell"]["properties"]


def test_a_database_feeds_as_it_does_in_a_run(advised: tuple[Desk, Said]) -> None:
    """Events that come from an SQL database alone are read at the address in the environment; no model lacks them."""
    models = advised[1].json["models"]

    assert any("qbr_held" in each["events"] for each in models)
    assert [lack for each in models for lack in each["lacks"] if "qbr_held" in lack] == []


def test_what_a_portal_lacks_is_named(advised: tuple[Desk, Said]) -> None:
    """An unmapped word and a property that the portal does not have are told to the models that want them."""
    models = {each["model"]: each for each in advised[1].json["models"]}

    assert "the portal has no property seats_in_use of companies" in models["upsell"]["lacks"]
    assert any("does not map days_to_pay of companies" in lack for each in models.values() for lack in each["lacks"])


def test_two_or_three_are_recommended(advised: tuple[Desk, Said]) -> None:
    """The recommendation names at most three models, each with another job."""
    _, said = advised
    chosen = said.json["recommended"]
    jobs = {each["model"]: each["job"] for each in said.json["models"]}

    assert 2 <= len(chosen) <= 3
    assert len({jobs[name] for name in chosen}) == len(chosen)


def test_the_name_of_a_model_shows_it_rule_by_rule() -> None:
    """Each rule stands with the share of records that know it, and below what the model reads and lacks."""
    full = RuleAdvice("full", "uses 80 % of the plan or more", 0.6, available=True, known=0.9, gives=0.25)
    silent = RuleAdvice("api", "uses the API", 0.4, available=False, known=0.0, gives=0.0)
    upsell = replace(
        _fed("upsell", "growth", 0.8), rules=(full, silent), properties=("companies.seats_used",), lacks=("no API",)
    )
    said = StringIO()

    show_advice(Console(file=said, width=200, markup=False), Advice((upsell,), (), 0, 1), "upsell")

    text = " ".join(said.getvalue().split())
    assert "full uses 80 % of the plan or more 60% 90% 25%" in text
    assert "api uses the API 40% no source" in text
    assert "Properties: companies.seats_used. no API" in text


def test_an_unknown_model_is_told(portal: Desk) -> None:
    """A name that no model has is exit code 2, with the nearest."""
    said = portal("advise", "upsel")

    assert said.code == 2
    assert "Did you mean 'upsell'?" in said.text


def _fed(model: str, job: str | None, share: float) -> ModelAdvice:
    return ModelAdvice(model, job, "", "companies", False, 100, 100, share, (), (), (), 1, ())


def test_the_best_fed_of_each_job_is_recommended_renewal_and_value_first() -> None:
    """Well fed ones go before barely fed ones, renewal and value before the rest; less than half is not enough."""
    given = [
        _fed("lead", "lead", 0.99), _fed("grow", "growth", 0.95), _fed("health", "renewal", 0.82),
        _fed("other", "renewal", 0.81), _fed("rfm", "value", 0.7), _fed("churn", "churn", 0.49), _fed("any", None, 1.0),
    ]  # fmt: skip

    assert [each.model for each in recommended(given)] == ["health", "grow", "lead"]
    assert [each.model for each in recommended(given[3:])] == ["other", "rfm"]
