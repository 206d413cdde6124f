"""Runs that end by SIGKILL, anywhere: one more run ends where an undisturbed one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from thread_given import Thread
from thread_small import OWN, At, small_thread, write_portal

from hubsync.emulator.faults import Fault
from hubsync.store import Store

AS_OF = datetime(2026, 9, 21, 20)
"""Later on the portal's day than any of these runs, so that all of them speak of the same moment."""

ENTRY = "from hubsync.cli import main; main()"

CUT = """
import atexit, os, signal, sys
import duckdb
from hubsync.cli import main

class Connection:
    commits = 0

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)

    def commit(self):
        Connection.commits += 1
        due = Connection.commits == {number}
        if due and not {committed}:
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


@dataclass(frozen=True)
class Undisturbed:
    """What a run leaves behind that nothing stopped, and how many calls and commits it takes."""

    csv: Path
    scores: Scores
    history: list[tuple[Any, ...]]
    written: int
    calls: int
    commits: int


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    """One first run, with nobody in its way."""
    folder = tmp_path_factory.mktemp("undisturbed")
    csv = write_portal(folder / "csv")
    with small_thread(folder, csv) as thread:
        commits = _counted_commits(thread)
        scores, history = _scores(thread), _history(thread)
        assert len(history) == sum(each["hubsync_lead"] is not None for each in scores["contacts"].values()) + 15
        yield Undisturbed(csv, scores, history, _written(scores), thread.stats["calls"], commits)


def _counted_commits(thread: Thread) -> int:
    process = _start(thread, CUT.format(number=0, committed=False))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return int(said.split()[-1])


def _start(thread: Thread, script: str = ENTRY) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        **{name: str(value) for name, value in thread.environment.items()},
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    arguments = ("sync", "--yes", "--json", "--as-of", f"{AS_OF.isoformat()}Z")
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], env=environment, cwd=thread.folder, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def _scores(thread: Thread) -> Scores:
    """What HubSpot holds; only after all calls of a killed process have been worked off."""
    _ = thread.stats
    return {object_: thread.in_hubspot(object_, names) for object_, names in OWN.items()}


def _written(scores: Scores) -> int:
    return sum(any(values.values()) for records in scores.values() for values in records.values())


def _history(thread: Thread) -> list[tuple[Any, ...]]:
    """All that was published, without the run that did it."""
    with thread.store.read() as reader:
        return reader._all(
            "SELECT object, record_id, model, version, score, tier, known_data, why, as_of"
            " FROM portal.score_history ORDER BY ALL"
        )


def _heals(thread: Thread, undisturbed: Undisturbed) -> None:
    """One more run: nothing is in its way, nothing is written twice, and all is as if nothing had happened."""
    done = _written(_scores(thread))
    if Store.portals(thread.settings.data):
        with thread.store.run_lock(), thread.store.read() as reader:
            assert all(run.status in ("running", "ok") for run in reader.runs())
    result = thread.run(as_of=AS_OF)

    assert (result.status, result.rejected) == ("ok", 0), result.reason
    assert result.written == undisturbed.written - done
    assert _scores(thread) == undisturbed.scores
    assert _history(thread) == undisturbed.history


@pytest.mark.parametrize("point", range(6))
def test_a_run_killed_at_any_request_is_made_good_by_the_next(
    tmp_path: Path, undisturbed: Undisturbed, point: int
) -> None:
    """Killed while it waits for an answer, whether HubSpot does the work or not, the next run writes only the rest."""
    number = 1 + point * (undisturbed.calls - 2) // 4 if point < 4 else undisturbed.calls - 5 + point
    with small_thread(tmp_path, undisturbed.csv) as thread:
        process = _start(thread)

        def kill() -> Fault:
            process.kill()
            process.wait()
            return Fault(drop="before" if point % 2 else "after")

        thread.server.hub.faults = At(number, kill)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        _heals(thread, undisturbed)


@pytest.mark.parametrize(("number", "committed"), [(1, False), (4, True), (6, True), (7, False), (8, True)])
def test_a_run_killed_inside_a_commit_is_made_good_by_the_next(
    tmp_path: Path, undisturbed: Undisturbed, number: int, *, committed: bool
) -> None:
    """Killed just before or just after a commit, the file can be read and the next run ends as if undisturbed."""
    assert number < undisturbed.commits
    with small_thread(tmp_path, undisturbed.csv) as thread:
        process = _start(thread, CUT.format(number=number, committed=committed))
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert len(Store.portals(thread.settings.data)) == (number > 1), "a half made database stands in its place"
        _heals(thread, undisturbed)
