"""What models were scored with and is not there any more: properties of the portal, words of portal.yaml.

What was read is remembered until the configuration no longer names it. What is lost holds the models that need it:
their old values stay in HubSpot, because a score from values that nobody keeps up would be wrong, and one without
them would blame the record for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hubsync.catalog import Catalog, unmapped_words
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.requirements import Requirements
from hubsync.scoring.words import UNKNOWN, mapping
from hubsync.types import AsOf, PropertyDefinition

SCHEMA = "schema"
"""The cursor that remembers what was read."""

_MEANS = {"number": "number", "bool": "bool", "date": "moment", "datetime": "moment"}
_CHECKBOX = "booleancheckbox"

Cursors = Mapping[str, Mapping[str, Any]]
Definitions = Mapping[str, PropertyDefinition]


@dataclass(frozen=True, slots=True)
class Lost:
    """Something that was there and is not: `name` is `companies.seats`, `reason` a sentence with the remedy."""

    sort: Literal["property", "word"]
    name: str
    reason: str
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """What is lost, and what to remember: `first` before anything is pulled, `last` when the pull has ended."""

    lost: tuple[Lost, ...]
    first: Mapping[str, Any]
    last: Mapping[str, Any]

    def hold(self, held: dict[str, str]) -> None:
        """Add the models that need something that is lost, each with one reason."""
        for each in self.lost:
            for model in each.models:
                held.setdefault(model, each.reason)


def remembered(cursors: Cursors) -> list[Lost]:
    """What was lost at the last pull."""
    found = cursors.get(SCHEMA, {}).get("lost", ())
    return [Lost(**{**each, "models": tuple(each["models"])}) for each in found]


def returned(object_: str, cursors: Cursors, definitions: Definitions, catalog: Catalog) -> bool:
    """Whether a lost property of an object is there again: what changed meanwhile may have bumped no record."""
    before = _properties(cursors)
    return any(
        each.sort == "property"
        and each.name.startswith(f"{object_}.")
        and not _why_lost(each.name, before.get(each.name, {}), definitions, catalog)
        for each in remembered(cursors)
    )


def drift(
    catalog: Catalog,
    needed: Requirements,
    as_of: AsOf,
    feeds: Feeds,
    cursors: Cursors,
    portal: Mapping[str, Definitions],
) -> Drift:
    """Compare what the models need with what was read before; `portal` has the objects that can be read now.

    Of an object that is not in `portal`, what was lost stays lost.
    """
    before, was_lost = _properties(cursors), {each.name: each.reason for each in remembered(cursors)}
    properties, lost = dict[str, Any](), list[Lost]()
    for place, models in sorted(_needed(needed)):
        known = before.get(place)
        object_, _, name = place.partition(".")
        if object_ in portal:
            reason = _why_lost(place, known, portal[object_], catalog) if known is not None else ""
            if name in portal[object_] and not reason:
                known = _memory(portal[object_][name])
        else:
            reason = was_lost.get(place, "")
        if known is not None:
            properties[place] = known
        if reason:
            lost.append(Lost("property", place, reason, models))
    words, mapped = cursors.get(SCHEMA, {}).get("words", ()), _mapped(catalog)
    lost_words = list(_lost_words(catalog, as_of, feeds, set(words) - mapped))
    lost += lost_words
    last = {
        "properties": properties,
        "words": sorted(mapped | {each.name for each in lost_words}),
        "lost": _as_json(lost),
    }
    first = last | {"properties": properties | before, "lost": _as_json(remembered(cursors))}
    return Drift(tuple(lost), first, last)


def _as_json(lost: Iterable[Lost]) -> list[dict[str, Any]]:
    return [{**asdict(each), "models": list(each.models)} for each in lost]


def _properties(cursors: Cursors) -> dict[str, dict[str, str]]:
    """What was read, by place; databases from before it was remembered still know the names."""
    if SCHEMA in cursors:
        return dict(cursors[SCHEMA]["properties"])
    return {f"{object_}.{name}": {} for object_, position in cursors.items() for name in position.get("properties", ())}


def _memory(have: PropertyDefinition) -> dict[str, str]:
    return {"type": have.type, "means": _means(have), "label": have.label}


def _means(have: PropertyDefinition) -> str:
    """What kind of value it holds; HubSpot's own checkboxes are enumerations, and all else is text."""
    return "bool" if have.field_type == _CHECKBOX else _MEANS.get(have.type, "text")


def _needed(needed: Requirements) -> Iterator[tuple[str, tuple[str, ...]]]:
    for (sort, place), models in needed.models.items():
        if sort == "property" and models:
            yield place, tuple(sorted(models))


def _why_lost(place: str, was: Mapping[str, str], definitions: Definitions, catalog: Catalog) -> str:
    object_, _, name = place.partition(".")
    have = definitions.get(name)
    if have is None:
        return (
            f"the property {place} is gone from HubSpot{_perhaps(was, definitions)}: restore it there, or name another"
            " one in portal.yaml"
        )
    reads = catalog.properties[object_].get(name, "text")
    if "means" not in was or _means(have) in (was["means"], _MEANS.get(reads, "text")):
        return ""
    return (
        f"the property {place} was of type {was['type']} in HubSpot and is of type {have.type} now: change it back, or"
        " declare its new type under 'properties' in portal.yaml"
    )


def _perhaps(was: Mapping[str, str], definitions: Definitions) -> str:
    """HubSpot can't rename a property: who made a new one gave it the label of the old."""
    label = was.get("label", "").strip().casefold()
    alike = [each.name for each in definitions.values() if label and each.label.strip().casefold() == label]
    return f" (perhaps it is now {alike[0]}, which has its label)" if len(alike) == 1 else ""


def _mapped(catalog: Catalog) -> set[str]:
    words = catalog.portal.words
    return {
        f"{object_}.{name}"
        for name, objects in words.items()
        if isinstance(objects, Mapping)
        for object_ in objects
        if mapping(words, name, object_) not in (None, UNKNOWN)
    }


def _lost_words(catalog: Catalog, as_of: AsOf, feeds: Feeds, gone: set[str]) -> Iterator[Lost]:
    for each in unmapped_words(catalog, as_of, feeds) if gone else ():
        place = f"{each.object}.{each.word}"
        if place in gone and mapping(catalog.portal.words, each.word, each.object) != UNKNOWN:
            reason = (
                f"the word {each.word} was mapped for {each.object} and is not any more: map it in portal.yaml, or"
                f" write '{each.word}: unknown' there if that is meant"
            )
            yield Lost("word", place, reason, each.models)
