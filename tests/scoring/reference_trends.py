"""Signals that compare a record with its own past, or look ahead, in plain Python.

Written from the design alone; it shares no code with hubsync. Days are counted as sets and sums over lists, the way
one would by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from reference_facts import DAYS, Event, Events, Facts, duration
from reference_language import Node


class Trends(Facts):
    """Facts with the signals of this file."""

    def trend_of_events(self, signal: Mapping[str, Any], object_: str) -> Node:
        """A fact that compares what happened with what came before, or looks ahead."""
        sort = next(key for key in SORTS if key in signal)
        events = Past(self, signal[sort], object_, {**signal, "within": None})
        events.signal = signal
        carried = "by" not in signal or events.attribute(signal["by"]).available
        condition = sort == "covered" or (sort in ("first", "until") and "within" in signal)
        believed = events.available and carried and not events.overdue
        return Node(
            "bool" if condition else "number",
            lambda id_: SORTS[sort](events, id_) if believed else None,
            events.available and carried,
        )


class Past(Events):
    """The events of a kind, without a window; each fact takes its own."""

    signal: Mapping[str, Any]

    @property
    def window(self) -> int | None:
        """Whole days of the signal's window."""
        return duration(self.signal["within"]) if "within" in self.signal else None

    def age(self, event: Event) -> int:
        """Whole days."""
        return int(self.now.age(event.occurred_at) or 0)

    def last(self, events: list[Event], days: int | None) -> list[Event]:
        """Those of the last days; without a number all."""
        return [event for event in events if days is None or self.in_last(event, days)]

    def in_last(self, event: Event, days: int) -> bool:
        """Whether it happened in the last days, the moment at which they begin included."""
        return event.occurred_at >= self.now.day_start - timedelta(days=days)

    def start(self) -> Any:
        """From when on the source dates every event."""
        assert self.source is not None
        name, sources = self.source[0], self.facts.sources
        return sources.starts.get(name, sources.watched.get(name))

    def whole(self, record_id: str, days: int) -> bool:
        """Whether all is known of the last days, or of the record's shorter life."""
        start = self.start()
        created = self.facts.records(self.object)[record_id].created_at
        since = self.now.day_start - timedelta(days=days)
        known = start is None or start <= since or (created is not None and created >= start)
        return known and self.known_about(record_id)

    def nothing(self, record_id: str) -> float | None:
        """0 where no event in the window means that none happened."""
        start, days = self.facts.sources.starts.get(self.source[0]) if self.source else None, self.window
        if start is not None and days is not None and start > self.now.day_start - timedelta(days=days):
            return None
        return 0.0 if self.known_about(record_id) else None

    def first(self, record_id: str) -> float | bool | None:
        """Days since the first event, or whether it was in the window."""
        events = self.found(record_id)
        if self.window is None:
            return float(max(self.age(event) for event in events)) if events else None
        if len(events) > len(self.last(events, self.window)):
            return False
        return bool(events) if self.whole(record_id, self.window) else None

    def until(self, record_id: str) -> float | bool | None:
        """Days to the next event of today or later, or whether one is in the window."""
        coming = self.facts.portal.coming.get(self.object, [])
        ages = [
            self.age(event)
            for event in coming
            if event.record_id == record_id and event.kind == self.kind and self.passes(event)
        ]
        if self.window is None:
            return float(-max(ages)) if ages else None
        if not ages:
            return False if self.known_about(record_id) else None
        return -max(ages) <= self.window

    def trend(self, record_id: str) -> float | None:
        """Recent rate over the usual one."""
        within, against = int(self.window or 0), duration(self.signal["against"])
        events = self.found(record_id)
        recent = self.last(events, within)
        usual = [event for event in self.last(events, within + against) if event not in recent]
        number = sum(event.times for event in usual)
        if not self.whole(record_id, within + against) or number < self.signal.get("at_least", 3):
            return None
        days, share = against, 1.0
        if len(self.last(events, within + against)) == len(events):
            days, share = max(self.age(event) for event in events) - within, (number - 1) / number
        amounts = [self.amount(part) for part in (recent, usual)]
        if days < within or None in amounts or amounts[1] * share <= 0:
            return None
        return (amounts[0] * days) / (amounts[1] * (number - 1) / number * within if share < 1 else amounts[1] * within)

    def amount(self, events: list[Event]) -> Any:
        """How many, or their values added."""
        if self.signal.get("trend_of") != "value":
            return float(sum(event.times for event in events))
        if any(event.value is None for event in events):
            return None
        return float(sum(event.value for event in events if event.value is not None))

    def quiet(self, record_id: str) -> float | None:
        """Days since the last event in usual gaps."""
        days = sorted({max(self.age(event), 0) for event in self.found(record_id)})
        usual = [day for day in days if day <= days[0] + duration(self.signal["against"])]
        if len(usual) < 3 or not self.known_about(record_id):
            return None
        return usual[0] * float(len(usual) - 1) / (usual[-1] - usual[0])

    def streak(self, record_id: str) -> float | None:
        """Periods in a row, the current one or the one before it being the newest."""
        events = self.last(self.found(record_id), self.window)
        blocks = {max(self.age(event) - 1, 0) // DAYS[self.signal["once_per"]] for event in events}
        block = 0 if 0 in blocks else 1
        count = 0
        while block + count in blocks:
            count += 1
        return float(count) if count else self.nothing(record_id)

    def knows(self, record_id: str) -> bool:
        """Whether the source knows about the record."""
        return self.known_about(record_id) if self.window is None else self.whole(record_id, self.window)

    def distinct(self, record_id: str) -> float | None:
        """How many values the attribute has."""
        events = self.last(self.found(record_id), self.window)
        values = {self.attribute(self.signal["by"]).value(event) for event in events} - {None}
        return float(len(values)) if values else self.nothing(record_id)


SORTS = {
    "first": Past.first, "until": Past.until, "trend": Past.trend, "silence": Past.quiet, "streak": Past.streak,
    "covered": Past.knows, "distinct": Past.distinct,
}  # fmt: skip
