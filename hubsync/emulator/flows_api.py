"""Calls about workflows (api-facts §7), a beta of HubSpot's in all its versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.batch import batch_reply, inputs_of
from hubsync.emulator.clock import to_iso
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.flows import Flow
from hubsync.emulator.flows_check import checked_body
from hubsync.emulator.flows_enrol import start
from hubsync.emulator.flows_triggers import criteria_of
from hubsync.emulator.hub import Hub
from hubsync.emulator.plans import FLOWS, includes
from hubsync.emulator.records import OBJECT_TYPES, ObjectType
from hubsync.emulator.route import COMMUNITY, Route

PAGE = 100
MOST_READ = 100
_SUMMARY = ("isEnabled", "objectTypeId", "name", "flowType", "type")
_SEND_EMAIL = "0-4"


def _need_plan(hub: Hub) -> None:
    if not includes(hub.portal.plan, "workflows"):
        raise errors.not_in_plan("workflows")


def _need(hub: Hub, id: str) -> Flow:
    _need_plan(hub)
    if not id.isdecimal():
        message = "Unable to parse value for path parameter: flowId"
        raise errors.Refusal(400, {"status": "error", "message": message, "correlationId": ""})
    flow = hub.portal.tools.flows.live.get(id)
    if flow is None:
        raise errors.not_found()
    return flow


def list_flows(hub: Hub, call: Call) -> Reply:
    """The workflows in short, by id."""
    _need_plan(hub)
    limit, after = call.number("limit", PAGE), call.number("after", 0)
    if not 0 < limit <= PAGE:
        raise errors.validation(f"The limit of a page is {PAGE}")
    rest = [flow for flow in hub.portal.tools.flows.live.values() if int(flow.id) > after]
    page: dict[str, Any] = {"results": [_shown(flow, _SUMMARY) for flow in rest[:limit]]}
    if len(rest) > limit:
        last = rest[limit - 1].id
        page["paging"] = {"next": {"after": last, "link": call.link(last)}}
    return answer(page)


def get_flow(hub: Hub, call: Call) -> Reply:
    """One workflow, whole."""
    return answer(_shown(_need(hub, call.path_params["flow_id"])))


def create_flow(hub: Hub, call: Call) -> Reply:
    """Create a workflow; when it is enabled it enrols those who come to meet its criteria from now on."""
    _need_plan(hub)
    flows, most = hub.portal.tools.flows, FLOWS.get(hub.portal.plan)
    if most is not None and len(flows.live) >= most:
        raise errors.validation(f"The limit of {most} workflows is reached")
    body, kind = checked_body(call.json())
    criteria = criteria_of(hub.portal, kind, body.get("enrollmentCriteria"))
    _need_lists(hub, body)
    now = to_iso(hub.portal.now)
    flow = Flow(flows.new_id(), kind.name, body, criteria, now, now)
    flows.live[flow.id] = flow
    if flow.enabled:
        start(hub.portal, flow)
    return answer(_shown(flow), 201)


def _need_lists(hub: Hub, body: Mapping[str, Any]) -> None:
    missing = [str(id) for id in body["suppressionListIds"] if str(id) not in hub.portal.tools.lists.live]
    if missing:
        raise errors.validation(f"Invalid request to flow creation: list {missing[0]} does not exist")


def replace_flow(hub: Hub, call: Call) -> Reply:
    """Replace a workflow whole; 409 if its `revisionId` is not the present one."""
    flow, given = _need(hub, call.path_params["flow_id"]), call.json()
    if given.get("revisionId") is None:
        raise errors.validation("Invalid request to flow update: required fields: [revisionId]")
    if str(given["revisionId"]) != str(flow.revision):
        # The text is unverified.
        raise errors.conflict(f"Flow {flow.id} was changed since revision {given['revisionId']}")
    body, kind = checked_body(given)
    if kind.name != flow.object:
        raise errors.validation("Invalid request to flow update: objectTypeId cannot be changed")
    _need_lists(hub, body)
    _take_over(hub, flow, body, kind)
    return answer(_shown(flow))


def _take_over(hub: Hub, flow: Flow, body: dict[str, Any], kind: ObjectType) -> None:
    """A workflow that is switched on, or whose criteria change, begins to watch anew."""
    criteria = criteria_of(hub.portal, kind, body.get("enrollmentCriteria"))
    was_on, before = flow.enabled, flow.body.get("enrollmentCriteria")
    flow.body, flow.criteria = body, criteria
    flow.revision += 1
    flow.updated_at = to_iso(hub.portal.now)
    if flow.enabled and not (was_on and before == body.get("enrollmentCriteria")):
        start(hub.portal, flow)


def delete_flow(hub: Hub, call: Call) -> Reply:
    """Delete a workflow for good."""
    del hub.portal.tools.flows.live[_need(hub, call.path_params["flow_id"]).id]
    return Reply(204)


def batch_read_flows(hub: Hub, call: Call) -> Reply:
    """Several workflows by `flowId`; those that do not exist are one error of a 207."""
    _need_plan(hub)
    ids = [str(one.get("flowId") or one.get("id") or "") for one in inputs_of(call, MOST_READ)]
    live = hub.portal.tools.flows.live
    missing = [id for id in ids if id not in live]
    mistakes = [errors.objects_not_found("FLOW", missing)] if missing else []
    return batch_reply(hub.portal, [_shown(live[id]) for id in ids if id in live], mistakes)


def list_email_campaigns(hub: Hub, call: Call) -> Reply:
    """Which marketing emails the workflows send (actions 0-4)."""
    _need_plan(hub)
    wanted = set(call.names("flowId"))
    found = [
        {"flowId": flow.id, "emailCampaignId": str((action.get("fields") or {}).get("content_id", ""))}
        for flow in hub.portal.tools.flows.live.values()
        for action in flow.body["actions"]
        if action.get("actionTypeId") == _SEND_EMAIL and (not wanted or flow.id in wanted)
    ]
    return answer({"results": found})


def _shown(flow: Flow, names: tuple[str, ...] = ()) -> dict[str, Any]:
    body = {name: flow.body[name] for name in names if name in flow.body} if names else flow.body
    return body | {
        "id": flow.id,
        "objectTypeId": OBJECT_TYPES[flow.object].type_id,
        "revisionId": str(flow.revision),
        "createdAt": flow.created_at,
        "updatedAt": flow.updated_at,
    }


FLOWS_FAMILY = ("/automation/v4/flows", "/automation/2026-09-beta/flows", "/automation/v4/2027-03-beta/flows")

ROUTES: tuple[Route, ...] = (
    Route("GET", FLOWS_FAMILY, "", list_flows, "flows"),
    Route("POST", FLOWS_FAMILY, "", create_flow, "flows", limit="exempt"),
    Route("POST", FLOWS_FAMILY, "/batch/read", batch_read_flows, "flows"),
    Route("GET", FLOWS_FAMILY, "/email-campaigns", list_email_campaigns, "flows", verified=False),
    Route("GET", FLOWS_FAMILY, "/{flow_id}", get_flow, "flows"),
    Route("PUT", FLOWS_FAMILY, "/{flow_id}", replace_flow, "flows", source=COMMUNITY, limit="exempt"),
    Route("DELETE", FLOWS_FAMILY, "/{flow_id}", delete_flow, "flows"),
)
