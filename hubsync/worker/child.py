"""One run as a process of its own: followed by its signs of life, and ended when it hangs or the worker ends.

A process gives its memory back, can be ended whatever it does, and takes nothing with it when it breaks.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import orjson

from hubsync.scoring.unattended import Schedule

SIGN = "progress: "
"""How a line on stderr begins that says only that the run goes on."""

PATIENCE = 8.0
"""Seconds that a run has to end cleanly before it is killed, which is safe: the next run goes on from there."""

_TICK = 0.2

End = Literal["itself", "stopped", "silent", "long"]
"""A run ends by itself, because the worker ends, because it gave no sign of life, or because it took too long."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its exit code (negative: the signal that killed it), and the JSON object it printed."""

    code: int
    end: End
    seconds: float
    report: Mapping[str, Any] = field(default_factory=dict)


def sync_command(portal: str | None) -> list[str]:
    """The command of a run of this portal."""
    chosen = [] if portal is None else ["--portal", portal]
    return [sys.executable, "-m", "hubsync", *chosen, "sync", "--json", "--progress"]


class Child:
    """A run in progress."""

    def __init__(
        self,
        limits: Schedule,
        stopping: threading.Event,
        hear: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._stopping = stopping
        self._hear = hear
        self._clock = clock
        self._end: End = "itself"
        self._asked: float | None = None
        self._said = b""
        self._line = b""

    def follow(self, command: Sequence[str]) -> Ended:
        """Start the command and stay with it to its end."""
        began = self._sign = self._clock()
        # A session of its own: Ctrl-C on the worker's terminal reaches the run once, through the worker.
        with subprocess.Popen(  # noqa: S603 (the command is ours)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            assert process.stdout and process.stderr
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ, self._take_report)
                selector.register(process.stderr, selectors.EVENT_READ, self._take_line)
                while selector.get_map():
                    # Asked before: what it said last lies in its streams by then.
                    is_over = process.poll() is not None
                    if not self._listen(selector) and is_over:
                        break
                    self._watch(process, began)
            # Its streams may be closed while it still ends.
            while process.poll() is None:
                self._watch(process, began)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_TICK)
        # A last line need not have an end.
        self._take_line(b"\n")
        return Ended(process.returncode, self._end, round(self._clock() - began, 3), _object(self._said))

    def _listen(self, selector: selectors.BaseSelector) -> bool:
        ready = selector.select(_TICK)
        for key, _ in ready:
            stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
            if data := os.read(stream.fileno(), 65_536):
                key.data(data)
            else:
                selector.unregister(stream)
        return bool(ready)

    def _take_report(self, data: bytes) -> None:
        self._said += data

    def _take_line(self, data: bytes) -> None:
        self._sign = self._clock()
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").strip()
            if text and not text.startswith(SIGN):
                self._hear(text)

    def _watch(self, process: subprocess.Popen[bytes], began: float) -> None:
        now = self._clock()
        if self._asked is not None:
            if now - self._asked > PATIENCE:
                process.kill()
            return
        if self._stopping.is_set():
            self._end = "stopped"
        elif now - self._sign > self._limits.hangs_after.total_seconds():
            self._end = "silent"
        elif now - began > self._limits.longest_run.total_seconds():
            self._end = "long"
        else:
            return
        self._asked = now
        process.terminate()


def _object(said: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(said)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
