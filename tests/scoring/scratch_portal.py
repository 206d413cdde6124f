"""A portal in memory: the relations that scoring reads, and the scores that its SQL makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import random
from time import sleep
from typing import Any, get_args

import duckdb
from hypothesis import HealthCheck, Phase, settings
from reference_facts import Config, Event, Portal, Sources
from reference_language import Now

from hubsync.score import score
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.explain import Explanation, explain
from hubsync.scoring.facts import ORDER, closure, facts_sql
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.model import CompiledModel, compile_model, model_sql
from hubsync.scoring.needs import Need, ScoreNeed
from hubsync.scoring.origins import EventKind
from hubsync.scoring.signals import Signal
from hubsync.scoring.units import Pulled
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import Scratch
from hubsync.store.database import Database
from hubsync.types import AsOf, Fit

TRIED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""How much a generated test tries: the same every time, without minutes of shrinking."""

LINKS = (("contacts", "companies"), ("deals", "contacts"), ("deals", "companies"))


@dataclass(frozen=True)
class Scored:
    """One record's row of a model's relation, and its explanation."""

    row: dict[str, Any]
    explanation: Explanation
    lines: list[tuple[str, Decimal, bool | None]]


def as_of(now: Now) -> AsOf:
    """The moment in hubsync's words."""
    return AsOf(now.now, now.day, now.day_start)


def vocabulary(config: Config, now: Now, sources: Sources | None = None) -> Vocabulary:
    """The names of a configuration."""
    sources = sources or Sources()
    models: dict[str, ModelDeclaration] = {
        name: KINDS[model["kind"]].declaration.model_validate(model) for name, model in config.models.items()
    }
    return Vocabulary(
        config.properties,  # type: ignore[arg-type]
        config.words,
        {name: Signal.model_validate(signal) for name, signal in config.signals.items()},
        {name: EventKind.model_validate(kind) for name, kind in config.events.items()},
        models,
        as_of(now),
        Feeds(sources.active, sources.starts, sources.overdue, sources.watched),
    )


def fill(connection: duckdb.DuckDBPyConnection, portal: Portal) -> None:
    """Create the relations of every object and pair."""
    for object_ in ORDER:
        connection.execute(
            f"CREATE TABLE records_{object_}(record_id VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP,"
            " changed_at TIMESTAMP, properties VARCHAR)"
        )
        records = portal.records.get(object_, {}).items()
        insert(
            connection,
            f"records_{object_}",
            [(id_, each.created_at, None, None, json.dumps(each.properties)) for id_, each in records],
        )
        happened(connection, f"events_{object_}", portal.events.get(object_, []))
        happened(connection, f"coming_{object_}", portal.coming.get(object_, []))
    for pair in LINKS:
        table = f"links_{pair[0]}_{pair[1]}"
        connection.execute(f"CREATE TABLE {table}(from_id VARCHAR, to_id VARCHAR, is_primary BOOLEAN)")
        insert(connection, table, portal.links.get(pair, []))


def happened(connection: duckdb.DuckDBPyConnection, table: str, events: Iterable[Event]) -> None:
    """Create a relation of events."""
    connection.execute(
        f"CREATE TABLE {table}(record_id VARCHAR, source VARCHAR, kind VARCHAR, occurred_at TIMESTAMP,"
        " times INTEGER, value DECIMAL(18,6), currency VARCHAR, attributes VARCHAR, known_at TIMESTAMP)"
    )
    rows = [
        (e.record_id, "s", e.kind, e.occurred_at, e.times, e.value, e.currency, json.dumps(e.attributes), e.occurred_at)
        for e in events
    ]
    insert(connection, table, rows)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows in one statement."""
    if rows:
        places = ", ".join(f"({', '.join('?' * len(rows[0]))})" for _ in rows)
        connection.execute(f"INSERT INTO {table} VALUES {places}", [value for row in rows for value in row])


def ordered(models: Iterable[CompiledModel], names: Vocabulary) -> list[CompiledModel]:
    """The models, ingredients first."""
    waiting, done = list(models), list[CompiledModel]()
    while waiting:
        for model in waiting:
            needed = {need.model for need in closure(model.needs, names) if isinstance(need, ScoreNeed)}
            if needed <= {each.name for each in done}:
                done.append(model)
                waiting.remove(model)
                break
    return done


class Scorer:
    """The statements of a configuration at one moment; they fit every portal."""

    def __init__(
        self, config: Config, now: Now, sources: Sources | None = None, fits: Mapping[str, Fit] | None = None
    ) -> None:
        self.config, self.now, self.sources = config, now, sources
        self.fits: Mapping[str, Fit] = fits or {}
        self.notes: Mapping[str, str] = {}
        self.names = names = replace(vocabulary(config, now, sources), fits=self.fits)
        models = ordered([compile_model(model, names) for model in names.models.values()], names)
        needs = closure(frozenset[Need]().union(*(model.needs for model in models)), names)
        self.facts = [facts_sql(object_, needs, names) for object_ in ORDER]
        self.models = {model.name: (model, model_sql(model, names)) for model in models}

    def score(self, portal: Portal) -> dict[str, dict[str, Scored]]:
        """Every model's scores, by SQL."""
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            fill(connection, portal)
            if any(model.fitting for model, _ in self.models.values()):
                return self._fitted(connection)
            for statement in self.facts:
                connection.execute(statement)
            return {name: scored(connection, *model) for name, model in self.models.items()}

    def _fitted(self, connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Scored]]:
        """Scores of models that measure first, each after its ingredients; the fits are those of this portal."""
        for object_ in set(get_args(Pulled)) - set(ORDER):
            connection.execute(f"CREATE TABLE records_{object_}(record_id VARCHAR, properties VARCHAR)")
        scratch = Scratch(connection, Database(Path(), sleep, random), self.names.as_of)
        scores = score(scratch, [model for model, _ in self.models.values()], self.names)
        self.fits, self.notes = scores.fits, scores.notes
        return {model.name: read(connection, model) for model in scores.models}


def scored(connection: duckdb.DuckDBPyConnection, model: CompiledModel, statement: str) -> dict[str, Scored]:
    """One model's scores."""
    connection.execute(statement)
    return read(connection, model)


def read(connection: duckdb.DuckDBPyConnection, model: CompiledModel) -> dict[str, Scored]:
    """The rows of a model's relation."""
    result = connection.execute(f'SELECT * FROM "{model.relation}"')
    columns = [column[0] for column in result.description or []]
    rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    assert len({row["record_id"] for row in rows}) == len(rows)
    return {str(row["record_id"]): Scored(row, explain(model, row), lines_of(model, row)) for row in rows}


def lines_of(model: CompiledModel, row: Mapping[str, Any]) -> list[tuple[str, Decimal, bool | None]]:
    """Every line with its points, also those that an explanation leaves out."""
    return [
        (line.rule, row[line.column], row[line.known_column] if line.known_column else None) for line in model.lines
    ]
