"""The right to serve a data folder: one worker at a time has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubsync.errors import BusyError
from hubsync.store.lock import alone
from hubsync.store.trouble import on_disk

LOCK = "worker.lock"


@contextmanager
def sole(data: Path) -> Iterator[None]:
    """Be the only worker on a data folder, which is made where it is missing; raises BusyError with the other's PID."""

    def refusal(holder: str) -> BusyError:
        return BusyError(f"Process {holder} serves {data} already; one worker is enough for all portals. End it first.")

    with on_disk(data):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(data / LOCK, refusal):
        yield
