"""`hubsync advise`: which two or three scores this portal can feed."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from hubsync import advice
from hubsync.advice import FEW_CUSTOMERS, Advice, ModelAdvice
from hubsync.cli import render
from hubsync.cli.options import Json, refuse_unknown_model, settings
from hubsync.cli.output import clean, emit, screen
from hubsync.cli.progress import Watch
from hubsync.pull import estimate
from hubsync.workspace import Workspace

_SHOWN = 6
"""What a model lacks, in lines, before the rest is counted."""


def advise(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Show each rule of this model.")] = None,
    *,
    json: Json = False,
) -> None:
    """Say for every model what this portal knows, lacks and costs, and which two or three to begin with.

    It pulls what all models need into a database that it throws away, and writes nothing.
    """
    with Watch(quiet=json) as watch, Workspace.open(settings()) as workspace:
        if model is not None:
            refuse_unknown_model(model, workspace.catalog.models)
        expected = estimate(workspace.client, advice.everything_on(workspace.catalog), workspace.as_of)
        watch.note(f"All models together need about {expected.calls:,} calls, and what their events take.")
        watch.stage("pull")
        with TemporaryDirectory(prefix="hubsync-advise-") as folder:
            found = advice.advise(workspace, Path(folder), watch.rows)
    if json:
        emit(_data(found))
    else:
        show_advice(screen(), found, model)


def show_advice(console: Console, found: Advice, model: str | None) -> None:
    """The models in the order of how well they are fed, what they lack, and the recommendation; or one model."""
    console.print()
    if model is not None:
        for each in found.models:
            if each.model == model:
                _show_model(console, each)
        return
    made = render.table("model", "job", "#records", "#scored", "#known data", "#calls", "on", title="What each knows")
    for each in found.models:
        scored = each.scored / each.records if each.records else 0.0
        on = "on" if each.on else ""
        made.add_row(
            each.model, each.job or "", f"{each.records:,}", f"{scored:.0%}", f"{each.known_data:.0%}",
            f"{each.calls:,}", on,
        )  # fmt: skip
    console.print(made)
    console.print(
        "records: those the model is about. scored: of which enough is known. calls: a first pull for it alone."
    )
    _show_lacks(console, found)
    _show_recommended(console, found)
    console.print(f"{found.calls:,} calls were made, and nothing was written or kept.", soft_wrap=True)


def _show_lacks(console: Console, found: Advice) -> None:
    lacking: dict[str, list[str]] = {}
    for each in found.models:
        for lack in each.lacks:
            lacking.setdefault(lack, []).append(each.model)
    if not lacking:
        return
    made = render.table("what is lacking", "to", title="What would make them know more")
    for lack, models in sorted(lacking.items(), key=lambda pair: -len(pair[1])):
        made.add_row(clean(lack, 200), ", ".join(models))
    console.print(made)


def _show_recommended(console: Console, found: Advice) -> None:
    chosen = [each for name in found.recommended for each in found.models if each.model == name]
    if not any(each.records for each in found.models):
        console.print("The portal has no records that a model is about: there is nothing to judge by yet.",
                      style="bold", soft_wrap=True)  # fmt: skip
        return
    if not chosen:
        console.print(
            "None of the models would know half of what it needs here. Map the words and sources above first; the"
            " models of leads need least.", style="bold", soft_wrap=True,
        )  # fmt: skip
        return
    console.print("Begin with these, each for one job; two or three scores are enough:", style="bold")
    for each in chosen:
        of = f"{each.scored:,} of {each.records:,} {each.object}"
        console.print(f"  {each.model}: {each.outcome} ({of})", soft_wrap=True)
    on = [each.model for each in found.models if each.on and each not in chosen]
    beside = f", beside {', '.join(sorted(on))} that {'is' if len(on) == 1 else 'are'} on" if on else ""
    console.print(f"  In hubsync.yaml: models: [{', '.join(found.recommended)}]{beside}", soft_wrap=True)
    if 0 < found.customers < FEW_CUSTOMERS:
        console.print(
            f"With {found.customers:,} customers, keep to rules of five to eight signals, and check them against what"
            " happens for two quarters before anything is trained.", soft_wrap=True,
        )  # fmt: skip


def _show_model(console: Console, each: ModelAdvice) -> None:
    console.print(f"{each.model}: {each.outcome}", style="bold", soft_wrap=True)
    made = render.table("rule", "reason", "#weight", "#known", "#gives points")
    for rule in each.rules:
        known, gives = (f"{rule.known:.0%}", f"{rule.gives:.0%}") if rule.available else ("no source", "")
        made.add_row(rule.rule, rule.reason, f"{rule.weight:.0%}", known, gives)
    console.print(made)
    console.print(f"Events: {', '.join(each.events) or 'none'}.", soft_wrap=True)
    console.print(f"Properties: {', '.join(each.properties) or 'none'}.", soft_wrap=True)
    for lack in each.lacks[:_SHOWN]:
        console.print(f"  {lack}", soft_wrap=True)
    if len(each.lacks) > _SHOWN:
        console.print(f"  and {len(each.lacks) - _SHOWN} more")


def _data(found: Advice) -> dict[str, Any]:
    return {
        "recommended": found.recommended, "customers": found.customers, "calls": found.calls, "models": found.models,
    }  # fmt: skip
