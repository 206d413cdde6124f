"""Companies, deals and other objects as v1 and v2 have them."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.legacy.shapes import Page, asked_properties, linked_ids, need, valued
from hubsync.emulator.records import OBJECT_TYPES, Rec
from hubsync.emulator.route import Route, heard
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import object_type

PAGE, LARGEST_PAGE = 100, 250

Shape = Callable[[Portal, Rec, dict[str, Any]], dict[str, Any]]


def company_shape(portal: Portal, rec: Rec, values: dict[str, Any]) -> dict[str, Any]:
    """A company as v2 shows it."""
    return {
        "portalId": portal.portal_id,
        "companyId": int(rec.id),
        "isDeleted": False,
        "properties": values,
        "additionalDomains": [],
        "stateChanges": [],
        "mergeAudits": [],
    }


def deal_shape(portal: Portal, rec: Rec, values: dict[str, Any]) -> dict[str, Any]:
    """A deal as v1 shows it."""
    return {
        "portalId": portal.portal_id,
        "dealId": int(rec.id),
        "isDeleted": False,
        "associations": {
            "associatedVids": linked_ids(portal, "deals", rec.id, "contacts"),
            "associatedCompanyIds": linked_ids(portal, "deals", rec.id, "companies"),
            "associatedDealIds": linked_ids(portal, "deals", rec.id, "deals"),
        },
        "properties": values,
        "imports": [],
        "stateChanges": [],
    }


def companies_paged(hub: Hub, call: Call) -> Reply:
    """Companies in the order of their ids, 100 a page (250 at most); `offset` leads on."""
    shown, more, last = _paged(hub, call, "companies", company_shape)
    return answer({"companies": shown, "has-more": more, "offset": last})


def deals_paged(hub: Hub, call: Call) -> Reply:
    """Deals with the ids they are associated with, 100 a page (250 at most); `offset` leads on."""
    shown, more, last = _paged(hub, call, "deals", deal_shape)
    return answer({"deals": shown, "hasMore": more, "offset": last})


def objects_paged(hub: Hub, call: Call) -> Reply:
    """Tickets, products or line items in the order of their ids, 100 a page; `offset` leads on."""
    kind = object_type(call.path_params["type"])

    def shape(portal: Portal, rec: Rec, values: dict[str, Any]) -> dict[str, Any]:
        return {
            "objectType": kind.singular.upper(),
            "portalId": portal.portal_id,
            "objectId": int(rec.id),
            "properties": values,
            "version": 1,
            "isDeleted": False,
        }

    shown, more, last = _paged(hub, call, kind.name, shape)
    return answer({"objects": shown, "hasMore": more, "offset": last})


def _paged(hub: Hub, call: Call, object: str, shape: Shape) -> tuple[list[dict[str, Any]], bool, int]:
    page = Page(call, "limit", "offset", PAGE, LARGEST_PAGE)
    found, more = page.of(hub.portal, object)
    names = asked_properties(hub.portal, call, object, OBJECT_TYPES[object].defaults)
    history = bool(call.names("propertiesWithHistory"))
    shown = [shape(hub.portal, rec, valued(hub.portal, object, rec, names, history=history)) for rec in found]
    return shown, more, int(found[-1].id) if found else page.after


def company(hub: Hub, call: Call) -> Reply:
    """One company with all its properties."""
    rec = need(hub.portal, "companies", call.path_params["id"])
    return answer(company_shape(hub.portal, rec, everything(hub.portal, "companies", rec)))


def deal(hub: Hub, call: Call) -> Reply:
    """One deal with all its properties and the ids it is associated with."""
    rec = need(hub.portal, "deals", call.path_params["id"])
    return answer(deal_shape(hub.portal, rec, everything(hub.portal, "deals", rec)))


def everything(portal: Portal, object: str, rec: Rec) -> dict[str, Any]:
    """All values of a record, each with its newest version."""
    return valued(portal, object, rec, sorted(rec.properties), history=False)


def recent_companies(hub: Hub, call: Call) -> Reply:
    """Companies by modified or created date, newest first, 100 a page; `since` cuts, `offset` leads on."""
    return _recent(hub, call, "companies", company_shape)


def recent_deals(hub: Hub, call: Call) -> Reply:
    """Deals by modified or created date, newest first, 100 a page; `since` cuts, `offset` leads on."""
    return _recent(hub, call, "deals", deal_shape)


def _recent(hub: Hub, call: Call, object: str, shape: Shape) -> Reply:
    portal, page = hub.portal, Page(call, "count", "offset", PAGE, PAGE)
    created, since = call.path.rstrip("/").endswith("created"), call.number("since", 0)

    def position(rec: Rec) -> tuple[int, int]:
        return ((read_moment(rec.created_at) or 0) if created else rec.updated_ms), int(rec.id)

    found = [rec for rec in portal.objects[object].values() if position(rec)[0] >= since]
    shown = heapq.nlargest(page.after + page.limit, found, key=position)[page.after :]
    return answer(
        {
            "results": [shape(portal, rec, everything(portal, object, rec)) for rec in shown],
            "hasMore": page.after + len(shown) < len(found),
            "offset": page.after + len(shown),
            "total": len(found),
        }
    )


def contacts_of_company(hub: Hub, call: Call) -> Reply:
    """A company's contacts, 100 a page; `vidOffset` leads on."""
    ids, more, last = _vids(hub, call)
    live = hub.portal.objects["contacts"]
    contacts = [
        {
            "vid": id,
            "portalId": hub.portal.portal_id,
            "canonicalVid": id,
            "properties": [
                {"name": name, "value": live[str(id)].properties[name]}
                for name in ("firstname", "lastname", "company", "email")
                if live[str(id)].properties.get(name)
            ],
        }
        for id in ids
    ]
    return answer({"contacts": contacts, "vidOffset": last, "hasMore": more})


