"""The catalog: the whole configuration, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hubsync.catalog.versions import fitted_versions
from hubsync.scoring.configuration import Main, PortalMap
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.model import CompiledModel, compile_model
from hubsync.scoring.origins import EventKind
from hubsync.scoring.segments import SEGMENT_MODELS, CompiledSegment, Segment, compile_segment
from hubsync.scoring.signals import Signal
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.types import AsOf, Fit, PropertyType

_UNFITTED: Mapping[str, Fit] = {}


@dataclass(frozen=True)
class Catalog:
    """Everything the configuration declares; what it names exists, and nothing leads back to itself.

    `models` holds every declared model, ingredients first, with `customers` replaced by the object that
    portal.yaml names. `ingredients` names the models that a model reads directly, `versions` has the versions of the
    declarations; see `version`.
    """

    folder: Path
    main: Main
    portal: PortalMap
    events: Mapping[str, EventKind]
    signals: Mapping[str, Signal]
    models: Mapping[str, ModelDeclaration]
    properties: Mapping[str, Mapping[str, PropertyType]]
    ingredients: Mapping[str, frozenset[str]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    read_by_segments: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The models that each segment leads to."""

    @property
    def segments_off(self) -> dict[str, tuple[str, ...]]:
        """The segments that are inactive, with the models that are off and that they need."""
        on = set(self.main.models)
        missing = {name: tuple(sorted(self.read_by_segments[name] - on)) for name in self.segments}
        return {name: models for name, models in missing.items() if models}

    @property
    def written(self) -> dict[str, tuple[str, frozenset[str]]]:
        """The object and the properties of all that is written, by model; segments stand as a model per object."""
        found = {
            model.model: (str(model.object), frozenset(model.written.values()))
            for model in self.on
            if model.writes is not None
        }
        active = {str(segment.object) for name, segment in self.segments.items() if name not in self.segments_off}
        named = {name: object_ for name, object_ in SEGMENT_MODELS.items() if object_ in active}
        return found | {name: (each, frozenset({self.main.segments_property})) for name, each in named.items()}

    @property
    def on(self) -> tuple[ModelDeclaration, ...]:
        """The models that hubsync.yaml switches on, ingredients first."""
        return tuple(model for name, model in self.models.items() if name in self.main.models)

    @property
    def needed(self) -> tuple[ModelDeclaration, ...]:
        """The models that are on and everything they are made of, ingredients first."""
        wanted = self.with_ingredients(self.main.models)
        return tuple(model for name, model in self.models.items() if name in wanted)

    @property
    def own(self) -> dict[str, frozenset[str]]:
        """The properties that hubsync writes, per object, of all declared models: also those that are off."""
        found: dict[str, set[str]] = {}
        for model in self.models.values():
            if model.writes is not None:
                found.setdefault(model.object, set()).update(model.written.values())
        # Also of objects that have no segment any more: what was written there is to be cleared.
        for object_ in [*found, *(str(segment.object) for segment in self.segments.values())]:
            found.setdefault(object_, set()).add(self.main.segments_property)
        return {object_: frozenset(names) for object_, names in found.items()}

    def vocabulary(self, as_of: AsOf, feeds: Feeds | None = None, fits: Mapping[str, Fit] = _UNFITTED) -> Vocabulary:
        """The meaning of all names as of a moment, with what feeds the events of this portal and the stored fits."""
        return Vocabulary(
            self.properties, self.portal.words, self.signals, self.events, self.models, as_of, feeds or Feeds(), fits
        )

    def compiled(self, vocabulary: Vocabulary) -> tuple[CompiledModel, ...]:
        """The models that are needed, ready to run, ingredients first."""
        return tuple(compile_model(model, vocabulary) for model in self.needed)

    def compiled_segments(self, vocabulary: Vocabulary) -> tuple[CompiledSegment, ...]:
        """The segments that are active, ready to run, as they stand in segments.yaml."""
        off = self.segments_off
        return tuple(compile_segment(key, each, vocabulary) for key, each in self.segments.items() if key not in off)

    def version(self, model: str, fits: Mapping[str, Fit] = _UNFITTED) -> str:
        """Eight hex digits that change when the declaration, the fit, or anything the model is made of, changes."""
        return fitted_versions(self.versions, self.ingredients, fits)[model]

    def with_ingredients(self, names: Iterable[str]) -> frozenset[str]:
        """These models and everything they are made of."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.ingredients.get(name, ()))
        return frozenset(found)
