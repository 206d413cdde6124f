"""What somebody meets who begins: a token that may do little, a second machine, no configuration, advice to follow."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import requests
from cli_given import Desk

from hubsync.cli.init import write_starter
from hubsync.cli.output import lasting
from hubsync.crm.scopes import purpose
from hubsync.crm.versions import OPERATIONS
from hubsync.emulator import EmulatorServer, Options
from hubsync.emulator.scopes import everything
from hubsync.settings import advised

_CONTACTS = ("crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.write")
_REASON = "the token may not read the properties of companies (403): add the scope crm.objects.companies.read"


def _token(desk: Desk, *scopes: str) -> str:
    address = f"{desk.environment['HUBSPOT_BASE_URL']}/_emulator/tokens"
    return str(requests.post(address, json={"scopes": list(scopes)}, timeout=10).json()["token"])


def _begun(folder: Path) -> Desk:
    made = Desk(folder)
    write_starter(made.config)
    made.rewrite("hubsync.yaml", "search_per_second: 2", "search_per_second: 5")
    return made


@pytest.fixture(scope="module")
def second(synced: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A machine without a history, in a portal that another one has written to, and its first plan as JSON.

    Its token sees only contacts; no test here writes.
    """
    made = _begun(tmp_path_factory.mktemp("second"))
    made.server = synced.server
    made.env["HUBSPOT_ACCESS_TOKEN"] = _token(made, *_CONTACTS)
    made.first = made("plan", "--json").json
    return made


def test_a_plan_names_what_it_can_not_read(second: Desk) -> None:
    """What HubSpot refuses is named with its scope, the models that are not scored and those that score with less."""
    found = second.first["unavailable"]
    companies = found[0]

    assert companies["objects"] == ["companies"]
    assert "login" in companies["events"]
    assert companies["reason"].startswith(_REASON)
    assert (companies["models"], companies["not_scored"]) == (["combined", "customer", "fit"], ["customer"])
    assert "page_view" not in {kind for gap in found for kind in gap["events"]}
    assert ["renewed"] in [gap["events"] for gap in found]


def test_values_from_elsewhere_are_named_before_the_first_write(second: Desk) -> None:
    """A database that never wrote asks, and says how many values of hubsync it would replace; nothing is written."""
    held = second("sync")
    replaced = second.first["values_already_there"]

    assert replaced == second.first["changes"] > 0
    assert held.code == 3
    assert "Not scored: customer. Scored without a part of their data: combined, fit." in held.err
    what = "companies and events (api_call, feature_started, login, referral, user_invited)"
    assert f"{what} can't be read; combined, customer, fit need them: {_REASON}." in held.err
    assert f"{replaced} of them stand in the place of values of hubsync that are in HubSpot already" in held.err


def test_check_says_what_works_without_some_scopes(second: Desk) -> None:
    """Models that can't be read are left out by plan and sync; each reason stands once, below the sources."""
    said = second("check")
    reading = second("check", env={"HUBSPOT_ACCESS_TOKEN": _token(second, _CONTACTS[0])})

    assert said.code == 4
    assert "A plan and a sync would work without customer, which can't be scored." in said.out
    assert said.out.count("the token may not read the properties of companies") == 1
    assert "sensitive" not in said.out
    assert "A plan would work without customer, which can't be scored, a sync would not." in reading.out


def test_a_plan_that_may_not_be_written_stays_approved(tmp_path: Path) -> None:
    """Refused access leaves the plan as it was, with the attempt as its reason; with the scope it is written.

    A held sync that came before is then not what waits, the plan shows as written, and nothing was made for objects
    that the token can't read.
    """
    desk, file = _begun(tmp_path), str(tmp_path / "p.csv")
    desk.only("fit", "customer")
    with EmulatorServer(Options(port=0, contacts=20)) as server:
        desk.server = server
        desk.env["HUBSPOT_ACCESS_TOKEN"] = _token(desk, *_CONTACTS)
        planned = desk("plan", "--json", "--out", file).json
        held = desk("sync", "--json").json
        before = desk("status", "--json").json
        refused = desk("sync", "--plan", file, env={"HUBSPOT_ACCESS_TOKEN": _token(desk, _CONTACTS[0])})
        attempt = next(run for run in desk("runs", "--json").json["runs"] if run["command"] == "plan")
        written = desk("sync", "--plan", file)
        after, shown = desk("status", "--json").json, desk("status").out
        again = desk("sync")

    assert (held["kind"], held["unavailable"], held["values_already_there"]) == ("HeldError", planned["unavailable"], 0)
    assert (before["waiting"]["first_write"], before["last_good_run"]) == (True, None)
    assert refused.code == 4
    assert attempt["status"] == "ok"
    assert "nothing was: the token may not make properties of contacts (403)" in attempt["reason"]
    assert attempt["reason"].endswith("It can still be approved.")
    assert written.code == 0, written.text
    assert after["waiting"] is None
    assert after["last_run"]["run_id"] == after["last_good_run"]["run_id"] == planned["run_id"]
    assert "plan, then written, ok" in shown
    assert "Kept: events for 25 months, history for 3 years, plans for 90 days." in shown
    assert "dated version" not in shown
    assert (again.code, "hubsync_customer" in again.text) == (0, False)


