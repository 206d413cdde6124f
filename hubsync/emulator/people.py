"""Owners and pipelines of a portal, in the shape of the wire (api-facts §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_SINCE = "2024-01-08T09:00:00.000Z"
_DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
_TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)


class Directory:
    """The owners and the pipelines."""

    def __init__(self) -> None:
        self.owners: dict[str, dict[str, Any]] = {}
        self.pipelines: dict[str, dict[str, dict[str, Any]]] = {"deals": {}, "tickets": {}}
        self._last_id = 900_000_000
        self.add_pipeline("deals", "default", "Sales Pipeline", _DEAL_STAGES)
        self.add_pipeline("tickets", "0", "Support Pipeline", _TICKET_STAGES)

    def add_owner(
        self,
        id: str,
        email: str,
        first_name: str,
        last_name: str,
        *,
        user_id: int,
        teams: Iterable[tuple[str, str]] = (),
        archived: bool = False,
    ) -> None:
        """Add an owner; teams are pairs of id and name, the first is the primary one."""
        self.owners[id] = {
            "id": id,
            "email": email,
            "type": "PERSON",
            "firstName": first_name,
            "lastName": last_name,
            "userId": None if archived else user_id,
            "userIdIncludingInactive": user_id,
            "createdAt": _SINCE,
            "updatedAt": _SINCE,
            "archived": archived,
            "teams": [{"id": team, "name": name, "primary": place == 0} for place, (team, name) in enumerate(teams)],
        }

    def add_pipeline(self, object: str, id: str, label: str, stages: Sequence[tuple[str, str, str]]) -> None:
        """Add or replace a pipeline; a stage is id, label and probability (deals) or OPEN/CLOSED (others)."""
        self.pipelines.setdefault(object, {})[id] = {
            "id": id,
            "label": label,
            "displayOrder": len(self.pipelines[object]) if id != "default" else 0,
            "archived": False,
            "createdAt": _SINCE,
            "updatedAt": _SINCE,
            "stages": [
                {
                    "id": stage,
                    "label": name,
                    "displayOrder": place,
                    "metadata": _metadata(object, last),
                    "archived": False,
                    "createdAt": _SINCE,
                    "updatedAt": _SINCE,
                    "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                }
                for place, (stage, name, last) in enumerate(stages)
            ],
        }

    def new_id(self) -> str:
        """An id for a pipeline or a stage that the portal makes itself."""
        self._last_id += 1
        return str(self._last_id)

    def stage_ids(self, object: str, pipeline: str | None = None) -> list[str]:
        """The stages of one pipeline, or of all pipelines of an object type."""
        pipelines = self.pipelines.get(object, {})
        chosen = pipelines.values() if pipeline is None else filter(None, [pipelines.get(pipeline)])
        return [stage["id"] for one in chosen for stage in one["stages"]]


def _metadata(object: str, last: str) -> dict[str, str]:
    if object == "deals":
        return {"isClosed": "true" if last in ("0.0", "1.0") else "false", "probability": last}
    return {"ticketState": last, "isClosed": "true" if last == "CLOSED" else "false"}
