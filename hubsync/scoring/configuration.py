"""What `hubsync.yaml` and `portal.yaml` may say."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from hubsync.scoring.unattended import Alerts, Schedule, TimeOfDay
from hubsync.scoring.units import Days, Declaration, Name, Points, PropertyName, Pulled, Share
from hubsync.types import PropertyType


class Guards(Declaration):
    """Shares that a plan must keep to be written (design §5); groups under `minimum` records are exempt."""

    tier_changes: Share = 0.05
    acting_tier: Share = 0.02
    pull: Share = 0.95
    known_data: Share = 0.10
    rejects: Share = 0.02
    minimum: Annotated[int, Field(ge=0)] = 10


class Api(Declaration):
    """How hubsync uses the account's API limits."""

    version: Literal["2026-09", "2026-03", "v3"] = "2026-09"
    search_per_second: Annotated[int, Field(ge=1, le=5)] = 2
    own_share: Share = 0.20
    reserve: Share = 0.30


class Retention(Declaration):
    """How long what happened is kept; what is current stays, whatever its age."""

    events: Days = 750
    history: Days = 1095
    before_images: Days = 90


class Main(Declaration):
    """`hubsync.yaml`: which models are on, and the settings of a run."""

    models: tuple[Name, ...]
    write_if_changed_by: Annotated[Points, Field(ge=0)] = Decimal(3)
    time_moves_every: Days = 7
    reconcile_every: Days = 1
    reconcile_at: TimeOfDay = time(2)
    guards: Guards = Guards()
    api: Api = Api()
    schedule: Schedule = Schedule()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()


class PortalMap(Declaration):
    """`portal.yaml`: what the models' words mean in this portal, and its custom properties."""

    customers_are: Literal["contacts", "companies"] = "companies"
    words: dict[str, Any] = Field(default_factory=dict)
    properties: dict[Pulled, dict[PropertyName, PropertyType]] = Field(default_factory=dict)
