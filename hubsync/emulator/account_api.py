"""Calls about the account: details, usage and owners (api-facts §1, §8)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hubsync.emulator import errors
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import Route, dated
from hubsync.emulator.state import Portal

OWNERS_PAGE, OWNERS_LARGEST_PAGE = 100, 500


def details(hub: Hub, call: Call) -> Reply:
    """`GET /account-info/.../details`."""
    del call
    return answer(account(hub.portal))


def account(portal: Portal) -> dict[str, Any]:
    """What is known of the account."""
    offset = portal.now.astimezone(ZoneInfo(portal.time_zone)).utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    sign, minutes = ("-" if seconds < 0 else "+"), abs(seconds) // 60
    return {
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


def usage(hub: Hub, call: Call) -> Reply:
    """The calls of the account's day, and when the day ends."""
    del call
    return answer({"results": [hub.limits.usage()]})


def list_owners(hub: Hub, call: Call) -> Reply:
    """Owners by id, 100 a page (500 at most, unverified); `email` and `archived` choose."""
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


OWNERS = dated("owners", "/crm/v3/owners")
ACCOUNT = ("/account-info/v3", "/account-info/2026-03")

ROUTES: tuple[Route, ...] = (
    Route("GET", OWNERS, "", list_owners, "owners"),
    Route("GET", OWNERS, "/{id}", get_owner, "owners", does="One owner, by id or with `idProperty=userId`."),
    Route("GET", ACCOUNT, "/details", details, does="The account: id, time zone, currency."),
    Route("GET", ACCOUNT, "/api-usage/daily/private-apps", usage),
)
