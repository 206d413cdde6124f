"""Calls about pipelines and their stages (api-facts §8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import to_iso
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import DOCS, SDK, Route, dated
from hubsync.emulator.rules import STAGES
from hubsync.emulator.wire import object_type

MOST_STAGES = 100
_CHANGEABLE = ("label", "displayOrder", "archived")

Stored = dict[str, Any]


def list_pipelines(hub: Hub, call: Call) -> Reply:
    """All pipelines with their stages, without pages."""
    return answer({"results": list(_pipelines(hub, call).values())})


def get_pipeline(hub: Hub, call: Call) -> Reply:
    """One pipeline."""
    return answer(_pipeline(hub, call))


def list_stages(hub: Hub, call: Call) -> Reply:
    """The stages of one pipeline."""
    return answer({"results": _pipeline(hub, call)["stages"]})


def get_stage(hub: Hub, call: Call) -> Reply:
    """One stage."""
    return answer(_stage(_pipeline(hub, call), call))


def create_pipeline(hub: Hub, call: Call) -> Reply:
    """Makes a pipeline with up to 100 stages."""
    body, pipelines = call.json(), _pipelines(hub, call)
    made = _new(hub, body, len(pipelines))
    stages = body.get("stages") or []
    if not isinstance(stages, list) or not stages or len(stages) > MOST_STAGES:
        raise errors.validation(f"A pipeline needs between 1 and {MOST_STAGES} stages")
    made["stages"] = [_new_stage(hub, call, stage, place) for place, stage in enumerate(stages)]
    pipelines[made["id"]] = made
    return answer(made, 201)


def change_pipeline(hub: Hub, call: Call) -> Reply:
    """Changes label and order of a pipeline; the modified date of each of its records moves."""
    found = _pipeline(hub, call)
    _change(hub, found, call.json())
    _bump_records(hub, call)
    return answer(found)


def delete_pipeline(hub: Hub, call: Call) -> Reply:
    """Takes a pipeline away; 400 while records are in its stages."""
    found = _pipeline(hub, call)
    _refuse_used(hub, call, [stage["id"] for stage in found["stages"]])
    del _pipelines(hub, call)[found["id"]]
    return Reply(204)


def create_stage(hub: Hub, call: Call) -> Reply:
    """Makes a stage."""
    stages = _pipeline(hub, call)["stages"]
    if len(stages) >= MOST_STAGES:
        raise errors.validation(f"A pipeline has at most {MOST_STAGES} stages")
    made = _new_stage(hub, call, call.json(), len(stages))
    stages.append(made)
    _bump_records(hub, call)
    return answer(made, 201)


def change_stage(hub: Hub, call: Call) -> Reply:
    """Changes label, order and metadata of a stage; the modified date of each record of the pipeline moves."""
    found, body = _stage(_pipeline(hub, call), call), call.json()
    _change(hub, found, body)
    if isinstance(body.get("metadata"), dict):
        found["metadata"] = found["metadata"] | {name: str(value) for name, value in body["metadata"].items()}
    _bump_records(hub, call)
    return answer(found)


def delete_stage(hub: Hub, call: Call) -> Reply:
    """Takes a stage away; 400 while records are in it."""
    pipeline = _pipeline(hub, call)
    found = _stage(pipeline, call)
    _refuse_used(hub, call, [found["id"]])
    pipeline["stages"].remove(found)
    return Reply(204)


def _pipelines(hub: Hub, call: Call) -> dict[str, Stored]:
    return hub.portal.directory.pipelines.setdefault(object_type(call.path_params["type"]).name, {})


def _pipeline(hub: Hub, call: Call) -> Stored:
    found = _pipelines(hub, call).get(call.path_params["id"])
    if found is None:
        raise errors.not_found()
    return found


def _stage(pipeline: Stored, call: Call) -> Stored:
    found: Stored | None = next((one for one in pipeline["stages"] if one["id"] == call.path_params["stage"]), None)
    if found is None:
        raise errors.not_found()
    return found


def _new(hub: Hub, given: Any, place: int) -> Stored:
    if not isinstance(given, dict) or not given.get("label"):
        raise errors.validation("Pipelines and stages need a label")
    now = to_iso(hub.portal.now)
    return {
        "id": hub.portal.directory.new_id(),
        "label": str(given["label"]),
        "displayOrder": given.get("displayOrder", place),
        "archived": False,
        "createdAt": now,
        "updatedAt": now,
    }


def _new_stage(hub: Hub, call: Call, given: Any, place: int) -> Stored:
    made = _new(hub, given, place)
    metadata = {name: str(value) for name, value in (given.get("metadata") or {}).items()}
    if object_type(call.path_params["type"]).name == "deals":
        if "probability" not in metadata:
            raise errors.validation("The stage of a deal pipeline needs a probability in its metadata")
        metadata.setdefault("isClosed", "true" if float(metadata["probability"]) in (0.0, 1.0) else "false")
    return made | {"metadata": metadata, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT"}


def _change(hub: Hub, stored: Stored, given: Mapping[str, Any]) -> None:
    stored |= {name: given[name] for name in _CHANGEABLE if name in given}
    stored["updatedAt"] = to_iso(hub.portal.now)


def _bump_records(hub: Hub, call: Call) -> None:
    kind = object_type(call.path_params["type"])
    if kind.name not in STAGES:
        return
    name, id = STAGES[kind.name][0], call.path_params["id"]
    for rec in hub.portal.objects[kind.name].values():
        if rec.properties.get(name) == id:
            hub.portal.set(kind.name, rec.id, {}, at=hub.portal.now)


def _refuse_used(hub: Hub, call: Call, stages: list[str]) -> None:
    kind = object_type(call.path_params["type"])
    if kind.name not in STAGES:
        return
    name = STAGES[kind.name][1]
    held = [rec for rec in hub.portal.objects[kind.name].values() if rec.properties.get(name) in stages]
    if held:
        raise errors.stages_in_use(list(dict.fromkeys(rec.properties[name] for rec in held)), [rec.id for rec in held])


_ROUTED = (
    ("GET", "/{type}", list_pipelines, DOCS),
    ("POST", "/{type}", create_pipeline, DOCS),
    ("GET", "/{type}/{id}", get_pipeline, SDK),
    ("PATCH", "/{type}/{id}", change_pipeline, SDK),
    ("DELETE", "/{type}/{id}", delete_pipeline, DOCS),
    ("GET", "/{type}/{id}/stages", list_stages, SDK),
    ("POST", "/{type}/{id}/stages", create_stage, SDK),
    ("GET", "/{type}/{id}/stages/{stage}", get_stage, SDK),
    ("PATCH", "/{type}/{id}/stages/{stage}", change_stage, SDK),
    ("DELETE", "/{type}/{id}/stages/{stage}", delete_stage, DOCS),
)

ROUTES: tuple[Route, ...] = tuple(
    Route(
        method,
        dated("pipelines", "/crm/v3/pipelines"),
        template,
        handler,
        "schemas:read" if method == "GET" else "schemas:write",
        source=source,
    )
    for method, template, handler, source in _ROUTED
)
