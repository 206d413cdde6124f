"""Who belongs to which segment, as one checkbox property per object: planned like a model, compared as a set.

The segments of an object stand in plans and in the history as a model of the name `segments_<object>`, whose tier is
the list of segments a record belongs to. They are computed when all models are settled: what this run publishes is the
newest entry of the history.
"""
# Names are quoted by `name`, values by `literal`; both come from the catalog.
# ruff: noqa: S608

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hubsync.catalog import Catalog
from hubsync.plan.guards import published_count, share_guard
from hubsync.plan.moves import closed, literal, name, own
from hubsync.scoring import sql
from hubsync.scoring.configuration import Guards
from hubsync.scoring.needs import ScoreNeed
from hubsync.scoring.scores import Scores
from hubsync.scoring.segments import SEGMENT_MODELS, CompiledSegment, members_sql, tier_column
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import Scratch
from hubsync.types import Guard

SegmentMoves = dict[str, dict[str, list[int]]]
"""Per object and segment: the records that belonged to it, enter it, and leave it."""


@dataclass(frozen=True)
class SegmentWriting:
    """The active segments of one object, and what they are written to."""

    object: str
    segments: tuple[CompiledSegment, ...]
    writes: str
    held: frozenset[str] = frozenset()
    """Those whose inputs can't be trusted now: who belongs to them stays as it was."""

    @property
    def model(self) -> str:
        """The name under which they stand beside the models."""
        return f"segments_{self.object}"

    @property
    def table(self) -> str:
        """The relation of their moves."""
        return f"moves_segments_{self.object}"

    @property
    def version(self) -> str:
        """Eight hex digits that change with the declarations."""
        return hashlib.blake2b(self.declaration.encode(), digest_size=4).hexdigest()

    @property
    def declaration(self) -> str:
        """What is remembered of them, as of a model."""
        said: dict[str, Any] = {"model": self.model, "object": self.object, "writes": {"segments": self.writes}}
        said["segments"] = {
            each.key: each.declaration.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"covers"})
            for each in self.segments
        }
        return json.dumps(said, sort_keys=True)


def segment_writings(
    catalog: Catalog, vocabulary: Vocabulary, held: Collection[str] = ()
) -> tuple[SegmentWriting, ...]:
    """The active segments by object; an object whose property can't be written now is left out."""
    segments, property_ = catalog.compiled_segments(vocabulary), catalog.main.segments_property
    found = []
    for model, object_ in SEGMENT_MODELS.items():
        mine = tuple(each for each in segments if each.object == object_)
        if mine and model not in held:
            read = catalog.read_by_segments
            untrusted = (each.key for each in mine if {each.name, *read[each.key]} & set(held))
            found.append(SegmentWriting(object_, mine, property_, frozenset(untrusted)))
    return tuple(found)


def make_members(
    scratch: Scratch, writing: SegmentWriting, catalog: Catalog, scores: Scores, vocabulary: Vocabulary
) -> None:
    """Make `members_<object>`: b<n> and a<n> of each record and segment (see `members_sql`).

    Reads `decisions`, what this run is about to publish; the table exists, and may be empty.
    """
    models = sorted({model for each in writing.segments for model in each.models})
    versions = {model: catalog.version(model, scores.fits) for model in models}
    remembered = sorted({model for each in writing.segments if each.remembers for model in each.models})
    table = _make_told(scratch, writing.object, remembered, vocabulary)
    _make_standing(scratch, writing.object, models, catalog)
    query = members_sql(writing.segments, writing.object, table, versions, vocabulary)
    scratch.execute(f"CREATE OR REPLACE TABLE {name(f'members_{writing.object}')} AS {sql.render(query)}")


def _make_told(scratch: Scratch, object_: str, models: Sequence[str], vocabulary: Vocabulary) -> str:
    """Make what was published of these models, this run's decisions last, by branch; returns the relation's name.

    Of a record that was merged into another one counts what was published before the other had a score of its own.
    """
    table, now = f"told_{object_}", sql.render(sql.moment(vocabulary.as_of.now))
    mine = f"object = {literal(object_)} AND model IN ({_listed(models)})"
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE {name(table)} AS WITH said AS (SELECT record_id, own_id, model, version, score,"
        f" tier, as_of FROM history WHERE {mine} UNION ALL SELECT record_id, record_id, model, version, score, tier,"
        f" {now} FROM decisions WHERE {mine}), dated AS (SELECT *, min(as_of) FILTER (WHERE own_id = record_id)"
        " OVER (PARTITION BY record_id, model) AS own_from FROM said),"
        " branches AS (SELECT DISTINCT record_id, own_id AS branch FROM said)"
        " SELECT s.* EXCLUDE (own_id, own_from), b.branch FROM dated s JOIN branches b ON b.record_id = s.record_id"
        " AND (s.own_id = s.record_id OR (s.own_id = b.branch AND (own_from IS NULL OR s.as_of < own_from)))"
    )
    return table


def _listed(models: Sequence[str]) -> str:
    return ", ".join(["NULL", *(literal(model) for model in models)])


