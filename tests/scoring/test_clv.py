"""What customers will buy, and what that is worth: against published figures, scipy and plain Python."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest
from generated_models import EVENTS, LINKS, NOWS, PROPERTIES
from reference_facts import Config, Event, Portal, Record, Sources
from reference_kinds2 import expected_purchases, expected_spend, on_scale
from scratch_portal import Scored, Scorer

from hubsync.scoring import btyd, sql
from hubsync.scoring.kinds.clv import _purchases_sql
from hubsync.types import Fit

NOW = NOWS[0]
MODEL: dict[str, Any] = {
    "model": "tried", "kind": "clv", "object": "companies", "purchases": "won", "outcome": "x", "owner": "x",
    "writes": {"score": "s", "expected_purchases": "ep", "expected_value": "ev"},
}  # fmt: skip
CONFIG = Config(EVENTS, {}, {}, dict.fromkeys(LINKS, PROPERTIES), {"tried": MODEL})
CDNOW = Path(__file__).resolve().parents[3] / "shared" / "data" / "cdnow" / "CDNOW_sample.txt"
needs_cdnow = pytest.mark.skipif(not CDNOW.is_file(), reason="the CDNOW sample is not on this machine")


def won(name: str, ages: list[float], values: list[Any]) -> list[Event]:
    """Purchases so many days ago, at noon."""
    noon = NOW.day_start + timedelta(hours=8)
    return [
        Event(name, "won", noon - timedelta(days=age), value=None if value is None else Decimal(str(value)))
        for age, value in zip(ages, values, strict=True)
    ]


def portal(bought: dict[str, list[Event]]) -> Portal:
    """Companies with their purchases."""
    return Portal(
        {"companies": {name: Record({}) for name in bought}},
        {"companies": [event for events in bought.values() for event in events]},
    )


def simulated(count: int = 60, seed: int = 7) -> dict[str, list[Event]]:
    """Customers as BG/NBD says, with purchases around a value of their own."""
    dice = Random(seed)
    bought = {}
    for number in range(count):
        rate, gone = dice.gammavariate(1.2, 1 / 8), dice.betavariate(0.8, 2.5)
        age, worth = dice.uniform(60, 700), dice.lognormvariate(5, 0.6)
        ages = [round(age)]
        while dice.random() > gone and (age := age - 7 * dice.expovariate(rate)) > 0:
            ages.append(round(age))
        bought[f"c{number}"] = won(f"c{number}", ages, [round(worth * dice.uniform(0.6, 1.4), 2) for _ in ages])
    return bought


FIT = {
    "r": 0.6, "alpha": 9.5, "a": 0.8, "b": 2.4, "log_likelihood": -1.0, "p": 6.25, "q": 3.74, "gamma": 154.4,
    "buyers": 9, "valued": 9, "knots": [[10.0, 5.0], [60.0, 40.0], [300.0, 80.0], [5000.0, 97.5]],
}  # fmt: skip


def scored(bought: dict[str, list[Event]], fit: dict[str, Any] | None = None) -> dict[str, Scored]:
    """The scores with a fit that is given."""
    fits = {"tried": Fit(FIT if fit is None else fit, datetime(2026, 9, 1), 9)}
    return Scorer(CONFIG, NOW, fits=fits).score(portal(bought))["tried"]


def lines(found: Scored) -> dict[str, tuple[Decimal, bool | None]]:
    """Points and known of the two lines."""
    return {name: (points, known) for name, points, known in found.lines if name in ("purchases", "value")}


def test_the_sql_expects_as_plain_python_does() -> None:
    """Purchases, value, percentile and both lines of every record are those of the plain formulas, and add up."""
    bought = simulated()
    found = scored(bought)

    assert set(found) == set(bought)
    for name, events in bought.items():
        ages = {float((NOW.day_start.date() - event.occurred_at.date()).days) for event in events}
        mean = float(sum(event.value or 0 for event in events)) / len(ages)
        purchases = expected_purchases(FIT, len(ages) - 1, (max(ages) - min(ages)) / 7, max(ages) / 7, 365 / 7)
        value = purchases * expected_spend(FIT, len(ages), mean)
        average = purchases * FIT["p"] * FIT["gamma"] / (FIT["q"] - 1)  # type: ignore[operator]
        row = found[name].row
        assert float(row["extra_expected_purchases"]) == pytest.approx(purchases, abs=6e-5)
        assert float(row["extra_expected_value"]) == pytest.approx(value, abs=6e-5)
        first, second = lines(found[name])["purchases"][0], lines(found[name])["value"][0]
        assert float(first) == pytest.approx(on_scale(FIT["knots"], average), abs=2e-6)  # type: ignore[arg-type]
        assert float(first + second) == pytest.approx(on_scale(FIT["knots"], value), abs=2e-6)  # type: ignore[arg-type]
        assert found[name].explanation.total == row["score"]


def test_alone_as_in_the_batch() -> None:
    """With the fit of the whole portal, one company alone gets the lines that it has among all."""
    bought = simulated()
    batch = Scorer(CONFIG, NOW)
    together = batch.score(portal(bought))["tried"]
    alone = Scorer(CONFIG, NOW, fits=batch.fits)

    for name in list(bought)[:2]:
        assert alone.score(portal({name: bought[name]}))["tried"][name].lines == together[name].lines
    ranks = sorted(together, key=lambda name: together[name].row["extra_expected_value"])
    scores = [together[name].row["score"] for name in ranks]
    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (1, 99)


def test_purchases_of_one_day_are_one() -> None:
    """Two purchases of a day are one purchase of their sum; one of yesterday and one of today are two."""
    once, same = won("a", [40], [100]), won("b", [40, 40], [60, 40])
    found = scored({"a": once, "b": same, "c": won("c", [1, 0], [60, 40]), "d": won("d", [1], [60])})

    assert found["a"].lines == found["b"].lines
    assert found["c"].row["extra_expected_purchases"] != found["d"].row["extra_expected_purchases"]


def test_refunds() -> None:
    """A refund is no purchase and is taken off the value; a value below zero is taken as zero."""
    found = scored(
        {
            "a": won("a", [90, 40], [100, 100]),
            "b": won("b", [90, 40, 10], [100, 150, -50]),
            "all": won("all", [90, 40], [100, -300]),
        }
    )

    assert found["a"].lines == found["b"].lines
    alone = expected_purchases(FIT, 0, 0, 90 / 7, 365 / 7)
    assert float(found["all"].row["extra_expected_value"]) == pytest.approx(alone * expected_spend(FIT, 1, 0), abs=6e-5)


def test_unknown_value() -> None:
    """Where a purchase has no value, expected purchases alone are scored at the average, and half is known."""
    both = scored({"a": won("a", [90, 40], [100, None]), "b": won("b", [90, 40], [100, 200])})
    found = both["a"]

    assert lines(found)["value"] == (0, False)
    assert lines(found)["purchases"] == lines(both["b"])["purchases"]
    assert (found.row["known_data"], found.row["extra_expected_value"]) == (0.5, None)
    assert found.row["extra_expected_purchases"] == both["b"].row["extra_expected_purchases"]


@pytest.mark.parametrize("feeds", [Sources({"won": None}), Sources(overdue=frozenset({"won/objects"}))])
def test_without_a_source(feeds: Sources) -> None:
    """Where no source feeds the purchases, or an overdue one, nothing is known and nobody is scored."""
    fits = {"tried": Fit(FIT, datetime(2026, 9, 1), 9)}
    found = Scorer(CONFIG, NOW, feeds, fits).score(portal({"a": won("a", [90, 40], [100, 100])}))["tried"]["a"]

    assert (found.row["score"], found.row["known_data"], found.row["extra_expected_value"]) == (None, 0, None)


def test_values_that_nobody_has() -> None:
    """Where no purchase has a value, the score is the percentile of the expected purchases alone."""
    bought = {name: [replace(event, value=None) for event in events] for name, events in simulated(30).items()}
    scorer = Scorer(CONFIG, NOW)
    found = scorer.score(portal(bought))["tried"]

    ranks = sorted(found, key=lambda name: found[name].row["extra_expected_purchases"])
    scores = [found[name].row["score"] for name in ranks]
    assert scores == sorted(scores)
    assert scores[-1] > 90
    assert {each.row["known_data"] for each in found.values()} == {0.5}
    assert "Of 30 of 30 buyers no value is known" in str(scorer.notes)


def test_without_purchases() -> None:
    """Whoever never bought is not scored, neither as 0 nor otherwise, nor is what was bought before the window."""
    found = scored({"never": [], "long ago": won("long ago", [1200], [100]), "refund": won("refund", [5], [-9])})

    for each in found.values():
        assert lines(each) == {"purchases": (0, False), "value": (0, False)}
        assert (each.row["score"], each.row["known_data"]) == (None, 0)


def test_too_few_who_bought_again() -> None:
    """With fewer than five who bought again nothing is fitted, the note says why, and nobody is scored."""
    ages = {f"c{number}": [90, 40] if number < 4 else [40] for number in range(9)}
    bought = {name: won(name, list(map(float, each)), [10] * len(each)) for name, each in ages.items()}
    scorer = Scorer(CONFIG, NOW)
    found = scorer.score(portal(bought))["tried"]

    assert {each.row["score"] for each in found.values()} == {None}
    assert "4 records bought on more than one day, and at least 5 are needed" in str(scorer.notes)


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without scipy a fit says in a sentence what to install; scoring with a fit needs none."""
    for name in [module for module in sys.modules if module.split(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("scipy", "scipy.optimize", "scipy.special"):
        monkeypatch.setitem(sys.modules, name, None)
    scorer = Scorer(CONFIG, NOW)

    scorer.score(portal(simulated()))

    assert "install it by `pip install 'hubsync[ml]'`" in str(scorer.notes)
    assert scored({"a": won("a", [90, 40], [100, 100])})["a"].row["score"] is not None


def test_with_a_scipy_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scipy that is there and fails as it is loaded, as after half an update, is told like one that is missing."""
    for name in [module for module in sys.modules if module.split(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "scipy").mkdir()
    (tmp_path / "scipy" / "__init__.py").write_text("raise ImportError('a part of it can not be loaded')")
    monkeypatch.syspath_prepend(tmp_path)
    scorer = Scorer(CONFIG, NOW)

    scorer.score(portal(simulated()))

    assert "install it by `pip install 'hubsync[ml]'`" in str(scorer.notes)


def by_sql(model: btyd.Purchases, horizon: float, repeats: Any, last: Any, age: Any) -> Any:
    """The expected purchases as the model's SQL computes them."""
    left = (model.alpha + age) / (model.alpha + age + horizon)
    rows = [list(map(float, column)) for column in (repeats + 1, last, age, left)]
    text = sql.render(_purchases_sql(model, btyd.steps(model, horizon)))
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        columns = "UNNEST(?) AS clv_days, UNNEST(?) AS clv_last, UNNEST(?) AS clv_age, UNNEST(?) AS clv_left"
        return np.array(connection.execute(f"SELECT {text} FROM (SELECT {columns})", rows).fetchall()).ravel()


@pytest.mark.parametrize("a", [0.3, 0.9999999, 1.0, 1.00002, 2.5, 40.0])
@pytest.mark.parametrize(("r", "alpha", "b"), [(0.24, 4.4, 2.4), (3.0, 0.8, 0.05), (19.0, 60.0, 30.0), (1, 9, 1e-3)])
def test_the_series_is_exact(a: float, r: float, alpha: float, b: float) -> None:
    """Whatever the fit, the SQL's series is the plain sum to nine digits: near a = 1, for new and for old customers."""
    model = btyd.Purchases(r, alpha, a, b, 0)
    repeats = np.array([0, 0, 0, 1, 1, 4, 40, 300])
    age = np.array([0, 1 / 7, 200, 10, 100, 140, 120, 156.0])
    last = np.array([0, 0, 0, 10, 1 / 7, 100, 119, 60.0])

    found = by_sql(model, 365 / 7, repeats, last, age)

    fit = {"r": r, "alpha": alpha, "a": a, "b": b}
    plain = [
        expected_purchases(fit, int(x), t, of_age, 365 / 7) for x, t, of_age in zip(repeats, last, age, strict=True)
    ]
    np.testing.assert_allclose(found, plain, rtol=1e-9, atol=1e-11)


def test_parameters_are_found_again() -> None:
    """Of customers simulated with known parameters, maximum likelihood finds them again, and the same each time."""
    dice = np.random.default_rng(5)
    count, r, alpha, a, b = 4_000, 0.8, 6.0, 0.9, 2.5
    rates, gone, age = dice.gamma(r, 1 / alpha, count), dice.beta(a, b, count), dice.uniform(20, 120, count)
    repeats, last = np.zeros(count), np.zeros(count)
    alive, at = np.ones(count, dtype=bool), np.zeros(count)
    while alive.any():
        at = at + dice.exponential(1 / rates)
        alive &= (at < age) & (dice.random(count) > 0)
        repeats[alive], last[alive] = repeats[alive] + 1, at[alive]
        alive &= dice.random(count) > gone

    found = btyd.fit_purchases(repeats, last, age)

    assert (found.r, found.alpha) == (pytest.approx(r, rel=0.1), pytest.approx(alpha, rel=0.15))
    assert found.a / (found.a + found.b) == pytest.approx(a / (a + b), rel=0.15)
    assert found.at_the_end == ()
    assert btyd.fit_purchases(repeats, last, age) == found


@pytest.fixture(scope="module")
def cdnow() -> dict[str, Any]:
    """The sample up to week 39: repeats, last, age in weeks, mean of repeats; and what happened in weeks 40-78."""
    end, bought = datetime(1997, 9, 30), dict[str, dict[datetime, float]]()
    after: dict[str, set[datetime]] = {}
    for line in CDNOW.read_text().splitlines():
        _, customer, day, _, dollars = line.split()
        at = datetime.strptime(day, "%Y%m%d")
        if at > end:
            after.setdefault(customer, set()).add(at)
        else:
            days = bought.setdefault(customer, {})
            days[at] = days.get(at, 0) + float(dollars)
    weeks = [(len(d) - 1, (max(d) - min(d)).days / 7, (end - min(d)).days / 7) for d in bought.values()]
    repeats, last, age = np.array(weeks, float).T
    again = [(len(d) - 1, (sum(d.values()) - d[min(d)]) / (len(d) - 1)) for d in bought.values() if len(d) > 1]
    happened = np.array([len(after.get(customer, ())) for customer in bought])
    return {"of": (repeats, last, age), "again": np.array(again, float).T, "happened": happened, "bought": bought}


@needs_cdnow
def test_published_parameters(cdnow: dict[str, Any]) -> None:
    """The parameters on the CDNOW sample are the published ones: BG/NBD and Gamma-Gamma of repeat purchases."""
    found = btyd.fit_purchases(*cdnow["of"])

    assert [round(each, 4) for each in (found.r, found.alpha, found.a, found.b)] == [0.2426, 4.4136, 0.7929, 2.4259]
    assert round(found.log_likelihood, 1) == -9582.4
    number, mean = cdnow["again"]
    spend = btyd.fit_spend(number[mean > 0], mean[mean > 0])
    assert [round(each, 2) for each in (spend.p, spend.q, spend.gamma)] == [6.25, 3.74, 15.44]


@needs_cdnow
def test_published_holdout(cdnow: dict[str, Any]) -> None:
    """Weeks 40-78: 1,653 purchases are expected and 1,882 happened; cumulative at week 78 it is -4.0 %."""
    repeats, last, age = cdnow["of"]
    model = btyd.fit_purchases(repeats, last, age)
    expected, happened = btyd.expected_purchases(model, repeats, last, age, 39), cdnow["happened"]

    assert (round(expected.sum()), happened.sum()) == (1653, 1882)
    assert round((round(expected.sum()) / happened.sum() - 1) * 100, 1) == -12.2
    # Of a customer who is new, at the age they have at the end of week 78.
    new = np.zeros(1)
    ages, times = np.unique(age, return_counts=True)
    cumulative = sum(
        float(btyd.expected_purchases(model, new, new, new, float(each) + 39 + 1 / 7)[0]) * count
        for each, count in zip(ages, times, strict=True)
    )
    assert round((cumulative / (repeats.sum() + happened.sum()) - 1) * 100, 1) == -4.0


def auc(scores: Any, buys: Any) -> float:
    """The chance that a buyer stands above a non-buyer, ties by half."""
    higher = (scores[buys][:, None] > scores[~buys][None, :]).mean()
    return float(higher + (scores[buys][:, None] == scores[~buys][None, :]).mean() / 2)


@needs_cdnow
def test_alive_is_no_ranking(cdnow: dict[str, Any]) -> None:
    """As a ranking of who buys again P(alive) is worse than none, expected purchases are good: .316 and .773."""
    repeats, last, age = cdnow["of"]
    model, buys = btyd.fit_purchases(repeats, last, age), cdnow["happened"] > 0
    gone = (
        model.a
        / (model.b + np.maximum(repeats, 1) - 1)
        * ((model.alpha + age) / (model.alpha + last)) ** (model.r + repeats)
    )
    alive = 1 / (1 + np.where(repeats > 0, gone, 0))

    assert round(auc(alive, buys), 3) == 0.316
    assert round(auc(btyd.expected_purchases(model, repeats, last, age, 39), buys), 3) == 0.773


@needs_cdnow
def test_rfm_ranks_as_well(cdnow: dict[str, Any]) -> None:
    """The plain sum of the fifths of recency, frequency and money ranks buyers as well as the model does: .776."""
    repeats, last, age = cdnow["of"]
    money = np.array([sum(days.values()) for days in cdnow["bought"].values()])
    worse = [np.array([(values < value).mean() for value in values]) for values in (last - age, repeats, money)]
    fifths = sum(np.minimum((each * 5).astype(int), 4) for each in worse)

    assert round(auc(fifths, cdnow["happened"] > 0), 3) == 0.776


@needs_cdnow
def test_sql_on_the_whole_sample(cdnow: dict[str, Any]) -> None:
    """The SQL's expected purchases of all 2,357 customers are scipy's, to nine digits."""
    repeats, last, age = cdnow["of"]
    model = btyd.fit_purchases(repeats, last, age)

    found = by_sql(model, 39, repeats, last, age)

    np.testing.assert_allclose(found, btyd.expected_purchases(model, repeats, last, age, 39), rtol=1e-9)
