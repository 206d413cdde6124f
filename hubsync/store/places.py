"""Places that a user names for a file: what must never be written over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hubsync.errors import InputError


def refuse_taken(file: Path, databases: Iterable[Path], *, force: bool) -> None:
    """Raise InputError unless a file may be made here.

    With `force` another file may be overwritten, but never a device, a pipe or a folder, and none of these databases,
    whatever the name or the link that leads to it.
    """
    if not file.exists():
        return
    if not file.is_file():
        raise InputError(f"{file} is no file but a folder, a device or a pipe; choose another name.")
    for database in databases:
        parts = (database, database.with_name(f"{database.name}.wal"))
        if any(part.exists() and file.samefile(part) for part in parts):
            raise InputError(f"{file} is the database itself; choose another place.")
    if not force:
        raise InputError(f"{file} exists already; choose another name, or overwrite it with --force.")
