"""Scores under odd models and odd data, in whole runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from thread_given import Thread
from thread_small import LEADS_ALONE, small_thread, write_portal
from typer.testing import CliRunner

from hubsync.cli import app
from hubsync.emulator import EmulatorServer, Options


def told(thread: Thread, *arguments: str) -> Any:
    """What a command says as JSON."""
    environment = {key: str(value) for key, value in thread.environment.items()}
    result = CliRunner().invoke(app, [*arguments, "--json"], env=environment)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_explanation_names_the_tier_that_a_condition_gave(tmp_path: Path) -> None:
    """Also once it was published, a tier named by a condition is explained as HubSpot has it, and one that is left."""
    tiers = ("models/interest.yaml", "tiers:\n", "tiers:\n  vip: {when: tries >= 15}\n")
    with small_thread(tmp_path, write_portal(tmp_path / "csv", contacts=20, companies=4), tiers, LEADS_ALONE) as thread:
        thread.run()
        held = thread.in_hubspot("contacts", ("hubsync_lead_tier",))
        found = {}
        for id_ in ("1014", "1015", "1017"):
            (interest,) = told(thread, "explain", "contacts", id_)["models"]
            found[id_] = interest["tier"]

    assert found == {id_: held[id_]["hubsync_lead_tier"] for id_ in found}
    assert [tier == "vip" for tier in found.values()] == [False, True, False]


def test_advice_for_a_portal_without_records(tmp_path: Path) -> None:
    """An empty portal is told so, and sources are called by their objects, not by their numbers in events.yaml."""
    with EmulatorServer(Options(port=0, empty=True, plan="free")) as server:
        thread = Thread(tmp_path, server)
        (thread.config / "segments.yaml").unlink()
        for file in (thread.config / "models").iterdir():
            if file.stem not in ("customer", "engagement", "company_fit"):
                file.unlink()
        (thread.config / "hubsync.yaml").write_text("models: [customer]\napi: {search_per_second: 5}\n")
        environment = {key: str(value) for key, value in thread.environment.items()}
        said = CliRunner().invoke(app, ["advise"], env=environment)
        lacks = {lack for each in told(thread, "advise")["models"] for lack in each["lacks"]}

    assert said.exit_code == 0
    assert "The portal has no records that a model is about" in " ".join(said.stdout.split())
    assert "Begin with these" not in said.stdout and "Map the words" not in said.stdout
    assert "nps can't come from objects of feedback_submissions: it comes from objects of contacts" in lacks


COMMITTEE = """\
model: committee
kind: account
object: companies
outcome: agrees
owner: sales
engaged: {people: people_there, points: 16, up_to: 5}
stakeholders: {people: nobody_there, wanted: [2, 4], points: 10, each_further: 2}
writes: {score: hubsync_committee}
"""
SPREAD = """\
model: {name}
kind: weighted
object: companies
outcome: grows
owner: sales
measures: [{{name: size, value: {value}, percent: 100, reason: large}}]
writes: {{score: hubsync_{name}}}
"""
PEOPLE = """\
people_there: {object: companies, label: people, of: tried, over: contacts, take: sum}
nobody_there: {object: companies, label: nobody, value: people_there * 0}
tried: {object: contacts, label: tried at all, value: tries >= 0}
"""


def test_fitting_one_model_leaves_the_others_to_the_runs(tmp_path: Path) -> None:
    """What is fitted, told and stored is the model that was named; when nothing can be measured the old fit stays."""
    with small_thread(tmp_path, write_portal(tmp_path / "csv", contacts=10, companies=10)) as thread:
        for name in ("one", "other"):
            text = SPREAD.format(name=name, value="seats_used")
            (thread.config / "models" / f"{name}.yaml").write_text(text)
        main = thread.config / "hubsync.yaml"
        main.write_text(main.read_text().replace("[interest, account]", "[one]"))
        thread.run()
        main.write_text(main.read_text().replace("[one]", "[one, other]"))
        one = told(thread, "fit", "one")
        with thread.store.read() as reader:
            stored = {model.name for model in reader.models()}
        with thread.store.write() as writer:
            writer._connection.execute("UPDATE portal.record SET properties = '{}' WHERE object = 'companies'")
        environment = {key: str(value) for key, value in thread.environment.items()}
        said = CliRunner().invoke(app, ["fit", "one"], env=environment)

    assert [note.partition(",")[0] for note in one["notes"]] == ["Fitted one on 10 companies"]
    assert "other" not in stored
    assert "could not be fitted" in said.stdout
    assert "stays in use." in said.stdout
    assert "parameter" not in said.stdout


def test_steps_of_one_rule_are_one_rule_that_never_gives(tmp_path: Path) -> None:
    """A 5th engaged person that no company has is not worth a warning; known people that none has are, once."""
    with small_thread(tmp_path, write_portal(tmp_path / "csv", contacts=60, companies=60)) as thread:
        (thread.config / "models" / "committee.yaml").write_text(COMMITTEE)
        (thread.config / "signals.yaml").write_text(PEOPLE)
        for old in ("account", "interest"):
            (thread.config / "models" / f"{old}.yaml").unlink()
        main = thread.config / "hubsync.yaml"
        main.write_text(main.read_text().replace("[interest, account]", "[committee]"))
        thread.run()
        warned = [each for each in told(thread, "check")["warnings"] if "gives points to none" in each]

    assert [each.partition(" of committee")[0] for each in warned] == ["The rule 'stakeholders'"]
