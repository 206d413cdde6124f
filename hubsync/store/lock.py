"""Rights that one process at a time has, as locks on files; above all to work on a portal's database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hubsync.errors import BusyError, RunningError
from hubsync.store.trouble import on_disk

LOCK = "run.lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the right to work on the database in a folder.

    Raises RunningError naming the process that has it, and StoreError when the folder can't be written.
    """
    with alone(folder / LOCK, _runs):
        yield


@contextmanager
def alone(file: Path, refusal: Callable[[str], BusyError]) -> Iterator[None]:
    """Hold the lock on a file; the system takes it back when the process ends, however it ends.

    Raises what `refusal` makes of the PID of the process that has it, and StoreError when the file can't be written.
    """
    with on_disk(file.parent):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with on_disk(file.parent):
            _take(descriptor, refusal)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, refusal: Callable[[str], BusyError]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        raise refusal(holder) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _runs(holder: str) -> RunningError:
    return RunningError(
        f"Another run, or other work on the database, is going on in process {holder}; wait until it ends, or end"
        " it, and try again."
    )
