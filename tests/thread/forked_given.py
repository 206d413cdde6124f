"""`sync` in processes of their own, forked from one that has imported hubsync: their start costs next to nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from hubsync.cli import main
from hubsync.pull import flow
from hubsync.pull.sources import listing

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["hubsync.cli"])


@dataclass(frozen=True)
class Cut:
    """The end of a process by its own hand: before or after its n-th commit."""

    number: int
    committed: bool


class Connection:
    """A connection to the database that kills its process; what was committed is then still in the log file."""

    cut: Cut | None = None
    commits = 0

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def cursor(self) -> Connection:
        """One more connection to the same database."""
        return Connection(self._real.cursor())

    def commit(self) -> None:
        """Commit, and kill the process where that is due."""
        Connection.commits += 1
        cut = self.cut if self.cut and self.cut.number == Connection.commits else None
        if cut and not cut.committed:
            os.kill(os.getpid(), signal.SIGKILL)
        self._real.commit()
        if cut:
            os.kill(os.getpid(), signal.SIGKILL)


def _said_by(pid: int, folder: Path) -> Path:
    return folder / f"said-{pid}"


def _run(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, cut: Cut | None) -> None:
    with _said_by(os.getpid(), folder).open("wb", buffering=0) as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.update(environment)
    sys.argv = ["hubsync", *arguments]
    # It reads even a small list in ranges side by side, and commits each page.
    listing.SERIAL, listing.SMALLEST, listing.LANES, flow.ROWS = 1, 100, 2, 100
    connect = duckdb.connect
    Connection.cut = cut
    duckdb.connect = lambda *given, **named: Connection(connect(*given, **named))  # type: ignore[assignment]
    try:
        main()
    finally:
        sys.stderr.write(f"\n{Connection.commits}\n")


class Forked:
    """A command that runs."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, cut: Cut | None = None
    ) -> None:
        self._folder = folder
        self._ending = threading.Lock()
        self._process = _FORKED.Process(target=_run, args=(arguments, environment, folder, cut))
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; it must not have ended."""
        os.kill(self.pid, number)

    def end(self, within: float = 60) -> int:
        """Wait for its end: the exit code, or the signal that killed it as a negative number."""
        # Two threads may wait for the end, and only one of them would be told how it came.
        with self._ending:
            self._process.join(within)
            if self._process.exitcode is None:
                self._process.kill()
                raise AssertionError(f"{self.pid} went on and on: {self.said}")
        return self._process.exitcode

    @property
    def said(self) -> str:
        """What it said on both streams, and at last how many commits it made."""
        return _said_by(self.pid, self._folder).read_text(encoding="utf-8")
