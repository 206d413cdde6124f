"""`hubsync history`, and what `explain`, `plan` and `check` say about segments."""

from __future__ import annotations

import pytest
from cli_given import Desk

from hubsync.cli.history import sparkline


def lead(desk: Desk) -> str:
    """A contact with a published lead score."""
    with desk.server.portal.lock:  # type: ignore[union-attr]
        records = desk.server.portal.objects["contacts"]  # type: ignore[union-attr]
        return next(key for key, each in sorted(records.items()) if each.properties.get("hubsync_lead_score"))


def test_history_shows_what_was_published(synced: Desk) -> None:
    """Each model has its first score with the reasons that were told, for people and as JSON."""
    record = lead(synced)
    shown, told = synced("history", "contact", record), synced("history", "contacts", record, "--json")
    alone = synced("history", "contacts", record, "--model", "fit", "--moves", "0", "--json")

    models = {each["model"]: each for each in told.json["models"]}
    assert (shown.code, told.code) == (0, 0)
    assert {"combined", "engagement", "fit"} <= models.keys()
    assert "segments_contacts" not in models
    first = models["combined"]["published"][0]
    assert (first["causes"], first["score_before"], first["lines"]) == (["first score"], None, None)
    assert first["why"]
    assert "first score" in shown.text
    assert [each["model"] for each in alone.json["models"]] == ["fit"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothing", "1"), "none of contacts, companies, deals"),
        (("contacts", "999999"), "There is no record '999999' among the contacts"),
        (
            ("contacts", "LEAD", "--model", "combine"),
            "The model 'combine' published nothing for this record; combined,",
        ),
    ],
)
def test_history_says_what_is_wrong(synced: Desk, arguments: tuple[str, ...], sentence: str) -> None:
    """An object, a record or a model that is not there is told in a sentence."""
    said = synced("history", *(lead(synced) if each == "LEAD" else each for each in arguments))

    assert said.code != 0
    assert sentence in said.text
    assert "Traceback" not in said.text


def test_a_record_without_scores_has_no_history(synced: Desk) -> None:
    """A record that no sync wrote a score for is told so, with the command that shows what it would be."""
    with synced.server.portal.lock:  # type: ignore[union-attr]
        deal = sorted(synced.server.portal.objects["companies"])[0]  # type: ignore[union-attr]
        companies = synced.server.portal.objects["companies"]  # type: ignore[union-attr]
        without = [key for key, each in sorted(companies.items()) if not each.properties.get("hubsync_customer_tier")]
    said = synced("history", "companies", (without or [deal])[0])

    assert "Nothing was published yet" in said.text


def test_explain_says_which_segments_a_record_belongs_to(synced: Desk) -> None:
    """Every segment of the object is there with its condition and the values it looks at."""
    record = lead(synced)
    told, shown = synced("explain", "contacts", record, "--json"), synced("explain", "contacts", record)

    (hot,) = told.json["segments"]
    score = next(each["score"] for each in told.json["models"] if each["model"] == "combined")
    assert (hot["segment"], hot["condition"]) == ("hot_lead", "combined >= 80")
    assert hot["belongs"] == (score >= 80)
    assert hot["why"].startswith("combined is ")
    assert "hot_lead" in shown.text


def test_segments_of_models_that_are_off_are_named(synced: Desk) -> None:
    """`check` says which segments are inactive and why."""
    checked = synced("check", "--offline")
    data = synced("check", "--offline", "--json").json

    sentence = "The segment upsell_candidate is inactive: it needs the model upsell, which is off."
    assert sentence in checked.text
    assert data["segments_off"] == {"upsell_candidate": ["upsell"]}
    assert "hot_lead" in data["segments"]


@pytest.mark.parametrize(
    ("scores", "line"), [([], ""), ([None], ""), ([5], "▄"), ([0, None, 50, 100], "▁ ▅█"), ([7, 7], "▄▄")]
)
def test_a_sparkline_goes_from_the_least_to_the_most(scores: list[int | None], line: str) -> None:
    """The lowest score is the lowest bar, the highest the highest; a gap stays open."""
    assert sparkline(scores) == line  # type: ignore[arg-type]
