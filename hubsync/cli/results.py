"""How a run ended, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Console

from hubsync.catalog import Catalog
from hubsync.cli import render
from hubsync.cli.bots import bot_sentence
from hubsync.cli.output import counted
from hubsync.crm.failures import WHERE_SCOPES_ARE_ADDED, without_place
from hubsync.journal import RunResult
from hubsync.plan.guards import writes_calls
from hubsync.pull.result import Gap
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.tiers import tier_names
from hubsync.store import Reject, Store
from hubsync.types import Plan
from hubsync.workspace import Workspace

_EXIT_OF_STATUS: Mapping[str, int] = {"ok": 0, "held": 3}


def as_data(workspace: Workspace, result: RunResult) -> dict[str, Any]:
    """What every run reports as JSON."""
    plan = result.plan
    return {
        "run_id": result.run_id,
        "status": result.status,
        "reason": result.reason,
        "portal_id": workspace.account.portal_id,
        "as_of": result.as_of,
        "records_scored": plan.records_scored if plan else 0,
        "scores": result.scores,
        "changes": plan.changes if plan else 0,
        "records_changed": plan.records_changed if plan else 0,
        "plan_hash": plan.hash if plan else None,
        "first_write": plan.first_write if plan else False,
        "new_models": plan.new_models if plan else (),
        "tier_moves": _tier_moves(plan) if plan else {},
        "segment_moves": _segment_moves(plan) if plan else {},
        "refresh_waits": plan.waiting if plan else {},
        "guards": plan.guards if plan else (),
        "unavailable": _gaps(result),
        "values_already_there": plan.replaced if plan else 0,
        "bots": result.pulled.bots if result.pulled else {},
        "models_held": result.pulled.held if result.pulled else {},
        "written": result.written,
        "rejected": result.rejected,
        "rejects": reject_words(workspace.store) if result.rejected else {},
        "calls": result.calls,
        "calls_left_today": workspace.writer.transport.throttle.daily.state().left,
        "seconds": result.seconds,
    }


def show_gaps(console: Console, result: RunResult) -> None:
    """What HubSpot refused to show, and what the scores lack by it; and what they leave out as done by programs."""
    if result.pulled and (bots := bot_sentence(result.pulled.bots)):
        console.print(bots, style="dim", soft_wrap=True)
    found = _gaps(result)
    if not found:
        return
    not_scored = sorted({model for gap in found for model in gap.not_scored})
    with_less = sorted({model for gap in found for model in gap.models} - set(not_scored))
    told = [f"Not scored: {', '.join(not_scored)}."] if not_scored else []
    told += [f"Scored without a part of their data: {', '.join(with_less)}."] if with_less else []
    console.print(" ".join(told), style="bold yellow", soft_wrap=True)
    for gap in found:
        what = " and ".join([*gap.objects, *([f"events ({', '.join(gap.events)})"] if gap.events else [])])
        needs = "needs them" if len(gap.models) == 1 else "need them"
        console.print(
            f"  {what} can't be read; {', '.join(gap.models)} {needs}: {without_place(gap.reason)}.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    console.print(f"  Scopes are added {WHERE_SCOPES_ARE_ADDED}.", style="yellow", soft_wrap=True)


def _gaps(result: RunResult) -> tuple[Gap, ...]:
    return result.pulled.gaps if result.pulled else ()


def reject_words(store: Store) -> dict[str, int]:
    """How many records HubSpot refuses now, by HubSpot's words."""
    with store.read() as reader:
        return words_of(reader.rejects())


def words_of(rejects: Sequence[Reject]) -> dict[str, int]:
    """Records refused by HubSpot's words, the most frequent first; a record counts once, whatever its models."""
    refused = {(reject.object, reject.record_id): reject.message or reject.category for reject in rejects}
    return dict(Counter(refused.values()).most_common())


def show_moves(console: Console, catalog: Catalog, plan: Plan) -> None:
    """The tier moves of every model that has tiers, as matrices."""
    for model, moves in plan.tier_moves.items():
        if any(old or new for old, new in moves):
            console.print(render.matrix(model, moves, tiers(catalog, model)))


def _tier_moves(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Moves of tiers as JSON says them."""
    return {
        model: [{"from": old, "to": new, "records": count} for (old, new), count in sorted(moves.items())]
        for model, moves in plan.tier_moves.items()
    }


def _segment_moves(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Moves of segments as JSON says them."""
    return {
        object_: [
            {"segment": segment, "before": before, "enter": enter, "leave": leave}
            for segment, (before, enter, leave) in moves.items()
        ]
        for object_, moves in plan.segment_moves.items()
    }


def show_segments(console: Console, catalog: Catalog, plan: Plan) -> None:
    """Who belongs to each segment, enters and leaves it; segments that are inactive, with the reason."""
    moved = [(object_, *each) for object_, moves in plan.segment_moves.items() for each in moves.items()]
    if moved:
        made = render.table("object", "segment", "#belong", "#enter", "#leave", title="Segments")
        for object_, segment, (before, enter, leave) in moved:
            made.add_row(object_, segment, f"{before + enter - leave:,}", f"{enter:,}", f"{leave:,}")
        console.print(made)
    show_inactive(console, catalog)


def show_inactive(console: Console, catalog: Catalog) -> None:
    """The segments that read models that are off."""
    for name, models in catalog.segments_off.items():
        need = "needs the model" if len(models) == 1 else "needs the models"
        off = "which is off" if len(models) == 1 else "which are off"
        console.print(f"The segment {name} is inactive: it {need} {', '.join(models)}, {off}.", soft_wrap=True)


def tiers(catalog: Catalog, model: str) -> list[str]:
    """The tiers of a model, the worst first."""
    declaration = catalog.models.get(model)
    if declaration is None:
        return []
    return tier_names(KINDS[declaration.kind].tiers(declaration), declaration.tiers)


def show_budget(console: Console, workspace: Workspace, result: RunResult) -> None:
    """One line about the calls of the run and of the day."""
    state = workspace.writer.transport.throttle.daily.state()
    left = (
        "HubSpot does not say how many are left today"
        if state.left is None
        else (f"{state.left:,} are left for hubsync today ({state.share:.0%} of {state.limit or 0:,} a day)")
    )
    console.print(f"{counted(result.calls, 'API call')} in {result.seconds:.1f} s; {left}.", soft_wrap=True)


def write_calls(store: Store, run_id: str) -> int:
    """About how many calls writing a plan takes: a batch for each hundred records of an object."""
    with store.read() as reader:
        pairs = {(change.object, change.record_id) for change in reader.plan_changes(run_id)}
    return writes_calls(Counter(object_ for object_, _ in pairs))


def leave(result: RunResult) -> None:
    """Exit with the code of the run's status; raises typer.Exit."""
    raise typer.Exit(_EXIT_OF_STATUS.get(result.status, 1))
