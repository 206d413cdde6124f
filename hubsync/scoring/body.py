"""What a kind makes of its declaration: terms, limits, caps and the axes of its tiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hubsync.scoring.declarations import Limit
from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql

CAP = "cap"
"""The line of the explanation that caps make."""


@dataclass(frozen=True)
class Term:
    """One rule: its points and whether its inputs are known, as SQL over one record's row.

    `points` may be NULL where nothing is given; `weight` is the most the rule can move the score, used for known
    data; a term that is not `available` in this portal counts for nothing and leaves the denominator.
    """

    rule: str
    reason: str
    points: Sql
    known: Sql
    weight: Decimal
    group: str | None = None
    available: bool = True
    needs: frozenset[Need] = frozenset()
    settled: bool = False
    """Its points are never NULL, and 0 where it is not known: nobody has to make them so."""


@dataclass(frozen=True)
class Cap:
    """The score is at most `most` where `holds`."""

    rule: str
    reason: str
    holds: Sql
    most: Decimal
    needs: frozenset[Need] = frozenset()


@dataclass(frozen=True)
class Band:
    """A named range of an axis, from its lower bound to the next band's."""

    name: str
    least: Decimal
    settles_at_once: bool = False
    """Entering takes effect at once, leaving takes the margin: worse bands, and bands on which something acts."""
    label: str | None = None
    """What people read; made of the name when it is None."""


@dataclass(frozen=True)
class Axis:
    """A value that is divided into bands; the tier is the names of all axes' bands in a row.

    `value` None stands for the score itself. `width` is the length of the band names when there are several axes.
    """

    name: str
    bands: tuple[Band, ...]
    value: Sql | None = None
    needs: frozenset[Need] = frozenset()
    at_once: bool = False
    """Every band is entered and left at once: bands that conditions name have no boundary to be near to."""


@dataclass(frozen=True)
class Body:
    """A compiled model before the common part: everything a kind decides.

    `steps` add columns to a record's row before anything else looks at it, one step after the other, so that what
    is long or used often is computed once; `reads` is what they need. `extras` are values written beside the score,
    by their key under `writes`, over the row with these columns.
    """

    start: Decimal
    terms: tuple[Term, ...]
    axes: tuple[Axis, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    why: Sql | None = None
    """The reasons as text, where a kind knows better than the largest terms."""
    steps: tuple[Mapping[str, Sql], ...] = ()
    reads: frozenset[Need] = frozenset()
    extras: Mapping[str, Sql] = field(default_factory=dict)

    @property
    def needs(self) -> frozenset[Need]:
        """Everything the body reads beside a record."""
        parts: tuple[Term | Cap | Axis, ...] = (*self.terms, *self.caps, *self.axes)
        return self.reads.union(*(part.needs for part in parts))


@dataclass(frozen=True)
class Line:
    """One line of the explanation: the column that holds its points, and whether it is a rule of the model."""

    rule: str
    reason: str
    column: str
    known_column: str | None = None
    available: bool = True
