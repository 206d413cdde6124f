from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from hubsync.scoring.unattended import Schedule
from hubsync.worker.child import SIGN, Child, End, Ended, sync_command

SIGNS = f"import sys, time\nsys.stderr.write('{SIGN}pull\\n')\n"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
SILENT = SIGNS + "time.sleep(600)"
BUSY = SIGNS + "while True: sys.stderr.write('progress: more\\n'); sys.stderr.flush(); time.sleep(0.05)"


def fast(times: float) -> Callable[[], float]:
    """A clock on which so many seconds pass in one."""
    return lambda: time.monotonic() * times


def follow(
    script: str, *, times: float = 1.0, stopping: threading.Event | None = None, limits: Schedule | None = None
) -> tuple[Ended, list[str]]:
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        if stopping and line == "ready":
            stopping.set()

    child = Child(limits or Schedule(), stopping or threading.Event(), hear, clock=fast(times))
    return child.follow([sys.executable, "-I", "-S", "-c", script]), heard


def test_a_run_reports_its_code_its_object_and_its_notes() -> None:
    """The one JSON object on stdout is the report; lines on stderr are heard, but for the signs of life."""
    script = SIGNS + "print('{\"run_id\": \"r1\",'); print('\"calls\": 3}'); sys.stderr.write('a note'); print(end='')"

    ended, heard = follow(script + "\nsys.stderr.write('\\n'); sys.exit(3)")

    assert (ended.code, ended.end, ended.report) == (3, "itself", {"run_id": "r1", "calls": 3})
    assert heard == ["a note"]


@pytest.mark.parametrize("said", ["", "no object", "[1]"])
def test_a_run_that_prints_no_object_has_an_empty_report(said: str) -> None:
    """A process that broke is known by its code alone."""
    ended, _ = follow(f"print({said!r}); raise SystemExit(1)")

    assert (ended.code, ended.report) == (1, {})


def test_a_last_line_without_an_end_is_heard() -> None:
    """What a run says last is heard, also where it was cut off."""
    _, heard = follow(SIGNS + "sys.stderr.write('Fatal')")

    assert heard == ["Fatal"]


def test_a_large_report_and_much_noise_block_nobody() -> None:
    """Both streams are read while the run goes on, also more than a pipe holds."""
    noise = "import sys\nfor _ in range(3000): sys.stderr.write('x' * 99 + '\\n')\n"
    script = noise + "print('{\"a\": \"' + 'y' * 300000 + '\"}')"

    ended, heard = follow(script)

    assert (len(ended.report["a"]), len(heard)) == (300_000, 3_000)


@pytest.mark.parametrize(
    ("script", "times", "end", "code"),
    [
        (SILENT, 2_000.0, "silent", -15),
        (DEAF + SILENT, 2_000.0, "silent", -9),
        (BUSY, 500.0, "long", -15),
    ],
)
def test_a_run_that_hangs_is_ended(script: str, times: float, end: End, code: int) -> None:
    """Silent or at work for too long, it is asked to end, and killed when it does not listen."""
    limits = Schedule(longest_run=timedelta(minutes=10)) if end == "long" else Schedule()

    ended, _ = follow(script, times=times, limits=limits)

    assert (ended.end, ended.code) == (end, code)
    assert 600 < ended.seconds < 60_000


def test_a_run_that_shows_signs_of_life_is_left_alone() -> None:
    """Half an hour counts from the last sign, not from the start."""
    script = SIGNS + "for _ in range(14): sys.stderr.write('progress: on\\n'); sys.stderr.flush(); time.sleep(0.1)"

    ended, _ = follow(script, times=1_500.0)

    assert (ended.end, ended.code) == ("itself", 0)
    assert ended.seconds > 1_800


@pytest.mark.parametrize(("script", "code"), [(SILENT, -15), (DEAF + SILENT, -9)])
def test_a_worker_that_ends_takes_its_run_along(script: str, code: int) -> None:
    """A run is asked to end at once, and killed when eight seconds were not enough."""
    said = "sys.stderr.write('ready\\n')\n"

    ended, _ = follow(script.replace("time.sleep", f"{said}time.sleep"), times=20.0, stopping=threading.Event())

    assert (ended.end, ended.code) == ("stopped", code)
    assert ended.seconds < 20 * 10


def test_the_command_names_the_portal_only_where_there_are_several() -> None:
    """A run is `hubsync sync` in the same Python, never told to write for the first time."""
    assert sync_command(None)[1:] == ["-m", "hubsync", "sync", "--json", "--progress"]
    assert sync_command("acme")[3:5] == ["--portal", "acme"]
    assert "--yes" not in sync_command("acme")
