"""Lists and workflows as tests give them to the emulator."""

from __future__ import annotations

import json
from typing import Any

LISTS = "/crm/lists/2026-09"
FLOWS = "/automation/v4/flows"


def number(operator: str, value: float, name: str = "health") -> dict[str, Any]:
    """A filter on a number."""
    return prop(name, {"operationType": "NUMBER", "operator": operator, "value": value})


def prop(name: str, operation: dict[str, Any]) -> dict[str, Any]:
    """A filter on a property."""
    return {"filterType": "PROPERTY", "property": name, "operation": operation}


def any_of(*groups: list[dict[str, Any]]) -> dict[str, Any]:
    """A root branch: one of these groups, all filters of which pass."""
    return {
        "filterBranchType": "OR",
        "filters": [],
        "filterBranches": [{"filterBranchType": "AND", "filterBranches": [], "filters": group} for group in groups],
    }


AT_LEAST_80 = any_of([number("IS_GREATER_THAN_OR_EQUAL_TO", 80)])


def add_health(api: Any) -> None:
    """Give contacts a number property to look at."""
    definition = {"name": "health", "label": "Health", "type": "number", "fieldType": "number", "groupName": "scores"}
    with api.portal.lock:
        api.portal.define("contacts", definition)


def make_list(api: Any, name: str, branch: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A list as HubSpot answers to its creation; DYNAMIC if it has a filter."""
    body = {"name": name, "objectTypeId": "0-1", "processingType": "DYNAMIC" if branch else "MANUAL"} | more
    if branch:
        body["filterBranch"] = branch
    answer = api.post(f"{LISTS}/", body)
    assert answer.status_code == 200, answer.text
    return answer.json()["list"]


def members(api: Any, list_id: str, **query: Any) -> list[str]:
    """The ids of the members of a list."""
    return [row["recordId"] for row in api.get(f"{LISTS}/{list_id}/memberships", **query).json()["results"]]


def set_health(api: Any, id: str, value: float | str) -> None:
    """Write a contact's number through the API."""
    answer = api.patch(f"/crm/objects/2026-09/contacts/{id}", {"properties": {"health": str(value)}})
    assert answer.status_code == 200, answer.text


TASK = {
    "actionId": "1",
    "type": "SINGLE_CONNECTION",
    "actionTypeVersion": 0,
    "actionTypeId": "0-3",
    "fields": {
        "task_type": "CALL",
        "subject": "Call {{ enrolled_object.firstname }}",
        "body": "<p>Score crossed 80</p>",
        "associations": [
            {
                "target": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204},
                "value": {"type": "ENROLLED_OBJECT"},
            }
        ],
        "use_explicit_associations": "true",
        "owner_assignment": {
            "type": "CUSTOM",
            "value": {"type": "OBJECT_PROPERTY", "propertyName": "hubspot_owner_id"},
        },
        "priority": "HIGH",
        "due_time": {
            "delta": 1,
            "timeUnit": "DAYS",
            "timeOfDay": {"hour": 9, "minute": 0},
            "daysOfWeek": ["THURSDAY"],
        },
    },
}


def flow_body(criteria: dict[str, Any] | None = None, *, again: bool = False, **more: Any) -> dict[str, Any]:
    """A workflow that makes a task for contacts at 80 or more; a copy that may be changed."""
    listed = {"type": "LIST_BASED", "shouldReEnroll": again, "listFilterBranch": AT_LEAST_80}
    if again:
        listed["reEnrollmentTriggersFilterBranches"] = [changed_to("IS_GREATER_THAN_OR_EQUAL_TO", 80)]
    body = {
        "type": "CONTACT_FLOW",
        "flowType": "WORKFLOW",
        "objectTypeId": "0-1",
        "name": "Score >= 80 -> task",
        "isEnabled": True,
        "startActionId": "1",
        "nextAvailableActionId": "2",
        "actions": [TASK],
        "enrollmentCriteria": criteria or listed,
    }
    return json.loads(json.dumps(body | more))


def changed_to(operator: str, value: float, **more: Any) -> dict[str, Any]:
    """A branch of the event "health changed to a value that passes"."""
    named = {"operationType": "STRING", "operator": "IS_EQUAL_TO", "value": "health"}
    valued = {"operationType": "NUMBER", "operator": operator, "value": value}
    filters = [prop("hs_name", named), prop("hs_value", valued)]
    return {"filterBranchType": "AND", "filterBranches": [], "filters": filters} | more


def enrolments(api: Any) -> int:
    """How often any workflow enrolled a record."""
    return api.get("/_emulator/flows").json()["enrolments"]
