"""The right to work on a portal's database: one process at a time has it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubsync.errors import RunningError
from hubsync.store.trouble import on_disk

LOCK = "run.lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the right; the system takes it back when the process ends, however it ends.

    Raises RunningError naming the process that has it, and StoreError when the folder can't be written.
    """
    with on_disk(folder):
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with on_disk(folder):
            _take(descriptor)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        raise RunningError(
            f"Another run, or other work on the database, is going on in process {holder}; wait until it ends, or end"
            " it, and try again."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
