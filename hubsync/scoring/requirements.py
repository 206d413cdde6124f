"""What the models need from HubSpot: only that is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hubsync.scoring.expressions import compile_expression
from hubsync.scoring.facts import closure
from hubsync.scoring.model import CompiledModel
from hubsync.scoring.needs import CoverNeed, EventNeed, Need, PropertyNeed, RollupNeed, ScoreNeed
from hubsync.scoring.origins import CounterSource, ObjectSource
from hubsync.scoring.sources import LINKS, AnySource, source_ids, subject
from hubsync.scoring.vocabulary import Vocabulary, WordScope

KEYS = {"contacts": "email", "companies": "domain"}
"""The property by which a person names a record, and events find it."""

LONGEST_MEMORY = 400
"""Days of events kept in view for signals that look for the last event of a kind."""


@dataclass(frozen=True)
class Requirements:
    """Objects with their properties, the days of history per kind of event, and the associations to pull."""

    properties: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    events: dict[str, int] = field(default_factory=dict)
    links: set[tuple[str, str]] = field(default_factory=set)
    models: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """Which models need ('property', 'contacts.email'), ('event', kind) or ('object', name)."""
    made_of: dict[str, set[str]] = field(default_factory=dict)
    """The models whose scores a model reads, itself or by a roll-up, in dependency order."""

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects to pull, in a stable order."""
        return tuple(sorted(self.properties))

    def sources(self, vocabulary: Vocabulary) -> Iterator[tuple[str, str, AnySource]]:
        """(kind, source id, source) of every source that could feed a kind that is needed."""
        for kind in sorted(self.events):
            for source_id, source in source_ids(kind, vocabulary.events[kind]):
                yield kind, source_id, source


def requirements(models: Iterable[CompiledModel], vocabulary: Vocabulary) -> Requirements:
    """Collect what the models read, through roll-ups, coverage and the sources of their events."""
    found = Requirements()
    for model in models:
        found.properties[model.object] |= set()
        found.models["object", model.object].add(model.name)
        needs = closure(model.needs, vocabulary)
        found.made_of[model.name] = {need.model for need in needs if isinstance(need, ScoreNeed)}
        for need in needs:
            _add(found, need, model.name, vocabulary)
    for object_ in found.properties.keys() & KEYS.keys():
        found.properties[object_].add(KEYS[object_])
    return found


def _add(found: Requirements, need: Need, model: str, vocabulary: Vocabulary) -> None:
    match need:
        case PropertyNeed(object_, name, _):
            _property(found, object_, name, model)
        case EventNeed():
            window = need.within if need.within is not None else LONGEST_MEMORY
            found.events[need.kind] = max(found.events.get(need.kind, 0), window)
            found.models["event", need.kind].add(model)
            _event(found, need, model, vocabulary)
        case CoverNeed():
            _event(found, need, model, vocabulary)
        case RollupNeed(object_, signal):
            over = str(vocabulary.signals[signal].over)
            found.links.update({(object_, over), (over, object_)} & set(LINKS))
            found.models["object", over].add(model)
            found.properties[over] |= set()
        case _:
            pass


def _property(found: Requirements, object_: str, name: str, model: str) -> None:
    found.properties[object_].add(name)
    found.models["property", f"{object_}.{name}"].add(model)
    found.models["object", object_].add(model)


def _event(found: Requirements, need: EventNeed | CoverNeed, model: str, vocabulary: Vocabulary) -> None:
    source = vocabulary.source(need.kind)
    if source is None:
        return
    of = subject(source[1])
    found.properties[of] |= set()
    found.models["object", of].add(model)
    for name in source_properties(source[1], vocabulary):
        _property(found, of, name, model)
    found.links.update(travelled(of, need.object))


def travelled(from_object: str, to_object: str) -> set[tuple[str, str]]:
    """The associations along which events of one object reach another."""
    if from_object == to_object:
        return set()
    links = {(from_object, to_object)} & set(LINKS)
    if to_object == "companies" and from_object != "contacts" and (from_object, "contacts") in LINKS:
        links |= {(from_object, "contacts"), ("contacts", "companies")}
    return links


def source_properties(source: AnySource, vocabulary: Vocabulary) -> set[str]:
    """The properties of its object that a source reads."""
    return {need.name for need in source_needs(source, vocabulary)}


def source_needs(source: AnySource, vocabulary: Vocabulary) -> frozenset[PropertyNeed]:
    """The properties of its object that a source reads, as what it reads them."""
    if isinstance(source, CounterSource):
        count = PropertyNeed(source.object, source.count, "number")
        return frozenset({count, PropertyNeed(source.object, source.last, "datetime")})
    if not isinstance(source, ObjectSource):
        return frozenset()
    texts = (source.when, source.time, source.value, source.currency, *source.attributes.values())
    scope = WordScope(vocabulary, source.object)
    needs = frozenset[Need]().union(*(compile_expression(text, scope).needs for text in texts if text is not None))
    return frozenset(need for need in needs if isinstance(need, PropertyNeed))
