"""Weighted models: every measure on a scale of its own, compared with the reference scorer."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from generated_models import EVENTS, LINKS, NOWS, PROPERTIES
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_facts import Config, Portal, Record
from scratch_portal import TRIED, Scored, Scorer
from test_reference import assert_same

NOW = NOWS[0]
PLAIN: dict[str, Any] = {"model": "h", "kind": "weighted", "object": "companies", "outcome": "x", "owner": "x"}
HEALTH = [
    {"name": "renewal", "value": "n", "percent": 40, "reason": "renews"},
    {"name": "usage", "value": "m", "percent": 35, "reason": "active users"},
    {"name": "support", "value": "counted", "percent": 25, "better": "lower", "reason": "few unresolved tickets"},
]
"""Checklist 127; unresolved tickets are better when they are fewer (T7)."""


def config(measures: list[dict[str, Any]], **more: Any) -> Config:
    """One weighted model of companies."""
    return Config(EVENTS, {}, {}, dict.fromkeys(LINKS, PROPERTIES), {"h": {**PLAIN, "measures": measures, **more}})


def portal(rows: Mapping[str, Mapping[str, object]]) -> Portal:
    """Companies with these values."""
    return Portal(
        {"companies": {id_: Record({key: str(value) for key, value in row.items()}) for id_, row in rows.items()}}
    )


def scores(found: Mapping[str, Scored]) -> dict[str, int | None]:
    """The scores by record."""
    return {id_: scored.row["score"] for id_, scored in found.items()}


def lines(scored: Scored) -> dict[str, float]:
    """The points of each measure."""
    return {rule: float(points) for rule, points, known in scored.lines if known is not None}


def test_impact_times_frequency_and_its_repair() -> None:
    """By impact times frequency 500 users with 40 open tickets beat 50 users without any; on scales of their own they
    don't, and the tickets are what tells them apart (checklist 125-127)."""
    rows: dict[str, dict[str, object]] = {
        f"c{number}": {"n": number % 10 + 1, "m": round(8 * 1.13**number), "counted": number % 12}
        for number in range(60)
    }
    rows |= {"large": {"n": 5, "m": 500, "counted": 40}, "small": {"n": 5, "m": 50, "counted": 0}}
    classic = {id_: sum(impact * int(str(row[name])) for impact, name in ((10, "n"), (9, "m"), (5, "counted")))
               for id_, row in rows.items()}  # fmt: skip

    found = assert_same(Scorer(config(HEALTH), NOW), portal(rows))["h"]

    assert (classic["large"], classic["small"]) == (4750, 500)
    assert (scores(found)["large"], scores(found)["small"]) == (38, 51)
    assert lines(found["large"]) == {"renewal": 18.06452, "usage": 20.040335, "support": 0.201625}
    assert lines(found["small"]) == {"renewal": 18.06452, "usage": 9.032275, "support": 23.790325}


def test_percentile_counts_half_of_the_equal() -> None:
    """A value's place is the share of records below it and half of those that have it too."""
    rows = {str(number): {"n": value} for number, value in enumerate([-5, 1, 1, 1, 1e300])}
    found = assert_same(Scorer(config([{**HEALTH[0], "percent": 100}]), NOW), portal(rows))["h"]

    assert scores(found) == {"0": 10, "1": 50, "2": 50, "3": 50, "4": 90}


def test_a_column_that_is_all_equal_lies_in_the_middle() -> None:
    """Where nothing differs, everyone has 50 of 100 on either scale, in either direction."""
    measures = [
        {**HEALTH[0], "percent": 50, "scale": "percentile"},
        {**HEALTH[1], "percent": 50, "scale": "min_max", "better": "lower"},
    ]
    rows = {str(number): {"n": 7, "m": -3} for number in range(6)}

    assert set(scores(assert_same(Scorer(config(measures), NOW), portal(rows))["h"]).values()) == {50}


def test_an_outlier_does_not_stretch_the_scale() -> None:
    """Min-max goes from the 5th to the 95th percentile; what lies outside has 0 or 100."""
    rows = {str(number): {"n": number} for number in range(100)} | {"far": {"n": 1e9}}
    found = assert_same(Scorer(config([{**HEALTH[0], "percent": 100, "scale": "min_max"}]), NOW), portal(rows))["h"]

    assert (scores(found)["50"], scores(found)["5"], scores(found)["far"], scores(found)["0"]) == (50, 0, 100, 0)


def test_unknown_gives_its_weight_to_the_known() -> None:
    """A measure that is unknown spreads its per cents over the others; known data goes down by them."""
    rows: dict[str, dict[str, object]] = {
        str(number): {"n": number, "m": number, "counted": number} for number in range(10)
    }
    rows["9"] = {"n": 9, "m": "N/A", "counted": 9}
    found = assert_same(Scorer(config(HEALTH), NOW), portal(rows))["h"]["9"]

    assert lines(found) == {"renewal": 58.461538, "usage": 0, "support": 1.923077}
    assert (found.row["known_data"], found.explanation.contributions[1].known) == (0.65, False)


