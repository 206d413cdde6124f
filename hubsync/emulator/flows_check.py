"""Whether a workflow can be stored (api-facts §7); the texts of most refusals are unverified.

HubSpot's specification requires more fields than programs in the wild send with success, so what is required here is
the least of both; the rest is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.flows_actions import CREATE_TASK
from hubsync.emulator.records import ObjectType
from hubsync.emulator.wire import object_type

_REQUIRED = ("type", "isEnabled", "objectTypeId", "flowType", "actions")
_DEFAULTS: dict[str, Any] = {
    "timeWindows": [],
    "blockedDates": [],
    "customProperties": {},
    "dataSources": [],
    "suppressionListIds": [],
    "canEnrollFromSalesforce": False,
}
_ADDED = ("id", "revisionId", "createdAt", "updatedAt")
MOST_ACTIONS = 500
MOST_DELTA = 100_000


def checked_body(given: Mapping[str, Any]) -> tuple[dict[str, Any], ObjectType]:
    """The body to store and its object type, or HubSpot's 400."""
    missing = [name for name in _REQUIRED if given.get(name) is None]
    if missing:
        raise errors.validation(f"Invalid request to flow creation: required fields: [{', '.join(missing)}]")
    body = _DEFAULTS | {name: value for name, value in given.items() if name not in _ADDED}
    kind = object_type(str(body["objectTypeId"]))
    wanted = "CONTACT_FLOW" if kind.name == "contacts" else "PLATFORM_FLOW"
    if body["type"] != wanted or body["flowType"] != "WORKFLOW" or not isinstance(body["isEnabled"], bool):
        raise _invalid(f"a workflow of {kind.type_id} has type {wanted}, flowType WORKFLOW and isEnabled true or false")
    body["nextAvailableActionId"] = _check_actions(body)
    return body, kind


def _invalid(why: str) -> errors.Refusal:
    return errors.validation(f"Invalid request to flow creation: {why}")


def _check_actions(body: Mapping[str, Any]) -> str:
    """Check ids and connections; the next free action id comes back."""
    actions = body["actions"]
    if not isinstance(actions, list) or not all(isinstance(one, Mapping) for one in actions):
        raise _invalid("actions must be a list")
    if len(actions) > MOST_ACTIONS:
        raise _invalid(f"a workflow has at most {MOST_ACTIONS} actions")
    ids = [str(one.get("actionId")) for one in actions]
    if not all(id.isdecimal() for id in ids) or len(set(ids)) != len(ids):
        raise _invalid("each action needs an actionId of its own, which is a number in a string")
    for action in actions:
        _check_action(action, ids)
    if actions and str(body.get("startActionId")) not in ids:
        raise _invalid("startActionId names no action")
    if actions and all(_next_of(one) is not None for one in actions if one.get("type") == "SINGLE_CONNECTION"):
        raise _invalid("the last action must omit connection")
    next_id = str(max(map(int, ids), default=0) + 1)
    if body.get("nextAvailableActionId") not in (None, next_id):
        raise _invalid(f"nextAvailableActionId must be {next_id}")
    return next_id


def _check_action(action: Mapping[str, Any], ids: list[str]) -> None:
    id = action["actionId"]
    if not action.get("type"):
        raise _invalid(f"action {id} needs a type")
    if action["type"] == "SINGLE_CONNECTION" and not action.get("actionTypeId"):
        raise _invalid(f"action {id} needs an actionTypeId")
    if action.get("actionTypeId") == CREATE_TASK:
        _check_task(id, action.get("fields"))
    after = _next_of(action)
    if after is not None and after not in ids:
        raise _invalid(f"the connection of action {id} leads to action {after}, which does not exist")


def _check_task(id: object, fields: object) -> None:
    if not isinstance(fields, Mapping):
        raise _invalid(f"action {id} needs fields")
    due, owner = fields.get("due_time") or {}, (fields.get("owner_assignment") or {}).get("value") or {}
    clock = due.get("timeOfDay") or {}
    fits = (
        isinstance(owner, Mapping)
        and _is_whole(due.get("delta"), MOST_DELTA)
        and _is_whole(clock.get("hour"), 23)
        and _is_whole(clock.get("minute"), 59)
    )
    links = fields.get("associations") or []
    for one in links if isinstance(links, list) else [{}]:
        type_id = (one.get("target") or {}).get("associationTypeId")
        fits = fits and type_id is not None and _is_whole(type_id, 2**31) and isinstance(one.get("value"), Mapping)
    if not fits:
        raise _invalid(f"due_time, owner_assignment or associations of action {id} are not valid")


def _is_whole(given: object, most: int) -> bool:
    return given is None or (isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= most)


def _next_of(action: Mapping[str, Any]) -> str | None:
    connection = action.get("connection")
    return None if connection is None else str(connection.get("nextActionId"))
