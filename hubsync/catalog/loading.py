"""From a folder of YAML to a catalog, or to the list of everything that is wrong with it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from hubsync.catalog.checking import check
from hubsync.catalog.declared import Declared, declared
from hubsync.catalog.model import Catalog
from hubsync.catalog.tracing import Named
from hubsync.catalog.versions import versions
from hubsync.errors import ConfigError, ConfigMistake


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
    return Catalog(
        folder, found.main, found.portal, found.events, found.signals, models, found.properties, ingredients,
        versions(found, order, ingredients),
    ), []  # fmt: skip


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
