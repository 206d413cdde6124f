"""`hubsync sync`: the whole run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hubsync.cli import render
from hubsync.cli.options import AsOfText, Full, Json, as_of, settings
from hubsync.cli.output import beside, clean, emit, screen
from hubsync.cli.progress import Watch
from hubsync.cli.results import as_data, leave, reject_words, show_budget, show_moves
from hubsync.errors import InputError
from hubsync.pipeline import Options, RunResult, approve, push_approved, run
from hubsync.types import Plan
from hubsync.workspace import Workspace

PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE.csv", help="Write exactly this approved plan, or refuse."),
]
Accept = Annotated[
    str | None, typer.Option(metavar="RUN", help="Write exactly the plan of this run, although a guard held it.")
]


def sync(
    *,
    full: Full = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write also when it is the first time.")] = False,
    plan_file: PlanFile = None,
    accept: Accept = None,
    as_of_text: AsOfText = None,
    json: Json = False,
) -> None:
    """Pull, score, plan, and write to HubSpot what changed; the first time it asks."""
    if (accept is not None) + (plan_file is not None) > 1 or ((accept or plan_file) and (full or as_of_text)):
        raise InputError("--plan and --accept write a plan as it was made; use one of them, without --full or --as-of.")
    with Workspace.open(settings(), as_of=as_of(as_of_text)) as workspace:
        with Watch(quiet=json) as watch:
            if accept is not None or plan_file is not None:
                result = push_approved(workspace, approve(workspace, run_id=accept, file=plan_file), watch)
            else:
                options = Options("sync", full=full, write=True, yes=yes, confirm=_asks(workspace, watch, quiet=json))
                result = run(workspace, options, watch)
        if json:
            emit(as_data(workspace, result))
        else:
            show(screen(), workspace, result)
    leave(result)


def _asks(workspace: Workspace, watch: Watch, *, quiet: bool) -> Callable[[Plan], bool] | None:
    """The question before the first write, where somebody is there to answer it."""
    if quiet or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def confirm(planned: Plan) -> bool:
        watch.pause()
        beside().print(
            f"This is the first write to portal {workspace.account.portal_id} ({workspace.account.ui_domain},"
            f" {workspace.account.account_type}): {planned.changes:,} values on {planned.records_changed:,} records.",
            soft_wrap=True,
        )
        try:
            return typer.confirm("Write them to HubSpot?", err=True)
        except typer.Abort:
            return False

    return confirm


def show(console: Console, workspace: Workspace, result: RunResult) -> None:
    """What a run did, and what stopped it."""
    planned = result.plan
    if planned is not None:
        console.print(
            f"Run {result.run_id}: {planned.records_scored:,} records scored, {planned.changes:,} values to change on"
            f" {planned.records_changed:,} records.",
            style="bold", soft_wrap=True,
        )  # fmt: skip
        show_moves(console, workspace.catalog, planned)
    if planned is not None and result.status == "held":
        _show_held(console, planned)
    else:
        console.print(f"Written: {result.written:,} records. Refused by HubSpot: {result.rejected:,}.")
    if result.rejected:
        for words, count in reject_words(workspace.store).items():
            console.print(f"  {count:,} x {clean(words, 200)}", soft_wrap=True)
    if result.status == "partial":
        console.print(result.reason, style="yellow", soft_wrap=True)
    show_budget(console, workspace, result)


def _show_held(console: Console, planned: Plan) -> None:
    console.print(render.guards(planned.guards))
    console.print("Nothing was written: a guard holds this run. There are two ways on:", style="bold red")
    console.print("  look     hubsync plan --out plan.csv")
    console.print(f"  accept   hubsync sync --accept {planned.run_id}    (writes exactly this plan)")
