"""`hubsync export`: every table for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubsync.cli import render
from hubsync.cli.options import Json, settings
from hubsync.cli.output import emit, screen
from hubsync.store.export import MANIFEST
from hubsync.store.export import export as write
from hubsync.workspace import only_store


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or does not exist.")],
    *,
    json: Json = False,
) -> None:
    """Write every table as a Parquet file, and a manifest of them, while no run goes on."""
    made = write(only_store(settings()), folder)
    if json:
        emit({"folder": folder, "portal_id": made.portal_id, "migration": made.migration, "rows": made.rows})
        return
    console = screen()
    table = render.table("table", "#rows", title=f"Portal {made.portal_id} in {folder}")
    for name, count in made.rows.items():
        table.add_row(f"{name}.parquet", f"{count:,}")
    console.print(table)
    console.print(f"{MANIFEST} says the same for programs. {made.note}", soft_wrap=True)
