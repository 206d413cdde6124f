"""Calls about single records and lists of records (api-facts §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors, rules
from hubsync.emulator.derived import derive
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.records import ObjectType, Rec
from hubsync.emulator.route import SDK, Route, dated
from hubsync.emulator.search import search
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import View, inline_associations, object_type

LARGEST_PAGE, LARGEST_PAGE_WITH_HISTORY = 100, 50
MOST_IDENTITIES = 250
API_SOURCE = "INTEGRATION"


def list_records(hub: Hub, call: Call) -> Reply:
    """A page in the order of the ids, at most 100 (50 with history, 10 without a limit).

    `after` is the next id; associations inline, up to 100 each; `archived=true` lists the recycle bin.
    """
    portal, kind = hub.portal, object_type(call.path_params["type"])
    history = call.names("propertiesWithHistory")
    limit = call.number("limit", 10)
    most = LARGEST_PAGE_WITH_HISTORY if history else LARGEST_PAGE
    if not 0 < limit <= most:
        raise errors.validation(f"The limit of a page is {most}")
    first = call.number("after", 0)
    found, rest = _page(portal, kind, first, limit, archived=call.flag("archived"))
    view = View(portal, kind, call.version, call.names("properties"), history)
    names = call.names("associations")
    page: dict[str, Any] = {"results": [_shown(portal, call, kind, view, rec, names) for rec in found]}
    if rest is not None:
        page["paging"] = {"next": {"after": rest, "link": call.link(rest)}}
    return answer(page)


def _page(portal: Portal, kind: ObjectType, first: int, limit: int, *, archived: bool) -> tuple[list[Rec], str | None]:
    if archived:
        bin_ = portal.in_bin(kind.name)
        ids = sorted(number for number in map(int, bin_) if number >= first)[: limit + 1]
        found = [bin_[str(number)] for number in ids]
    else:
        live = portal.objects[kind.name]
        found = [live[str(number)] for number in portal.ids_from(kind.name, first, limit + 1)]
    return found[:limit], found[limit].id if len(found) > limit else None


def _shown(portal: Portal, call: Call, kind: ObjectType, view: View, rec: Rec, names: list[str]) -> dict[str, Any]:
    shown = view.show(rec)
    if names and (linked := inline_associations(portal, call, kind, rec.id, names)):
        shown["associations"] = linked
    return shown


def shown_by_id(portal: Portal, call: Call, kind: ObjectType, id: str, names: list[str]) -> dict[str, Any]:
    """A record with its default properties and its associations to some object types."""
    return _shown(portal, call, kind, View(portal, kind, call.version, None), portal.objects[kind.name][id], names)


def locate(portal: Portal, kind: ObjectType, id: str, id_property: str = "") -> Rec | None:
    """The live record of an id (also one that was merged away) or of a unique value."""
    if id_property and id_property != "hs_object_id":
        if id_property not in portal.properties[kind.name].unique:
            raise errors.not_unique(kind.type_id, id_property, portal.portal_id)
        id = portal.find(kind.name, id_property, id) or ""
    return portal.objects[kind.name].get(portal.resolve(kind.name, id))


def _need(portal: Portal, kind: ObjectType, call: Call) -> Rec:
    id, by = call.path_params["id"], call.text("idProperty")
    if not by and id.strip("0") == "":
        raise errors.no_such_id()
    rec = locate(portal, kind, id, by)
    if rec is None:
        raise errors.not_found()
    return rec


def get_record(hub: Hub, call: Call) -> Reply:
    """One record, by id (also an id from before a merge, which is remembered) or `idProperty`.

    Archived ones only with `archived=true`.
    """
    portal, kind = hub.portal, object_type(call.path_params["type"])
    if call.flag("archived"):
        rec = portal.in_bin(kind.name).get(call.path_params["id"])
        if rec is None:
            raise errors.not_found()
    else:
        rec = _need(portal, kind, call)
    view = View(portal, kind, call.version, call.names("properties"), call.names("propertiesWithHistory"))
    return answer(_shown(portal, call, kind, view, rec, call.names("associations")))


def properties_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The `properties` of a body; HubSpot's 400 if they are no object."""
    given = body.get("properties") or {}
    if not isinstance(given, dict):
        raise errors.validation("properties must be an object")
    return given


def written_view(portal: Portal, kind: ObjectType, version: str, values: Mapping[str, Any]) -> View:
    """What an answer to a write shows: the defaults and what was written."""
    return View(portal, kind, version, [*kind.defaults, *values])


def checked_links(portal: Portal, kind: ObjectType, body: Mapping[str, Any]) -> list[tuple[str, str, list[int]]]:
    """The `associations` of a new record: object type, id and type ids, each known to the portal."""
    links = []
    asked = body.get("associations") or []
    for given in asked if isinstance(asked, list) else [asked]:
        target = given.get("to")
        to = str(target.get("id", "")) if isinstance(target, dict) else ""
        named = [str(one.get("associationTypeId")) for one in given.get("types") or []]
        type_ids = [int(number) for number in named if number.isdecimal()]
        end = next(
            (
                end
                for (start, end), kinds in portal.associations.types.items()
                if start == kind.name and {one.type_id for one in kinds} & set(type_ids)
            ),
            None,
        )
        if end is None or to not in portal.objects[end]:
            # The text is unverified.
            raise errors.validation(f"One or more associations are not valid: {to or 'no id'}")
        links.append((end, to, type_ids))
    return links


