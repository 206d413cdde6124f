"""Property definitions and groups as v1 and v2 have them: bare lists."""

from __future__ import annotations

from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment
from hubsync.emulator.definitions import Definition, bare
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.properties_api import properties_of
from hubsync.emulator.route import COMMUNITY, Route


def list_properties(hub: Hub, call: Call) -> Reply:
    """All definitions of an object type as a bare list."""
    return answer([_shown(one) for one in properties_of(hub, call)])


def form_properties(hub: Hub, call: Call) -> Reply:
    """The definitions of forms; only the three that every object type has are here."""
    del hub, call
    return answer([_shown(one) for one in bare("forms")])


def get_property(hub: Hub, call: Call) -> Reply:
    """One definition by its name."""
    found = properties_of(hub, call).live.get(call.path_params["name"])
    if found is None:
        raise errors.not_found()
    return answer(_shown(found))


def list_groups(hub: Hub, call: Call) -> Reply:
    """The property groups; with `includeProperties=true` each with its definitions."""
    properties = properties_of(hub, call)
    shown = []
    for group in properties.groups.values():
        one: dict[str, Any] = {
            "name": group["name"],
            "displayName": group["label"],
            "displayOrder": group["displayOrder"],
        }
        if call.flag("includeProperties"):
            one["properties"] = [_shown(held) for held in properties if held["groupName"] == group["name"]]
        shown.append(one)
    return answer(shown)


def _shown(definition: Definition) -> dict[str, Any]:
    kept = (
        "name",
        "label",
        "description",
        "groupName",
        "type",
        "fieldType",
        "options",
        "displayOrder",
        "calculated",
        "externalOptions",
        "hidden",
        "hubspotDefined",
        "formField",
    )
    access = definition["modificationMetadata"]
    return {name: definition[name] for name in kept} | {
        "readOnlyValue": access["readOnlyValue"],
        "readOnlyDefinition": access["readOnlyDefinition"],
        "mutableDefinitionNotDeletable": not access["archivable"] and not access["readOnlyDefinition"],
        "deleted": definition["archived"],
        "createdAt": read_moment(definition["createdAt"]),
        "updatedAt": read_moment(definition["updatedAt"]),
    }


def _routes(prefix: str, object: str = "") -> tuple[Route, ...]:
    return tuple(
        Route("GET", (prefix,), template, handler, "schemas:read", type=object, source=COMMUNITY, verified=False)
        for template, handler in (
            ("/properties", list_properties),
            ("/properties/named/{name}", get_property),
            ("/groups", list_groups),
        )
    )


ROUTES: tuple[Route, ...] = (
    *_routes("/properties/v1/{type}"),
    *_routes("/properties/v2/{type}"),
    *_routes("/companies/v2", "companies"),
    Route("GET", ("/properties/v2/form",), "/properties", form_properties, "forms", source=COMMUNITY, verified=False),
)
