"""Calls side by side on threads that an interrupt does not have to wait for."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

GOODBYE = 2.0
"""Seconds that calls under way are given after an interrupt."""

P = ParamSpec("P")
T = TypeVar("T")


class Abreast:
    """Makes calls on threads of its own; leaving it waits for them, after an interrupt for a moment only.

    The executors of the standard library join their threads whatever happens, also when the process ends.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]

    def submit(self, call: Callable[P, T], *given: P.args, **named: P.kwargs) -> Future[T]:
        """Make a call as soon as a thread is free."""
        future: Future[T] = Future()

        def make() -> None:
            try:
                future.set_result(call(*given, **named))
            except BaseException as raised:  # noqa: BLE001 (it is raised again by who asks for the result)
                future.set_exception(raised)

        self._calls.put(make)
        return future

    def _work(self) -> None:
        while (make := self._calls.get()) is not None:
            make()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in self._threads:
            self._calls.put(None)
        interrupted = error is not None and not isinstance(error, Exception)
        last = time.monotonic() + GOODBYE
        for thread in self._threads:
            thread.join(max(0.0, last - time.monotonic()) if interrupted else None)
