"""`hubsync provision`: the properties that hubsync writes."""

from __future__ import annotations

from typing import Annotated

import typer

from hubsync.cli.options import Json, settings
from hubsync.cli.output import counted, emit, screen
from hubsync.errors import RemoteError
from hubsync.provision import GROUP, Provisioned, set_labels
from hubsync.provision import provision as make
from hubsync.workspace import Workspace


def provision(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made; make nothing.")] = False,
    json: Json = False,
) -> None:
    """Make the property group, the properties and their options, and set the options' labels."""
    with Workspace.open(settings()) as workspace:
        made = make(workspace.writer, workspace.catalog, dry_run=dry_run)
        if not dry_run:
            set_labels(workspace.writer, workspace.catalog, made)
        portal_id = workspace.account.portal_id
    if json:
        emit({
            "portal_id": portal_id, "dry_run": dry_run, "group": GROUP, "groups_created": made.groups_created,
            "created": made.created, "extended": made.extended, "relabelled": made.relabelled,
            "existing": made.existing, "conflicts": made.conflicts, "refused": made.refused,
        })  # fmt: skip
    else:
        _show(made, portal_id, dry_run=dry_run)
    if made.refused:
        raise typer.Exit(RemoteError.exit_code)


def _show(made: Provisioned, portal_id: str, *, dry_run: bool) -> None:
    console = screen()
    verb = "would be made" if dry_run else "made"
    for place in made.created:
        console.print(f"  {verb}: {place}", style="green")
    for place in made.extended:
        console.print(f"  options {'would be added' if dry_run else 'added'}: {place}", style="green")
    for place in made.relabelled:
        console.print(f"  labels {'would be set' if dry_run else 'set'}: {place}", style="green")
    for sentence in made.refused:
        console.print(f"  {sentence}", style="yellow", markup=False, soft_wrap=True)
    for place in made.existing:
        console.print(f"  there already: {place}", style="dim")
    console.print(
        f"Portal {portal_id}: {counted(len(made.created), 'property', 'properties')} {verb} in the group '{GROUP}',"
        f" {len(made.existing)} were there already.",
        soft_wrap=True,
    )
