"""Which models the demo shows, and what they found."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hubsync.catalog import Catalog, load
from hubsync.cli.explaining import Explained, Scored, find
from hubsync.cli.results import tiers
from hubsync.errors import InputError
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.meaning import nearest
from hubsync.scoring.model import CompiledModel
from hubsync.store import StoredRecord

ALL = "all"
_BINS = 10

_STORIES = (
    ("the best lead", "combined", lambda last: last),
    ("the customer most at risk", "customer", lambda _: 0),
    ("a lead in the middle", "combined", lambda last: (last + 1) // 2),
)


@dataclass(frozen=True)
class Figures:
    """What one model made of the portal: `bins` counts the scores in ten ranges of the same width.

    The usual models are those that are on without further ado, and what they are made of.
    """

    model: str
    kind: str
    object: str
    records: int
    scored: int
    tiers: dict[str, int]
    bins: tuple[tuple[str, int], ...]
    usual: bool

    def data(self) -> dict[str, Any]:
        """As JSON says it."""
        return {
            "model": self.model, "kind": self.kind, "object": self.object, "scored": self.scored,
            "unscored": self.records - self.scored, "tiers": self.tiers, "distribution": dict(self.bins),
        }  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One record explained, and what is remarkable about it."""

    title: str
    record: StoredRecord
    explained: tuple[Explained, ...]


@dataclass(frozen=True)
class Choice:
    """Which models are usual, the configuration as chosen, and a sentence about each model that is left out."""

    usual: frozenset[str]
    catalog: Catalog
    left_out: tuple[str, ...] = ()


def switch_on(folder: Path, text: str | None) -> Choice:
    """Switch on the models that a text names: `all`, or some with commas; without a text, those that ship so.

    Raises InputError for a model that does not exist.
    """
    catalog = load(folder)
    usual, declared = frozenset(model.model for model in catalog.needed), catalog.models
    if text is None:
        return Choice(usual, catalog)
    names = [*declared] if text.strip() == ALL else [name.strip() for name in text.split(",") if name.strip()]
    strange = next((name for name in names if name not in declared), None)
    if strange is not None or not names:
        hint = nearest(strange or "", declared) or f"There are {', '.join(sorted(declared))}, and all."
        raise InputError(f"There is no model '{strange or ''}'. {hint}")
    needed = {name: package for name in names if (package := KINDS[declared[name].kind].package)}
    left_out = {name: package for name, package in needed.items() if find_spec(package.module) is None}
    main = folder / "hubsync.yaml"
    kept = ", ".join(dict.fromkeys(name for name in names if name not in left_out))
    main.write_text(re.sub(r"(?m)^models: .*$", f"models: [{kept}]", main.read_text(encoding="utf-8"), count=1),
                    encoding="utf-8")  # fmt: skip
    told = (f"The model {name} is left out: it needs {package.module}; install it by `{package.remedy}`."
            for name, package in left_out.items())  # fmt: skip
    return Choice(usual, load(folder), tuple(told))


def figures(scores: Scored, model: CompiledModel, values: Sequence[Decimal], usual: Collection[str]) -> Figures:
    """Count the records of a model by tier and by score."""
    query = f'SELECT band, COUNT(*) FROM "{model.relation}" GROUP BY band'  # noqa: S608 (a checked name)
    counts: dict[str | None, int] = dict(scores.scratch.execute(query))
    order = [*tiers(scores.catalog, model.name), *sorted(filter(None, counts))]
    found = {tier: counts[tier] for tier in dict.fromkeys(order) if tier in counts}
    declared = model.declaration
    return Figures(model.name, declared.kind, str(model.object), sum(counts.values()), len(values), found,
                   tuple(bins(values, *declared.between)), model.name in usual)  # fmt: skip


def bins(scores: Sequence[Decimal], least: Decimal, most: Decimal) -> list[tuple[str, int]]:
    """The scores in ten ranges of the same width, the last one with its upper end."""
    width = (most - least) / _BINS
    counts = [0] * _BINS
    for score in scores:
        counts[min(int((score - least) / width), _BINS - 1)] += 1
    edges = [least + width * number for number in range(_BINS + 1)]
    return [(f"{edges[n].normalize():f}-{edges[n + 1].normalize():f}", count) for n, count in enumerate(counts)]


def examples(scores: Scored, ranked: dict[str, list[str]]) -> list[Example]:
    """Three stories, and the best record of each kind of model that they do not show.

    `ranked` has the records of each model that have a score, the lowest first.
    """
    found, shown = [], set[str]()
    for title, model, place in _STORIES:
        if ids := ranked.get(model):
            names = {model, *scores.catalog.ingredients.get(model, ())}
            found.append(_example(scores, title, model, ids[place(len(ids) - 1)], names))
            shown |= {scores.catalog.models[name].kind for name in names}
    for each in scores.scores.models:
        kind = each.declaration.kind
        if kind not in shown and ranked[each.name] and each.declaration in scores.catalog.on:
            found.append(_example(scores, f"the best by {each.name}", each.name, ranked[each.name][-1], {each.name}))
            shown.add(kind)
    return found


def _example(scores: Scored, title: str, model: str, record_id: str, names: set[str]) -> Example:
    record = find(scores.store, str(scores.catalog.models[model].object), record_id)
    return Example(title, record, tuple(each for each in scores.explain(record) if each.explanation.model in names))
