"""What the transport does with every kind of answer, and with none."""

from __future__ import annotations

import pytest
import requests
from crm_wire import BASE, DATE, TOKEN, FakeTime, error_body, utc

from hubsync.crm import Transport, Versions
from hubsync.crm.transport import ATTEMPTS
from hubsync.errors import (
    DailyLimitError,
    RefusedError,
    RemoteError,
    ScopeError,
    TokenError,
    UnsureError,
)
from hubsync.types import Usage

VERSIONS = Versions()
LIST = VERSIONS.route("objects.list", object="contacts")
SEARCH = VERSIONS.route("objects.search", object="contacts")
READ = VERSIONS.route("objects.batch_read", object="contacts")
CREATE = VERSIONS.route("objects.create", object="tasks")
UPDATE = VERSIONS.route("objects.batch_update", object="contacts")
OK = {"results": []}


def url(route) -> str:
    return BASE + route.path


def test_a_success_gives_status_json_and_time(transport: Transport, wire) -> None:
    """A success is decoded, counted by operation, and its Date header is the server's time."""
    wire.get(url(LIST), json=OK, headers={"Date": DATE, "X-HubSpot-RateLimit-Max": "190"})

    answer = transport.request(LIST, {"limit": "1"})

    assert (answer.status, answer.data) == (200, OK)
    assert transport.calls.by_operation == {"objects.list": 1}
    assert f"{transport.server_time}" == "2026-11-21 14:00:00"
    assert transport.rate.maximum == 190
    assert transport.throttle.burst.limit == 189
    assert wire.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_timeouts_are_always_set_and_redirects_never_followed(transport: Transport, wire) -> None:
    """Each call has a time limit to connect and to read, and the token never follows a redirect."""
    wire.get(url(LIST), status=302, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(RemoteError, match="elsewhere"):
        transport.request(LIST)

    assert wire.calls[0].request.req_kwargs["timeout"] == (10.0, 100.0)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("answers", "slept"),
    [
        ([{"status": 423, "json": error_body("423")}] * 2, [2.0, 4.0]),
        ([{"status": 429, "json": error_body("429_search")}] * 2, [1.0, 2.0]),
        ([{"status": 429, "json": error_body("429_burst")}] * 4, [10.0, 20.0, 30.0, 30.0]),
        ([{"status": 429, "json": error_body("429_burst"), "headers": {"Retry-After": "3"}}], [3.0]),
        ([{"status": 429, "body": "<html>slow down</html>"}], [10.0]),
        ([{"status": 477, "headers": {"Retry-After": "120"}}], [120.0]),
        ([{"status": 500, "json": error_body("500")}] * 3, [1.0, 2.0, 4.0]),
        ([{"status": status, "body": "<html/>"} for status in (502, 503, 504, 521, 524)], [1, 2, 4, 8, 16]),
        ([{"body": '{"results": ['}], [1.0]),
        ([{"body": requests.ConnectionError("gone")}, {"body": requests.ReadTimeout()}], [1.0, 2.0]),
    ],
)
def test_what_may_pass_is_tried_again(
    transport: Transport, fake_time: FakeTime, wire, answers: list[dict], slept: list[float]
) -> None:
    """Locks, rate limits, moves, server errors, dropped connections and cut answers are tried again."""
    for answer in answers:
        wire.post(url(READ), **answer)
    wire.post(url(READ), json=OK)

    assert transport.request(READ, body={}).data == OK
    assert [seconds for seconds in fake_time.slept if seconds >= 1] == slept
    assert transport.calls.total == len(answers) + 1


def test_jitter_makes_waits_longer_by_up_to_a_quarter(fake_time: FakeTime, wire) -> None:
    """Two processes that failed together do not come back together."""
    transport = Transport(TOKEN, sleep=fake_time.sleep, clock=fake_time.clock, uniform=lambda: 1.0)
    wire.post(url(READ), status=500)
    wire.post(url(READ), json=OK)

    transport.request(READ, body={})

    assert fake_time.slept == [1.25]


