"""Where records are all alike, or a share is nothing: the edges of the kinds `clv` and `account`."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from reference_kinds2 import expected_purchases
from scratch_portal import Scorer
from test_account import points, scored
from test_clv import CONFIG, NOW, portal, won

from hubsync.scoring import btyd, sql
from hubsync.scoring.fits import scaled
from hubsync.scoring.kinds.clv import _knots


@pytest.mark.parametrize("last_digit", [-1e-12, 0.0, 1e-12])
def test_buyers_who_are_all_alike_stand_in_the_middle(last_digit: float) -> None:
    """One expected value for all is the 50th percentile, also where SQL differs from the fit in the last digit."""
    knots = _knots(np.full(9, 7.5))
    value = sql.double(repr(7.5 * (1 + last_digit)))

    assert duckdb.sql(f"SELECT {sql.render(scaled(value, knots))}").fetchall() == [(50.0,)]


def test_buyers_of_yesterday_and_today() -> None:
    """Where nothing tells how many leave (`a` stays 1), all who bought alike still stand in the middle."""
    bought = {name: won(name, [1, 0], [10, 10]) for name in "abcdefghi"}

    assert {found.row["score"] for found in Scorer(CONFIG, NOW).score(portal(bought))["tried"].values()} == {50}


@pytest.mark.parametrize("a", [1.0, 1 + 4e-6, 1 - 4e-6])
def test_the_limit_near_one(a: float) -> None:
    """Where `a` is near 1 the fit expects what plain Python adds up, purchase by purchase."""
    fit = {"r": 0.6, "alpha": 9.5, "a": a, "b": 2.4}
    expected = btyd.expected_purchases(
        btyd.Purchases(**fit, log_likelihood=0), *(np.array([n]) for n in (2.0, 8.0, 30.0)), 52
    )

    assert expected[0] == pytest.approx(expected_purchases(fit, 2, 8.0, 30.0, 52), rel=1e-8)


@pytest.mark.parametrize("share", ["0 %", "0"])
def test_only_the_first_engaged_person_counts(share: str) -> None:
    """Where each further person gives nothing, the first gives all and has the only line."""
    found = scored({"n": "3"}, engaged={"people": "n", "points": 16, "each_further": share})

    assert points(found) == {"engaged_1": 16}
    assert found.row["score"] == 16
