"""What `hubsync.yaml` and `portal.yaml` may say."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hubsync.scoring.unattended import Alerts, Schedule, TimeOfDay
from hubsync.scoring.units import Days, Declaration, Name, Points, PropertyName, Pulled, Share
from hubsync.types import PropertyType

_LOCATION = re.compile("[a-z][a-z0-9]*://")


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


class OnSpark(Declaration):
    """Which Spark makes the signals with `engine: spark`, and where it and hubsync both reach the Parquet files."""

    master: str = "local[*]"
    folder: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether all of this Spark is on this machine."""
        return self.master.startswith("local")

    @model_validator(mode="after")
    def _all_reach_the_files(self) -> OnSpark:
        if self.folder is not None and not _LOCATION.match(self.folder):
            raise ValueError(f"'{self.folder}' is no URL of a folder; write for example 's3a://bucket/hubsync'")
        if self.folder is None and not self.is_local:
            raise ValueError("a Spark on other machines needs 'folder', which all of them reach")
        return self


class Main(Declaration):
    """`hubsync.yaml`: which models are on, and the settings of a run."""

    models: tuple[Name, ...]
    write_if_changed_by: Annotated[Points, Field(ge=0)] = Decimal(3)
    time_moves_every: Days = 7
    reconcile_every: Days = 1
    reconcile_at: TimeOfDay = time(2)
    review_every: Days = 90
    guards: Guards = Guards()
    api: Api = Api()
    schedule: Schedule = Schedule()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    segments_property: Name = "hubsync_segments"
    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: OnSpark = OnSpark()

    @property
    def on_spark(self) -> OnSpark | None:
        """The Spark that makes the signals; None when DuckDB does."""
        return self.spark if self.engine == "spark" else None


class PortalMap(Declaration):
    """`portal.yaml`: what the models' words mean in this portal, its custom properties, and which people type in."""

    customers_are: Literal["contacts", "companies"] = "companies"
    words: dict[str, Any] = Field(default_factory=dict)
    properties: dict[Pulled, dict[PropertyName, PropertyType]] = Field(default_factory=dict)
    manual: dict[Pulled, tuple[PropertyName, ...]] = Field(default_factory=dict)
