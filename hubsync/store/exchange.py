"""Folders of Parquet files beside the database, through which another engine is given rows and gives some back."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubsync.store.trouble import on_disk

_BEGINS = "exchange-"


@contextmanager
def exchange(folder: Path) -> Iterator[Path]:
    """An empty folder of this process and its user alone; it is gone afterwards.

    Those of processes that were killed are taken away here: what is in them is personal data.
    """
    with on_disk(folder):
        _take_away_left_over(folder)
        made = Path(tempfile.mkdtemp(prefix=_BEGINS, dir=folder))
        descriptor = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield made
    finally:
        os.close(descriptor)
        shutil.rmtree(made, ignore_errors=True)


def _take_away_left_over(folder: Path) -> None:
    for found in folder.glob(f"{_BEGINS}*"):
        descriptor = os.open(found, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(found, ignore_errors=True)
        finally:
            os.close(descriptor)
