"""Runs in processes of their own that are killed at a request or inside a commit, and what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from thread_given import Thread
from thread_small import OWN, At

from hubsync.emulator.faults import Fault, Faults

AS_OF = datetime(2026, 9, 21, 20)
"""Later on the portal's day than any of these runs, so that all of them speak of the same moment."""
BEFORE = datetime(2026, 9, 21, 14, 5)
"""The moment of a first sync before that; what changes in HubSpot changes ten minutes later."""

ENTRY = """
from hubsync.cli import main
from hubsync.pull import flow
from hubsync.pull.sources import listing

listing.SERIAL, listing.SMALLEST, listing.LANES, flow.ROWS = 1, 100, 2, 100
"""
"""The command, which reads even a small list in ranges side by side, and commits each page."""

CUT = f"""{ENTRY}
import atexit, os, signal, sys
import duckdb

class Connection:
    commits = 0

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)

    def cursor(self):
        return Connection(self.real.cursor())

    def commit(self):
        Connection.commits += 1
        due = Connection.commits == {{number}}
        if due and not {{committed}}:
            os.kill(os.getpid(), signal.SIGKILL)
        self.real.commit()
        if due:
            os.kill(os.getpid(), signal.SIGKILL)

connect = duckdb.connect
duckdb.connect = lambda *given, **named: Connection(connect(*given, **named))
atexit.register(lambda: print(Connection.commits, file=sys.stderr))
main()
"""
"""The command, which kills itself before or after its n-th commit; what was committed is then still in the log file."""

Scores = dict[str, dict[str, dict[str, str | None]]]
Revisions = dict[tuple[str, str, str], int]
Drop = Literal["before", "after"]


def counted_commits(thread: Thread) -> int:
    process = start(thread, CUT.format(number=0, committed=False))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return int(said.split()[-1])


def start(thread: Thread, script: str = f"{ENTRY}main()") -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        **{name: str(value) for name, value in thread.environment.items()},
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    arguments = ("sync", "--yes", "--json", "--as-of", f"{AS_OF.isoformat()}Z")
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], env=environment, cwd=thread.folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def scores_in(thread: Thread) -> Scores:
    """What HubSpot holds; only after all calls of a killed process have been worked off."""
    _ = thread.stats
    return {object_: thread.in_hubspot(object_, names) for object_, names in OWN.items()}


def written_in(scores: Scores) -> int:
    return sum(any(values.values()) for records in scores.values() for values in records.values())


def history_of(thread: Thread) -> list[tuple[Any, ...]]:
    """All that was published, without the run that did it."""
    with thread.store.read() as reader:
        return reader._all(
            "SELECT object, record_id, model, version, score, tier, known_data, why, as_of"
            " FROM portal.score_history ORDER BY ALL"
        )


def killed_at(thread: Thread, number: int, drop: Drop) -> bool:
    """Run, and kill when the n-th call arrives, whether HubSpot does it or not; False if there are fewer calls."""
    process = start(thread)

    def kill() -> Fault:
        process.kill()
        process.wait()
        return Fault(drop=drop)

    thread.server.hub.faults = At(number, kill)
    process.communicate(timeout=60)
    thread.server.hub.faults = Faults()
    return process.returncode == -signal.SIGKILL


def revisions(thread: Thread) -> Revisions:
    """How often each property that hubsync writes was set in HubSpot."""
    portal = thread.server.portal
    with portal.lock:
        return {
            (object_, id_, name): len(record.history.get(name, ()))
            for object_, names in OWN.items()
            for id_, record in portal.objects[object_].items()
            for name in names
        }
