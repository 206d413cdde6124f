"""What a sound configuration becomes: order, ingredients, versions."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from catalog_small import write

from hubsync.catalog import load


def versions(*edits: tuple[str, str, str]) -> dict[str, str]:
    """The versions of the small configuration's models after edits."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = load(write(Path(folder), *edits))
        return {name: catalog.version(name) for name in catalog.models}


def test_customers_stand_for_what_the_portal_says(tmp_path: Path) -> None:
    """A model of customers scores the object that portal.yaml names."""
    assert load(write(tmp_path)).models["customer"].object == "companies"


def test_ingredients_come_first(tmp_path: Path) -> None:
    """A model stands behind every model it reads, also through a roll-up."""
    catalog = load(write(tmp_path))

    assert list(catalog.models) == ["heat", "customer"]
    assert catalog.ingredients == {"heat": frozenset(), "customer": frozenset({"heat"})}


def test_a_model_that_is_on_brings_its_ingredients(tmp_path: Path) -> None:
    """`needed` adds what the models that are on are made of; `on` does not."""
    catalog = load(write(tmp_path, ("hubsync.yaml", "[customer, heat]", "[customer]")))

    assert [model.model for model in catalog.on] == ["customer"]
    assert [model.model for model in catalog.needed] == ["heat", "customer"]


def test_declared_properties_join_the_standard_ones(tmp_path: Path) -> None:
    """portal.yaml adds custom properties, and may correct the type of a standard one."""
    catalog = load(write(tmp_path, ("portal.yaml", "seats: number", "seats: number\n    founded_year: number")))

    assert catalog.properties["companies"]["seats"] == "number"
    assert catalog.properties["companies"]["founded_year"] == "number"
    assert catalog.properties["companies"]["domain"] == "text"


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (("models/customer.yaml", "points: 5, reason: uses", "points: 6, reason: uses"), {"customer"}),
        (("models/heat.yaml", "points: 10", "points: 11"), {"customer", "heat"}),
        (("signals.yaml", "numberofemployees", "1 + numberofemployees"), {"customer"}),
        (("portal.yaml", "lifecyclestage = 'customer'", "lifecyclestage = 'evangelist'"), {"customer"}),
        (("portal.yaml", "{companies: seats}", "{companies: logins}"), {"customer"}),
        (("events.yaml", "pe{portal}_login", "pe{portal}_logged_in"), {"customer"}),
        (("events.yaml", "url: hs_url", "url: hs_page"), {"customer", "heat"}),
        (("models/customer.yaml", "owner: cs-ops", "owner: the success team"), set()),
        (("models/customer.yaml", "risk: {from: 0, worse: true}", "risk: {from: 0, worse: true, label: Call}"), set()),
        (("signals.yaml", "label: employees per seat", "label: crowding"), set()),
        (("events.yaml", "when: hs_is_closed_won", "when: hs_is_closed"), set()),
        (("portal.yaml", "plan: null", "plan: {companies: domain}"), set()),
    ],
    ids=lambda value: value[2][:30] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_version_changes_with_what_the_score_depends_on(edit: tuple[str, str, str], changed: set[str]) -> None:
    """A model's version follows its rules, and the signals, words, events and models they use, and nothing else."""
    before, after = versions(), versions(edit)

    assert {name for name in before if before[name] != after[name]} == changed
    assert all(len(version) == 8 and int(version, 16) >= 0 for version in after.values())


def test_what_a_code_is_called_is_no_new_version() -> None:
    """The label of an rfm model's segment may change like that of a tier; what the segment takes in may not."""
    same, renamed, other = (
        versions(("models/worth.yaml", "> 12, label: Best", to))["worth"]
        for to in ("> 12, label: Best", "> 12, label: Finest", "> 11, label: Best")
    )

    assert (same == renamed, same == other) == (True, False)


def test_versions_do_not_depend_on_layout() -> None:
    """Comments, order of keys and quotes leave a version as it is."""
    edit = ("models/heat.yaml", "outcome: buys\nowner: sales", "# who?\nowner: 'sales'\noutcome: \"buys\"")

    assert versions(edit) == versions()
