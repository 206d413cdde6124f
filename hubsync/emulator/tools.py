"""What a portal has beside its records: lists, workflows, forms, marketing emails, definitions of custom events."""

from __future__ import annotations

from dataclasses import dataclass, field

from hubsync.emulator.custom_events import EventDefinitions
from hubsync.emulator.email_events import EmailLog
from hubsync.emulator.flows import Flows
from hubsync.emulator.forms import Forms
from hubsync.emulator.lists import Lists


@dataclass(slots=True)
class Tools:
    """The content of HubSpot's other tools; records know nothing of it."""

    lists: Lists = field(default_factory=Lists)
    flows: Flows = field(default_factory=Flows)
    forms: Forms = field(default_factory=Forms)
    emails: EmailLog = field(default_factory=EmailLog)
    events: EventDefinitions = field(default_factory=EventDefinitions)
    links: set[tuple[str, str, str, str]] | None = None
    """Pairs of records whose association changed during the present call; None between calls."""

    def uses(self, object: str, name: str) -> list[str]:
        """The lists and workflows that look at a property."""
        lists = [
            f"list {one.id}"
            for one in self.lists.live.values()
            if one.object == object and one.filter is not None and name in one.filter.properties
        ]
        flows = [
            f"workflow {flow.id}" for flow in self.flows.live.values() if flow.object == object and flow.uses(name)
        ]
        return lists + flows

    def linked(self, start: str, from_id: str, end: str, to_id: str) -> None:
        """Note that an association came or went."""
        if self.links is not None:
            self.links |= {(start, from_id, end, to_id), (end, to_id, start, from_id)}
