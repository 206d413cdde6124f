"""Forms as v2 has them, and the workflows of contacts as v3 has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.flows import Flow
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import COMMUNITY, DOCS, Route


def list_forms(hub: Hub, call: Call) -> Reply:
    """All forms as a bare list."""
    del call
    defined = hub.portal.tools.forms.defined.values()
    return answer([_form(hub.portal.portal_id, one) for one in defined if not one["archived"]])


def get_form(hub: Hub, call: Call) -> Reply:
    """One form by its guid."""
    found = hub.portal.tools.forms.defined.get(call.path_params["guid"])
    if found is None:
        raise errors.not_found()
    return answer(_form(hub.portal.portal_id, found))


def _form(portal_id: int, form: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "portalId": portal_id,
        "guid": form["id"],
        "name": form["name"],
        "action": "",
        "method": "POST",
        "cssClass": "",
        "redirect": "",
        "submitText": "Submit",
        "followUpId": "",
        "notifyRecipients": "",
        "leadNurturingCampaignId": "",
        "formFieldGroups": [
            {"fields": [_field(one) for one in group["fields"]], "default": True, "isSmartGroup": False}
            for group in form["fieldGroups"]
        ],
        "createdAt": read_moment(form["createdAt"]),
        "updatedAt": read_moment(form["updatedAt"]),
        "formType": str(form["formType"]).upper(),
        "captchaEnabled": False,
        "deletable": True,
    }


def _field(field: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": field["name"],
        "label": field["label"],
        "type": "string",
        "fieldType": "text",
        "required": field["required"],
        "hidden": field["hidden"],
        "enabled": True,
        "options": [],
    }


def list_workflows(hub: Hub, call: Call) -> Reply:
    """The workflows of contacts; those of other object types are in v4 only."""
    del call
    flows = hub.portal.tools.flows.live.values()
    return answer({"workflows": [_workflow(one) for one in flows if one.object == "contacts"]})


def _workflow(flow: Flow) -> dict[str, Any]:
    return {
        "id": int(flow.id),
        "name": flow.body.get("name"),
        "type": "DRIP_DELAY",
        "enabled": flow.enabled,
        "insertedAt": read_moment(flow.created_at),
        "updatedAt": read_moment(flow.updated_at),
        "personaTagIds": [],
        # In HubSpot these are the ids of lists that it keeps for each workflow; here are none.
        "contactListIds": {"enrolled": 0, "active": 0, "completed": 0, "succeeded": 0},
    }


_FORMS = ("/forms/v2/forms",)

ROUTES: tuple[Route, ...] = (
    Route("GET", _FORMS, "", list_forms, "forms", source=DOCS, verified=False),
    Route("GET", _FORMS, "/{guid}", get_form, "forms", source=DOCS, verified=False),
    Route("GET", ("/automation/v3/workflows",), "", list_workflows, "flows", source=COMMUNITY, verified=False),
)
