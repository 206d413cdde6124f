"""`hubsync restore`: bring a backup back, without doing anything twice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubsync.cli.options import Json, settings
from hubsync.cli.output import emit, megabytes, moment, screen
from hubsync.store.upkeep import restore as bring_back


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `hubsync backup` made.")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Take the place of the database that is there; it is kept beside.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a backup the database of its portal; the next run pulls everything anew, and no play fires for the past."""
    done = bring_back(settings().data, file, force=force)
    made = done.backup
    if json:
        emit({"portal_id": made.portal_id, "file": made.file, "bytes": made.bytes, "rows": made.rows,
              "last_run": made.last_run, "last_run_at": made.last_run_at, "kept": done.kept,
              "erased": done.erased, "erasures_known": done.erasures_known})  # fmt: skip
        return
    console = screen()
    console.print(
        f"Portal {made.portal_id} is as it was at the run of {moment(made.last_run_at)}: {megabytes(made.bytes)},"
        f" {made.rows:,} rows.",
        style="bold", soft_wrap=True,
    )  # fmt: skip
    if done.kept is not None:
        console.print(
            f"The database that was there is kept as {done.kept}; delete it when all is well.", soft_wrap=True
        )
    if done.erased:
        console.print(f"Erased again, as they were since the backup: {done.erased:,} rows.", soft_wrap=True)
    if not done.erasures_known:
        console.print(
            "Whoever was erased after this backup was made is in the data again, since there was no newer database that"
            " could be read: run `hubsync forget` for them.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    console.print(
        "The next run pulls everything anew and compares with HubSpot's values. Plans from before are not written any"
        " more, and no play fires for what happened since. Look first: `hubsync plan`.",
        soft_wrap=True,
    )
