"""Scores with their contributions, computed anew from the database without calling HubSpot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hubsync.catalog import Catalog
from hubsync.cli.output import clean
from hubsync.errors import InputError
from hubsync.plan.moves import settled
from hubsync.plan.refresh import refreshing
from hubsync.pull import feeds_of
from hubsync.score import explanations, open_scores
from hubsync.scoring.explain import Explanation, explain
from hubsync.scoring.model import CompiledModel
from hubsync.scoring.scores import Scores
from hubsync.scoring.units import OBJECTS
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import AFTER, Published, Scratch, Store, StoredRecord
from hubsync.types import AsOf


@dataclass(frozen=True)
class Explained:
    """One model's score of one record: how it comes about, what was published, and what HubSpot has."""

    explanation: Explanation
    tier: str | None
    published: Published | None
    hubspot: Mapping[str, str | None]
    refresh: str = ""
    """When its published value may move, of a model that is not refreshed in every run."""

    def data(self) -> dict[str, Any]:
        """As JSON says it."""
        found = self.explanation
        return {
            "model": found.model,
            "score": found.score,
            "tier": self.tier,
            "known_data": found.known_data,
            "why": found.why,
            "total": found.total,
            "extras": found.extras,
            "contributions": found.contributions,
            "published": _shown(self.published),
            "refresh": self.refresh,
            "hubspot": self.hubspot,
        }


def _shown(published: Published | None) -> dict[str, Any] | None:
    if published is None:
        return None
    return {"score": published.score, "tier": published.tier, "as_of": published.as_of}


@dataclass(frozen=True)
class Scored:
    """All scores as of a moment, in memory."""

    catalog: Catalog
    store: Store
    scratch: Scratch
    scores: Scores
    vocabulary: Vocabulary

    def explain(self, record: StoredRecord) -> list[Explained]:
        """Every model that scores a record; raises InputError when none does."""
        found = explanations(self.scratch, self.scores, record.object, record.record_id)
        with self.store.read() as reader:
            published = {each.model: each for each in reader.published(record.object, record.record_id)}
            days = reader.refreshed()
        told = [self._explained(each, record, published.get(each.model)) for each in found]
        return [replace(each, refresh=self._refresh(each, days)) for each in told]

    def outside(self, object_: str, found: Sequence[Explained]) -> dict[str, str]:
        """The models of an object that leave this record out, with the condition that does."""
        there = {each.explanation.model for each in found}
        return {
            model.name: model.declaration.who
            for model in self.scores.models
            if model.object == object_ and model.name not in there and model.declaration.who is not None
        }

    def all(self, model: CompiledModel) -> Iterator[Explanation]:
        """The explanation of every record that a model scored."""
        columns = self.scratch.columns(model.relation)
        for rows in self.scratch.stream(f'SELECT * FROM "{model.relation}"'):  # noqa: S608 (a checked name)
            for row in rows:
                yield explain(model, dict(zip(columns, row, strict=True)))

    def values(self, model: CompiledModel) -> list[tuple[str, Decimal]]:
        """(record, score) of every record with a score, the lowest first."""
        query = f'SELECT record_id, score FROM "{model.relation}" WHERE score IS NOT NULL ORDER BY 2, 1'  # noqa: S608
        return [(str(record_id), Decimal(score)) for record_id, score in self.scratch.execute(query)]

    def _explained(self, found: Explanation, record: StoredRecord, published: Published | None) -> Explained:
        model = next(each for each in self.scores.models if each.name == found.model)
        hubspot = {name: record.own.get(name) for name in model.declaration.written.values()}
        return Explained(found, self._tier(model, record.record_id, published), published, hubspot)

    def _refresh(self, explained: Explained, days: Mapping[str, str]) -> str:
        """When the published value of a model may move that is not refreshed in every run."""
        model = self.catalog.models[explained.explanation.model]
        if model.refresh == "every run" or model not in self.catalog.on:
            return ""
        waits = refreshing([model], days, self.vocabulary.as_of.day, ()).waiting.get(model.model)
        return f"refreshed {model.refresh}, next {f'on {waits}' if waits else 'by the next sync'}"

    def _tier(self, model: CompiledModel, record_id: str, published: Published | None) -> str | None:
        """The tier after the leave margin, as a sync would publish it."""
        version = self.catalog.version(model.name, self.scores.fits)
        same = published is not None and published.version == version
        declared = model.declaration
        tier = settled(model.body.axes, declared.leave_margin, list(declared.conditional_tiers))
        rows = self.scratch.execute(
            f'SELECT {tier} FROM (SELECT *, CAST(? AS VARCHAR) AS held FROM "{model.relation}" WHERE record_id = ?)',  # noqa: S608
            [published.tier if same and published else None, record_id],
        )
        return rows[0][0] if rows else None


@contextmanager
def scored(
    catalog: Catalog, store: Store, as_of: AsOf, objects: Collection[str] = OBJECTS, *, anew: str = ""
) -> Iterator[Scored]:
    """Score as of a moment by what fed the events at the last pull; see `open_scores`."""
    with store.read() as reader:
        feeds = feeds_of(catalog, reader.sources())
    with open_scores(store, catalog, as_of, feeds, objects, anew=anew) as found:
        yield Scored(catalog, store, found.scratch, found.scores, found.vocabulary)


def find(store: Store, object_: str, key: str) -> StoredRecord:
    """A record by id, email or domain; raises InputError when there is none, or it was deleted."""
    with store.read() as reader:
        record, stone = reader.find_record(object_, key), reader.erased(object_, key)
    if record is None and stone is not None:
        raise InputError(f"'{clean(key)}' of {object_} was erased on {stone.erased_at:%Y-%m-%d}, {stone.reason}.")
    if record is None:
        by = {"contacts": "id or email", "companies": "id or domain"}.get(object_, "id")
        raise InputError(
            f"There is no record '{key}' among the {object_} that were pulled; give its {by}, or run `hubsync plan`"
            " first, which pulls new ones."
        )
    if record.archived_at is not None:
        day = f"{record.archived_at:%Y-%m-%d}"
        if record.gone_at is not None:
            raise InputError(
                f"Record {record.record_id} of {object_} is gone from HubSpot for good since {day}, not even in its"
                f" recycle bin; everything about it is erased here after {record.gone_at + AFTER:%Y-%m-%d}."
            )
        raise InputError(f"Record {record.record_id} of {object_} was deleted in HubSpot on {day}; restore it there.")
    return record
