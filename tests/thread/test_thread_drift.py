"""The portal or its words change while hubsync runs: what is lost holds the models that need it, and only these."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from thread_given import Thread
from thread_prepared import Prepared, after_sync
from thread_small import OWN, small_thread, write_portal
from typer.testing import CliRunner, Result

from hubsync.cli import app
from hubsync.journal import RunResult

PROPERTIES = "/crm/properties/2026-09"
TRIES = {"label": "tries", "type": "number", "fieldType": "number", "groupName": "contactinformation"}


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty contacts, eight companies of which six are customers."""
    return write_portal(tmp_path_factory.mktemp("csv"), contacts=40, companies=8)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, csv: Path) -> Prepared:
    """That portal after its first sync.

    A rule reads a property that the portal never had, which holds nothing.
    """
    never = (("portal.yaml", "tries: number", "tries: number, never: number"),
             ("models/interest.yaml", "  - {name: budget,",
              "  - {name: no, when: never > 1, points: 1, reason: never}\n  - {name: budget,"))  # fmt: skip
    return after_sync(tmp_path_factory.mktemp("synced"), csv, *never)


@pytest.fixture
def thread(tmp_path: Path, synced: Prepared) -> Iterator[Thread]:
    """The same a day later, with changes that move scores."""
    with synced.thread(tmp_path) as made:
        made.live(1)
        portal = made.server.portal
        with portal.lock:
            for id_ in list(portal.objects["contacts"]):
                portal.set("contacts", id_, {"budget_ok": "false" if int(id_) % 3 == 1 else "true"}, at=portal.now)
        yield made


def _ask(thread: Thread, method: str, path: str, **body: Any) -> None:
    """Change a definition as an admin would."""
    headers = {"Authorization": f"Bearer {thread.server.token}"}
    answer = requests.request(
        method, f"{thread.server.url}{PROPERTIES}/{path}", json=body or None, headers=headers, timeout=30
    )
    assert answer.ok, answer.text


def _values(thread: Thread) -> dict[str, Any]:
    return {object_: thread.in_hubspot(object_, names) for object_, names in OWN.items()}


def _writes(thread: Thread) -> int:
    return sum(count for call, count in thread.stats["by_call"].items() if call.endswith("batch/update"))


def _edit(thread: Thread, old: str, new: str, file: str = "portal.yaml") -> None:
    path = thread.config / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _held(result: RunResult) -> set[str]:
    assert result.plan is not None
    return set(result.plan.held_models)


def _quiet(thread: Thread) -> None:
    """Nothing is written by a further run."""
    thread.steer("reset", {})
    assert thread.run().written == 0
    assert _writes(thread) == 0


def _cli(thread: Thread, *arguments: str) -> Result:
    return CliRunner().invoke(
        app, list(arguments), env={**{k: str(v) for k, v in thread.environment.items()}, "COLUMNS": "200"}
    )


def test_a_deleted_property_holds_what_needs_it_until_it_is_back(thread: Thread) -> None:
    """The model that reads it and the one made of that keep their old values; back again, both are written.

    HubSpot can't rename a property: one that has the label of the lost one is suggested.
    """
    old = _values(thread)
    _ask(thread, "DELETE", "contacts/tries")
    _ask(thread, "POST", "contacts", **TRIES, name="tries_2")
    first, second, unpulled = thread.run(), thread.run(), thread.run("plan", pull=False)

    assert first.status == second.status == "partial"
    assert first.reason == second.reason
    assert first.reason.startswith(
        "Held, their old values stay: account: it is made of interest; interest: the property"
    )
    assert "contacts.tries is gone from HubSpot (perhaps it is now tries_2, which has its label)" in first.reason
    assert _values(thread) == old
    assert (_held(unpulled), unpulled.plan.changes) == ({"interest", "account"}, 0)  # type: ignore[union-attr]

    _ask(thread, "POST", "contacts", **TRIES, name="tries")
    with thread.server.portal.lock:
        # Values come back without a word about when.
        for record in thread.server.portal.objects["contacts"].values():
            record.properties["tries"] = "16"
    back = thread.run()
    assert _held(back) == set()
    assert thread.accept(run_id=back.run_id).status == "ok"
    with thread.scored() as (scratch, _):
        assert scratch.execute("SELECT count(*) FROM scores_interest WHERE t0 = 10") == [(40,)]


