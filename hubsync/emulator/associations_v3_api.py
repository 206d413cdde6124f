"""Calls about associations as v3 has them: an entry per type, and types by name (api-facts §3, §11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.associations import AssociationType
from hubsync.emulator.associations_api import MOST_READ, MOST_WRITTEN, associated, each_pair, ends_of, pair_of
from hubsync.emulator.batch import batch_reply, inputs_of
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.records import ObjectType
from hubsync.emulator.records_api import shown_by_id
from hubsync.emulator.route import SDK, Route


def batch_read(hub: Hub, call: Call) -> Reply:
    """The associations of up to 1,000 records, an entry per type; those without any are errors of a 207."""
    start, end = ends_of(call)
    associations = hub.portal.associations
    results, mistakes = [], []
    for given in inputs_of(call, MOST_READ):
        id = str(given.get("id", ""))
        links = associations.of(start.name, id, end.name)
        if not links:
            mistakes.append(errors.no_associations(start.singular, id, end.singular))
            continue
        entries = [
            {"id": other, "type": found.name}
            for other in sorted(links, key=int)
            for type_id in links[other]
            if (found := associations.kind(start.name, end.name, type_id))
        ]
        results.append({"from": {"id": id}, "to": entries})
    return batch_reply(hub.portal, results, mistakes)


def batch_create(hub: Hub, call: Call) -> Reply:
    """Up to 2,000 associations, each of a type by its name."""
    start, end = ends_of(call)

    def make(from_id: str, to_id: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        kind = _named(hub, start, end, str(given.get("type", "")))
        associated(hub, start, from_id, end, to_id, [{"associationTypeId": kind.type_id}])
        return [{"from": {"id": from_id}, "to": {"id": to_id}, "type": kind.name}]

    return each_pair(hub, call, make, 201)


def batch_archive(hub: Hub, call: Call) -> Reply:
    """Takes associations of a type apart, or all between two records if no type is named; 204."""
    start, end = ends_of(call)
    for given in inputs_of(call, MOST_WRITTEN):
        from_id, to_id = pair_of(given)
        name = str(given.get("type") or "")
        type_ids = [_named(hub, start, end, name).type_id] if name else []
        hub.portal.dissociate(start.name, from_id, end.name, to_id, type_ids, at=hub.portal.now)
    return Reply(204)


def list_types(hub: Hub, call: Call) -> Reply:
    """The association types between two object types, by id and name."""
    start, end = ends_of(call)
    kinds = hub.portal.associations.types_between(start.name, end.name)
    return answer({"results": [{"id": str(one.type_id), "name": one.name} for one in kinds]})


def put_one(hub: Hub, call: Call) -> Reply:
    """Associates two records with one type, by its id or name; the record with its associations comes back."""
    start, end = ends_of(call)
    kind = _named(hub, start, end, call.path_params["association"])
    id = call.path_params["id"]
    associated(hub, start, id, end, call.path_params["to_id"], [{"associationTypeId": kind.type_id}])
    return answer(shown_by_id(hub.portal, call, start, id, [end.name]))


def delete_one(hub: Hub, call: Call) -> Reply:
    """Takes one type off a pair; 204."""
    start, end = ends_of(call)
    kind = _named(hub, start, end, call.path_params["association"])
    id, to_id = call.path_params["id"], call.path_params["to_id"]
    hub.portal.dissociate(start.name, id, end.name, to_id, [kind.type_id], at=hub.portal.now)
    return Reply(204)


def _named(hub: Hub, start: ObjectType, end: ObjectType, wanted: str) -> AssociationType:
    kinds = hub.portal.associations.types_between(start.name, end.name)
    found = next((one for one in kinds if wanted in (one.name, str(one.type_id))), None)
    if found is None:
        raise errors.validation(f"The association type {wanted} does not exist from {start.singular} to {end.singular}")
    return found


_BATCHES = ("/crm/v3/associations",)
_ONE = ("/crm/v3/objects",)
_PAIR = "/{type}/{id}/associations/{to}/{to_id}/{association}"

ROUTES: tuple[Route, ...] = (
    Route("POST", _BATCHES, "/{type}/{to}/batch/read", batch_read, "objects:read", source=SDK, verified=False),
    Route("POST", _BATCHES, "/{type}/{to}/batch/create", batch_create, "objects:write", source=SDK),
    Route("POST", _BATCHES, "/{type}/{to}/batch/archive", batch_archive, "objects:write", source=SDK),
    Route("GET", _BATCHES, "/{type}/{to}/types", list_types, "objects:read", source=SDK),
    Route("PUT", _ONE, _PAIR, put_one, "objects:write", source=SDK),
    Route("DELETE", _ONE, _PAIR, delete_one, "objects:write", source=SDK),
)
