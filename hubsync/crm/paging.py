"""Pages of answers, and the walk through them that can't go round in circles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from hubsync.errors import RemoteError
from hubsync.types import AssociationRow, RecordRow


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of a list; `truncated` names the (from object, from id, to object) with more associations."""

    rows: Sequence[RecordRow]
    associations: Sequence[AssociationRow] = ()
    truncated: Sequence[tuple[str, str, str]] = ()
    next_after: str | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of a search; `total` counts all records that fit."""

    total: int
    rows: Sequence[RecordRow]
    next_after: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event as HubSpot gave it; `object` is the plural name, properties are raw text."""

    id: str
    event_type: str
    object: str
    object_id: str
    occurred_at: datetime
    properties: Mapping[str, str | None]


R = TypeVar("R")


@dataclass(frozen=True)
class RowPage(Generic[R]):
    """A page of rows of one sort, and the cursor of the page that follows."""

    rows: Sequence[R]
    next_after: str | None = None


EventPage = RowPage[Occurrence]


class Page(Protocol):
    """Anything with a cursor to the page that follows."""

    @property
    def next_after(self) -> str | None:
        """The cursor of the next page, None on the last."""


P = TypeVar("P", bound=Page)


def next_after(data: Mapping[str, Any], after: str | None = None) -> str | None:
    """The cursor in an answer; one that points to the page just read is refused."""
    cursor = ((data.get("paging") or {}).get("next") or {}).get("after")
    return None if cursor is None else moved_on(str(cursor), after)


def moved_on(cursor: str, after: str | None) -> str:
    """The cursor, which must not point to the page just read; raises RemoteError."""
    if cursor == after:
        raise RemoteError("HubSpot gave the same page cursor twice; run again later")
    return cursor


def follow(fetch: Callable[[str | None], P], after: str | None = None) -> Iterator[P]:
    """All pages that `fetch(after)` gives, from `after` on; a cursor seen before is refused."""
    seen = {after}
    while True:
        page = fetch(after)
        yield page
        after = page.next_after
        if after is None:
            return
        if after in seen:
            raise RemoteError("HubSpot's page cursors go round in a circle; run again later")
        seen.add(after)
