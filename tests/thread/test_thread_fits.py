"""Fits in whole runs: made once and said, used until somebody fits anew, never made silently."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from thread_given import Thread
from thread_prepared import Prepared
from thread_small import small_thread, write_portal
from typer.testing import CliRunner

from hubsync.cli import app
from hubsync.scoring.explain import explain

HEALTH = """\
model: health
kind: weighted
object: companies
who: is_customer
outcome: renews
owner: cs-ops
measures:
  - {name: seats, value: seats_used, percent: 60, reason: uses many seats}
  - {name: sales, value: money_won, percent: 40, scale: min_max, reason: bought a lot}
leave_margin: 40
tiers: {red: {from: 0, worse: true}, yellow: {from: 40}, green: {from: 75}}
writes: {score: hubsync_health, tier: hubsync_health_tier, why: hubsync_health_why}
"""
VALUE = """\
model: value
kind: rfm
object: companies
who: is_customer
outcome: buys again
owner: cs-ops
recency: last_won
frequency: times_won
monetary: money_won
writes: {score: hubsync_value, tier: hubsync_value_segment, why: hubsync_value_why, code: hubsync_value_code}
"""
BOTH = """\
model: both
kind: points
object: companies
who: is_customer
outcome: stays
owner: cs-ops
rules: [{when: health >= 50, points: 50, reason: is healthy}]
writes: {score: hubsync_both}
"""
SIGNALS = """\
money_won: {label: money won in a year, sum: deal_won, within: 1 year}
times_won: {label: orders in a year, count: deal_won, within: 1 year}
last_won: {label: days since the last order, since: deal_won}
"""
OWN = ("hubsync_health", "hubsync_value", "hubsync_value_segment", "hubsync_value_code")


@dataclass(frozen=True)
class Fitted:
    """A portal after a plan and a sync, and what each of them said."""

    after: Prepared
    planned: list[str]
    synced: list[str]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Fifteen customers with seats and deals, a weighted model, an rfm model and one made of a fitted one."""
    folder = tmp_path_factory.mktemp("fitted")
    with small_thread(folder, write_portal(folder / "csv", contacts=20, companies=20)) as thread:
        config = thread.config
        (config / "hubsync.yaml").write_text("models: [both, health, value]\napi: {search_per_second: 5}\n")
        (config / "signals.yaml").write_text(SIGNALS)
        for old in (config / "models").iterdir():
            old.unlink()
        for name, text in (("health", HEALTH), ("value", VALUE), ("both", BOTH)):
            (config / "models" / f"{name}.yaml").write_text(text)
        thread.run("plan", write=False)
        planned = list(thread.heard.notes)
        thread.heard.notes.clear()
        thread.run()
        return Fitted(Prepared.of(thread), planned, thread.heard.notes)


@pytest.fixture
def thread(tmp_path: Path, fitted: Fitted) -> Iterator[Thread]:
    """That portal."""
    with fitted.after.thread(tmp_path) as made:
        yield made


def told(thread: Thread, *arguments: str) -> Any:
    """What a command says as JSON."""
    environment = {key: str(value) for key, value in thread.environment.items()}
    result = CliRunner().invoke(app, [*arguments, "--json"], env=environment)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def seats(thread: Thread, **values: int) -> None:
    """Somebody changes the seats of companies in HubSpot."""
    thread.later()
    for id_, value in values.items():
        answer = requests.patch(
            f"{thread.server.url}/crm/v3/objects/companies/{id_.strip('c')}",
            json={"properties": {"seats": value}},
            headers={"Authorization": f"Bearer {thread.server.token}"},
            timeout=10,
        )
        assert answer.ok, answer.text
    thread.later()


