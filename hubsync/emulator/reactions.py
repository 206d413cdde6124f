"""What HubSpot does by itself after a change: lists and workflows look again, counters of records follow.

Lists and workflows follow every write of a record, whoever made it. Counters follow what a call brought about; the
world of the emulator keeps its own. Unverified: which engagements move which counter, and that counting associations
moves no modified date, while the date of the last activity does, as any property.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hubsync.emulator.clock import read_moment, to_iso, to_ms
from hubsync.emulator.exchange import Call, Reply
from hubsync.emulator.flows_enrol import follow
from hubsync.emulator.hub import Handler, Hub
from hubsync.emulator.records import ENGAGEMENTS, Revision, revisions_kept
from hubsync.emulator.state import Portal

_SOURCE = "CALCULATED"
_COUNTED = {
    "contacts": {"deals": "num_associated_deals"},
    "companies": {"contacts": "num_associated_contacts", "deals": "num_associated_deals"},
    "deals": {"contacts": "num_associated_contacts"},
}
_ACTIVE = frozenset({"contacts", "companies", "deals", "tickets"})
_NOTED = ("calls", "emails", "meetings", "notes", "tasks")
_CONTACTED = ("calls", "emails", "meetings", "communications")


def watch(portal: Portal) -> None:
    """Let lists and workflows follow the changes of records, and calls the changes of associations."""
    portal.watchers.append(lambda object, id: _noticed(portal, object, id))
    portal.associations.on_link = portal.tools.linked


def _noticed(portal: Portal, object: str, id: str) -> None:
    tools = portal.tools
    if object in tools.lists.dynamic:
        rec = portal.objects[object].get(id)
        tools.lists.note(object, id, max(to_ms(portal.now), rec.updated_ms if rec else 0))
    follow(portal, object, id)


def followed(hub: Hub, call: Call, handler: Handler) -> Reply:
    """Answer a call, and let the counters follow what it did."""
    if call.method == "GET":
        return handler(hub, call)
    tools = hub.portal.tools
    tools.links = set()
    try:
        return handler(hub, call)
    finally:
        links, tools.links = sorted(tools.links), None
        for object, id, end, other in links:
            _count(hub.portal, object, id, end)
            _acted(hub.portal, object, id, end, other)


def _count(portal: Portal, object: str, id: str, end: str) -> None:
    """Count the associated records, without touching the modified date."""
    name, rec = _COUNTED.get(object, {}).get(end), portal.objects[object].get(id)
    if name is None or rec is None or name not in portal.properties[object].live:
        return
    count = len(portal.associations.of(object, id, end))
    value = str(count) if count else ("0" if rec.properties.get(name) else "")
    if value != rec.properties.get(name, ""):
        rec.properties[name] = value
        revisions = rec.history.setdefault(name, [])
        revisions.append(Revision(to_ms(portal.now), value, _SOURCE, ""))
        del revisions[: -revisions_kept(object)]
        for watcher in portal.watchers:
            watcher(object, id)


def _acted(portal: Portal, object: str, id: str, end: str, other: str) -> None:
    """The last activity of a record that an engagement came to."""
    engagement, rec = portal.objects[end].get(other) if end in ENGAGEMENTS else None, portal.objects[object].get(id)
    linked = portal.associations.of(object, id, end)
    if object not in _ACTIVE or engagement is None or rec is None or other not in linked:
        return
    noted = sum(len(portal.associations.of(object, id, kind)) for kind in _NOTED)
    before = rec.properties.get("notes_last_updated", "")
    values = {"num_notes": str(noted), "notes_last_updated": max(before, engagement.created_at)}
    happened = read_moment(engagement.properties.get("hs_timestamp", ""))
    if end in _CONTACTED and happened is not None and happened <= to_ms(portal.now):
        times = sum(len(portal.associations.of(object, id, kind)) for kind in _CONTACTED)
        values["num_contacted_notes"] = str(times)
        last = read_moment(rec.properties.get("notes_last_contacted", ""))
        if last is None or happened > last:
            values["notes_last_contacted"] = engagement.properties["hs_timestamp"]
    _derive(portal, object, id, values, portal.now)


def _derive(portal: Portal, object: str, id: str, values: Mapping[str, str], at: datetime) -> None:
    live = portal.properties[object].live
    known = {name: value for name, value in values.items() if name in live}
    if known:
        portal.set(object, id, known, at=at, source=_SOURCE)


def converted(portal: Portal, contact: str, event: str, at: datetime) -> None:
    """Count a form that a contact sent in, on the contact and on its companies."""
    rec = portal.objects["contacts"][contact]
    olds = rec.properties.get("hs_merged_object_ids", "").split(";")
    unique = len(portal.tools.forms.used_by([contact, *olds]))
    moment = to_iso(at)
    values = _conversion(rec.properties, event, moment) | {"num_unique_conversion_events": str(unique)}
    if not rec.properties.get("first_conversion_date"):
        values |= {"first_conversion_date": moment, "first_conversion_event_name": event}
    _derive(portal, "contacts", contact, values, portal.now)
    for company in list(portal.associations.of("contacts", contact, "companies")):
        before = portal.objects["companies"][company].properties
        _derive(portal, "companies", company, _conversion(before, event, moment), portal.now)


def _conversion(before: Mapping[str, str], event: str, moment: str) -> dict[str, str]:
    return {
        "num_conversion_events": str(int(before.get("num_conversion_events") or 0) + 1),
        "recent_conversion_date": moment,
        "recent_conversion_event_name": event,
    }
