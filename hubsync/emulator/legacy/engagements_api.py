"""Calls, emails, meetings, notes and tasks as v1 has them: all of them in one stream of engagements."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment, to_ms
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.legacy.shapes import Page, linked_ids
from hubsync.emulator.records import Rec
from hubsync.emulator.route import COMMUNITY, Route
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import object_type

PAGE, LARGEST_PAGE = 100, 250
RECENT_PAGE, LARGEST_RECENT_PAGE, MOST_RECENT = 20, 100, 10_000
LARGEST_PAGE_AFTER = 1_000
RECENT = timedelta(days=30)

TYPES = {"calls": "CALL", "emails": "EMAIL", "meetings": "MEETING", "notes": "NOTE", "tasks": "TASK"}
# The properties behind the fields of `metadata`.
METADATA: dict[str, dict[str, str]] = {
    "calls": {
        "toNumber": "hs_call_to_number",
        "fromNumber": "hs_call_from_number",
        "status": "hs_call_status",
        "durationMilliseconds": "hs_call_duration",
        "body": "hs_call_body",
        "disposition": "hs_call_disposition",
    },
    "emails": {
        "subject": "hs_email_subject",
        "html": "hs_email_html",
        "text": "hs_email_text",
        "status": "hs_email_status",
    },
    "meetings": {
        "title": "hs_meeting_title",
        "body": "hs_meeting_body",
        "startTime": "hs_meeting_start_time",
        "endTime": "hs_meeting_end_time",
        "meetingOutcome": "hs_meeting_outcome",
    },
    "notes": {"body": "hs_note_body"},
    "tasks": {
        "subject": "hs_task_subject",
        "body": "hs_task_body",
        "status": "hs_task_status",
        "taskType": "hs_task_type",
        "priority": "hs_task_priority",
    },
}
ENDS = {"contactIds": "contacts", "companyIds": "companies", "dealIds": "deals", "ticketIds": "tickets"}
_MOMENTS = ("startTime", "endTime", "durationMilliseconds")

Engagement = tuple[str, Rec]


def paged(hub: Hub, call: Call) -> Reply:
    """All engagements in the order of their ids, 100 a page (250 at most); `offset` leads on."""
    page = Page(call, "limit", "offset", PAGE, LARGEST_PAGE)
    per_type = [
        [(id, object) for id in hub.portal.ids_from(object, page.after + 1, page.limit + 1)] for object in TYPES
    ]
    ids = list(heapq.merge(*per_type))[: page.limit + 1]
    shown = [shape_of(hub.portal, object, hub.portal.objects[object][str(id)]) for id, object in ids[: page.limit]]
    last = ids[len(shown) - 1][0] if shown else page.after
    return answer({"results": shown, "hasMore": len(ids) > page.limit, "offset": last})


def recently_modified(hub: Hub, call: Call) -> Reply:
    """The newest 10,000 engagements that changed within 30 days, newest first; 20 a page, more than 100 is 100."""
    portal, page = hub.portal, Page(call, "count", "offset", RECENT_PAGE, LARGEST_RECENT_PAGE)
    since = max(call.number("since", 0), to_ms(portal.now - RECENT))
    found = sorted((one for one in _all(portal) if one[1].updated_ms >= since), key=_position, reverse=True)
    found = found[:MOST_RECENT]
    shown = found[page.after : page.after + page.limit]
    return answer(
        {
            "results": [shape_of(portal, *one) for one in shown],
            "hasMore": page.after + len(shown) < len(found),
            "offset": page.after + len(shown),
            "total": len(found),
        }
    )


def modified_after(hub: Hub, call: Call) -> Reply:
    """Engagements that changed after a moment or a cursor, 100 a page (1,000 at most); `after` leads on."""
    portal, limit = hub.portal, min(call.number("limit", PAGE) or PAGE, LARGEST_PAGE_AFTER)
    position = _position_of(call.text("after"))
    found = heapq.nsmallest(limit + 1, (one for one in _all(portal) if _position(one) > position), key=_position)
    shown = found[:limit]
    last = _position(shown[-1]) if shown else position
    cursor = base64.urlsafe_b64encode(f"{last[0]}|{last[1]}".encode()).decode()
    return answer(
        {"results": [shape_of(portal, *one) for one in shown], "hasMore": len(found) > limit, "after": cursor}
    )


def engagement(hub: Hub, call: Call) -> Reply:
    """One engagement by its id."""
    id = call.path_params["id"]
    found = next((object for object in TYPES if id in hub.portal.objects[object]), None)
    if found is None:
        raise errors.not_found()
    return answer(shape_of(hub.portal, found, hub.portal.objects[found][id]))


def of_record(hub: Hub, call: Call) -> Reply:
    """The engagements of a contact, company or deal, 100 a page; `offset` leads on."""
    kind, page = object_type(call.path_params["kind"]), Page(call, "limit", "offset", PAGE, PAGE)
    ids = sorted(
        (id, object)
        for object in TYPES
        for id in linked_ids(hub.portal, kind.name, call.path_params["id"], object)
        if id > page.after
    )
    shown = ids[: page.limit]
    return answer(
        {
            "results": [shape_of(hub.portal, object, hub.portal.objects[object][str(id)]) for id, object in shown],
            "hasMore": len(ids) > page.limit,
            "offset": shown[-1][0] if shown else page.after,
        }
    )


def _all(portal: Portal) -> Iterator[Engagement]:
    for object in TYPES:
        for rec in portal.objects[object].values():
            yield object, rec


def _position(one: Engagement) -> tuple[int, int]:
    return one[1].updated_ms, int(one[1].id)


def _position_of(after: str) -> tuple[int, int]:
    if not after:
        return 0, 0
    if after.isdecimal():
        return int(after), 0
    try:
        ms, id = base64.urlsafe_b64decode(after).decode().split("|")
        return int(ms), int(id)
    except ValueError as mistake:
        raise errors.validation("The after parameter is not valid") from mistake


def type_of(object: str, rec: Rec) -> str:
    """What HubSpot calls an engagement of this object type."""
    return "INCOMING_EMAIL" if rec.properties.get("hs_email_direction") == "INCOMING_EMAIL" else TYPES[object]


def shape_of(portal: Portal, object: str, rec: Rec) -> dict[str, Any]:
    """An engagement as v1 shows it."""
    values = rec.properties
    owner = values.get("hubspot_owner_id", "")
    metadata: dict[str, Any] = {}
    for field, name in METADATA[object].items():
        if values.get(name):
            metadata[field] = read_moment(values[name]) if field in _MOMENTS else values[name]
    return {
        "engagement": {
            "id": int(rec.id),
            "portalId": portal.portal_id,
            "active": True,
            "createdAt": read_moment(rec.created_at),
            "lastUpdated": rec.updated_ms,
            "ownerId": int(owner) if owner.isdecimal() else None,
            "type": type_of(object, rec),
            "timestamp": read_moment(values.get("hs_timestamp", "")) or read_moment(rec.created_at),
        },
        "associations": {field: linked_ids(portal, object, rec.id, end) for field, end in ENDS.items()}
        | {field: [] for field in ("ownerIds", "workflowIds", "contentIds", "quoteIds")},
        "attachments": [],
        "metadata": metadata,
    }


def _route(template: str, handler: Any) -> Route:
    return Route(
        "GET", ("/engagements/v1/engagements",), template, handler, "objects:read",
        type="notes", source=COMMUNITY, verified=False,
    )  # fmt: skip


ROUTES: tuple[Route, ...] = (
    _route("/paged", paged),
    _route("/recent/modified", recently_modified),
    _route("/modified/after", modified_after),
    _route("/{id}", engagement),
    _route("/associated/{kind}/{id}/paged", of_record),
)
