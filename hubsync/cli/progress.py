"""Progress of a run on stderr: bars on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from hubsync.cli.output import beside
from hubsync.worker.child import SIGN

_SIGN_EVERY = 5.0


class Watch:
    """Listens to a run and shows how far it is; use it in a `with` block."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = beside()
        self._console.quiet = quiet
        self._counts: dict[str, int] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if self._console.is_terminal and not quiet:
            self._bars = Progress(
                TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                console=self._console, transient=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_stage()
        if self._bars:
            self._bars.stop()

    def stage(self, name: str) -> None:
        """A stage of the run begins."""
        self._close_stage()
        self._console.print(f"{name} ...", style="bold")
        if self._bars and not self._bars.live.is_started:
            self._bars.start()

    def rows(self, stream: str, rows: int, total: int | None) -> None:
        """So many rows of a stream are done, of `total` where that is known."""
        self._counts[stream] = rows
        if self._bars is None:
            return
        if stream not in self._tasks:
            self._tasks[stream] = self._bars.add_task(stream, total=total)
        self._bars.update(self._tasks[stream], completed=rows, total=total)

    def note(self, text: str) -> None:
        """Something worth saying happened."""
        self._console.print(f"  {text}", soft_wrap=True)

    def pause(self) -> None:
        """Leave the screen to a question; the next stage shows bars again."""
        self._close_stage()
        if self._bars:
            self._bars.stop()

    def _close_stage(self) -> None:
        if self._counts:
            done = ", ".join(f"{count:,} {stream}" for stream, count in sorted(self._counts.items()))
            self._console.print(f"  {done}", style="dim", soft_wrap=True)
        self._counts.clear()
        if self._bars:
            for task in self._tasks.values():
                self._bars.remove_task(task)
        self._tasks.clear()


class Signs(Watch):
    """Writes a line now and then, for a program that wants to see that the run goes on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(quiet=True)
        self._clock = clock
        self._last = 0.0
        self._beside = beside()

    def stage(self, name: str) -> None:
        """A stage of the run begins."""
        self._sign(name)

    def rows(self, stream: str, count: int, total: int | None) -> None:  # noqa: ARG002 (a listener is told it)
        """So many rows of a stream are done."""
        if self._clock() - self._last >= _SIGN_EVERY:
            self._sign(f"{count:,} {stream}")

    def note(self, text: str) -> None:
        """Something worth saying happened."""
        self._beside.print(text, soft_wrap=True)

    def _sign(self, text: str) -> None:
        # From the thread that does the work: when that stands still, so do the signs.
        self._last = self._clock()
        self._beside.print(f"{SIGN}{text}", soft_wrap=True)
