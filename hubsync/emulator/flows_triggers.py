"""What enrols records into a workflow (api-facts §7).

LIST_BASED: a filter branch, as a list has; with `shouldReEnroll`, a change of a property that the re-enrolment
branches name. EVENT_BASED: a changed property (event type 4-655002); other events are stored and never happen here.
Unverified: that records which meet the criteria when a workflow is switched on stay out, and that any of several
event or re-enrolment branches is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.lists_filters import Filter
from hubsync.emulator.lists_members import checked
from hubsync.emulator.lists_operations import Test, test_of
from hubsync.emulator.lists_times import Setting
from hubsync.emulator.records import ObjectType
from hubsync.emulator.state import Portal

PROPERTY_CHANGED = "4-655002"
_TYPES = ("LIST_BASED", "EVENT_BASED", "MANUAL")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A change of one property that enrols, to any value or to those that pass."""

    property: str
    passes: Test | None = None


@dataclass(frozen=True, slots=True)
class Criteria:
    """The checked enrolment criteria of a workflow."""

    filter: Filter | None = None
    triggers: tuple[Trigger, ...] = ()
    again: bool = False
    """Whether a record can be enrolled more than once."""
    evaluated: bool = True
    """False if something other than records and properties enrols."""


def criteria_of(portal: Portal, kind: ObjectType, given: object) -> Criteria:
    """Check enrolment criteria; HubSpot's 400 if something in them does not fit."""
    if given is None:
        return Criteria(evaluated=False)
    if not isinstance(given, Mapping) or given.get("type") not in _TYPES:
        raise errors.validation(f"enrollmentCriteria need a type: {', '.join(_TYPES)}")
    again = bool(given.get("shouldReEnroll"))
    if given["type"] == "LIST_BASED":
        found = checked(portal, kind.name, given.get("listFilterBranch"))
        branches = given.get("reEnrollmentTriggersFilterBranches") or [] if again else []
        return Criteria(found, tuple(_trigger(portal, kind, branch) for branch in branches), again)
    if given["type"] == "EVENT_BASED":
        branches = given.get("eventFilterBranches") or []
        if not branches:
            raise errors.validation("EVENT_BASED enrollmentCriteria need eventFilterBranches")
        if any(branch.get("eventTypeId") != PROPERTY_CHANGED for branch in branches):
            return Criteria(again=again, evaluated=False)
        return Criteria(None, tuple(_trigger(portal, kind, branch) for branch in branches), again)
    return Criteria(evaluated=False)


def _trigger(portal: Portal, kind: ObjectType, branch: Mapping[str, Any]) -> Trigger:
    """A branch about the event "property changed": `hs_name` is the property, `hs_value` its new value."""
    name, operation = "", None
    for one in branch.get("filters") or []:
        if one.get("property") == "hs_name":
            name = _named(one.get("operation") or {})
        elif one.get("property") == "hs_value":
            operation = one.get("operation") or {}
    definition = portal.properties[kind.name].live.get(name)
    if definition is None:
        raise errors.validation(f'A trigger names the property "{name}", which does not exist')
    if operation is None or operation.get("operationType") == "ALL_PROPERTY":
        return Trigger(name)
    return Trigger(name, test_of(operation, Setting(definition, portal.time_zone)))


def _named(operation: Mapping[str, Any]) -> str:
    values = operation.get("values") or [operation.get("value", "")]
    return str(values[0])
