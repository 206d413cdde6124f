"""What the articles ask of how scores are declared (checklist 72, 77, 92, 95, 96, 98, 100, 109, 141)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from catalog_small import write
from ruamel.yaml import YAML

from hubsync.catalog import Catalog, load
from hubsync.errors import ConfigError
from hubsync.scoring.origins import ObjectSource

ROOT = Path(__file__).parents[2]
WHEN = r"within|at the next|by its|more than a year|in half a year"
"""How an outcome says by when."""
NO_SCORE = {30, 31, 32, 33, 34, 48, 49, 50, 51, 68, 69, 71, 72, 73, 83, 84, 88, 90, 92, 94, 110, 112, 113, 116, 123}
NO_SCORE |= {130, 132, 134, 135, 136, 137, 138, 139, 140, 142, 143}
"""Items that no single score can claim: plays, checks of outcomes, reports, warnings and prose."""


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    """The configuration that ships."""
    return load(ROOT / "config")


def test_each_score_states_one_outcome_and_its_time(shipped: Catalog) -> None:
    """A score is the likelihood of one action: one sentence that says what happens, and by when (72, 98, 109)."""
    for model in shipped.models.values():
        assert re.match(r"^(still |what it )?[a-z]+s\b", model.outcome), model.model
        assert re.search(WHEN, model.outcome), model.model
        assert not re.search(r"[.;:]", model.outcome), model.model
        assert model.owner, model.model


@pytest.mark.parametrize("key", ["outcome", "owner"])
def test_no_score_without_an_outcome_and_an_owner(tmp_path: Path, key: str) -> None:
    """A model that does not say what it predicts, or whose it is, is a mistake (72, 92)."""
    file = write(tmp_path) / "models" / "customer.yaml"
    file.write_text(re.sub(rf"^{key}: .*\n", "", file.read_text(), flags=re.MULTILINE))

    with pytest.raises(ConfigError) as error:
        load(tmp_path)
    assert [each.file for each in error.value.mistakes] == ["models/customer.yaml"]
    assert key in str(error.value.mistakes[0])


def test_every_family_ships(shipped: Catalog) -> None:
    """Value, health, churn risk, credit and account, each for a job of its own, beside leads and growth (95, 100)."""
    jobs: dict[str, set[str]] = {}
    for model in shipped.models.values():
        jobs.setdefault(str(model.job), set()).add(model.model)

    assert jobs["value"] >= {"value_rfm", "value_rfe", "clv"}
    assert jobs["renewal"] >= {"health", "cs_health"}
    assert jobs["churn"] >= {"churn_risk", "retention"}
    assert jobs["credit"] == {"credit"}
    assert "account" in jobs["account"]
    assert jobs["growth"] >= {"upsell", "cross_sell", "expansion"}
    assert jobs["adoption"] == {"adoption"}


def test_two_or_three_scores_are_on(shipped: Catalog) -> None:
    """What ships switched on are a lead score with its two halves and a customer score (44, 100)."""
    assert shipped.main.models == ("engagement", "fit", "combined", "customer")


def test_each_score_is_refreshed_at_the_pace_of_its_data(shipped: Catalog) -> None:
    """Usage weekly and transactions monthly (141); what can't wait, such as leaving, with every run."""
    refresh = {model.model: model.refresh for model in shipped.models.values()}

    monthly = {name for name, each in refresh.items() if each == "monthly"}
    weekly = {name for name, each in refresh.items() if each == "weekly"}
    assert monthly == {"value_rfm", "clv", "credit"}
    assert weekly >= {"health", "cs_health", "value_rfe", "upsell", "expansion", "retention", "adoption", "loyalty"}


def test_usage_deals_tickets_and_billing_are_read(shipped: Catalog) -> None:
    """A customer's events come from the product, the CRM, the help desk and billing (checklist 110)."""
    objects = {source.object for event in shipped.events.values() for source in event.sources
               if isinstance(source, ObjectSource)}  # fmt: skip

    assert {"deals", "tickets", "commerce_payments", "subscriptions", "feedback_submissions", "meetings"} <= objects
    assert {"login", "feature_used", "api_call"} <= shipped.events.keys()


def test_scores_claim_every_item_that_a_score_can_show(shipped: Catalog) -> None:
    """Each item that a score or a segment can show is named by one, and no number is beyond the list."""
    items = YAML(typ="safe").load((ROOT / "tests" / "checklist.yaml").read_text("utf-8"))
    numbers = {number for number in items if isinstance(number, int)}
    claimed = {item for each in (*shipped.models.values(), *shipped.segments.values()) for item in each.covers}

    assert claimed <= numbers
    assert numbers - claimed <= NO_SCORE


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("cs_health", {
            "at_risk": r"below 40 .*rescue plan.*24 hours", "watch": r"40-54 .*adoption sprint.*within the week",
            "healthy": r"55-74 .*enablement", "growth": r"75\+ .*expansion discovery.*five working days",
        }),
        ("health", {"green": "a touchpoint per quarter", "yellow": "this week", "red": "an executive who calls today"}),
        ("value_rfm", {"champion": "early access and offers", "at.risk": "a sequence this week, not next quarter"}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_each_tier_says_what_it_asks_for(model: str, asked: dict[str, str]) -> None:
    """At the head of its file a score says what each tier means, what to do, and how soon (81, 82, 115, 122, 128)."""
    head = (ROOT / "config" / "models" / f"{model}.yaml").read_text("utf-8").partition("\nmodel:")[0]
    text = " ".join(line.strip("# ") for line in head.splitlines())

    for tier, words in asked.items():
        assert re.search(rf"(?i){tier}.*{words}", text), tier