def test_a_model_that_needs_nothing_lost_is_written_all_the_same(thread: Thread) -> None:
    """What is gone from companies holds their model alone, until no rule names it; `check` and `status` say so.

    A checkbox that HubSpot calls an enumeration is no loss, and a model that is held keeps its own properties.
    """
    options = [{"label": text, "value": text, "displayOrder": 0} for text in ("true", "false")]
    old = thread.in_hubspot("companies", OWN["companies"])
    _ask(thread, "PATCH", "contacts/budget_ok", type="enumeration", fieldType="booleancheckbox", options=options)
    _ask(thread, "DELETE", "companies/seats")
    result = thread.run()
    checked, told, as_json = _cli(thread, "check"), _cli(thread, "status"), _cli(thread, "status", "--json")

    assert (result.status, _held(result)) == ("partial", {"account"})
    assert result.written > 5
    assert thread.in_hubspot("companies", OWN["companies"]) == old
    sentence = "Held, the old values stay: account. The property companies.seats is gone from HubSpot"
    assert sentence in checked.output
    assert "A sync would work" not in checked.output
    assert checked.exit_code == 1
    assert sentence in told.output
    assert '"name": "companies.seats"' in as_json.output

    _ask(thread, "DELETE", "companies/hubsync_account_why")
    _quiet(thread)
    assert "hubsync_account_why" in thread.server.portal.properties["companies"].live
    assert any("companies.hubsync_account_why" in note for note in thread.heard.notes)

    _edit(thread, "seats_used: {companies: seats}", "seats_used: unknown")
    assert thread.run().status == "ok"
    assert "Held" not in _cli(thread, "status").output


def test_a_property_deleted_after_a_first_run_that_broke_off_is_missed(tmp_path: Path, csv: Path) -> None:
    """Values that a broken pull left in the database give no points when their property is gone."""
    with small_thread(tmp_path, csv) as made:
        made.steer("faults", {"faults": [{"path": "/crm/objects/2026-09/companies$", "status": 401, "times": 9}]})
        with pytest.raises(Exception, match="token"):
            made.run()
        made.steer("reset", {})
        _ask(made, "DELETE", "contacts/tries")
        assert _held(made.run("plan")) == {"interest", "account"}


def test_a_retyped_property_holds_until_it_is_back_or_declared(thread: Thread) -> None:
    """A number that became a text holds its model, and is read anew in either case, whatever was modified when."""
    _ask(thread, "PATCH", "companies/seats", type="string", fieldType="text")
    result = thread.run()
    assert (result.status, _held(result)) == ("partial", {"account"})
    assert "companies.seats was of type number in HubSpot and is of type string now" in result.reason

    _ask(thread, "PATCH", "companies/seats", type="number", fieldType="number")
    with thread.server.portal.lock:
        thread.server.portal.objects["companies"]["500"].properties["seats"] = "500"
    assert thread.run().status == "ok"
    with thread.scored() as (scratch, _):
        assert scratch.execute("SELECT t1 FROM scores_account WHERE record_id = '500'") == [(15,)]

    _ask(thread, "PATCH", "companies/seats", type="string", fieldType="text")
    _edit(thread, "companies: {seats: number}", "companies: {seats: text}")
    _edit(thread, "{companies: seats}", "{companies: number(seats)}")
    assert thread.run().status == "ok"


def test_a_property_behind_a_source_of_events_holds(thread: Thread) -> None:
    """What an event is made of is missed like what a rule reads; its events stay as they were."""
    definitions = thread.server.portal.properties["deals"]
    definitions.archive("dealstage", "2026-09-22T00:00:00Z")
    condition = thread.run()
    definitions.archive("closedate", "2026-09-22T00:00:00Z")
    both = thread.run()

    assert [_held(each) for each in (condition, both)] == [{"account"}] * 2
    assert "the property deals.dealstage is gone from HubSpot" in condition.reason
    assert "deal_won/objects worked before and fails now: the portal has no deals property closedate" in both.reason
    with thread.store.read() as reader:
        assert reader.stock()["deal_won/objects"].events == 6


