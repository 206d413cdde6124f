"""What HubSpot shows for a tier or a segment is what the configuration calls it, whoever changed that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from thread_given import Thread, Waits
from thread_prepared import Prepared
from thread_small import LEADS_ALONE, small_thread, write_config, write_portal
from typer.testing import CliRunner

from hubsync.cli import app
from hubsync.emulator import EmulatorServer, Options
from hubsync.errors import InputError

SEGMENTS = "hot: {object: contacts, label: Hot, when: interest >= 50}\ncold: {object: contacts, when: interest < 0}\n"
PLACES = ["contacts.hubsync_lead_tier", "contacts.hubsync_segments"]


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    """An empty portal, and models with tiers and segments."""
    write_config(tmp_path / "config")
    (tmp_path / "config" / "segments.yaml").write_text(SEGMENTS)
    with EmulatorServer(Options(port=0, empty=True)) as server:
        yield Thread(tmp_path, server)


def provision(thread: Thread, *more: str) -> Any:
    """What `hubsync provision` says."""
    environment = {key: str(value) for key, value in thread.environment.items()}
    said = CliRunner().invoke(app, ["provision", "--json", *more], env=environment)
    assert said.exit_code == 0, said.output
    return orjson.loads(said.stdout)


def ask(thread: Thread, name: str, options: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The options of a property of contacts, after somebody replaced them if any are given."""
    answer = requests.request(
        "PATCH" if options else "GET", f"{thread.server.url}/crm/v3/properties/contacts/{name}", timeout=30,
        json={"options": options} if options else None, headers={"Authorization": f"Bearer {thread.server.token}"},
    )  # fmt: skip
    answer.raise_for_status()
    return list(answer.json()["options"])


def labels(thread: Thread, name: str) -> dict[str, str]:
    """The label of each option, by value."""
    return {each["value"]: each["label"] for each in ask(thread, name)}


def test_a_label_that_changed_is_set_and_nothing_else(thread: Thread) -> None:
    """Renamed in the files or edited in HubSpot, it is set once; what somebody added stays as it is, in its place."""
    provision(thread)
    mine = {"value": "mine", "label": "By hand", "displayOrder": 0, "hidden": True, "description": "Not hubsync's"}
    hot, cold = ask(thread, "hubsync_segments")
    ask(thread, "hubsync_segments", [mine, {**hot, "displayOrder": 5}, {**cold, "label": "Edited"}])
    (thread.config / "segments.yaml").write_text(SEGMENTS.replace("label: Hot", "label: Very hot"))
    model = thread.config / "models" / "interest.yaml"
    model.write_text(model.read_text().replace("Hot (50+)", "Hot (from 50)"))
    dry = provision(thread, "--dry-run")
    before = labels(thread, "hubsync_segments")
    made, again = provision(thread), provision(thread)

    assert before == {"mine": "By hand", "hot": "Hot", "cold": "Edited"}
    assert [(each["relabelled"], each["refused"], each["extended"]) for each in (dry, made, again)] == [
        (PLACES, [], []), (PLACES, [], []), ([], [], []),
    ]  # fmt: skip
    assert set(PLACES) <= set(again["existing"])
    found = {each["value"]: each for each in ask(thread, "hubsync_segments")}
    assert found["mine"] == mine
    assert (found["hot"]["label"], found["hot"]["displayOrder"], found["cold"]["label"]) == ("Very hot", 5, "Cold")
    assert labels(thread, "hubsync_lead_tier") == {
        "unscored": "Unscored", "cold": "Cold", "warm": "Warm", "hot": "Hot (from 50)",
    }  # fmt: skip


def test_a_segment_that_is_gone_keeps_its_option_and_label(thread: Thread) -> None:
    """Records and lists may still name it: neither the option nor its label is touched when others are."""
    provision(thread)
    (thread.config / "segments.yaml").write_text(SEGMENTS.splitlines()[1].replace("{", "{label: Cooled down, "))

    assert provision(thread)["relabelled"] == PLACES[1:]
    assert labels(thread, "hubsync_segments") == {"hot": "Hot", "cold": "Cooled down"}


LIVING = "warm: {object: contacts, label: Warm people, when: interest >= 20}\n"
ANSWERS = {
    "wrong": {"status": 400, "body": {"status": "error", "message": "Option labels must be unique"}},
    "broken": {"status": 500},
    "dropped": {"drop": "before"},
    "locked": {"status": 423},
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A few contacts after their first sync, with a segment."""
    folder = tmp_path_factory.mktemp("labels")
    with small_thread(folder, write_portal(folder / "csv", contacts=8, companies=2), LEADS_ALONE) as made:
        (made.config / "segments.yaml").write_text(LIVING)
        assert made.run().status == "ok"
        return Prepared.of(made)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_label_that_hubspot_does_not_take_costs_no_score(lived: Prepared, tmp_path: Path, answer: str) -> None:
    """Scores and new options are written first; whatever HubSpot says to the labels afterwards is a note."""
    with lived.thread(tmp_path) as thread:
        (thread.config / "segments.yaml").write_text(LIVING.replace("people", "leads") + SEGMENTS.replace("50", "20"))
        thread.steer("faults", {"faults": [
            {"method": "PATCH", "path": "/crm/properties/.*/hubsync_segments", "after": 1, "times": None}
            | ANSWERS[answer]
        ]})  # fmt: skip
        result = thread.run(waits=Waits())
        held = thread.in_hubspot("contacts", ("hubsync_segments",))

        assert (result.status, result.rejected) == ("ok", 0), result.reason
        assert any("hot" in (each["hubsync_segments"] or "") for each in held.values())
        assert labels(thread, "hubsync_segments") == {"warm": "Warm people", "hot": "Hot", "cold": "Cold"}
        told = [note for note in thread.heard.notes if "contacts.hubsync_segments stay as they are" in note]
        assert len(told) == 1

        thread.steer("reset", {})
        thread.run()
        assert labels(thread, "hubsync_segments")["warm"] == "Warm leads"
        assert "Set the labels of the options of contacts.hubsync_segments." in thread.heard.notes


def test_a_label_may_go_to_a_new_option(lived: Prepared, tmp_path: Path) -> None:
    """Where HubSpot takes no label twice, the one that gives it up is renamed in the same call."""
    with lived.thread(tmp_path) as thread:
        (thread.config / "segments.yaml").write_text(
            LIVING.replace("people", "leads") + SEGMENTS.replace("label: Hot", "label: Warm people")
        )
        path = "/crm/properties/.*/hubsync_segments"
        thread.steer("faults", {"faults": [{"method": "PATCH", "path": path, **ANSWERS["wrong"]}]})

        assert thread.run().status == "ok"
        assert labels(thread, "hubsync_segments") == {"warm": "Warm leads", "hot": "Warm people", "cold": "Cold"}


def test_an_option_that_hubspot_does_not_take_is_named(lived: Prepared, tmp_path: Path) -> None:
    """Values without their option would be refused one by one: the run ends before, and says which property it is."""
    with lived.thread(tmp_path) as thread:
        (thread.config / "segments.yaml").write_text(LIVING + SEGMENTS)
        path = "/crm/properties/.*/hubsync_segments"
        thread.steer("faults", {"faults": [{"method": "PATCH", "path": path, **ANSWERS["wrong"]}]})

        with pytest.raises(InputError, match=r"another option for contacts\.hubsync_segments .*labels must be unique"):
            thread.run()
        assert thread.run().status == "ok"
