"""Calls about associations (api-facts §3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.batch import batch_reply, inputs_of
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.records import ObjectType
from hubsync.emulator.route import OPENAPI, SDK, Route, dated
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import object_type

MOST_READ, MOST_WRITTEN = 1_000, 2_000
PAGE = 500


def ends_of(call: Call) -> tuple[ObjectType, ObjectType]:
    """The two object types of a path."""
    return object_type(call.path_params["type"]), object_type(call.path_params["to"])


def batch_read(hub: Hub, call: Call) -> Reply:
    """The associations of up to 1,000 records, 500 each and a page link; those without any are errors of a 207."""
    start, end = ends_of(call)
    results, mistakes = [], []
    for given in inputs_of(call, MOST_READ):
        id = str(given.get("id", ""))
        found, after = linked(hub.portal, start, end, id, given.get("after"), PAGE)
        if not found:
            mistakes.append(errors.no_associations(start.singular, id, end.singular))
            continue
        one: dict[str, Any] = {"from": {"id": id}, "to": found}
        if after:
            family = "/crm/v4/objects" if call.version == "v4" else f"/crm/objects/{call.version}"
            link = f"{call.host}{family}/{start.name}/{id}/associations/{end.name}?after={after}"
            one["paging"] = {"next": {"after": after, "link": link}}
        results.append(one)
    return batch_reply(hub.portal, results, mistakes)


def list_of_record(hub: Hub, call: Call) -> Reply:
    """The associations of one record, up to 500 a page; v3 has one entry per type."""
    start, end = ends_of(call)
    id = call.path_params["id"]
    limit = call.number("limit", PAGE)
    if not 0 < limit <= PAGE:
        raise errors.validation(f"The limit of a page is {PAGE}")
    if id not in hub.portal.objects[start.name]:
        raise errors.not_found()
    found, after = linked(hub.portal, start, end, id, call.text("after"), limit)
    page: dict[str, Any] = {"results": found if call.version != "v3" else _old_shape(hub.portal, start, end, found)}
    if after:
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def linked(
    portal: Portal, start: ObjectType, end: ObjectType, id: str, after: Any, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """The records of one type that a record is associated with, from `after` on, and where the next page begins."""
    links = portal.associations.of(start.name, id, end.name)
    first = int(after) if after and str(after).isdecimal() else 0
    ids = sorted(number for number in map(int, links) if number >= first)
    shown = [
        {"toObjectId": number, "associationTypes": _types(portal, start, end, links[str(number)])}
        for number in ids[:limit]
    ]
    return shown, str(ids[limit]) if len(ids) > limit else None


def _types(portal: Portal, start: ObjectType, end: ObjectType, type_ids: Mapping[int, None]) -> list[dict[str, Any]]:
    found = [portal.associations.kind(start.name, end.name, type_id) for type_id in type_ids]
    return [{"category": one.category, "typeId": one.type_id, "label": one.label} for one in found if one]


def _old_shape(portal: Portal, start: ObjectType, end: ObjectType, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {one.type_id: one.name for one in portal.associations.types_between(start.name, end.name)}
    return [
        {"id": str(one["toObjectId"]), "type": names[kind["typeId"]]}
        for one in found
        for kind in one["associationTypes"]
    ]


def batch_create(hub: Hub, call: Call) -> Reply:
    """Up to 2,000 typed associations."""
    start, end = ends_of(call)

    def make(from_id: str, to_id: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        labels = associated(hub, start, from_id, end, to_id, given.get("types") or [])
        ends = {"fromObjectTypeId": start.type_id, "fromObjectId": from_id,
                "toObjectTypeId": end.type_id, "toObjectId": to_id}  # fmt: skip
        return [{**ends, "labels": labels}]

    return each_pair(hub, call, make, 201)


def batch_create_default(hub: Hub, call: Call) -> Reply:
    """Up to 2,000 associations of the default type."""
    start, end = ends_of(call)

    def make(from_id: str, to_id: str, _given: Mapping[str, Any]) -> list[dict[str, Any]]:
        return _associate_default(hub, start, from_id, end, to_id)

    return each_pair(hub, call, make)


def each_pair(
    hub: Hub,
    call: Call,
    make: Callable[[str, str, Mapping[str, Any]], list[dict[str, Any]]],
    status: int = 200,
) -> Reply:
    """What `make` gives for the two ids of each input; a pair that it refuses is told beside the others."""
    results: list[dict[str, Any]] = []
    mistakes = []
    for given in inputs_of(call, MOST_WRITTEN):
        from_id, to_id = pair_of(given)
        try:
            results += make(from_id, to_id, given)
        except errors.Refusal as refusal:
            mistakes.append(input_error(refusal, from_id, to_id))
    return batch_reply(hub.portal, results, mistakes, status)


def batch_archive(hub: Hub, call: Call) -> Reply:
    """Takes pairs apart; 204 in v4, 200 with a body in dated versions."""
    start, end = ends_of(call)
    for given in inputs_of(call, MOST_WRITTEN):
        targets = given.get("to") or []
        for target in targets if isinstance(targets, list) else [targets]:
            hub.portal.dissociate(start.name, pair_of(given)[0], end.name, str(target.get("id", "")), at=hub.portal.now)
    return Reply(204) if call.version == "v4" else batch_reply(hub.portal, [], [])


def put_default(hub: Hub, call: Call) -> Reply:
    """Associates two records with the default type."""
    start, end = ends_of(call)
    made = _associate_default(hub, start, call.path_params["id"], end, call.path_params["to_id"])
    return batch_reply(hub.portal, made, [])


def put_typed(hub: Hub, call: Call) -> Reply:
    """Associates two records with the types of the body."""
    start, end = ends_of(call)
    types = call.json_value()
    if not isinstance(types, list) or not types:
        raise errors.bad_json(call.path)
    from_id, to_id = call.path_params["id"], call.path_params["to_id"]
    labels = associated(hub, start, from_id, end, to_id, types)
    return answer(
        {
            "fromObjectTypeId": start.type_id,
            "fromObjectId": from_id,
            "toObjectTypeId": end.type_id,
            "toObjectId": to_id,
            "labels": labels,
        },
        201,
    )


def delete_pair(hub: Hub, call: Call) -> Reply:
    """Takes all types off a pair."""
    start, end = ends_of(call)
    hub.portal.dissociate(start.name, call.path_params["id"], end.name, call.path_params["to_id"], at=hub.portal.now)
    return Reply(204)


def pair_of(given: Mapping[str, Any]) -> tuple[str, str]:
    """The two ids of one input."""
    to = given.get("to")
    return (str((given.get("from") or {}).get("id", "")), str(to.get("id", "")) if isinstance(to, dict) else "")


def _need(hub: Hub, kind: ObjectType, id: str) -> None:
    if id not in hub.portal.objects[kind.name]:
        raise errors.validation(f"{kind.singular} {id} does not exist", context={"ids": [id]})


def associated(hub: Hub, start: ObjectType, from_id: str, end: ObjectType, to_id: str, types: list[Any]) -> list[str]:
    """Associate two records of the portal with types that it has; their labels come back."""
    associations = hub.portal.associations
    _need(hub, start, from_id)
    _need(hub, end, to_id)
    chosen = []
    for given in types:
        type_id = given.get("associationTypeId")
        found = associations.kind(start.name, end.name, type_id)
        if found is None:
            raise errors.validation(
                f"The association type {type_id} does not exist from {start.singular} to {end.singular}"
            )
        chosen.append(found)
    hub.portal.associate(start.name, from_id, end.name, to_id, [one.type_id for one in chosen], at=hub.portal.now)
    return [one.label for one in chosen if one.label]


def _associate_default(hub: Hub, start: ObjectType, from_id: str, end: ObjectType, to_id: str) -> list[dict[str, Any]]:
    _need(hub, start, from_id)
    _need(hub, end, to_id)
    hub.portal.associate(start.name, from_id, end.name, to_id, at=hub.portal.now)
    pairs = ((start.name, from_id, end.name, to_id), (end.name, to_id, start.name, from_id))
    return [
        {
            "from": {"id": one},
            "to": {"id": other},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": hub.portal.associations.types_between(left, right)[0].type_id,
            },
        }
        for left, one, right, other in pairs
    ]


def input_error(refusal: errors.Refusal, from_id: str, to_id: str) -> dict[str, Any]:
    """The entry in a 207 for a pair that was refused."""
    entry = {name: value for name, value in refusal.body.items() if name != "correlationId"}
    return entry | {"context": {"fromObjectId": [from_id], "toObjectId": [to_id]}}


LINKED = dated("objects", "/crm/v4/objects")
ASSOCIATIONS = dated("associations", "/crm/v4/associations")

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        ("/crm/v3/objects", "/crm/objects/v3", *LINKED),
        "/{type}/{id}/associations/{to}",
        list_of_record,
        "objects:read",
    ),
    Route("PUT", LINKED, "/{type}/{id}/associations/{to}/{to_id}", put_typed, "objects:write"),
    Route("DELETE", LINKED, "/{type}/{id}/associations/{to}/{to_id}", delete_pair, "objects:write"),
    Route("PUT", LINKED, "/{type}/{id}/associations/default/{to}/{to_id}", put_default, "objects:write"),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/batch/read", batch_read, "objects:read", verified=False),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/batch/create", batch_create, "objects:write"),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/batch/archive", batch_archive, "objects:write", source=OPENAPI),
    Route(
        "POST", ASSOCIATIONS, "/{type}/{to}/batch/associate/default", batch_create_default, "objects:write", source=SDK
    ),
)
