"""Lists of those who looked at a page: how a portal without event occurrences knows which page somebody saw.

HubSpot keeps such lists by filters on page views, which the emulator does not evaluate; here the world itself lets
people join. Who looked again after 90 days joins anew, as with a filter on the last 90 days.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from hubsync.emulator.clock import to_ms
from hubsync.emulator.lists import ObjectList
from hubsync.emulator.lists_members import join
from hubsync.emulator.world.calendar import DAY
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Person

LISTS = {
    "Viewed: pricing": "/pricing",
    "Viewed: advanced features": "/features/advanced",
    "Viewed: enterprise": "/enterprise",
    "Viewed: add-ons": "/products/",
    "Viewed: cancellation": "/cancel",
    "Viewed: how to cancel": "/help/how-to-cancel",
}
"""Each list, and how the paths begin that lead into it."""

_REMEMBERED = 90 * DAY


class Audiences:
    """The lists of one portal."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._lists: dict[str, ObjectList] = {}

    def define(self) -> None:
        """Create the lists, which are older than the history."""
        lists, at = self._scene.portal.tools.lists, to_ms(self._scene.portal.now - timedelta(days=900))
        for name in LISTS:
            one = ObjectList(
                id=lists.new_id(), name=name, object="contacts", processing="MANUAL",
                created_ms=at, updated_ms=at, filters_ms=at,
            )  # fmt: skip
            lists.keep(one)
            self._lists[name] = one

    def saw(self, t: int, person: Person, page: str) -> None:
        """Let somebody join who looks at a page, when that moment has come."""
        name = _list_of(page)
        if name:
            self._scene.plan(t, self._join, person, self._lists[name])

    def _join(self, t: int, person: Person, one: ObjectList) -> None:
        at = self._scene.ms(t)
        if person.alive and at - one.joined.get(person.id, -_REMEMBERED) >= _REMEMBERED:
            join(one, person.id, at)

    def merge(self, gone: tuple[str, str], survivor: str) -> None:
        """Let the survivor of a merge be where one of the two was."""
        for one in self._lists.values():
            since = [one.joined.pop(old) for old in gone if old in one.joined]
            if since:
                join(one, survivor, min(since))


@cache
def _list_of(page: str) -> str:
    return next((name for name, start in LISTS.items() if page.startswith(start)), "")
