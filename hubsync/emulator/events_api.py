"""Calls about event occurrences (api-facts §5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import iso_of_ms, read_moment
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.occurrences import Occurrence, position_of
from hubsync.emulator.plans import includes
from hubsync.emulator.records import OBJECT_NAMES, OBJECT_TYPES
from hubsync.emulator.route import DATES, Route
from hubsync.emulator.state import Portal

# Sizes of pages, the order without `sort` (newest first) and the bounds (from, inclusive; to, exclusive)
# are unverified.
PAGE, LARGEST_PAGE = 100, 1_000
_FOREVER = 2**62


def list_occurrences(hub: Hub, call: Call) -> Reply:
    """Occurrences by event type or record and time, newest first unless `sort=occurredAt`.

    Enterprise only; sizes of pages are unverified.
    """
    if not includes(hub.portal.plan, "event occurrences"):
        raise errors.not_in_plan("event occurrences")
    limit = call.number("limit", PAGE)
    if not 0 < limit <= LARGEST_PAGE:
        raise errors.validation(f"The limit of a page is {LARGEST_PAGE}")
    oldest_first = call.text("sort") == "occurredAt"
    found = _found(hub.portal, call)
    if not oldest_first:
        found.reverse()
    cursor = call.text("after")
    if cursor:
        position = position_of(cursor)
        if position is None:
            raise errors.validation("The after parameter is not valid")
        sign = 1 if oldest_first else -1
        found = [one for one in found if sign * _compare(one, position) > 0]
    page: dict[str, Any] = {"results": [_shown(one) for one in found[:limit]]}
    if len(found) > limit:
        after = found[limit - 1].cursor
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def list_types(hub: Hub, call: Call) -> Reply:
    """The names of all event types, also those the plan cannot fill."""
    del call
    portal = hub.portal
    return answer({"eventTypes": sorted({"e_visited_page", *portal.occurrences.by_type, *portal.tools.events.live})})


def _compare(one: Occurrence, position: tuple[int, int]) -> int:
    here = (one.at_ms, one.number)
    return (here > position) - (here < position)


def _found(portal: Portal, call: Call) -> list[Occurrence]:
    """The occurrences that pass all filters, oldest first."""
    since, until = _bound(call, "occurredAfter", 0), _bound(call, "occurredBefore", _FOREVER)
    event_type, ids = call.text("eventType"), _record_ids(portal, call)
    object = _object(call)
    if ids is not None:
        found = [
            one
            for one in portal.occurrences.of_records(object or "contacts", ids)
            if since <= one.at_ms < until and event_type in ("", one.event_type)
        ]
    elif event_type:
        found = [one for one in portal.occurrences.of_type(event_type, since, until) if object in ("", one.object)]
    elif "id" in call.query:
        found = sorted(portal.occurrences)
    else:
        raise errors.validation("Either eventType or objectId and objectType must be given")
    for test in _property_tests(call):
        found = [one for one in found if test(one)]
    return found


def _bound(call: Call, name: str, default: int) -> int:
    given = call.text(name)
    if not given:
        return default
    ms = read_moment(given.replace(" ", "+"))
    if ms is None:
        raise errors.validation(f"Unable to parse value for query parameter: {name}")
    return ms


def _object(call: Call) -> str:
    given = call.text("objectType").lower()
    if given and given not in OBJECT_NAMES:
        raise errors.unknown_object_type(given)
    return OBJECT_NAMES.get(given, "")


def _record_ids(portal: Portal, call: Call) -> list[str] | None:
    """The record that is asked for, with the ids it had before merges; None if none is asked for."""
    object = _object(call) or "contacts"
    id = call.text("objectId")
    for name in call.query:
        if name.startswith("objectProperty."):
            id = portal.find(object, name.removeprefix("objectProperty."), call.text(name)) or "0"
    if not id:
        return None
    return [id, *(old for old in portal.merged[object] if portal.resolve(object, old) == id)]


def _property_tests(call: Call) -> list[Callable[[Occurrence], bool]]:
    tests: list[Callable[[Occurrence], bool]] = []
    for name in call.query:
        if name.startswith("property."):
            key, value = name.removeprefix("property."), call.text(name)
            tests.append(lambda one, key=key, value=value: one.properties.get(key) == value)  # type: ignore[misc]
    ids = set(call.names("id"))
    if ids:
        tests.append(lambda one: _id(one) in ids)
    return tests


def _id(one: Occurrence) -> str:
    return f"{one.object_id}-{one.number:08x}"


def _shown(one: Occurrence) -> dict[str, Any]:
    return {
        "id": _id(one),
        "eventType": one.event_type,
        "objectType": OBJECT_TYPES[one.object].singular.upper(),
        "objectId": one.object_id,
        "occurredAt": iso_of_ms(one.at_ms),
        "properties": one.properties,
    }


EVENTS = ("/events/v3/events", *(f"/events/event-occurrences/{date}" for date in DATES))

ROUTES: tuple[Route, ...] = (
    Route("GET", EVENTS, "", list_occurrences, "events"),
    Route("GET", EVENTS, "/event-types", list_types, "events"),
)
