"""Streams side by side on a few threads, one bounded queue, and the one thread that commits."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from hubsync.errors import HubsyncError, ScopeError, UnreachableError
from hubsync.pull.result import Progress
from hubsync.store import Writer
from hubsync.types import Batch

WORKERS = 12
ROWS = 10_000
SECONDS = 2.0
SHARE = 4
"""How many times as long as the last commit took to wait for the next: on a large portal a commit of scattered
records takes seconds, and pulling should not be spent on it."""

LONGEST = 30.0

_WAITING = 16
_LISTEN = 0.2
_GOODBYE = 1.0


class Stream(Protocol):
    """One way through HubSpot's pages; nothing of it is lost when it breaks off and begins again."""

    @property
    def name(self) -> str:
        """Its name, also that of its cursor."""
        ...

    @property
    def total(self) -> int | None:
        """Rows that are expected, None when nobody knows."""
        ...

    def batches(self) -> Iterator[Batch]:
        """What there is to pull, in pieces that are committed whole."""
        ...

    def finish(self, writer: Writer) -> None:
        """Write down, in the transaction of the last piece, that all of it has come."""
        ...


Commit = Callable[[Sequence[Batch], Sequence[Stream]], None]
"""Takes in batches, and finishes streams that ended, in one transaction."""


@dataclass(frozen=True, slots=True)
class _End:
    """A stream ended; with an error unless it ended well."""

    stream: Stream
    error: BaseException | None = None


class Flow:
    """Runs streams to their end."""

    def __init__(
        self,
        streams: Sequence[Stream],
        commit: Commit,
        progress: Progress | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._streams = {stream.name: stream for stream in streams}
        self._waiting = deque(streams)
        self._commit = commit
        self._progress = progress
        self._clock = clock
        self._queue: queue.Queue[Batch | _End] = queue.Queue(_WAITING)
        self._stop = threading.Event()
        self._buffer: list[Batch] = []
        self._ended: list[Stream] = []
        self._buffered = 0
        self._since = 0.0
        self._pause = SECONDS
        self.rows: dict[str, int] = dict.fromkeys(self._streams, 0)
        self.forbidden: dict[str, HubsyncError] = {}

    def run(self) -> None:
        """Pull and commit everything; a stream that is forbidden or out of reach ends alone, any other error ends all.

        What was pulled before an error is committed before the error is raised. An interrupt waits for no answer
        of HubSpot: the threads are left to end by themselves.
        """
        # Daemons, since a thread that waits for HubSpot must not keep an interrupted process alive.
        threads = [
            threading.Thread(target=self._work, name=f"pull-{number}", daemon=True)
            for number in range(min(WORKERS, len(self._waiting)))
        ]
        for thread in threads:
            thread.start()
        try:
            self._collect()
        finally:
            self._stop.set()
            last = self._clock() + _GOODBYE
            for thread in threads:
                thread.join(max(0.0, last - self._clock()))

    def _collect(self) -> None:
        open_streams = len(self._streams)
        while open_streams:
            try:
                item = self._queue.get(timeout=_LISTEN)
            except queue.Empty:
                self._flush_when_due()
                continue
            if isinstance(item, Batch):
                self._take(item)
            elif item.error is None:
                self._ended.append(item.stream)
                open_streams -= 1
            elif isinstance(item.error, ScopeError | UnreachableError):
                self.forbidden[item.stream.name] = item.error
                open_streams -= 1
            else:
                self._flush()
                raise item.error
            self._flush_when_due()
        self._flush()

    def _take(self, batch: Batch) -> None:
        if not self._buffer:
            self._since = self._clock()
        self._buffer.append(batch)
        self._buffered += len(batch.records) + len(batch.associations) + len(batch.events)
        self.rows[batch.stream] += len(batch.records) + len(batch.events)
        if self._progress is not None:
            self._progress(batch.stream, self.rows[batch.stream], self._streams[batch.stream].total)

    def _flush_when_due(self) -> None:
        if self._buffered >= ROWS or (self._buffer and self._clock() - self._since >= self._pause):
            self._flush()

    def _flush(self) -> None:
        if self._buffer or self._ended:
            began = self._clock()
            self._commit(self._buffer, self._ended)
            if not self._ended:
                # The end of a stream is more than a commit, and comes once.
                self._pause = min(max(SECONDS, SHARE * (self._clock() - began)), LONGEST)
        self._buffer, self._ended, self._buffered = [], [], 0

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                stream = self._waiting.popleft()
            except IndexError:
                return
            error: BaseException | None = None
            try:
                for batch in stream.batches():
                    if not self._put(batch):
                        return
            except BaseException as raised:  # noqa: BLE001 (it is raised again by the thread that collects)
                error = raised
            self._put(_End(stream, error))

    def _put(self, item: Batch | _End) -> bool:
        """Hand something over; False when nobody wants it any more."""
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_LISTEN)
            except queue.Full:
                continue
            return True
        return False
