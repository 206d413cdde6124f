"""Marketing emails and who left them, as v1 tells it, and the list of emails of v3."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hubsync.emulator.clock import iso_of_ms
from hubsync.emulator.email_events import STATUSCHANGE, EmailEvent, subject
from hubsync.emulator.email_events_api import events_asked_for, page_of
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.preferences_api import DESCRIPTION, SUBSCRIPTION, SUBSCRIPTION_ID
from hubsync.emulator.route import COMMUNITY, SDK, Route

PAGE, LARGEST_PAGE = 100, 1_000
EMAILS_PAGE, LARGEST_EMAILS_PAGE = 10, 300
_FOREVER = 2**62


def list_definitions(hub: Hub, call: Call) -> Reply:
    """The types of subscription; there is one."""
    del call
    one = {
        "id": SUBSCRIPTION_ID,
        "portalId": hub.portal.portal_id,
        "name": SUBSCRIPTION,
        "description": DESCRIPTION,
        "active": True,
        "internal": False,
        "category": "Marketing",
        "channel": "Email",
    }
    return answer({"subscriptionDefinitions": [one]})


def list_changes(hub: Hub, call: Call) -> Reply:
    """Who opted out of marketing email, newest first, by time (both ends included); 100 a page, 1,000 at most."""
    limit = min(call.number("limit", PAGE) or PAGE, LARGEST_PAGE)
    found = [row for row in events_asked_for(hub, call) if row.type == STATUSCHANGE]
    rows, head = page_of(found, limit)
    return answer(head | {"timeline": [_change(row, hub.portal.portal_id) for row in rows]})


def _change(row: EmailEvent, portal_id: int) -> dict[str, Any]:
    change = {
        "change": "UNSUBSCRIBED",
        "timestamp": row.at_ms,
        "source": "SOURCE_RECIPIENT",
        "portalId": portal_id,
        "subscriptionId": SUBSCRIPTION_ID,
        "changeType": "SUBSCRIPTION_STATUS",
        "causedByEvent": {"id": row.id, "created": row.at_ms},
    }
    return {"timestamp": row.at_ms, "portalId": portal_id, "recipient": row.recipient, "changes": [change]}


def list_with_statistics(hub: Hub, call: Call) -> Reply:
    """The marketing emails with their counters, newest first, 10 a page (300 at most); one for each campaign."""
    limit, start = _cut(call), call.number("offset", 0)
    sent, counters = _sent(hub), _counters(hub)
    page = [
        {
            "id": id,
            "name": subject(id),
            "subject": subject(id),
            "state": "PUBLISHED",
            "isPublished": True,
            "created": at,
            "updated": at,
            "publishDate": at,
            "allEmailCampaignIds": [id],
            "stats": {"counters": counters[id], "ratios": {}, "deviceBreakdown": {}},
        }
        for id, at in sent[start : start + limit]
    ]
    return answer({"objects": page, "total": len(sent), "limit": limit, "offset": start})


def list_emails(hub: Hub, call: Call) -> Reply:
    """The marketing emails, newest first, 10 a page (300 at most); counters with `includeStats=true`."""
    limit, start = _cut(call), call.number("after", 0)
    sent = _sent(hub)
    counters = _counters(hub) if call.flag("includeStats") else {}
    page: dict[str, Any] = {
        "total": len(sent),
        "results": [_email(id, at, counters) for id, at in sent[start : start + limit]],
    }
    if start + limit < len(sent):
        after = str(start + limit)
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def _email(id: int, at: int, counters: dict[int, Counter[str]]) -> dict[str, Any]:
    moment = iso_of_ms(at)
    shown = {
        "id": str(id),
        "name": subject(id),
        "subject": subject(id),
        "type": "BATCH_EMAIL",
        "state": "PUBLISHED",
        "isPublished": True,
        "archived": False,
        "createdAt": moment,
        "updatedAt": moment,
        "publishDate": moment,
        "allEmailCampaignIds": [str(id)],
    }
    return shown | ({"stats": {"counters": counters[id]}} if counters else {})


def _cut(call: Call) -> int:
    return min(call.number("limit", EMAILS_PAGE) or EMAILS_PAGE, LARGEST_EMAILS_PAGE)


def _sent(hub: Hub) -> list[tuple[int, int]]:
    return sorted(hub.portal.tools.emails.campaigns().items(), reverse=True)


def _counters(hub: Hub) -> dict[int, Counter[str]]:
    """How often each thing happened with each email; what programs did does not count."""
    counters: dict[int, Counter[str]] = {}
    for row in hub.portal.tools.emails.between(0, _FOREVER):
        if not row.filtered:
            counters.setdefault(row.campaign, Counter())[row.type.lower()] += 1
    return counters


_EMAILS, _MARKETING = ("/email/public/v1",), ("/marketing-emails/v1/emails",)

ROUTES: tuple[Route, ...] = (
    Route("GET", _EMAILS, "/subscriptions", list_definitions, "content", source=COMMUNITY, verified=False),
    Route("GET", _EMAILS, "/subscriptions/timeline", list_changes, "content", source=COMMUNITY, verified=False),
    Route("GET", _MARKETING, "/with-statistics", list_with_statistics, "content", source=COMMUNITY, verified=False),
    Route("GET", ("/marketing/v3/emails",), "", list_emails, "content", source=SDK, verified=False),
)
