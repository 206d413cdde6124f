"""What the vendor's own people do: calls, mails, meetings, notes, tasks, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hubsync.emulator.world import words
from hubsync.emulator.world.calendar import HOUR
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Person

_TOUCH = 40
_CONNECTED, _NO_ANSWER = "f240bbac-87c9-4f6e-bf70-924b57d47db7", "73a0d17f-1163-4015-bdd5-ec830791da20"
_TYPES = {  # engagement: type id to contacts, companies, deals
    "calls": (194, 182, 206),
    "emails": (198, 186, 210),
    "meetings": (200, 188, 212),
    "notes": (202, 190, 214),
    "tasks": (204, 192, 216),
    "communications": (81, 87, 0),
}
_SHARES = (("emails", 0.34), ("calls", 0.24), ("tasks", 0.14), ("meetings", 0.13), ("notes", 0.10),
           ("communications", 0.05))  # fmt: skip
_LONG_NOTE = 65_100


class Touches:
    """Makes engagements and what HubSpot derives from them on contacts and companies."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._notes = 0
        self._writers: dict[str, Callable[[int, Dice], dict[str, str]]] = {
            "calls": self._calls,
            "emails": self._emails,
            "meetings": self._meetings,
            "notes": self._note,
            "tasks": self._task,
            "communications": self._message,
        }

    def any(self, t: int, person: Person, owner: str, deal: str = "") -> None:
        """Some engagement of a seller with a contact."""
        dice = self._scene.dice(_TOUCH, person.key, t)
        self._make(dice.weighted(_SHARES), t, person, owner, deal, dice)

    def meeting(self, t: int, person: Person, owner: str) -> bool:
        """A meeting, such as a demonstration; says whether it was held."""
        made = self._make("meetings", t, person, owner, "", self._scene.dice(_TOUCH, person.key, t))
        return made.get("hs_meeting_outcome") == "COMPLETED"

    def review(self, t: int, person: Person, owner: str, guests: Sequence[Person]) -> bool:
        """A business review with a customer and those who come beside; says whether it was held."""
        dice = self._scene.dice(_TOUCH, person.key, t)
        made = self._make("meetings", t, person, owner, "", dice, guests, hs_activity_type="QBR",
                          hs_meeting_title="Quarterly business review")  # fmt: skip
        return made.get("hs_meeting_outcome") == "COMPLETED"

    def call(self, t: int, person: Person, owner: str) -> None:
        """A call, which may not be answered."""
        self._make("calls", t, person, owner, "", self._scene.dice(_TOUCH, person.key, t))

    def _make(self, kind: str, t: int, person: Person, owner: str, deal: str, dice: Dice,
              guests: Sequence[Person] = (), **known: str) -> dict[str, str]:  # fmt: skip
        if not person.alive:
            return {}
        scene = self._scene
        properties = self._writers[kind](t, dice)
        properties |= {"hs_timestamp": scene.iso(t), "hubspot_owner_id": owner} | known
        engagement = scene.create(kind, t, properties)
        contact, company, of_deal = _TYPES[kind]
        firm = person.company.id if person.company else ""
        others = [("contacts", one.id, (contact,)) for one in (person, *guests)]
        others.append(("companies", firm, (company,)))
        if of_deal:
            others.append(("deals", deal, (of_deal,)))
        scene.link(kind, engagement, t, *others)
        if kind in ("calls", "emails", "meetings", "communications"):
            for one in (person, *guests):
                self._contacted(t, one)
        return properties

    def _contacted(self, t: int, person: Person) -> None:
        if person.left:
            return
        self._scene.count(person, t, "num_contacted_notes", "notes_last_contacted")
        self._scene.seen(person, t, "hs_last_sales_activity_timestamp")
        if person.company:
            self._scene.seen(person.company, t, "notes_last_contacted", "hs_last_sales_activity_timestamp")

    def _calls(self, _: int, dice: Dice) -> dict[str, str]:
        connected = dice.chance(0.55)
        return {
            "hs_call_title": "Call",
            "hs_call_direction": "INBOUND" if dice.chance(0.2) else "OUTBOUND",
            "hs_call_status": "COMPLETED" if connected else "NO_ANSWER",
            "hs_call_disposition": _CONNECTED if connected else _NO_ANSWER,
            "hs_call_duration": str(dice.below(1_800_000) if connected else 0),
        }

    def _emails(self, _: int, dice: Dice) -> dict[str, str]:
        incoming = dice.chance(0.35)
        return {
            "hs_email_direction": "INCOMING_EMAIL" if incoming else "EMAIL",
            "hs_email_status": "SENT",
            "hs_email_subject": dice.pick(words.EMAIL_SUBJECTS),
            "hs_email_text": "Hello, thank you for your time today.",
        }

    def _meetings(self, t: int, dice: Dice) -> dict[str, str]:
        outcome = dice.weighted((("COMPLETED", 0.8), ("NO_SHOW", 0.1), ("RESCHEDULED", 0.06), ("CANCELED", 0.04)))
        title = dice.pick(("Demonstration", "Check-in", "Planning"))
        return {
            "hs_meeting_title": title,
            "hs_activity_type": title,
            "hs_meeting_start_time": self._scene.iso(t),
            "hs_meeting_end_time": self._scene.iso(t + HOUR // 2),
            "hs_meeting_outcome": outcome,
        }

    def _note(self, _: int, dice: Dice) -> dict[str, str]:
        self._notes += 1
        text = dice.pick(words.NOTES)
        if self._notes == 1:
            text = (text + " ") * (_LONG_NOTE // len(text) + 1)
        return {"hs_note_body": text[: _LONG_NOTE + 300]}

    def _task(self, _: int, dice: Dice) -> dict[str, str]:
        done = dice.chance(0.8)
        return {
            "hs_task_subject": "Follow-up call" if dice.chance(0.5) else "Send the offer",
            "hs_task_status": "COMPLETED" if done else "NOT_STARTED",
            "hs_task_priority": dice.pick(("LOW", "MEDIUM", "HIGH")),
            "hs_task_type": dice.pick(("CALL", "EMAIL", "TODO")),
        }

    def _message(self, _: int, dice: Dice) -> dict[str, str]:
        return {
            "hs_communication_channel_type": dice.pick(("WHATS_APP", "LINKEDIN_MESSAGE", "SMS")),
            "hs_communication_logged_from": "CRM",
            "hs_communication_body": "Thanks, talk to you on Monday 👋",
        }
