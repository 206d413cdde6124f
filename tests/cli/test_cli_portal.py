"""The commands against a portal."""

from __future__ import annotations

import csv
import os
import pty
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import requests
from cli_given import ENTRY, Desk

from hubsync.emulator import EmulatorServer, Options
from hubsync.emulator.scopes import everything
from hubsync.store import Store


def _steer(server: EmulatorServer, what: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(f"{server.url}/_emulator/{what}", json=body, timeout=10)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _token(server: EmulatorServer, without: str) -> str:
    """A token with all scopes but one."""
    return str(_steer(server, "tokens", {"scopes": sorted(everything() - {without})})["token"])


def _exact(out: str) -> Any:
    """The JSON with numbers as the decimals they were written as."""
    import json

    return json.loads(out, parse_float=Decimal, parse_int=Decimal)


def test_check_tells_what_the_portal_allows(portal: Desk) -> None:
    """`check` names portal, scopes with their models, sources with what replaces them, budgets and an estimate."""
    said = portal("check", "--json")
    assert said.code == 0, said.text
    found = said.json
    assert found["portal"]["portal_id"] == "4242424"
    scopes = {scope["what"]: scope for scope in found["scopes"]}
    assert scopes["write companies"]["granted"] is True
    assert scopes["write companies"]["models"] == ["customer"]
    page_views = {source["source"]: source for source in found["sources"] if source["kind"] == "page_view"}
    assert page_views["page_view/occurrences"]["status"] == "unavailable"
    assert page_views["page_view/occurrences"]["replaced_by"] == "page_view/counters"
    assert found["first_pull"]["records"]["contacts"] == 60
    assert found["first_pull"]["kinds"] == {"form_submitted": 1}
    assert found["api"]["usage"]["limit"] == 625_000
    assert found["own_properties"]["conflicts"] == []


def test_check_names_the_missing_scope(portal: Desk, emulator: EmulatorServer) -> None:
    """A token that may not write companies is exit code 4; the sentence names the scope and the model."""
    portal.env["HUBSPOT_ACCESS_TOKEN"] = _token(emulator, "crm.objects.companies.write")
    said = portal("check")
    assert said.code == 4
    assert "account type STANDARD" in said.text
    assert "may not write companies, which customer needs: add the scope crm.objects.companies.write" in said.text


def test_a_wrong_token_is_told(portal: Desk) -> None:
    """A token that HubSpot does not know is exit code 4, one sentence with a remedy."""
    portal.env["HUBSPOT_ACCESS_TOKEN"] = "pat-na1-wrong"
    for command in ("check", "plan", "provision"):
        said = portal(command)
        assert said.code == 4
        assert "token" in said.err.lower()
    assert portal("plan", "--json").json["kind"] == "TokenError"


def test_a_write_token_of_another_portal_is_refused(portal: Desk) -> None:
    """Both tokens must be of one portal; else exit code 4, and nothing is written."""
    with EmulatorServer(Options(port=0, empty=True, portal_id=99)) as other:
        portal.env["HUBSPOT_WRITE_TOKEN"] = other.token
        said = portal("sync", "--yes")
    assert said.code == 4


def test_provision_is_idempotent_and_refuses_another_type(desk: Desk) -> None:
    """A dry run makes nothing, the second run finds all, and a property of another type changes nothing: exit 2."""
    with EmulatorServer(Options(port=0, empty=True)) as server:
        desk.server = server
        dry = desk("provision", "--dry-run", "--json").json
        assert (dry["dry_run"], len(dry["created"])) == (True, 12)
        assert len(desk("provision", "--json").json["created"]) == 12
        again = desk("provision", "--json").json
        assert (again["created"], len(again["existing"])) == ([], 12)
        assert "12 were there already" in desk("provision").out
        desk.rewrite("models/customer.yaml", "score: hubsync_customer_score", "score: hubsync_customer_why")
        desk.rewrite("models/customer.yaml", "why: hubsync_customer_why", "why: hubsync_why")
        said = desk("provision")
        assert said.code == 2
        assert "companies.hubsync_customer_why" in said.err
        checked = desk("check", "--json")
        assert checked.code == 1
        assert "companies.hubsync_customer_why" in checked.json["problems"][0]


def test_an_empty_portal_is_fine(desk: Desk) -> None:
    """A portal without records plans nothing, and says so."""
    with EmulatorServer(Options(port=0, empty=True)) as server:
        desk.server = server
        found = desk("plan", "--json").json
        assert (found["status"], found["records_scored"], found["changes"]) == ("ok", 0, 0)


def test_the_first_write_waits_for_a_yes(desk: Desk) -> None:
    """plan writes nothing; sync without a terminal and without --yes is held; the plan's file is then written."""
    desk.only("customer")
    with EmulatorServer(Options(port=0, contacts=20)) as server:
        desk.server = server
        file = desk.folder / "plan.csv"
        planned = desk("plan", "--out", str(file))
        assert planned.code == 0
        assert "Nothing was written to HubSpot" in planned.out
        assert "Tiers of customer" in planned.out
        rows = list(csv.DictReader(file.open(encoding="utf-8", newline="")))
        assert list(rows[0]) == [
            "run_id", "object", "record_id", "model", "property", "before", "after", "plan_hash",
        ]  # fmt: skip
        held = desk("sync", "--json")
        assert held.code == 3
        assert held.json["kind"] == "HeldError"
        assert "--yes" in held.json["error"]
        assert _batch_updates(server) == 0
        written = desk("sync", "--plan", str(file), "--json")
        assert written.code == 0, written.text
        assert written.json["written"] == len({(row["object"], row["record_id"]) for row in rows})


def _batch_updates(server: EmulatorServer) -> int:
    found = orjson.loads(requests.get(f"{server.url}/_emulator/stats", timeout=10).content)
    return sum(count for path, count in found["by_path"].items() if path.endswith("/batch/update"))


def test_the_first_write_asks_on_a_terminal(desk: Desk) -> None:
    """On a terminal sync shows the counts and asks; a no is exit code 3, and nothing is written."""
    desk.only("engagement")
    with EmulatorServer(Options(port=0, contacts=20)) as server:
        desk.server = server
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(desk.folder)
            os.execve(ENTRY[0], [*ENTRY, "sync"], {**os.environ, **desk.environment})
        os.write(terminal, b"n\n")
        shown = b""
        try:
            while part := os.read(terminal, 65_536):
                shown += part
        except OSError:
            pass
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        assert os.waitstatus_to_exitcode(status) == 3, shown.decode(errors="replace")
        assert b"first write to portal 4242424" in shown
        assert server.token.encode() not in shown
        assert _batch_updates(server) == 0


def test_a_sync_reports_what_others_build_on(synced: Desk) -> None:
    """The JSON of a sync has its counts under the names that are promised."""
    found = synced.first
    assert {"run_id", "status", "records_scored", "written", "rejected", "calls"} <= found.keys()
    assert (found["status"], found["rejected"]) == ("ok", 0)
    assert found["written"] == found["records_scored"]


def test_a_plan_reports_what_others_build_on(synced: Desk) -> None:
    """The JSON of a plan has counts, tier moves and guards under the promised names; it can show one record alone."""
    said = synced("plan", "--no-pull", "--json", "--record", "1")
    assert said.code == 0, said.text
    found = said.json
    assert {"records_scored", "changes", "tier_moves", "guards", "run_id", "plan_hash"} <= found.keys()
    assert (found["changes"], found["calls_to_write"]) == (0, 0)
    assert {"from", "to", "records"} == found["tier_moves"]["customer"][0].keys()
    assert {"name", "held", "message", "value", "limit"} <= found["guards"][0].keys()
    assert found["rows"] == []


def test_explanations_add_up_on_screen_and_in_json(synced: Desk) -> None:
    """Every model's contributions add up to its score exactly, for a record found by id and in singular words."""
    with Store.open(synced.folder / "data", "4242424").read() as reader:
        rows = reader.plan_changes(reader.runs(100)[-1].run_id)
    contact = next(row.record_id for row in rows if row.object == "contacts" and row.model == "combined")
    company = next(row.record_id for row in rows if row.object == "companies" and row.after == "steady")
    for object_, record in (("contacts", contact), ("company", company)):
        said = synced("explain", object_, record, "--json")
        assert said.code == 0, said.text
        for model in _exact(said.out)["models"]:
            total = sum((line["points"] for line in model["contributions"]), Decimal(0))
            assert total == model["total"]
            assert model["score"] is None or model["score"] == total
            assert {"model", "score", "tier", "known_data", "contributions"} <= model.keys()
            assert {"rule", "points", "reason"} <= model["contributions"][0].keys()
    shown = synced("explain", "company", company).out
    assert "= the score" in shown
    assert "hubsync_customer_tier = steady" in shown


def test_a_company_is_found_by_its_domain(synced: Desk, tmp_path: Path) -> None:
    """`explain companies DOMAIN` needs the domain to be among what is pulled; an unknown key is exit code 2."""
    said = synced("explain", "companies", "nobody.example")
    assert said.code == 2
    assert "id or domain" in said.err


def test_status_and_runs_tell_how_it_stands(synced: Desk) -> None:
    """`status` has the last runs and the day's calls, asked of HubSpot where it answers; `runs` lists the runs."""
    found = synced("status", "--json").json
    assert {"last_run", "last_good_run", "calls_today"} <= found.keys()
    assert found["last_good_run"]["status"] == "ok"
    assert found["calls_today"] > 0
    assert found["usage"]["limit"] == 625_000
    assert found["records"]["contacts"] == 60
    assert found["rejects"] == 0
    assert found["legacy_operations"]
    runs = synced("runs", "--json").json["runs"]
    assert runs[-1]["command"] == "sync"
    assert runs[-1]["counts"]["written"] > 0
    assert len(synced("runs", "--limit", "1", "--json").json["runs"]) == 1
    assert runs[-1]["run_id"] in synced("runs").out
    people = synced("status").out
    assert "Last good run" in people
    assert "page_view" in people


def test_status_answers_without_hubspot(synced: Desk) -> None:
    """Without a token, or with HubSpot out of reach, status answers from the database and says so."""
    for env in ({"HUBSPOT_ACCESS_TOKEN": ""}, {"HUBSPOT_BASE_URL": "http://127.0.0.1:9"}):
        said = synced("status", "--json", env=env)
        assert said.code == 0
        assert said.json["usage"] is None
        assert said.json["live"]


def test_a_past_day_never_writes(synced: Desk) -> None:
    """`sync --as-of` a past day is refused, and so is a day to come."""
    assert synced("sync", "--as-of", "2026-09-01").code == 2
    assert synced("plan", "--as-of", "2199-01-01").code == 2


def test_another_run_is_named(synced: Desk) -> None:
    """While another run goes on, plan is exit code 6 and names the process."""
    with Store.open(synced.folder / "data", "4242424").run_lock():
        said = synced("plan", "--no-pull")
    assert said.code == 6
    assert str(os.getpid()) in said.err


def test_what_hubspot_refuses_is_exit_code_5(portal: Desk, emulator: EmulatorServer) -> None:
    """A call that HubSpot refuses is exit code 5 and one sentence."""
    details = "/account-info/2026-09/details"
    with EmulatorServer(Options(port=0, empty=True)) as server:
        portal.server = server
        paths = (details, "/account-info/2026-03/details", "/account-info/v3/details")
        _steer(server, "faults", {"faults": [{"path": path, "status": 400, "times": 9} for path in paths]})
        said = portal("plan", "--json")
    assert said.code == 5
    assert said.json["kind"] in ("RefusedError", "RemoteError")


def test_a_held_run_names_both_ways_on(desk: Desk) -> None:
    """A guard stop is exit code 3 with the guard's numbers, waits in `status`, and is released by --accept."""
    desk.only("customer")
    with EmulatorServer(Options(port=0, contacts=60)) as server:
        desk.server = server
        assert desk("sync", "--yes").code == 0
        desk.rewrite("models/customer.yaml", "starts_at: 54", "starts_at: 10")
        desk.rewrite("hubsync.yaml", "minimum: 10", "minimum: 0")
        before = _batch_updates(server)
        said = desk("sync")
        assert said.code == 3
        assert "tier changes of customer" in said.out
        assert "hubsync plan --out" in said.out
        waiting = desk("status", "--json").json["waiting"]
        assert any(guard["held"] for guard in waiting["guards"])
        assert f"hubsync sync --accept {waiting['run_id']}" in said.out
        assert "A guard holds the last run" in desk("status").out
        assert _batch_updates(server) == before
        accepted = desk("sync", "--accept", waiting["run_id"], "--json")
        assert accepted.code == 0, accepted.text
        assert accepted.json["written"] > 0
        assert desk("sync", "--accept", "nonsense").code == 2