def ids_of_contacts_of_company(hub: Hub, call: Call) -> Reply:
    """The ids of a company's contacts, 100 a page; `vidOffset` leads on."""
    ids, more, last = _vids(hub, call)
    return answer({"vids": ids, "vidOffset": last, "hasMore": more})


def _vids(hub: Hub, call: Call) -> tuple[list[int], bool, int]:
    rec = need(hub.portal, "companies", call.path_params["id"])
    page = Page(call, "count", "vidOffset", PAGE, PAGE)
    ids = [id for id in linked_ids(hub.portal, "companies", rec.id, "contacts") if id > page.after]
    shown = ids[: page.limit]
    return shown, len(ids) > page.limit, shown[-1] if shown else page.after


def associated(hub: Hub, call: Call) -> Reply:
    """The ids that a record is associated with by one definition, 100 a page; definitions are the type ids of v4."""
    id, number = call.path_params["id"], call.path_params["definition"]
    page = Page(call, "limit", "offset", PAGE, PAGE)
    associations = hub.portal.associations
    pair = next(
        (ends for ends, kinds in associations.types.items() if any(str(one.type_id) == number for one in kinds)), None
    )
    if pair is None:
        raise errors.not_found()
    ids = [other for other in linked_ids(hub.portal, pair[0], id, pair[1]) if other > page.after]
    shown = ids[: page.limit]
    return answer({"results": shown, "hasMore": len(ids) > page.limit, "offset": shown[-1] if shown else page.after})


ROUTES: tuple[Route, ...] = (
    heard("GET", "/companies/v2/companies/paged", companies_paged, "objects:read", "companies"),
    heard("GET", "/companies/v2/companies/recent/modified", recent_companies, "objects:read", "companies"),
    heard("GET", "/companies/v2/companies/recent/created", recent_companies, "objects:read", "companies"),
    heard("GET", "/companies/v2/companies/{id}", company, "objects:read", "companies"),
    heard("GET", "/companies/v2/companies/{id}/vids", ids_of_contacts_of_company, "objects:read", "companies"),
    heard("GET", "/companies/v2/companies/{id}/contacts", contacts_of_company, "objects:read", "companies"),
    heard("GET", "/deals/v1/deal/paged", deals_paged, "objects:read", "deals"),
    heard("GET", "/deals/v1/deal/recent/modified", recent_deals, "objects:read", "deals"),
    heard("GET", "/deals/v1/deal/recent/created", recent_deals, "objects:read", "deals"),
    heard("GET", "/deals/v1/deal/{id}", deal, "objects:read", "deals"),
    heard("GET", "/crm-objects/v1/objects/{type}/paged", objects_paged, "objects:read", ""),
    heard(
        "GET",
        "/crm-associations/v1/associations/{id}/HUBSPOT_DEFINED/{definition}",
        associated,
        "objects:read",
        "contacts",
    ),
)