def test_too_few_values_measure_nothing() -> None:
    """Of a measure known for fewer than five records nothing is fitted, and that is said."""
    rows: dict[str, dict[str, object]] = {str(number): {"n": number} for number in range(5)}
    rows |= {str(number): {"n": number, "m": number} for number in range(4)}
    scorer = Scorer(config([{**HEALTH[0], "percent": 60}, {**HEALTH[1], "percent": 40}]), NOW)
    found = assert_same(scorer, portal(rows))["h"]

    assert {scored.row["known_data"] for scored in found.values()} == {0.6}
    assert scorer.notes["h"].endswith("Usage is known of 4 records, and at least 5 are needed: it stays unknown.")

    few = Scorer(config(HEALTH), NOW)
    assert scores(assert_same(few, portal({"1": {"n": 1}}))["h"]) == {"1": None}
    assert (few.fits, few.notes["h"].partition(".")[0]) == ({}, "h could not be fitted on its 1 companies")


def test_variants_weigh_some_records_otherwise() -> None:
    """A variant has other per cents where its condition holds; where that is unknown the usual ones count (78)."""
    variants = [
        {"name": "starters", "when": "s = 'starter'", "percents": {"usage": 100}},
        {"name": "silent", "when": "s = 'silent'", "percents": {"support": 100}},
    ]
    rows: dict[str, dict[str, object]] = {
        str(number): {"n": number, "m": number, "counted": number, "s": "pro"} for number in range(9)
    }
    rows |= {"start": {"n": 8, "m": 4, "s": "starter"}, "gap": {"n": 8, "m": 4}, "silent": {"n": 8, "s": "silent"}}
    found = assert_same(Scorer(config(HEALTH, variants=variants), NOW), portal(rows))["h"]

    assert lines(found["start"])["usage"] > lines(found["gap"])["usage"] > 0
    assert lines(found["start"])["renewal"] == 0
    assert found["silent"].row["known_data"] == 0


VALUES = [None, "N/A", "0", "-1", "1", "2.5", "7", "-3e5", "1e308", "-1e308", "1e-9"]
EXPRESSIONS = ["n", "m", "n + m", "ratio(n, m)", "n > 1", "days_since(d)", "abs(m)"]


@st.composite
def models(draw: Any) -> Config:
    """Any weighted model."""
    count = draw(st.integers(1, 4))
    cuts = sorted(draw(st.lists(st.integers(1, 99), min_size=count - 1, max_size=count - 1, unique=True)))
    percents = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    measures = [
        {
            "name": f"m{place}", "value": draw(st.sampled_from(EXPRESSIONS)), "percent": percent, "reason": f"r{place}",
            "scale": draw(st.sampled_from(["percentile", "min_max"])),
            "better": draw(st.sampled_from(["higher", "lower"])),
        }
        for place, percent in enumerate(percents)
    ]  # fmt: skip
    variants = [{"name": "v", "when": "b", "percents": {"m0": 60, measures[-1]["name"]: 40}}] if count > 1 else []
    return config(measures, variants=variants, known_data_floor=0, **draw(st.sampled_from([{}, {"who": "c"}])))


@settings(TRIED, max_examples=5)
@given(models(), st.integers(0, 2**32), st.sampled_from([4, 30, 260]))
def test_generated(config: Config, seed: int, count: int) -> None:
    """Any weighted model scores any records as in plain Python; equal records are equal, also alone."""
    dice = Random(seed)

    def value() -> str | None:
        return dice.choice(VALUES) if dice.random() < 0.5 else str(round(dice.gauss(0, 40), dice.choice([0, 1, 6])))

    records = {
        str(number): Record({
            "n": value(), "m": value(), "d": dice.choice([None, "2026-09-01", "2026-01-31"]),
            "b": dice.choice(["true", "false", None]), "c": dice.choice(["true", "true", "false"]),
        })
        for number in range(count)
    }  # fmt: skip
    records |= {f"twin {id_}": record for id_, record in [*records.items()][:3]}
    scorer = Scorer(config, NOW)
    found = assert_same(scorer, Portal({"companies": records}))["h"]

    for id_ in found.keys() & {"0", "1", "2"}:
        assert found[id_].lines == found[f"twin {id_}"].lines
    if scorer.fits and found:
        one, same = next(iter(found.items()))
        alone = Scorer(config, NOW, fits=scorer.fits).score(Portal({"companies": {one: records[one]}}))["h"][one]
        assert alone.row == same.row
