"""A run: pull, score, plan, push, and the record of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import orjson

from hubsync.approval import Approved
from hubsync.errors import HeldError, HubsyncError, InputError, ScopeError, StoreError
from hubsync.plan import PULL_GUARD, Circumstances, any_held, footprints, keep, plan
from hubsync.provision import provision
from hubsync.pull import PullResult, feeds_of, pull
from hubsync.push import Pushed, push
from hubsync.score import score
from hubsync.scoring.model import CompiledModel
from hubsync.scoring.requirements import requirements
from hubsync.scoring.sources import Feeds
from hubsync.store import UsedModel, Writer
from hubsync.types import Plan, RunStatus
from hubsync.workspace import Workspace


class Listener(Protocol):
    """Hears how a run goes on."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def rows(self, stream: str, rows: int, total: int | None) -> None:
        """So many rows of a stream are through, of how many if that is known."""

    def note(self, text: str) -> None:
        """Something a person should know."""


@dataclass(frozen=True)
class Options:
    """What kind of run: `write` pushes; the first write to a portal needs `yes` or a `confirm` that says so."""

    command: str
    full: bool = False
    pull: bool = True
    write: bool = False
    yes: bool = False
    confirm: Callable[[Plan], bool] | None = None


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
        if self.scores:
            found |= {"scores": sum(self.scores.values()), "unreadable": sum(self.unreadable.values())}
        if self.plan is not None:
            found |= {"records_scored": self.plan.records_scored, "changes": self.plan.changes}
        return found


def run(workspace: Workspace, options: Options, listener: Listener) -> RunResult:
    """Run the stages on one portal; a held plan ends as status `held`, with nothing written.

    Raises BusyError while another run goes on, and what HubSpot or the database raise; the Run record says why.
    """
    if options.write and workspace.as_of.day < workspace.present.day:
        raise InputError("A past --as-of never writes to HubSpot; use `hubsync plan --as-of` to look at it.")
    run_id = new_run_id(workspace.as_of.now)

    def begin(writer: Writer) -> None:
        writer.start_run(run_id, options.command, workspace.as_of.now, workspace.present.now, full=options.full)

    with workspace.store.run_lock(), _recorded(workspace, run_id, begin) as result:
        feeds, held = _pull(workspace, options, listener, result)
        _score_and_plan(workspace, feeds, held, listener, result)
        if options.write:
            _push(workspace, options, listener, result)
        result.status = "partial" if held or result.reason else "ok"
        if held and not result.reason:
            result.reason = _held_sentence(held)
        if result.plan is not None and result.plan.held:
            result.status, result.reason = "held", any_held(result.plan.guards)
    return result


def push_approved(workspace: Workspace, approved: Approved, listener: Listener) -> RunResult:
    """Write exactly a stored plan, after HubSpot's values were found to be what the plan says they were."""

    def begin(writer: Writer) -> None:
        writer.resume_run(approved.run_id, workspace.present.now)

    _refuse_the_past(workspace, approved.run_id)
    with workspace.store.run_lock(), _recorded(workspace, approved.run_id, begin) as result:
        with workspace.store.read() as reader:
            result.plan = reader.plan(approved.run_id)
        _archive_accepted(workspace, result.plan)
        listener.stage("verify")
        approved.verify(workspace.store, workspace.client)
        listener.stage("push")
        provision(workspace.writer, workspace.catalog, dry_run=False)
        _take(result, _send(workspace, listener, approved.run_id))
        result.status = "partial" if result.reason else "ok"
    return result


def _refuse_the_past(workspace: Workspace, run_id: str) -> None:
    with workspace.store.read() as reader:
        planned = reader.run(run_id)
    if planned is not None and planned.as_of < planned.started_at:
        raise InputError(
            f"The plan of run {run_id} was made with a past --as-of, which is only for looking; make a new plan"
            " without it."
        )


def _archive_accepted(workspace: Workspace, accepted: Plan | None) -> None:
    """Believe a small listing that somebody accepted: what it did not show is archived, and not written to."""
    if accepted is None:
        return
    now = workspace.present.now
    with workspace.store.write() as writer:
        for guard in accepted.guards:
            if guard.held and guard.name.startswith(PULL_GUARD):
                writer.archive_missing(guard.name.removeprefix(PULL_GUARD), accepted.as_of, now)
        writer.skip_archived(accepted.run_id, "HubSpot shows this record no more.", now)


@contextmanager
def _recorded(workspace: Workspace, run_id: str, begin: Callable[[Writer], None]) -> Iterator[RunResult]:
    """Write the Run record at the start and at every kind of end."""
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
            _finish(workspace, result, started)
        raise
    _finish(workspace, result, started)


def _ending(error: BaseException) -> tuple[RunStatus, str]:
    if isinstance(error, HubsyncError):
        return "held" if isinstance(error, HeldError) else "failed", str(error)
    if isinstance(error, KeyboardInterrupt):
        return "failed", "It was stopped by hand."
    return "failed", "An unexpected error; see the output of the command."


