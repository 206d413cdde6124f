"""A run: pull, score, plan, push, and the record of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hubsync.approval import Approved, first_write
from hubsync.errors import HeldError, InputError, ScopeError
from hubsync.journal import RunResult, new_run_id, recorded
from hubsync.plan import PULL_GUARD, Circumstances, any_held, footprints, keep, plan, segment_writings
from hubsync.provision import Provisioned, changed_by_others, provision, set_labels
from hubsync.pull import PullResult, feeds_of, held_before, pull
from hubsync.push import SHOWN_NO_MORE, Pushed, push
from hubsync.score import open_scores, remember
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.scores import Scores
from hubsync.store import Reader, Run, Writer
from hubsync.types import Fit, Plan
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
    confirm: Callable[[RunResult], bool] | None = None


def run(workspace: Workspace, options: Options, listener: Listener) -> RunResult:
    """Run the stages on one portal; a held plan ends as status `held`, with nothing written.

    Raises BusyError while another run goes on, and what HubSpot or the database raise; the Run record says why.
    """
    if options.write and _past(workspace):
        raise InputError("A past --as-of never writes to HubSpot; use `hubsync plan --as-of` to look at it.")
    run_id = new_run_id(workspace.as_of.now)

    def begin(writer: Writer) -> None:
        writer.start_run(run_id, options.command, workspace.as_of.now, workspace.present.now, full=options.full)

    with workspace.store.run_lock(), recorded(workspace, run_id, begin) as result:
        feeds, held = _pull(workspace, options, listener, result)
        _score_and_plan(workspace, feeds, held, listener, result)
        if options.write:
            with _who_needs_it(workspace):
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

    planned = _refuse_the_past(workspace, approved.run_id)
    with workspace.store.run_lock(), recorded(workspace, approved.run_id, begin, planned) as result:
        with workspace.store.read() as reader:
            result.plan = reader.plan(approved.run_id)
        _archive_accepted(workspace, result.plan)
        listener.stage("verify")
        approved.verify(workspace.store, workspace.client)
        listener.stage("push")
        made = provision(
            workspace.writer, workspace.catalog, dry_run=False, left_out=_not_planned(workspace, result.plan)
        )
        _tell_made(listener, made)
        _send(workspace, listener, result)
        _label(workspace, listener, made)
        result.status = "partial" if result.reason else "ok"
    return result


def _refuse_the_past(workspace: Workspace, run_id: str) -> Run | None:
    with workspace.store.read() as reader:
        planned = reader.run(run_id)
    if planned is not None and planned.as_of < planned.started_at:
        raise InputError(
            f"The plan of run {run_id} was made with a past --as-of, which is only for looking; make a new plan"
            " without it."
        )
    return planned


def _not_planned(workspace: Workspace, plan: Plan | None) -> set[str]:
    """The models that an approved plan does not write: held ones, and those of objects without a change."""
    if plan is None:
        return set()
    objects = workspace.store.planned(plan.run_id).objects
    return {*plan.held_models, *(each for each, (of, _) in workspace.catalog.written.items() if of not in objects)}


def _archive_accepted(workspace: Workspace, accepted: Plan | None) -> None:
    """Believe a small listing that somebody accepted: what it did not show is archived, and not written to."""
    if accepted is None:
        return
    now = workspace.present.now
    with workspace.store.write() as writer:
        for guard in accepted.guards:
            if guard.held and guard.name.startswith(PULL_GUARD):
                object_ = guard.name.removeprefix(PULL_GUARD)
                # A listing that broke off and went on showed its first records before the plan's moment.
                began = datetime.fromisoformat(writer.cursors()[object_]["watermark"])
                writer.archive_missing(object_, min(began, accepted.as_of), now)
        writer.skip_archived(accepted.run_id, SHOWN_NO_MORE, now)


def _pull(
    workspace: Workspace, options: Options, listener: Listener, result: RunResult
) -> tuple[Feeds, Mapping[str, str]]:
    if not options.pull:
        with workspace.store.read() as reader:
            feeds = feeds_of(workspace.catalog, reader.sources())
            return feeds, held_before(workspace.catalog, workspace.as_of, feeds, reader)
    listener.stage("pull")
    result.pulled = pull(
        workspace.client, workspace.store, workspace.catalog, workspace.present, workspace.account.portal_id,
        full=options.full, currency=workspace.account.currency, secret=workspace.settings.named,
        progress=listener.rows,
    )  # fmt: skip
    scored = {str(model.object) for model in workspace.catalog.on}
    if scored and scored <= result.pulled.unavailable.keys():
        raise ScopeError("Nothing can be scored: " + "; ".join(sorted(set(result.pulled.unavailable.values()))))
    return result.pulled.feeds, {**_changed(workspace, result.pulled), **result.pulled.held}


def _score_and_plan(
    workspace: Workspace, feeds: Feeds, held: Mapping[str, str], listener: Listener, result: RunResult
) -> None:
    listener.stage("score")
    catalog, store = workspace.catalog, workspace.store
    with open_scores(store, catalog, workspace.as_of, feeds, kept=not _past(workspace)) as found:
        scores, vocabulary = found.scores, found.vocabulary
        for model, note in scores.notes.items():
            if model not in held:
                listener.note(note)
        untold = result.pulled.unreadable if result.pulled is not None else {}
        result.scores, result.unreadable = scores.records, {**untold, **scores.unreadable}
        listener.stage("plan")
        with store.read() as reader:
            circumstances = _circumstances(workspace, result, held, reader)
        planned = plan(found.scratch, catalog, scores, vocabulary, circumstances)
        with found.scratch.writing() as writer:
            keep(writer, planned)
            remember(writer, catalog, _storable(workspace, scores, vocabulary.fits, held), workspace.present.now)
            for each in segment_writings(catalog, vocabulary):
                writer.save_model(each.model, each.version, each.declaration, workspace.present.now)
    result.plan = planned


def _past(workspace: Workspace) -> bool:
    return workspace.as_of.day < workspace.present.day


def _storable(workspace: Workspace, scores: Scores, stored: Mapping[str, Fit], held: Collection[str]) -> Scores:
    """The scores whose models are remembered.

    Neither a look into the past nor data that can't be trusted leaves a fit, or a model that hangs on one.
    """
    version, past = workspace.catalog.version, _past(workspace)
    known = (
        each
        for each in scores.models
        if version(each.name, stored) == version(each.name, scores.fits) or not (past or each.name in held)
    )
    return replace(scores, models=tuple(known))


def _circumstances(workspace: Workspace, result: RunResult, held: Mapping[str, str], reader: Reader) -> Circumstances:
    pulled, written = result.pulled, reader.last_written_plan()
    return Circumstances(
        result.run_id,
        pulled=pulled.records if pulled is not None else {},
        held=held,
        calls_left=workspace.writer.transport.throttle.daily.state().left,
        footprints=footprints(reader.models()),
        existing=pulled.definitions if pulled is not None else {},
        known_data=written.known_data if written is not None else {},
        refreshed=reader.refreshed(),
    )


@contextmanager
def _who_needs_it(workspace: Workspace) -> Iterator[None]:
    """Name the models whose scores can't be written without a scope."""
    try:
        yield
    except ScopeError as error:
        models = [model.model for model in workspace.catalog.on if error.about in ("", str(model.object))]
        raise ScopeError(f"{error}; the scores of {', '.join(models)} can't be written without it",
                         error.scopes, error.about) from error  # fmt: skip


