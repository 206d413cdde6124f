"""Calls that define custom events and send what occurred (api-facts §5).

Unverified: the texts of all refusals, that an unknown property is refused, and that an event whose record is not
found is accepted and lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import to_iso
from hubsync.emulator.custom_events import full_name
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.moments import moment_of
from hubsync.emulator.plans import includes
from hubsync.emulator.records import OBJECT_NAMES, OBJECT_TYPES
from hubsync.emulator.route import DOCS, REMEMBERED, Route
from hubsync.emulator.state import Portal

MOST_DEFINITIONS, MOST_PROPERTIES, MOST_SENT = 500, 50, 500
LONGEST, LONGEST_ADDRESS = 256, 1_024
_ADDRESSES = frozenset({"hs_url", "hs_referrer", "url", "referrer"})
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,99}")
PAGE = 100


def _need_plan(hub: Hub) -> None:
    if not includes(hub.portal.plan, "custom events"):
        raise errors.not_in_plan("custom events")


def list_definitions(hub: Hub, call: Call) -> Reply:
    """The definitions, by creation; `searchString` chooses among their names."""
    _need_plan(hub)
    limit, start, text = call.number("limit", PAGE), call.number("after", 0), call.text("searchString").lower()
    found = [one for one in hub.portal.tools.events.live.values() if text in one["name"]]
    page: dict[str, Any] = {"total": len(found), "results": found[start : start + limit]}
    if start + limit < len(found):
        after = str(start + limit)
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def create_definition(hub: Hub, call: Call) -> Reply:
    """Define a custom event; its full name is `pe{portal}_{name}`."""
    _need_plan(hub)
    body, events = call.json(), hub.portal.tools.events
    label = str(body.get("label") or "")
    name = str(body.get("name") or re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_"))
    if not _NAME.fullmatch(name):
        raise errors.validation("name must begin with a letter and hold lower-case letters, digits, _ and - only")
    if full_name(hub.portal.portal_id, name) in events.live:
        raise errors.conflict(f"An event definition named {name} already exists", "OBJECT_ALREADY_EXISTS")
    properties = body.get("propertyDefinitions") or []
    if not all(one.get("name") for one in properties):
        raise errors.validation("Each of propertyDefinitions needs a name")
    if len(events.live) >= MOST_DEFINITIONS or len(properties) > MOST_PROPERTIES:
        raise errors.validation(f"At most {MOST_DEFINITIONS} definitions with {MOST_PROPERTIES} properties are allowed")
    kind = OBJECT_NAMES.get(str(body.get("primaryObject") or "CONTACT").lower())
    if kind is None:
        raise errors.unknown_object_type(str(body.get("primaryObject")))
    definition = events.define(
        hub.portal.portal_id,
        name,
        at=to_iso(hub.portal.now),
        object_type_id=OBJECT_TYPES[kind].type_id,
        label=label,
        description=str(body.get("description") or ""),
        properties=properties,
    )
    return answer(definition, 201)


def _need(hub: Hub, name: str) -> dict[str, Any]:
    _need_plan(hub)
    live = hub.portal.tools.events.live
    found = live.get(name) or live.get(full_name(hub.portal.portal_id, name))
    if found is None:
        raise errors.not_found()
    return found


def get_definition(hub: Hub, call: Call) -> Reply:
    """One definition, by its name or full name."""
    return answer(_need(hub, call.path_params["event_name"]))


def delete_definition(hub: Hub, call: Call) -> Reply:
    """Delete a definition; what occurred stays."""
    del hub.portal.tools.events.live[_need(hub, call.path_params["event_name"])["fullyQualifiedName"]]
    return Reply(204)


def send_event(hub: Hub, call: Call) -> Reply:
    """Send one event of a record."""
    _need_plan(hub)
    body = call.json()
    _check(hub.portal, body)
    _occur(hub.portal, body)
    return Reply(204)


def send_events(hub: Hub, call: Call) -> Reply:
    """Send up to 500 events; one that is refused refuses all."""
    _need_plan(hub)
    inputs = call.json().get("inputs") or []
    if len(inputs) > MOST_SENT:
        raise errors.too_many_inputs(MOST_SENT)
    for one in inputs:
        _check(hub.portal, one)
    for one in inputs:
        _occur(hub.portal, one)
    return Reply(204)


def _check(portal: Portal, given: Mapping[str, Any]) -> None:
    name = str(given.get("eventName"))
    definition = portal.tools.events.live.get(name)
    if definition is None:
        raise errors.validation(f"No event definition found for event name: {name}")
    if not any(given.get(key) for key in ("objectId", "email", "utk")):
        raise errors.validation("One of objectId, email and utk is required")
    if given.get("occurredAt") is not None:
        moment_of(given["occurredAt"], "occurredAt")
    allowed = {one["name"] for one in definition["properties"]}
    properties = given.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise errors.validation("properties must be an object")
    for key, value in properties.items():
        if key not in allowed and not key.startswith("hs_"):
            raise errors.validation(f"Property {key} does not exist for event {name}")
        longest = LONGEST_ADDRESS if key in _ADDRESSES else LONGEST
        if len(str(value)) > longest:
            raise errors.validation(f"The value of property {key} is longer than {longest} characters")


def _occur(portal: Portal, given: Mapping[str, Any]) -> None:
    name = str(given["eventName"])
    type_id = portal.tools.events.live[name]["primaryObjectId"]
    kind = OBJECT_NAMES[type_id]
    id = str(given.get("objectId") or "")
    if not id and given.get("email") and kind == "contacts":
        id = portal.find("contacts", "email", str(given["email"])) or ""
    id = portal.resolve(kind, id)
    if id not in portal.objects[kind]:
        return
    at = portal.now if given.get("occurredAt") is None else moment_of(given["occurredAt"], "occurredAt")
    properties = {key: str(value) for key, value in (given.get("properties") or {}).items()}
    portal.occur(name, kind, id, at, properties)


_DEFINITIONS = ("/events/v3/event-definitions", "/events/custom/2026-03/event-definitions")
_SEND = ("/events/v3/send", "/events/custom/2026-03/send")

ROUTES: tuple[Route, ...] = (
    Route("GET", _DEFINITIONS, "", list_definitions, "event definitions", source=REMEMBERED, verified=False),
    Route("POST", _DEFINITIONS, "", create_definition, "event definitions", source=DOCS),
    Route("GET", _DEFINITIONS, "/{event_name}", get_definition, "event definitions", source=REMEMBERED, verified=False),
    Route(
        "DELETE",
        _DEFINITIONS,
        "/{event_name}",
        delete_definition,
        "event definitions",
        source=REMEMBERED,
        verified=False,
    ),
    Route("POST", _SEND, "", send_event, "event send", source=DOCS),
    Route("POST", _SEND, "/batch", send_events, "event send", source=DOCS),
)
