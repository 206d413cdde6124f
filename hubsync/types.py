"""The nouns that cross from one part of hubsync to another; all of them are values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

PropertyType = Literal["number", "text", "bool", "date", "datetime"]
"""What a value means to a model; HubSpot's `string` and `enumeration` are both `text`."""

RunStatus = Literal["running", "ok", "partial", "held", "failed"]
ChangeState = Literal["planned", "written", "rejected", "skipped"]


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment a run speaks of.

    `now` is naive UTC; `day` is the portal's calendar day at that moment; `day_start` is the naive UTC
    instant at which this day began in the portal's time zone. Ages are whole days before `day_start`
    (design §4).
    """

    now: datetime
    day: date
    day_start: datetime


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record as HubSpot gave it; times are naive UTC, values are HubSpot's raw text."""

    object: str
    record_id: str
    updated_at: datetime
    properties: Mapping[str, str | None]
    created_at: datetime | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A value that a property got, and when (naive UTC)."""

    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AssociationRow:
    """One association between two records, with one of its types."""

    from_object: str
    from_id: str
    to_object: str
    to_id: str
    type_id: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened; the subject is a record id, an email or a domain (`subject_type`)."""

    source: str
    source_id: str
    kind: str
    subject_type: str
    subject: str
    occurred_at: datetime
    value: Decimal | None = None
    currency: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1
    """How often it happened at that time."""


@dataclass(frozen=True, slots=True)
class Account:
    """The portal behind a token; `server_time` is naive UTC from the answer's Date header."""

    portal_id: str
    account_type: str
    time_zone: str
    currency: str
    currencies: tuple[str, ...]
    ui_domain: str
    server_time: datetime


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """A property as the portal defines it."""

    object: str
    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """(value, label) of each option."""
    read_only: bool = False
    hubspot_defined: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of the account's private apps today; `resets_at` may be unknown."""

    limit: int
    used: int
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """One line of an explanation; the points of all lines add up to the score exactly."""

    rule: str
    points: Decimal
    reason: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Update:
    """Properties to be written to one record."""

    record_id: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What HubSpot made of one update; `message` holds HubSpot's words when it was refused."""

    record_id: str
    written: bool
    updated_at: datetime | None = None
    message: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model measured over the records it scores: parameters as JSON says them, when, and over how many."""

    parameters: Mapping[str, Any]
    as_of: datetime
    records: int


@dataclass(frozen=True, slots=True)
class Guard:
    """A limit the plan was held against; `held` means nothing is written."""

    name: str
    held: bool
    message: str
    value: float = 0.0
    limit: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """One property of one record: what HubSpot has, and what hubsync would write."""

    object: str
    record_id: str
    model: str
    property: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The header of a plan; its rows are in the table `change` under `run_id`.

    `tier_moves` maps a model to {(old tier, new tier): records}; "" stands for no tier yet. `held_models` says why
    models are left out; `known_data` has, per model and rule, the records it knows enough about, and all records;
    `replaced` counts the changes of values that HubSpot already has. `segment_moves` has, per object and segment, the
    records that belonged to it, enter it and leave it. `refreshed` has the portal's day on which each model that is
    refreshed weekly or monthly was last refreshed, this plan included, `waiting` the day on which those are due next
    that keep their values in this plan.
    """

    run_id: str
    as_of: datetime
    hash: str
    records_scored: int
    changes: int
    records_changed: int
    first_write: bool
    tier_moves: Mapping[str, Mapping[tuple[str, str], int]]
    guards: Sequence[Guard]
    new_models: Sequence[str] = ()
    held_models: Mapping[str, str] = field(default_factory=dict)
    known_data: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    replaced: int = 0
    segment_moves: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    refreshed: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """True when a guard forbids the push."""
        return any(guard.held for guard in self.guards)


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter property whose growth is an event: which source it feeds, and the property that dates it.

    What it had counted when it was seen first is one event, or left to its property history (`seed`).
    """

    source: str
    kind: str
    object: str
    count: str
    last: str
    seed: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What a fetch thread hands to the committer; all of it is committed together.

    `links` names (from object, to object, from ids) whose associations are complete in `associations`: what is
    not among them any more has ended. `replaced` names (source, subject type, subjects) whose events are replaced.
    """

    stream: str
    records: Sequence[RecordRow] = ()
    associations: Sequence[AssociationRow] = ()
    links: Sequence[tuple[str, str, Sequence[str]]] = ()
    events: Sequence[EventRow] = ()
    replaced: Sequence[tuple[str, str, Sequence[str]]] = ()
    position: Mapping[str, Any] | None = None
