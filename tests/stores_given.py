"""Databases that tests begin with."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hubsync.store import Store


@cache
def _made(portal: str) -> TemporaryDirectory[str]:
    folder = TemporaryDirectory()
    Store.open(Path(folder.name), portal)
    return folder


def empty_database(data: Path, portal: str) -> None:
    """Put the database of a portal that nothing was pulled from into a data folder.

    It is a copy: making one takes ten times as long.
    """
    shutil.copytree(_made(portal).name, data, dirs_exist_ok=True)
