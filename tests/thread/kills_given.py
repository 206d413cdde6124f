"""Runs in processes of their own that are killed at a request or inside a commit, and what they leave behind."""

from __future__ import annotations

import signal
from datetime import datetime
from typing import Any, Literal

from forked_given import Cut, Forked
from thread_given import Thread
from thread_small import OWN, At

from hubsync.emulator.faults import Fault, Faults

AS_OF = datetime(2026, 9, 21, 20)
"""Later on the portal's day than any of these runs, so that all of them speak of the same moment."""
BEFORE = datetime(2026, 9, 21, 14, 5)
"""The moment of a first sync before that; what changes in HubSpot changes ten minutes later."""

Scores = dict[str, dict[str, dict[str, str | None]]]
Revisions = dict[tuple[str, str, str], int]
Drop = Literal["before", "after"]


def counted_commits(thread: Thread) -> int:
    process = start(thread)
    assert process.end() == 0, process.said
    return int(process.said.split()[-1])


def start(thread: Thread, cut: Cut | None = None) -> Forked:
    environment = {name: str(value) for name, value in thread.environment.items()}
    arguments = ("sync", "--yes", "--json", "--as-of", f"{AS_OF.isoformat()}Z")
    return Forked(arguments, environment, thread.folder, cut)


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
        process.send(signal.SIGKILL)
        process.end()
        return Fault(drop=drop)

    thread.server.hub.faults = At(number, kill)
    code = process.end()
    thread.server.hub.faults = Faults()
    return code == -signal.SIGKILL


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