def _make_standing(scratch: Scratch, object_: str, models: Sequence[str], catalog: Catalog) -> None:
    """Make `standing_<object>`: score and tier of each record as they are published when this run is through.

    The score of a model that is refreshed weekly or monthly is the one that was computed now.
    """
    columns, joins = ["r.record_id"], ""
    for number, model in enumerate(models):
        score = f"max(s.score) FILTER (WHERE s.model = {literal(model)})"
        if catalog.models[model].refresh != "every run":
            score = f"max(c{number}.score)"
            joins += f" LEFT JOIN {name(f'scores_{model}')} c{number} ON c{number}.record_id = r.record_id"
        columns.append(f"{score} AS {name(ScoreNeed(object_, model).column)}")
        columns.append(f"max(s.tier) FILTER (WHERE model = {literal(model)}) AS {name(tier_column(model))}")
    mine = f"object = {literal(object_)} AND model IN ({_listed(models)})"
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE {name(f'standing_{object_}')} AS"
        f" WITH s AS (SELECT record_id, model, score, tier FROM decisions WHERE {mine} UNION ALL"
        f" SELECT record_id, model, score, tier FROM published WHERE {mine} AND (record_id, model) NOT IN"
        f" (SELECT (record_id, model) FROM decisions WHERE {mine}))"
        f" SELECT {', '.join(columns)} FROM {name(f'records_{object_}')} r LEFT JOIN s ON s.record_id = r.record_id"
        f"{joins} GROUP BY r.record_id"
    )


def plan_segments(
    scratch: Scratch, catalog: Catalog, scores: Scores, vocabulary: Vocabulary, held: Collection[str], limits: Guards
) -> tuple[list[Guard], SegmentMoves]:
    """Add the changes and decisions of all active segments; returns their guards and moves."""
    guards: list[Guard] = []
    moves: SegmentMoves = {}
    for writing in segment_writings(catalog, vocabulary, held):
        make_members(scratch, writing, catalog, scores, vocabulary)
        scratch.execute(f"CREATE OR REPLACE TABLE {name(writing.table)} AS {_decided(writing)}")
        _add(scratch, writing)
        moves[writing.object] = _moves(scratch, writing)
        guards += _guards(scratch, writing, limits)
    return guards, moves


def _decided(writing: SegmentWriting) -> str:
    """Members as sorted lists, what HubSpot has and what was published last; a closed deal is frozen."""
    belongs = [
        f"CASE WHEN {f'list_contains(last, {literal(each.key)})' if each.key in writing.held else f'b{number}'}"
        f" THEN {literal(each.key)} END"
        for number, each in enumerate(writing.segments)
    ]
    mine = f"p.object = {literal(writing.object)} AND p.model = {literal(writing.model)}"
    return (
        f"WITH joined AS (SELECT m.*, {own(writing.writes)} AS own, {_named('p.tier')} AS last"
        f" FROM {name(f'members_{writing.object}')} m"
        f" JOIN {name(f'records_{writing.object}')} r ON r.record_id = m.record_id"
        f" LEFT JOIN {name(f'own_{writing.object}')} o ON o.record_id = m.record_id"
        f" LEFT JOIN published p ON {mine} AND p.record_id = m.record_id"
        f" WHERE NOT {closed(writing.object, 'properties')}),"
        f" told AS (SELECT *, list_sort(list_filter([{', '.join(belongs)}], lambda x: x IS NOT NULL)) AS now,"
        f" {_named('own')} AS had FROM joined)"
        " SELECT *, array_to_string(now, ';') AS after, now <> had AS writes, now <> last OR writes AS counts FROM told"
    )


def _named(value: str) -> str:
    """The segments that a value of the property names, as a sorted list; blanks and semicolons alone name none."""
    trimmed = f"list_transform(string_split({value}, ';'), lambda x: trim(x))"
    return f"coalesce(list_sort(list_distinct(list_filter({trimmed}, lambda x: x <> ''))), [])"


def _add(scratch: Scratch, writing: SegmentWriting) -> None:
    table, object_, model = name(writing.table), literal(writing.object), literal(writing.model)
    scratch.execute(
        f"INSERT INTO changes SELECT {object_}, record_id, {model}, {literal(writing.writes)}, own, after"
        f" FROM {table} WHERE writes"
    )
    scratch.execute(
        f"INSERT INTO decisions SELECT {object_}, record_id, {model}, {literal(writing.version)}, NULL,"
        f" nullif(after, ''), NULL, NULL, NULL FROM {table} WHERE counts"
    )


def _moves(scratch: Scratch, writing: SegmentWriting) -> dict[str, list[int]]:
    sides = ("last", "list_filter(now, lambda x: NOT list_contains(last, x))",
             "list_filter(last, lambda x: NOT list_contains(now, x))")  # fmt: skip
    found: dict[str, list[int]] = {each.key: [0, 0, 0] for each in writing.segments}
    for place, side in enumerate(sides):
        rows = scratch.execute(f"SELECT key, count(*) FROM (SELECT unnest({side}) AS key FROM {name(writing.table)})"
                               " GROUP BY key ORDER BY key")  # fmt: skip
        for key, count in rows:
            found.setdefault(str(key), [0, 0, 0])[place] = int(count)
    return found


def _guards(scratch: Scratch, writing: SegmentWriting, limits: Guards) -> Iterator[Guard]:
    """At most so many records may enter or leave a segment; the first segments of an object move nobody."""
    if not published_count(scratch, writing.model, writing.object):
        return
    moved, everybody = scratch.execute(
        f"SELECT count(*) FILTER (WHERE now <> last), count(*) FROM {name(writing.table)}"
    )[0]
    yield share_guard(
        f"segments of {writing.object}", int(moved), max(int(everybody), 1), limits.tier_changes, limits.minimum,
        "enter or leave a segment", " A change of segments.yaml or of a model is the likely cause.",
    )  # fmt: skip
