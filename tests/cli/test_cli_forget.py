"""`hubsync forget`, and what `explain` says of who is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from cli_given import Desk

from hubsync.cli.init import write_starter
from hubsync.emulator import EmulatorServer, Options
from hubsync.store import Store


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A portal after its first sync; each test is about another person in it."""
    with EmulatorServer(Options(port=0, contacts=20, plan="off")) as server:
        made = Desk(tmp_path_factory.mktemp("own"), server)
        write_starter(made.config)
        made.only("engagement")
        made.rewrite("hubsync.yaml", "search_per_second: 2", "search_per_second: 5")
        assert made("sync", "--yes").code == 0
        made.first["people"] = [
            (each.id, each.properties["email"])
            for each in server.portal.objects["contacts"].values()
            if each.properties.get("email") and each.properties.get("hubsync_engagement_score")
        ]
        yield made


def test_forget(own: Desk) -> None:
    """A contact is erased by its email, named nowhere any more, and neither pulled nor written again."""
    assert own.server is not None
    record_id, email = own.first["people"][0]
    store = Store.open(own.folder / "data", str(own.server.portal.portal_id))
    with store.run_lock():
        # No run waits for an answer.
        asked, busy = own("forget", email), own("forget", email, "--yes")
    done = own("forget", email, "--yes", "--json")
    again = own("forget", record_id, "--yes")
    unknown = own("forget", "nobody@nowhere.example", "--yes")

    assert (asked.code, busy.code, done.code, again.code, unknown.code) == (3, 6, 0, 2, 2)
    assert "say --yes" in asked.text
    assert {"record", "score_history"} <= done.json["erased"].keys()
    assert "HubSpot itself is not touched" in done.json["note"]
    assert "was erased already" in again.text
    assert "Nothing is known of 'nobody@nowhere.example'" in unknown.text
    with own.server.portal.lock:
        portal = own.server.portal
        portal.set("contacts", record_id, {"hubsync_engagement_score": "1"}, at=portal.now)
    assert own("sync", "--full").code in (0, 3)
    with store.read() as reader:
        assert reader.find_record("contacts", record_id) is None
        assert reader.find_record("contacts", email) is None
    assert portal.objects["contacts"][record_id].properties["hubsync_engagement_score"] == "1"
    told = own("explain", "contacts", email)
    assert told.code == 2
    assert "was erased on" in told.text
    assert "by `hubsync forget`" in told.text


def test_forget_says_what_it_erased(own: Desk) -> None:
    """The tables are listed for a person, with what is not touched."""
    record_id, _ = own.first["people"][1]
    said = own("forget", record_id, "--yes")

    assert said.code == 0
    assert "1 in record" in said.text
    assert "Backups that were made before still hold it" in said.text


def test_explain_says_that_somebody_is_gone(own: Desk) -> None:
    """Before the week is over explain tells until when, afterwards that it was erased and why."""
    assert own.server is not None
    record_id, _ = own.first["people"][2]
    own.server.portal.purge("contacts", record_id)
    assert own("plan", "--full").code in (0, 3)
    gone = own("explain", "contacts", record_id)
    requests.post(f"{own.server.url}/_emulator/clock", json={"days": 8}, timeout=30).raise_for_status()
    assert own("plan").code in (0, 3)
    erased = own("explain", "contacts", record_id)

    assert "is gone from HubSpot for good since" in gone.text
    assert "after HubSpot had deleted it for good" in erased.text
