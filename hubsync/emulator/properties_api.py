"""Calls about property definitions and groups (api-facts §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.batch import batch_reply, inputs_of
from hubsync.emulator.clock import to_iso
from hubsync.emulator.definitions import Definition, Properties
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.plans import CUSTOM_PROPERTIES
from hubsync.emulator.route import COMMUNITY, SDK, Route, dated
from hubsync.emulator.wire import object_type

_FIELDS: dict[str, frozenset[str]] = {
    "bool": frozenset({"booleancheckbox", "calculation_equation"}),
    "enumeration": frozenset({"booleancheckbox", "checkbox", "radio", "select", "calculation_equation"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date"}),
    "string": frozenset({"file", "text", "textarea", "html", "phonenumber", "calculation_equation"}),
    "number": frozenset({"number", "calculation_equation"}),
}
# The rule for names is unverified, except that it is documented for event properties.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_CHANGEABLE = (
    "label",
    "description",
    "groupName",
    "type",
    "fieldType",
    "options",
    "displayOrder",
    "hidden",
    "formField",
    "calculationFormula",
)


def properties_of(hub: Hub, call: Call) -> Properties:
    """The definitions of the object type in the path."""
    return hub.portal.properties[object_type(call.path_params["type"]).name]


def list_properties(hub: Hub, call: Call) -> Reply:
    """All definitions at once; `archived=true` lists the archived ones."""
    properties = properties_of(hub, call)
    chosen = properties.archived if call.flag("archived") else properties.live
    return answer({"results": list(chosen.values())})


def get_property(hub: Hub, call: Call) -> Reply:
    """`GET /properties/{type}/{name}`."""
    properties = properties_of(hub, call)
    chosen = properties.archived if call.flag("archived") else properties.live
    definition = chosen.get(call.path_params["name"])
    if definition is None:
        raise errors.not_found()
    return answer(definition)


def create_property(hub: Hub, call: Call) -> Reply:
    """Makes a property, in a group that exists and with a field type that suits.

    409 if the name is taken; an archived name comes back to life.
    """
    return answer(_create(hub, properties_of(hub, call), call.json(), call.version), 201)


def batch_create_properties(hub: Hub, call: Call) -> Reply:
    """Up to 100 properties; 207 if some are refused."""
    properties, made, mistakes = properties_of(hub, call), [], []
    for given in inputs_of(call):
        try:
            made.append(_create(hub, properties, given, call.version))
        except errors.Refusal as refusal:
            mistakes.append(
                {name: value for name, value in refusal.body.items() if name != "correlationId"}
                | {"context": {"name": [str(given.get("name"))]}}
            )
    return batch_reply(hub.portal, made, mistakes, 201)


def batch_read_properties(hub: Hub, call: Call) -> Reply:
    """Up to 100 definitions by name."""
    properties = properties_of(hub, call)
    chosen = properties.archived if call.json().get("archived") else properties.live
    names = [str(given.get("name")) for given in inputs_of(call)]
    missing = [name for name in names if name not in chosen]
    mistakes = (
        [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "Some properties do not exist",
                "context": {"name": missing},
            }
        ]
        if missing
        else []
    )
    return batch_reply(hub.portal, [chosen[name] for name in names if name in chosen], mistakes)


def change_property(hub: Hub, call: Call) -> Reply:
    """Changes a definition; options are replaced as a whole."""
    properties, given = properties_of(hub, call), call.json()
    before = properties.live.get(call.path_params["name"])
    if before is None:
        raise errors.not_found()
    changes = {name: given[name] for name in _CHANGEABLE if name in given}
    if before["hubspotDefined"] and changes.keys() - {"options"}:
        raise errors.validation(f"The definition of {before['name']} is read only")
    after = {
        name: before[name] for name in ("name", "hasUniqueValue", "calculated", *_CHANGEABLE) if name in before
    } | changes
    after["readOnly"] = before["modificationMetadata"]["readOnlyValue"]
    _refuse_bad(properties, after, call.version)
    changed = properties.define(after, hubspot_defined=before["hubspotDefined"], at=before["createdAt"])
    changed["updatedAt"] = to_iso(hub.portal.now)
    return answer(changed)


def archive_property(hub: Hub, call: Call) -> Reply:
    """Archives a property of the portal's own; 204 also if there is none."""
    _archive(hub, properties_of(hub, call), call.path_params["name"])
    return Reply(204)


def batch_archive_properties(hub: Hub, call: Call) -> Reply:
    """Archives up to 100."""
    properties = properties_of(hub, call)
    for given in inputs_of(call):
        _archive(hub, properties, str(given.get("name")))
    return Reply(204)


def _archive(hub: Hub, properties: Properties, name: str) -> None:
    if name not in properties.live:
        return
    if properties.live[name]["hubspotDefined"]:
        raise errors.validation(f"{name} is defined by HubSpot and cannot be archived")
    if uses := hub.portal.tools.uses(properties.object, name):
        # That uses are refused and listed was seen; the text is unverified.
        raise errors.validation(f"Property {name} is used by {', '.join(uses)} and cannot be archived")
    properties.archive(name, to_iso(hub.portal.now))


