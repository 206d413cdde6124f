"""Events that HubSpot keeps as event occurrences: page views and custom events, by type and in windows of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from hubsync.crm import Client, EventPage, Occurrence
from hubsync.errors import RefusedError, ScopeError
from hubsync.pull.portal import Portal
from hubsync.pull.sources.amounts import money
from hubsync.pull.sources.streams import LATE, OVERLAP, Opening, walk
from hubsync.scoring.origins import OccurrenceSource
from hubsync.store import Writer
from hubsync.types import AsOf, Batch, EventRow

# (mem) The largest page HubSpot allows is not documented here; a portal that refuses this one gets the other.
_LARGE_PAGE, _SMALL_PAGE = 1_000, 100


@dataclass
class Pages:
    """What is learnt once for all event types: the size of a page, and whether they may be read at all."""

    size: int = _LARGE_PAGE
    forbidden: ScopeError | None = None

    def fetch(self, client: Client, event_type: str, since: datetime, until: datetime, after: str | None) -> EventPage:
        """A page; when HubSpot refuses its size, a smaller one. Raises ScopeError, calling HubSpot for it once."""
        if self.forbidden is not None:
            raise self.forbidden
        try:
            return client.event_page(event_type, since, until, after, self.size)
        except ScopeError as error:
            self.forbidden = error
            raise
        except RefusedError:
            if self.size == _SMALL_PAGE:
                raise
            self.size = _SMALL_PAGE
            return client.event_page(event_type, since, until, after, self.size)


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (inclusive) to `until`, from the page at `after` on."""

    since: datetime
    until: datetime
    after: str | None = None


@dataclass
class OccurrenceStream:
    """All occurrences of one source since the cursor, or as far back as the models look.

    The cursor holds `since` and `watermark`, between which everything was read, `late`, when it was last looked for
    late events, and `window` while one is being read, so that a first pull that broke off goes on where it stopped.
    Late events are looked for `every` so many days.
    """

    name: str
    kind: str
    source: OccurrenceSource
    portal: Portal
    pages: Pages
    as_of: AsOf
    days: int
    position: Mapping[str, Any] | None = None
    full: bool = False
    every: int = 1
    total: int | None = None
    unreadable: int = 0
    _first: EventPage | None = None
    _window: Window | None = field(default=None, init=False)
    _read: tuple[datetime, datetime] | None = field(default=None, init=False)

    @property
    def event_type(self) -> str:
        """The event type in this portal."""
        return self.source.event_type.replace("{portal}", self.portal.portal_id)

    @property
    def definition(self) -> str:
        """What the stored events were made with; another one makes them worthless."""
        one = self.source
        return repr((self.event_type, sorted(one.attributes.items()), one.value, one.currency))

    @property
    def outdated(self) -> bool:
        """True when the stored events were made with another definition and must go."""
        return self.position is not None and self.position.get("definition") != self.definition

    @property
    def reconciles(self) -> bool:
        """Whether it is time to look for events that reached HubSpot late."""
        late = (self.position or {}).get("late")
        return late is None or self.as_of.now - _time(late) >= timedelta(days=self.every)

    @property
    def starts_at(self) -> datetime:
        """From when on all events are known once the stream has ended."""
        wanted = self.as_of.day_start - timedelta(days=self.days)
        done = self._done()
        return min(wanted, done[0]) if done and not self.full else wanted

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when it can; the first page it reads is kept."""
        try:
            if self.event_type not in self.portal.event_types:
                return f"the portal has no event type {self.event_type}"
            self._window = self._windows()[0]
            self._first = next(walk(partial(self._fetch, self._window), self._window.after))
        except ScopeError as error:
            return str(error)
        return None

    def batches(self) -> Iterator[Batch]:
        """The pages of all windows, each with the place to go on from."""
        self._read = self._done()
        windows = self._windows()
        for window in windows:
            for page in walk(partial(self._page, window), window.after):
                after = page.next_after
                if after is None:
                    self._extend(window)
                yield Batch(
                    self.name,
                    events=[self._event(each) for each in page.rows],
                    position=self._cursor(
                        replace(window, after=after) if after else None,
                        done=after is None and window == windows[-1],
                    ),
                )

    def finish(self, writer: Writer) -> None:
        """Nothing is left to do: the last batch said that all has come."""

    def _windows(self) -> list[Window]:
        since, until = self.as_of.day_start - timedelta(days=self.days), self.as_of.now
        done = self._done()
        if done is not None:
            earlier = [Window(since, done[0])] if since < done[0] else []
            return [*earlier, Window(done[1] - (LATE if self.reconciles else OVERLAP), until)]
        if (unread := self._unread()) is not None:
            return [unread, Window(unread.until - OVERLAP, until)]
        return [Window(since, until)]

    def _unread(self) -> Window | None:
        """The rest of the window in which a first pull broke off."""
        window = None if self.full or self.outdated or self.position is None else self.position.get("window")
        return Window(_time(window["since"]), _time(window["until"]), window["after"]) if window else None

    def _done(self) -> tuple[datetime, datetime] | None:
        """Between which moments everything was read by earlier pulls."""
        if self.position is None or self.full or self.outdated or not self.position.get("watermark"):
            return None
        return _time(self.position["since"]), _time(self.position["watermark"])

    def _extend(self, window: Window) -> None:
        old = self._read
        self._read = (min(old[0], window.since), max(old[1], window.until)) if old else (window.since, window.until)

    def _cursor(self, window: Window | None, *, done: bool) -> Mapping[str, Any]:
        read, late = self._read, (self.position or {}).get("late")
        if done and (self.reconciles or self.full):
            late = self.as_of.now.isoformat()
        return {
            "definition": self.definition,
            "since": read[0].isoformat() if read else None,
            "watermark": read[1].isoformat() if read else None,
            "late": late,
            "window": window
            and {"since": window.since.isoformat(), "until": window.until.isoformat(), "after": window.after},
        }

    def _page(self, window: Window, after: str | None) -> EventPage:
        if self._first is not None and window == self._window and after == window.after:
            page, self._first = self._first, None
            return page
        return self._fetch(window, after)

    def _fetch(self, window: Window, after: str | None) -> EventPage:
        return self.pages.fetch(self.portal.client, self.event_type, window.since, window.until, after)

    def _event(self, one: Occurrence) -> EventRow:
        properties = one.properties
        attributes = {name: properties.get(key) for name, key in self.source.attributes.items()}
        value, currency = self._money(properties)
        return EventRow(
            self.name, one.id, self.kind, one.object, one.object_id, one.occurred_at, value, currency,
            {name: text for name, text in attributes.items() if text is not None},
        )  # fmt: skip

    def _money(self, properties: Mapping[str, str | None]) -> tuple[Decimal | None, str | None]:
        """The amount, and its currency unless that is the company's; a foreign amount is unknown."""
        if self.source.value is None:
            return None, None
        code = properties.get(self.source.currency) if self.source.currency else None
        return money(properties.get(self.source.value), code, self.portal.currency if code else "")


def open_stream(given: Opening, source: OccurrenceSource) -> OccurrenceStream:
    """The stream of a source."""
    return OccurrenceStream(
        given.name, given.kind, source, given.portal, given.shared.of(Pages), given.as_of,
        days=given.days, position=given.position, full=given.full, every=given.every,
    )  # fmt: skip


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
