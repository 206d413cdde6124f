"""The shapes of request bodies: what HubSpot refuses before it looks at the meaning (api-facts §2).

Field names mean the same wherever they stand in a body, so one table says what may stand under each.
"""

from __future__ import annotations

from typing import Any

_OBJECTS = frozenset(
    {"inputs", "filterGroups", "filters", "filterBranches", "options", "stages", "types"}
    | {"actions", "eventFilterBranches", "reEnrollmentTriggersFilterBranches", "propertyDefinitions", "fieldGroups"}
)
_ONE_OBJECT = frozenset(
    {"from", "metadata", "filterBranch", "operation", "enrollmentCriteria", "listFilterBranch", "connection", "context"}
    | {"timePoint", "lowerBoundTimePoint", "upperBoundTimePoint", "indexReference", "target", "owner_assignment"}
    | {"due_time", "timeOfDay"}
)
_PLAIN = frozenset(
    {
        "id", "idProperty", "objectId", "primaryObjectId", "objectIdToMerge", "name", "label", "type", "fieldType",
        "groupName", "displayOrder", "propertyName", "operator", "direction", "associationCategory",
        "associationTypeId", "limit", "after", "count", "query", "tokenKey", "objectWriteTraceId", "email",
    }
)  # fmt: skip
_PLAIN_LISTS = frozenset(
    {"values", "propertiesWithHistory", "listIds", "processingTypes", "suppressionListIds", "daysOfWeek"}
    | {"recordIdsToAdd", "recordIdsToRemove"}
)


def well_formed(body: Any) -> bool:
    """Whether each field that is known holds what it may hold."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for name, held in value.items():
                if not _fits(name, held):
                    return False
                if isinstance(held, (dict, list)) and name != "properties":
                    waiting.append(held)
        elif isinstance(value, list):
            waiting += [one for one in value if isinstance(one, (dict, list))]
    return True


def _fits(name: str, held: Any) -> bool:
    if held is None:
        return True
    if name in _PLAIN:
        return not isinstance(held, (dict, list))
    if name in _OBJECTS:
        return isinstance(held, list) and all(isinstance(one, dict) for one in held)
    if name in _ONE_OBJECT:
        return isinstance(held, dict)
    if name in _PLAIN_LISTS:
        return isinstance(held, list) and not any(isinstance(one, (dict, list)) for one in held)
    if name in ("to", "associations", "sorts"):
        return _fits_several(name, held)
    return name != "properties" or _fits_properties(held)


def _fits_several(name: str, held: Any) -> bool:
    if name in ("to", "associations"):
        return isinstance(held, dict) or (isinstance(held, list) and all(isinstance(one, dict) for one in held))
    return isinstance(held, list) and all(isinstance(one, (dict, str)) for one in held)


def _fits_properties(held: Any) -> bool:
    """Values by name in a write, names in a read, pairs in v1."""
    if isinstance(held, dict):
        return not any(isinstance(one, (dict, list)) for one in held.values())
    if isinstance(held, list):
        return all(isinstance(one, dict) for one in held) or not any(isinstance(one, (dict, list)) for one in held)
    return False
