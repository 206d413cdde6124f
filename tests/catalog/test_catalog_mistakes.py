"""Every kind of mistake in the configuration: told in a sentence, with file, line and what to do, all at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from catalog_small import write
from ruamel.yaml import YAML

from hubsync.catalog import load, load_checked
from hubsync.errors import ConfigError

MISTAKES: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).parent / "mistakes.yaml")


def told(folder: Path) -> list[str]:
    """What is wrong with a folder, as a person reads it."""
    catalog, mistakes = load_checked(folder)
    assert (catalog is None) == bool(mistakes)
    return [str(mistake) for mistake in mistakes]


def test_the_small_configuration_is_sound(tmp_path: Path) -> None:
    """The configuration that the other tests break has no mistake."""
    assert told(write(tmp_path)) == []


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["name"])
def test_a_mistake_is_told_where_it_stands(case: dict[str, Any], tmp_path: Path) -> None:
    """Each mistake gives exactly its own sentences, with file and line, and none that follow from it."""
    assert told(write(tmp_path, *case["edits"])) == case["mistakes"]


def test_load_raises_all_mistakes_together(tmp_path: Path) -> None:
    """`load` raises one ConfigError that carries every mistake of every file."""
    edits = [case["edits"] for case in MISTAKES if case["name"] in ("unknown word", "unknown model", "no duration")]
    folder = write(tmp_path, *(edit for each in edits for edit in each))

    with pytest.raises(ConfigError, match="3 mistakes in the configuration") as error:
        load(folder)

    assert [mistake.file for mistake in error.value.mistakes] == ["hubsync.yaml", "models/customer.yaml", "portal.yaml"]


def test_a_missing_folder_is_one_mistake(tmp_path: Path) -> None:
    """A folder that is not there is told once, not file by file."""
    missing = tmp_path / "nowhere"

    assert told(missing) == [
        f"{missing}: the folder of the configuration is missing. `hubsync init` writes a complete set."
    ]


@pytest.mark.parametrize("file", ["hubsync.yaml", "portal.yaml", "events.yaml", "signals.yaml"])
def test_a_missing_file_is_one_mistake(file: str, tmp_path: Path) -> None:
    """A file that is not there is told once, and the names it would hold are not held against the others."""
    (write(tmp_path) / file).unlink()

    assert told(tmp_path) == [f"{file}:1: the file is missing. `hubsync init` writes a complete set."]


def test_no_models(tmp_path: Path) -> None:
    """Without any model there is nothing to switch on."""
    shutil.rmtree(write(tmp_path) / "models")

    assert told(tmp_path) == ["models:1: the folder 'models' has no model. `hubsync init` writes a complete set."]


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is told with the line of the first strange letter."""
    (write(tmp_path) / "signals.yaml").write_bytes("a: {label: x}\nb: {label: über}\n".encode("latin-1"))

    assert told(tmp_path) == ["signals.yaml:2: this is not UTF-8 text. Save the file as UTF-8."]


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    """Notes and backups in the folder are no part of the configuration."""
    folder = write(tmp_path)
    (folder / "notes.md").write_text("- {")
    (folder / "models" / "customer.yaml.bak").write_text("- {")
    (folder / "old.yaml").write_text("- {")

    assert told(folder) == []


def test_words_stay_words(tmp_path: Path) -> None:
    """YAML 1.2: `on`, `off`, `yes` and `NO` are words, also as labels and keys; 010 is ten."""
    edits = [
        ("models/customer.yaml", "outcome: renews", "outcome: on"),
        ("models/customer.yaml", "owner: cs-ops", "owner: NO"),
        ("models/customer.yaml", "points: 5,", "points: 010,"),
        ("models/customer.yaml", "name: growth", "name: on"),
    ]

    catalog = load(write(tmp_path, *edits))

    customer = catalog.models["customer"].model_dump(by_alias=True)
    assert (customer["outcome"], customer["owner"]) == ("on", "NO")
    assert customer["rule_groups"][0]["rules"][0]["points"] == 10
    assert customer["rule_groups"][1]["name"] == "on"


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    """Files as Windows editors save them are read, and lines are still counted right."""
    folder = write(tmp_path, ("models/heat.yaml", "points: 10", "pionts: 10"))
    for path in folder.rglob("*.yaml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert [line.partition(": ")[0] for line in told(folder)] == ["models/heat.yaml:7"]
