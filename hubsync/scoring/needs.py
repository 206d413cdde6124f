"""What a value needs: the columns that must stand beside a record before its SQL can be evaluated."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from hubsync.scoring.units import Fade
from hubsync.types import PropertyType

Shape = Literal["times", "periods", "sum", "last", "points", "first", "next", "days", "distinct", "streak", "silence"]


@dataclass(frozen=True, slots=True)
class PropertyNeed:
    """A typed property of the record."""

    object: str
    name: str
    type: PropertyType

    @property
    def column(self) -> str:
        """Its column in the facts of the object."""
        return f"p_{self.name}"


@dataclass(frozen=True, slots=True)
class EventNeed:
    """An aggregate over the record's events of one kind that pass the filters.

    `times` counts them, `periods` counts the periods with at least one, `sum` adds their values, `last` is the
    newest's time, `days` counts the days with at least one, `points` adds `points` per event, faded by age. `first`
    is the oldest's time and `next` that of the next one from today on, `distinct` counts the values of the attribute
    `by`, `streak` the periods without a gap up to now, `silence` the usual gaps, over the `against` days up to the
    last event, that have passed since. `within` looks back so many days, without the last `before` of them.
    """

    object: str
    kind: str
    shape: Shape
    within: int | None = None
    url_contains: str | None = None
    where: str | None = None
    period: int | None = None
    fade: Fade | None = None
    points: Decimal | None = None
    before: int | None = None
    against: int | None = None
    by: str | None = None

    @property
    def least_days(self) -> int:
        """The days that events must be kept for it: it looks back so far, and further when it can."""
        return self.within or self.against or 0

    @property
    def column(self) -> str:
        """Its column in the facts of the object."""
        digest = hashlib.blake2b(repr(self).encode(), digest_size=6).hexdigest()
        return f"e_{self.kind}_{digest}"


@dataclass(frozen=True, slots=True)
class CoverNeed:
    """Whether the active source of a kind of event covers the record: then no event means none happened."""

    object: str
    kind: str

    @property
    def column(self) -> str:
        """Its column in the facts of the object."""
        return f"c_{self.kind}"


@dataclass(frozen=True, slots=True)
class CreatedNeed:
    """When the record was created."""

    object: str

    @property
    def column(self) -> str:
        """Its column in the facts of the object."""
        return "created_at"


@dataclass(frozen=True, slots=True)
class RollupNeed:
    """A roll-up signal over associated records."""

    object: str
    signal: str

    @property
    def column(self) -> str:
        """Its column beside the facts."""
        return f"r_{self.signal}"


@dataclass(frozen=True, slots=True)
class SignalNeed:
    """A signal on events that takes some working out: so it is worked out once, not by everything that reads it."""

    object: str
    signal: str

    @property
    def column(self) -> str:
        """Its column in the facts of the object."""
        return f"s_{self.signal}"


@dataclass(frozen=True, slots=True)
class ScoreNeed:
    """The score of another model on the same record."""

    object: str
    model: str

    @property
    def column(self) -> str:
        """Its column beside the facts; `why_column` has its reasons."""
        return f"m_{self.model}"

    @property
    def why_column(self) -> str:
        """The column of the model's reasons."""
        return f"w_{self.model}"


Need = PropertyNeed | EventNeed | CoverNeed | CreatedNeed | SignalNeed | RollupNeed | ScoreNeed
