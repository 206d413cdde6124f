"""Contacts as v1 has them: what goes on of it since the lists of v1 ended in 2026."""

from __future__ import annotations

import heapq
from datetime import timedelta
from typing import Any

from hubsync.emulator.clock import read_moment, to_ms
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.legacy.shapes import Page, contact_values, linked_ids, need
from hubsync.emulator.legacy.writes import changed, made, pairs_of
from hubsync.emulator.records import OBJECT_TYPES, Rec
from hubsync.emulator.route import COMMUNITY, DOCS, Route
from hubsync.emulator.state import Portal

PAGE, LARGEST_PAGE = 20, 100
RECENT = timedelta(days=30)
_DEFAULTS = ("firstname", "lastname", "company", "lastmodifieddate")
_KIND = OBJECT_TYPES["contacts"]


def all_contacts(hub: Hub, call: Call) -> Reply:
    """All contacts in the order of their ids, 20 a page (100 at most); `vid-offset` leads on."""
    found, more = (page := Page(call, "count", "vidOffset", PAGE, LARGEST_PAGE)).of(hub.portal, "contacts")
    last = int(found[-1].id) if found else page.after
    return answer({"contacts": [_listed(hub.portal, call, rec) for rec in found], "has-more": more, "vid-offset": last})


def recently_updated(hub: Hub, call: Call) -> Reply:
    """The contacts that changed within 30 days, newest first; `time-offset` and `vid-offset` lead on."""
    return _recent(hub, call, created=False)


def recently_created(hub: Hub, call: Call) -> Reply:
    """The contacts that were made within 30 days, newest first; `time-offset` and `vid-offset` lead on."""
    return _recent(hub, call, created=True)


def _recent(hub: Hub, call: Call, *, created: bool) -> Reply:
    portal, page = hub.portal, Page(call, "count", "vidOffset", PAGE, LARGEST_PAGE)
    before = (call.number("timeOffset", 0) or 2**62, page.after or 2**62)
    oldest = to_ms(portal.now - RECENT)

    def position(rec: Rec) -> tuple[int, int]:
        ms = (read_moment(rec.created_at) or 0) if created else rec.updated_ms
        return ms, int(rec.id)

    behind = (rec for rec in portal.objects["contacts"].values() if (oldest, 0) <= position(rec) < before)
    found = heapq.nlargest(page.limit + 1, behind, key=position)
    shown = found[: page.limit]
    time, vid = position(shown[-1]) if shown else (call.number("timeOffset", 0), page.after)
    return answer(
        {
            "contacts": [_listed(portal, call, rec) for rec in shown],
            "has-more": len(found) > page.limit,
            "vid-offset": vid,
            "time-offset": time,
        }
    )


def profile(hub: Hub, call: Call) -> Reply:
    """One contact with all its properties and their history."""
    return answer(_profile(hub.portal, call, need(hub.portal, "contacts", call.path_params["vid"])))


def profile_by_email(hub: Hub, call: Call) -> Reply:
    """One contact by its email, with all its properties and their history."""
    return answer(_profile(hub.portal, call, _by_email(hub.portal, call)))


def profiles(hub: Hub, call: Call) -> Reply:
    """Several contacts by `vid` or `email`, keyed by id; those that are not there are left out."""
    portal = hub.portal
    ids = call.names("vid") + [portal.find("contacts", "email", email) or "" for email in call.names("email")]
    found = [portal.objects["contacts"].get(portal.resolve("contacts", id)) for id in ids]
    return answer({rec.id: _profile(portal, call, rec) for rec in found if rec is not None})


def search_query(hub: Hub, call: Call) -> Reply:
    """The contacts in which name, email, company or phone contain `q`, 20 a page (100 at most)."""
    word = call.text("q").lower()
    page = Page(call, "count", "offset", PAGE, LARGEST_PAGE)
    names = ("email", "firstname", "lastname", "company", "phone")
    found = [
        rec
        for rec in hub.portal.objects["contacts"].values()
        if any(word in rec.properties.get(name, "").lower() for name in names)
    ]
    shown = found[page.after : page.after + page.limit]
    return answer(
        {
            "query": call.text("q"),
            "total": len(found),
            "offset": page.after + len(shown),
            "has-more": page.after + len(shown) < len(found),
            "contacts": [_listed(hub.portal, call, rec) for rec in shown],
        }
    )


def create_contact(hub: Hub, call: Call) -> Reply:
    """Makes a contact of `{property, value}` pairs; 409 for an email that is there."""
    return answer(_profile(hub.portal, call, made(hub, call, _KIND, _given(call))))


def update_contact(hub: Hub, call: Call) -> Reply:
    """Changes a contact by its id; 204."""
    changed(
        hub,
        call,
        _KIND,
        need(hub.portal, "contacts", call.path_params["vid"]),
        _given(call),
    )
    return Reply(204)


