"""The emulator as a process of its own, for as long as it is needed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

import orjson
import requests

from hubsync.errors import RemoteError

_ENDS_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """A running emulator: where it is, and the token that opens it."""

    url: str
    token: str

    def statistics(self) -> Mapping[str, Any]:
        """What was called, and how it was answered."""
        answer = requests.get(f"{self.url}/_emulator/stats", timeout=10)
        answer.raise_for_status()
        found: Mapping[str, Any] = orjson.loads(answer.content)
        return found


@contextmanager
def simulated_portal(options: Sequence[str]) -> Iterator[Simulated]:
    """Start `python -m hubsync.emulator` on a free port; it ends with the block, however that ends."""
    command = [sys.executable, "-m", "hubsync.emulator", "--port", "0", *options]
    with _ends_by_exception(signal.SIGTERM, signal.SIGHUP), _process(command) as process:
        yield _ready(process)


@contextmanager
def _ends_by_exception(*numbers: signal.Signals) -> Iterator[None]:
    """Let these signals unwind the stack, so that what was started is ended too."""
    before = {number: signal.signal(number, _leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _process(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    # A group of its own: Ctrl-C reaches hubsync alone, which still has its run to end.
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        _end(process)


def _ready(process: subprocess.Popen[str]) -> Simulated:
    line = process.stdout.readline() if process.stdout else ""
    try:
        found = orjson.loads(line)
        return Simulated(found["url"], found["token"])
    except (orjson.JSONDecodeError, KeyError) as error:
        said = process.stderr.read().strip() if process.stderr else ""
        last = said.splitlines()[-1] if said else "it said nothing"
        raise RemoteError(f"The simulated portal did not start: {last}") from error


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
