"""Stage 3: scores against HubSpot's values become changes, tiers and guards; nothing is written to HubSpot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hubsync.catalog import Catalog
from hubsync.plan.changes import Retired, add_changes, add_clears, drop_rejected, keep, make_tables, plan_hash
from hubsync.plan.guards import (
    PULL_GUARD,
    TierMoves,
    any_held,
    budget_guard,
    clear_guard,
    eased,
    is_renewed,
    published_count,
    pull_guards,
    tier_guards,
    tier_moves,
    writes_calls,
)
from hubsync.plan.known import KnownData, known_data, known_guard
from hubsync.plan.moves import Writing, make_moves, make_touched
from hubsync.plan.refill import make_since
from hubsync.scoring.declarations import Writes
from hubsync.scoring.scores import Scores
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import Scratch, UsedModel
from hubsync.types import Guard, Plan

__all__ = ["PULL_GUARD", "Circumstances", "any_held", "footprints", "keep", "plan"]


@dataclass(frozen=True)
class Circumstances:
    """What the plan must know beside scores: the run, what was pulled, what is held and what is left of the API.

    `held` are models whose inputs can't be trusted now, with the reason: their old values stay. `footprints` say what
    models wrote so far, `existing` which properties the portal has, per object as far as that was asked, `known_data`
    what the rules knew at the last write.
    """

    run_id: str
    pulled: Mapping[str, tuple[int, int]]
    held: Mapping[str, str] = field(default_factory=dict)
    calls_left: int | None = None
    footprints: Sequence[Retired] = ()
    existing: Mapping[str, Collection[str]] = field(default_factory=dict)
    known_data: KnownData = field(default_factory=dict)


def footprints(used: Iterable[UsedModel]) -> list[Retired]:
    """What each model wrote on each object, in all its versions; `used` is in the order of their use."""
    found: dict[tuple[str, str], Retired] = {}
    for model in used:
        names = frozenset(each for each in (model.declaration.get("writes") or {}).values() if each)
        if not names:
            continue
        key = (model.name, str(model.declaration["object"]))
        before = found[key].properties if key in found else frozenset[str]()
        found[key] = Retired(*key, model.version, before | names)
    return [found[key] for key in sorted(found)]


def plan(
    scratch: Scratch, catalog: Catalog, scores: Scores, vocabulary: Vocabulary, circumstances: Circumstances
) -> Plan:
    """Compute the plan into the relations `changes` and `decisions` of the scratch database.

    Every model that is on and not held is compared with HubSpot's values; what was written by models that are
    off, or to records that left `who`, is cleared.
    """
    as_of = vocabulary.as_of
    writings = _writings(catalog, scores, circumstances.held)
    make_tables(scratch)
    make_touched(scratch, scores.models, vocabulary)
    guards: list[Guard] = list(pull_guards(circumstances.pulled, catalog.main.guards))
    limits = eased(scratch, catalog.main.guards, as_of.now)
    moves: dict[str, TierMoves] = {}
    renewed: list[str] = []
    for writing in writings:
        name = writing.model.name
        make_since(scratch, writing)
        make_moves(scratch, writing, as_of)
        add_changes(scratch, writing, as_of)
        moves[name] = tier_moves(scratch, writing)
        if is_renewed(scratch, writing):
            renewed.append(name)
        guards += tier_guards(writing, moves[name], limits, renewed=name in renewed)
    guards += _clears(scratch, catalog, writings, circumstances)
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
    )


def _writings(catalog: Catalog, scores: Scores, held: Collection[str]) -> list[Writing]:
    on = {model.model for model in catalog.on}
    main = catalog.main
    return [
        Writing(
            model,
            catalog.version(model.name),
            main.write_if_changed_by
            if model.declaration.write_if_changed_by is None
            else model.declaration.write_if_changed_by,
            main.time_moves_every,
        )
        for model in scores.models
        if model.name in on and model.name not in held and model.declaration.writes is not None
    ]


def _clears(
    scratch: Scratch, catalog: Catalog, writings: Sequence[Writing], circumstances: Circumstances
) -> list[Guard]:
    active = {(writing.model.name, writing.model.object): writing for writing in writings}
    declared = [(model.model, str(model.object), _written(model.writes)) for model in catalog.on]
    guards = []
    for footprint in circumstances.footprints:
        if footprint.model in circumstances.held:
            continue
        writing = active.get((footprint.model, footprint.object))
        mine = _written(writing.writes) if writing is not None else frozenset[str]()
        clearable = footprint.properties.difference(
            *(names for name, object_, names in declared if object_ == footprint.object and name != footprint.model)
        )
        if footprint.object in circumstances.existing:
            clearable &= frozenset(circumstances.existing[footprint.object])
        published = published_count(scratch, footprint.model, footprint.object)
        scored = writing.model.relation if writing is not None else None
        retired = replace(footprint, properties=clearable, dropped=clearable - mine, scored=scored)
        cleared = add_clears(scratch, retired)
        if cleared:
            guards.append(clear_guard(footprint.model, cleared, published, catalog.main.guards))
    return guards


def _written(writes: Writes | None) -> frozenset[str]:
    """The names of the properties that a model writes."""
    return frozenset(writes.model_dump(exclude_none=True).values()) if writes is not None else frozenset()


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
