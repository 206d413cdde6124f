"""What the command line does without a portal."""

from __future__ import annotations

import inspect
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from cli_given import Desk
from typer.testing import CliRunner

import hubsync.errors
from hubsync.cli.demo_models import bins
from hubsync.cli.failing import EXIT_CODES, Commands
from hubsync.cli.options import as_of
from hubsync.cli.output import clean, plain
from hubsync.cli.render import bar
from hubsync.errors import HubsyncError, InputError


def test_help_names_every_command_and_every_exit_code(desk: Desk) -> None:
    """`hubsync --help` lists all commands, and what each exit code means."""
    said = desk("--help")
    assert said.code == 0
    names = "demo emulate init check provision plan sync explain runs status sql"
    assert all(re.search(rf"\b{name}\b", said.text) for name in names.split())
    assert all(f"{code} {meaning.split(' ')[0]}" in said.text for code, meaning in EXIT_CODES.items())


def test_every_error_has_a_documented_exit_code() -> None:
    """The help names the exit code of every class of errors."""
    classes = [each for _, each in inspect.getmembers(hubsync.errors, inspect.isclass)]
    assert {each.exit_code for each in classes if issubclass(each, HubsyncError)} <= EXIT_CODES.keys()


def test_init_writes_a_configuration_without_mistakes(tmp_path: Path) -> None:
    """`init DIR` writes the shipped files and says what comes next; `check --offline` finds no mistake in them."""
    desk = Desk(tmp_path)
    said = desk("init", str(tmp_path / "config"))
    assert said.code == 0
    assert "hubsync check" in said.out
    assert (desk.config / "models" / "customer.yaml").is_file()
    checked = desk("check", "--offline", "--json")
    assert checked.code == 0
    assert checked.json["ok"] is True
    assert set(checked.json["models_on"]) == {"engagement", "fit", "combined", "customer"}


def test_init_overwrites_only_when_told(desk: Desk) -> None:
    """`init` leaves a changed file alone and names it; `--force` replaces it."""
    file = desk.config / "portal.yaml"
    file.write_text("changed", encoding="utf-8")
    said = desk("init")
    assert said.code == 2
    assert "portal.yaml" in said.err
    assert "--force" in said.err
    assert file.read_text(encoding="utf-8") == "changed"
    assert desk("init", "--force", "--json").json["folder"] == str(desk.config)
    assert file.read_text(encoding="utf-8") != "changed"


def test_init_into_a_file_is_refused(desk: Desk) -> None:
    """A path that is a file gets one sentence and exit code 2."""
    (desk.folder / "file").write_text("", encoding="utf-8")
    said = desk("init", str(desk.folder / "file"))
    assert said.code == 2
    assert "can't be written" in said.err


def test_check_lists_all_mistakes_at_once(desk: Desk) -> None:
    """Mistakes in several files are all listed with file and line; the exit code is 2 and nothing is called."""
    desk.rewrite("hubsync.yaml", "models: [engagement", "models: [engagment")
    desk.rewrite("models/customer.yaml", "days_since_login > 30", "days_since_logn > 30")
    desk.env = {"HUBSPOT_BASE_URL": "http://127.0.0.1:9", "HUBSPOT_ACCESS_TOKEN": "pat-none-1"}
    for command in (["check"], ["plan"], ["sync", "--yes"], ["check", "--offline"]):
        said = desk(*command)
        assert said.code == 2
        assert re.search(r"hubsync\.yaml:\d+: .*engagment", said.err)
        assert re.search(r"models/customer\.yaml:\d+: .*days_since_logn", said.err)
        assert "2 mistakes in the configuration" in said.err
    found = desk("check", "--json")
    assert found.code == 2
    assert found.json["kind"] == "ConfigError"
    assert {mistake["file"] for mistake in found.json["mistakes"]} == {"hubsync.yaml", "models/customer.yaml"}
    assert all({"line", "message", "hint"} <= mistake.keys() for mistake in found.json["mistakes"])


def test_check_names_the_words_that_are_not_mapped(desk: Desk) -> None:
    """A word set to null is listed with the models that lose by it."""
    desk.rewrite("portal.yaml", "seats_total:\n    companies: seats_total", "seats_total:\n    companies: null")
    desk.rewrite("portal.yaml", "contacts: jobtitle", "contacts: null")
    found = desk("check", "--offline", "--json").json["unmapped_words"]
    assert [(word["word"], word["object"], word["models"]) for word in found] == [
        ("role", "contacts", ["fit"]),
        ("seats_total", "companies", ["customer"]),
    ]
    assert "seats_total" in desk("check", "--offline").out


def test_a_missing_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    """Without a configuration folder, the sentence names `hubsync init`."""
    said = Desk(tmp_path)("check", "--offline")
    assert said.code == 2
    assert "hubsync init" in said.err


def test_sql_prints_the_statements_of_a_model(desk: Desk) -> None:
    """`sql MODEL` needs neither portal nor data, and prints facts and scores."""
    said = desk("sql", "customer")
    assert said.code == 0
    assert 'CREATE OR REPLACE TABLE "scores_customer"' in said.out
    found = desk("sql", "combined", "--json").json
    assert found["ingredients"] == ["engagement", "fit"]
    assert found["statements"][-1]["makes"] == "scores_combined"


