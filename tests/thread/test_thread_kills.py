"""Runs that end by SIGKILL, anywhere, also again and again: one more run ends where an undisturbed one does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from forked_given import Cut
from kills_given import (
    AS_OF,
    BEFORE,
    Drop,
    Revisions,
    Scores,
    counted_commits,
    history_of,
    killed_at,
    revisions,
    scores_in,
    start,
    written_in,
)
from thread_given import Thread
from thread_small import At, small_thread, write_portal

from hubsync.emulator.faults import Fault
from hubsync.store import Store
from hubsync.store.migrations import MIGRATIONS

WIDE = ("hubsync.yaml", "api:", "guards: {tier_changes: 100 %, acting_tier: 100 %}\napi:")


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
        commits = counted_commits(thread)
        scores, history = scores_in(thread), history_of(thread)
        assert len(history) == sum(each["hubsync_lead"] is not None for each in scores["contacts"].values()) + 15
        yield Undisturbed(csv, scores, history, written_in(scores), thread.stats["calls"], commits)


def _heals(thread: Thread, undisturbed: Undisturbed) -> None:
    """One more run: nothing is in its way, nothing is written twice, and all is as if nothing had happened."""
    done = written_in(scores_in(thread))
    if Store.portals(thread.settings.data):
        with thread.store.run_lock(), thread.store.read() as reader:
            assert all(run.status in ("running", "ok") for run in reader.runs())
    result = thread.run(as_of=AS_OF)

    assert (result.status, result.rejected) == ("ok", 0), result.reason
    assert result.written == undisturbed.written - done
    assert scores_in(thread) == undisturbed.scores
    assert history_of(thread) == undisturbed.history


@pytest.mark.parametrize("point", range(5))
def test_a_run_killed_at_any_request_is_made_good_by_the_next(
    tmp_path: Path, undisturbed: Undisturbed, point: int
) -> None:
    """Killed while it waits for an answer, whether HubSpot does the work or not, the next run writes only the rest."""
    number = 1 + point * (undisturbed.calls - 2) // 3 if point < 4 else undisturbed.calls
    with small_thread(tmp_path, undisturbed.csv) as thread:
        assert killed_at(thread, number, "before" if point % 2 else "after")
        _heals(thread, undisturbed)


@pytest.mark.parametrize(("number", "committed"), [(1, False), (len(MIGRATIONS) + 1, True), (8, False), (11, True)])
def test_a_run_killed_inside_a_commit_is_made_good_by_the_next(
    tmp_path: Path, undisturbed: Undisturbed, number: int, *, committed: bool
) -> None:
    """Killed just before or just after a commit, the file can be read and the next run ends as if undisturbed."""
    assert number < undisturbed.commits
    with small_thread(tmp_path, undisturbed.csv) as thread:
        assert start(thread, Cut(number, committed)).end() == -signal.SIGKILL
        assert len(Store.portals(thread.settings.data)) == (number > 1), "a half made database stands in its place"
        _heals(thread, undisturbed)


def _move_on(thread: Thread) -> None:
    """Other values on all contacts, a merge, an archived contact, a new one, and a property of ours deleted."""
    portal = thread.server.portal
    thread.steer("clock", {"minutes": 10})
    with portal.lock:
        now = portal.now
        for id_, record in list(portal.objects["contacts"].items()):
            budget = "false" if record.properties.get("budget_ok") == "true" else "true"
            portal.set("contacts", id_, {"budget_ok": budget}, at=now)
        portal.merge("contacts", "1010", "1011", now)
        portal.archive("contacts", "1020", now)
        portal.put("contacts", {"email": "new@x1.example", "budget_ok": "true"}, at=now)
        portal.properties["companies"].archive("hubsync_account_why", "2026-09-21T14:00:00Z")
        for record in portal.objects["companies"].values():
            record.properties.pop("hubsync_account_why", None)


@dataclass(frozen=True)
class MovedOn:
    """What a second run leaves behind that nothing stopped, and how many calls and commits it takes."""

    scores: Scores
    history: list[tuple[Any, ...]]
    revisions: Revisions
    calls: int
    commits: int


@pytest.fixture(scope="module")
def moved_on(tmp_path_factory: pytest.TempPathFactory, undisturbed: Undisturbed) -> MovedOn:
    """A first run, changes in the portal, and a second run with nobody in its way."""
    with small_thread(tmp_path_factory.mktemp("moved"), undisturbed.csv, WIDE) as thread:
        assert thread.run(as_of=BEFORE).status == "ok"
        _move_on(thread)
        calls = thread.stats["calls"]
        commits = counted_commits(thread)
        scores, history = scores_in(thread), history_of(thread)
        assert len(history) > len(undisturbed.history) + 200
        return MovedOn(scores, history, revisions(thread), thread.stats["calls"] - calls, commits)


def _ends_as(thread: Thread, moved_on: MovedOn) -> None:
    result = thread.run(as_of=AS_OF)
    assert (result.status, result.rejected) == ("ok", 0), result.reason
    assert scores_in(thread) == moved_on.scores
    assert history_of(thread) == moved_on.history
    assert revisions(thread) == moved_on.revisions


def test_a_later_run_killed_again_and_again_at_requests_is_made_good(
    tmp_path: Path, undisturbed: Undisturbed, moved_on: MovedOn
) -> None:
    """Changes, a merge and a property deleted in HubSpot: after kills ever later, all is as after one quiet run."""
    with small_thread(tmp_path, undisturbed.csv, WIDE) as thread:
        thread.run(as_of=BEFORE)
        _move_on(thread)
        last = moved_on.calls
        points: list[tuple[int, Drop]] = [
            (2, "after"),
            (last // 2, "before"),
            (last - 3, "after"),
            (last - 2, "before"),
        ]
        kills = [killed_at(thread, number, drop) for number, drop in points]
        assert kills[:3] == [True] * 3
        _ends_as(thread, moved_on)


def test_a_later_run_killed_again_and_again_inside_commits_is_made_good(
    tmp_path: Path, undisturbed: Undisturbed, moved_on: MovedOn
) -> None:
    """Killed before or after ever later commits, the runs leave what one quiet run leaves."""
    with small_thread(tmp_path, undisturbed.csv, WIDE) as thread:
        thread.run(as_of=BEFORE)
        _move_on(thread)
        ends = [start(thread, Cut(number, committed=number % 4 == 0)).end() for number in range(2, moved_on.commits, 2)]
        # What one run has committed the next need not, so that the last of them may come to their end.
        killed = ends.count(-signal.SIGKILL)
        assert ends == [-signal.SIGKILL] * killed + [0] * (len(ends) - killed)
        assert killed >= 4
        _ends_as(thread, moved_on)


def test_two_workers_at_once(tmp_path: Path, undisturbed: Undisturbed) -> None:
    """Of two syncs one runs; the other ends at once with exit code 6, names its process, and disturbs nothing."""
    with small_thread(tmp_path, undisturbed.csv) as thread:
        first, halted = start(thread), threading.Event()

        def halt() -> None:
            first.send(signal.SIGSTOP)
            halted.set()

        thread.server.hub.faults = At(1, halt, "/crm/objects/2026-09/contacts")
        try:
            assert halted.wait(60)
            second = start(thread)
            code, said = second.end(), second.said
        finally:
            first.send(signal.SIGCONT)

        assert (code, f"process {first.pid}" in said) == (6, True), said
        assert first.end() == 0, first.said
        assert (scores_in(thread), history_of(thread)) == (undisturbed.scores, undisturbed.history)


def test_a_run_that_is_told_to_end_while_it_writes_ends_at_once(tmp_path: Path, undisturbed: Undisturbed) -> None:
    """SIGTERM waits for no slow answer: the run says that it was stopped, and the next one writes only the rest."""
    with small_thread(tmp_path, undisturbed.csv) as thread:
        process = start(thread)

        def end() -> Fault:
            process.send(signal.SIGTERM)
            return Fault(delay_ms=60_000)

        thread.server.hub.faults = At(2, end, "contacts/batch/update")
        code = process.end(within=30)
        with thread.store.read() as reader:
            stopped = reader.last_run()

        assert code == 130
        assert stopped is not None
        assert (stopped.status, stopped.reason) == ("failed", "It was stopped by hand.")
        done = written_in(scores_in(thread))
        assert thread.run(as_of=AS_OF).written == undisturbed.written - done
        assert (scores_in(thread), history_of(thread)) == (undisturbed.scores, undisturbed.history)
