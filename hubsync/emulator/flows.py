"""The workflows of a portal, as plain values, with whom each has enrolled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubsync.emulator.flows_triggers import Criteria
    from hubsync.emulator.records import Revision

_FIRST_ID = 1_000_001


@dataclass(slots=True)
class Flow:
    """One workflow."""

    id: str
    object: str
    body: dict[str, Any]
    """As it was written, with what HubSpot adds."""
    criteria: Criteria
    created_at: str
    updated_at: str
    revision: int = 1
    meeting: set[str] = field(default_factory=set)
    """The records that met the criteria when last looked at."""
    seen: dict[tuple[str, str], Revision | None] = field(default_factory=dict)
    """The last value of each property that triggers, by record and property."""
    enrolled: dict[str, int] = field(default_factory=dict)
    """How often each record was enrolled; 0 for the survivor of a merge that takes an enrolment over."""
    tasks: int = 0
    """How many tasks its actions made."""

    @property
    def enabled(self) -> bool:
        """Whether it is switched on."""
        return bool(self.body["isEnabled"])

    def uses(self, name: str) -> bool:
        """Whether its criteria look at a property."""
        criteria = self.criteria
        named = criteria.filter.properties if criteria.filter is not None else frozenset()
        return name in named or any(trigger.property == name for trigger in criteria.triggers)

    @property
    def enrolments(self) -> int:
        """How often any record was enrolled."""
        return sum(self.enrolled.values())


class Flows:
    """All workflows, by id."""

    def __init__(self) -> None:
        self.live: dict[str, Flow] = {}
        self.acting = False
        """Whether a flow's actions run at present; what they change enrols, but starts no actions in turn."""
        self._next_id = _FIRST_ID

    def new_id(self) -> str:
        """The id of the next workflow."""
        self._next_id += 1
        return str(self._next_id - 1)

    def watching(self, object: str) -> list[Flow]:
        """The workflows that are switched on for one object type."""
        return [flow for flow in self.live.values() if flow.object == object and flow.enabled]

    def counted(self) -> dict[str, int]:
        """How often any record was enrolled, if there are workflows."""
        return {"enrolments": sum(flow.enrolments for flow in self.live.values())} if self.live else {}

    def shown(self) -> dict[str, Any]:
        """What `GET /_emulator/flows` tells."""
        return {
            "flows": [
                {
                    "id": flow.id,
                    "name": flow.body.get("name"),
                    "isEnabled": flow.enabled,
                    "evaluated": flow.criteria.evaluated,
                    "enrolments": flow.enrolments,
                    "records": sum(times > 0 for times in flow.enrolled.values()),
                    "tasks": flow.tasks,
                }
                for flow in self.live.values()
            ],
            "enrolments": 0,
        } | self.counted()
