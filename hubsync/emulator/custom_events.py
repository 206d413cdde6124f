"""The definitions of custom events (api-facts §5); what occurred is kept with all event occurrences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_FIRST_TYPE_ID = 1_000_001


def full_name(portal_id: int, name: str) -> str:
    """The type of a custom event of the portal's own."""
    return f"pe{portal_id}_{name}"


class EventDefinitions:
    """All definitions, by their full names."""

    def __init__(self) -> None:
        self.live: dict[str, dict[str, Any]] = {}
        self._next_id = _FIRST_TYPE_ID

    def define(
        self,
        portal_id: int,
        name: str,
        *,
        at: str,
        object_type_id: str = "0-1",
        label: str = "",
        description: str = "",
        properties: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Add a definition, as HubSpot shows it."""
        whole = full_name(portal_id, name)
        definition: dict[str, Any] = {
            "id": str(self._next_id),
            "name": name,
            "fullyQualifiedName": whole,
            "objectTypeId": f"6-{self._next_id}",
            "primaryObjectId": object_type_id,
            "labels": {"singular": label or name, "plural": None},
            "description": description,
            "archived": False,
            "createdAt": at,
            "updatedAt": at,
            "trackingType": "MANUAL",
            "properties": [{"archived": False, "createdAt": at} | dict(one) for one in properties],
        }
        self._next_id += 1
        self.live[whole] = definition
        return definition
