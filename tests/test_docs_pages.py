"""The pages in docs/ and the README's links, layers and benchmarks are those of the project."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from docs_given import EMULATOR, README, ROOT, commands, headings, options, quoted, row, section
from pydantic import BaseModel

from hubsync.emulator import steering
from hubsync.emulator.faults import Fault
from hubsync.emulator.load import _FIELD_OF, OBJECT_FILES

PAGES = ("README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
STATISTICS = ("by_status", "by_path", "peak_10s", "peak_search_1s")


def test_every_way_to_steer_the_emulator_has_a_body() -> None:
    """Each path of the steering stands in docs/emulator.md with one body, which the emulator takes."""
    text = section("## Steering it", EMULATOR)
    bodies = dict(re.findall(r"^\| `/_emulator/(\w+)` \| `(\{.*?\})` \|", text, re.MULTILINE))
    shapes: dict[str, type[BaseModel]] = {
        "reset": steering._Reset, "clock": steering._Clock, "faults": steering._Faults, "tokens": steering._Token,
        "requirements": steering._Required, "settings": steering._Settings, "oauth": steering._Install,
        "revoke": steering._Revoked, "restore": steering._Restored,
    }  # fmt: skip

    assert set(bodies) == {*steering.ACTIONS, "reset"} == set(shapes)
    for name, body in bodies.items():
        shapes[name].model_validate_json(body)
        assert set(shapes[name].model_fields) <= set(json.loads(body)), name
    assert set(re.findall(r"^\| `GET (/_emulator/\w+)`", text, re.MULTILINE)) == set(steering._TOLD)
    assert set(STATISTICS) <= quoted(row(text, "`GET /_emulator/stats`"))
    assert set(Fault.model_fields) <= quoted(text)


def test_the_files_of_load_are_named_with_their_columns() -> None:
    """Each file that a portal can be loaded from is named, with its columns and the types of properties."""
    named = quoted(section("## A portal from files", EMULATOR))

    assert {f"{name}.csv" for name in (*OBJECT_FILES, "associations", "events")} <= named
    assert {"id", "email", "as_of", "from_object", "from_id", "to_object", "to_id", "type"} <= named
    assert {"object", "kind", "occurred_at", "value", "currency"} <= named
    assert set(_FIELD_OF) <= named


def test_the_options_of_the_emulator_stand_in_its_page_too() -> None:
    """docs/emulator.md names the options of `hubsync emulate`."""
    named = re.findall(r"`(--[a-z-]+)", section("## Start it", EMULATOR))

    assert set(options(commands()["emulate"])) <= set(named)


def test_the_direction_of_imports_is_the_one_that_is_checked() -> None:
    """The README has the layers of pyproject.toml, in their order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    told = re.search(r"`(cli -> [^`]+)`", section("## How it is built"))
    assert told

    assert " ".join(told[1].split()).split(" -> ") == [layer.replace("hubsync.", "") for layer in layers]


def test_every_benchmark_is_named() -> None:
    """Each file of tests/benchmarks has a row with its command."""
    named = re.findall(r"tests/benchmarks/(\w+\.py)", section("## Benchmarks"))

    assert set(named) == {file.name for file in (ROOT / "tests" / "benchmarks").glob("*.py")}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_is_there(page: str) -> None:
    """Each heading and file that a page names in a link exists, and the README links to each page."""
    targets = re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text(encoding="utf-8"))

    for target in targets:
        name, _, heading = target.partition("#")
        if not name.startswith("http"):
            place = (ROOT / page).parent / name if name else ROOT / page
            assert place.exists(), target
            assert not heading or heading in headings(place), target
    assert page == "README.md" or f"]({page})" in README


def test_the_folders_and_files_of_the_code_are_there() -> None:
    """What the README says about how hubsync is built names files that exist."""
    files = re.findall(r"`((?:hubsync|tests)/[\w/.]*)`", section("## How it is built"))

    assert [name for name in files if not (ROOT / name).exists() and name != "hubsync/actions/"] == []
