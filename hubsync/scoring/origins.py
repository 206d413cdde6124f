"""Where events come from: what `events.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hubsync.scoring.units import Days, Declaration, Name, Pulled, Scored, Text


class Attributes(Declaration):
    """Base of event sources: which mechanism, and how its columns map to an event."""

    expected_every: Days | None = None
    covers: str | None = None


class OccurrenceSource(Attributes):
    """Event occurrences of HubSpot (page views, custom events); `{portal}` stands for the portal's id."""

    from_: Literal["occurrences"] = Field(alias="from")
    object: Scored = "contacts"
    event_type: str
    attributes: dict[Name, str] = Field(default_factory=dict)
    value: str | None = None
    currency: str | None = None


class ObjectSource(Attributes):
    """Events derived from records: a ticket closed, a meeting held, a deal won; all but `object` are expressions."""

    from_: Literal["objects"] = Field(alias="from")
    object: Pulled
    when: str | None = None
    time: str
    value: str | None = None
    currency: str | None = None
    attributes: dict[Name, str] = Field(default_factory=dict)


class CounterSource(Attributes):
    """Growth of a counter between snapshots, dated by its `last ...` property."""

    from_: Literal["counters"] = Field(alias="from")
    object: Scored = "contacts"
    count: str
    last: str


class TableSource(Attributes):
    """Rows of a CSV or Parquet file outside HubSpot; paths are relative to the config folder."""

    from_: Literal["tables"] = Field(alias="from")
    file: str
    subject: dict[Literal["email", "domain", "contacts", "companies", "deals"], str]
    time: str
    value: str | None = None
    currency: str | None = None
    attributes: dict[Name, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_subject(self) -> TableSource:
        if len(self.subject) != 1:
            raise ValueError("name one column that says whose event it is, for example 'subject: {email: user_email}'")
        return self


Source = Annotated[OccurrenceSource | ObjectSource | CounterSource | TableSource, Field(discriminator="from_")]


class EventKind(Declaration):
    """A kind of event and where it comes from: the first source that the portal allows is used."""

    label: Text
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
