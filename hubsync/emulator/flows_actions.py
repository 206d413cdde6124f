"""What a workflow does with a record it enrolled: actions 0-3 make a task; others are passed through.

A delay (0-1, 0-35) or a branch ends the walk: the emulator does not live what comes later. Unverified: the source that
the history of an automatic task names, and tokens other than properties of the enrolled record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hubsync.emulator.clock import to_iso
from hubsync.emulator.flows import Flow
from hubsync.emulator.records import Rec
from hubsync.emulator.state import Portal

CREATE_TASK = "0-3"
_WAITING = frozenset({"0-1", "0-35"})
_TOKEN = re.compile(r"{{\s*enrolled_object\.(\w+)\s*}}")
_WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_UNITS = ("MINUTES", "HOURS", "DAYS", "WEEKS")


def act(portal: Portal, flow: Flow, rec: Rec) -> None:
    """Do the actions of a workflow for one record."""
    for action in _chain(flow):
        if action.get("actionTypeId") == CREATE_TASK:
            _make_task(portal, flow, rec, action.get("fields") or {})
            flow.tasks += 1


def _chain(flow: Flow) -> Iterator[Mapping[str, Any]]:
    actions = {str(one.get("actionId")): one for one in flow.body["actions"]}
    id, done = str(flow.body.get("startActionId")), set()
    while id in actions and id not in done:
        done.add(id)
        action = actions[id]
        if action.get("actionTypeId") in _WAITING or action.get("type") in ("LIST_BRANCH", "STATIC_BRANCH"):
            return
        yield action
        id = str((action.get("connection") or {}).get("nextActionId"))


def _make_task(portal: Portal, flow: Flow, rec: Rec, fields: Mapping[str, Any]) -> None:
    def filled(text: object) -> str:
        return _TOKEN.sub(lambda found: rec.properties.get(found[1], ""), str(text or ""))

    values = {
        "hs_timestamp": to_iso(_due(portal, fields.get("due_time") or {})),
        "hs_task_subject": filled(fields.get("subject")),
        "hs_task_body": filled(fields.get("body")),
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": str(fields.get("priority") or "NONE"),
        "hs_task_type": str(fields.get("task_type") or "TODO"),
        "hubspot_owner_id": _owner(rec, fields.get("owner_assignment") or {}),
    }
    known = {name: value for name, value in values.items() if value}
    task = portal.put("tasks", known, at=portal.now, source="AUTOMATION_PLATFORM", source_id=f"flowId:{flow.id}")
    for one in fields.get("associations") or []:
        type_id = int((one.get("target") or {}).get("associationTypeId") or 0)
        enrolled = (one.get("value") or {}).get("type") == "ENROLLED_OBJECT"
        if enrolled and portal.associations.kind("tasks", flow.object, type_id) is not None:
            portal.associate("tasks", task, flow.object, rec.id, [type_id], at=portal.now)


def _owner(rec: Rec, given: Mapping[str, Any]) -> str:
    value = given.get("value") or {}
    if value.get("type") == "OBJECT_PROPERTY":
        return rec.properties.get(str(value.get("propertyName")), "")
    return str(value.get("staticValue") or "")


def _due(portal: Portal, given: Mapping[str, Any]) -> datetime:
    """When a task is due: some time from now, at a time of the day, on one of the days of the week."""
    unit = str(given.get("timeUnit") or "DAYS")
    due = portal.now.astimezone(ZoneInfo(portal.time_zone))
    if unit in _UNITS:
        due += timedelta(**{unit.lower(): int(given.get("delta") or 0)})
    clock = given.get("timeOfDay")
    if clock:
        due = due.replace(
            hour=int(clock.get("hour") or 0), minute=int(clock.get("minute") or 0), second=0, microsecond=0
        )
    days = given.get("daysOfWeek") or []
    for _ in range(7):
        if not days or _WEEK[due.weekday()] in days:
            break
        due += timedelta(days=1)
    return due
