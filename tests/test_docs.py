"""The README and docs/configuration.md name all that a user can write or read; what is new and not there fails here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest
from docs_given import CONFIGURATION, README, ROOT, blocks, commands, options, quoted, row, section
from pydantic import BaseModel

from hubsync.catalog import load
from hubsync.catalog.starter import starter
from hubsync.cli.failing import EXIT_CODES, INTERRUPTED
from hubsync.scoring import configuration, declarations, origins, signals, unattended
from hubsync.scoring.functions import FUNCTIONS
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.kinds.combined import Matrix
from hubsync.scoring.words import WORDS
from hubsync.settings import Settings

# What others build on: more keys are welcome, none of these may go.
JSON_KEYS = {
    "plan": ("records_scored", "changes", "tier_moves", "guards", "models_held"),
    "sync": ("run_id", "status", "records_scored", "written", "rejected", "calls"),
    "explain": ("models", "score", "tier", "known_data", "contributions", "rule", "points", "reason"),
    "status": ("last_run", "last_good_run", "calls_today", "api"),
    "check": ("ok", "plan_works", "problems"),
    "restore": ("kept", "erased", "erasures_known"),
}


def keys(declaration: type[BaseModel]) -> list[str]:
    """The keys of a declaration, as they are written in YAML."""
    return [field.alias or name for name, field in declaration.model_fields.items()]


def test_the_first_two_sh_blocks_set_up_and_run_the_demo_and_the_checks() -> None:
    """The first block runs the demo and the second one every check, each from nothing but python3 and git."""
    demo, checks, *_ = blocks("sh")

    assert demo.rstrip().endswith(".venv/bin/hubsync demo")
    for block in (demo, checks):
        assert block.startswith("python3 -m venv .venv ||")
        assert "apt-get update && apt-get install -y python3-venv" in block
    for check in ("ruff check .", "ruff format --check .", "mypy", "lint-imports", "pytest -n 3 -rs"):
        assert f".venv/bin/{check}" in checks


@pytest.mark.parametrize("number", [0, 1])
def test_the_first_two_sh_blocks_are_one_chain_that_stops_at_the_first_failure(tmp_path: Path, number: int) -> None:
    """Where a step fails, nothing after it runs and the shell says so."""
    block = blocks("sh")[number]
    fails = "python3() { false; }; apt-get() { false; }; "

    command = ["bash", "-c", fails + block]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "No such file" not in done.stderr


def test_ci_runs_the_second_sh_block() -> None:
    """The command that `.ci/run` takes out of the README is the second sh block, whole."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    taken = re.search(r"^command=\$\((.*) README\.md\)$", script, re.MULTILINE)
    assert taken

    command = ["bash", "-c", f"{taken[1]} README.md"]

    assert subprocess.check_output(command, cwd=ROOT, text=True) == blocks("sh")[1]


def test_the_picture_is_there_small_and_described() -> None:
    """The picture of the demo is in the repository, loads nothing, and has an alternative text."""
    alternative, path = re.search(r"!\[([^\]]+)\]\(([^)]+)\)", README).groups()  # type: ignore[union-attr]
    svg = (ROOT / path).read_text(encoding="utf-8")

    assert len(alternative) > 80
    assert len(svg) < 150_000
    assert "url(http" not in svg
    assert "All of it held" in svg.replace("&#160;", " ")


def test_every_command_is_named() -> None:
    """Each command has a row in the table of commands, and the table has no other."""
    table = section("### Commands")

    assert set(re.findall(r"^\| `hubsync (\w+)", table, re.MULTILINE)) == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_is_named(name: str) -> None:
    """The row of a command names all its options and no other; those of the emulator have a table of their own."""
    if name == "emulate":
        named = re.findall(r"^\| `(--[a-z-]+)", section("## The emulator"), re.MULTILINE)
    else:
        named = re.findall(r"`(--[a-z-]+)", row(section("### Commands"), f"`hubsync {name}"))

    assert set(named) == set(options(commands()[name]))


def test_every_environment_variable_is_named() -> None:
    """Each variable that the settings read has a row, and so have those of the command line."""
    wanted = {str(field.alias) for field in Settings.model_fields.values()} | {"HUBSYNC_DEBUG", "HUBSYNC_PORTAL"}

    assert set(re.findall(r"^\| `([A-Z_]+)`", section("### Environment"), re.MULTILINE)) == wanted


