"""Calls about lists (api-facts §7): what a list is; `lists_members_api` says who is in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import iso_of_ms, to_ms
from hubsync.emulator.exchange import Call, Reply, answer, whole
from hubsync.emulator.hub import Hub
from hubsync.emulator.lists import RESTORABLE_DAYS, ObjectList
from hubsync.emulator.lists_members import checked, members, refreshed, schedule
from hubsync.emulator.plans import LISTS
from hubsync.emulator.records import OBJECT_TYPES
from hubsync.emulator.route import COMMUNITY, OPENAPI, SDK, Route, dated
from hubsync.emulator.wire import object_type

TYPES = ("MANUAL", "SNAPSHOT", "DYNAMIC")
SEARCH_PAGE, SEARCH_LARGEST_PAGE, SEARCH_WALL = 20, 500, 10_000
_USER = "1000001"


def need(hub: Hub, id: str) -> ObjectList:
    """The list of an id; 404 if there is none."""
    one = hub.portal.tools.lists.live.get(id)
    if one is None:
        raise errors.not_found()
    return one


def create_list(hub: Hub, call: Call) -> Reply:
    """Create a list; a name that exists is refused, and a list with filters is PROCESSING at first."""
    body, lists = call.json(), hub.portal.tools.lists
    name, processing = str(body.get("name") or ""), body.get("processingType")
    if not name or processing not in TYPES:
        raise errors.validation(f"name, objectTypeId and processingType ({', '.join(TYPES)}) are required")
    object = object_type(str(body.get("objectTypeId") or "")).name
    _need_new_name(hub, object, name)
    _need_room(hub, str(processing))
    branch = body.get("filterBranch")
    if processing == "DYNAMIC" and branch is None:
        raise errors.validation("A DYNAMIC list needs a filterBranch")
    if processing == "MANUAL" and branch is not None:
        raise errors.validation("A MANUAL list cannot have a filterBranch")
    now = to_ms(hub.portal.now)
    one = ObjectList(
        id=lists.new_id(),
        name=name,
        object=object,
        processing=str(processing),
        created_ms=now,
        updated_ms=now,
        filters_ms=now,
        filter=None if branch is None else checked(hub.portal, object, branch),
    )
    lists.keep(one)
    if one.filter is not None:
        schedule(hub.portal, one)
    return answer({"list": _shown(one, with_filters=True)})


def _need_new_name(hub: Hub, object: str, name: str) -> None:
    if hub.portal.tools.lists.named(object, name) is not None:
        # Status and text are unverified, the subcategory is not.
        raise errors.validation(f"A list with the name {name} exists already", subCategory="ILS.DUPLICATE_LIST_NAMES")


def _need_room(hub: Hub, processing: str) -> None:
    allowed = LISTS.get(hub.portal.plan)
    active = processing == "DYNAMIC"
    used = sum((one.processing == "DYNAMIC") is active for one in hub.portal.tools.lists.live.values())
    if allowed is not None and used >= allowed[not active]:
        raise errors.validation(f"The limit of {allowed[not active]} lists of this kind is reached")


def get_list(hub: Hub, call: Call) -> Reply:
    """One list by id; its filters only with `includeFilters=true`."""
    return answer({"list": _seen(hub, call, need(hub, call.path_params["list_id"]))})


def get_list_by_name(hub: Hub, call: Call) -> Reply:
    """One list by object type and name."""
    object = object_type(call.path_params["object_type_id"]).name
    one = hub.portal.tools.lists.named(object, call.path_params["list_name"])
    if one is None:
        raise errors.not_found()
    return answer({"list": _seen(hub, call, one)})


def get_lists(hub: Hub, call: Call) -> Reply:
    """Several lists by `listIds`; those that do not exist are left out."""
    found = [hub.portal.tools.lists.live.get(id) for id in call.names("listIds")]
    return answer({"lists": [_seen(hub, call, one) for one in found if one is not None]})


def search_lists(hub: Hub, call: Call) -> Reply:
    """Lists by name, id and processing type, up to 500 at once (more is cut); it stops at 10,000.

    `sort=HS_UPDATED_AT` puts those changed last at the end, `-HS_UPDATED_AT` first.
    """
    body = call.json()
    count, offset = whole(body, "count", SEARCH_PAGE), whole(body, "offset", 0)
    # Programs ask for 1,000 and are served (community code).
    count = min(count or SEARCH_PAGE, SEARCH_LARGEST_PAGE)
    found = _found(hub, body, str(body.get("query") or ""))
    sort = str(body.get("sort") or "")
    if sort.lstrip("-") == "HS_UPDATED_AT":
        found.sort(key=lambda one: one.updated_ms, reverse=sort.startswith("-"))
    found = found[:SEARCH_WALL]
    page = found[offset : offset + count]
    return answer(
        {
            "offset": offset + len(page),
            "hasMore": offset + len(page) < len(found),
            "lists": [_summary(hub, one) for one in page],
            "total": len(found),
        }
    )


def all_lists(hub: Hub, call: Call) -> Reply:
    """All lists by id, page after page with a cursor; new in 2026-09."""
    body = call.json()
    count, after = whole(body, "count", SEARCH_PAGE), str(body.get("after") or "0")
    if not after.isdecimal():
        raise errors.validation("The after cursor is not valid", subCategory="INVALID_CURSOR")
    if not 0 < count <= SEARCH_LARGEST_PAGE:
        raise errors.validation(f"count must be between 1 and {SEARCH_LARGEST_PAGE}")
    found = _found(hub, body, "")
    rest = [one for one in found if int(one.id) > int(after)]
    page: dict[str, Any] = {"results": [_summary(hub, one) for one in rest[:count]], "total": len(found)}
    if len(rest) > count:
        page["paging"] = {"next": {"after": rest[count - 1].id}}
    return answer(page)


def _found(hub: Hub, body: Mapping[str, Any], query: str) -> list[ObjectList]:
    kinds, ids = list(body.get("processingTypes") or TYPES), set(map(str, body.get("listIds") or ()))
    if unknown := [kind for kind in kinds if kind not in TYPES]:
        raise errors.validation(
            f"processingType {unknown[0]} does not exist; use {', '.join(TYPES)}",
            subCategory="INVALID_PROCESSING_TYPE",
        )
    object = object_type(str(body["objectTypeId"])).name if body.get("objectTypeId") else ""
    return [
        one
        for one in sorted(hub.portal.tools.lists.live.values(), key=lambda one: int(one.id))
        if one.processing in kinds
        and object in ("", one.object)
        and (not ids or one.id in ids)
        and query.lower() in one.name.lower()
    ]


def rename_list(hub: Hub, call: Call) -> Reply:
    """Give a list another name."""
    one, name = need(hub, call.path_params["list_id"]), call.text("listName")
    if not name:
        raise errors.validation("query param listName may not be null")
    if name.lower() != one.name.lower():
        _need_new_name(hub, one.object, name)
    one.name = name
    _changed(hub, one)
    return answer({"updatedList": _seen(hub, call, one)})


def update_filters(hub: Hub, call: Call) -> Reply:
    """Replace the filters of a DYNAMIC list, which is PROCESSING until it is evaluated anew."""
    one = need(hub, call.path_params["list_id"])
    if one.processing != "DYNAMIC":
        raise errors.validation(f"The filters of a list of type {one.processing} cannot be updated")
    one.filter = checked(hub.portal, one.object, call.json().get("filterBranch"))
    _changed(hub, one)
    one.filters_ms = one.updated_ms
    schedule(hub.portal, one)
    return answer({"updatedList": _shown(one, with_filters=True)})


def _changed(hub: Hub, one: ObjectList) -> None:
    one.updated_ms = to_ms(hub.portal.now)
    one.version += 1


def delete_list(hub: Hub, call: Call) -> Reply:
    """Delete a list; for 90 days it can be brought back."""
    hub.portal.tools.lists.drop(need(hub, call.path_params["list_id"]).id, to_ms(hub.portal.now))
    return Reply(204)


def restore_list(hub: Hub, call: Call) -> Reply:
    """Bring a deleted list back."""
    lists, id = hub.portal.tools.lists, call.path_params["list_id"]
    oldest = to_ms(hub.portal.now - timedelta(days=RESTORABLE_DAYS))
    one = lists.deleted.get(id)
    if one is None or (one.deleted_ms or 0) < oldest:
        raise errors.not_found()
    _need_new_name(hub, one.object, one.name)
    lists.keep(one)
    if one.processing == "DYNAMIC":
        schedule(hub.portal, one)
    return Reply(204)


def _seen(hub: Hub, call: Call, one: ObjectList) -> dict[str, Any]:
    shown = _shown(refreshed(hub.portal, one), with_filters=call.flag("includeFilters"))
    return shown | {"size": len(members(hub.portal, one, by_time=False))}


def _summary(hub: Hub, one: ObjectList) -> dict[str, Any]:
    ids = members(hub.portal, one, by_time=True)
    more = {"hs_list_size": str(len(ids)), "hs_list_reference_count": "0"}
    if ids:
        more["hs_last_record_added_at"] = str(one.joined[ids[-1]])
    return _shown(one, with_filters=False) | {"additionalProperties": more}


def _shown(one: ObjectList, *, with_filters: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "listId": one.id,
        "listVersion": one.version,
        "createdAt": iso_of_ms(one.created_ms),
        "updatedAt": iso_of_ms(one.updated_ms),
        "filtersUpdatedAt": iso_of_ms(one.filters_ms),
        "processingStatus": "COMPLETE" if one.due_ms is None else "PROCESSING",
        "createdById": _USER,
        "updatedById": _USER,
        "processingType": one.processing,
        "objectTypeId": OBJECT_TYPES[one.object].type_id,
        "name": one.name,
        "listPermissions": {"teamsWithEditAccess": [], "usersWithEditAccess": []},
        "membershipSettings": {"membershipTeamId": None, "includeUnassigned": None},
    }
    if with_filters and one.filter is not None:
        shown["filterBranch"] = one.filter.branch
    return shown


LISTS_FAMILY = dated("lists", "/crm/v3/lists")
_NAMED = "/object-type-id/{object_type_id}/name/{list_name}"

ROUTES: tuple[Route, ...] = (
    Route("POST", LISTS_FAMILY, "", create_list, "lists:write"),
    Route("GET", LISTS_FAMILY, "", get_lists, "lists:read", source=SDK),
    Route("POST", LISTS_FAMILY, "/search", search_lists, "lists:read", source=COMMUNITY),
    Route("POST", ("/crm/lists/2026-09",), "/all", all_lists, "lists:read", source=OPENAPI),
    Route("GET", LISTS_FAMILY, _NAMED, get_list_by_name, "lists:read"),
    Route("GET", LISTS_FAMILY, "/{list_id}", get_list, "lists:read"),
    Route("DELETE", LISTS_FAMILY, "/{list_id}", delete_list, "lists:write"),
    Route("PUT", LISTS_FAMILY, "/{list_id}/restore", restore_list, "lists:write"),
    Route("PUT", LISTS_FAMILY, "/{list_id}/update-list-name", rename_list, "lists:write", source=SDK),
    Route("PUT", LISTS_FAMILY, "/{list_id}/update-list-filters", update_filters, "lists:write"),
)
