"""`hubsync demo`: the whole job against a simulated portal, and the proof that it held."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from hubsync.cli.demo_models import Choice, Example, Figures, examples, figures, switch_on
from hubsync.cli.demo_screen import show_demo
from hubsync.cli.emulate import Contacts, PlanName, PlanOption, Seed
from hubsync.cli.explaining import Scored, scored
from hubsync.cli.init import write_starter
from hubsync.cli.options import Json
from hubsync.cli.output import emit, screen
from hubsync.cli.progress import Watch
from hubsync.cli.results import as_data
from hubsync.cli.simulated import Simulated, simulated_portal
from hubsync.crm import Budget
from hubsync.journal import RunResult
from hubsync.pipeline import Options, run
from hubsync.provision import provision
from hubsync.settings import Settings
from hubsync.workspace import Workspace


@dataclass
class Demo:
    """What the demo did and found; `failures` says what did not hold."""

    result: RunResult
    second: RunResult
    data: dict[str, Any]
    properties: int
    pulled: Mapping[str, int]
    budget: Budget
    burst: int | None
    chosen: Choice
    figures: list[Figures] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    statistics: Mapping[str, Any] = field(default_factory=dict)
    explained: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


Models = Annotated[
    str | None,
    typer.Option("--models", metavar="A,B|all", help="Which of the models that ship, instead of those that are on."),
]


def demo(
    *,
    contacts: Contacts = 2_000,
    seed: Seed = 1,
    plan: PlanOption = PlanName.PRO,
    models: Models = None,
    json: Json = False,
) -> None:
    """Run everything against a simulated HubSpot: provision, pull, score, plan, push, and plan again."""
    started = time.monotonic()
    with Watch(quiet=json) as watch, TemporaryDirectory(prefix="hubsync-demo-") as folder:
        config = Path(folder) / "config"
        write_starter(config)
        chosen = switch_on(config, models)
        for sentence in chosen.left_out:
            watch.note(sentence)
        watch.stage(f"start a simulated portal with {contacts:,} contacts")
        with simulated_portal(["--contacts", str(contacts), "--seed", str(seed), "--plan", plan.value]) as portal:
            found = _run(portal, Path(folder), chosen, watch)
    found.seconds = round(time.monotonic() - started, 1)
    if json:
        emit(_data(found))
    else:
        show_demo(screen(), found)
    raise typer.Exit(1 if found.failures else 0)


def _settings(portal: Simulated, folder: Path) -> Settings:
    """Settings that the environment can't change: nothing of the demo may reach a real portal."""
    given: dict[str, Any] = {
        "HUBSPOT_ACCESS_TOKEN": portal.token,
        "HUBSPOT_BASE_URL": portal.url,
        "HUBSYNC_CONFIG": folder / "config",
        "HUBSYNC_DATA": folder / "data",
    }
    return Settings.only(given)


def _run(portal: Simulated, folder: Path, chosen: Choice, watch: Watch) -> Demo:
    settings = _settings(portal, folder)
    with Workspace.open(settings, catalog=chosen.catalog) as workspace:
        watch.stage("provision")
        made = provision(workspace.writer, workspace.catalog, dry_run=False)
        result = run(workspace, Options("demo", write=True, yes=True), watch)
        data = as_data(workspace, result)
        budget, burst = workspace.writer.transport.throttle.daily.state(), workspace.client.transport.rate.maximum
    with Workspace.open(settings, catalog=chosen.catalog) as workspace:
        watch.note("Now the same again: nothing changed, so nothing must be written.")
        second = run(workspace, Options("plan"), watch)
        with workspace.store.read() as reader:
            pulled = reader.counts()
        found = Demo(result, second, data, len(made.created), pulled, budget, burst, chosen)
        watch.stage("explain every score")
        with scored(workspace.catalog, workspace.store, workspace.as_of) as scores:
            _look(found, scores)
    found.statistics = portal.statistics()
    _judge(found)
    return found


def _look(found: Demo, scores: Scored) -> None:
    """Take the distributions, the examples, and every explanation's sum."""
    ranked = {}
    for model in scores.scores.models:
        values = scores.values(model)
        ranked[model.name] = [record_id for record_id, _ in values]
        found.figures.append(figures(scores, model, [score for _, score in values], found.chosen.usual))
        for explanation in scores.all(model):
            found.explained += 1
            if explanation.score is not None and explanation.total != explanation.score:
                found.failures.append(f"{model.name} does not add up for record {explanation.record_id}.")
    found.examples = examples(scores, ranked)


def _judge(found: Demo) -> None:
    result, second = found.result, found.second
    if result.status != "ok":
        found.failures.append(f"The run ended as {result.status}: {result.reason}")
    if result.rejected:
        found.failures.append(f"HubSpot refused {result.rejected:,} records.")
    if second.status != "ok" or second.plan is None or second.plan.changes:
        changes = second.plan.changes if second.plan else 0
        found.failures.append(
            f"The second plan is not empty: {changes:,} changes, status {second.status}. {second.reason}".strip()
        )


def _data(found: Demo) -> dict[str, Any]:
    return found.data | {
        "ok": not found.failures,
        "failures": found.failures,
        "pulled": found.pulled,
        "properties_made": found.properties,
        "models": [each.data() for each in found.figures],
        "left_out": found.chosen.left_out,
        "explanations_checked": found.explained,
        "examples": [
            {"title": each.title, "object": each.record.object, "record_id": each.record.record_id,
             "models": [one.data() for one in each.explained]}
            for each in found.examples
        ],
        "second_plan": {
            "changes": found.second.plan.changes if found.second.plan else None,
            "status": found.second.status,
            "calls": found.second.calls,
        },
        "api": {
            "calls": found.statistics.get("calls"),
            "peak_10s": found.statistics.get("peak_10s"),
            "peak_search_1s": found.statistics.get("peak_search_1s"),
            "by_status": found.statistics.get("by_status"),
            "calls_left_today": found.budget.left,
            "limit_10s": found.burst,
            "limit_today": found.budget.limit,
        },
        "total_seconds": found.seconds,
    }  # fmt: skip
