"""`hubsync sync`: the whole run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hubsync.cli import render
from hubsync.cli.options import AsOfText, Full, Json, as_of, settings
from hubsync.cli.output import beside, clean, counted, emit, screen
from hubsync.cli.progress import Signs, Watch
from hubsync.cli.results import as_data, leave, reject_words, show_budget, show_moves
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
    if (accept is not None) + (plan_file is not None) > 1 or ((accept or plan_file) and (full or as_of_text)):
        raise InputError("--plan and --accept write a plan as it was made; use one of them, without --full or --as-of.")
    with Workspace.open(settings(), as_of=as_of(as_of_text)) as workspace:
        with Signs() if progress else Watch(quiet=json) as watch:
            if accept is not None or plan_file is not None:
                result = push_approved(workspace, approve(workspace, run_id=accept, file=plan_file), watch)
            else:
                options = Options("sync", full=full, write=True, yes=yes, confirm=_asks(workspace, watch, quiet=json))
                result = _run(workspace, options, watch, json=json)
        if json:
            emit(as_data(workspace, result))
        else:
            show(screen(), workspace, result)
    leave(result)


def _run(workspace: Workspace, options: Options, watch: Listener, *, json: bool) -> RunResult:
    """The run; with --json a first write that waits for a yes also says what waits. Raises typer.Exit then."""
    try:
        return run(workspace, options, watch)
    except HeldError as error:
        if not json:
            raise
        emit({"error": str(error), "kind": type(error).__name__, "mistakes": [], **_waiting(workspace)})
        raise typer.Exit(error.exit_code) from error


def _waiting(workspace: Workspace) -> dict[str, Any]:
    with workspace.store.read() as reader:
        last = reader.last_run()
        plan = reader.plan(last.run_id) if last else None
    if last is None:
        return {}
    held = RunResult(last.run_id, last.as_of, last.status, plan, calls=last.calls, reason=last.reason)
    return as_data(workspace, held)


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
            f"Run {result.run_id}: {counted(planned.records_scored, 'record')} scored,"
            f" {counted(planned.changes, 'value')} to change on {counted(planned.records_changed, 'record')}.",
            style="bold", soft_wrap=True,
        )  # fmt: skip
        show_moves(console, workspace.catalog, planned)
    if planned is not None and result.status == "held":
        _show_held(console, planned)
    else:
        console.print(f"Written: {counted(result.written, 'record')}. Refused by HubSpot: {result.rejected:,}.")
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
