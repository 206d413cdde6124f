"""Threads that read the ranges of a list side by side, and hand over their pages to one reader."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from hubsync.crm import RecordPage

_LISTEN = 0.2


class Range(Protocol):
    """What a lane reads: from `after` on, until it ends."""

    after: str | None

    def ends(self, cursor: str | None) -> bool:
        """Whether the page at this cursor lies beyond the range."""
        ...


R = TypeVar("R", bound=Range)


class Lanes(Generic[R]):
    """So many threads; each takes a range that waits, and one that `cut` gives when none is left."""

    def __init__(self, number: int, page: Callable[[R, str | None], RecordPage], cut: Callable[[], R | None]) -> None:
        self._number = number
        self._page = page
        self._cut = cut
        self._found: queue.Queue[tuple[R, RecordPage] | BaseException] = queue.Queue(2 * number)
        self._waiting: deque[R] = deque()
        self._more = threading.Condition()
        self._complete = False
        self._stop = threading.Event()

    def start(self, ranges: Iterator[R]) -> None:
        """Begin to read; the ranges are found in a thread of their own."""
        # Daemons, since a thread that waits for HubSpot must not keep an interrupted process alive.
        threading.Thread(target=self._guarded, args=(self._find, ranges), name="list-ranges", daemon=True).start()
        for number in range(self._number):
            threading.Thread(target=self._guarded, args=(self._work,), name=f"list-{number}", daemon=True).start()

    def take(self) -> tuple[R, RecordPage]:
        """The next page; raises what a thread raised."""
        item = self._found.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """Let the threads end by themselves."""
        self._stop.set()
        with self._more:
            self._more.notify_all()

    def _guarded(self, work: Callable[..., None], *given: Iterator[R]) -> None:
        try:
            work(*given)
        except BaseException as raised:  # noqa: BLE001 (it is raised again by the thread that takes)
            self._put(raised)

    def _find(self, ranges: Iterator[R]) -> None:
        for each in ranges:
            with self._more:
                self._waiting.append(each)
                self._more.notify()
            if self._stop.is_set():
                return
        with self._more:
            self._complete = True
            self._more.notify_all()

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            after, ended = taken.after, False
            while not ended and not self._stop.is_set():
                page = self._page(taken, after)
                self._put((taken, page))
                after, ended = page.next_after, taken.ends(page.next_after)

    def _next(self) -> R | None:
        with self._more:
            while not self._waiting and not self._complete and not self._stop.is_set():
                self._more.wait()
            if self._waiting and not self._stop.is_set():
                return self._waiting.popleft()
        return None if self._stop.is_set() else self._cut()

    def _put(self, item: tuple[R, RecordPage] | BaseException) -> None:
        while not self._stop.is_set():
            try:
                self._found.put(item, timeout=_LISTEN)
            except queue.Full:
                continue
            return
