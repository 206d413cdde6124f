"""The reference of the emulator says what its routes are."""

from __future__ import annotations

from pathlib import Path

from hubsync.emulator import steering
from hubsync.emulator.routes import ROUTES
from hubsync.emulator.table import renewed

PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


def test_the_table_is_that_of_the_routes():
    """The docs hold exactly the table that the routes give."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == renewed(text), "run: python -m hubsync.emulator.table docs/emulator.md"


def test_each_route_says_what_it_does():
    """No row of the table is empty, and none says what is in its path anyway."""
    silent = [f"{one.method} {one.family[0]}{one.template}" for one in ROUTES if not one.told.endswith(".")]
    assert silent == []
    assert all(one.source and "`GET " not in one.told for one in ROUTES)


def test_each_steering_call_is_described():
    """The docs name every steering call."""
    text = PAGE.read_text(encoding="utf-8")
    calls = {*steering.ACTIONS, "stats", "reset"}
    assert {call for call in calls if f"/_emulator/{call}`" not in text} == set()
