"""What a source that is read by a stream of its own has to do, and what it is opened with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from hubsync.crm.paging import P, follow
from hubsync.errors import RefusedError
from hubsync.pull.flow import Stream
from hubsync.pull.glance import Glance
from hubsync.pull.portal import Portal
from hubsync.types import AsOf

T = TypeVar("T")


class From(Protocol):
    """What is read page by page, from the page at `after` on."""

    @property
    def after(self) -> str | None:
        """The page to begin with, None for the first."""
        ...


L = TypeVar("L", bound=From)

OVERLAP = timedelta(minutes=10)
"""How far back a source is read again where the last pull stopped: HubSpot shows what happens some minutes late."""

LATE = timedelta(days=7)
"""How far a reconciling pull looks back for what reached HubSpot late: a weekend's upload, an import.

HubSpot tells when something happened, not when it arrived; a full pull finds what came later still.
"""


class Ended(str):
    """Why a source can't be used ever again: another takes its place, also where this one worked before."""

    __slots__ = ()


class EventStream(Stream, Protocol):
    """The events of one source, from where the last pull stopped.

    Each batch carries the position to go on from; `name` is the source's id and the name of its cursor.
    """

    unreadable: int
    """Rows of this pull that had no readable time or subject and are no event."""

    @property
    def outdated(self) -> bool:
        """True when the stored events were made with another definition and must go, with the cursor."""
        ...

    @property
    def starts_at(self) -> datetime | None:
        """From when on all events are known once the stream has ended; None leaves what was known before."""
        ...

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when it can: an `Ended` for good; what it read for that is kept."""
        ...


@dataclass
class Shared:
    """What is learnt once for all streams of a pull, such as a page size or a list of forms."""

    _made: dict[type, Any] = field(default_factory=dict)

    def of(self, make: type[T]) -> T:
        """The one object of this class."""
        if make not in self._made:
            self._made[make] = make()
        return cast("T", self._made[make])


@dataclass(frozen=True)
class Opening:
    """What a stream is opened with.

    `days` is how far back the models look, `position` what its last batch left behind, `full` to read everything
    again; every `every` days it looks again for what came late. `folder` is that of the configuration, `glance` looks
    into the database, which keeps no events from before `kept_since`; `secret` gives what an environment variable holds
    that the configuration names.
    """

    name: str
    kind: str
    portal: Portal
    as_of: AsOf
    days: int
    position: Mapping[str, Any] | None
    full: bool
    every: int
    folder: Path
    shared: Shared
    glance: Glance
    kept_since: datetime
    secret: Callable[[str], str] = field(repr=False)

    @property
    def since(self) -> datetime:
        """From when on the models look."""
        return self.as_of.day_start - timedelta(days=self.days)

    @property
    def so_far(self) -> Mapping[str, Any]:
        """How far earlier pulls came, as the position says; empty when there was none."""
        return self.position or {}

    @property
    def reconciles(self) -> bool:
        """Whether it is time to look again for what came late, after the last time that the position tells of."""
        last = self.so_far.get("late")
        return last is None or self.as_of.now - datetime.fromisoformat(last) >= timedelta(days=self.every)

    def late(self, *, done: bool) -> str | None:
        """When it was last looked for what came late, for a position; `done` when this pull has read everything."""
        return self.as_of.now.isoformat() if done and (self.reconciles or self.full) else self.so_far.get("late")

    def differs(self, key: str, value: str | None) -> bool:
        """Whether the stored events were made with another value of what the position has under this key."""
        return self.position is not None and self.position.get(key) != value


def walk(fetch: Callable[[str | None], P], after: str | None, gone: Collection[int] = ()) -> Iterator[P]:
    """All pages that `fetch(after)` gives, from the one at which the last pull broke off.

    HubSpot may have forgotten that one: then from the first on, unless the refusal's status says that all is `gone`.
    Any other page that is refused, and a circle of cursors, is an error.
    """
    if after is not None:
        try:
            page = fetch(after)
        except RefusedError as error:
            if error.status in gone:
                raise
            after = None
        else:
            yield page
            after = page.next_after
            if after is None:
                return
    yield from follow(fetch, after)


class Pages(Generic[L, P]):
    """The pages of what a stream looks at; the first of one look may be read ahead, to find out whether it may be."""

    def __init__(self, fetch: Callable[[L, str | None], P], gone: Collection[int] = ()) -> None:
        self._fetch = fetch
        self._gone = gone
        self._ahead: tuple[L, P] | None = None

    def read_ahead(self, look: L) -> None:
        """Read the first page of a look and keep it; raises what HubSpot's refusal raises."""
        self._ahead = look, next(self.of(look))

    def of(self, look: L) -> Iterator[P]:
        """All pages of a look that are left."""
        return walk(partial(self._page, look), look.after, self._gone)

    def _page(self, look: L, after: str | None) -> P:
        if self._ahead is not None and self._ahead[0] == look and after == look.after:
            page, self._ahead = self._ahead[1], None
            return page
        return self._fetch(look, after)
