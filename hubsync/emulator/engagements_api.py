"""Calls, emails, meetings, notes and tasks under one object type, `engagements` (0-4), for reading.

That they are there, under the ids they have as calls or notes, is read from a program that asks for them; which
properties the type has beside those of its parts, and that nothing can be written, is unverified.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.associations_api import MOST_READ, PAGE, linked
from hubsync.emulator.batch import batch_reply, inputs_of
from hubsync.emulator.criteria import Criterion, sort_key, test_of
from hubsync.emulator.definitions import Definition, complete
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Handler, Hub
from hubsync.emulator.legacy.engagements_api import TYPES, type_of
from hubsync.emulator.records import OBJECT_TYPES, Rec
from hubsync.emulator.records_api import LARGEST_PAGE, OBJECTS
from hubsync.emulator.route import COMMUNITY, Route, dated
from hubsync.emulator.search import page_of, query_of
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import View, object_type

NAME, ALIASES = "hs_engagement_type", ("engagements", "0-4")
_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
_PASS_WITHOUT = frozenset({"NOT_HAS_PROPERTY", "NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN"})

Engagement = tuple[str, Rec]


def definitions(portal: Portal) -> dict[str, Definition]:
    """The properties of all its parts, and which part a record is of."""
    options = [{"value": value} for value in (*TYPES.values(), "INCOMING_EMAIL")]
    own = {"name": NAME, "label": "Engagement type", "type": "enumeration", "fieldType": "select", "options": options}
    at = portal.properties["notes"].live["hs_object_id"]["createdAt"]
    found = {NAME: complete(own | {"groupName": "engagement"}, hubspot_defined=True, at=at)}
    for object in TYPES:
        found |= portal.properties[object].live
    return found


def list_definitions(hub: Hub, call: Call) -> Reply:
    """The definitions of all properties that calls, emails, meetings, notes or tasks have."""
    del call
    return answer({"results": list(definitions(hub.portal).values())})


def list_engagements(hub: Hub, call: Call) -> Reply:
    """Engagements in the order of their ids, at most 100 a page (10 without a limit); `after` is the next id."""
    portal, limit = hub.portal, call.number("limit", 10)
    if not 0 < limit <= LARGEST_PAGE:
        raise errors.validation(f"The limit of a page is {LARGEST_PAGE}")
    first = call.number("after", 0)
    found = [
        (object, portal.objects[object][str(id)])
        for id, object in heapq.merge(
            *([(id, object) for id in portal.ids_from(object, first, limit + 1)] for object in TYPES)
        )
    ]
    page: dict[str, Any] = {"results": _shown(portal, call, found[:limit], call.names("properties"))}
    if len(found) > limit:
        after = found[limit][1].id
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def get_engagement(hub: Hub, call: Call) -> Reply:
    """One engagement by its id."""
    id = call.path_params["id"]
    found = _find(hub.portal, id)
    if found is None:
        raise errors.not_found()
    return answer(_shown(hub.portal, call, [found], call.names("properties"))[0])


def batch_read(hub: Hub, call: Call) -> Reply:
    """Up to 100 engagements by id; 207 names the missing ones in one error."""
    ids = list(dict.fromkeys(str(one.get("id", "")) for one in inputs_of(call)))
    found = {id: _find(hub.portal, id) for id in ids}
    missing = [id for id, one in found.items() if one is None]
    there = [one for one in found.values() if one is not None]
    mistakes = [errors.objects_not_found("ENGAGEMENT", missing)] if missing else []
    return batch_reply(hub.portal, _shown(hub.portal, call, there, call.json().get("properties")), mistakes)


def batch_read_associations(hub: Hub, call: Call) -> Reply:
    """The associations of up to 1,000 engagements, 500 each; those without any are errors of a 207."""
    end = object_type(call.path_params["to"])
    results, mistakes = [], []
    for given in inputs_of(call, MOST_READ):
        id = str(given.get("id", ""))
        found = _find(hub.portal, id)
        others = linked(hub.portal, OBJECT_TYPES[found[0]], end, id, given.get("after"), PAGE)[0] if found else []
        if others:
            results.append({"from": {"id": id}, "to": others})
        else:
            mistakes.append(errors.no_associations("engagement", id, end.singular))
    return batch_reply(hub.portal, results, mistakes)


def search_engagements(hub: Hub, call: Call) -> Reply:
    """Filters and sorts over all engagements, as search does over one object type."""
    portal, query = hub.portal, query_of(call)
    known = definitions(portal)
    found: list[tuple[Any, Engagement]] = []
    name, falling = query.sort or ("hs_object_id", False)
    for object in TYPES:
        kind = OBJECT_TYPES[object]
        groups = [group for given in query.groups if (group := _group(portal, object, known, given)) is not None]
        if query.groups and not groups:
            continue
        value_of = sort_key(name, kind, portal)
        found.extend(
            (type_of(object, rec) if name == NAME else value_of(rec), (object, rec))
            for rec in hub.index.find(kind, groups, query.text, None)
        )
    found.sort(key=lambda one: int(one[1][1].id))
    placed = sorted((one for one in found if one[0] is not None), key=itemgetter(0), reverse=falling)
    engagements = [one[1] for one in (*placed, *(one for one in found if one[0] is None))]
    return answer(page_of(query, engagements, lambda page: _shown(portal, call, page, query.properties)))


def _group(
    portal: Portal, object: str, known: dict[str, Definition], group: Sequence[Criterion]
) -> list[Criterion] | None:
    """The filters that records of one object type have still to pass; None if they cannot."""
    rest: list[Criterion] = []
    for one in group:
        name = str(one.get("propertyName"))
        if name == NAME:
            as_email = one | {"propertyName": "hs_email_direction"}
            if object == "emails":
                rest.append(as_email)
            elif not test_of(as_email, OBJECT_TYPES["emails"], portal)(_stub(object)):
                return None
        elif name in known and name not in portal.properties[object].live:
            if one.get("operator") not in _PASS_WITHOUT:
                return None
        else:
            rest.append(one)
    return rest


def _stub(object: str) -> Rec:
    return Rec("0", {"hs_email_direction": TYPES[object]}, "", "", 0)


def _find(portal: Portal, id: str) -> Engagement | None:
    return next(((object, portal.objects[object][id]) for object in TYPES if id in portal.objects[object]), None)


def _shown(
    portal: Portal, call: Call, found: Sequence[Engagement], asked: Sequence[str] | None
) -> list[dict[str, Any]]:
    known = definitions(portal)
    names = sorted({name for name in (*_DEFAULTS, *map(str, asked or ())) if name in known})
    views = {object: View(portal, OBJECT_TYPES[object], call.version, None) for object in TYPES}
    shown = []
    for object, rec in found:
        values = rec.properties | {NAME: type_of(object, rec)}
        shown.append(views[object].show(rec, properties={name: values.get(name) for name in names}))
    return shown


def _route(method: str, families: tuple[str, ...], rest: str, handler: Handler) -> Route:
    prefixes = tuple(f"{family}/{alias}" for family in families for alias in ALIASES)
    return Route(
        method, prefixes, rest, handler, "objects:read", type="notes", source=COMMUNITY, verified=False,
        limit="search" if handler is search_engagements else "normal",
    )  # fmt: skip


_PROPERTIES = dated("properties", "/crm/v3/properties")
_ASSOCIATIONS = dated("associations", "/crm/v4/associations")

ROUTES: tuple[Route, ...] = (
    _route("GET", _PROPERTIES, "", list_definitions),
    _route("GET", OBJECTS, "", list_engagements),
    _route("GET", OBJECTS, "/{id}", get_engagement),
    _route("POST", OBJECTS, "/batch/read", batch_read),
    _route("POST", OBJECTS, "/search", search_engagements),
    _route("POST", _ASSOCIATIONS, "/{to}/batch/read", batch_read_associations),
)
