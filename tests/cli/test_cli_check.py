"""`hubsync check`: everything that is in the way is told, and nothing more than that stops it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import requests
from cli_given import Desk

from hubsync.catalog import load
from hubsync.cli.never import never_gave
from hubsync.emulator import EmulatorServer
from hubsync.emulator.scopes import everything
from hubsync.store import Store
from hubsync.workspace import moment

_NOW = datetime(2026, 9, 21, 12)


def _token(server: EmulatorServer, *scopes: str) -> str:
    body = {"scopes": list(scopes)}
    return str(requests.post(f"{server.url}/_emulator/tokens", json=body, timeout=10).json()["token"])


def test_a_token_without_scopes_is_told_all_it_lacks(portal: Desk, emulator: EmulatorServer) -> None:
    """No 403 stops check: the table has every scope with what it is for, and each one that is needed is named."""
    portal.env["HUBSPOT_ACCESS_TOKEN"] = _token(emulator)
    said, data = portal("check"), portal("check", "--json")

    scopes = {each["what"]: each for each in data.json["scopes"]}
    assert (said.code, data.code) == (4, 4)
    assert [each["granted"] for each in scopes.values() if each["any_of"]] == [False] * len(scopes)
    assert scopes["read contacts"]["models"] == ["combined", "customer", "engagement", "fit"]
    for scope in ("crm.objects.contacts.read", "crm.objects.companies.write", "crm.schemas.contacts.write"):
        assert scope in said.out
    assert "The token may not read companies, which customer, fit need: add the scope" in said.text
    assert "Scopes are added in HubSpot under Settings > Integrations" in said.text
    assert (data.json["plan_works"], len(data.json["models_not_scored"])) == (False, 4)
    assert "Neither a plan nor a sync would work." in said.out


def test_a_token_that_may_only_read_can_plan(portal: Desk, emulator: EmulatorServer) -> None:
    """When only scopes to write are missing, check says that a plan would work and a sync would not."""
    reading = [scope for scope in everything() if "write" not in scope]
    portal.env["HUBSPOT_ACCESS_TOKEN"] = _token(emulator, *reading)
    said = portal("check")

    assert said.code == 4
    assert "A plan would work, a sync would not." in said.out
    assert "may not write companies" in said.text


def test_files_of_events_are_checked_without_a_portal(desk: Desk) -> None:
    """A file that can't be used is told with its line in events.yaml and exit code 2; one to come is a warning."""
    sources = """\
logged:
  label: logged
  sources:
    - from: tables
      file: {file}
      subject: {{email: mail}}
      time: {time}
"""
    events = desk.config / "events.yaml"
    given = events.read_text(encoding="utf-8")
    line = given.count("\n") + 5
    (desk.config / "there.csv").write_text("mail,at\na@x.example,2026-01-01\n", encoding="utf-8")
    (desk.folder / "outside.csv").write_text("mail,at\n", encoding="utf-8")

    def checked(file: str, time: str = "at") -> tuple[int, str]:
        events.write_text(given + sources.format(file=file, time=time), encoding="utf-8")
        said = desk("check", "--offline")
        return said.code, said.text

    assert checked("there.csv")[0] == 0
    code, text = checked("there.csv", "day")
    assert (code, f"events.yaml:{line}: The file there.csv has no column day" in text) == (2, True)
    code, text = checked("../outside.csv")
    assert (code, f"events.yaml:{line}: The file ../outside.csv lies outside of" in text) == (2, True)
    code, text = checked("later.csv")
    assert (code, f"Warning: events.yaml:{line}: there is no file later.csv" in text) == (0, True)
    assert desk("check", "--offline", "--json").json["warnings"]


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://host:port", "ftp://x", "https://", "api.hubapi.com", "http://x?y"]
)
def test_an_address_that_is_none_is_exit_code_2(desk: Desk, address: str) -> None:
    """Whatever stands in HUBSPOT_BASE_URL that is no http address is one sentence that names it."""
    said = desk("check", env={"HUBSPOT_BASE_URL": address, "HUBSPOT_ACCESS_TOKEN": "pat-x"})

    assert said.code == 2
    assert "HUBSPOT_BASE_URL" in said.err


def test_a_rule_that_gives_nobody_points_is_told(synced: Desk, desk: Desk, tmp_path: Path) -> None:
    """A rule whose data is known and that fires for no record is named with the number of records; others are not."""
    rule = "{when: \"coalesce(country_name, '') = 'Atlantis'\", points: 5, reason: lives in Atlantis}"
    legends = f"  - name: legends\n    rules:\n      - {rule}\n"
    desk.rewrite("models/fit.yaml", "  - name: role\n", f"{legends}  - name: role\n")
    catalog, data = load(desk.config), synced.folder / "data"
    store = Store.open(data, Store.portals(data)[0])

    told = [each for each in never_gave(catalog, store, moment(_NOW, "UTC")) if " of fit " in each]

    assert [each.partition(" of which")[0] for each in told] == [
        "The rule 'lives_in_atlantis' of fit gives points to none of the 60 contacts"
    ]
    assert list(never_gave(catalog, Store.open(tmp_path / "empty", "1"), moment(_NOW, "UTC"))) == []
