"""What models and segments wrote once and write no more: it is cleared, once and under a guard (design §5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from hubsync.catalog import Catalog
from hubsync.plan.changes import Retired, add_clears
from hubsync.plan.guards import clear_guard, published_count
from hubsync.scoring.scores import Scores
from hubsync.scoring.segments import SEGMENT_MODELS
from hubsync.store import Scratch, UsedModel
from hubsync.types import Guard

_NOTHING = "", frozenset[str]()


def footprints(used: Iterable[UsedModel]) -> list[Retired]:
    """What each model wrote on each object, in all its versions; `used` is in the order of their use."""
    found: dict[tuple[str, str], Retired] = {}
    for model in used:
        names = frozenset(each for each in (model.declaration.get("writes") or {}).values() if each)
        if not names:
            continue
        key = (model.name, str(model.declaration["object"]))
        before = found[key].properties if key in found else frozenset[str]()
        found[key] = Retired(*key, model.version, before | names)
    return [found[key] for key in sorted(found)]


def clear(
    scratch: Scratch, catalog: Catalog, scores: Scores, left: Iterable[Retired], held: Collection[str],
    existing: Mapping[str, Collection[str]],
) -> Iterator[Guard]:  # fmt: skip
    """Clear what was `left` behind: by what is off, on records that left `who`, in properties that are named no more.

    What is held keeps its values; `existing` are the portal's properties, per object as far as that was asked.
    """
    active = catalog.written
    relations = {name: f"records_{object_}" for name, object_ in SEGMENT_MODELS.items()}
    relations |= {model.name: model.relation for model in scores.models}
    for footprint in left:
        if footprint.model in held:
            continue
        now, mine = active.get(footprint.model, _NOTHING)
        on = now == footprint.object
        others = (names for model, (of, names) in active.items() if of == footprint.object and model != footprint.model)
        clearable = footprint.properties.difference(*others)
        if footprint.object in existing:
            clearable &= frozenset(existing[footprint.object])
        published = published_count(scratch, footprint.model, footprint.object)
        retired = replace(
            footprint, properties=clearable, dropped=clearable - mine if on else clearable,
            scored=relations[footprint.model] if on else None,
        )  # fmt: skip
        if cleared := add_clears(scratch, retired):
            yield clear_guard(footprint.model, cleared, published, catalog.main.guards)
