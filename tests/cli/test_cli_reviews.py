"""When each model is due for a look (trap T3), as `hubsync status` tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from hubsync.catalog import Catalog, load
from hubsync.cli.init import write_starter
from hubsync.cli.reviews import Review, reviews
from hubsync.store import UsedModel
from hubsync.workspace import moment

MADE = UsedModel("customer", "v1", {}, datetime(2026, 1, 10, 12), None)
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The starter configuration with the model `customer` alone."""
    folder = tmp_path_factory.mktemp("config")
    write_starter(folder)
    (folder / "hubsync.yaml").write_text("models: [customer]\n", encoding="utf-8")
    return load(folder)


def review(catalog: Catalog, day: date, *used: UsedModel, **keys: Any) -> Review:
    """What is told on a day of the model `customer` with these keys."""
    model = catalog.models["customer"].model_copy(update=keys)
    today = moment(datetime(day.year, day.month, day.day, 17), ZONE)
    (found,) = reviews(replace(catalog, models={"customer": model}), used, today, ZONE)
    assert (found.model, found.owner) == ("customer", model.owner)
    return found


def test_a_model_is_due_a_quarter_after_its_last_change_or_fit(starter: Catalog) -> None:
    """90 days after the newest version or fit, whichever is later, it is due, and not the day before."""
    newer = replace(MADE, version="v2", first_used_at=datetime(2026, 2, 1, 12))
    fitted = replace(MADE, fitted_at=datetime(2026, 3, 1, 12))

    found = [review(starter, date(2026, 5, 1), *used) for used in ((), (MADE,), (newer, MADE), (newer, fitted))]

    assert [each.due_on for each in found] == [None, date(2026, 4, 10), date(2026, 5, 2), date(2026, 5, 30)]
    assert [each.is_due for each in found] == [False, True, False, False]
    assert review(starter, date(2026, 5, 2), newer).is_due
    assert (found[3].changed_at, found[3].fitted_at) == (newer.first_used_at, fitted.fitted_at)


@pytest.mark.parametrize(
    ("keys", "due_on"),
    [
        ({"review_every": 30}, date(2026, 2, 9)),
        ({"reviewed_on": date(2026, 3, 1)}, date(2026, 5, 30)),
        ({"reviewed_on": date(2025, 3, 1)}, date(2026, 4, 10)),
        ({"reviewed_on": date(2026, 6, 2)}, date(2026, 4, 10)),
        ({"reviewed_on": date(2026, 6, 1), "review_every": 7}, date(2026, 6, 8)),
    ],
)
def test_a_model_may_have_a_cycle_of_its_own_and_be_reviewed(
    keys: dict[str, Any], due_on: date, starter: Catalog
) -> None:
    """Its own `review_every` goes first; `reviewed_on` begins the cycle anew, unless it is older or still to come."""
    assert review(starter, date(2026, 6, 1), MADE, **keys).due_on == due_on


def test_a_day_is_the_portals(starter: Catalog) -> None:
    """A version of one o'clock at night in UTC is of the day before in New York."""
    late = replace(MADE, first_used_at=datetime(2026, 1, 11, 1))

    assert review(starter, date(2026, 1, 12), late).due_on == date(2026, 4, 10)


def test_a_look_makes_no_new_version(starter: Catalog, tmp_path: Path) -> None:
    """Writing down that all is well moves no score and rebaselines nothing."""
    write_starter(tmp_path)
    (tmp_path / "hubsync.yaml").write_text("models: [customer]\n", encoding="utf-8")
    file = tmp_path / "models" / "customer.yaml"
    said = "reviewed_on: 2026-03-01\nreview_every: 30 days\n"
    file.write_text(f"{said}{file.read_text(encoding='utf-8')}", encoding="utf-8")

    found = load(tmp_path)

    assert (found.models["customer"].reviewed_on, found.models["customer"].review_every) == (date(2026, 3, 1), 30)
    assert found.versions == starter.versions