def _push(workspace: Workspace, options: Options, listener: Listener, result: RunResult) -> None:
    planned = result.plan
    if planned is None or planned.held:
        return
    if not planned.changes:
        with workspace.store.write() as writer:
            writer.publish(result.run_id, workspace.present.now)
        if not planned.first_write:
            _label(workspace, listener, _provision(workspace, listener, result))
        return
    if planned.first_write and not options.yes and not (options.confirm and options.confirm(result)):
        raise HeldError(
            f"Nothing was written. {first_write(planned, workspace.account.portal_id)}. Look at them with"
            " `hubsync plan --out plan.csv`, then write them with `hubsync sync --plan plan.csv` or"
            " `hubsync sync --yes`."
        )
    made = _provision(workspace, listener, result)
    listener.stage("push")
    _send(workspace, listener, result)
    _label(workspace, listener, made)


def _provision(workspace: Workspace, listener: Listener, result: RunResult) -> Provisioned:
    """Make what is missing, also what somebody deleted; the definitions were read by the pull."""
    if result.pulled is None:
        return Provisioned()
    made = provision(
        workspace.writer, workspace.catalog, dry_run=False, present=result.pulled.definitions,
        left_out={*_changed(workspace, result.pulled), *_not_scored(workspace, result.pulled.unavailable)},
    )  # fmt: skip
    _tell_made(listener, made)
    return made


def _tell_made(listener: Listener, made: Provisioned) -> None:
    if made.created:
        listener.note(f"Made in HubSpot: {', '.join(made.created)}.")


def _label(workspace: Workspace, listener: Listener, made: Provisioned) -> None:
    set_labels(workspace.writer, workspace.catalog, made)
    if made.relabelled:
        listener.note(f"Set the labels of the options of {', '.join(made.relabelled)}.")
    for sentence in made.refused:
        listener.note(sentence)


def _not_scored(workspace: Workspace, unreadable: Collection[str]) -> list[str]:
    """The models whose records can't be read: nothing of theirs is written, so nothing is made for them."""
    return [model for model, (object_, _) in workspace.catalog.written.items() if object_ in unreadable]


def _changed(workspace: Workspace, pulled: PullResult) -> Mapping[str, str]:
    with workspace.store.read() as reader:
        written = reader.written_models()
    return changed_by_others(workspace.client, workspace.catalog, pulled.definitions, written)


def _send(workspace: Workspace, listener: Listener, result: RunResult) -> None:
    """Write the plan; what was written before an error is counted too."""
    pushed = Pushed()
    try:
        push(
            workspace.store, workspace.writer, result.run_id, workspace.catalog.main.guards, workspace.present.now,
            lambda object_, count: listener.rows(f"write {object_}", count, None), pushed,
        )  # fmt: skip
    finally:
        result.written, result.rejected = pushed.written, pushed.rejected
    result.reason = pushed.stopped


def _held_sentence(held: Mapping[str, str]) -> str:
    return "Held, their old values stay: " + "; ".join(f"{model}: {why}" for model, why in sorted(held.items()))


def approve(workspace: Workspace, *, run_id: str | None = None, file: Path | None = None) -> Approved:
    """The stored plan that a run id or a plan file names; raises InputError or HeldError when it does not fit."""
    store = workspace.store
    return Approved.of_file(store, file) if file is not None else Approved.of_run(store, run_id or "")
