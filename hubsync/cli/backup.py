"""`hubsync backup`: a copy of everything that hubsync knows about a portal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubsync.cli.options import Json, settings
from hubsync.cli.output import emit, megabytes, moment, screen
from hubsync.store.upkeep import backup as copy
from hubsync.workspace import only_store


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup, such as hubsync-2026-09-21.duckdb.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
    json: Json = False,
) -> None:
    """Copy the database to a file while no run goes on, and read the copy through."""
    made = copy(only_store(settings()), file, force=force)
    if json:
        emit({"portal_id": made.portal_id, "file": made.file, "bytes": made.bytes, "rows": made.rows,
              "last_run": made.last_run, "last_run_at": made.last_run_at})  # fmt: skip
        return
    console = screen()
    console.print(
        f"Backup of portal {made.portal_id}: {made.file}, {megabytes(made.bytes)}, {made.rows:,} rows, up to the run of"
        f" {moment(made.last_run_at)}.",
        soft_wrap=True,
    )
    console.print("It holds personal data; an erasure in hubsync does not reach it.", style="dim")