def test_a_source_that_is_not_needed_has_its_successor(synced: Desk) -> None:
    """After a sync, check names the source in use for one that is not needed, and does not call it lost."""
    said = synced("check")

    assert said.code == 0
    assert "instead: nothing" not in said.out
    assert "is used instead" not in said.text


def test_only_named_portals_ask_for_a_choice(tmp_path: Path) -> None:
    """Without a configuration of its own, the folder's portals are named; serve takes them all."""
    office = Desk(tmp_path)
    office.env = {"HUBSYNC_CONFIG": "config", "HUBSYNC_DATA": "data"}
    for name in ("acme", "beta"):
        office("--portal", name, "init")
    said = [office(*command) for command in (["plan"], ["status"], ["forget", "1"])]

    assert [each.code for each in said] == [2, 2, 2]
    assert all("portals has acme, beta: choose one with --portal" in each.err for each in said)
    assert office("init").code == 0
    assert "Which portal?" not in office("plan").err


def test_a_configuration_elsewhere_says_how_it_is_used(tmp_path: Path) -> None:
    """`init` into another folder than the portal's ends with the variable, its full value, and where to put it."""
    office = Desk(tmp_path)
    office.env = {"HUBSYNC_CONFIG": "config", "HUBSYNC_DATA": "data"}
    said = office("--portal", "acme", "init", "other")

    assert said.out.rstrip().endswith(
        "`hubsync --portal acme` reads portals/acme/config, not the folder just written: to use this one, put"
        f" HUBSYNC_CONFIG={tmp_path / 'other'} into portals/acme/.env (or the environment, where each name begins with"
        " ACME_)."
    )


def test_advice_names_the_chosen_portal(tmp_path: Path) -> None:
    """A command that a message advises can be typed as it stands: with the portal, on the screen and in JSON."""
    office = Desk(tmp_path)
    office.env = {"HUBSYNC_CONFIG": "config", "HUBSYNC_DATA": "data"}
    office("--portal", "acme", "init")

    assert (
        "run `hubsync --portal acme plan` or `hubsync --portal acme sync` first"
        in office("--portal", "acme", "status").text
    )
    assert "`hubsync --portal acme plan`" in office("--portal", "acme", "runs", "--json").json["error"]
    assert advised("try `hubsync --portal new init`", "acme") == "try `hubsync --portal new init`"
    assert advised("try `hubsync plan`", None) == "try `hubsync plan`"


def test_advice_never_names_a_file_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is advised into a file that does not exist, in both commands of the sentence."""
    monkeypatch.chdir(tmp_path)
    text = "`hubsync plan --out plan.csv`, then `hubsync sync --plan plan.csv`"
    free = advised(text, None)
    for name in ("plan.csv", "plan-2.csv"):
        Path(name).touch()

    assert free == text
    assert advised(text, None) == "`hubsync plan --out plan-3.csv`, then `hubsync sync --plan plan-3.csv`"
    assert advised("`hubsync sync --plan plan.csv` writes it", None) == "`hubsync sync --plan plan.csv` writes it"


def test_a_folder_has_no_line(tmp_path: Path) -> None:
    """A missing configuration folder is told without a line number."""
    said = Desk(tmp_path)("check", "--offline")

    assert f"{tmp_path / 'config'}: the folder of the configuration is missing" in said.text


def test_forget_needs_no_configuration(synced: Desk, tmp_path: Path) -> None:
    """Somebody can be forgotten whatever state the configuration is in."""
    copied = Desk(tmp_path)
    shutil.copytree(synced.folder / "data", tmp_path / "data")
    copied.config.mkdir()
    (copied.config / "hubsync.yaml").write_text("models: [", encoding="utf-8")

    assert copied("forget", "nobody@nowhere.example", "--yes").code == 2
    assert "Nothing is known of" in copied("forget", "nobody@nowhere.example", "--yes").err


def test_every_operation_has_words() -> None:
    """What a 403 is about is said in words, and its scopes are ones that HubSpot knows and check names."""
    for operation in OPERATIONS:
        need = purpose(operation.name, "companies" if "{object}" in operation.legacy else "")
        assert "." not in need.what
        assert set(need.any_of) <= everything()


@pytest.mark.parametrize(
    ("days", "words"), [(1, "1 day"), (90, "90 days"), (365, "1 year"), (750, "25 months"), (1095, "3 years")]
)
def test_spans_are_said_as_they_are_written(days: int, words: str) -> None:
    """Long spans are years or months where they are whole, as in hubsync.yaml."""
    assert lasting(days) == words
