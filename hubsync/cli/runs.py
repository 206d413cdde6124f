"""`hubsync runs`: what happened."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from hubsync.cli import render
from hubsync.cli.options import Json, settings
from hubsync.cli.output import clean, emit, screen
from hubsync.store import Run
from hubsync.workspace import only_store

_STYLES = {"ok": "green", "partial": "yellow", "held": "yellow", "failed": "red"}
_REASON = 500
_COUNTS = {"records_scored": "scored", "changes": "changes", "written": "written", "rejected": "refused"}


def runs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many, the newest first.")] = 20,
    json: Json = False,
) -> None:
    """List the runs, the newest first."""
    store = only_store(settings())
    with store.read() as reader:
        found = reader.runs(limit)
    if json:
        emit({"portal_id": store.portal_id, "runs": found})
    else:
        _show(screen(), found)


def _show(console: Console, found: list[Run]) -> None:
    """A table that fits 80 columns, and below it why runs ended as they did."""
    columns = {name: title for name, title in _COUNTS.items() if any(run.counts.get(name) for run in found)}
    made = render.table("run", "command", "status", "UTC", *(f"#{title}" for title in (*columns.values(), "calls")))
    made.padding = (0, 1, 0, 0)
    for column in made.columns[:4]:
        column.no_wrap = True
    for run in found:
        counts = [f"{run.counts.get(name, 0):,}" for name in columns]
        status = Text(run.status, style=_STYLES.get(run.status, ""))
        made.add_row(run.run_id, run.command, status, f"{run.started_at:%d %b %H:%M}", *counts, f"{run.calls:,}")
    console.print(made)
    reasons: dict[str, list[str]] = {}
    for run in found:
        if run.reason:
            reasons.setdefault(run.reason, []).append(run.run_id)
    for reason, ids in reasons.items():
        more = f" and {len(ids) - 1} before" if len(ids) > 1 else ""
        console.print(Text.assemble((ids[0] + more, "bold"), ": ", clean(reason, _REASON)), soft_wrap=True)
