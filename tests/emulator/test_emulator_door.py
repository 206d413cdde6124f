"""Tokens, scopes, plans, limits, headers, and paths that are not there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hubsync.emulator.clock import DEFAULT_START
from hubsync.emulator.errors import Refusal
from hubsync.emulator.limits import Limits
from hubsync.emulator.state import Portal

V = "/crm/objects/2026-09"


@pytest.mark.parametrize("header", [None, "Bearer pat-emu-0-0", "Basic x", "Bearer"])
def test_unknown_tokens(api, header):
    """Without a known token every call is HubSpot's 401."""
    api.session.headers["Authorization"] = header
    answer = api.get(f"{V}/contacts")
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert answer.json()["message"].startswith("Authentication credentials not found. This API supports OAuth 2.0")


@pytest.mark.parametrize(
    ("scopes", "method", "path", "allowed"),
    [
        (["crm.objects.contacts.read"], "get", f"{V}/contacts", True),
        (["crm.objects.contacts.read"], "get", f"{V}/companies", False),
        (["crm.objects.contacts.read"], "post", f"{V}/contacts/batch/update", False),
        (["crm.objects.contacts.write"], "post", f"{V}/contacts/batch/update", True),
        (["crm.objects.contacts.write"], "post", f"{V}/contacts/search", False),
        (["crm.objects.contacts.read"], "post", f"{V}/contacts/search", True),
        (["crm.objects.contacts.read"], "get", f"{V}/notes", True),
        (["crm.objects.calls.read"], "get", f"{V}/calls", True),
        (["crm.objects.contacts.read"], "get", f"{V}/emails", False),
        (["sales-email-read"], "get", f"{V}/emails", True),
        (["tickets"], "get", f"{V}/tickets", True),
        (["crm.objects.tickets.read"], "get", f"{V}/tickets", True),
        (["crm.objects.contacts.read"], "get", "/crm/properties/2026-09/contacts", True),
        (["crm.objects.contacts.write"], "post", "/crm/properties/2026-09/contacts/groups", False),
        (["crm.objects.owners.read"], "get", "/crm/owners/2026-09", True),
        (["crm.objects.contacts.read"], "get", "/crm/owners/2026-09", False),
        (["business-intelligence"], "get", "/events/v3/events/event-types", True),
        ([], "get", "/events/v3/events/event-types", False),
        ([], "get", "/account-info/2026-03/details", True),
        (["e-commerce"], "get", f"{V}/line_items", True),
        (["crm.objects.deals.read"], "post", "/crm/associations/2026-09/deals/contacts/batch/read", True),
    ],
)
def test_scopes(api, scopes, method, path, allowed):
    """Any one of the scopes that would do is enough; without one the 403 lists them, word for word."""
    token = api.post("/_emulator/tokens", {"scopes": scopes}).json()["token"]
    answer = getattr(api.with_token(token), method)(path)
    assert (answer.status_code != 403) == allowed
    if not allowed:
        body = answer.json()
        assert body["category"] == "MISSING_SCOPES"
        assert body["errors"][0]["message"] == "One or more of the following scopes are required."
        assert body["errors"][0]["context"]["requiredGranularScopes"]


