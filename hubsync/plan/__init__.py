"""Stage 3: scores against HubSpot's values become changes, tiers and guards; nothing is written to HubSpot."""
# Names are quoted by `name`; they come from the catalog.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from hubsync.catalog import Catalog
from hubsync.plan.changes import Retired, add_changes, drop_rejected, keep, make_tables, plan_hash
from hubsync.plan.clearing import clear, footprints
from hubsync.plan.guards import (
    PULL_GUARD,
    TierMoves,
    any_held,
    budget_guard,
    days_since_write,
    eased,
    is_renewed,
    pull_guards,
    tier_guards,
    tier_moves,
)
from hubsync.plan.known import KnownData, known_data, known_guard
from hubsync.plan.moves import Writing, make_moves, make_touched, name
from hubsync.plan.refill import make_since
from hubsync.plan.refresh import days_since, refreshing
from hubsync.plan.segments import plan_segments, segment_writings
from hubsync.scoring.configuration import Guards
from hubsync.scoring.scores import Scores
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import Scratch
from hubsync.types import AsOf, Guard, Plan

__all__ = ["PULL_GUARD", "Circumstances", "any_held", "footprints", "keep", "plan", "segment_writings"]


@dataclass(frozen=True)
class Circumstances:
    """What the plan must know beside scores: the run, what was pulled, what is held and what is left of the API.

    `held` are models whose inputs can't be trusted now, with the reason: their old values stay. `footprints` say what
    models wrote so far, `existing` which properties the portal has, per object as far as that was asked, `known_data`
    what the rules knew at the last write, `refreshed` on which day models were refreshed that are not in every run.
    """

    run_id: str
    pulled: Mapping[str, tuple[int, int]]
    held: Mapping[str, str] = field(default_factory=dict)
    calls_left: int | None = None
    footprints: Sequence[Retired] = ()
    existing: Mapping[str, Collection[str]] = field(default_factory=dict)
    known_data: KnownData = field(default_factory=dict)
    refreshed: Mapping[str, str] = field(default_factory=dict)


def plan(
    scratch: Scratch, catalog: Catalog, scores: Scores, vocabulary: Vocabulary, circumstances: Circumstances
) -> Plan:
    """Compute the plan into the relations `changes` and `decisions` of the scratch database.

    Every model that is on and not held is compared with HubSpot's values; what was written by models that are
    off, or to records that left `who`, is cleared.
    """
    as_of, held, limits = vocabulary.as_of, circumstances.held, catalog.main.guards
    refresh = refreshing(catalog.on, circumstances.refreshed, as_of.day, held)
    make_tables(scratch)
    make_touched(scratch, scores.models, vocabulary)
    still = days_since_write(scratch, as_of.now)
    moved = {}
    for writing in _writings(catalog, scores, held, refresh.waiting):
        days = max(still, days_since(circumstances.refreshed, writing.model.name, as_of.day))
        moved[writing.model.name] = _moved(scratch, writing, as_of, eased(limits, days))
    guards = [*pull_guards(circumstances.pulled, limits), *(guard for each in moved.values() for guard in each.guards)]
    guards += clear(scratch, catalog, scores, circumstances.footprints, held, circumstances.existing)
    drop_rejected(scratch, as_of)
    # The models are settled: segments see what is published now.
    found, segment_moves = plan_segments(scratch, catalog, scores, vocabulary, held, eased(limits, still))
    drop_rejected(scratch, as_of)
    known = known_data(scratch, scores.models, held, circumstances.known_data)
    records = _records_per_object(scratch)
    guards += [*found, *known_guard(scores.models, known, circumstances.known_data, limits)]
    guards += budget_guard(records, circumstances.calls_left)
    return Plan(
        run_id=circumstances.run_id,
        as_of=as_of.now,
        hash=plan_hash(scratch),
        records_scored=_distinct(scratch, scores),
        changes=_count(scratch, "changes"),
        records_changed=sum(records.values()),
        first_write=not _count(scratch, "published"),
        tier_moves={model: each.tiers for model, each in moved.items()},
        guards=tuple(guards),
        new_models=tuple(model for model, each in moved.items() if each.renewed),
        held_models=dict(held),
        known_data=known,
        replaced=_count(scratch, "changes WHERE COALESCE(before, '') <> ''"),
        segment_moves=segment_moves,
        refreshed=refresh.days,
        waiting=refresh.waiting,
    )


@dataclass(frozen=True)
class _Moved:
    """What one model moves: tiers, whether by a new version, and what the guards say of it."""

    tiers: TierMoves
    renewed: bool
    guards: Sequence[Guard]


def _moved(scratch: Scratch, writing: Writing, as_of: AsOf, limits: Guards) -> _Moved:
    """Add the changes of one model."""
    make_since(scratch, writing)
    make_moves(scratch, writing, as_of)
    add_changes(scratch, writing, as_of)
    tiers, renewed = tier_moves(scratch, writing), is_renewed(scratch, writing)
    return _Moved(tiers, renewed, tuple(tier_guards(writing, tiers, limits, renewed=renewed)))


def _writings(catalog: Catalog, scores: Scores, held: Collection[str], waiting: Collection[str]) -> list[Writing]:
    on = {model.model for model in catalog.on}
    main = catalog.main
    return [
        Writing(
            model,
            catalog.version(model.name, scores.fits),
            own if (own := model.declaration.write_if_changed_by) is not None else main.write_if_changed_by,
            main.time_moves_every,
            due=model.name not in waiting,
        )
        for model in scores.models
        if model.name in on and model.name not in held and model.declaration.writes is not None
    ]


def _count(scratch: Scratch, rows: str) -> int:
    return int(scratch.execute(f"SELECT count(*) FROM {rows}")[0][0])


def _records_per_object(scratch: Scratch) -> dict[str, int]:
    rows = scratch.execute("SELECT object, count(DISTINCT record_id) FROM changes GROUP BY object")
    return {str(object_): int(count) for object_, count in rows}


def _distinct(scratch: Scratch, scores: Scores) -> int:
    """Records with at least one score, all objects together."""
    relations: dict[str, list[str]] = {}
    for model in scores.models:
        relations.setdefault(model.object, []).append(f"SELECT record_id FROM {name(model.relation)}")
    return sum(_count(scratch, f"({' UNION '.join(each)})") for each in relations.values())
