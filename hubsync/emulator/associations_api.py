"""Calls about associations (api-facts §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.batch import batch_reply, inputs_of
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.records import ObjectType
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import object_type

MOST_READ, MOST_WRITTEN = 1_000, 2_000
PAGE = 500


def _ends(call: Call) -> tuple[ObjectType, ObjectType]:
    return object_type(call.path_params["type"]), object_type(call.path_params["to"])


def batch_read(hub: Hub, call: Call) -> Reply:
    """`POST /associations/{from}/{to}/batch/read`; records without any are named in the errors."""
    start, end = _ends(call)
    results, mistakes = [], []
    for given in inputs_of(call, MOST_READ):
        id = str(given.get("id", ""))
        found, after = _linked(hub.portal, start, end, id, given.get("after"), PAGE)
        if not found:
            mistakes.append(errors.no_associations(start.singular, id, end.singular))
            continue
        one: dict[str, Any] = {"from": {"id": id}, "to": found}
        if after:
            link = f"{call.host}/crm/v4/objects/{start.name}/{id}/associations/{end.name}?after={after}"
            one["paging"] = {"next": {"after": after, "link": link}}
        results.append(one)
    return batch_reply(hub.portal, results, mistakes)


def list_of_record(hub: Hub, call: Call) -> Reply:
    """`GET /objects/{type}/{id}/associations/{to}`."""
    start, end = _ends(call)
    id = call.path_params["id"]
    limit = call.number("limit", PAGE)
    if not 0 < limit <= PAGE:
        raise errors.validation(f"The limit of a page is {PAGE}")
    if id not in hub.portal.objects[start.name]:
        raise errors.not_found()
    found, after = _linked(hub.portal, start, end, id, call.text("after"), limit)
    page: dict[str, Any] = {"results": found if call.version != "v3" else _old_shape(hub.portal, start, end, found)}
    if after:
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def _linked(
    portal: Portal, start: ObjectType, end: ObjectType, id: str, after: Any, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    links = portal.associations.of(start.name, id, end.name)
    first = int(after) if after and str(after).isdigit() else 0
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
    """`POST /associations/{from}/{to}/batch/create`, with types."""
    start, end = _ends(call)
    results, mistakes = [], []
    for given in inputs_of(call, MOST_WRITTEN):
        from_id, to_id = _pair(given)
        try:
            labels = _associate(hub, start, from_id, end, to_id, given.get("types") or [])
        except errors.Refusal as refusal:
            mistakes.append(_input_error(refusal, from_id, to_id))
            continue
        results.append(
            {
                "fromObjectTypeId": start.type_id,
                "fromObjectId": from_id,
                "toObjectTypeId": end.type_id,
                "toObjectId": to_id,
                "labels": labels,
            }
        )
    return batch_reply(hub.portal, results, mistakes, 201)


def batch_create_default(hub: Hub, call: Call) -> Reply:
    """`POST /associations/{from}/{to}/batch/associate/default`."""
    start, end = _ends(call)
    results: list[dict[str, Any]] = []
    mistakes = []
    for given in inputs_of(call, MOST_WRITTEN):
        from_id, to_id = _pair(given)
        try:
            results += _associate_default(hub, start, from_id, end, to_id)
        except errors.Refusal as refusal:
            mistakes.append(_input_error(refusal, from_id, to_id))
    return batch_reply(hub.portal, results, mistakes)


def batch_archive(hub: Hub, call: Call) -> Reply:
    """`POST /associations/{from}/{to}/batch/archive`: 204 in v4, 200 with a body in dated versions."""
    start, end = _ends(call)
    for given in inputs_of(call, MOST_WRITTEN):
        targets = given.get("to") or []
        for target in targets if isinstance(targets, list) else [targets]:
            hub.portal.dissociate(start.name, _pair(given)[0], end.name, str(target.get("id", "")), at=hub.portal.now)
    return Reply(204) if call.version == "v4" else batch_reply(hub.portal, [], [])


def put_default(hub: Hub, call: Call) -> Reply:
    """`PUT /objects/{type}/{id}/associations/default/{to}/{to_id}`."""
    start, end = _ends(call)
    made = _associate_default(hub, start, call.path_params["id"], end, call.path_params["to_id"])
    return batch_reply(hub.portal, made, [])


def put_typed(hub: Hub, call: Call) -> Reply:
    """`PUT /objects/{type}/{id}/associations/{to}/{to_id}` with a list of types."""
    start, end = _ends(call)
    types = call.json_value()
    if not isinstance(types, list) or not types:
        raise errors.bad_json(call.path)
    from_id, to_id = call.path_params["id"], call.path_params["to_id"]
    labels = _associate(hub, start, from_id, end, to_id, types)
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
    """`DELETE /objects/{type}/{id}/associations/{to}/{to_id}`: all types of the pair."""
    start, end = _ends(call)
    hub.portal.dissociate(start.name, call.path_params["id"], end.name, call.path_params["to_id"], at=hub.portal.now)
    return Reply(204)


def list_labels(hub: Hub, call: Call) -> Reply:
    """`GET /associations/{from}/{to}/labels`."""
    start, end = _ends(call)
    return answer(
        {
            "results": [
                {"category": one.category, "typeId": one.type_id, "label": one.label}
                for one in hub.portal.associations.types_between(start.name, end.name)
            ]
        }
    )


def create_label(hub: Hub, call: Call) -> Reply:
    """`POST /associations/{from}/{to}/labels`: defines it in both directions."""
    start, end = _ends(call)
    label = str(call.json().get("label") or "")
    if not label:
        raise errors.validation("An association label needs a label")
    hub.portal.associations.add_label(start.name, end.name, label)
    return answer(
        {
            "results": [
                {"category": one.category, "typeId": one.type_id, "label": one.label}
                for left, right in ((start, end), (end, start))
                for one in hub.portal.associations.types_between(left.name, right.name)
                if one.label == label
            ]
        }
    )


def _pair(given: Mapping[str, Any]) -> tuple[str, str]:
    to = given.get("to")
    return (str((given.get("from") or {}).get("id", "")), str(to.get("id", "")) if isinstance(to, dict) else "")


def _need(hub: Hub, kind: ObjectType, id: str) -> None:
    if id not in hub.portal.objects[kind.name]:
        raise errors.validation(f"{kind.singular} {id} does not exist", context={"ids": [id]})


def _associate(hub: Hub, start: ObjectType, from_id: str, end: ObjectType, to_id: str, types: list[Any]) -> list[str]:
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


def _input_error(refusal: errors.Refusal, from_id: str, to_id: str) -> dict[str, Any]:
    entry = {name: value for name, value in refusal.body.items() if name != "correlationId"}
    return entry | {"context": {"fromObjectId": [from_id], "toObjectId": [to_id]}}
