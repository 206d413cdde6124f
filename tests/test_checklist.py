"""Every item of the source checklist is shown by a test, told by the documentation, or promised by a part to come."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from docs_given import ROOT, headings, quoted, section
from ruamel.yaml import YAML

ITEMS: dict[int | str, dict[str, Any]] = YAML(typ="safe").load((ROOT / "tests" / "checklist.yaml").read_text("utf-8"))
TRAPS = [f"T{number}" for number in range(1, 12)]
LATER = ("plays", "outcomes")
PROSE = {68, 69, 73, 94, 113, 116, 123, 137, 142}
"""Items that say something and ask for nothing."""
FIGURES = {
    73: ("$62 billion", "5-20%"), 94: ("260 points", "16 years", "5.4 times", "15 to 20 %", "25 % more conversions"),
    113: ("$100 to $200",), 116: ("one minute",), 123: ("by 5 %", "25 to 95 %"), 137: ("8 % to 80 %",),
    142: ("$200 to $500",),
}  # fmt: skip
"""The numbers of the items of prose, as the documentation writes them."""


@cache
def functions(path: Path) -> frozenset[str]:
    """The tests of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_no_item_is_left_out() -> None:
    """The list has the items 1 to 143 and the traps T1 to T11, each once and in order; prose is told as prose."""
    assert list(ITEMS) == [*range(1, 144), *TRAPS]
    assert {number for number, item in ITEMS.items() if "prose" in item} == PROSE


@pytest.mark.parametrize("number", ITEMS)
def test_each_item_is_shown_or_told(number: int | str) -> None:
    """An item names tests that exist, a heading of the documentation, or the part of the work that will bring it.

    An item of which a part is to come has both, the tests of today and the part.
    """
    item = ITEMS[number]
    assert item.keys() - {"item"} in ({"shown"}, {"prose"}, {"later"}, {"shown", "later"})
    if "prose" in item:
        page, _, heading = item["prose"].partition("#")
        assert heading in headings(ROOT / page)
        return
    assert item.get("later", "plays") in LATER
    assert item.get("shown", True), f"nothing shows item {number}, {item['item']}"
    for test in item.get("shown", ()):
        file, _, name = test.partition("::")
        assert (ROOT / file).is_file(), test
        assert name.startswith("test_") and name in functions(ROOT / file), test


@pytest.mark.parametrize("number", FIGURES)
def test_prose_has_the_figures_of_its_item(number: int) -> None:
    """What an item quotes stands under the heading that it names, to the digit."""
    page, _, anchor = ITEMS[number]["prose"].partition("#")
    text = (ROOT / page).read_text("utf-8")
    plain = {re.sub("[^a-z ]", "", line.lower()).strip(): line for line in text.splitlines() if line.startswith("#")}
    told = " ".join(section(plain[anchor.replace("-", " ")], text).split())

    assert [figure for figure in FIGURES[number] if figure not in told] == []


def test_every_score_has_a_place_in_the_choice() -> None:
    """docs/choosing-scores.md names each model that ships, beside the job that it is for."""
    table = section("## Two or three, each for one job", (ROOT / "docs" / "choosing-scores.md").read_text("utf-8"))

    assert {path.stem for path in (ROOT / "config" / "models").glob("*.yaml")} <= quoted(table)
