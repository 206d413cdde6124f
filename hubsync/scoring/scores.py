"""What a scoring made: a relation per model, and how many records are in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hubsync.scoring.model import CompiledModel


@dataclass(frozen=True)
class Scores:
    """The models in dependency order, and the number of records that each scored.

    `unreadable` counts, per `object.property`, the values that are no number or date although the property is one;
    they count as unknown.
    """

    models: tuple[CompiledModel, ...]
    records: Mapping[str, int]
    unreadable: Mapping[str, int]

    @property
    def total(self) -> int:
        """Scores computed, all models together."""
        return sum(self.records.values())
