"""Versions of models: a hash of everything the score depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from hubsync.catalog.declared import Declared
from hubsync.catalog.tracing import Named
from hubsync.types import Fit

# What is said about a model for people, when it is written and when it is looked at, changes no score.
_PROSE = {"outcome", "owner", "covers", "refresh", "job", "review_every", "reviewed_on"}
# Tiers, and segments of codes, are compared and written by their names.
_LABELS: Any = {"__all__": {"label"}}
_SILENT: Any = {**dict.fromkeys(_PROSE, True), "tiers": _LABELS, "segments": _LABELS}


def versions(found: Declared, order: Sequence[str], ingredients: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """The version of every model: eight hex digits; `order` has ingredients first."""
    made: dict[str, str] = {}
    for name in order:
        reads = found.reads_of_models[name]
        for kind in sorted(each for sort, each in reads if sort == "event"):
            reads |= found.reads.get(kind, frozenset())
        parts = {
            "model": found.models[name].model_dump(mode="json", exclude=_SILENT, exclude_defaults=True),
            "reads": [[*named, _declaration(found, named)] for named in sorted(reads) if named[0] != "model"],
            "ingredients": {each: made[each] for each in sorted(ingredients[name])},
        }
        made[name] = _digest(parts)
    return made


def fitted_versions(
    base: Mapping[str, str], ingredients: Mapping[str, frozenset[str]], fits: Mapping[str, Fit]
) -> dict[str, str]:
    """The version of every model with its fit: that of its declaration unless it, or what it is made of, is fitted.

    `base` has the versions of the declarations, ingredients first.
    """
    made: dict[str, str] = {}
    for name, version in base.items():
        changed = {each: made[each] for each in ingredients.get(name, ()) if made[each] != base[each]}
        fit = fits.get(name)
        fitted = fit is not None or bool(changed)
        parts = {"declared": version, "fitted": fit.parameters if fit is not None else None, "ingredients": changed}
        made[name] = _digest(parts) if fitted else version
    return made


def _digest(parts: Mapping[str, Any]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _declaration(found: Declared, named: Named) -> Any:
    sort, name = named
    if sort == "word":
        return found.portal.words.get(name)
    if sort == "property":
        object_, _, property_ = name.partition(".")
        return found.properties[object_][property_]
    declaration = found.signals[name] if sort == "signal" else found.events[name]
    return declaration.model_dump(mode="json", exclude={"label"}, exclude_defaults=True)
