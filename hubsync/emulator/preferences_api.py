"""Calls about users, campaigns and who may be written to, as far as programs ask for them (api-facts §0).

The portal has one type of subscription; who opted out of marketing email is not subscribed to it.
"""

from __future__ import annotations

from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import COMMUNITY, SDK, Route

SUBSCRIPTION_ID, SUBSCRIPTION = 1_000_001, "Marketing Information"
DESCRIPTION = "Marketing offers and updates."
_SINCE = "2024-01-08T09:00:00.000Z"


def definitions(hub: Hub, call: Call) -> Reply:
    """The types of subscription; there is one."""
    del hub, call
    return answer(
        {
            "subscriptionDefinitions": [
                {
                    "id": str(SUBSCRIPTION_ID),
                    "name": SUBSCRIPTION,
                    "description": DESCRIPTION,
                    "purpose": "Marketing",
                    "communicationMethod": "Email",
                    "isActive": True,
                    "isDefault": True,
                    "isInternal": False,
                    "createdAt": _SINCE,
                    "updatedAt": _SINCE,
                }
            ]
        }
    )


def status(hub: Hub, call: Call) -> Reply:
    """Whether a contact may be written to, by its email."""
    email = call.path_params["email"]
    return answer({"recipient": email, "subscriptionStatuses": [_status(hub, email)]})


def statuses(hub: Hub, call: Call) -> Reply:
    """Whether a contact may be written to, by its email, as newer versions tell it."""
    email = call.path_params["email"]
    known = _status(hub, email)
    return answer(
        {
            "results": [
                {
                    "subscriptionId": SUBSCRIPTION_ID,
                    "subscriptionName": SUBSCRIPTION,
                    "subscriberIdString": email,
                    "channel": "EMAIL",
                    "status": "SUBSCRIBED" if known["status"] == "SUBSCRIBED" else "UNSUBSCRIBED",
                    "source": known["sourceOfStatus"],
                }
            ]
        }
    )


def _status(hub: Hub, email: str) -> dict[str, Any]:
    id = hub.portal.find("contacts", "email", email)
    if id is None:
        raise errors.not_found()
    out = hub.portal.objects["contacts"][id].properties.get("hs_email_optout") == "true"
    return {
        "id": str(SUBSCRIPTION_ID),
        "name": SUBSCRIPTION,
        "description": DESCRIPTION,
        "status": "NOT_SUBSCRIBED" if out else "SUBSCRIBED",
        "sourceOfStatus": "PORTAL_WIDE_STATUS" if out else "SUBSCRIPTION_STATUS",
        "legalBasis": None,
        "legalBasisExplanation": None,
    }


def users(hub: Hub, call: Call) -> Reply:
    """The users behind the owners of the portal, all at once."""
    del call
    owners = hub.portal.directory.owners.values()
    return answer(
        {
            "results": [
                {"id": str(one["userId"]), "email": one["email"], "roleIds": [], "superAdmin": False}
                for one in owners
                if not one["archived"]
            ]
        }
    )


def campaigns(hub: Hub, call: Call) -> Reply:
    """The campaigns of the portal; there are none."""
    del hub, call
    return answer({"total": 0, "results": []})


ROUTES: tuple[Route, ...] = (
    Route("GET", ("/communication-preferences/v3",), "/definitions", definitions, "subscriptions", source=SDK),
    Route("GET", ("/communication-preferences/v3",), "/status/email/{email}", status, "subscriptions", source=SDK),
    Route(
        "GET",
        ("/communication-preferences/v4", "/communication-preferences/2026-09"),
        "/statuses/{email}",
        statuses,
        "subscriptions",
        source=COMMUNITY,
        verified=False,
    ),
    Route("GET", ("/settings/v3/users",), "", users, source=SDK, verified=False),
    Route("GET", ("/marketing/v3/campaigns",), "", campaigns, source=COMMUNITY, verified=False),
)
