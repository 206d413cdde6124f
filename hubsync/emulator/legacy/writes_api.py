"""What old programs write through v1 and v2: companies, deals, tickets, engagements, associations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import from_ms, to_iso
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.legacy.engagements_api import ENDS, METADATA, TYPES, shape_of
from hubsync.emulator.legacy.objects_api import company_shape, deal_shape, everything
from hubsync.emulator.legacy.shapes import need
from hubsync.emulator.legacy.writes import changed, made, pairs_of
from hubsync.emulator.records import OBJECT_TYPES, ObjectType, Rec
from hubsync.emulator.route import Route, heard
from hubsync.emulator.wire import object_type

_LATEST_MS = 4_102_444_800_000
_ENDS_OF_DEAL = {"associatedVids": "contacts", "associatedCompanyIds": "companies"}
_SHAPES = {"companies": company_shape, "deals": deal_shape}


def create_record(hub: Hub, call: Call) -> Reply:
    """Makes a company, a deal (with `associations`) or another record of `{name, value}` pairs."""
    kind, body = object_type(call.path_params["type"]), call.json_value()
    rec = made(hub, call, kind, pairs_of(body.get("properties") if isinstance(body, dict) else body))
    if isinstance(body, dict):
        _link(hub, kind, rec, body.get("associations"), _ENDS_OF_DEAL)
    return answer(_shown(hub, kind, rec))


def update_record(hub: Hub, call: Call) -> Reply:
    """Changes a company, a deal or another record by `{name, value}` pairs."""
    kind, body = object_type(call.path_params["type"]), call.json_value()
    rec = need(hub.portal, kind.name, call.path_params["id"])
    changed(hub, call, kind, rec, pairs_of(body.get("properties") if isinstance(body, dict) else body))
    return answer(_shown(hub, kind, rec))


def archive_record(hub: Hub, call: Call) -> Reply:
    """Puts a company or a deal into the recycle bin."""
    kind = object_type(call.path_params["type"])
    rec = need(hub.portal, kind.name, call.path_params["id"])
    hub.portal.archive(kind.name, rec.id, hub.portal.now)
    return Reply(204)


def companies_by_domain(hub: Hub, call: Call) -> Reply:
    """The companies with a domain, up to 100."""
    domain = call.path_params["domain"].lower()
    found = [
        rec for rec in hub.portal.objects["companies"].values() if rec.properties.get("domain", "").lower() == domain
    ]
    return answer(
        {
            "results": [_shown(hub, OBJECT_TYPES["companies"], rec) for rec in found[:100]],
            "hasMore": False,
            "offset": {"isPrimary": True, "companyId": 0},
        }
    )


def create_engagement(hub: Hub, call: Call) -> Reply:
    """Makes a call, an email, a meeting, a note or a task, with its associations."""
    body = call.json()
    head, metadata = _object(body, "engagement"), _object(body, "metadata")
    name = next((name for name, word in TYPES.items() if word == head.get("type")), None)
    if name is None:
        raise errors.validation(f"The engagement type {head.get('type')} does not exist")
    at = head.get("timestamp")
    given = {
        "hs_timestamp": to_iso(from_ms(at) if isinstance(at, int) and 0 <= at < _LATEST_MS else hub.portal.now),
        "hubspot_owner_id": head.get("ownerId"),
    }
    given |= {of: metadata.get(field) for field, of in METADATA[name].items()}
    if name == "emails":
        given["hs_email_direction"] = "EMAIL"
    kind = OBJECT_TYPES[name]
    rec = made(hub, call, kind, {name: value for name, value in given.items() if value is not None})
    _link(hub, kind, rec, body.get("associations"), ENDS)
    return answer(shape_of(hub.portal, name, rec))


def associate(hub: Hub, call: Call) -> Reply:
    """Makes associations from a list of ids and definitions; 204."""
    body = call.json_value()
    if not isinstance(body, list) or not all(isinstance(one, dict) for one in body):
        raise errors.bad_json(call.path)
    for one in body:
        _associate(hub, one)
    return Reply(204)


def _associate(hub: Hub, given: Mapping[str, Any]) -> None:
    number = given.get("definitionId")
    types = hub.portal.associations.types
    pair = next((ends for ends, kinds in types.items() if any(one.type_id == number for one in kinds)), None)
    if pair is None:
        raise errors.validation(f"The association definition {number} does not exist")
    ids = [
        need(hub.portal, end, str(given.get(key))).id
        for end, key in zip(pair, ("fromObjectId", "toObjectId"), strict=True)
    ]
    hub.portal.associate(pair[0], ids[0], pair[1], ids[1], [int(str(number))], at=hub.portal.now)


def _link(hub: Hub, kind: ObjectType, rec: Rec, given: Any, fields: Mapping[str, str]) -> None:
    if not isinstance(given, dict):
        return
    for field, end in fields.items():
        ids = given.get(field) or []
        for id in ids if isinstance(ids, list) else [ids]:
            other = need(hub.portal, end, str(id))
            hub.portal.associate(kind.name, rec.id, end, other.id, at=hub.portal.now)


def _shown(hub: Hub, kind: ObjectType, rec: Rec) -> dict[str, Any]:
    values = everything(hub.portal, kind.name, rec)
    if kind.name in _SHAPES:
        return _SHAPES[kind.name](hub.portal, rec, values)
    return {
        "objectType": kind.singular.upper(),
        "portalId": hub.portal.portal_id,
        "objectId": int(rec.id),
        "properties": values,
        "version": 1,
        "isDeleted": False,
    }


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name) or {}
    if not isinstance(found, dict):
        raise errors.validation(f"{name} must be an object")
    return found


ROUTES: tuple[Route, ...] = (
    *(
        one
        for path, object in (("/companies/v2/companies", "companies"), ("/deals/v1/deal", "deals"))
        for one in (
            heard("POST", path, create_record, "objects:write", object),
            heard("PUT", path + "/{id}", update_record, "objects:write", object),
            heard("DELETE", path + "/{id}", archive_record, "objects:write", object),
        )
    ),
    heard("POST", "/crm-objects/v1/objects/{type}", create_record, "objects:write"),
    heard("PUT", "/crm-objects/v1/objects/{type}/{id}", update_record, "objects:write"),
    heard("POST", "/companies/v2/domains/{domain}/companies", companies_by_domain, "objects:write", "companies"),
    heard("POST", "/engagements/v1/engagements", create_engagement, "objects:write", "notes"),
    heard("PUT", "/crm-associations/v1/associations/create-batch", associate, "objects:write", "contacts"),
)
