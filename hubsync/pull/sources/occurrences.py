"""Events that HubSpot keeps as event occurrences: page views and custom events, by type and in windows of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from hubsync.crm import Client, EventPage, Occurrence
from hubsync.errors import RefusedError, ScopeError
from hubsync.pull.sources.amounts import money
from hubsync.pull.sources.streams import LATE, OVERLAP, Opening, Pages
from hubsync.scoring.origins import OccurrenceSource
from hubsync.store import Writer
from hubsync.types import Batch, EventRow

# (mem) The largest page HubSpot allows is not documented here; a portal that refuses this one gets the other.
_LARGE_PAGE, _SMALL_PAGE = 1_000, 100


@dataclass
class Asker:
    """What is learnt once for all event types: the size of a page, and whether they may be read at all."""

    size: int = _LARGE_PAGE
    forbidden: ScopeError | None = None

    def page(self, client: Client, event_type: str, since: datetime, until: datetime, after: str | None) -> EventPage:
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

    given: Opening
    source: OccurrenceSource
    total: int | None = None
    unreadable: int = 0
    _pages: Pages[Window, EventPage] = field(init=False)
    _read: tuple[datetime, datetime] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._pages = Pages(self._fetch)

    @property
    def name(self) -> str:
        """The source's id."""
        return self.given.name

    @property
    def event_type(self) -> str:
        """The event type in this portal."""
        return self.source.event_type.replace("{portal}", self.given.portal.portal_id)

    @property
    def definition(self) -> str:
        """What the stored events were made with; another one makes them worthless."""
        one = self.source
        return repr((self.event_type, sorted(one.attributes.items()), one.value, one.currency))

    @property
    def outdated(self) -> bool:
        """True when the stored events were made with another definition and must go."""
        return self.given.differs("definition", self.definition)

    @property
    def starts_at(self) -> datetime:
        """From when on all events are known once the stream has ended."""
        done = self._done()
        return min(self.given.since, done[0]) if done else self.given.since

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when it can; the first page it reads is kept."""
        try:
            if self.event_type not in self.given.portal.event_types:
                return f"the portal has no event type {self.event_type}"
            self._pages.read_ahead(self._windows()[0])
        except ScopeError as error:
            return str(error)
        return None

    def batches(self) -> Iterator[Batch]:
        """The pages of all windows, each with the place to go on from."""
        self._read = self._done()
        windows = self._windows()
        for window in windows:
            for page in self._pages.of(window):
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
        since, until = self.given.since, self.given.as_of.now
        if (done := self._done()) is not None:
            again = Window(done[1] - (LATE if self.given.reconciles else OVERLAP), until)
            return [*_before(done[0], since), again]
        if (unread := self._unread()) is not None:
            return [unread, *_before(unread.since, since), Window(unread.until - OVERLAP, until)]
        return [Window(since, until)]

    def _unread(self) -> Window | None:
        """The rest of the window in which a first pull broke off."""
        window = None if self.given.full or self.outdated else self.given.so_far.get("window")
        return Window(_time(window["since"]), _time(window["until"]), window["after"]) if window else None

    def _done(self) -> tuple[datetime, datetime] | None:
        """Between which moments everything was read by earlier pulls."""
        so_far = self.given.so_far
        if self.given.full or self.outdated or not so_far.get("watermark"):
            return None
        return _time(so_far["since"]), _time(so_far["watermark"])

    def _extend(self, window: Window) -> None:
        old = self._read
        self._read = (min(old[0], window.since), max(old[1], window.until)) if old else (window.since, window.until)

    def _cursor(self, window: Window | None, *, done: bool) -> Mapping[str, Any]:
        read = self._read
        return {
            "definition": self.definition,
            "since": read[0].isoformat() if read else None,
            "watermark": read[1].isoformat() if read else None,
            "late": self.given.late(done=done),
            "window": window
            and {"since": window.since.isoformat(), "until": window.until.isoformat(), "after": window.after},
        }

    def _fetch(self, window: Window, after: str | None) -> EventPage:
        asker = self.given.shared.of(Asker)
        return asker.page(self.given.portal.client, self.event_type, window.since, window.until, after)

    def _event(self, one: Occurrence) -> EventRow:
        properties = one.properties
        attributes = {name: properties.get(key) for name, key in self.source.attributes.items()}
        value, currency = self._money(properties)
        return EventRow(
            self.name, one.id, self.given.kind, one.object, one.object_id, one.occurred_at, value, currency,
            {name: text for name, text in attributes.items() if text is not None},
        )  # fmt: skip

    def _money(self, properties: Mapping[str, str | None]) -> tuple[Decimal | None, str | None]:
        """The amount, and its currency unless that is the company's; a foreign amount is unknown."""
        if self.source.value is None:
            return None, None
        code = properties.get(self.source.currency) if self.source.currency else None
        return money(properties.get(self.source.value), code, self.given.portal.currency if code else "")


def open_stream(given: Opening, source: OccurrenceSource) -> OccurrenceStream:
    """The stream of a source."""
    return OccurrenceStream(given, source)


def _before(begin: datetime, since: datetime) -> list[Window]:
    """What is to be read before a moment, when models look further back by now."""
    return [Window(since, begin)] if since < begin else []


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
