from __future__ import annotations

from typing import Any

import pytest

from hubsync.scoring.unattended import Cause
from hubsync.worker.child import End, Ended
from hubsync.worker.facts import Facts
from hubsync.worker.verdict import judge

WELL = Facts()
LATE = Facts(stale=("logins", "emails"), rejects=3)


def ended(code: int, end: End = "itself", **report: Any) -> Ended:
    return Ended(code, end, 120.0, report)


def error(code: int, kind: str) -> Ended:
    return ended(code, error="It did not work.", kind=kind)


GUARD = {"name": "tier changes", "held": True, "message": "too many"}
SLACK = {**GUARD, "held": False}


@pytest.mark.parametrize(
    ("run", "facts", "status", "begun", "gone"),
    [
        (ended(0, status="ok"), WELL, "ok", {}, "failure token hung held first_write stale rejects"),
        (ended(0, status="ok"), LATE, "ok", {"stale", "rejects"}, "failure token hung held first_write"),
        (ended(0, status="ok"), None, "ok", {}, "failure token hung held first_write"),
        (ended(1, status="partial", models_held={"fit": "no scope"}), WELL, "partial", {"stale"},
         "failure token hung held first_write rejects"),
        (ended(1, status="partial", reason="The day's calls are used up."), WELL, "partial", {"failure"},
         "token hung held first_write stale rejects"),
        (ended(3, status="held", reason="too many", guards=[GUARD]), WELL, "held", {"held"},
         "failure token hung first_write"),
        (ended(3, error="Say yes.", kind="HeldError", guards=[SLACK]), WELL, "held", {"first_write"},
         "failure token hung held"),
        (error(3, "HeldError"), WELL, "held", {"first_write"}, "failure token hung held"),
        (error(4, "TokenError"), LATE, "failed", {"token"}, "hung"),
        (error(2, "ConfigError"), LATE, "failed", {"failure"}, "hung"),
        (error(5, "RemoteError"), LATE, "failed", {"failure"}, "hung"),
        (error(6, "StoreError"), LATE, "failed", {"failure"}, "hung"),
        (error(6, "BusyError"), LATE, "busy", {}, ""),
        (error(6, "RunningError"), LATE, "busy", {}, ""),
        (ended(1), LATE, "failed", {"failure"}, "hung"),
        (ended(-9), LATE, "failed", {"failure"}, "hung"),
        (ended(130), LATE, "stopped", {}, ""),
        (ended(130, "stopped"), LATE, "stopped", {}, ""),
        (ended(-9, "stopped"), LATE, "stopped", {}, ""),
        (ended(130, "silent"), LATE, "hung", {"hung"}, ""),
        (ended(-9, "long"), LATE, "hung", {"hung"}, ""),
    ],
)  # fmt: skip
def test_a_run_shows_causes_only_as_far_as_it_got(
    run: Ended, facts: Facts | None, status: str, begun: set[Cause], gone: str
) -> None:
    """Each end begins some causes, ends others, and leaves what it could not see as it was."""
    verdict = judge(run, facts)

    assert verdict.status == status
    assert {cause for cause, message in verdict.causes.items() if message} == set(begun)
    assert {cause for cause, message in verdict.causes.items() if message is None} == set(gone.split())


def test_a_database_that_is_busy_twice_in_a_row_is_a_failure() -> None:
    """Somebody's own run at the wrong moment alarms nobody, a forgotten process does."""
    assert judge(error(6, "BusyError"), WELL, busy_before=True).causes["failure"] == "It did not work."


@pytest.mark.parametrize(
    ("run", "facts", "cause", "words"),
    [
        (ended(-9), WELL, "failure", "signal 9; 9 is often a lack of memory"),
        (ended(1), WELL, "failure", "exit code 1"),
        (ended(0, status="ok"), LATE, "stale", "logins, emails"),
        (ended(0, status="ok"), LATE, "rejects", "values of 3 records"),
        (ended(0, status="ok"), Facts(rejects=1), "rejects", "values of 1 record;"),
        (ended(1, status="partial", models_held={"fit": "why"}), WELL, "stale", "old values stay: fit."),
        (ended(130, "silent"), WELL, "hung", "no sign of life any more and was ended after 2 minutes"),
        (ended(130, "long"), WELL, "hung", "longer than 'longest_run'"),
    ],
)
def test_a_cause_says_what_happened(run: Ended, facts: Facts, cause: Cause, words: str) -> None:
    """The sentence of an alert names what there is to look at."""
    assert words in str(judge(run, facts).causes[cause])
