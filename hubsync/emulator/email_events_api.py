"""Calls of the v1 API of marketing email events (api-facts §5); they are eventually consistent, as search is."""

from __future__ import annotations

import base64
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import to_ms
from hubsync.emulator.email_events import APP_ID, APP_NAME, TYPES, EmailEvent, shown, subject
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import DOCS, REMEMBERED, Route
from hubsync.emulator.state import Portal

# The default size of a page is unverified.
PAGE, LARGEST_PAGE = 10, 1_000
_FOREVER = 2**62


def list_email_events(hub: Hub, call: Call) -> Reply:
    """Marketing email events, newest first, by time (both ends included), type, recipient and campaign."""
    limit = call.number("limit", PAGE)
    if not 0 < limit <= LARGEST_PAGE:
        raise errors.validation(f"The limit of a page is {LARGEST_PAGE}")
    rows, head = page_of(events_asked_for(hub, call), limit)
    return answer(head | {"events": [shown(row, hub.portal.portal_id) for row in rows]})


def page_of(found: list[EmailEvent], limit: int) -> tuple[list[EmailEvent], dict[str, Any]]:
    """The first events, and the part of an answer that leads on to the others."""
    more = len(found) > limit
    return found[:limit], {"hasMore": more, "offset": _cursor(found[limit - 1]) if more else ""}


def events_asked_for(hub: Hub, call: Call) -> list[EmailEvent]:
    """What passes all filters and comes after the cursor, newest first."""
    newest = to_ms(hub.portal.now) - hub.index.lag_ms
    last = min(call.number("endTimestamp", _FOREVER), newest)
    seen = ""
    if call.text("offset"):
        at, seen = _position(call.text("offset"))
        last = min(last, at)
    rows = hub.portal.tools.emails.between(call.number("startTimestamp", 0), last)
    rows.reverse()
    if seen:
        place = next((place for place, row in enumerate(rows) if row.at_ms < last or row.id == seen), len(rows))
        rows = rows[place + (place < len(rows) and rows[place].id == seen) :]
    return _filtered(hub.portal, call, rows)


def _filtered(portal: Portal, call: Call, rows: list[EmailEvent]) -> list[EmailEvent]:
    kind, recipient = call.text("eventType").upper(), call.text("recipient").lower()
    if kind and kind not in TYPES:
        raise errors.validation(f"Unable to parse value for query parameter: eventType {kind}")
    campaign, app = call.number("campaignId", 0), call.number("appId", APP_ID)
    bots = not call.flag("excludeFilteredEvents")
    # A privacy deletion takes the events of a contact along (unverified).
    return [
        row
        for row in rows
        if kind in ("", row.type)
        and recipient in ("", row.recipient)
        and campaign in (0, row.campaign)
        and app == APP_ID
        and (bots or not row.filtered)
        and portal.knows("contacts", row.contact_id)
    ]


def _cursor(row: EmailEvent) -> str:
    return base64.urlsafe_b64encode(f"{row.at_ms}|{row.id}".encode()).decode()


def _position(cursor: str) -> tuple[int, str]:
    try:
        at, _, id = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return int(at), id
    except ValueError as mistake:
        raise errors.validation("The offset parameter is not valid") from mistake


def list_campaigns(hub: Hub, call: Call) -> Reply:
    """The ids of the campaigns, those sent last first."""
    limit, start = call.number("limit", PAGE) or PAGE, call.number("offset", 0)
    found = sorted(hub.portal.tools.emails.campaigns().items(), reverse=True)
    page = found[start : start + limit]
    more = start + limit < len(found)
    return answer(
        {
            "hasMore": more,
            "offset": str(start + limit) if more else "",
            "campaigns": [
                {"id": id, "appId": APP_ID, "appName": APP_NAME, "lastUpdatedTime": sent} for id, sent in page
            ],
        }
    )


def get_campaign(hub: Hub, call: Call) -> Reply:
    """One campaign with its counters."""
    given = call.path_params["campaign_id"]
    counters: dict[str, int] = {}
    for row in hub.portal.tools.emails.between(0, _FOREVER):
        if str(row.campaign) == given and not row.filtered:
            counters[row.type.lower()] = counters.get(row.type.lower(), 0) + 1
    if not counters:
        raise errors.not_found()
    id = int(given)
    return answer(
        {
            "id": id,
            "appId": APP_ID,
            "appName": APP_NAME,
            "name": subject(id),
            "subject": subject(id),
            "type": "BATCH_EMAIL",
            "counters": counters,
            "numIncluded": counters.get("sent", 0),
        }
    )


_EMAILS = ("/email/public/v1",)

ROUTES: tuple[Route, ...] = (
    Route("GET", _EMAILS, "/events", list_email_events, "content", source=DOCS),
    Route("GET", _EMAILS, "/campaigns", list_campaigns, "content", source=REMEMBERED, verified=False),
    Route("GET", _EMAILS, "/campaigns/by-id", list_campaigns, "content", source=REMEMBERED, verified=False),
    Route("GET", _EMAILS, "/campaigns/{campaign_id}", get_campaign, "content", source=REMEMBERED, verified=False),
)
