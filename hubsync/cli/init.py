"""`hubsync init`: the starter configuration where somebody wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubsync.catalog import starter
from hubsync.cli.options import Json, settings
from hubsync.cli.output import emit, screen
from hubsync.errors import InputError
from hubsync.settings import Settings

_NEXT = """
Next:
  1. Make a service key in HubSpot (a private app's token works too) and put it into
     HUBSPOT_ACCESS_TOKEN, in {place}.
  2. Say in {folder}/portal.yaml what the models' words mean in your portal.
  3. {command} check       lists every mistake, and what your token and plan allow
  4. {command} plan        shows what would be written, and writes nothing
  5. {command} sync        writes it; the first time it asks
"""

_ENV = """\
# What only portal {portal} uses; anybody who can read this file can read the portal.
HUBSPOT_ACCESS_TOKEN=
# Or OAuth, with a refresh token of an app that is installed there:
# HUBSPOT_CLIENT_ID=
# HUBSPOT_CLIENT_SECRET=
# HUBSPOT_REFRESH_TOKEN=
"""


def init(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Where to; default HUBSYNC_CONFIG.")] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    json: Json = False,
) -> None:
    """Write the starter configuration: four scores, ready to use."""
    used = settings(new=True)
    target = folder or used.config
    files = write_starter(target, force=force)
    if used.portal is not None:
        write_secrets(used)
    if json:
        emit({"folder": str(target), "files": files})
        return
    console = screen()
    console.print(f"Wrote {len(files)} files to {target}:", soft_wrap=True)
    for file in files:
        console.print(f"  {file}")
    command = "hubsync" if used.portal is None else f"hubsync --portal {used.portal}"
    console.print(_NEXT.format(folder=target, place=used.place, command=command), soft_wrap=True)
    if target.absolute() != used.config.absolute():
        console.print(
            f"`{command}` reads {used.config}, not the folder just written: to use this one, put"
            f" HUBSYNC_CONFIG={target.absolute()} into {used.place}.", soft_wrap=True,
        )  # fmt: skip


def write_secrets(chosen: Settings) -> None:
    """Write a file for the portal's token that only its owner can read, unless it is there; raises InputError."""
    try:
        chosen.env_file.parent.mkdir(parents=True, exist_ok=True)
        chosen.env_file.touch(mode=0o600, exist_ok=False)
        chosen.env_file.write_text(_ENV.format(portal=chosen.portal), encoding="utf-8")
    except FileExistsError:
        return
    except OSError as error:
        raise InputError(f"{chosen.env_file} can't be written: {error.strerror}.") from error


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
