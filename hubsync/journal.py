"""The record of a run: how it began, how it ended, and what it counted."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from hubsync.errors import HeldError, HubsyncError, StoreError
from hubsync.pull import PullResult
from hubsync.store import RETAINED_ON, UNREADABLE, Horizons, Run, Writer
from hubsync.types import Plan, RunStatus
from hubsync.workspace import Workspace


@dataclass
class RunResult:
    """How a run ended: `reason` is a sentence for every status but ok."""

    run_id: str
    as_of: datetime
    status: RunStatus = "running"
    plan: Plan | None = None
    pulled: PullResult | None = None
    written: int = 0
    rejected: int = 0
    calls: int = 0
    reason: str = ""
    seconds: float = 0.0
    scores: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """The counts that the Run record keeps."""
        found = {"written": self.written, "rejected": self.rejected}
        if self.pulled is not None:
            found["listed"] = len(self.pulled.records)
        if self.scores:
            found |= {"scores": sum(self.scores.values()), "unreadable": sum(self.unreadable.values())}
        if self.plan is not None:
            found |= {"records_scored": self.plan.records_scored, "changes": self.plan.changes}
        return found


def new_run_id(now: datetime) -> str:
    """A run id that sorts by time: the moment and four random letters."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


@contextmanager
def recorded(
    workspace: Workspace, run_id: str, begin: Callable[[Writer], None], resumed: Run | None = None
) -> Iterator[RunResult]:
    """Write the Run record at the start and at every kind of end.

    The run of a plan that is `resumed` to be written stays as it was when nothing of it could be.
    """
    started = time.monotonic()
    result = RunResult(run_id, workspace.as_of.now)
    with workspace.store.write() as writer:
        begin(writer)
        writer.save_account(workspace.facts())
    try:
        yield result
    except BaseException as error:
        result.status, result.reason = _ending(error)
        # What went wrong is told even if the database is busy just now: the next run then says that this one broke off.
        with suppress(StoreError):
            if resumed is not None and _is_untouched(workspace, run_id):
                result.status, result.reason = resumed.status, _put_off(workspace, result.reason)
            _finish(workspace, result, started)
        raise
    _finish(workspace, result, started)


def _ending(error: BaseException) -> tuple[RunStatus, str]:
    if isinstance(error, HubsyncError):
        return "held" if isinstance(error, HeldError) else "failed", str(error)
    if isinstance(error, KeyboardInterrupt):
        return "failed", "It was stopped by hand."
    return "failed", "An unexpected error; see the output of the command."


def _is_untouched(workspace: Workspace, run_id: str) -> bool:
    with workspace.store.read() as reader:
        return reader.change_counts(run_id).keys() == {"planned"}


def _put_off(workspace: Workspace, reason: str) -> str:
    return (
        f"It was to be written on {_ended(workspace):%Y-%m-%d %H:%M} UTC, and nothing was: {reason.rstrip('.')}. It can"
        " still be approved."
    )


def _finish(workspace: Workspace, result: RunResult, started: float) -> None:
    result.calls, result.seconds = workspace.calls, round(time.monotonic() - started, 3)
    with workspace.store.write() as writer:
        writer.finish_run(
            result.run_id, result.status, ended_at=_ended(workspace), counts=result.counts(),
            calls=result.calls, reason=result.reason,
        )  # fmt: skip
        if result.scores:
            writer.set_meta(UNREADABLE, orjson.dumps(dict(result.unreadable)).decode())
        due = result.status != "failed" and writer.meta(RETAINED_ON) != str(workspace.present.day)
    if due:
        retention, present = workspace.catalog.main.retention, workspace.present
        with workspace.store.write() as writer:
            writer.retain(present.day, Horizons.of(present.day_start, **retention.model_dump()))


def _ended(workspace: Workspace) -> datetime:
    return workspace.client.transport.server_time or datetime.now(UTC).replace(tzinfo=None)