def test_errors_are_word_for_word(api):
    """Each body has exactly the keys and words that were seen at HubSpot."""
    token = api.post("/_emulator/tokens", {"scopes": []}).json()["token"]
    known = api.contacts(1)[0]
    answers = (
        (
            api.with_token("none").get(f"{V}/contacts"),
            401,
            {
                "status": "error",
                "message": "Authentication credentials not found. This API supports OAuth 2.0 "
                "authentication and you can find more details at "
                "https://developers.hubspot.com/docs/methods/auth/oauth-overview",
                "category": "INVALID_AUTHENTICATION",
            },
        ),
        (
            api.with_token(token).get("/crm/properties/2026-09/deals"),
            403,
            {
                "status": "error",
                "message": "This app hasn't been granted all required scopes to make this call. Read "
                "more about required scopes here: https://developers.hubspot.com/scopes.",
                "errors": [
                    {
                        "message": "One or more of the following scopes are required.",
                        "context": {
                            "requiredGranularScopes": [
                                "crm.schemas.deals.read",
                                "crm.objects.deals.sensitive.read.v2",
                                "crm.objects.deals.read",
                                "crm.objects.deals.highly_sensitive.read.v2",
                            ]
                        },
                    }
                ],
                "links": {"scopes": "https://developers.hubspot.com/scopes"},
                "category": "MISSING_SCOPES",
            },
        ),
        (
            api.post(f"{V}/contacts", {"properties": {"email": "c0@example.com"}}),
            409,
            {"status": "error", "message": f"Contact already exists. Existing ID: {known}", "category": "CONFLICT"},
        ),
        (api.get(f"{V}/contacts/1"), 404, {"status": "error", "message": "resource not found"}),
    )
    for answer, status, body in answers:
        found = answer.json()
        assert found.pop("correlationId")
        assert (answer.status_code, found) == (status, body)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/crm/v3/nothing", 404),
        ("get", "/", 404),
        ("get", "/owners/v2/owners", 404),
        ("put", f"{V}/contacts", 405),
        ("delete", "/account-info/v3/details", 405),
        ("get", f"{V}/contacts?properties={'x,' * 9000}", 414),
    ],
)
def test_paths_that_are_not_there_answer_html(api, method, path, status):
    """Unknown paths and methods, and addresses that are too long, are HTML."""
    answer = getattr(api, method)(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html;charset=utf-8")
    assert answer.text.startswith("<html>")


def test_headers(server_of):
    """Answers carry the virtual date, a correlation id and rate headers, except those of search."""
    api = server_of(plan="pro")
    answer = api.get(f"{V}/contacts")
    assert answer.headers["Date"].startswith("Mon, 21 Sep 2026 14:00:")
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert answer.headers["X-HubSpot-Correlation-Id"]
    assert {name: value for name, value in answer.headers.items() if "RateLimit" in name} == {
        "X-HubSpot-RateLimit-Max": "190",
        "X-HubSpot-RateLimit-Remaining": "189",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Daily": "625000",
        "X-HubSpot-RateLimit-Daily-Remaining": "624999",
    }
    assert not [name for name in api.post(f"{V}/contacts/search").headers if "RateLimit" in name]


def test_the_burst_and_search_limits_over_http(server_of):
    """On Free the 101st call within ten seconds and the sixth search within one are 429, in HubSpot's words."""
    api = server_of(plan="free")
    assert {api.get("/account-info/v3/details").status_code for _ in range(100)} == {200}
    refused = api.get("/account-info/v3/details")
    assert refused.status_code == 429
    assert refused.json() | {"correlationId": ""} == {
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "",
        "policyName": "TEN_SECONDLY_ROLLING",
        "groupName": "publicapi:hapikey-api-calls-ten-secondly:4242424",
    }
    other = api.with_token(api.post("/_emulator/tokens", {"scopes": ["crm.objects.contacts.read"]}).json()["token"])
    assert other.get("/account-info/v3/details").status_code == 200
    exempt = api.post("/crm/associations/2026-09/contacts/deals/batch/read")
    assert exempt.status_code == 200
    searches = [other.post(f"{V}/contacts/search").status_code for _ in range(8)]
    assert searches.count(429) >= 1
    stats = api.get("/_emulator/stats").json()
    assert (stats["peak_10s"], stats["by_status"]["429"]) == (101, 1 + searches.count(429))
    assert stats["peak_search_1s"] > 5


def _limits(plan):
    clock = [0.0]
    portal = Portal(portal_id=1, now=DEFAULT_START, plan=plan, token="t", monotonic=lambda: clock[0])
    return portal, clock, Limits(portal, lambda: clock[0])


@pytest.mark.parametrize(
    ("plan", "burst", "daily"),
    [("free", 100, 250_000), ("starter", 100, 250_000), ("pro", 190, 625_000), ("enterprise", 190, 1_000_000)],
)
def test_the_limits_of_each_plan(plan, burst, daily):
    """The ten seconds roll, the day ends at the portal's midnight; both have the plan's numbers."""
    portal, clock, limits = _limits(plan)
    for place in range(burst):
        clock[0] = 5.0 * (place >= burst // 2)
        limits.check("t", "normal")
    with pytest.raises(Refusal) as refusal:
        limits.check("t", "normal")
    assert refusal.value.body["policyName"] == "TEN_SECONDLY_ROLLING"
    limits.check("t", "exempt")
    clock[0] = 10.0
    for _ in range(burst // 2):
        limits.check("t", "normal")
    with pytest.raises(Refusal):
        limits.check("t", "normal")
    limits.used_today = daily
    with pytest.raises(Refusal) as refusal:
        limits.check("other", "exempt")
    assert refusal.value.body["policyName"] == "DAILY"
    portal.now += timedelta(hours=14)
    limits.check("other", "exempt")
    assert limits.used_today == 1


def test_search_allows_five_a_second_for_the_whole_account():
    """Searches of all tokens count together, and do not count in the ten seconds."""
    _, clock, limits = _limits("enterprise")
    for place in range(5):
        limits.check(f"t{place}", "search")
    with pytest.raises(Refusal) as refusal:
        limits.check("t9", "search")
    assert refusal.value.body["policyName"] == "SECONDLY"
    clock[0] = 1.0
    limits.check("t9", "search")
    assert limits.headers("t0", "normal")["X-HubSpot-RateLimit-Remaining"] == "190"


@pytest.mark.parametrize(
    ("plan", "events", "feedback"),
    [("free", 403, 403), ("starter", 403, 403), ("pro", 403, 200), ("enterprise", 200, 200), ("off", 200, 200)],
)
def test_what_each_plan_includes(server_of, plan, events, feedback):
    """Event occurrences need Enterprise, feedback needs Professional; contacts and payments are in all plans."""
    api = server_of(plan=plan)
    assert api.get("/events/v3/events", eventType="e_visited_page").status_code == events
    assert api.get(f"{V}/feedback_submissions").status_code == feedback
    assert api.get("/events/v3/events/event-types").status_code == 200
    assert {api.get(f"{V}/{name}").status_code for name in ("contacts", "commerce_payments", "subscriptions")} == {200}
