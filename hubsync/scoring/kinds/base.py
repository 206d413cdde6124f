"""What a kind of model is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import ClassVar

from hubsync.scoring.body import Axis, Band, Body
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.vocabulary import Vocabulary


class Kind(ABC):
    """A way to compute a score: its declaration, and the body it makes of one."""

    name: ClassVar[str]
    declaration: ClassVar[type[ModelDeclaration]]

    @abstractmethod
    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile the declaration; raises ExpressionError."""

    @abstractmethod
    def attainable(self, model: ModelDeclaration) -> Decimal:
        """The most points a record can have above zero."""

    def tiers(self, model: ModelDeclaration) -> tuple[Axis, ...]:
        """The axes of the model's tiers, without SQL of their values."""
        return score_axis(model)


def score_axis(model: ModelDeclaration) -> tuple[Axis, ...]:
    """The declared tiers as bands of the score."""
    bands = tuple(
        Band(name, tier.from_, tier.worse or tier.acts) for name, tier in model.tiers.items() if tier.from_ is not None
    )
    return (Axis("score", bands),) if bands else ()
