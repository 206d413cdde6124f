"""RFM and RFE: three fifths, their code and its segment, compared with the reference scorer."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
import reference_kinds
from generated_models import EVENTS, LINKS, NOWS, PROPERTIES
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Reference
from reference_facts import Config, Portal, Record
from scratch_portal import TRIED, Scored, Scorer
from test_reference import assert_same

NOW = NOWS[0]
PLAIN: dict[str, Any] = {
    "model": "v", "kind": "rfm", "object": "companies", "outcome": "x", "owner": "x",
    "recency": "n", "frequency": "m", "monetary": "counted",
}  # fmt: skip
CUTS = {
    "recency": [30, 60, 90, 180], "frequency": [2, 5, 10, 20], "monetary": [1_000, 10_000, 20_000, 40_000],
}  # fmt: skip
TABLE = {
    "Acme": (8, 24, 48_000), "Beta": (15, 18, 31_000), "Gamma": (62, 6, 12_000), "Delta": (140, 3, 5_200),
    "Epsilon": (310, 1, 800),
}  # fmt: skip
"""Checklist 119: days since the last order, orders in twelve months, money."""


def config(**more: Any) -> Config:
    """One rfm model of companies."""
    model = {key: value for key, value in {**PLAIN, **more}.items() if value is not None}
    return Config(EVENTS, {}, {}, dict.fromkeys(LINKS, PROPERTIES), {"v": model})


def portal(rows: Mapping[str, tuple[object, object, object]]) -> Portal:
    """Companies with these three values."""
    names = ("n", "m", "counted")
    return Portal({
        "companies": {
            id_: Record({name: None if value is None else str(value) for name, value in zip(names, row, strict=True)})
            for id_, row in rows.items()
        }
    })  # fmt: skip


def scored(scorer: Scorer, portal: Portal) -> dict[str, Scored]:
    """The scores, the same as in plain Python, the codes too."""
    found = assert_same(scorer, portal)["v"]
    reference = Reference(scorer.config, portal, NOW)
    for id_, each in found.items():
        assert each.row["extra_code"] == reference_kinds.code(reference, scorer.config.models["v"], id_)
    return found


def codes(found: Mapping[str, Scored]) -> dict[str, tuple[str, str, int]]:
    """Code, segment and score of each record."""
    return {id_: (each.row["extra_code"], each.row["band"], each.row["score"]) for id_, each in found.items()}


def test_bounds_of_large_sums() -> None:
    """Money may be pinned in millions: in yen that is a usual order."""
    cuts = {**CUTS, "monetary": [1_500_000, 10_000_000.55, 40_000_000, 999_000_000_000]}
    rows = {"a": (8, 24, 999_000_000_000), "b": (8, 24, 10_000_000.54), "c": (8, 24, 10_000_000.55)}
    found = scored(Scorer(config(cuts=cuts), NOW), portal(rows))
    assert {id_: each.row["extra_code"] for id_, each in found.items()} == {"a": "555", "b": "552", "c": "553"}


def test_the_table_of_the_article() -> None:
    """With pinned cuts the five rows have the printed codes and names (checklist 119, 120)."""
    assert codes(scored(Scorer(config(cuts=CUTS), NOW), portal(TABLE))) == {
        "Acme": ("555", "champion", 100),
        "Beta": ("544", "loyal", 83),
        "Gamma": ("333", "needs_attention", 50),
        "Delta": ("222", "at_risk", 25),
        "Epsilon": ("111", "lost", 0),
    }


def test_ranks_within_the_five_rows_give_another_code() -> None:
    """Fitted on its own five rows alone, Beta is 444: the printed 544 needs cut points from elsewhere (T1)."""
    found = codes(scored(Scorer(config(), NOW), portal(TABLE)))

    assert [code for code, _, _ in found.values()] == ["555", "444", "333", "222", "111"]


def test_a_fit_is_used_for_any_records() -> None:
    """Cut points of one population place the records of another: who else is in the run does not matter."""
    crowd = {str(number): (number, number % 30, 500 * number) for number in range(100)}
    fitted = Scorer(config(), NOW)
    whole = scored(fitted, portal(crowd))

    alone = Scorer(config(), NOW, fits=fitted.fits).score(portal({"7": crowd["7"]}))["v"]

    assert alone["7"].row == whole["7"].row
    assert fitted.fits["v"].parameters["cuts"]["recency"] == [19, 39, 59, 79]


def test_equal_values_are_in_one_fifth() -> None:
    """Where two thirds never ordered they are all in the lowest fifth, and the others in that of their place."""
    rows = {str(number): (100, 0, 0) for number in range(20)} | {
        f"b{number}": (5, number + 1, 9) for number in range(10)
    }
    found = codes(scored(Scorer(config(), NOW), portal(rows)))

    assert {found[str(number)][0] for number in range(20)} == {"111"}
    assert [found[f"b{number}"][0] for number in (0, 3, 4, 9)] == ["444", "444", "454", "454"]


def test_a_column_that_is_all_equal_tells_nothing() -> None:
    """Where nobody is worse than anybody, everyone is in the lowest fifth."""
    found = codes(scored(Scorer(config(), NOW), portal({str(number): (3, 3, 3) for number in range(7)})))

    assert set(found.values()) == {("111", "lost", 0)}


def test_an_unknown_measure_leaves_the_record_without_a_segment() -> None:
    """Two known measures make no code: the record is unscored, never a 1 for what is unknown."""
    rows = {**TABLE, "new": (None, 0, 0), "odd": (4, "N/A", 7)}
    found = scored(Scorer(config(cuts=CUTS), NOW), portal(rows))

    assert codes(found)["new"] == codes(found)["odd"] == (None, "unscored", None)
    assert found["new"].row["why"] == "Not scored, too little is known. Unknown: recency, in fifths: n."


def test_engagement_takes_the_place_of_money() -> None:
    """RFE has the same mechanics, and its letter is e (checklist 124)."""
    segments = {"best": {"when": "r + f + e > 12"}, "rest": {}}
    more = {"monetary": None, "engagement": "counted", "cuts": {"recency": CUTS["recency"]}, "segments": segments}
    found = codes(scored(Scorer(config(**more), NOW), portal(TABLE)))

    assert (found["Beta"], found["Gamma"]) == (("544", "best", 83), ("333", "rest", 50))


@pytest.mark.parametrize("letter", ["m", "e"])
def test_every_code_has_the_segment_that_the_reference_gives(letter: str) -> None:
    """The usual segments leave no code without a name."""
    values = {1: (300, 1, 800), 2: (140, 3, 5_200), 3: (62, 6, 12_000), 4: (40, 15, 30_000), 5: (8, 24, 48_000)}
    rows = {f"{r}{f}{m}": (values[r][0], values[f][1], values[m][2]) for r in values for f in values for m in values}
    third = {"engagement": "counted", "monetary": None} if letter == "e" else {}
    cuts = {**CUTS, "engagement": CUTS["monetary"]}
    del cuts["monetary" if letter == "e" else "engagement"]
    found = codes(scored(Scorer(config(cuts=cuts, **third), NOW), portal(rows)))

    assert all(code == id_ for id_, (code, _, _) in found.items())
    assert {segment for _, segment, _ in found.values()} == set(reference_kinds.SEGMENTS)


@settings(TRIED, max_examples=5)
@given(st.integers(0, 2**32), st.sampled_from([3, 6, 60]), st.booleans())
def test_generated(seed: int, count: int, pinned: bool) -> None:
    """Any records are placed as in plain Python; equal records are equal, and the lines add up."""
    dice = Random(seed)
    odd = [None, "N/A", "0", "0", "1e308", "-1e308", "-7", "12"]

    def value() -> object:
        return dice.choice(odd) if dice.random() < 0.3 else round(dice.gauss(20, 15), dice.choice([0, 0, 3]))

    rows = {str(number): (value(), value(), value()) for number in range(count)}
    rows |= {f"twin {id_}": row for id_, row in [*rows.items()][:3]}
    found = scored(Scorer(config(cuts={"recency": CUTS["recency"]} if pinned else {}), NOW), portal(rows))

    for id_ in ("0", "1", "2"):
        assert found[id_].lines == found[f"twin {id_}"].lines


def test_minus_nothing_is_nothing() -> None:
    """0 and -0 are one value, and the fit is the same whichever of them comes first."""
    rows = {str(number): (value, 1, 1) for number, value in enumerate(["-0", "0", "-0.0", *"99999"])}
    scorer = Scorer(config(), NOW)
    scored(scorer, portal(rows))

    assert str(scorer.fits["v"].parameters["cuts"]["recency"]) == "[None, 0.0, 0.0, 0.0]"