def test_tries_come_to_an_end(transport: Transport, wire) -> None:
    """HubSpot that keeps failing ends in a RemoteError that says what failed and how."""
    wire.get(url(LIST), status=503)

    with pytest.raises(RemoteError, match=r"objects\.list.*503.*run again later"):
        transport.request(LIST)

    assert len(wire.calls) == ATTEMPTS


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"body": requests.ReadTimeout()},
        {"body": requests.ConnectionError("x")},
        {"body": "{"},
    ],
)
def test_a_create_is_never_blindly_repeated(transport: Transport, wire, answer: dict) -> None:
    """A create of which it is not known whether HubSpot did it is not sent a second time, and says so."""
    wire.post(url(CREATE), **answer)

    with pytest.raises(UnsureError, match=r"not known whether HubSpot did objects\.create"):
        transport.request(CREATE, body={})

    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 423},
        {"status": 429, "json": error_body("429_search")},
        {"status": 477, "headers": {"Retry-After": "1"}},
        {"body": requests.ConnectTimeout()},
    ],
)
def test_a_create_that_certainly_was_not_done_is_repeated(transport: Transport, wire, answer: dict) -> None:
    """A create that HubSpot turned away, or that never reached it, is sent again."""
    wire.post(url(CREATE), **answer)
    wire.post(url(CREATE), status=201, json={"id": "1"})

    assert transport.request(CREATE, body={}).status == 201


def test_the_daily_limit_ends_at_once_and_says_when_it_resets(transport: Transport, wire, fake_time) -> None:
    """The day's limit is not waited for; the error names the end of HubSpot's day."""
    transport.throttle.daily.learn_usage(Usage(1000, 10, utc(2026, 11, 22, 5)))
    wire.get(url(LIST), status=429, json=error_body("429_daily"))

    with pytest.raises(DailyLimitError, match="2026-11-22 05:00 UTC"):
        transport.request(LIST)

    assert fake_time.slept == []


def test_a_long_move_names_when_to_come_back(transport: Transport, wire) -> None:
    """A 477 of hours is not waited for; the error says when to run again."""
    wire.get(url(LIST), status=477, headers={"Retry-After": "7200", "Date": DATE})

    with pytest.raises(RemoteError, match="2026-11-21 16:00 UTC"):
        transport.request(LIST)

    assert len(wire.calls) == 1


@pytest.mark.parametrize(("status", "body"), [(401, error_body("401_missing_or_bad_token")), (530, None)])
def test_a_refused_token_is_a_token_error(transport: Transport, wire, status: int, body) -> None:
    """401, and the 530 of a malformed token, say what to do about the token."""
    wire.get(url(LIST), status=status, json=body)

    with pytest.raises(TokenError, match="HUBSPOT_ACCESS_TOKEN"):
        transport.request(LIST)

    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("body", "scopes"),
    [
        (error_body("403_missing_scopes"), 2),
        (
            {"category": "MISSING_SCOPES", "errors": [{"context": {"requiredScopes": ["a.read", "b.read"]}}]},
            2,
        ),
        ({"category": "MISSING_SCOPES", "context": {"missingScopes": ["a.read"]}}, 1),
        ({"message": "This API isn't available for public use"}, 0),
        ({"errors": ["a text"], "context": None}, 0),
    ],
)
def test_a_missing_scope_is_named(transport: Transport, wire, body: dict, scopes: int) -> None:
    """A 403 carries the scopes of which one is enough, from each of the three places HubSpot puts them.

    Those for sensitive data are not advised: the plain ones do.
    """
    wire.get(url(LIST), status=403, json=body)

    with pytest.raises(ScopeError) as caught:
        transport.request(LIST)

    assert len(caught.value.scopes) == scopes
    assert all(scope in str(caught.value) for scope in caught.value.scopes)


