"""Enrolment: looked at on each write of a record, and cheap while no workflow is switched on."""

from __future__ import annotations

from hubsync.emulator.clock import to_ms
from hubsync.emulator.flows import Flow
from hubsync.emulator.flows_actions import act
from hubsync.emulator.flows_triggers import Trigger
from hubsync.emulator.lists_members import has
from hubsync.emulator.records import Rec, Revision
from hubsync.emulator.state import Portal


def start(portal: Portal, flow: Flow) -> None:
    """Begin to watch: who meets the criteria now is not enrolled."""
    now = to_ms(portal.now)
    flow.meeting.clear()
    flow.seen.clear()
    for rec in portal.objects[flow.object].values():
        _remember(flow, rec)
        if flow.criteria.filter is not None and flow.criteria.filter.passes(rec, now):
            flow.meeting.add(rec.id)


def follow(portal: Portal, object: str, id: str) -> None:
    """Enrol a record that changed into the workflows it now comes to meet."""
    flows = portal.tools.flows
    if not flows.live:
        return
    rec = portal.objects[object].get(id)
    if rec is None:
        return
    for flow in flows.watching(object):
        _inherit(flow, rec)
        if _wants(portal, flow, rec) and not _suppressed(portal, flow, rec.id):
            flow.enrolled[rec.id] = flow.enrolled.get(rec.id, 0) + 1
            if not flows.acting:
                flows.acting = True
                try:
                    act(portal, flow, rec)
                finally:
                    flows.acting = False


def _wants(portal: Portal, flow: Flow, rec: Rec) -> bool:
    """Whether this change enrols the record."""
    now, criteria = to_ms(portal.now), flow.criteria
    fired = any(_fires(flow, rec, trigger, now) for trigger in criteria.triggers)
    _remember(flow, rec)
    if criteria.filter is None:
        return fired and (criteria.again or rec.id not in flow.enrolled)
    met, before = criteria.filter.passes(rec, now), rec.id in flow.meeting
    if met:
        flow.meeting.add(rec.id)
    else:
        flow.meeting.discard(rec.id)
    came = met and not before and rec.id not in flow.enrolled
    return came or (met and criteria.again and fired)


def _fires(flow: Flow, rec: Rec, trigger: Trigger, now: int) -> bool:
    last = _last(rec, trigger.property)
    if last is None or last is flow.seen.get((rec.id, trigger.property)):
        return False
    return trigger.passes is None or (bool(last.value) and trigger.passes(last.value, now))


def _remember(flow: Flow, rec: Rec) -> None:
    for trigger in flow.criteria.triggers:
        flow.seen[rec.id, trigger.property] = _last(rec, trigger.property)


def _last(rec: Rec, name: str) -> Revision | None:
    revisions = rec.history.get(name)
    return revisions[-1] if revisions else None


def _inherit(flow: Flow, rec: Rec) -> None:
    """The survivor of a merge is no newcomer: it was where the merged records were."""
    if "hs_merged_object_ids" not in rec.properties or rec.id in flow.enrolled or rec.id in flow.meeting:
        return
    olds = rec.properties["hs_merged_object_ids"].split(";")
    if not flow.meeting.isdisjoint(olds):
        flow.meeting.add(rec.id)
    times = sum(flow.enrolled.get(old, 0) for old in olds)
    if times:
        flow.enrolled[rec.id] = 0
    for trigger in flow.criteria.triggers:
        flow.seen.setdefault((rec.id, trigger.property), _last(rec, trigger.property))


def _suppressed(portal: Portal, flow: Flow, id: str) -> bool:
    return any(has(portal, str(one), id) for one in flow.body.get("suppressionListIds") or ())