def test_every_exit_code_is_explained() -> None:
    """The table of exit codes has the program's codes, in its words."""
    table = section("### Commands")

    for code, meaning in EXIT_CODES.items():
        assert meaning in row(table, f"{code} |")
    assert "interrupted" in row(table, f"{INTERRUPTED} |")


def test_every_command_with_json_says_what_it_gives() -> None:
    """Each command that takes --json has a row with its keys, and no other has one."""
    named = re.findall(r"^\| `(\w+)` \|", section("### JSON"), re.MULTILINE)

    assert set(named) == {name for name, command in commands().items() if "--json" in options(command)}


@pytest.mark.parametrize("command", sorted(JSON_KEYS))
def test_the_json_keys_that_others_build_on_are_named(command: str) -> None:
    """Keys that other programs may rely on stand in the README."""
    text = section("### JSON")
    named = quoted(row(text, f"`{command}`")) | (quoted(row(text, "`plan`")) if command == "sync" else set())

    assert set(JSON_KEYS[command]) <= named


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_key_of_every_kind_of_model_is_named(kind: str) -> None:
    """A kind of model is named, with all keys of its declaration."""
    text = section("## Models", CONFIGURATION)

    assert f"kind: {kind}" in text
    assert set(keys(KINDS[kind].declaration)) - quoted(text) == set()


@pytest.mark.parametrize(
    ("title", "declaration"),
    [
        ("## Models", declarations.Tier),
        ("## Models", declarations.Writes),
        ("## Models", declarations.RuleGroup),
        ("## Models", declarations.Limit),
        ("## Models", Matrix),
        ("## Rules", declarations.Rule),
        ("## Signals", signals.Signal),
        ("## Words", configuration.PortalMap),
        ("## Events", origins.EventKind),
        ("## hubsync.yaml", configuration.Main),
        ("## hubsync.yaml", configuration.Guards),
        ("## hubsync.yaml", configuration.Api),
        ("## hubsync.yaml", configuration.Retention),
        ("## hubsync.yaml", unattended.Schedule),
        ("## hubsync.yaml", unattended.Alerts),
    ],
)
def test_every_key_of_the_configuration_is_named(title: str, declaration: type[BaseModel]) -> None:
    """No key of the YAML files is missing from the chapter that is about it."""
    assert set(keys(declaration)) - quoted(section(title, CONFIGURATION)) == set()


@pytest.mark.parametrize("source", get_args(get_args(origins.Source)[0]))
def test_every_source_is_named_with_its_keys(source: type[BaseModel]) -> None:
    """Each way to get events has a row with its keys; those that all have stand below."""
    (name,) = get_args(source.model_fields["from_"].annotation)
    text = CONFIGURATION
    common = set(origins.EventSource.model_fields)

    assert common <= quoted(text)
    assert set(keys(source)) - common - {"from"} <= quoted(row(text, f"`{name}`"))


def test_every_word_and_function_is_named() -> None:
    """The words of portal.yaml and the functions of expressions are named, all of them."""
    assert (set(WORDS) | set(FUNCTIONS)) - quoted(CONFIGURATION) == set()


def test_the_configuration_examples_have_no_mistakes(tmp_path: Path) -> None:
    """The model and the source of docs/configuration.md, put into the starter configuration, are accepted."""
    model, source = blocks("yaml", CONFIGURATION)
    for name, text in starter().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "models" / "expansion.yaml").write_text(model, encoding="utf-8")
    events = re.sub(r"^login:\n(?:  .*\n)+", source, starter()["events.yaml"], flags=re.MULTILINE)
    (tmp_path / "events.yaml").write_text(events, encoding="utf-8")

    found = load(tmp_path)

    assert found.models["expansion"].tiers["hot"].acts
    assert [each.from_ for each in found.events["login"].sources] == ["tables"]


def test_the_table_of_properties_is_what_the_starter_writes() -> None:
    """The properties that the README says hubsync writes are those of the models that are on, and of the segments."""
    catalog = load(ROOT / "config")
    written = {(object_, name) for object_, names in catalog.written.values() for name in names}

    assert set(re.findall(r"\| (\w+) \| `(hubsync_\w+)`", section("## What it writes"))) == written


def test_every_guard_is_explained() -> None:
    """Each key of the guards stands in the chapter on safety."""
    named = quoted(section("## Safety"))

    assert set(configuration.Guards.model_fields) <= named
