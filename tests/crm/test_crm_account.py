"""What is read of the portal and of the token."""

from __future__ import annotations

from crm_wire import BASE, DATE, utc

from hubsync.crm import Client
from hubsync.types import Usage


def test_the_account_has_hubspots_clock(client: Client, wire) -> None:
    """The account's details come with the server's time of the same answer."""
    details = {"portalId": 7, "accountType": "STANDARD", "timeZone": "US/Eastern", "companyCurrency": "USD",
               "additionalCurrencies": ["EUR"], "uiDomain": "app.hubspot.com"}  # fmt: skip
    wire.get(f"{BASE}/account-info/2026-03/details", json=details, headers={"Date": DATE})

    account = client.account()

    assert (account.portal_id, account.time_zone, account.currencies) == ("7", "US/Eastern", ("EUR",))
    assert account.server_time == utc(2026, 11, 21, 14)


def test_token_info(client: Client, wire) -> None:
    """Portal and scopes of a token are known when HubSpot tells them, and None when it refuses to."""
    url = f"{BASE}/oauth/v2/private-apps/get/access-token-info"
    wire.post(url, json={"userId": 1, "hubId": 7, "appId": 2, "scopes": ["a", "b"]})
    wire.post(url, status=404, body="<html/>")

    assert client.token_info() == ("7", frozenset({"a", "b"}))
    assert client.token_info() is None


def test_usage_is_told_to_the_throttle(client: Client, wire) -> None:
    """The day's usage is read, with a reset time that may be null, and the budget knows it."""
    url = f"{BASE}/account-info/2026-03/api-usage/daily/private-apps"
    one = {"usageLimit": 1000, "currentUsage": 400, "resetsAt": "2025-12-13T05:00:00Z"}
    wire.get(url, json={"results": [one]})
    wire.get(url, json={"results": [{**one, "resetsAt": None}]})
    wire.get(url, json={"results": []})
    wire.get(url, status=403, json={})

    assert client.usage() == Usage(1000, 400, utc(2025, 12, 13, 5))
    assert client.transport.throttle.daily.state().left == 200 - client.transport.calls.total
    assert client.usage() == Usage(1000, 400)
    assert client.usage() is client.usage() is None


def test_custom_property_limits(client: Client, wire) -> None:
    """Limits of custom properties are read by object; what HubSpot does not tell is None."""
    url = f"{BASE}/crm/v3/limits/custom-properties"
    wire.get(url, json={"byObjectType": [{"objectTypeId": "0-1", "limit": 10, "usage": 9}]})
    wire.get(url, json={"something": "else"})
    wire.get(url, status=404, body="<html/>")

    limits = client.custom_property_limits()

    assert limits is not None
    assert (limits["contacts"].limit, limits["contacts"].used) == (10, 9)
    assert client.custom_property_limits() is client.custom_property_limits() is None
