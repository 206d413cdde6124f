"""What every source of events has in common, and what the rest asks of any of them."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from hubsync.scoring.units import Days, Declaration
from hubsync.types import PropertyType

NUMBER: tuple[PropertyType, ...] = ("number",)
TEXT: tuple[PropertyType, ...] = ("text",)
BOOL: tuple[PropertyType, ...] = ("bool",)
TIME: tuple[PropertyType, ...] = ("date", "datetime")
EVERY: tuple[PropertyType, ...] = ("number", "text", "bool", "date", "datetime")
AS_TEXT: tuple[PropertyType, ...] = ("number", "bool", "date", "datetime", "text")

Knows = Literal["all", "linked", "seen"]
"""Whom a source knows about without being told: every record that its events could reach (all), every record of the
object that they happen to and what is linked to it (linked), only records with an event (seen)."""


class Reading(NamedTuple):
    """A part of a source that reads an object: the keys it stands under, its text, and the types it may have.

    `of` is the object that it reads when that is not the one that the events happen to.
    """

    at: tuple[str, ...]
    text: str
    types: tuple[PropertyType, ...]
    of: str | None = None


class EventSource(Declaration):
    """Base of event sources: what they have in common, and what the rest asks of them."""

    expected_every: Days | None = None
    covers: str | None = None

    knows: ClassVar[Knows] = "linked"
    begins: ClassVar[bool] = True
    """Whether nothing is known from before the source's start: false where records themselves are as old as that."""
    in_hubspot: ClassVar[bool] = True
    """Whether HubSpot has its events; else they come from a file or a database."""

    @property
    def happens_to(self) -> str:
        """The object whose records the source's events happen to."""
        return str(getattr(self, "object", "contacts"))

    @property
    def by_email(self) -> bool:
        """Whether its events name a person by email, not a record by id."""
        return False

    @property
    def carries(self) -> frozenset[str]:
        """The attributes that its events have."""
        return frozenset(getattr(self, "attributes", ()))

    @property
    def has_value(self) -> bool:
        """Whether its events have a value to add up."""
        return getattr(self, "value", None) is not None

    @property
    def expressions(self) -> tuple[Reading, ...]:
        """The expressions over properties of its object that it reads; one that may be BOOL alone is a condition."""
        return ()

    @property
    def reads(self) -> frozenset[str]:
        """The objects whose records it is made of."""
        return frozenset({self.happens_to, *(each.of for each in self.expressions if each.of is not None)})

    @property
    def properties(self) -> tuple[Reading, ...]:
        """The properties of its object that it names; each is read as the last of its types."""
        return ()

    @property
    def known_by(self) -> str | None:
        """The property of its object that is known where the source knows about a record, if it depends on one."""
        return None
