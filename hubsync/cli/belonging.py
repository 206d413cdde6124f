"""Which segments a record belongs to, and why: computed from what is published, as a sync would see it."""
# Names are quoted by `name`; the values are parameters.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hubsync.cli.explaining import Scored
from hubsync.cli.output import points
from hubsync.plan import segment_writings
from hubsync.plan.changes import make_tables
from hubsync.plan.moves import name
from hubsync.plan.segments import SegmentWriting, make_members
from hubsync.scoring.needs import ScoreNeed
from hubsync.scoring.segments import CompiledSegment
from hubsync.store import Publication, StoredRecord


@dataclass(frozen=True, slots=True)
class Belongs:
    """One segment of one record: whether it belongs (None is unknown), since when it was published to, and why."""

    segment: str
    belongs: bool | None
    since: datetime | None
    condition: str
    why: str


def explain_segments(scored: Scored, record: StoredRecord) -> list[Belongs]:
    """Every segment of the record's object, the active ones first."""
    with scored.store.read() as reader:
        entries = reader.life(record.object, record.record_id).publications
    found: list[Belongs] = []
    for writing in segment_writings(scored.catalog, scored.vocabulary):
        if writing.object == record.object:
            make_tables(scored.scratch)
            make_members(scored.scratch, writing, scored.catalog, scored.scores, scored.vocabulary)
            found += _explained(scored, writing, record, [each for each in entries if each.model == writing.model])
    off = scored.catalog.segments_off
    for key, segment in scored.catalog.segments.items():
        if segment.object == record.object and key in off:
            found.append(Belongs(key, None, None, segment.spoken, f"inactive: {', '.join(off[key])} is off"))
    return found


def _explained(
    scored: Scored, writing: SegmentWriting, record: StoredRecord, entries: Iterable[Publication]
) -> Iterable[Belongs]:
    members = _row(scored, f"members_{writing.object}", record)
    standing = _row(scored, f"standing_{writing.object}", record)
    published = list(entries)
    for number, segment in enumerate(writing.segments):
        belongs, begun = members.get(f"b{number}"), members.get(f"a{number}")
        since = _since(segment.key, published)
        why = "; ".join([*_values(segment, standing), *_time(segment, begun, scored)])
        yield Belongs(segment.key, belongs, since, segment.declaration.spoken, why)


def _row(scored: Scored, relation: str, record: StoredRecord) -> Mapping[str, Any]:
    columns = scored.scratch.columns(relation)
    rows = scored.scratch.execute(f"SELECT * FROM {name(relation)} WHERE record_id = ?", [record.record_id])
    return dict(zip(columns, rows[0], strict=True)) if rows else {}


def _since(key: str, published: Iterable[Publication]) -> datetime | None:
    """Since when the last publications have the segment without a break."""
    since = None
    for entry in published:
        since = (since or entry.as_of) if key in (entry.tier or "").split(";") else None
    return since


def _values(segment: CompiledSegment, standing: Mapping[str, Any]) -> Iterable[str]:
    for model in segment.models:
        value = standing.get(ScoreNeed(segment.object, model).column)
        yield f"{model} is {'unknown' if value is None else points(Decimal(value), sign=False)}"


def _time(segment: CompiledSegment, begun: datetime | None, scored: Scored) -> Iterable[str]:
    """Since when a duration has been held, or a crossing counts."""
    declared, now = segment.declaration, scored.vocabulary.as_of
    if not segment.remembers:
        return
    if begun is None:
        crossed = f"has not crossed {points(declared.bound, sign=False)}, as far as its history is known"
        yield crossed if declared.crosses else "it does not hold now, or nobody knows for how long"
    elif declared.for_ is not None:
        days = max(-((begun - now.day_start) // timedelta(days=1)), 0)
        yield f"held since {begun:%Y-%m-%d}, {min(days, declared.for_)} of {declared.for_} days"
    else:
        yield f"crossed on {begun:%Y-%m-%d}{f', counts for {declared.stays} days' if declared.stays else ''}"
