"""The life of a record's scores: each published change, what made it, and which lines of the explanation moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hubsync.catalog import Catalog
from hubsync.cli.explaining import scored
from hubsync.cli.output import points
from hubsync.errors import InputError
from hubsync.scoring.explain import Explanation
from hubsync.scoring.segments import SEGMENT_MODELS
from hubsync.scoring.tiers import UNSCORED
from hubsync.store import Life, Publication, Store, StoredRecord, Stretch
from hubsync.workspace import moment


@dataclass(frozen=True, slots=True)
class MovedLine:
    """One line of the explanation, before and after a move."""

    rule: str
    reason: str
    before: Decimal
    after: Decimal

    @property
    def points(self) -> Decimal:
        """What it adds to the move."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Move:
    """One publication beside the one before it; `lines` add up to the difference of the scores exactly.

    `lines` is None where they were not asked for or can't be computed any more; `note` then says why.
    """

    entry: Publication
    before: Publication | None
    causes: tuple[str, ...]
    lines: tuple[MovedLine, ...] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What was published by one model for one record, oldest first, and when the model was held."""

    model: str
    moves: tuple[Move, ...]
    held: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class SegmentMove:
    """A moment at which the segments of a record changed."""

    as_of: datetime
    segments: tuple[str, ...]
    entered: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class Tracing:
    """Where lives are read and their moves are traced."""

    catalog: Catalog
    store: Store
    time_zone: str
    _scored: dict[datetime, Mapping[str, Explanation]] = field(default_factory=dict)

    def life(self, record: StoredRecord) -> Life:
        """All that was published; raises InputError when there is nothing."""
        with self.store.read() as reader:
            found = reader.life(record.object, record.record_id)
        if not found.publications:
            raise InputError(
                f"Nothing was published yet for the {record.object} record {record.record_id}: no `hubsync sync` wrote"
                " a score of it. `hubsync explain` shows what one would write."
            )
        return found

    def courses(self, record: StoredRecord, life: Life, *, lines: int, model: str | None = None) -> list[Course]:
        """The course of each model, with the lines that moved in the last moves; raises InputError."""
        by_model: dict[str, list[Publication]] = {}
        for entry in life.publications:
            if entry.model not in SEGMENT_MODELS and model in (None, entry.model):
                by_model.setdefault(entry.model, []).append(entry)
        if not by_model and model is not None:
            known = sorted({entry.model for entry in life.publications} - SEGMENT_MODELS.keys())
            raise InputError(
                f"The model '{model}' published nothing for this record; {', '.join(known) or 'no model'} did."
            )
        moved = sorted((entry for each in by_model.values() for entry in each[1:]), key=lambda entry: entry.as_of)
        wanted = {(entry.model, entry.as_of) for entry in (moved[-lines:] if lines else [])}
        return [self._course(name, entries, life, record, wanted) for name, entries in sorted(by_model.items())]

    def _course(
        self, model: str, entries: Sequence[Publication], life: Life, record: StoredRecord,
        wanted: set[tuple[str, datetime]],
    ) -> Course:  # fmt: skip
        moves = []
        for before, entry in zip([None, *entries[:-1]], entries, strict=True):
            lines: tuple[MovedLine, ...] | None = None
            note = ""
            if before is not None and (model, entry.as_of) in wanted:
                found = self._lines(before, entry, record)
                lines, note = (None, found) if isinstance(found, str) else (found, "")
            moves.append(Move(entry, before, tuple(_causes(before, entry, life)), lines, note))
        with self.store.read() as reader:
            held = reader.held(model, moves[0].entry.as_of)
        return Course(model, tuple(moves), tuple(held))

    def _lines(self, before: Publication, entry: Publication, record: StoredRecord) -> tuple[MovedLine, ...] | str:
        """The lines that moved between two publications, computed anew as of both, or why they can't be."""
        if before.score is None or entry.score is None:
            return "without a number on both sides no line moved"
        if before.version != entry.version:
            return "the two versions of the model have other lines"
        old, new = self._explained(before, record), self._explained(entry, record)
        if old is None or new is None:
            return "the model does not score this record as it was then"
        for found, as_of, published in ((old, before.as_of, before.score), (new, entry.as_of, entry.score)):
            if found.score is None or Decimal(found.score) != published:
                return (
                    f"computed anew as of {as_of:%Y-%m-%d} the score is {found.score}, published was"
                    f" {points(published, sign=False)}: the model was changed since, or not all data of that day is"
                    " kept"
                )
        return moved_lines(old, new)

    def _explained(self, entry: Publication, record: StoredRecord) -> Explanation | None:
        if entry.as_of not in self._scored:
            self._scored[entry.as_of] = self._explain_all(entry.as_of, record)
        return self._scored[entry.as_of].get(entry.model)

    def _explain_all(self, as_of: datetime, record: StoredRecord) -> dict[str, Explanation]:
        with scored(self.catalog, self.store, moment(as_of, self.time_zone), [record.object]) as scores:
            try:
                return {each.explanation.model: each.explanation for each in scores.explain(record)}
            except InputError:
                return {}


def moved_lines(old: Explanation, new: Explanation) -> tuple[MovedLine, ...]:
    """The lines whose points differ; they add up to the difference of the totals exactly."""
    before = {line.rule: line for line in old.contributions}
    after = {line.rule: line for line in new.contributions}
    found = []
    for rule in dict.fromkeys([*before, *after]):
        had = before[rule].points if rule in before else Decimal(0)
        has = after[rule].points if rule in after else Decimal(0)
        if had != has:
            found.append(MovedLine(rule, (after.get(rule) or before[rule]).reason, had, has))
    return tuple(found)


def _causes(before: Publication | None, entry: Publication, life: Life) -> Iterator[str]:
    """What can be said of a move from the history alone."""
    if before is None:
        yield "first score"
    else:
        if before.own_id != entry.own_id:
            yield f"published for {before.own_id} before, which is one record with {entry.own_id} now"
        if before.version != entry.version:
            yield f"new version of the model ({before.version} to {entry.version})"
        merged = [old for old, at in life.merges if before.as_of < at <= entry.as_of and old != before.own_id]
        if merged:
            yield f"{', '.join(merged)} merged into it"
    if entry.score is None and entry.tier is None:
        yield "cleared: it left 'who', or the model was switched off"
    elif entry.tier == UNSCORED or entry.score is None:
        yield f"held back: only {entry.known_data or 0:.0%} of what the model looks at is known"
    elif before is not None and before.score is None:
        yield "scored again"


def segment_moves(life: Life) -> list[SegmentMove]:
    """Every change of the segments of a record, oldest first."""
    found: list[SegmentMove] = []
    had: tuple[str, ...] = ()
    for entry in life.publications:
        if entry.model in SEGMENT_MODELS:
            has = tuple(entry.tier.split(";")) if entry.tier else ()
            if has != had:
                entered, left = (tuple(x for x in a if x not in b) for a, b in ((has, had), (had, has)))
                found.append(SegmentMove(entry.as_of, has, entered, left))
            had = has
    return found
