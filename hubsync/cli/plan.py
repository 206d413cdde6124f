"""`hubsync plan`: what a sync would write, and that it would be allowed to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hubsync.approval import first_write, write_plan
from hubsync.cli import render
from hubsync.cli.options import AsOfText, Full, Json, as_of, settings
from hubsync.cli.output import counted, emit, moment, screen
from hubsync.cli.progress import Watch
from hubsync.cli.results import as_data, leave, show_budget, show_gaps, show_moves, show_segments, write_calls
from hubsync.errors import InputError, RunningError
from hubsync.journal import RunResult
from hubsync.pipeline import Options, run
from hubsync.store import Store
from hubsync.store.places import refuse_taken
from hubsync.types import Change, Plan
from hubsync.workspace import Workspace

SHOWN = 20


def plan(
    *,
    full: Full = False,
    as_of_text: AsOfText = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write all rows here, to approve them.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out if it exists.")] = False,
    record: Annotated[str | None, typer.Option(metavar="ID", help="Show the changes of this record alone.")] = None,
    no_pull: Annotated[bool, typer.Option("--no-pull", help="Score what was pulled last, to try settings.")] = False,
    json: Json = False,
) -> None:
    """Pull, score and plan; nothing is written to HubSpot. While a run goes on: the last finished plan."""
    if out is not None and record is not None:
        raise InputError("--out writes the whole plan, to be approved as it is; leave out --record.")
    if no_pull and full:
        raise InputError("--full pulls everything and --no-pull nothing; choose one.")
    given = settings()
    if out is not None:
        _check_place(out, given.data, force=force)
    with Workspace.open(given, as_of=as_of(as_of_text)) as workspace:
        try:
            with Watch(quiet=json) as watch:
                result = run(workspace, Options("plan", full=full, pull=not no_pull), watch)
        except RunningError as error:
            if out is not None or full or no_pull or as_of_text is not None:
                raise
            leave(_show_last(workspace, error, record, json=json))
        rows, calls = _rows(workspace, result, record)
        if out is not None and result.plan is not None:
            _write(workspace, result.plan, out)
        if json:
            emit(_data(workspace, result, rows, calls, out))
        else:
            _show(workspace, result, rows, calls, record, out)
    leave(result)


def _check_place(out: Path, data: Path, *, force: bool) -> None:
    """Refuse a place where the plan can't be written, before the pull; raises InputError."""
    if out.is_dir() or not out.absolute().parent.is_dir() or not os.access(out.absolute().parent, os.W_OK):
        raise InputError(f"The file {out} can't be written: there is no such folder, or it may not be written to.")
    refuse_taken(out, Store.files(data), force=force)


def _show_last(workspace: Workspace, busy: RunningError, record: str | None, *, json: bool) -> RunResult:
    """While a run goes on: the last plan that was finished; raises `busy` when there is none."""
    with workspace.store.read() as reader:
        last = reader.last_planned_run()
        planned = reader.plan(last.run_id) if last is not None else None
    if last is None or planned is None:
        raise busy
    result = RunResult(last.run_id, last.as_of, last.status, planned, calls=0, reason=last.reason)
    rows, calls = _rows(workspace, result, record)
    if json:
        emit(_data(workspace, result, rows, calls, None) | {"running": str(busy)})
        return result
    console = screen()
    console.print(
        f"{busy} This is the last finished plan, of {moment(last.started_at)}.", style="yellow", soft_wrap=True
    )
    _show_plan(console, workspace, result, rows, record)
    return result


def _rows(workspace: Workspace, result: RunResult, record: str | None) -> tuple[list[Change], int]:
    with workspace.store.read() as reader:
        if record is None:
            rows = reader.plan_changes(result.run_id, SHOWN)
        else:
            rows = [row for row in reader.plan_changes(result.run_id) if row.record_id == record]
    return rows, write_calls(workspace.store, result.run_id)


def _write(workspace: Workspace, planned: Plan, file: Path) -> None:
    with workspace.store.read() as reader:
        rows = reader.plan_changes(planned.run_id)
    write_plan(file, planned, rows)


def _data(workspace: Workspace, result: RunResult, rows: list[Change], calls: int, out: Path | None) -> dict[str, Any]:
    return as_data(workspace, result) | {
        "held": result.plan.held if result.plan else False,
        "calls_to_write": calls,
        "rows": rows,
        "file": out,
    }


def _show(
    workspace: Workspace, result: RunResult, rows: list[Change], calls: int, record: str | None, out: Path | None
) -> None:
    console, planned = screen(), result.plan
    if planned is None:
        console.print(result.reason)
        return
    _show_plan(console, workspace, result, rows, record)
    show_gaps(console, result)
    console.print(f"Writing it would take about {counted(calls, 'API call')}.")
    show_budget(console, workspace, result)
    _show_end(workspace, result, out)


def _show_plan(
    console: Console, workspace: Workspace, result: RunResult, rows: list[Change], record: str | None
) -> None:
    planned = result.plan
    assert planned is not None
    console.print(
        f"Plan {planned.run_id}: {counted(planned.records_scored, 'record')} scored,"
        f" {counted(planned.changes, 'value')} would change on {counted(planned.records_changed, 'record')}.",
        style="bold", soft_wrap=True,
    )  # fmt: skip
    if rows:
        console.print(render.changes(rows))
    if record is not None and not rows:
        console.print(f"Nothing would change on record {record}.")
    if record is None and planned.changes > len(rows):
        console.print(f"... and {planned.changes - len(rows):,} more; `hubsync plan --out plan.csv` writes them all.")
    if record is None:
        show_moves(console, workspace.catalog, planned)
        for model in planned.new_models:
            console.print(f"The model {model} has a new version, which is the likely cause of its moves.")
        show_segments(console, workspace.catalog, planned)
        for model, day in planned.waiting.items():
            often = workspace.catalog.models[model].refresh if model in workspace.catalog.models else "again"
            console.print(f"{model} is refreshed {often}, next {day}; until then it keeps what was published.")
        console.print(render.guards(planned.guards))


def _show_end(workspace: Workspace, result: RunResult, out: Path | None) -> None:
    console = screen()
    if result.status == "partial":
        console.print(result.reason, style="yellow", soft_wrap=True)
    if result.status == "held":
        console.print(
            f"A sync would be held by the guards above. If the moves are right:"
            f" `hubsync sync --accept {result.run_id}`",
            style="bold red", soft_wrap=True,
        )  # fmt: skip
    if result.plan is not None and result.plan.first_write and result.plan.changes:
        console.print(f"{first_write(result.plan, workspace.account.portal_id)}.", style="yellow", soft_wrap=True)
    if out is not None:
        console.print(f"All rows are in {out}; `hubsync sync --plan {out}` writes exactly them.", soft_wrap=True)
    if workspace.as_of.day < workspace.present.day:
        console.print(f"This is as of {workspace.as_of.day}, a day of the past; such a plan is only for looking.")
    console.print("Nothing was written to HubSpot.", style="bold green")
