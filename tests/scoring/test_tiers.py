"""Tiers settle: what is worse, or acted on, takes effect at once; leaving it takes the margin."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Held, settled
from scratch_portal import TRIED

from hubsync.scoring import sql
from hubsync.scoring.body import Axis, Band
from hubsync.scoring.declarations import Tier
from hubsync.scoring.tiers import axis_part, settled_sql, tier_names

Bands = tuple[tuple[str, int, bool], ...]
CUSTOMER: Bands = (("risk", 0, True), ("at_risk", 30, False), ("steady", 51, False), ("strong", 70, False))


def tiers(bands: Bands, given_: list[tuple[str, str | None]], margin: str = "3") -> list[str]:
    """The settled tier of each value and published tier, by SQL and by the reference."""
    axis = Axis("score", tuple(Band(name, Decimal(least), at_once) for name, least, at_once in bands))
    made = sql.render(settled_sql(axis, sql.column("v"), sql.column("p"), Decimal(margin)))
    rows = ", ".join("(?::DECIMAL(18,6), ?::VARCHAR)" for _ in given_)
    with duckdb.connect(":memory:") as connection:
        params = [each for pair in given_ for each in pair]
        found = [
            row[0] for row in connection.execute(f"SELECT {made} FROM (VALUES {rows}) AS t(v, p)", params).fetchall()
        ]
    held = [Held(name, Decimal(least), at_once) for name, least, at_once in bands]
    assert found == [settled(held, Decimal(value), published, Decimal(margin)) for value, published in given_]
    return found


CASES = [
    (None, "29", "risk"), (None, "30", "at_risk"), (None, "51", "steady"), (None, "80", "strong"), ("unscored",
    "70", "strong"),
    ("removed", "52", "steady"), ("at_risk", "29", "risk"), ("steady", "29", "risk"), ("strong", "0", "risk"),
    ("risk", "30", "risk"), ("risk", "32", "risk"), ("risk", "33", "at_risk"), ("risk", "51", "steady"),
    ("risk", "80", "strong"),
    ("at_risk", "51", "steady"), ("at_risk", "70", "strong"), ("steady", "50", "steady"), ("steady", "49", "steady"),
    ("steady", "48", "at_risk"), ("strong", "69", "strong"), ("strong", "68", "strong"), ("strong", "67", "steady"),
    ("strong", "40", "at_risk"), ("steady", "60", "steady"), ("risk", "-20", "risk"), ("strong", "100", "strong"),
]  # fmt: skip


@pytest.mark.parametrize(("published", "value", "expected"), CASES)
def test_customer_tiers(published: str | None, value: str, expected: str) -> None:
    """Falling into risk is immediate, climbing out takes 33; strong is left at 67; unknown tiers don't bind."""
    assert tiers(CUSTOMER, [(value, published)]) == [expected]


BANDS = st.lists(
    st.tuples(st.integers(-20, 120), st.booleans()), min_size=1, max_size=5, unique_by=lambda pair: pair[0]
).map(lambda pairs: tuple((f"b{number}", least, at_once) for number, (least, at_once) in enumerate(sorted(pairs))))


@settings(TRIED, max_examples=12)
@given(BANDS, st.sampled_from(["0", "3", "2.5", "20"]))
def test_any_tiers(bands: Bands, margin: str) -> None:
    """Any bands settle as in plain Python, and a settled tier stays while the value stays."""
    values = sorted({str(least + step / 2) for _, least, _ in bands for step in range(-8, 9)} | {"-99", "500"})
    given_ = [(value, published) for value in values for published in [None, "unscored", *(name for name, *_ in bands)]]
    first = tiers(bands, given_, margin)
    assert tiers(bands, [(value, tier) for (value, _), tier in zip(given_, first, strict=True)], margin) == first


@pytest.mark.parametrize("first", CUSTOMER)
def test_no_flicker(first: tuple[str, int, bool]) -> None:
    """A score that wavers by two points around a boundary changes its tier at most once."""
    published: str | None = first[0]
    seen = []
    for value in [first[1] + step for step in (0, -1, 1, -2, 0, 1, -1, 0)]:
        published = tiers(CUSTOMER, [(str(value), published)])[0]
        seen.append(published)
    assert sum(a != b for a, b in pairwise(seen)) <= 1


def test_matrix_parts() -> None:
    """A cell of the matrix is taken apart into the bands of its axes; `unscored` is a tier, too."""
    axes = [Axis("fit", tuple(Band(n, Decimal(v)) for n, v in (("c", 0), ("b", 40), ("a", 70)))),
            Axis("engagement", tuple(Band(n, Decimal(v)) for n, v in (("3", 0), ("2", 25), ("1", 60))))]  # fmt: skip
    parts = [sql.render(axis_part(axes, number, sql.text("b2"))) for number in (0, 1)]
    assert duckdb.execute(f"SELECT {', '.join(parts)}").fetchone() == ("b", "2")
    assert tier_names(axes, {}) == ["c3", "c2", "c1", "b3", "b2", "b1", "a3", "a2", "a1", "unscored"]
    assert tier_names([], {}) == []
    assert tier_names(axes[:1], {"new": Tier(when="true")}) == ["c", "b", "a", "new", "unscored"]
