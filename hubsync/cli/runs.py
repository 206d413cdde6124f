"""`hubsync runs`: what happened."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from hubsync.cli import render
from hubsync.cli.options import Json, PortalId, settings
from hubsync.cli.output import clean, emit, moment, screen
from hubsync.workspace import only_store

_STYLES = {"ok": "green", "partial": "yellow", "held": "yellow", "failed": "red"}

_REASON = 60
_COUNTS = {"records_scored": "scored", "changes": "changes", "written": "written", "rejected": "refused"}


def runs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many, the newest first.")] = 20,
    portal: PortalId = None,
    json: Json = False,
) -> None:
    """List the runs, the newest first."""
    store = only_store(settings(), portal)
    with store.read() as reader:
        found = reader.runs(limit)
    if json:
        emit({"portal_id": store.portal_id, "runs": found})
        return
    numbers = [f"#{title}" for title in (*_COUNTS.values(), "calls")]
    made = render.table("run", "command", "status", "started", *numbers, "")
    for column in made.columns[:4]:
        column.no_wrap = True
    for run in found:
        counts = [f"{run.counts.get(name, 0):,}" for name in _COUNTS]
        made.add_row(
            run.run_id, run.command, Text(run.status, style=_STYLES.get(run.status, "")),
            moment(run.started_at), *counts, f"{run.calls:,}", clean(run.reason, _REASON),
        )  # fmt: skip
    screen().print(made)
