"""The catalog: the whole configuration, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hubsync.scoring.configuration import Main, PortalMap
from hubsync.scoring.declarations import ModelDeclaration, Signal
from hubsync.scoring.model import CompiledModel, compile_model
from hubsync.scoring.origins import EventKind
from hubsync.scoring.sources import Feeds
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.types import AsOf, PropertyType


@dataclass(frozen=True)
class Catalog:
    """Everything the configuration declares; what it names exists, and nothing leads back to itself.

    `models` holds every declared model, ingredients first, with `customers` replaced by the object that
    portal.yaml names. `ingredients` names the models that a model reads directly.
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

    @property
    def on(self) -> tuple[ModelDeclaration, ...]:
        """The models that hubsync.yaml switches on, ingredients first."""
        return tuple(model for name, model in self.models.items() if name in self.main.models)

    @property
    def needed(self) -> tuple[ModelDeclaration, ...]:
        """The models that are on and everything they are made of, ingredients first."""
        wanted = self._with_ingredients(self.main.models)
        return tuple(model for name, model in self.models.items() if name in wanted)

    @property
    def own(self) -> dict[str, frozenset[str]]:
        """The properties that hubsync writes, per object, of all declared models: also those that are off."""
        found: dict[str, set[str]] = {}
        for model in self.models.values():
            if model.writes is not None:
                found.setdefault(model.object, set()).update(model.writes.model_dump(exclude_none=True).values())
        return {object_: frozenset(names) for object_, names in found.items()}

    def vocabulary(self, as_of: AsOf, feeds: Feeds | None = None) -> Vocabulary:
        """The meaning of all names as of a moment, with what feeds the events of this portal."""
        return Vocabulary(
            self.properties, self.portal.words, self.signals, self.events, self.models, as_of, feeds or Feeds()
        )

    def compiled(self, vocabulary: Vocabulary) -> tuple[CompiledModel, ...]:
        """The models that are needed, ready to run, ingredients first."""
        return tuple(compile_model(model, vocabulary) for model in self.needed)

    def version(self, model: str) -> str:
        """Eight hex digits that change when the model's declaration, or anything it is made of, changes."""
        return self.versions[model]

    def _with_ingredients(self, names: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.ingredients.get(name, ()))
        return frozenset(found)