def test_a_word_unmapped_in_mid_life_holds(thread: Thread) -> None:
    """Nothing is scored or cleared without it until it is mapped again; `check` names it."""
    old = thread.in_hubspot("companies", OWN["companies"])
    _edit(thread, "is_customer: {companies: lifecyclestage = 'customer'}", "is_customer:")
    first, second, unpulled = thread.run(), thread.run(), thread.run("plan", pull=False)

    assert [_held(each) for each in (first, second, unpulled)] == [{"account"}] * 3
    assert first.status == "partial"
    assert "the word is_customer was mapped for companies and is not any more" in second.reason
    assert thread.in_hubspot("companies", OWN["companies"]) == old
    assert "account. The word is_customer was mapped" in _cli(thread, "check").output

    _edit(thread, "is_customer:", "is_customer: {companies: lifecyclestage = 'customer'}")
    assert thread.run().status == "ok"


def test_own_properties_that_were_deleted_are_made_and_filled_again(tmp_path: Path, synced: Prepared) -> None:
    """Values are written once more as they were, although no score moved; definitions are read once per run."""
    listed = {call: n for call, n in synced.stats["by_call"].items() if call.startswith(f"GET {PROPERTIES}")}
    assert {call: n for call, n in listed.items() if "groups" not in call} == {
        f"GET {PROPERTIES}/{name}": 1 for name in ("companies", "contacts", "deals")
    }
    with synced.thread(tmp_path) as thread:
        old = thread.in_hubspot("contacts", OWN["contacts"])
        for names in (("hubsync_lead_why", "hubsync_lead_changed"), ("hubsync_lead", "hubsync_lead_tier")):
            for name in names:
                _ask(thread, "DELETE", f"contacts/{name}")
                for record in thread.server.portal.objects["contacts"].values():
                    del record.properties[name]
            again = thread.run()
            with thread.store.read() as reader:
                written = {change.property for change in reader.plan_changes(again.run_id)}

            assert (again.status, again.written, written) == ("ok", 40, set(names)), again.reason
            assert thread.in_hubspot("contacts", OWN["contacts"]) == old


def test_own_properties_that_others_changed(thread: Thread) -> None:
    """An option that was removed is restored before it is written; one of another type holds its model alone."""
    options = [{"label": "Warm", "value": "warm", "displayOrder": 0}]
    _ask(thread, "PATCH", "contacts/hubsync_lead_tier", options=options)
    _ask(thread, "PATCH", "companies/hubsync_account", type="string", fieldType="text")
    thread.steer("reset", {})
    result = thread.run()

    assert (result.status, _held(result)) == ("partial", {"account"})
    assert "companies.hubsync_account exists in HubSpot with type string, hubsync needs number" in result.reason
    assert (result.written > 5, result.rejected) == (True, 0)
    live = thread.server.portal.properties["contacts"].live["hubsync_lead_tier"]
    assert {option["value"] for option in live["options"]} >= {"cold", "warm", "hot"}
    assert not any(call.endswith("companies/batch/update") for call in thread.stats["by_call"])
    assert "account. The property companies.hubsync_account exists" in _cli(thread, "check").output


def test_known_data_that_falls_holds_the_plan(tmp_path: Path, synced: Prepared) -> None:
    """A rule that knows far less than at the last write holds everything until somebody accepts it."""
    wide = "guards: {tier_changes: 100 %, acting_tier: 100 %, known_data: 10 %}\napi:"
    with synced.thread(tmp_path) as thread:
        _edit(thread, "api:", wide, "hubsync.yaml")
        thread.later()
        with thread.server.portal.lock:
            for id_ in range(1000, 1020):
                thread.server.portal.objects["contacts"][str(id_)].properties["seen_at"] = ""
        held = thread.run(full=True)
        guard = next(each for each in held.plan.guards if each.name == "known data")  # type: ignore[union-attr]
        assert (held.status, guard.held, guard.value) == ("held", True, 0.5)
        assert "The rule 'seen' of interest knows its data for 50% of the records, at the last write it was 100%" in (
            guard.message
        )
        assert "It reads contacts.seen_at" in guard.message
        accepted = thread.accept(run_id=held.run_id)
        assert (accepted.status, accepted.written > 0) == ("ok", True)
        thread.later()
        assert thread.run("plan", pull=False).status == "ok"
