"""What is read of the portal and of the token."""

from __future__ import annotations

import pytest
from crm_wire import BASE, DATE, utc

from hubsync.crm import Client
from hubsync.errors import RemoteError
from hubsync.types import Usage
from hubsync.workspace import moment


def test_the_account_has_hubspots_clock(client: Client, wire) -> None:
    """The account's details come with the server's time of the same answer."""
    details = {"portalId": 7, "accountType": "STANDARD", "timeZone": "US/Eastern", "companyCurrency": "USD",
               "additionalCurrencies": ["EUR"], "uiDomain": "app.hubspot.com"}  # fmt: skip
    wire.get(f"{BASE}/account-info/2026-03/details", json=details, headers={"Date": DATE})

    account = client.account()

    assert (account.portal_id, account.time_zone, account.currencies) == ("7", "US/Eastern", ("EUR",))
    assert account.server_time == utc(2026, 11, 21, 14)


@pytest.mark.parametrize(
    "odd",
    [
        {"portalId": None},
        {"portalId": "../4711"},
        {"portalId": True},
        {"timeZone": None},
        {"timeZone": 5},
        {"accountType": 5},
        {"companyCurrency": 7},
        {"additionalCurrencies": "EUR"},
        {"additionalCurrencies": [None]},
        {"uiDomain": ["app"]},
    ],
)
def test_odd_account_details_are_told_before_anything_is_pulled(client: Client, wire, odd: dict) -> None:
    """A field of another type than documented is told as such; an id never becomes a word or a path."""
    details = {"portalId": 7, "timeZone": "UTC"}
    url = f"{BASE}/account-info/2026-03/details"
    wire.get(url, json=details | odd, headers={"Date": DATE})
    wire.get(url, json=details | {"companyCurrency": None}, headers={"Date": DATE})

    with pytest.raises(RemoteError, match=r"account\.details has another shape.*newer hubsync, or if a proxy"):
        client.account()
    assert client.account().currency == ""


@pytest.mark.parametrize("name", ["../../etc/passwd", "Mars/Olympus", "", "x" * 5_000, "a\0b"])
def test_the_days_of_a_strange_time_zone_begin_at_midnight_utc(name: str) -> None:
    """The days of a time zone that is none are those of UTC."""
    assert moment(utc(2026, 11, 21, 14), name).day_start == utc(2026, 11, 21)


def test_token_info(client: Client, wire) -> None:
    """Portal and scopes of a token are known when HubSpot tells them, and None when it refuses to."""
    url = f"{BASE}/oauth/v2/private-apps/get/access-token-info"
    wire.post(url, json={"userId": 1, "hubId": 7, "appId": 2, "scopes": ["a", "b"]})
    wire.post(url, status=404, body="<html/>")

    assert client.token_info() == ("7", frozenset({"a", "b"}))
    assert client.token_info() is None


@pytest.mark.parametrize(
    "body", [{}, [], None, {"hubId": 7}, {"hubId": 7, "scopes": "a b"}, {"hubId": None, "scopes": ["a"]},
             {"hubId": 7, "scopes": [None]}],
)  # fmt: skip
def test_scopes_in_an_unknown_shape_are_not_told(client: Client, wire, body) -> None:
    """An introspection that can't be understood counts as one that HubSpot does not offer."""
    wire.post(f"{BASE}/oauth/v2/private-apps/get/access-token-info", json=body)

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
