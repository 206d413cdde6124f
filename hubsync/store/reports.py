"""What the database tells, as values: runs, records, published scores, sources, rejects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from hubsync.types import RunStatus

UNREADABLE = "unreadable"
"""The key of what the last scores could not read, by property or source."""

SourceStatus = Literal["active", "unavailable", "overdue", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it was written down."""

    run_id: str
    command: str
    status: RunStatus
    as_of: datetime
    started_at: datetime
    ended_at: datetime | None
    full: bool
    counts: Mapping[str, int]
    calls: int
    plan_hash: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the snapshot; `own` are hubsync's own properties as HubSpot has them."""

    object: str
    record_id: str
    created_at: datetime | None
    updated_at: datetime
    archived_at: datetime | None
    changed_at: datetime
    properties: Mapping[str, str | None]
    own: Mapping[str, str | None]
    gone_at: datetime | None = None
    """Since when HubSpot shows it neither alive nor in the recycle bin."""


@dataclass(frozen=True, slots=True)
class Published:
    """The score of one model that was last published for a record."""

    object: str
    record_id: str
    model: str
    version: str
    score: Decimal | None
    tier: str | None
    as_of: datetime
    why: str | None


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A version of a model that was used, with its declaration, and when it was fitted last."""

    name: str
    version: str
    declaration: Mapping[str, Any]
    first_used_at: datetime
    fitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source of events stands."""

    source: str
    kind: str
    status: SourceStatus
    checked_at: datetime
    reason: str = ""
    starts_at: datetime | None = None
    last_event_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Values that HubSpot refused for a record, in HubSpot's words."""

    object: str
    record_id: str
    model: str
    values_hash: str
    message: str
    category: str
    first_at: datetime
    last_at: datetime
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an erased id, email or domain; `object` is the record's object, `email` or `domain`."""

    object: str
    salt: str
    hash: str
    erased_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stock:
    """How many events of a source there are, when the first and the last happened, and how many programs made.

    `ahead` of them are dated in the future; they happen then. Where all are, none has been the last.
    """

    events: int
    first: datetime
    last: datetime | None
    bots: int = 0
    ahead: int = 0
