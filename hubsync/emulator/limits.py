"""HubSpot's rate limits and the statistics of the calls (api-facts §2).

The ten seconds and the second of search are real time; the day is the account's, on the virtual clock.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

from hubsync.emulator import errors
from hubsync.emulator.clock import to_iso
from hubsync.emulator.plans import QUOTAS
from hubsync.emulator.state import Portal

INTERVAL_S = 10.0
OAUTH_BURST = 110
"""OAuth apps have their own ten seconds and no daily figure."""
SEARCHES_PER_SECOND = 5


class Window:
    """Counts what happened within the last so many seconds, and the most there ever was."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()
        self.peak = 0

    def count(self, now: float) -> int:
        """How many there are in the window that ends now."""
        times = self._times
        while times and times[0] <= now - self._seconds:
            times.popleft()
        return len(times)

    def add(self, now: float) -> None:
        """One more."""
        self._times.append(now)
        self.peak = max(self.peak, self.count(now))


class Limits:
    """Says no to calls that come too fast or too often."""

    def __init__(self, portal: Portal, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._portal = portal
        self._monotonic = monotonic
        self._quota = QUOTAS.get(portal.plan)
        self._zone = ZoneInfo(portal.time_zone)
        self._bursts: dict[str, Window] = {}
        self._searches = Window(1.0)
        self._day = self._today()
        self.used_today = 0

    def check(self, token: str, kind: str) -> None:
        """Count one call of a kind (`normal`, `search`, or `exempt` from the ten seconds), or refuse it."""
        self._turn_day()
        now, quota, oauth = self._monotonic(), self._quota, token in self._portal.oauth.access
        if quota is not None:
            if self.used_today >= quota.daily and not oauth:
                raise errors.daily()
            if kind == "search" and self._searches.count(now) >= SEARCHES_PER_SECOND:
                raise errors.secondly()
            if kind == "normal" and self._burst(token).count(now) >= (OAUTH_BURST if oauth else quota.burst):
                raise errors.burst(self._portal.portal_id)
        self.used_today += not oauth
        if kind == "search":
            self._searches.add(now)
        elif kind == "normal":
            self._burst(token).add(now)

    def headers(self, token: str, kind: str) -> dict[str, str]:
        """The rate headers of an answer; search has none."""
        quota = self._quota
        if quota is None or kind == "search":
            return {}
        oauth = token in self._portal.oauth.access
        most = OAUTH_BURST if oauth else quota.burst
        burst = {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(max(most - self._burst(token).count(self._monotonic()), 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(INTERVAL_S * 1000)),
        }
        return (
            burst
            if oauth
            else burst
            | {
                "X-HubSpot-RateLimit-Daily": str(quota.daily),
                "X-HubSpot-RateLimit-Daily-Remaining": str(max(quota.daily - self.used_today, 0)),
            }
        )

    def usage(self) -> dict[str, Any]:
        """The day's usage, as account-info tells it."""
        self._turn_day()
        tomorrow = datetime.combine(self._day + timedelta(days=1), time_of_day(), self._zone)
        return {
            "name": "private-apps-api-calls-daily",
            "usageLimit": self._quota.daily if self._quota else 1_000_000,
            "currentUsage": self.used_today,
            "collectedAt": to_iso(self._portal.now),
            "fetchStatus": "SUCCESS",
            "resetsAt": to_iso(tomorrow)[:19] + "Z",
        }

    def _burst(self, token: str) -> Window:
        return self._bursts.setdefault(token, Window(INTERVAL_S))

    def _today(self) -> Any:
        return self._portal.now.astimezone(self._zone).date()

    def _turn_day(self) -> None:
        today = self._today()
        if today != self._day:
            self._day, self.used_today = today, 0


class Statistics:
    """What was called and how it was answered, since the start or the last reset."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.calls = 0
        self.by_status: Counter[str] = Counter()
        self.by_path: Counter[str] = Counter()
        self.by_call: Counter[str] = Counter()
        self._bursts: dict[str, Window] = {}
        self._searches = Window(1.0)

    def arrived(self, method: str, path: str, token: str, kind: str) -> None:
        """Note a call when it comes in, whatever becomes of it."""
        self.calls += 1
        self.by_path[path] += 1
        self.by_call[f"{method} {path}"] += 1
        if kind == "search":
            self._searches.add(self._monotonic())
        elif kind == "normal":
            self._bursts.setdefault(token, Window(INTERVAL_S)).add(self._monotonic())

    def answered(self, status: str) -> None:
        """Note the status of an answer, or `dropped`."""
        self.by_status[status] += 1

    def shown(self) -> dict[str, Any]:
        """The statistics as `GET /_emulator/stats` tells them."""
        return {
            "calls": self.calls,
            "by_status": dict(self.by_status),
            "by_path": dict(self.by_path),
            "by_call": dict(self.by_call),
            "peak_search_1s": self._searches.peak,
            "peak_10s": max((window.peak for window in self._bursts.values()), default=0),
        }