def create(portal: Portal, kind: ObjectType, values: Mapping[str, str], links: list[tuple[str, str, list[int]]]) -> Rec:
    """Make a record of checked values and associations."""
    now = portal.now
    id = portal.put(kind.name, values, at=now, source=API_SOURCE, source_id=str(portal.app_id))
    derive(portal, kind.name, id, values, {})
    for end, to, type_ids in links:
        portal.associate(kind.name, id, end, to, type_ids, at=now)
    return portal.objects[kind.name][id]


def change(portal: Portal, kind: ObjectType, rec: Rec, values: Mapping[str, str]) -> None:
    """Write checked values; each write bumps the modified date."""
    before = dict(rec.properties)
    portal.set(kind.name, rec.id, values, at=portal.now, source=API_SOURCE, source_id=str(portal.app_id))
    derive(portal, kind.name, rec.id, values, before)


def create_record(hub: Hub, call: Call) -> Reply:
    """Makes a record; 400 for values that do not fit, 409 for a second contact with the same email."""
    portal, kind, body = hub.portal, object_type(call.path_params["type"]), call.json()
    values, refusal = rules.check(portal, kind.name, properties_of(body), call.version, None)
    if refusal:
        raise refusal
    rec = create(portal, kind, values, checked_links(portal, kind, body))
    return answer(written_view(portal, kind, call.version, values).show(rec), 201)


def update_record(hub: Hub, call: Call) -> Reply:
    """Changes a record, by id or `idProperty`; each write moves the modified date."""
    portal, kind = hub.portal, object_type(call.path_params["type"])
    rec = _need(portal, kind, call)
    values, refusal = rules.check(portal, kind.name, properties_of(call.json()), call.version, rec)
    if refusal:
        raise refusal
    change(portal, kind, rec, values)
    return answer(written_view(portal, kind, call.version, values).show(rec))


def archive_record(hub: Hub, call: Call) -> Reply:
    """Puts a record into the recycle bin for 90 days; 204 also if there is none."""
    kind, id = object_type(call.path_params["type"]), call.path_params["id"]
    if id in hub.portal.objects[kind.name]:
        hub.portal.archive(kind.name, id, hub.portal.now)
    return Reply(204)


def merge_records(hub: Hub, call: Call) -> Reply:
    """Merges two records.

    The survivor has a new id unless the portal preserves the primary one; 414 beyond 250 merged ids.
    """
    portal, kind, body = hub.portal, object_type(call.path_params["type"]), call.json()
    primary, other = str(body.get("primaryObjectId", "")), str(body.get("objectIdToMerge", ""))
    if primary == other:
        raise errors.validation("Cannot merge a record with itself")
    for id in (primary, other):
        if id not in portal.objects[kind.name]:
            raise errors.not_found()
    live = portal.objects[kind.name]
    if 2 + len(live[primary].merged_ids) + len(live[other].merged_ids) > MOST_IDENTITIES:
        raise errors.too_many_identities(MOST_IDENTITIES)
    survivor = portal.merge(kind.name, primary, other, portal.now, preserve_id=portal.preserve_merged_ids)
    return answer(View(portal, kind, call.version, None).show(portal.objects[kind.name][survivor]))


def gdpr_delete(hub: Hub, call: Call) -> Reply:
    """Erases a record for good, by id or by `idProperty`."""
    portal, kind, body = hub.portal, object_type(call.path_params["type"]), call.json()
    rec = locate(portal, kind, str(body.get("objectId", "")), str(body.get("idProperty") or ""))
    if rec is None:
        raise errors.not_found()
    portal.purge(kind.name, rec.id)
    return Reply(204)


def search_records(hub: Hub, call: Call) -> Reply:
    """Filters and sorts on an index that may lag; up to 200 a page and 10,000 in all.

    5 calls per second and account; a body of 3,000 characters, 6 groups of 6 filters, 18 in all.
    """
    return search(hub.portal, hub.index, call, object_type(call.path_params["type"]))


OBJECTS = dated("objects", "/crm/v3/objects", "/crm/objects/v3", "/crm/v4/objects")

ROUTES: tuple[Route, ...] = (
    Route("GET", OBJECTS, "/{type}", list_records, "objects:read", source=SDK),
    Route("POST", OBJECTS, "/{type}", create_record, "objects:write"),
    Route("GET", OBJECTS, "/{type}/{id}", get_record, "objects:read"),
    Route("PATCH", OBJECTS, "/{type}/{id}", update_record, "objects:write"),
    Route("DELETE", OBJECTS, "/{type}/{id}", archive_record, "objects:write"),
    Route("POST", OBJECTS, "/{type}/search", search_records, "objects:read", limit="search"),
    Route("POST", OBJECTS, "/{type}/merge", merge_records, "objects:write"),
    Route("POST", OBJECTS, "/{type}/gdpr-delete", gdpr_delete, "objects:write", source=SDK),
)