def _finish(workspace: Workspace, result: RunResult, started: float) -> None:
    result.calls, result.seconds = workspace.calls, round(time.monotonic() - started, 3)
    with workspace.store.write() as writer:
        writer.finish_run(
            result.run_id, result.status, ended_at=_ended(workspace), counts=result.counts(),
            calls=result.calls, reason=result.reason,
        )  # fmt: skip


def _ended(workspace: Workspace) -> datetime:
    return workspace.client.transport.server_time or datetime.now(UTC).replace(tzinfo=None)


def new_run_id(now: datetime) -> str:
    """A run id that sorts by time: the moment and four random letters."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _pull(
    workspace: Workspace, options: Options, listener: Listener, result: RunResult
) -> tuple[Feeds, Mapping[str, str]]:
    if not options.pull:
        with workspace.store.read() as reader:
            return feeds_of(workspace.catalog, reader.sources()), {}
    listener.stage("pull")
    result.pulled = pull(
        workspace.client, workspace.store, workspace.catalog, workspace.present, workspace.account.portal_id,
        full=options.full, currency=workspace.account.currency, progress=listener.rows,
    )  # fmt: skip
    scored = {str(model.object) for model in workspace.catalog.on}
    if scored and scored <= result.pulled.unavailable.keys():
        raise ScopeError("Nothing can be scored: " + " ".join(sorted(set(result.pulled.unavailable.values()))))
    return result.pulled.feeds, result.pulled.held


def _score_and_plan(
    workspace: Workspace, feeds: Feeds, held: Mapping[str, str], listener: Listener, result: RunResult
) -> None:
    listener.stage("score")
    catalog = workspace.catalog
    vocabulary = catalog.vocabulary(workspace.as_of, feeds)
    models = catalog.compiled(vocabulary)
    needs = requirements(models, vocabulary)
    sources = [source for source in feeds.active.values() if source is not None]
    with workspace.store.scratch(workspace.as_of, sources, needs.objects, needs.links) as scratch:
        scores = score(scratch, models, vocabulary)
        untold = result.pulled.unreadable if result.pulled is not None else {}
        result.scores, result.unreadable = scores.records, {**untold, **scores.unreadable}
        listener.stage("plan")
        with workspace.store.read() as reader:
            used = reader.models()
        planned = plan(scratch, catalog, scores, vocabulary, _circumstances(workspace, result, held, used))
        with scratch.writing() as writer:
            keep(writer, planned)
            for model in models:
                _save_model(writer.save_model, workspace, model)
    result.plan = planned


def _save_model(save: Callable[[str, str, str, datetime], bool], workspace: Workspace, model: CompiledModel) -> None:
    declaration = orjson.dumps(model.declaration.model_dump(mode="json", by_alias=True)).decode()
    save(model.name, workspace.catalog.version(model.name), declaration, workspace.as_of.now)


def _circumstances(
    workspace: Workspace, result: RunResult, held: Mapping[str, str], used: list[UsedModel]
) -> Circumstances:
    pulled = result.pulled
    return Circumstances(
        result.run_id,
        pulled=pulled.records if pulled is not None else {},
        held=frozenset(held),
        calls_left=workspace.writer.transport.throttle.daily.state().left,
        footprints=footprints(used),
        existing=pulled.properties if pulled is not None else {},
    )


def _push(workspace: Workspace, options: Options, listener: Listener, result: RunResult) -> None:
    planned = result.plan
    if planned is None or planned.held:
        return
    if not planned.changes:
        with workspace.store.write() as writer:
            writer.publish(result.run_id, workspace.present.now)
        return
    if planned.first_write and not options.yes and not (options.confirm and options.confirm(planned)):
        raise HeldError(
            f"Nothing was written: this is the first write to portal {workspace.account.portal_id}, {planned.changes:,}"
            f" values on {planned.records_changed:,} records. Look at them with `hubsync plan --out plan.csv`, then"
            " write them with `hubsync sync --plan plan.csv` or `hubsync sync --yes`."
        )
    made = provision(workspace.writer, workspace.catalog, dry_run=False)
    if made.created:
        listener.note(f"Made {len(made.created)} properties in HubSpot: {', '.join(made.created)}.")
    listener.stage("push")
    _take(result, _send(workspace, listener, result.run_id))


def _send(workspace: Workspace, listener: Listener, run_id: str) -> Pushed:
    return push(
        workspace.store, workspace.writer, run_id, workspace.catalog.main.guards, workspace.present.now,
        lambda object_, count: listener.rows(f"write {object_}", count, None),
    )  # fmt: skip


def _take(result: RunResult, pushed: Pushed) -> None:
    result.written, result.rejected, result.reason = pushed.written, pushed.rejected, pushed.stopped


def _held_sentence(held: Mapping[str, str]) -> str:
    return "Held, their old values stay: " + "; ".join(f"{model}: {why}" for model, why in sorted(held.items()))


def approve(workspace: Workspace, *, run_id: str | None = None, file: Path | None = None) -> Approved:
    """The stored plan that a run id or a plan file names; raises InputError or HeldError when it does not fit."""
    store = workspace.store
    return Approved.of_file(store, file) if file is not None else Approved.of_run(store, run_id or "")
