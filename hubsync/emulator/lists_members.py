"""Who is a member of a list: HubSpot finds out some time after a change, on the portal's clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from hubsync.emulator.clock import to_ms
from hubsync.emulator.lists import ObjectList
from hubsync.emulator.lists_filters import Filter, filter_of
from hubsync.emulator.records import OBJECT_TYPES
from hubsync.emulator.state import Portal


def checked(portal: Portal, object: str, branch: object) -> Filter:
    """A filter branch for records of one object type, or HubSpot's 400."""
    return filter_of(portal, OBJECT_TYPES[object], branch, lambda id, record: has(portal, id, record))


def has(portal: Portal, id: str, record_id: str) -> bool:
    """Whether a record is in a list; a list that was deleted has nobody."""
    one = portal.tools.lists.live.get(id)
    return one is not None and record_id in refreshed(portal, one).joined


def refreshed(portal: Portal, one: ObjectList) -> ObjectList:
    """Bring the members to where HubSpot would be by now."""
    now = to_ms(portal.now)
    if one.due_ms is not None and one.due_ms <= now:
        at, one.due_ms = one.due_ms, None
        _evaluate_all(portal, one, at)
    if one.processing != "DYNAMIC" or one.due_ms is not None or one.filter is None:
        return one
    if one.filter.timely and one.evaluated_on != _today(portal):
        _evaluate_all(portal, one, now)
    due = {id: at for id, at in one.changed.items() if at <= now} if one.changed else {}
    for id, at in due.items():
        del one.changed[id]
        _evaluate(portal, one, id, at)
    return one


def schedule(portal: Portal, one: ObjectList) -> None:
    """Have a list with a new filter evaluated when the lag is over."""
    one.due_ms = to_ms(portal.now) + portal.tools.lists.lag_ms


def members(portal: Portal, one: ObjectList, *, by_time: bool) -> list[str]:
    """The ids of the members that are not archived, by id or by the time they joined."""
    refreshed(portal, one)
    live = portal.objects[one.object]
    if one.order is None:
        ids = sorted(one.joined, key=int)
        one.order = (ids, sorted(ids, key=lambda id: one.joined[id]))
    return [id for id in one.order[by_time] if id in live]


def add(portal: Portal, one: ObjectList, ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """Make records members; those who newly are, and the ids that are no records, come back."""
    now, live = to_ms(portal.now), portal.objects[one.object]
    added, missing = [], []
    for id in dict.fromkeys(ids):
        if id not in live:
            missing.append(id)
        elif id not in one.joined:
            join(one, id, now)
            added.append(id)
    return added, missing


def remove(one: ObjectList, ids: Iterable[str]) -> list[str]:
    """End memberships; the ids of those who were members come back."""
    gone = [id for id in dict.fromkeys(ids) if id in one.joined]
    for id in gone:
        _leave(one, id)
    return gone


def _today(portal: Portal) -> date:
    return portal.now.astimezone(ZoneInfo(portal.time_zone)).date()


def _evaluate_all(portal: Portal, one: ObjectList, at: int) -> None:
    one.changed.clear()
    one.evaluated_on = _today(portal)
    for id in {**portal.objects[one.object], **one.joined}:
        _evaluate(portal, one, id, at)


def _evaluate(portal: Portal, one: ObjectList, id: str, at: int) -> None:
    rec = portal.objects[one.object].get(id)
    passes = rec is not None and one.filter is not None and one.filter.passes(rec, to_ms(portal.now))
    if passes and id not in one.joined:
        join(one, id, at)
    elif not passes and id in one.joined:
        _leave(one, id)


def join(one: ObjectList, id: str, at: int) -> None:
    """Make a record a member since a moment (ms)."""
    one.joined[id] = at
    one.first_joined.setdefault(id, at)
    one.order = None


def _leave(one: ObjectList, id: str) -> None:
    del one.joined[id]
    one.order = None