def archive_contact(hub: Hub, call: Call) -> Reply:
    """Puts a contact into the recycle bin."""
    rec = need(hub.portal, "contacts", call.path_params["vid"])
    hub.portal.archive("contacts", rec.id, hub.portal.now)
    return answer({"vid": int(rec.id), "deleted": True, "reason": "OK"})


def update_by_email(hub: Hub, call: Call) -> Reply:
    """Changes a contact by its email; 204."""
    changed(hub, call, _KIND, _by_email(hub.portal, call), _given(call))
    return Reply(204)


def create_or_update(hub: Hub, call: Call) -> Reply:
    """Changes the contact with an email, or makes it."""
    given, email = _given(call), call.path_params["email"]
    id = hub.portal.find("contacts", "email", email)
    if id is None:
        rec = made(hub, call, _KIND, {"email": email} | given)
    else:
        rec = hub.portal.objects["contacts"][id]
        changed(hub, call, _KIND, rec, given)
    return answer({"vid": int(rec.id), "isNew": id is None})


def _given(call: Call) -> dict[str, Any]:
    return pairs_of(call.json().get("properties") or [], "property")


def _by_email(portal: Portal, call: Call) -> Rec:
    return need(portal, "contacts", portal.find("contacts", "email", call.path_params["email"]) or "")


def _listed(portal: Portal, call: Call, rec: Rec) -> dict[str, Any]:
    history = call.text("propertyMode") == "value_and_history"
    names = call.names("property") or list(_DEFAULTS)
    version = {"versionTimestamp": rec.updated_ms} if call.flag("includeVersion") else {}
    return (
        _frame(portal, rec)
        | version
        | {
            "addedAt": read_moment(rec.created_at),
            "properties": contact_values(portal, rec, names, history=history),
        }
    )


def _profile(portal: Portal, call: Call, rec: Rec) -> dict[str, Any]:
    names = call.names("property") or sorted(rec.properties)
    history = call.text("propertyMode") != "value_only"
    shown = _frame(portal, rec) | {
        "properties": contact_values(portal, rec, names, history=history),
        "list-memberships": [],
    }
    companies = linked_ids(portal, "contacts", rec.id, "companies")
    if companies:
        values = portal.objects["companies"][str(companies[0])].properties
        shown["associated-company"] = {
            "company-id": companies[0],
            "portal-id": portal.portal_id,
            "properties": {name: {"value": value} for name, value in values.items()},
        }
    return shown


def _frame(portal: Portal, rec: Rec) -> dict[str, Any]:
    created = read_moment(rec.created_at)
    email = rec.properties.get("email")
    identities = [{"type": "EMAIL", "value": email, "timestamp": created, "is-primary": True}] if email else []
    return {
        "vid": int(rec.id),
        "canonical-vid": int(rec.id),
        "merged-vids": list(map(int, rec.merged_ids)),
        "portal-id": portal.portal_id,
        "is-contact": True,
        "profile-url": f"https://app.hubspot.com/contacts/{portal.portal_id}/contact/{rec.id}",
        "form-submissions": [],
        "identity-profiles": [
            {
                "vid": int(rec.id),
                "saved-at-timestamp": created,
                "deleted-changed-timestamp": 0,
                "identities": identities,
            }
        ],
        "merge-audits": [],
    }


_LISTS, _ONE = ("/contacts/v1/lists",), ("/contacts/v1/contact",)


def _route(method: str, family: tuple[str, ...], template: str, handler: Any, *, known: bool = False) -> Route:
    needs = "objects:read" if method == "GET" else "objects:write"
    source = DOCS if known else COMMUNITY
    return Route(method, family, template, handler, needs, type="contacts", source=source, verified=known)


ROUTES: tuple[Route, ...] = (
    _route("GET", _LISTS, "/all/contacts/all", all_contacts, known=True),
    _route("GET", _LISTS, "/recently_updated/contacts/recent", recently_updated, known=True),
    _route("GET", _LISTS, "/all/contacts/recent", recently_created, known=True),
    _route("GET", _ONE, "/vid/{vid}/profile", profile),
    _route("POST", _ONE, "/vid/{vid}/profile", update_contact),
    _route("DELETE", _ONE, "/vid/{vid}", archive_contact),
    _route("GET", _ONE, "/vids/batch", profiles),
    _route("GET", _ONE, "/email/{email}/profile", profile_by_email),
    _route("POST", _ONE, "/email/{email}/profile", update_by_email),
    _route("GET", _ONE, "/emails/batch", profiles),
    _route("POST", _ONE, "", create_contact),
    _route("POST", _ONE, "/createOrUpdate/email/{email}", create_or_update),
    _route("GET", ("/contacts/v1/search",), "/query", search_query),
)
