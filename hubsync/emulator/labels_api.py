"""Calls about association types and the labels of the portal's own (api-facts §3)."""

from __future__ import annotations

from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.associations import AssociationType
from hubsync.emulator.associations_api import ASSOCIATIONS, ends_of
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import SDK, Route


def list_labels(hub: Hub, call: Call) -> Reply:
    """The association types between two object types."""
    start, end = ends_of(call)
    return answer({"results": [_shown(one) for one in hub.portal.associations.types_between(start.name, end.name)]})


def create_label(hub: Hub, call: Call) -> Reply:
    """Defines a label in both directions."""
    start, end = ends_of(call)
    label = str(call.json().get("label") or "")
    if not label:
        raise errors.validation("An association label needs a label")
    hub.portal.associations.add_label(start.name, end.name, label)
    return answer(
        {
            "results": [
                _shown(one)
                for left, right in ((start, end), (end, start))
                for one in hub.portal.associations.types_between(left.name, right.name)
                if one.label == label
            ]
        }
    )


def change_label(hub: Hub, call: Call) -> Reply:
    """Renames a label in one direction; 204."""
    start, end = ends_of(call)
    body = call.json()
    label, given = str(body.get("label") or ""), str(body.get("associationTypeId"))
    kinds = hub.portal.associations.types_between(start.name, end.name)
    found = _own(kinds, given)
    if not label:
        raise errors.validation("An association label needs a label")
    kinds[kinds.index(found)] = found._replace(label=label)
    return Reply(204)


def delete_label(hub: Hub, call: Call) -> Reply:
    """Takes a label away from all pairs that have it; 204."""
    start, end = ends_of(call)
    kinds = hub.portal.associations.types_between(start.name, end.name)
    hub.portal.associations.drop_label(start.name, end.name, _own(kinds, call.path_params["association"]))
    return Reply(204)


def _own(kinds: list[AssociationType], type_id: str) -> AssociationType:
    found = next((one for one in kinds if str(one.type_id) == type_id and one.category == "USER_DEFINED"), None)
    if found is None:
        raise errors.validation(f"The association type {type_id} is none of the portal's own labels")
    return found


def _shown(one: AssociationType) -> dict[str, Any]:
    return {"category": one.category, "typeId": one.type_id, "label": one.label}


ROUTES: tuple[Route, ...] = (
    Route("GET", ASSOCIATIONS, "/{type}/{to}/labels", list_labels, "objects:read"),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/labels", create_label, "objects:write", source=SDK),
    Route("PUT", ASSOCIATIONS, "/{type}/{to}/labels", change_label, "objects:write", source=SDK),
    Route("DELETE", ASSOCIATIONS, "/{type}/{to}/labels/{association}", delete_label, "objects:write", source=SDK),
)
