"""The configuration that ships: sound, ready on every HubSpot plan, within its own rules."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hubsync.catalog import Catalog, load, schema, starter, warnings
from hubsync.catalog.judging import MOST_SIGNALS, measures
from hubsync.catalog.properties import standard_properties
from hubsync.catalog.starter import shipped as shipped_texts
from hubsync.emulator.state import Portal
from hubsync.emulator.world.schema import define
from hubsync.scoring.declarations import JOBS, Rule
from hubsync.scoring.feeds import Feeds, source_ids
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.kinds.points import PointsModel, named_rules
from hubsync.scoring.model import compile_model
from hubsync.scoring.origins import AnySource, ObjectSource, OccurrenceSource
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.scoring.words import WORDS
from hubsync.types import AsOf

CONFIG = Path(__file__).parents[2] / "config"
NOON = AsOf(datetime(2026, 11, 21, 12), date(2026, 11, 21), datetime(2026, 11, 21))


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load(CONFIG)


@pytest.fixture(scope="module")
def everything(shipped: Catalog) -> Catalog:
    """The same with every model on."""
    return replace(shipped, main=shipped.main.model_copy(update={"models": tuple(shipped.models)}))


def test_the_shipped_configuration_is_sound(shipped: Catalog) -> None:
    """It loads without a mistake, with the four scores on and their ingredients first."""
    assert shipped.main.models == ("engagement", "fit", "combined", "customer")
    assert sorted(model.model for model in shipped.needed) == ["combined", "customer", "engagement", "fit"]
    order = list(shipped.models)
    assert all(order.index(part) < order.index(name) for name in order for part in shipped.ingredients[name])


def _allowed(source: AnySource, plan: str) -> bool:
    if isinstance(source, OccurrenceSource):
        return plan == "enterprise"
    feedback = isinstance(source, ObjectSource) and source.object == "feedback_submissions"
    return not feedback or plan in ("pro", "enterprise")


@pytest.mark.parametrize("plan", ["free", "starter", "pro", "enterprise"])
def test_every_model_works_on_every_plan(plan: str, shipped: Catalog) -> None:
    """With the sources of a plan alone every model compiles, and most of its weight is still available."""
    active = {
        kind: next((name for name, source in source_ids(kind, event) if _allowed(source, plan)), None)
        for kind, event in shipped.events.items()
    }
    words = Vocabulary(
        shipped.properties, shipped.portal.words, shipped.signals, shipped.events, shipped.models, NOON, Feeds(active)
    )
    for model in shipped.models.values():
        terms = compile_model(model, words).body.terms
        available = sum(term.weight for term in terms if term.available)
        assert available >= Decimal("0.6") * sum(term.weight for term in terms), model.model


def test_the_customer_model_also_scores_persons(shipped: Catalog, tmp_path: Path) -> None:
    """`customers_are: contacts` moves the customer model, once the product counters are those of contacts."""
    counter = "object: companies, count: features_used, last: last_feature_started_at"
    for path, text in shipped_texts().items():
        moved = text.replace("customers_are: companies", "customers_are: contacts")
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(moved.replace(counter, "count: product_logins, last: product_last_login_at"))

    assert load(tmp_path).models["customer"].object == "contacts"
    assert shipped.models["customer"].object == "companies"


def test_the_points_of_the_checklist(shipped: Catalog) -> None:
    """Items 6 to 21 have their exact points, and so have 36 to 40 where they do not fade."""
    models = [_points(shipped, name) for name in ("customer", "engagement")]
    given = {name: rule.points for model in models for name, rule, _ in named_rules(model)}
    expected = {
        "uses_the_product_every_week": 5, "started_using_a_new_feature": 10,
        "support_solved_it_to_their_satisfaction": 5, "looked_at_advanced_features": 8,
        "took_part_in_the_referral_program": 20,
        "promoter_in_the_nps_survey_9_10": 15, "renewed_the_contract": 20, "no_login_for_30_days": -10,
        "a_support_ticket_waits_for_more_than_a_week": -5, "looked_at_the_cancellation_page": -20,
        "detractor_in_the_nps_survey_0_6": -15, "payment_failed_twice_or_more": -10, "uses_80_of_the_plan_or_more": 15,
        "looked_at_the_enterprise_plan": 10, "the_team_grows": 12, "uses_the_api": 8,
        "opened_marketing_emails": 5, "downloaded_a_resource_or_sent_a_form": 5, "looked_at_pricing": 10,
        "unsubscribed_from_email": -20, "no_action_for_30_days": -5, "passive_in_the_nps_survey_7_8": 0,
    }  # fmt: skip
    assert {name: given[name] for name in expected} == expected


def test_an_empty_customer_is_steady_and_two_bad_signs_are_risk(shipped: Catalog) -> None:
    """Trap T6: 54 is steady; the cancellation page with the mildest other bad sign falls below 30."""
    customer = _points(shipped, "customer")
    bounds = {name: tier.from_ for name, tier in customer.tiers.items()}
    given = [rule.points for _, rule, _ in named_rules(customer) if rule.points is not None]
    negative = sorted(points for points in given if points < 0)

    assert bounds["steady"] <= customer.starts_at < bounds["strong"]
    assert negative[0] == -20
    assert customer.starts_at + negative[0] + negative[-1] < bounds["at_risk"]
    assert customer.conditional_tiers == {"onboarding": "days_since(customer_since) <= 30"}


def test_models_keep_to_few_measures(shipped: Catalog, everything: Catalog) -> None:
    """Each model states outcome, owner and items, and has at most ten measures (trap T2)."""
    for model in shipped.models.values():
        assert model.outcome
        assert model.owner
        assert model.covers
    for compiled in everything.compiled(everything.vocabulary(NOON)):
        assert measures(compiled) <= MOST_SIGNALS, compiled.name


def test_nothing_is_rarely_meant(everything: Catalog) -> None:
    """With every model on, `check` warns of none of them."""
    assert warnings(everything, everything.vocabulary(NOON)) == []


def test_models_ship_with_a_job_and_are_off(shipped: Catalog) -> None:
    """Whoever chooses by the job to be done finds one for each, and only the four of the start are on (97, 100)."""
    assert {model.job for model in shipped.models.values() if model.writes and model.writes.tier} == set(JOBS)
    assert {model.model for model in shipped.on} == {"engagement", "fit", "combined", "customer"}


def test_few_properties_are_written(shipped: Catalog) -> None:
    """By default at most 7 properties on contacts, 6 on companies, 2 on deals, all with the prefix of their own."""
    written = Counter[str]()
    for model in shipped.models.values():
        names = model.writes.model_dump(exclude_none=True).values() if model.writes else []
        assert all(name.startswith("hubsync_") for name in names)
        if model in shipped.on or model.object == "deals":
            written[str(model.object)] += len(names)

    assert written["contacts"] <= 7
    assert written["companies"] <= 6
    assert written["deals"] <= 2


def test_scores_can_use_their_whole_range(shipped: Catalog) -> None:
    """Every model of points can reach the top of its range."""
    for model in shipped.models.values():
        assert KINDS[model.kind].attainable(model) == model.between[1], model.model


def test_unused_is_nothing(shipped: Catalog) -> None:
    """Every signal is used by a model or another signal; what nobody reads is not shipped."""
    texts = "\n".join(text for path, text in shipped_texts().items() if path != "signals.yaml")
    over = {signal.of for signal in shipped.signals.values()}

    assert [name for name in shipped.signals if name not in texts and name not in over] == []


def test_every_mapped_word_is_a_word_and_most_are_mapped(shipped: Catalog) -> None:
    """portal.yaml shows an example for every word of the vocabulary."""
    assert set(shipped.portal.words) == set(WORDS)


def test_rules_on_attributes_stand_on_sources_that_have_them(shipped: Catalog) -> None:
    """No rule filters by an attribute that only one of several sources carries, but for the URL of page views."""
    for name in ("engagement", "customer"):
        for _, rule, _ in named_rules(_points(shipped, name)):
            if isinstance(rule, Rule) and rule.event and rule.where and "value" not in rule.where:
                assert len(shipped.events[rule.event].sources) == 1, rule.reason


def test_the_starter_is_the_shipped_folder() -> None:
    """What `init` writes is the folder config/, file by file, each with the line that names its schema to editors."""
    assert shipped_texts() == {
        str(path.relative_to(CONFIG)): path.read_text() for path in sorted(CONFIG.rglob("*.yaml"))
    }
    written = starter()
    for path, text in shipped_texts().items():
        first, rest = written[path].split("\n", 1)
        named = first.removeprefix("# yaml-language-server: $schema=").removeprefix("../")
        assert rest == text
        assert json.loads(written[named])["title"] in (path, "models/*.yaml")


def test_schemas_for_editors_know_every_key(shipped: Catalog) -> None:
    """There is a schema for each kind of file, with every kind of model and every word."""
    schemas = schema()

    files = {"hubsync.yaml", "portal.yaml", "events.yaml", "signals.yaml", "segments.yaml", "models/*.yaml"}
    assert set(schemas) == files
    kinds = {one["properties"]["kind"]["const"] for one in schemas["models/*.yaml"]["oneOf"]}
    assert kinds == set(KINDS)
    assert set(schemas["portal.yaml"]["properties"]["words"]["properties"]) == set(WORDS)


def test_standard_properties_cover_what_models_need() -> None:
    """The shipped list has every object and the types that scoring relies on."""
    known = standard_properties()

    assert len(known["contacts"]) == 324
    assert known["contacts"]["hs_email_last_open_date"] == "datetime"
    assert known["contacts"]["annualrevenue"] == "text"
    assert known["companies"]["annualrevenue"] == "number"
    assert known["deals"]["hs_is_closed_won"] == "bool"
    assert known["subscriptions"]["hs_next_payment_due_date"] == "date"


def _points(catalog: Catalog, name: str) -> PointsModel:
    model = catalog.models[name]
    assert isinstance(model, PointsModel)
    return model


def test_the_simulated_portal_has_every_property(shipped: Catalog) -> None:
    """What the configuration takes for known, standard or declared, the simulated portal defines with that type."""
    portal = Portal(portal_id=1, now=datetime(2026, 9, 21, tzinfo=UTC), token="t")
    define(portal)
    means = {"string": "text", "enumeration": "text", "phone_number": "text"}

    for object_, properties in shipped.properties.items():
        types = {each["name"]: means.get(each["type"], each["type"]) for each in portal.properties[object_]}
        assert dict(properties) == {name: types.get(name) for name in properties}, object_
