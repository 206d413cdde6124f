"""What happened with marketing emails: a slim log, from which the events of the v1 API are written when asked for.

The names of fields and of most types are HubSpot's (api-facts §5); the content of a campaign is unverified.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

SENT, DELIVERED, OPEN, CLICK, BOUNCE, STATUSCHANGE = "SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE", "STATUSCHANGE"
TYPES = frozenset(
    {SENT, DELIVERED, OPEN, CLICK, BOUNCE, STATUSCHANGE, "PROCESSED", "DROPPED", "DEFERRED"}
    | {"SPAMREPORT", "FORWARD", "PRINT", "UNBOUNCE"}
)
APP_ID, APP_NAME = 113, "Batch"
BOT = "bot"
"""Begins the detail of what HubSpot itself takes for a program's doing."""

_FIRST_CAMPAIGN, _WEEK_MS = 80_000_000, 7 * 86_400_000
_NAMESPACE = uuid.UUID("5a0f4c4e-7b0e-4c38-9d0d-0c9a4f7a6f10")
_SENDER = "Vendor News <news@vendor.example>"


class EmailEvent(NamedTuple):
    """One event; the order is by time."""

    at_ms: int
    type: str
    contact_id: str
    recipient: str
    sent_ms: int
    detail: str
    """What makes it one of several: the address of a link, or `bot` and a number."""

    @property
    def campaign(self) -> int:
        """The campaign of its mail: one a week."""
        return _FIRST_CAMPAIGN + self.sent_ms // _WEEK_MS

    @property
    def filtered(self) -> bool:
        """Whether HubSpot takes it for a program's doing and does not count it."""
        return self.detail.startswith(BOT)

    @property
    def id(self) -> str:
        """Its id, the same every time it is asked for."""
        return _id(f"{self.at_ms}|{self.type}|{self.contact_id}|{self.recipient}|{self.detail}")


class EmailLog:
    """All events, in order of time when they are read."""

    def __init__(self) -> None:
        self._rows: list[EmailEvent] = []
        self._sorted = 0

    def __len__(self) -> int:
        return len(self._rows)

    def note(self, at_ms: int, what: str, contact_id: str, recipient: str, sent_ms: int, detail: str = "") -> None:
        """Note that something happened."""
        self._rows.append(EmailEvent(at_ms, what, contact_id, recipient, sent_ms, detail))

    def between(self, first_ms: int, last_ms: int) -> list[EmailEvent]:
        """What happened from one moment to another, both included, oldest first."""
        if self._sorted != len(self._rows):
            self._rows.sort()
            self._sorted = len(self._rows)
        start = bisect_left(self._rows, first_ms, key=_at)
        return self._rows[start : bisect_right(self._rows, last_ms, key=_at)]

    def campaigns(self) -> dict[int, int]:
        """Each campaign and when it was last sent."""
        last: dict[int, int] = {}
        for row in self._rows:
            if row.type == SENT:
                last[row.campaign] = max(last.get(row.campaign, 0), row.sent_ms)
        return last


def _at(row: EmailEvent) -> int:
    return row.at_ms


def _id(text: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, text))


def shown(row: EmailEvent, portal_id: int) -> dict[str, Any]:
    """An event as the v1 API tells it."""
    sent = EmailEvent(row.sent_ms, SENT, row.contact_id, row.recipient, row.sent_ms, "")
    event: dict[str, Any] = {
        "id": row.id,
        "created": row.at_ms,
        "type": row.type,
        "recipient": row.recipient,
        "portalId": portal_id,
        "appId": APP_ID,
        "appName": APP_NAME,
        "emailCampaignId": row.campaign,
        "emailCampaignGroupId": row.campaign,
        "filteredEvent": row.filtered,
    }
    if row.type == SENT:
        return event | {"subject": subject(row.campaign), "from": _SENDER}
    event["sentBy"] = {"id": sent.id, "created": row.sent_ms}
    if row.type == DELIVERED:
        event |= {"smtpId": None, "response": "250 2.0.0 OK"}
    elif row.type == BOUNCE:
        event |= {"category": "UNKNOWN_USER", "status": "5.1.1", "response": "550 5.1.1 User unknown"}
    elif row.type in (OPEN, CLICK):
        event |= _how(row)
    return event


def _how(row: EmailEvent) -> dict[str, Any]:
    how: dict[str, Any] = {
        "userAgent": "Mozilla/5.0",
        "deviceType": "COMPUTER",
        "ipAddress": "192.0.2.1",
        "browser": {"name": "Chrome", "family": "Chrome", "producer": "Google Inc.", "type": "Browser"},
        "location": {"city": "", "state": "", "country": "United States"},
    }
    if row.type == OPEN:
        return how | {"duration": 0 if row.filtered else 4_000}
    url = row.detail.removeprefix(BOT)
    return how | {"url": url, "linkId": sum(map(ord, url)) % 100_000}


def subject(campaign: int) -> str:
    """The subject of a campaign."""
    return f"Vendor News, issue {campaign - _FIRST_CAMPAIGN}"
