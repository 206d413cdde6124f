"""`hubsync sync`: the whole run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hubsync.approval import first_write
from hubsync.cli import render
from hubsync.cli.options import AsOfText, Full, Json, as_of, settings
from hubsync.cli.output import beside, clean, counted, emit, screen
from hubsync.cli.progress import Signs, Watch
from hubsync.cli.results import as_data, leave, reject_words, show_budget, show_gaps, show_moves, show_segments
from hubsync.errors import HeldError, InputError
from hubsync.journal import RunResult
from hubsync.pipeline import Listener, Options, approve, push_approved, run
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
    progress: Annotated[
        bool, typer.Option("--progress", help="Say on stderr, in lines for a program, that the run goes on.")
    ] = False,
    json: Json = False,
) -> None:
    """Pull, score, plan, and write to HubSpot what changed; the first time it asks."""
    approved = accept is not None or plan_file is not None
    if approved and (full or as_of_text or (accept is not None and plan_file is not None)):
        raise InputError("--plan and --accept write a plan as it was made; use one of them, without --full or --as-of.")
    with Workspace.open(settings(), as_of=as_of(as_of_text)) as workspace:
        with Signs() if progress else Watch(quiet=json) as watch:
            if approved:
                result = push_approved(workspace, approve(workspace, run_id=accept, file=plan_file), watch)
            else:
                asks = FirstWrite(workspace, watch, quiet=json)
                options = Options("sync", full=full, write=True, yes=yes, confirm=asks)
                result = _run(workspace, options, watch, asks)
        if json:
            emit(as_data(workspace, result))
        else:
            show(screen(), workspace, result)
    leave(result)


@dataclass
class FirstWrite:
    """The question before the first write, where somebody is there to answer it; remembers what was asked about."""

    workspace: Workspace
    watch: Signs | Watch
    quiet: bool
    asked: RunResult | None = None

    def __call__(self, result: RunResult) -> bool:
        """Say what the first write is about, and ask for a yes."""
        self.asked = result
        if self.quiet or result.plan is None:
            return False
        show_gaps(beside(), result)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        self.watch.pause()
        beside().print(f"{first_write(result.plan, _named(self.workspace))}.", soft_wrap=True)
        try:
            return typer.confirm("Write them to HubSpot?", err=True)
        except typer.Abort:
            return False


def _run(workspace: Workspace, options: Options, watch: Listener, asks: FirstWrite) -> RunResult:
    """The run; with --json a first write that waits for a yes also says what waits. Raises typer.Exit then."""
    try:
        return run(workspace, options, watch)
    except HeldError as error:
        if not asks.quiet:
            raise
        waiting = as_data(workspace, asks.asked) if asks.asked is not None else {}
        emit({"error": str(error), "kind": type(error).__name__, "mistakes": [], **waiting})
        raise typer.Exit(error.exit_code) from error


def show(console: Console, workspace: Workspace, result: RunResult) -> None:
    """What a run did, and what stopped it."""
    planned = result.plan
    if planned is not None:
        console.print(
            f"Run {result.run_id}: {counted(planned.records_scored, 'record')} scored,"
            f" {counted(planned.changes, 'value')} to change on {counted(planned.records_changed, 'record')}.",
            style="bold", soft_wrap=True,
        )  # fmt: skip
        show_moves(console, workspace.catalog, planned)
        show_segments(console, workspace.catalog, planned)
    if planned is not None and result.status == "held":
        _show_held(console, planned)
    else:
        console.print(f"Written: {counted(result.written, 'record')}. Refused by HubSpot: {result.rejected:,}.")
    if result.rejected:
        for words, count in reject_words(workspace.store).items():
            console.print(f"  {count:,} x {clean(words, 200)}", soft_wrap=True)
    if result.status == "partial":
        console.print(result.reason, style="yellow", soft_wrap=True)
    show_gaps(console, result)
    show_budget(console, workspace, result)


def _named(workspace: Workspace) -> str:
    account = workspace.account
    return f"{account.portal_id} ({account.ui_domain}, {account.account_type})"


def _show_held(console: Console, planned: Plan) -> None:
    console.print(render.guards(planned.guards))
    console.print("Nothing was written: a guard holds this run. There are two ways on:", style="bold red")
    console.print("  look     `hubsync plan --out plan.csv`")
    console.print(f"  accept   `hubsync sync --accept {planned.run_id}`    (writes exactly this plan)")
