"""Calls about the account: details, usage, tokens, owners and pipelines (api-facts §1, §8)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hubsync.emulator import errors, scopes
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.wire import object_type

OWNERS_PAGE, OWNERS_LARGEST_PAGE = 100, 500


def details(hub: Hub, call: Call) -> Reply:
    """`GET /account-info/.../details`."""
    del call
    portal = hub.portal
    offset = portal.now.astimezone(ZoneInfo(portal.time_zone)).utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    sign, minutes = ("-" if seconds < 0 else "+"), abs(seconds) // 60
    return answer(
        {
            "portalId": portal.portal_id,
            "accountType": "STANDARD",
            "timeZone": portal.time_zone,
            "companyCurrency": portal.currency,
            "additionalCurrencies": [],
            "utcOffset": f"{sign}{minutes // 60:02d}:{minutes % 60:02d}",
            "utcOffsetMilliseconds": seconds * 1000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


def usage(hub: Hub, call: Call) -> Reply:
    """`GET /account-info/.../api-usage/daily/private-apps`."""
    del call
    return answer({"results": [hub.limits.usage()]})


def token_info(hub: Hub, call: Call) -> Reply:
    """`POST /oauth/v2/private-apps/get/access-token-info`."""
    token = str(call.json().get("tokenKey") or "")
    if token not in hub.portal.tokens:
        raise errors.not_found()
    granted = hub.portal.tokens[token]
    return answer(
        {
            "userId": 1_000_001,
            "hubId": hub.portal.portal_id,
            "appId": hub.portal.app_id,
            "scopes": sorted(scopes.everything() if granted is None else granted | {"oauth"}),
        }
    )


def list_owners(hub: Hub, call: Call) -> Reply:
    """`GET /owners`."""
    limit = call.number("limit", OWNERS_PAGE)
    if not 0 < limit <= OWNERS_LARGEST_PAGE:
        raise errors.validation(f"The limit of a page is {OWNERS_LARGEST_PAGE}")
    email, first, archived = call.text("email").lower(), call.number("after", 0), call.flag("archived")
    found = sorted(
        (
            owner
            for owner in hub.portal.directory.owners.values()
            if owner["archived"] == archived and int(owner["id"]) >= first and email in ("", owner["email"].lower())
        ),
        key=lambda owner: int(owner["id"]),
    )
    page: dict[str, Any] = {"results": found[:limit]}
    if len(found) > limit:
        after = found[limit]["id"]
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def get_owner(hub: Hub, call: Call) -> Reply:
    """`GET /owners/{id}`, by id or by user id."""
    id, owners = call.path_params["id"], hub.portal.directory.owners
    if call.text("idProperty") == "userId":
        owner = next((one for one in owners.values() if str(one["userId"]) == id), None)
    else:
        owner = owners.get(id)
    if owner is None or owner["archived"] != call.flag("archived"):
        raise errors.not_found()
    return answer(owner)


def _pipelines(hub: Hub, call: Call) -> dict[str, dict[str, Any]]:
    return hub.portal.directory.pipelines.get(object_type(call.path_params["type"]).name, {})


def list_pipelines(hub: Hub, call: Call) -> Reply:
    """`GET /pipelines/{type}`, without pages."""
    return answer({"results": list(_pipelines(hub, call).values())})


def get_pipeline(hub: Hub, call: Call) -> Reply:
    """`GET /pipelines/{type}/{id}`."""
    return answer(_pipeline(hub, call))


def list_stages(hub: Hub, call: Call) -> Reply:
    """`GET /pipelines/{type}/{id}/stages`."""
    return answer({"results": _pipeline(hub, call)["stages"]})


def _pipeline(hub: Hub, call: Call) -> dict[str, Any]:
    found = _pipelines(hub, call).get(call.path_params["id"])
    if found is None:
        raise errors.not_found()
    return found
