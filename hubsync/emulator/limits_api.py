"""Limits tracking: how much of what the plan allows is used; the shapes of the answers are guesses (api-facts §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.plans import CALCULATED_PROPERTIES, CUSTOM_PROPERTIES, PIPELINES, RECORDS
from hubsync.emulator.records import OBJECT_TYPES
from hubsync.emulator.route import COMMUNITY, Route
from hubsync.emulator.state import Portal


def custom_properties(hub: Hub, call: Call) -> Reply:
    """How many properties of its own each object type has and may have."""
    del call
    return _by_type(
        hub.portal,
        CUSTOM_PROPERTIES,
        lambda portal, name: sum(not one["hubspotDefined"] for one in portal.properties[name]),
    )


def calculated_properties(hub: Hub, call: Call) -> Reply:
    """How many calculated properties of its own each object type has and may have."""
    del call
    return _by_type(
        hub.portal,
        CALCULATED_PROPERTIES,
        lambda portal, name: sum(one["calculated"] and not one["hubspotDefined"] for one in portal.properties[name]),
    )


def records(hub: Hub, call: Call) -> Reply:
    """How many records each object type has and may have."""
    del call
    return _by_type(hub.portal, RECORDS, lambda portal, name: len(portal.objects[name]))


def pipelines(hub: Hub, call: Call) -> Reply:
    """How many pipelines deals and tickets have and may have."""
    del call
    held = hub.portal.directory.pipelines
    return _by_type(hub.portal, PIPELINES[hub.portal.plan], lambda _, name: len(held.get(name, {})), only=held)


def custom_object_types(hub: Hub, call: Call) -> Reply:
    """How many custom object types there are: none."""
    del hub, call
    return answer({"limit": 0, "usage": 0, "percentage": 0})


def _by_type(
    portal: Portal, limit: int, usage: Callable[[Portal, str], int], only: Mapping[str, Any] = OBJECT_TYPES
) -> Reply:
    rows = [
        {
            "objectTypeId": OBJECT_TYPES[name].type_id,
            "limit": limit,
            "usage": used,
            "percentage": round(100 * used / limit, 2),
        }
        for name in only
        for used in [usage(portal, name)]
    ]
    return answer({"byObjectType": rows})


ROUTES: tuple[Route, ...] = tuple(
    Route("GET", ("/crm/v3/limits",), template, handler, source=COMMUNITY, verified=False)
    for template, handler in (
        ("/custom-properties", custom_properties),
        ("/calculated-properties", calculated_properties),
        ("/records", records),
        ("/pipelines", pipelines),
        ("/custom-object-types", custom_object_types),
    )
)
