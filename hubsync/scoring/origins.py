"""Where events come from: what `events.yaml` may say.

A source is one class here: its keys, and what the rest asks of any source (`EventSource` in event_source.py). How it is
read stands in `pull/sources/`, one file for each.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from hubsync.scoring.event_source import AS_TEXT, BOOL, EVERY, NUMBER, TEXT, TIME, EventSource, Knows, Reading
from hubsync.scoring.marketing_sources import EmailEventSource, FormSource, ListSource
from hubsync.scoring.units import Declaration, Name, PropertyName, Pulled, Scored, Text

_VARIABLE = re.compile(r"HUBSYNC_SQL_[A-Z0-9_]{1,80}")
_SELECTS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_CHANGE = re.compile(r"grows|falls|changes|becomes \S.*")


class OccurrenceSource(EventSource):
    """Event occurrences of HubSpot (page views, custom events); `{portal}` stands for the portal's id."""

    from_: Literal["occurrences"] = Field(alias="from")
    object: Scored = "contacts"
    event_type: str
    attributes: dict[Name, str] = Field(default_factory=dict)
    value: str | None = None
    currency: str | None = None


class ObjectSource(EventSource):
    """Events derived from records: a ticket closed, a meeting held, a deal won; all but the objects are expressions.

    With `each`, every associated record of that object is an event of its own: `value` and `attributes` are then its,
    all else is the object's (a deal that was won, for each of its line items).
    """

    from_: Literal["objects"] = Field(alias="from")
    object: Pulled
    each: Literal["line_items"] | None = None
    when: str | None = None
    time: str
    value: str | None = None
    currency: str | None = None
    attributes: dict[Name, str] = Field(default_factory=dict)

    knows: ClassVar[Knows] = "all"
    begins: ClassVar[bool] = False

    @property
    def expressions(self) -> tuple[Reading, ...]:
        """The expressions over properties of its object that it reads; one that may be BOOL alone is a condition."""
        given = (("when", self.when, BOOL), ("time", self.time, TIME), ("currency", self.currency, TEXT))
        found = [Reading((key,), text, types) for key, text, types in given if text is not None]
        if self.value is not None:
            found.append(Reading(("value",), self.value, NUMBER, self.each))
        found += (Reading(("attributes", name), text, EVERY, self.each) for name, text in self.attributes.items())
        return tuple(found)

    @model_validator(mode="after")
    def _parts_of_deals(self) -> ObjectSource:
        if self.each is not None and self.object != "deals":
            raise ValueError("'each: line_items' belongs to 'object: deals': line items belong to deals")
        if self.each is not None and self.value is None and not self.attributes:
            raise ValueError("'each: line_items' needs a 'value' or 'attributes' of the line items")
        return self


class CounterSource(EventSource):
    """Growth of a counter between snapshots, dated by its `last ...` property.

    With `seed` the growth before the first snapshot is read once from HubSpot's property history: one call for 50
    records that have counted something.
    """

    from_: Literal["counters"] = Field(alias="from")
    object: Scored = "contacts"
    count: str
    last: str
    seed: bool = False

    begins: ClassVar[bool] = False

    @property
    def properties(self) -> tuple[Reading, ...]:
        """The properties of its object that it names; each is read as the last of its types."""
        return Reading(("count",), self.count, NUMBER), Reading(("last",), self.last, TIME)

    @property
    def known_by(self) -> str | None:
        """The counter: a record without one is not counted."""
        return self.count


class RowSource(EventSource):
    """Base of sources whose events are rows: which columns say whose event it is, when it was, and what it is worth."""

    subject: dict[Literal["email", "domain", "contacts", "companies", "deals"], str]
    time: str
    value: str | None = None
    currency: str | None = None
    attributes: dict[Name, str] = Field(default_factory=dict)

    knows: ClassVar[Knows] = "seen"
    in_hubspot: ClassVar[bool] = False

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if len(self.subject) != 1:
            raise ValueError("name one column that says whose event it is, for example 'subject: {email: user_email}'")
        return self

    @property
    def happens_to(self) -> str:
        """The object whose records the source's events happen to."""
        key = next(iter(self.subject))
        return {"email": "contacts", "domain": "companies"}.get(key, key)

    @property
    def by_email(self) -> bool:
        """Whether its events name a person by email, not a record by id."""
        return "email" in self.subject


class TableSource(RowSource):
    """Rows of a CSV or Parquet file outside HubSpot; paths are relative to the config folder."""

    from_: Literal["tables"] = Field(alias="from")
    file: str


class SqlSource(RowSource):
    """Rows of a database outside HubSpot, whose address is in an environment variable; read only, no call of HubSpot.

    With `cursor`, a column that grows, only rows from the last one on are read; without it all of them, each time.
    `id` names a column that tells rows apart: a row that comes again with another content is the same event.
    """

    from_: Literal["sql"] = Field(alias="from")
    url_env: str
    table: str | None = None
    query: str | None = None
    cursor: str | None = None
    id: str | None = None

    @model_validator(mode="after")
    def _one_relation(self) -> SqlSource:
        if not _VARIABLE.fullmatch(self.url_env):
            raise ValueError(
                "url_env is the name of the environment variable that holds the database's address, never the address;"
                " it begins with HUBSYNC_SQL_, for example HUBSYNC_SQL_BILLING_URL"
            )
        if (self.table is None) == (self.query is None):
            raise ValueError("name either a 'table' or a 'query'")
        if self.query is not None and not _SELECTS.match(self.query):
            raise ValueError("a query only reads: it begins with SELECT or WITH")
        return self


class HistorySource(EventSource):
    """Changes of a property of HubSpot, dated by its property history, with attributes `before` and `after`.

    `when` is grows, falls, changes, or becomes and a value. The object's own scope is enough, on every plan; a call
    reads the history of 50 records, of those alone in which the property has changed since the last pull.
    """

    from_: Literal["history"] = Field(alias="from")
    object: Scored = "contacts"
    property_: PropertyName = Field(alias="property")
    when: str = "changes"

    @model_validator(mode="after")
    def _known_change(self) -> HistorySource:
        if not _CHANGE.fullmatch(self.when):
            raise ValueError(f"'{self.when[:60]}' is no change; write grows, falls, changes, or 'becomes' and a value")
        return self

    begins: ClassVar[bool] = False

    @property
    def carries(self) -> frozenset[str]:
        """What the property was before and after."""
        return frozenset({"before", "after"})

    @property
    def has_value(self) -> bool:
        """The value after the change, where it is a number."""
        return True

    @property
    def properties(self) -> tuple[Reading, ...]:
        """The properties of its object that it names; each is read as the last of its types."""
        return (Reading(("property",), self.property_, NUMBER if self.when in ("grows", "falls") else AS_TEXT),)

    @property
    def known_by(self) -> str | None:
        """The property: of a record that has none, no change is known."""
        return self.property_


AnySource = (
    OccurrenceSource | ObjectSource | CounterSource | EmailEventSource | FormSource | ListSource
    | TableSource | SqlSource | HistorySource
)  # fmt: skip
Source = Annotated[AnySource, Field(discriminator="from_")]


class EventKind(Declaration):
    """A kind of event and where it comes from: the first source that the portal allows is used."""

    label: Text
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
