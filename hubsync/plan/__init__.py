"""Stage 3: scores against HubSpot's values become changes, tiers and guards; nothing is written to HubSpot."""

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
    writes_calls,
)
from hubsync.plan.known import KnownData, known_data, known_guard
from hubsync.plan.moves import Writing, make_moves, make_touched
from hubsync.plan.refill import make_since
from hubsync.plan.refresh import days_since, refreshing
from hubsync.plan.segments import plan_segments, watches
from hubsync.scoring.scores import Scores
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import Scratch
from hubsync.types import AsOf, Guard, Plan

__all__ = ["PULL_GUARD", "Circumstances", "any_held", "footprints", "keep", "plan", "watches"]


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
    as_of, held = vocabulary.as_of, circumstances.held
    refresh = refreshing(catalog.on, circumstances.refreshed, as_of.day, held)
    writings = _writings(catalog, scores, held, refresh.waiting)
    make_tables(scratch)
    make_touched(scratch, scores.models, vocabulary)
    guards: list[Guard] = list(pull_guards(circumstances.pulled, catalog.main.guards))
    still = days_since_write(scratch, as_of.now)
    moves = {writing.model.name: _moved(scratch, writing, as_of) for writing in writings}
    renewed = [writing.model.name for writing in writings if is_renewed(scratch, writing)]
    for writing in writings:
        name = writing.model.name
        limits = eased(catalog.main.guards, max(still, days_since(circumstances.refreshed, name, as_of.day)))
        guards += tier_guards(writing, moves[name], limits, renewed=name in renewed)
    guards += clear(scratch, catalog, scores, circumstances.footprints, held, circumstances.existing)
    drop_rejected(scratch, as_of)
    # The models are settled: segments see what is published now.
    limits = eased(catalog.main.guards, still)
    found, segment_moves = plan_segments(scratch, catalog, scores, vocabulary, held, limits)
    guards += found
    drop_rejected(scratch, as_of)
    known = known_data(scratch, scores.models, circumstances.held, circumstances.known_data)
    guards += known_guard(scores.models, known, circumstances.known_data, catalog.main.guards)
    records = _records_per_object(scratch)
    budget = budget_guard(writes_calls(records), circumstances.calls_left)
    if budget is not None and records:
        guards.append(budget)
    return Plan(
        run_id=circumstances.run_id,
        as_of=as_of.now,
        hash=plan_hash(scratch),
        records_scored=_distinct(scratch, scores),
        changes=int(scratch.execute("SELECT count(*) FROM changes")[0][0]),
        records_changed=sum(records.values()),
        first_write=not int(scratch.execute("SELECT count(*) FROM published")[0][0]),
        tier_moves=moves,
        guards=tuple(guards),
        new_models=tuple(renewed),
        held_models=dict(circumstances.held),
        known_data=known,
        replaced=int(scratch.execute("SELECT count(*) FROM changes WHERE COALESCE(before, '') <> ''")[0][0]),
        segment_moves=segment_moves,
        refreshed=refresh.days,
        waiting=refresh.waiting,
    )


def _moved(scratch: Scratch, writing: Writing, as_of: AsOf) -> TierMoves:
    """Add the changes of one model; returns its tier moves."""
    make_since(scratch, writing)
    make_moves(scratch, writing, as_of)
    add_changes(scratch, writing, as_of)
    return tier_moves(scratch, writing)


def _writings(catalog: Catalog, scores: Scores, held: Collection[str], waiting: Collection[str]) -> list[Writing]:
    on = {model.model for model in catalog.on}
    main = catalog.main
    return [
        Writing(
            model,
            catalog.version(model.name, scores.fits),
            main.write_if_changed_by
            if model.declaration.write_if_changed_by is None
            else model.declaration.write_if_changed_by,
            main.time_moves_every,
            due=model.name not in waiting,
        )
        for model in scores.models
        if model.name in on and model.name not in held and model.declaration.writes is not None
    ]


def _records_per_object(scratch: Scratch) -> dict[str, int]:
    rows = scratch.execute("SELECT object, count(DISTINCT record_id) FROM changes GROUP BY object")
    return {str(object_): int(count) for object_, count in rows}


def _distinct(scratch: Scratch, scores: Scores) -> int:
    """Records with at least one score, all objects together."""
    objects = sorted({model.object for model in scores.models})
    total = 0
    for object_ in objects:
        union = " UNION ".join(
            f'SELECT record_id FROM "{model.relation}"'  # noqa: S608
            for model in scores.models
            if model.object == object_
        )
        total += int(scratch.execute(f"SELECT count(*) FROM ({union})")[0][0])  # noqa: S608
    return total
