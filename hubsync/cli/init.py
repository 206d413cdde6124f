"""`hubsync init`: the starter configuration where somebody wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubsync.catalog import starter
from hubsync.cli.options import Json, settings
from hubsync.cli.output import emit, screen
from hubsync.errors import InputError

_NEXT = """
Next:
  1. Make a service key in HubSpot (a private app's token works too) and put it into
     HUBSPOT_ACCESS_TOKEN, in the environment or in .env.
  2. Say in {folder}/portal.yaml what the models' words mean in your portal.
  3. hubsync check       lists every mistake, and what your token and plan allow
  4. hubsync plan        shows what would be written, and writes nothing
  5. hubsync sync        writes it; the first time it asks
"""


def init(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Where to; default HUBSYNC_CONFIG.")] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    json: Json = False,
) -> None:
    """Write the starter configuration: four scores, ready to use."""
    target = folder or settings().config
    files = write_starter(target, force=force)
    if json:
        emit({"folder": str(target), "files": files})
        return
    console = screen()
    console.print(f"Wrote {len(files)} files to {target}:", soft_wrap=True)
    for file in files:
        console.print(f"  {file}")
    console.print(_NEXT.format(folder=target), soft_wrap=True)
    used = settings().config
    if target.absolute() != used.absolute():
        console.print(f"hubsync reads {used}; set HUBSYNC_CONFIG={target} to use this one.", soft_wrap=True)


def write_starter(folder: Path, *, force: bool = False) -> list[str]:
    """Write all files, or none when one is there already; raises InputError."""
    texts = starter()
    there = [name for name in texts if (folder / name).exists()]
    if there and not force:
        raise InputError(f"{folder} already has {', '.join(there)}; choose another folder, or add --force.")
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} can't be written: {error.strerror}; choose another folder.") from error
    return sorted(texts)
