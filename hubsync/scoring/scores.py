"""What a scoring made: a relation per model, and how many records are in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hubsync.scoring.model import CompiledModel
from hubsync.types import Fit


@dataclass(frozen=True)
class Scores:
    """The models in dependency order, and the number of records that each scored.

    `unreadable` counts, per `object.property`, the values that are no number or date although the property is one;
    they count as unknown. `fits` are all fits that were scored with, those made just now among them; `notes` say of
    these what a person should know, by the model's name.
    """

    models: tuple[CompiledModel, ...]
    records: Mapping[str, int]
    unreadable: Mapping[str, int]
    fits: Mapping[str, Fit] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Scores computed, all models together."""
        return sum(self.records.values())
