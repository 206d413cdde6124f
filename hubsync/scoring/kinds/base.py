"""What a kind of model is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from hubsync.scoring.body import Axis, Band, Body
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.fits import Fitting
from hubsync.scoring.vocabulary import Vocabulary


@dataclass(frozen=True)
class Part:
    """A line of the explanation that a declaration names beside its rules.

    `at` is its path in the file; `expressions` are pairs of a key and the expression that stands there.
    """

    at: tuple[str | int, ...]
    name: str
    expressions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Package:
    """A package that fitting needs and hubsync does not bring: its module, and the extra that it belongs to."""

    module: str
    extra: str

    @property
    def remedy(self) -> str:
        """What to type."""
        return f"pip install 'hubsync[{self.extra}]'"


class Kind(ABC):
    """A way to compute a score: its declaration, and the body it makes of one."""

    name: ClassVar[str]
    declaration: ClassVar[type[ModelDeclaration]]
    makes: ClassVar[frozenset[str]] = frozenset()
    """The extra values it makes, by their keys under `writes`."""
    package: ClassVar[Package | None] = None
    """What its fits need beside hubsync."""

    @abstractmethod
    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile the declaration; raises ExpressionError."""

    @abstractmethod
    def attainable(self, model: ModelDeclaration) -> Decimal:
        """The most points a record can have above zero."""

    def measures(self, model: ModelDeclaration, body: Body) -> int:  # noqa: ARG002
        """How many things it looks at, as somebody counts them who reads the declaration."""
        return len(body.terms)

    def parts(self, model: ModelDeclaration) -> Iterator[Part]:  # noqa: ARG002
        """The lines that the declaration names beside its rules; none unless the kind has some."""
        return iter(())

    def conditions(self, model: ModelDeclaration) -> Iterator[tuple[tuple[str | int, ...], str]]:  # noqa: ARG002
        """The conditions that the declaration has beside its rules, with their paths in the file."""
        return iter(())

    def fitting(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Fitting | None:  # noqa: ARG002
        """What the model measures before it can score; None when it needs nothing. Raises ExpressionError.

        The body is compiled with `vocabulary.fits[model.model]`, and without a fit in such a way that it needs the
        same and every line is unknown.
        """
        return None

    def tiers(self, model: ModelDeclaration) -> tuple[Axis, ...]:
        """The axes of the model's tiers, without SQL of their values."""
        return score_axis(model)


def score_axis(model: ModelDeclaration) -> tuple[Axis, ...]:
    """The declared tiers as bands of the score."""
    bands = tuple(
        Band(name, tier.from_, tier.worse or tier.acts) for name, tier in model.tiers.items() if tier.from_ is not None
    )
    return (Axis("score", bands),) if bands else ()
