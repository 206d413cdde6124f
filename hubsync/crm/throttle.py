"""Keeps hubsync under HubSpot's rate limits: ten seconds, search, and the day."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hubsync.crm.budget import DailyBudget
from hubsync.crm.versions import Route

START_LIMIT = 90
"""Calls in ten seconds before the first answer has told the real limit (100 on the smallest plan)."""

SPARE = 1
"""Calls of the learnt limit that are left alone, for a clock that runs a little faster than HubSpot's."""

_LONGEST_FLIGHT = 1.0


@dataclass(slots=True, eq=False)
class Slot:
    """One call's place in a window, free again at `until`."""

    window: Window
    until: float


class Window:
    """A rolling window: at most `limit` calls in any `seconds`, counted where HubSpot counts them.

    HubSpot counts a call when it arrives, somewhere between its start and its answer. A place is therefore
    free only `seconds` after the answer, or after `flight` seconds in the air if the answer takes longer.
    """

    def __init__(self, limit: int, seconds: float, *, flight: float = _LONGEST_FLIGHT) -> None:
        self.limit = limit
        self.seconds = seconds
        self.flight = flight
        self.blocked_until = 0.0
        self._slots: list[Slot] = []

    def try_enter(self, now: float) -> Slot | float:
        """A place, or the moment at which it is worth asking again."""
        if now < self.blocked_until:
            return self.blocked_until
        self._slots = [slot for slot in self._slots if slot.until > now]
        if len(self._slots) >= self.limit:
            return min(slot.until for slot in self._slots)
        slot = Slot(self, now + self.flight + self.seconds)
        self._slots.append(slot)
        return slot

    def learn(self, now: float, maximum: int, remaining: int | None, seconds: float) -> None:
        """Takes over HubSpot's own figures; calls that are not ours keep their places for one window."""
        self.limit = max(1, maximum - SPARE)
        self.seconds = seconds
        if remaining is None:
            return
        others = (maximum - remaining) - sum(slot.until > now for slot in self._slots)
        self._slots += [Slot(self, now + seconds) for _ in range(others)]


class Throttle:
    """Lets a call pass when all limits allow it, and learns the limits from the answers.

    HubSpot exempts associations from the ten-secondly limit; they have a window of their own. Should it count
    them after all, the next answer's remainder shows them as calls that are not ours.
    """

    def __init__(
        self,
        *,
        start_limit: int = START_LIMIT,
        search_per_second: int = 2,
        daily: DailyBudget | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.daily = daily or DailyBudget()
        self.burst = Window(start_limit, 10.0)
        self.exempt = Window(start_limit, 10.0)
        self.search = Window(search_per_second, 1.0, flight=0.1)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def enter(self, route: Route) -> Slot:
        """Waits for a place for one call; DailyLimitError when the day has none left."""
        window = self._window(route)
        while True:
            with self._lock:
                self.daily.check()
                now = self._clock()
                answer = window.try_enter(now)
                if isinstance(answer, Slot):
                    self.daily.spend()
                    return answer
            self._sleep(max(0.001, answer - now))

    def leave(self, slot: Slot, headers: Mapping[str, str]) -> None:
        """Notes that a call was answered, and what its headers say of the limits."""
        with self._lock:
            now = self._clock()
            slot.until = min(slot.until, now + slot.window.seconds)
            maximum = whole(headers, "X-HubSpot-RateLimit-Max")
            if maximum and slot.window is self.burst:
                interval = whole(headers, "X-HubSpot-RateLimit-Interval-Milliseconds") or 10_000
                remaining = whole(headers, "X-HubSpot-RateLimit-Remaining")
                self.burst.learn(now, maximum, remaining, interval / 1000)
            self.daily.learn(
                whole(headers, "X-HubSpot-RateLimit-Daily"),
                whole(headers, "X-HubSpot-RateLimit-Daily-Remaining"),
            )

    def pause(self, route: Route, seconds: float) -> None:
        """Holds all calls of this kind back after HubSpot said that there were too many."""
        window = self._window(route)
        with self._lock:
            window.blocked_until = max(window.blocked_until, self._clock() + seconds)

    def _window(self, route: Route) -> Window:
        if route.operation.search:
            return self.search
        if route.operation.exempt and route.dated:
            return self.exempt
        return self.burst


def whole(headers: Mapping[str, str], name: str) -> int | None:
    """A header's whole number; None when it is missing or none."""
    text = headers.get(name, "")
    return int(text) if text.isdecimal() else None
