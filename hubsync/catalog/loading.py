"""From a folder of YAML to a catalog, or to the list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pydantic import BaseModel

from hubsync.catalog.checking import check
from hubsync.catalog.declared import Declared, declared
from hubsync.catalog.model import Catalog
from hubsync.catalog.tracing import ANY_MOMENT, Named
from hubsync.catalog.versions import versions
from hubsync.errors import ConfigError, ConfigMistake
from hubsync.scoring.facts import closure
from hubsync.scoring.needs import EventNeed
from hubsync.scoring.units import Fade


def load(folder: Path) -> Catalog:
    """Read and check the configuration; raises ConfigError with all mistakes."""
    catalog, mistakes = load_checked(folder)
    if catalog is None:
        raise ConfigError(mistakes)
    return catalog


def load_checked(folder: Path) -> tuple[Catalog | None, list[ConfigMistake]]:
    """The catalog, or None and every mistake by file and line."""
    found = declared(folder)
    if "hubsync.yaml" in found.documents:
        check(found)
        order = _order(found)
    if mistakes := found.mistakes:
        return None, mistakes
    models = {name: found.models[name] for name in order}
    ingredients = {name: _models(found.reads_of_models[name]) for name in order}
    catalog = Catalog(
        folder, found.main, found.portal, found.events, found.signals, models, found.properties, ingredients,
        versions(found, order, ingredients), found.segments,
        {name: _models(reads) for name, reads in found.reads_of_segments.items()},
    )  # fmt: skip
    _check_windows(found, catalog)
    return (None if found.mistakes else catalog), found.mistakes


def _check_windows(found: Declared, catalog: Catalog) -> None:
    """Note the models that look back further than events are kept; what is compiled costs a fifth of a second."""
    kept = catalog.main.retention.events
    if all(
        window <= kept for declared in (*catalog.needed, *catalog.signals.values()) for window in _windows(declared)
    ):
        return
    vocabulary = catalog.vocabulary(ANY_MOMENT)
    for model in catalog.compiled(vocabulary):
        needs = [need for need in closure(model.needs, vocabulary) if isinstance(need, EventNeed)]
        for kind in sorted({need.kind for need in needs if need.least_days > kept}):
            longest = max(need.least_days for need in needs if need.kind == kind)
            found.model_files[model.name].report(
                ("model",), f"the model '{model.name}' looks back {longest:,} days for {kind}, and events are kept for"
                f" {kept:,} days", "Shorten its window, or lengthen 'events' under 'retention' in hubsync.yaml.",
            )  # fmt: skip


def _windows(declared: object) -> Iterator[float]:
    """The days that a declaration, or anything in it, looks back."""
    if isinstance(declared, Fade):
        yield declared.interval / declared.share
    elif isinstance(declared, BaseModel):
        yield (getattr(declared, "within", None) or 0) + (getattr(declared, "against", None) or 0)
        for name in type(declared).model_fields:
            yield from _windows(getattr(declared, name))
    elif isinstance(declared, list | tuple):
        for each in declared:
            yield from _windows(each)


def _models(reads: frozenset[Named]) -> frozenset[str]:
    return frozenset(name for sort, name in reads if sort == "model")


def _order(found: Declared) -> list[str]:
    """The models, ingredients first; a circle is noted at its first model."""
    graph = {
        name: sorted(_models(found.reads_of_models.get(name, frozenset())) & found.models.keys())
        for name in sorted(found.models)
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        start = circle.index(min(circle))
        names = [*circle[start:-1], *circle[:start], circle[start]]
        document = found.model_files[names[0]]
        document.report(("model",), f"a circle of models: {' -> '.join(names)}", "Break it at one place.")
        return []
