"""What all parts of the world share: the portal, the agenda of what will happen, the living records."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from hubsync.emulator.clock import to_ms
from hubsync.emulator.custom_events import full_name
from hubsync.emulator.state import Portal
from hubsync.emulator.world.calendar import DAY, MINUTE, Calendar
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.subjects import Company, Person, Subject, Truth

Act = Callable[..., object]
_LAST_CALL = 30 * MINUTE
_LONG_AGO = -10_000 * DAY


class Scene:
    """The portal with everything the parts of the world need to play on it."""

    def __init__(self, portal: Portal, calendar: Calendar, seed: int) -> None:
        self.portal = portal
        self.calendar = calendar
        self.seed = seed
        self.companies: dict[int, Company] = {}
        self.people: list[Person] = []
        self.truth = Truth()
        self.floor = _LONG_AGO
        """No change is dated before this: what a reader has seen stays as it was seen."""
        self._end = _LONG_AGO
        """How far the world was played; what is dated later is not in the portal yet."""
        self._agenda: list[tuple[int, int, Act, Sequence[Any]]] = []
        self._planned = 0
        self._dirty: list[Subject] = []
        self._first_ms = to_ms(calendar.moment(0))

    def dice(self, purpose: int, *keys: int) -> Dice:
        """Chance for one purpose of one record."""
        return Dice(self.seed, purpose, *keys)

    def plan(self, t: int, act: Act, *args: Any) -> None:
        """Let something happen at a moment to come, not so late in a day that it would end in the next."""
        if t % DAY > DAY - _LAST_CALL:
            t += _LAST_CALL
        self._push(t, act, args)

    def _push(self, t: int, act: Act, args: Sequence[Any]) -> None:
        self._planned += 1
        heapq.heappush(self._agenda, (t, self._planned, act, args))

    def play_until(self, end: int) -> None:
        """Let everything happen that is planned before this moment."""
        self._end = end
        while self._agenda and self._agenda[0][0] < end:
            t, _, act, args = heapq.heappop(self._agenda)
            act(t, *args)

    def moment(self, t: int) -> datetime:
        """The date that a change at this moment bears."""
        return self.calendar.moment(max(t, self.floor))

    def ms(self, t: int) -> int:
        """The same in milliseconds since 1970."""
        return self._first_ms + max(t, self.floor)

    def iso(self, t: int) -> str:
        """A moment as HubSpot writes it."""
        return self.calendar.iso(t)

    def occur(self, kind: str, person: Person, t: int, happened: datetime, details: dict[str, str]) -> None:
        """Note an event of a contact when its moment has come."""
        if t >= self._end:
            self._push(t, self._occur, (kind, person, happened, details))
        else:
            self._occur(t, kind, person, happened, details)

    def tell(self, t: int, person: Person, name: str, details: dict[str, str]) -> None:
        """Note a custom event of the vendor's own as soon as it happens."""
        self.occur(self.custom_event(name), person, t, self.moment(t), details)

    def custom_event(self, name: str) -> str:
        """The type of a custom event of the vendor's own."""
        return full_name(self.portal.portal_id, name)

    def _occur(self, _: int, kind: str, person: Person, happened: datetime, details: dict[str, str]) -> None:
        if person.alive:
            self.portal.occur(kind, "contacts", person.id, happened, details)

    def create(self, kind: str, t: int, properties: dict[str, str], source: str = "CRM_UI") -> str:
        """Create a record of this object type; its id comes back."""
        return self.portal.put(kind, self._defined(kind, properties), at=self.moment(t), source=source)

    def alter(self, kind: str, record_id: str, t: int, properties: dict[str, str]) -> None:
        """Change a record that has no counters, unless somebody deleted it."""
        now = self.portal.resolve(kind, record_id)
        if now in self.portal.objects[kind]:
            self.portal.set(kind, now, self._defined(kind, properties), at=self.moment(t))

    def _defined(self, kind: str, properties: dict[str, str]) -> dict[str, str]:
        """Without the properties whose definitions somebody archived."""
        live = self.portal.properties[kind].live
        if properties.keys() <= live.keys():
            return properties
        return {name: value for name, value in properties.items() if name in live}

    def change(self, subject: Subject, t: int, properties: dict[str, str]) -> None:
        """Change properties of a record with counters; they are written by the next `flush`."""
        if not subject.pending:
            self._dirty.append(subject)
        subject.pending.update(properties)
        subject.pending_at = max(subject.pending_at, t)

    def count(
        self, subject: Subject, t: int, name: str, last: str = "", by: int = 1, *, happened: int | None = None
    ) -> None:
        """Raise a counter, and the property that dates the last time; late news `happened` before its `t`."""
        total = subject.counts[name] = subject.counts.get(name, 0) + by
        self.change(subject, t, {name: str(total)})
        if last:
            self.seen(subject, t, last, happened=happened)

    def seen(self, subject: Subject, t: int, *names: str, happened: int | None = None) -> None:
        """Move properties that date the last time of something, never backwards."""
        at = t if happened is None else happened
        for name in names:
            if at >= subject.latest.get(name, at):
                subject.latest[name] = at
                self.change(subject, t, {name: self.iso(at)})

    def flush(self) -> None:
        """Write what changed since the last time, one write per record; what is dated later waits."""
        dirty, self._dirty = self._dirty, []
        for subject in dirty:
            if subject.alive and subject.pending_at >= self._end:
                self._dirty.append(subject)
                continue
            if subject.alive:
                moment, known = self.moment(subject.pending_at), self._defined(subject.object, subject.pending)
                self.portal.set(subject.object, subject.id, known, at=moment, source="CALCULATED")
            subject.pending = {}

    def link(self, kind: str, record_id: str, t: int, *others: tuple[str, str, Sequence[int]]) -> None:
        """Associate a record with others, each given as object type, id and type ids; who is gone is left out."""
        for other, other_id, type_ids in others:
            if other_id in self.portal.objects[other]:
                self.portal.associate(kind, record_id, other, other_id, type_ids, at=self.moment(t))
