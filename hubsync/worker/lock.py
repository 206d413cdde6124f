"""The right to serve a data folder: one worker at a time has it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubsync.errors import BusyError
from hubsync.store.trouble import on_disk

LOCK = "worker.lock"


@contextmanager
def sole(data: Path) -> Iterator[None]:
    """Be the only worker on a data folder, which is made where it is missing; raises BusyError with the other's PID."""
    with on_disk(data):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            raise BusyError(
                f"Process {holder} serves {data} already; one worker is enough for all portals. End it first."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