def _create(hub: Hub, properties: Properties, given: Mapping[str, Any], version: str) -> Definition:
    name = str(given.get("name") or "")
    if name in properties.live:
        raise errors.property_exists(name)
    if not _NAME.fullmatch(name):
        raise errors.validation(
            f"The property name {name!r} is not valid: lowercase letters, digits and "
            "underscores, starting with a letter"
        )
    if not given.get("label"):
        raise errors.validation(f"The property {name} needs a label")
    _refuse_bad(properties, given, version)
    if sum(not one["hubspotDefined"] for one in properties) >= CUSTOM_PROPERTIES:
        raise errors.validation(f"The limit of {CUSTOM_PROPERTIES} custom properties is reached")
    allowed = {key: value for key, value in given.items() if key not in ("readOnly", "calculated")}
    allowed["calculated"] = given.get("fieldType") == "calculation_equation"
    return properties.define(allowed, at=to_iso(hub.portal.now))


def _refuse_bad(properties: Properties, given: Mapping[str, Any], version: str) -> None:
    type_, field, group = str(given.get("type")), str(given.get("fieldType")), str(given.get("groupName"))
    if field not in _FIELDS.get(type_, ()):
        raise errors.validation(f"The type {type_} cannot have the field type {field}")
    if group not in properties.groups:
        raise errors.validation(f"The property group {group} does not exist")
    options = given.get("options") or []
    values = [str(option.get("value")) for option in options]
    if len(set(values)) < len(values):
        raise errors.validation("Property option values must be unique")
    if version == "2026-09" and any("displayOrder" not in option for option in options):
        raise errors.validation("Property options need a displayOrder")


def list_groups(hub: Hub, call: Call) -> Reply:
    """`GET /properties/{type}/groups`."""
    return answer({"results": list(properties_of(hub, call).groups.values())})


def get_group(hub: Hub, call: Call) -> Reply:
    """`GET /properties/{type}/groups/{name}`."""
    group = properties_of(hub, call).groups.get(call.path_params["name"])
    if group is None:
        raise errors.not_found()
    return answer(group)


def create_group(hub: Hub, call: Call) -> Reply:
    """Makes a group; 409 if the name is taken."""
    properties, given = properties_of(hub, call), call.json()
    name, label = str(given.get("name") or ""), str(given.get("label") or "")
    if not name or not label:
        raise errors.validation("A property group needs a name and a label")
    if name in properties.groups:
        raise errors.property_exists(name)
    order = given.get("displayOrder")
    return answer(properties.group(name, label, order if isinstance(order, int) else -1), 201)


def change_group(hub: Hub, call: Call) -> Reply:
    """Changes label and order of a group."""
    group = properties_of(hub, call).groups.get(call.path_params["name"])
    if group is None:
        raise errors.not_found()
    group |= {name: value for name, value in call.json().items() if name in ("label", "displayOrder")}
    return answer(group)


def archive_group(hub: Hub, call: Call) -> Reply:
    """Archives a group without properties."""
    properties, name = properties_of(hub, call), call.path_params["name"]
    if any(one["groupName"] == name for one in properties):
        raise errors.validation(f"The property group {name} still has properties")
    properties.groups.pop(name, None)
    return Reply(204)


PROPERTIES = dated("properties", "/crm/v3/properties")

ROUTES: tuple[Route, ...] = (
    Route("GET", PROPERTIES, "/{type}", list_properties, "schemas:read", source=SDK),
    Route("POST", PROPERTIES, "/{type}", create_property, "schemas:write", source=COMMUNITY, verified=False),
    Route("POST", PROPERTIES, "/{type}/batch/create", batch_create_properties, "schemas:write", source=SDK),
    Route("POST", PROPERTIES, "/{type}/batch/read", batch_read_properties, "schemas:read", source=SDK),
    Route("POST", PROPERTIES, "/{type}/batch/archive", batch_archive_properties, "schemas:write", source=SDK),
    Route("GET", PROPERTIES, "/{type}/groups", list_groups, "schemas:read", does="All groups."),
    Route("POST", PROPERTIES, "/{type}/groups", create_group, "schemas:write"),
    Route("GET", PROPERTIES, "/{type}/groups/{name}", get_group, "schemas:read", does="One group.", source=SDK),
    Route("PATCH", PROPERTIES, "/{type}/groups/{name}", change_group, "schemas:write", source=SDK),
    Route("DELETE", PROPERTIES, "/{type}/groups/{name}", archive_group, "schemas:write", source=SDK),
    Route("GET", PROPERTIES, "/{type}/{name}", get_property, "schemas:read", does="One definition.", source=SDK),
    Route("PATCH", PROPERTIES, "/{type}/{name}", change_property, "schemas:write", source=COMMUNITY),
    Route("DELETE", PROPERTIES, "/{type}/{name}", archive_property, "schemas:write", source=SDK),
)
