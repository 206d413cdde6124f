"""Calls about the members of lists (api-facts §7)."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import iso_of_ms
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.lists import ObjectList
from hubsync.emulator.lists_api import LISTS_FAMILY, need
from hubsync.emulator.lists_members import add, has, members, remove
from hubsync.emulator.route import SDK, Route
from hubsync.emulator.wire import object_type

PAGE = 100
# The largest page is unverified.
LARGEST_PAGE = 250
MOST_COPIED = 100_000


def list_members(hub: Hub, call: Call) -> Reply:
    """The members by record id, with the time they joined."""
    one = need(hub, call.path_params["list_id"])
    ids = members(hub.portal, one, by_time=False)
    start = bisect_right(ids, call.number("after", 0), key=int)
    return _page(call, one, ids[start:], len(ids))


def list_members_by_time(hub: Hub, call: Call) -> Reply:
    """The members in the order in which they joined."""
    one = need(hub, call.path_params["list_id"])
    ids = members(hub.portal, one, by_time=True)
    joined, _, last = call.text("after").partition("-")
    start = 0
    if joined:
        if not (joined.isdecimal() and last.isdecimal()):
            raise errors.validation("The after parameter is not valid")
        start = bisect_right(ids, (int(joined), int(last)), key=lambda id: (one.joined[id], int(id)))
    return _page(call, one, ids[start:], len(ids), by_time=True)


def _page(call: Call, one: ObjectList, rest: list[str], total: int, *, by_time: bool = False) -> Reply:
    limit = call.number("limit", PAGE)
    if not 0 < limit <= LARGEST_PAGE:
        raise errors.validation(f"The limit of a page is {LARGEST_PAGE}")
    shown = rest[:limit]
    page: dict[str, Any] = {
        "results": [{"recordId": id, "membershipTimestamp": iso_of_ms(one.joined[id])} for id in shown],
        "total": total,
    }
    if len(rest) > limit:
        after = f"{one.joined[shown[-1]]}-{shown[-1]}" if by_time else shown[-1]
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def _static(hub: Hub, call: Call) -> ObjectList:
    one = need(hub, call.path_params["list_id"])
    if one.processing == "DYNAMIC":
        raise errors.validation("Members cannot be added to or removed from a list of type DYNAMIC")
    members(hub.portal, one, by_time=False)
    return one


def _ids(given: object) -> list[str]:
    if not isinstance(given, list):
        raise errors.validation("The body must be a list of record ids")
    return [str(id) for id in given]


def _told(added: list[str], removed: list[str], missing: list[str]) -> Reply:
    # The first name is HubSpot's own spelling.
    return answer({"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing})


def add_members(hub: Hub, call: Call) -> Reply:
    """Add records to a MANUAL or SNAPSHOT list."""
    added, missing = add(hub.portal, _static(hub, call), _ids(call.json_value()))
    return _told(added, [], missing)


def remove_members(hub: Hub, call: Call) -> Reply:
    """Take records off a MANUAL or SNAPSHOT list."""
    return _told([], remove(_static(hub, call), _ids(call.json_value())), [])


def add_and_remove_members(hub: Hub, call: Call) -> Reply:
    """Add some records to a MANUAL or SNAPSHOT list and take others off."""
    one, body = _static(hub, call), call.json()
    removed = remove(one, _ids(body.get("recordIdsToRemove") or []))
    added, missing = add(hub.portal, one, _ids(body.get("recordIdsToAdd") or []))
    return _told(added, removed, missing)


def add_members_from(hub: Hub, call: Call) -> Reply:
    """Add all members of another list, up to 100,000."""
    one, source = _static(hub, call), need(hub, call.path_params["source_list_id"])
    ids = members(hub.portal, source, by_time=False)
    if source.object != one.object or len(ids) > MOST_COPIED:
        raise errors.validation(f"The source list must have the same object type and at most {MOST_COPIED} members")
    add(hub.portal, one, ids)
    return Reply(204)


def clear_members(hub: Hub, call: Call) -> Reply:
    """Take all records off a MANUAL or SNAPSHOT list."""
    one = _static(hub, call)
    remove(one, list(one.joined))
    return Reply(204)


def lists_of_record(hub: Hub, call: Call) -> Reply:
    """The lists that have a record as a member."""
    object, id = object_type(call.path_params["object_type_id"]).name, call.path_params["record_id"]
    if id not in hub.portal.objects[object]:
        raise errors.not_found()
    found = [
        {
            "listId": one.id,
            "listVersion": one.version,
            "firstAddedTimestamp": iso_of_ms(one.first_joined[id]),
            "lastAddedTimestamp": iso_of_ms(one.joined[id]),
        }
        for one in hub.portal.tools.lists.live.values()
        if one.object == object and has(hub.portal, one.id, id)
    ]
    return answer({"results": found, "total": len(found)})


_MEMBERS = "/{list_id}/memberships"

ROUTES: tuple[Route, ...] = (
    Route("GET", LISTS_FAMILY, _MEMBERS, list_members, "lists:read"),
    Route("GET", LISTS_FAMILY, f"{_MEMBERS}/join-order", list_members_by_time, "lists:read"),
    Route("DELETE", LISTS_FAMILY, _MEMBERS, clear_members, "lists:write", source=SDK),
    Route("PUT", LISTS_FAMILY, f"{_MEMBERS}/add", add_members, "lists:write"),
    Route("PUT", LISTS_FAMILY, f"{_MEMBERS}/remove", remove_members, "lists:write"),
    Route("PUT", LISTS_FAMILY, f"{_MEMBERS}/add-and-remove", add_and_remove_members, "lists:write"),
    Route("PUT", LISTS_FAMILY, _MEMBERS + "/add-from/{source_list_id}", add_members_from, "lists:write"),
    Route("GET", LISTS_FAMILY, "/records/{object_type_id}/{record_id}/memberships", lists_of_record, "lists:read"),
)