def test_a_fit_is_made_once_and_said(thread: Thread, fitted: Fitted) -> None:
    """The first plan fits and says so; the sync scores by that fit, and so does all that looks at it afterwards."""
    told_first = [note.partition(",")[0] for note in fitted.planned]
    again = thread.run()
    held = thread.in_hubspot("companies", OWN)
    found = {each["model"]: each for each in told(thread, "explain", "companies", "510")["models"]}
    with thread.store.read() as reader:
        used = {model.name: model.version for model in reader.models()}

    assert told_first == ["Fitted health on 15 companies", "Fitted value on 15 companies"]
    assert not [note for note in (*fitted.synced, *thread.heard.notes) if "Fitted" in note]
    assert (again.plan and again.plan.changes, again.written) == (0, 0)
    codes = [row["hubsync_value_code"] for row in held.values() if row["hubsync_value_code"]]
    assert (len(codes), {code[1:] for code in codes}) == (15, {"11", "21", "23", "24", "25"})
    assert str(found["health"]["score"]) == held["510"]["hubsync_health"]
    assert found["value"]["extras"] == {"code": held["510"]["hubsync_value_code"]}
    assert found["value"]["tier"] == held["510"]["hubsync_value_segment"]
    assert {name: told(thread, "sql", name)["version"] for name in used} == used
    assert_sums(thread)


def assert_sums(thread: Thread) -> None:
    """Every explanation adds up, by the stored fits."""
    with thread.scored() as (scratch, scores):
        assert not scores.notes
        for model in scores.models:
            columns = scratch.columns(model.relation)
            for row in scratch.execute(f'SELECT * FROM "{model.relation}"'):
                found = explain(model, dict(zip(columns, row, strict=True)))
                assert found.score is None or found.total == Decimal(found.score)


def test_fitting_anew_is_a_new_version(thread: Thread) -> None:
    """Data alone never moves the cut points; `hubsync fit` does, and the next plan names the models that it moves.

    Until then an explanation keeps the tier as a sync would: the leave margin counts within a version.
    """
    seats(thread, c518=100, c500=900)
    moved = thread.run("plan", write=False)
    before, tier = told(thread, "sql", "both")["version"], health_tier(thread)
    fitted = told(thread, "fit", "health")
    after = thread.run("plan", write=False)

    assert moved.plan is not None and moved.plan.new_models == ()
    assert (tier, health_tier(thread)) == ("green", "yellow")
    assert fitted["old"]["parameters"] != fitted["new"]["parameters"]
    assert fitted["old_version"] != fitted["new_version"] == told(thread, "sql", "health")["version"]
    assert after.plan is not None and set(after.plan.new_models) == {"health", "both"}
    assert told(thread, "sql", "both")["version"] != before
    assert told(thread, "fit", "health")["new_version"] == fitted["new_version"]
    assert "measures nothing: its scores need no fit." in refused(thread, "both")
    assert "Did you mean 'health'?" in refused(thread, "helth")


def health_tier(thread: Thread) -> str:
    """The tier of a company whose score has fallen below its tier."""
    (found,) = (each for each in told(thread, "explain", "companies", "518")["models"] if each["model"] == "health")
    assert found["score"] < 75
    return str(found["tier"])


def refused(thread: Thread, model: str) -> str:
    """Why a model can't be fitted."""
    result = CliRunner().invoke(app, ["fit", model], env={key: str(value) for key, value in thread.environment.items()})
    assert result.exit_code == 2
    return " ".join(result.stderr.split())


def test_a_look_into_the_past_stores_no_fit(thread: Thread, fitted: Fitted) -> None:
    """A plan as of a past day fits for itself alone; the next run of today fits anew and says so."""
    first = fitted.after.now.replace(tzinfo=None)
    thread.live(2)
    with thread.store.write() as writer:
        writer._connection.execute("DELETE FROM portal.model")

    thread.run("plan", write=False, as_of=first)

    assert [note.partition(".")[0] for note in thread.heard.notes if "Fitted" in note] == [
        f"Fitted {model} on 15 companies, for this look into the past alone" for model in ("health", "value")
    ]
    with thread.store.read() as reader:
        assert reader.models() == []


def test_a_fit_that_comes_out_the_same_stays_that_of_the_days_before(thread: Thread, fitted: Fitted) -> None:
    """Measured again without a change, a model keeps its cut points also in a look at the days between."""
    first = fitted.after.now.replace(tzinfo=None)
    thread.live(2)
    thread.run("plan", write=False)
    measured = told(thread, "fit", "health")
    thread.heard.notes.clear()

    thread.run("plan", write=False, as_of=first + timedelta(days=1))

    assert measured["old_version"] == measured["new_version"]
    assert thread.heard.notes == []
