"""Streams side by side: commits, errors and interrupts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from hubsync.errors import RemoteError, ScopeError
from hubsync.pull.flow import ROWS, Flow, Stream
from hubsync.store import Writer
from hubsync.types import Batch, RecordRow

THEN = datetime(2026, 1, 1)


@dataclass
class Given:
    """A stream of so many batches of so many records, which may end badly or wait for ever."""

    name: str
    count: int = 1
    size: int = 1
    error: BaseException | None = None
    blocks: bool = False
    total: int | None = None
    gate: threading.Event = field(default_factory=threading.Event)

    def batches(self) -> Iterator[Batch]:
        for number in range(self.count):
            yield Batch(self.name, records=[RecordRow("contacts", f"{number}-{i}", THEN, {}) for i in range(self.size)])
        if self.blocks:
            self.gate.wait(30)
        if self.error is not None:
            raise self.error

    def finish(self, writer: Writer) -> None:
        raise NotImplementedError


@dataclass
class Taken:
    """What was committed: rows of each commit, and the streams that were finished."""

    commits: list[int] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)

    def __call__(self, batches: Sequence[Batch], ended: Sequence[Stream]) -> None:
        self.commits.append(sum(len(batch.records) for batch in batches))
        self.finished += [stream.name for stream in ended]


def test_commits_are_few_and_whole() -> None:
    """Rows are committed when enough have come, and at the end; every stream is finished once."""
    taken = Taken()
    flow = Flow([Given("a", 30, 500), Given("b", 3)], taken)
    flow.run()
    assert flow.rows == {"a": 15_000, "b": 3}
    assert sum(taken.commits) == 15_003
    assert len(taken.commits) <= 4
    assert max(taken.commits) < ROWS + 500
    assert sorted(taken.finished) == ["a", "b"]


def test_slow_commits_are_fewer() -> None:
    """A page a second is committed every two seconds; where a commit takes three, every twelve."""
    now = [0.0]

    def turn(_stream: str, _rows: int, _total: int | None) -> None:
        now[0] += 1

    @dataclass
    class Slow(Taken):
        def __call__(self, batches: Sequence[Batch], ended: Sequence[Stream]) -> None:
            super().__call__(batches, ended)
            now[0] += 3

    taken = Slow()
    Flow([Given("a", 38)], taken, turn, clock=lambda: now[0]).run()
    assert [rows for rows in taken.commits if rows] == [2, 12, 12, 12]


def test_a_forbidden_stream_ends_alone() -> None:
    """HubSpot's 403 ends one stream, which is not finished; the others go on."""
    taken = Taken()
    flow = Flow([Given("a", error=ScopeError("no")), Given("b")], taken)
    flow.run()
    assert taken.finished == ["b"]
    assert flow.forbidden.keys() == {"a"}


def test_an_error_commits_what_came() -> None:
    """Another error ends all streams; what came before it is committed, nothing is finished."""
    taken = Taken()
    waiting = Given("b", blocks=True)
    with pytest.raises(RemoteError):
        Flow([Given("a", 2, error=RemoteError("no")), waiting], taken).run()
    waiting.gate.set()
    assert sum(taken.commits) >= 2
    assert taken.finished == []


def test_an_interrupt_waits_for_nobody() -> None:
    """Ctrl-C ends the pull within two seconds, although a thread still waits for HubSpot."""

    def interrupted(_stream: str, _rows: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    waiting = Given("a", blocks=True)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Flow([waiting], Taken(), interrupted).run()
    assert time.monotonic() - started < 2
    waiting.gate.set()