@pytest.mark.parametrize("status", [400, 404, 409, 414, 415])
def test_a_refusal_carries_status_category_and_words(transport: Transport, wire, status: int) -> None:
    """What HubSpot refuses is not tried again; status, category and words are kept."""
    body = {
        "status": "error",
        "message": "no, a@b.example",
        "category": "VALIDATION_ERROR",
        "errors": ["because"],
    }
    wire.get(url(LIST), status=status, json=body)

    with pytest.raises(RefusedError, match=r"no, \(email\) because") as caught:
        transport.request(LIST)

    assert (caught.value.status, caught.value.category, caught.value.body) == (
        status,
        "VALIDATION_ERROR",
        body,
    )
    assert len(wire.calls) == 1


@pytest.mark.parametrize("status", [404, 405, 414])
def test_html_errors_are_understood(transport: Transport, wire, status: int) -> None:
    """Unknown paths and too long addresses are answered in HTML, which is a refusal like others."""
    wire.get(url(LIST), json=OK)
    wire.get(url(LIST), status=status, body="<html><body>Error</body></html>", content_type="text/html")
    transport.request(LIST)

    with pytest.raises(RefusedError) as caught:
        transport.request(LIST)

    assert caught.value.status == status
    assert caught.value.body is None


def test_refused_writes_do_not_quote_values(transport: Transport, wire) -> None:
    """The message of a refused write names codes and properties, never values; the body keeps the words."""
    body = error_body("400_invalid_option")
    wire.post(url(UPDATE), status=400, json=body)

    with pytest.raises(RefusedError) as caught:
        transport.request(UPDATE, body={})

    assert "INVALID_OPTION" in str(caught.value)
    assert "reports" not in str(caught.value)
    assert caught.value.body == body


def test_other_threads_are_held_back_after_a_429(transport: Transport, wire, fake_time: FakeTime) -> None:
    """After too many calls in a second no call of that kind leaves for a while."""
    wire.post(url(SEARCH), status=429, json=error_body("429_search"))
    wire.post(url(SEARCH), json=OK)
    transport.request(SEARCH, body={})

    assert transport.calls.limited == 1
    assert transport.throttle.search.blocked_until == 1001.0


@pytest.mark.parametrize(
    "answer", [{"body": "<html>Welcome</html>"}, {"body": "hello"}, {"status": 404, "body": "<html>nginx</html>"}]
)
def test_what_is_not_hubspot_is_told_at_once(fake_time: FakeTime, wire, answer: dict) -> None:
    """An address behind which something else answers is told after one call, with the address to check."""
    wire.get(f"http://127.0.0.1:8123{LIST.path}", **answer)
    transport = Transport(TOKEN, base_url="http://127.0.0.1:8123", sleep=fake_time.sleep, clock=fake_time.clock)

    with pytest.raises(RemoteError, match=r"at 127\.0\.0\.1:8123 is not HubSpot .* check HUBSPOT_BASE_URL"):
        transport.request(LIST)

    assert (len(wire.calls), fake_time.slept) == (1, [])


def test_certificates_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong REQUESTS_CA_BUNDLE is one sentence that names it; nothing is sent."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    with pytest.raises(RemoteError, match="REQUESTS_CA_BUNDLE if it is set"):
        Transport(TOKEN).request(LIST)


def test_an_address_that_is_none_is_told() -> None:
    """A host with an empty part is one sentence, not a traceback of the libraries."""
    with pytest.raises(RemoteError, match="check HUBSPOT_BASE_URL"):
        Transport(TOKEN, base_url="https://a..b").request(LIST)


def test_a_server_that_never_answered_is_given_up_soon(transport: Transport, wire, fake_time: FakeTime) -> None:
    """Where nothing has ever answered it takes seconds until the host is named; where it has, HubSpot is waited for."""
    wire.get(url(LIST), body=requests.ConnectionError("refused"))
    with pytest.raises(RemoteError, match=r"api\.hubapi\.com can't be reached, .* check the network and"):
        transport.request(LIST)
    first = sum(fake_time.slept)
    wire.reset()
    wire.get(url(LIST), json=OK)
    wire.get(url(LIST), body=requests.ConnectionError("refused"))
    transport.request(LIST)
    with pytest.raises(RemoteError, match="run again later"):
        transport.request(LIST)

    assert first == 7.0
    assert sum(fake_time.slept) == first + 61.0
