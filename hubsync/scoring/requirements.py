"""What the models need from HubSpot: only that is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from hubsync.scoring.expressions import compile_expression
from hubsync.scoring.facts import closure
from hubsync.scoring.feeds import LINKS, source_ids
from hubsync.scoring.model import CompiledModel
from hubsync.scoring.needs import CoverNeed, EventNeed, Need, PropertyNeed, RollupNeed, ScoreNeed
from hubsync.scoring.origins import AnySource
from hubsync.scoring.vocabulary import Vocabulary, WordScope

KEYS = {"contacts": "email", "companies": "domain"}
"""The property by which a person names a record, and events find it."""

LONGEST_MEMORY = 400
"""Days of events kept in view for signals that look for the first or last event of a kind, without a window."""


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


class Reads(Protocol):
    """What reads facts of the records of an object: a model, or a segment."""

    @property
    def name(self) -> str:
        """How it is named where something is missing."""
        ...

    @property
    def object(self) -> str:
        """The object whose records it is about."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """What it reads."""
        ...


def requirements(models: Iterable[Reads], vocabulary: Vocabulary) -> Requirements:
    """Collect what models and segments read, through roll-ups, coverage and the sources of their events."""
    found = Requirements()
    for model in models:
        found.properties[model.object] |= set()
        found.models["object", model.object].add(model.name)
        needs = closure(model.needs, vocabulary)
        # Segments keep their members while a model of theirs is held; nobody needs to hear of each.
        if isinstance(model, CompiledModel):
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
            found.events[need.kind] = max(found.events.get(need.kind, 0), _days(need))
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


def _days(need: EventNeed) -> int:
    """The days of history to pull: what has no window looks as far back as events are kept in view."""
    if need.shape == "next":
        return 1
    return need.within if need.within is not None else max(LONGEST_MEMORY, need.least_days)


def _property(found: Requirements, object_: str, name: str, model: str) -> None:
    found.properties[object_].add(name)
    found.models["property", f"{object_}.{name}"].add(model)
    found.models["object", object_].add(model)


def _event(found: Requirements, need: EventNeed | CoverNeed, model: str, vocabulary: Vocabulary) -> None:
    source = vocabulary.source(need.kind)
    if source is None:
        return
    of = source[1].happens_to
    found.properties[of] |= set()
    found.models["object", of].add(model)
    for each in source_needs(source[1], vocabulary):
        _property(found, each.object, each.name, model)
    found.links.update((each.object, of) for each in source_needs(source[1], vocabulary) if each.object != of)
    found.links.update(travelled(of, need.object))


def travelled(from_object: str, to_object: str) -> set[tuple[str, str]]:
    """The associations along which events of one object reach another."""
    if from_object == to_object:
        return set()
    links = {(from_object, to_object)} & set(LINKS)
    if to_object == "companies" and from_object != "contacts" and (from_object, "contacts") in LINKS:
        links |= {(from_object, "contacts"), ("contacts", "companies")}
    return links


def source_properties(source: AnySource, object_: str, vocabulary: Vocabulary) -> set[str]:
    """The properties of an object that a source reads."""
    return {need.name for need in source_needs(source, vocabulary) if need.object == object_}


def source_needs(source: AnySource, vocabulary: Vocabulary) -> frozenset[PropertyNeed]:
    """The properties that a source reads, as what it reads them: of its object, or of what belongs to it."""
    of = source.happens_to
    needs = frozenset[Need]().union(
        *(compile_expression(each.text, WordScope(vocabulary, each.of or of)).needs for each in source.expressions)
    )
    named = frozenset(PropertyNeed(of, each.text, each.types[-1]) for each in source.properties)
    return named | {need for need in needs if isinstance(need, PropertyNeed)}
