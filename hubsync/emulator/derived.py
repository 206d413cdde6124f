"""What HubSpot works out by itself from what a call wrote into a record.

Which properties follow is known from their names and from portals; that they follow at once, and that a close date is
filled in only where there is none, is unverified.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubsync.emulator.clock import to_iso
from hubsync.emulator.records import Rec
from hubsync.emulator.rules import STAGES
from hubsync.emulator.state import Portal

SOURCE = "CALCULATED"


def derive(portal: Portal, object: str, id: str, written: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Write what follows from the values that changed."""
    changed = {name: value for name, value in written.items() if value and value != before.get(name)}
    if not changed:
        return
    rec, now = portal.objects[object][id], to_iso(portal.now)
    values: dict[str, str] = {}
    if stage := changed.get(STAGES[object][1] if object in STAGES else ""):
        values |= _stage(portal, object, rec, stage, now)
    if stage := changed.get("lifecyclestage"):
        names = (f"hs_lifecyclestage_{stage}_date", f"hs_v2_date_entered_{stage}", f"hs_date_entered_{stage}")
        values |= dict.fromkeys(names, now)
    if "hubspot_owner_id" in changed:
        values["hubspot_owner_assigneddate"] = now
    if "email" in changed:
        values["hs_email_domain"] = changed["email"].rpartition("@")[2]
    live = portal.properties[object].live
    known = {name: value for name, value in values.items() if name in live}
    if known:
        portal.set(object, id, known, at=portal.now, source=SOURCE)


def _stage(portal: Portal, object: str, rec: Rec, stage: str, now: str) -> dict[str, str]:
    pipelines = portal.directory.pipelines[object].values()
    stages = {one["id"]: one["metadata"] for held in pipelines for one in held["stages"]}
    metadata: Mapping[str, str] = stages.get(stage, {})
    closed = metadata.get("isClosed") == "true"
    values = {"hs_is_closed": "true" if closed else "false", "hs_v2_date_entered_current_stage": now}
    values[f"hs_v2_date_entered_{stage}"] = now
    if object == "deals":
        probability = metadata.get("probability", "")
        values |= {
            "hs_deal_stage_probability": probability,
            "hs_is_closed_won": "true" if closed and float(probability or 0) == 1 else "false",
            "hs_is_closed_lost": "true" if closed and float(probability or 0) == 0 else "false",
        }
    closing = "closedate" if object == "deals" else "closed_date"
    if closed and not rec.properties.get(closing):
        values[closing] = now
    return values
