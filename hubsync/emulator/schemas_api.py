"""Calls about the schemas of object types: this portal has no custom objects, and cannot have any."""

from __future__ import annotations

from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import SDK, Route
from hubsync.emulator.rules import REQUIRED
from hubsync.emulator.wire import object_type


def list_schemas(hub: Hub, call: Call) -> Reply:
    """The schemas of custom objects; there are none, and none can be made."""
    del hub, call
    return answer({"results": []})


def get_schema(hub: Hub, call: Call) -> Reply:
    """The schema of one of HubSpot's own object types; which of its fields HubSpot fills is a guess."""
    kind = object_type(call.path_params["type"])
    properties = hub.portal.properties[kind.name]
    return answer(
        {
            "id": kind.type_id,
            "objectTypeId": kind.type_id,
            "fullyQualifiedName": kind.singular.upper(),
            "name": kind.singular.upper(),
            "labels": {"singular": kind.singular.capitalize(), "plural": kind.name.capitalize()},
            "primaryDisplayProperty": "hs_object_id",
            "secondaryDisplayProperties": [],
            "requiredProperties": [group[0] for group in REQUIRED.get(kind.name, ()) if len(group) == 1],
            "searchableProperties": [],
            "properties": list(properties),
            "associations": [
                {
                    "id": str(one.type_id),
                    "name": one.name,
                    "fromObjectTypeId": kind.type_id,
                    "toObjectTypeId": object_type(end).type_id,
                }
                for (start, end), kinds in hub.portal.associations.types.items()
                if start == kind.name
                for one in kinds
            ],
            "archived": False,
        }
    )


_SCHEMAS = ("/crm/v3/schemas", "/crm-object-schemas/v3/schemas")

ROUTES: tuple[Route, ...] = (
    Route("GET", _SCHEMAS, "", list_schemas, source=SDK),
    Route("GET", _SCHEMAS, "/{type}", get_schema, "schemas:read", source=SDK, verified=False),
)
