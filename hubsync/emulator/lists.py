"""The lists of a portal ("segments"), as plain values; who their members are is found out by `lists_members`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from hubsync.emulator.lists_filters import Filter

FIRST_ID = 1
RESTORABLE_DAYS = 90


@dataclass(slots=True, kw_only=True)
class ObjectList:
    """One list; times are ms since 1970."""

    id: str
    name: str
    object: str
    processing: str
    created_ms: int
    updated_ms: int
    filters_ms: int
    version: int = 1
    filter: Filter | None = None
    joined: dict[str, int] = field(default_factory=dict)
    """Each member and since when."""
    first_joined: dict[str, int] = field(default_factory=dict)
    due_ms: int | None = None
    """When the first evaluation after a change of the filters will be done; None if it is."""
    changed: dict[str, int] = field(default_factory=dict)
    """Records that changed and have not been looked at again, and when that is due."""
    evaluated_on: date | None = None
    order: tuple[list[str], list[str]] | None = None
    """Members by id and by time of joining, kept until one comes or goes."""
    deleted_ms: int | None = None


class Lists:
    """All lists; evaluation lags behind changes by `lag_ms` of the portal's clock."""

    def __init__(self) -> None:
        self.lag_ms = 0
        self.live: dict[str, ObjectList] = {}
        self.deleted: dict[str, ObjectList] = {}
        self.dynamic: dict[str, list[ObjectList]] = {}
        """The lists that HubSpot keeps up to date, by object type."""
        self._next_id = FIRST_ID

    def new_id(self) -> str:
        """The id of the next list."""
        self._next_id += 1
        return str(self._next_id - 1)

    def named(self, object: str, name: str) -> ObjectList | None:
        """The list of this name (in any case of letters) among those of one object type."""
        wanted = name.strip().lower()
        return next(
            (one for one in self.live.values() if one.object == object and one.name.lower() == wanted),
            None,
        )

    def keep(self, one: ObjectList) -> None:
        """Add a list, or bring one back."""
        self.deleted.pop(one.id, None)
        one.deleted_ms = None
        self.live[one.id] = one
        if one.processing == "DYNAMIC":
            self.dynamic.setdefault(one.object, []).append(one)

    def drop(self, id: str, now_ms: int) -> None:
        """Delete a list; for 90 days it can be brought back."""
        one = self.live.pop(id)
        one.deleted_ms = now_ms
        self.deleted[id] = one
        if one.processing == "DYNAMIC":
            self.dynamic[one.object].remove(one)

    def note(self, object: str, id: str, at_ms: int) -> None:
        """Remember that a record changed."""
        for one in self.dynamic.get(object, ()):
            one.changed.setdefault(id, at_ms + self.lag_ms)
