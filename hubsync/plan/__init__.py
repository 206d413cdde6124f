"""Stage 3: scores against HubSpot's values become changes, tiers and guards; nothing is written to HubSpot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from hubsync.catalog import Catalog
from hubsync.plan.changes import Retired, add_changes, add_clears, drop_rejected, first_rows, make_tables, plan_hash
from hubsync.plan.guards import (
    PULL_GUARD,
    TierMoves,
    any_held,
    budget_guard,
    clear_guard,
    published_count,
    pull_guards,
    tier_guards,
    tier_moves,
    writes_calls,
)
from hubsync.plan.moves import Writing, make_moves, make_touched
from hubsync.scoring.declarations import Writes
from hubsync.scoring.scores import Scores
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import VALUES_HASH, Scratch
from hubsync.types import Guard, Plan

__all__ = ["PULL_GUARD", "Circumstances", "any_held", "first_rows", "plan"]


@dataclass(frozen=True)
class Circumstances:
    """What the plan must know beside scores: the run, what was pulled, what is held and what is left of the API.

    `held` are models whose inputs can't be trusted now: their old values stay. `known_models` maps every model
    ever used to its last (object, version, properties).
    """

    run_id: str
    pulled: Mapping[str, tuple[int, int]]
    held: frozenset[str] = frozenset()
    calls_left: int | None = None
    known_models: Mapping[str, tuple[str, str, Writes]] | None = None


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
    make_touched(scratch, [writing.model for writing in writings], vocabulary)
    guards: list[Guard] = list(pull_guards(circumstances.pulled, catalog.main.guards))
    moves: dict[str, TierMoves] = {}
    for writing in writings:
        make_moves(scratch, writing, as_of)
        add_changes(scratch, writing, as_of)
        moves[writing.model.name] = tier_moves(scratch, writing)
        renewed = writing.model.name in _renewed(scratch, [writing])
        guards += tier_guards(writing, moves[writing.model.name], catalog.main.guards, renewed=renewed)
    guards += _clears(scratch, catalog, writings, circumstances)
    drop_rejected(scratch, as_of, VALUES_HASH)
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
        new_models=tuple(_renewed(scratch, writings)),
    )


def _writings(catalog: Catalog, scores: Scores, held: frozenset[str]) -> list[Writing]:
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
    active = {writing.model.name: writing for writing in writings}
    kept = {
        object_: set(chain.from_iterable(_properties(w.writes) for w in writings if w.model.object == object_))
        for object_ in ("contacts", "companies", "deals")
    }
    guards = []
    for model, (object_, version, writes) in sorted((circumstances.known_models or {}).items()):
        if model in circumstances.held:
            continue
        writing = active.get(model)
        same = writing is not None and writing.model.object == object_
        relation = writing.model.relation if same and writing is not None else None
        others = kept[object_] - (set(_properties(writing.writes)) if same and writing is not None else set())
        published = published_count(scratch, model, object_)
        cleared = add_clears(scratch, Retired(model, object_, version, writes, relation), others)
        if cleared:
            guards.append(clear_guard(model, cleared, published, catalog.main.guards))
    return guards


def _properties(writes: Writes) -> list[str]:
    return sorted(writes.model_dump(exclude_none=True).values())


def _renewed(scratch: Scratch, writings: Sequence[Writing]) -> list[str]:
    """Models whose published values come from another version."""
    return [
        writing.model.name
        for writing in writings
        if scratch.execute(
            f'SELECT count(*) FROM "{writing.table}" WHERE last_version IS NOT NULL AND new_version'  # noqa: S608
        )[0][0]
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
