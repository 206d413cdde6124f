"""Fits stay with the version of the declaration that they were made for."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hubsync.catalog.versions import fitted_versions
from hubsync.store import Store
from hubsync.types import Fit

NOON = datetime(2026, 9, 21, 12)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, "7")


def test_the_newest_fit_of_a_declaration_is_used(store: Store) -> None:
    """Of the fits of one declaration the newest at a moment counts; those of another declaration never."""
    with store.write() as writer:
        for version, base, day in (("v1", "old", 0), ("v2", "new", 1), ("v3", "new", 2)):
            fit = Fit({"cuts": [day, 0.1]}, NOON + timedelta(days=day), 10 + day)
            writer.save_model("m", version, "{}", NOON, base=base, fit=fit)
        writer.save_model("plain", "v1", "{}", NOON)

    with store.read() as reader:
        found = [reader.fits({"m": base}, NOON + timedelta(days=day)) for base, day in
                 (("new", 0), ("new", 1), ("new", 9), ("old", 9), ("gone", 9))]  # fmt: skip
    assert [fits["m"].records if fits else None for fits in found] == [None, 11, 12, 10, None]
    assert found[1]["m"] == Fit({"cuts": [1, 0.1]}, NOON + timedelta(days=1), 11)


def test_a_fit_that_comes_back_is_the_newest_again(store: Store) -> None:
    """Fitted to the same parameters a second time, a version that is known already is the one in use."""
    with store.write() as writer:
        for version, day in (("v1", 0), ("v2", 1), ("v1", 2)):
            writer.save_model(
                "m", version, "{}", NOON, base="b", fit=Fit({"is": version}, NOON + timedelta(days=day), 9)
            )

    with store.read() as reader:
        assert reader.fits({"m": "b"}, NOON + timedelta(days=9))["m"].parameters == {"is": "v1"}
        assert [model.version for model in reader.models()] == ["v1", "v2"]


def test_a_fit_that_comes_back_stays_that_of_its_earlier_times(store: Store) -> None:
    """A look into the past finds what was in use then, however often the same was measured since."""
    for version, day in (("v1", 0), ("v1", 1), ("v2", 2), ("v1", 3), ("v1", 4)):
        fit = Fit({"is": version}, NOON + timedelta(days=day), 9)
        for _again in range(2):
            with store.write() as writer:
                writer.save_model("m", version, "{}", NOON, base="b", fit=fit)

    with store.read() as reader:
        found = [reader.fits({"m": "b"}, NOON + timedelta(days=day + 0.5)).get("m") for day in range(-1, 6)]
    assert [fit and (fit.parameters["is"], (fit.as_of - NOON).days) for fit in found] == [
        None, ("v1", 0), ("v1", 1), ("v2", 2), ("v1", 3), ("v1", 4), ("v1", 4),
    ]  # fmt: skip


def test_a_version_changes_with_the_fit_and_with_those_below() -> None:
    """A model without a fit keeps the version of its declaration, unless something it is made of is fitted."""
    base = {"below": "1", "made_of": "2", "beside": "3"}
    ingredients = {"made_of": frozenset({"below"})}
    one, other = (fitted_versions(base, ingredients, {"below": Fit({"p": number}, NOON, 5)}) for number in (0.1, 0.2))
    again = fitted_versions(base, ingredients, {"below": Fit({"p": 0.1}, NOON + timedelta(days=1), 6)})

    assert fitted_versions(base, ingredients, {}) == base
    assert one == again
    assert one["beside"] == other["beside"] == "3"
    assert len({base["below"], one["below"], other["below"]}) == len({"2", one["made_of"], other["made_of"]}) == 3
