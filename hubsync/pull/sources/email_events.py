"""Opens and clicks of marketing emails, day by day: a day that is over and settled is not asked for again.

HubSpot's v1 API gives them newest first, and shows them some minutes late; a day is read once more on each of the
days after it, for what came later still. `starts_at` is from when on no day is missing once a pull has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hubsync.crm import support_end
from hubsync.crm.marketing import EmailEvent
from hubsync.crm.paging import RowPage
from hubsync.errors import RefusedError, ScopeError
from hubsync.pull.sources import bots
from hubsync.pull.sources.streams import OVERLAP, Ended, Opening, Pages
from hubsync.scoring.marketing_sources import EmailEventSource
from hubsync.store import Writer
from hubsync.types import Batch, EventRow

SETTLED = timedelta(days=3)
"""How long after a day's end events of it may still come; a mail that is opened on a train is told the next day."""

_DAY = timedelta(days=1)
_GONE = (404, 410)
_ADDRESS = "/email/public/v1/events"


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a day: from `since` on, as the day was at a moment, from the page at `after` on."""

    day: date
    since: datetime
    at: datetime
    after: str | None = None

    @property
    def begin(self) -> datetime:
        """The first moment of the day, in UTC."""
        return datetime.combine(self.day, time(), UTC).replace(tzinfo=None)

    @property
    def until(self) -> datetime:
        """Up to where it looks."""
        return min(self.begin + _DAY, self.at)

    @property
    def settles(self) -> bool:
        """Whether nothing more is expected of this day once all of this look is read."""
        return self.since <= self.begin and self.at >= self.begin + _DAY + SETTLED


def least_calls(source: EmailEventSource, days: int) -> int:
    """A call for each day that a first pull reads, with today."""
    return min(days, source.days) + 1


def open_stream(given: Opening, source: EmailEventSource) -> EmailEventStream:
    """The stream of a source."""
    return EmailEventStream(given, source)


@dataclass
class EmailEventStream:
    """All events of one type, as far back as the models look and the source allows.

    The position holds a cursor for each day: `at`, when it was last read, whether it is `settled`, and the look that
    is being read (`open`); beside them `since`, from when on no day is missing, and `late`, when it was last looked
    for late events.
    """

    given: Opening
    source: EmailEventSource
    total: int | None = None
    unreadable: int = 0
    starts_at: datetime = field(init=False)
    _days: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    _pages: Pages[Look, RowPage[EmailEvent]] = field(init=False)

    def __post_init__(self) -> None:
        self._pages = Pages(self._fetch, _GONE)
        now, oldest = self.given.as_of.now, self._first_day.isoformat()
        self.starts_at = Look(self._first_day, now, now).begin
        days = self.given.so_far.get("days", {})
        if self.outdated or not any(day >= oldest for day in days):
            return
        if known := self.given.so_far.get("since"):
            self.starts_at = min(self.starts_at, datetime.fromisoformat(known))
        if not self.given.full:
            self._days = {day: dict(state) for day, state in days.items() if day >= oldest}

    @property
    def name(self) -> str:
        """The source's id."""
        return self.given.name

    @property
    def outdated(self) -> bool:
        """True when the stored events are of another type."""
        return self.given.differs("type", self.source.type)

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when it can; the first page it reads is kept."""
        look = next(self._looks(), None)
        if look is None:
            return None
        try:
            self._pages.read_ahead(look)
        except ScopeError as error:
            over = self.given.as_of.now.date() >= support_end(_ADDRESS)
            return Ended(error) if over else str(error)
        except RefusedError as error:
            if error.status not in _GONE:
                raise
            return Ended(f"HubSpot has no marketing email events (v1) any more ({error.status})")
        return None

    def batches(self) -> Iterator[Batch]:
        """The pages of all days that are to be read, the oldest day first."""
        looks = [*self._looks()]
        for look in looks:
            for page in self._pages.of(look):
                self._note(look, page.next_after)
                done = page.next_after is None and look is looks[-1]
                events = [event for each in page.rows if (event := self._event(each))]
                yield Batch(self.name, events=events, position=self._cursor(done=done))

    def finish(self, writer: Writer) -> None:
        """Tell programs from people; anew for all events, since one may only be known by the next."""
        writer.mark_bots(self.name, bots.rules(self.source.bots))

    @property
    def _first_day(self) -> date:
        days = min(self.given.days, self.source.days)
        return (self.given.as_of.day_start - timedelta(days=days)).date()

    @property
    def _reconciles(self) -> bool:
        """A first pull that broke off has nothing to look for again."""
        return self.given.so_far.get("late") is not None and self.given.reconciles

    def _looks(self) -> Iterator[Look]:
        now = self.given.as_of.now
        for number in range((now.date() - self._first_day).days + 1):
            day = self._first_day + timedelta(days=number)
            yield from self._looks_at(Look(day, Look(day, now, now).begin, now))

    def _looks_at(self, whole: Look) -> Iterator[Look]:
        """What is left to read of a day."""
        state = self._days.get(whole.day.isoformat(), {})
        begun = state.get("open")
        if begun:
            since, begun_at = datetime.fromisoformat(begun["since"]), datetime.fromisoformat(begun["at"])
            yield Look(whole.day, since, begun_at, begun["after"])
        known = (begun or state).get("at")
        at = datetime.fromisoformat(known) if known else None
        if at is None or (self._reconciles and not state.get("settled") and not begun):
            yield whole
        elif at < whole.begin + _DAY + OVERLAP and at < whole.at:
            yield replace(whole, since=max(whole.begin, min(at, whole.begin + _DAY) - OVERLAP))

    def _note(self, look: Look, after: str | None) -> None:
        state = self._days.setdefault(look.day.isoformat(), {})
        if after is not None:
            state["open"] = {"since": look.since.isoformat(), "at": look.at.isoformat(), "after": after}
        else:
            state.pop("open", None)
            state |= {"at": look.at.isoformat(), "settled": look.settles or state.get("settled", False)}

    def _cursor(self, *, done: bool) -> Mapping[str, Any]:
        since = self.starts_at.isoformat() if done else self.given.so_far.get("since")
        days = {day: dict(state) for day, state in self._days.items()}
        return {"type": self.source.type, "since": since, "late": self.given.late(done=done), "days": days}

    def _fetch(self, look: Look, after: str | None) -> RowPage[EmailEvent]:
        return self.given.portal.client.marketing.email_events(self.source.type, look.since, look.until, after)

    def _event(self, one: EmailEvent) -> EventRow | None:
        if "@" not in one.recipient:
            self.unreadable += 1
            return None
        attributes = {
            "url": one.url, "campaign": one.campaign, "device": one.device, "user_agent": one.user_agent,
            "sent_at": one.sent_at.isoformat() if one.sent_at else None, "filtered": "true" if one.filtered else None,
        }  # fmt: skip
        known = {name: text for name, text in attributes.items() if text is not None}
        return EventRow(self.name, one.id, self.given.kind, "email", one.recipient, one.at, attributes=known)
