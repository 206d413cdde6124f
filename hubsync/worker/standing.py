"""How a portal stands, as `/healthz` and `/metrics` tell it; values, with no personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hubsync.worker.facts import Facts
from hubsync.worker.schedule import is_late
from hubsync.worker.verdict import Status

_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Last:
    """The run that ended last under this worker, and what it reported."""

    status: Status
    ended_at: datetime
    seconds: float
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """One portal now."""

    name: str
    deadline: datetime
    good_run: str = ""
    good_at: datetime | None = None
    running_since: datetime | None = None
    last: Last | None = None
    facts: Facts = field(default_factory=Facts)
    alerts: tuple[str, ...] = ()
    runs: Mapping[Status, int] = field(default_factory=dict)

    def is_healthy(self, now: datetime) -> bool:
        """Whether the last good run is as young as it should be; one in the future shows a clock that was set back."""
        if self.good_at is not None and self.good_at > now + _CLOCKS_DIFFER:
            return False
        return not is_late(self.deadline, now, self.running_since)

    def as_data(self, now: datetime) -> dict[str, Any]:
        """What `/healthz` says about the portal."""
        good_at = self.good_at
        return {
            "healthy": self.is_healthy(now),
            "state": self._state,
            "last_good_run": self.good_run or None,
            "age_seconds": None if good_at is None else int((now - good_at).total_seconds()),
            "allowed_age_seconds": None if good_at is None else int((self.deadline - good_at).total_seconds()),
            "good_run_due_by": f"{self.deadline:%Y-%m-%dT%H:%M:%SZ}",
            "alerts": self.alerts,
        }

    @property
    def _state(self) -> str:
        if self.running_since is not None:
            return "running"
        return "waiting" if self.last is None else self.last.status


def health(standings: list[Standing], now: datetime) -> tuple[int, dict[str, Any]]:
    """The answer of `/healthz`: 200 when every portal is well, else 503."""
    well = all(each.is_healthy(now) for each in standings)
    portals = {each.name: each.as_data(now) for each in standings}
    return (200 if well else 503), {"healthy": well, "portals": portals}