@pytest.mark.parametrize("command", [["plan"], ["sync"], ["check"], ["provision"]])
def test_without_a_token_the_remedy_is_named(desk: Desk, command: list[str]) -> None:
    """No token is exit code 4, and the sentence names the variable to set."""
    said = desk(*command)
    assert said.code == 4
    assert "HUBSPOT_ACCESS_TOKEN" in said.err
    as_json = desk(*command, "--json")
    assert (as_json.code, as_json.json["kind"], as_json.json["mistakes"]) == (4, "TokenError", [])


@pytest.mark.parametrize("command", [["status"], ["runs"], ["explain", "contacts", "1"]])
def test_without_data_the_first_step_is_named(desk: Desk, command: list[str]) -> None:
    """What reads the database says, before there is one, which command makes it; exit code 6."""
    said = desk(*command)
    assert said.code == 6
    assert "hubsync plan" in said.err
    assert desk(*command, "--json").json["kind"] == "StoreError"


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["plan", "--as-of", "yesterday"], "--as-of"),
        (["plan", "--out", "x.csv", "--record", "1"], "--record"),
        (["plan", "--no-pull", "--full"], "--no-pull"),
        (["sync", "--plan", "x.csv", "--accept", "1"], "--accept"),
        (["sync", "--accept", "1", "--full"], "--full"),
        (["explain", "people", "1"], "contacts, companies, deals"),
        (["sql", "custmer"], "customer"),
        (["emulate", "--port", "70000"], "65535"),
        (["emulate", "--plan", "gold"], "enterprise"),
        (["demo", "--contacts", "-1"], "--contacts"),
        (["runs", "--limit", "0"], "--limit"),
        (["explain", "contacts"], "missing argument"),
        (["nothing"], "nothing"),
    ],
)
def test_bad_arguments_are_told(desk: Desk, command: list[str], named: str) -> None:
    """An argument that does not fit is exit code 2 and a sentence that names it."""
    said = desk(*command)
    assert said.code == 2
    assert named.lower() in said.text.lower()


def test_bad_arguments_with_json_are_one_object(desk: Desk) -> None:
    """With --json also a mistake in the arguments is one JSON object on stdout."""
    found = desk("plan", "--json", "--as-of").json
    assert found["kind"] == "UsageError"
    assert desk("explain", "--json", "people", "1").json["kind"] == "InputError"


def _broken(error: BaseException) -> typer.Typer:
    app = typer.Typer(cls=Commands)

    @app.command()
    def first() -> None:
        raise error

    @app.command()
    def second() -> None:
        pass

    return app


def test_an_unexpected_error_is_one_sentence() -> None:
    """What nobody thought of is one sentence without the error's own text; the traceback needs HUBSYNC_DEBUG=1."""
    app = _broken(KeyError("ann@example.com"))
    quiet = CliRunner().invoke(app, ["first"])
    assert quiet.exit_code == 1
    assert "KeyError" in quiet.stderr
    assert "report" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    assert "ann@example.com" not in quiet.stderr
    assert "Traceback" in CliRunner().invoke(app, ["first"], env={"HUBSYNC_DEBUG": "1"}).stderr


def test_an_interrupt_ends_quietly() -> None:
    """Ctrl-C is exit code 130 and no traceback."""
    result = CliRunner().invoke(_broken(KeyboardInterrupt()), ["first"])
    assert result.exit_code == 130
    assert "Traceback" not in result.stderr


def test_a_dot_env_that_is_no_text_is_told(desk: Desk) -> None:
    """A binary .env is exit code 2, and the sentence names it."""
    (desk.folder / ".env").write_bytes(b"\xff\xfe\x00")
    said = desk("check")
    assert said.code == 2
    assert ".env" in said.err


def test_moments_are_read_as_utc() -> None:
    """A day is noon in UTC, an offset is converted, and a naive moment is UTC."""
    assert as_of("2026-09-21") == datetime(2026, 9, 21, 12)
    assert as_of("2026-09-21T14:00:00+02:00") == datetime(2026, 9, 21, 12)
    assert as_of("2026-09-21T14:00") == datetime(2026, 9, 21, 14)
    for text in ("2026-02-30", "soon", "0001-01-01T00:00:00+23:00", ""):
        with pytest.raises(InputError):
            as_of(text)


def test_points_are_exact_in_json() -> None:
    """Decimals become numbers whose text is the decimal itself; naive times end with Z."""
    assert [plain(Decimal(text)) for text in ("0.561231", "-10.000000", "0.000001")] == [0.561231, -10, 0.000001]
    assert repr(plain(Decimal("5.000000"))) == "5"
    assert plain(datetime(2026, 9, 21, 14)) == "2026-09-21T14:00:00Z"


def test_foreign_text_can_not_steer_the_terminal() -> None:
    """Control characters of a value are shown as dots, and markup stays text."""
    assert clean("a\x1b[31mb\n[bold]c").plain == "a·[31mb·[bold]c"
    assert len(clean("x" * 500, 20).plain) == 20


def test_bars_and_bins_count_every_score() -> None:
    """Every score is in exactly one bin, the highest in the last; a full bar is full."""
    counted = bins([Decimal(0), Decimal("9.9"), Decimal(10), Decimal(99), Decimal(100)], Decimal(0), Decimal(100))
    assert [count for _, count in counted] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert counted[0][0] == "0-10"
    assert bar(1.0, 4) == "████"
    assert bar(0.0, 4) == ""
    assert bar(0.5, 1) == "▌"
