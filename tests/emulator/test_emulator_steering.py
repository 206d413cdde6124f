"""Statistics, faults, clock and reset, steered over HTTP without a token."""

from __future__ import annotations

import pytest
import requests

V = "/crm/objects/2026-09"


def _arm(api, **fault):
    answer = api.post("/_emulator/faults", {"faults": [fault]})
    assert answer.json() == {"armed": 1}


def test_statistics_count_by_path_without_ids(api):
    """Ids are replaced in the counted paths; steering itself is not counted; reset clears."""
    one, other = api.contacts(2)
    for id in (one, other):
        api.get(f"{V}/contacts/{id}")
    api.post(f"{V}/companies/search")
    api.get("/crm/v3/nothing/123")
    stats = requests.get(f"{api.url}/_emulator/stats", timeout=5).json()
    assert stats == {
        "calls": 4,
        "by_status": {"200": 3, "404": 1},
        "peak_10s": 3,
        "peak_search_1s": 1,
        "by_path": {f"{V}/contacts/{{id}}": 2, f"{V}/companies/search": 1, "/crm/v3/nothing/{id}": 1},
        "by_call": {f"GET {V}/contacts/{{id}}": 2, f"POST {V}/companies/search": 1, "GET /crm/v3/nothing/{id}": 1},
    }
    api.post("/_emulator/reset")
    assert api.get("/_emulator/stats").json()["calls"] == 0
    assert api.get(f"{V}/contacts/{one}").status_code == 200


def test_reset_of_the_portal_starts_anew(api):
    """With `portal`, all records are gone and the clock is back."""
    api.contacts(1)
    api.post("/_emulator/clock", {"days": 3})
    answer = api.post("/_emulator/reset", {"portal": True}).json()
    assert answer["now"].startswith("2026-09-21T14:00:0")
    assert api.get(f"{V}/contacts").json()["results"] == []


def test_the_clock_moves(api):
    """Days, hours and minutes given to the clock add up, and show in the Date header and in the dates of writes."""
    moved = api.post("/_emulator/clock", {"days": 1, "hours": 9, "minutes": 61}).json()["now"]
    assert moved.startswith("2026-09-23T00:01:")
    assert api.post("/_emulator/clock", {}).status_code == 400
    api.post("/_emulator/reset", {"portal": True})
    assert api.post("/_emulator/clock", {"days": 7}).json()["now"].startswith("2026-09-28T14:00:")
    made = api.post(f"{V}/contacts", {"properties": {"email": "a@example.com"}})
    assert made.headers["Date"].startswith("Mon, 28 Sep 2026 14:00:")
    assert made.json()["createdAt"].startswith("2026-09-28T14:00:")


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ({"status": 502}, 502, "<html>"),
        ({"status": 423}, 423, "LOCKED"),
        ({"status": 429}, 429, "TEN_SECONDLY_ROLLING"),
        ({"status": 500}, 500, "internal error"),
        ({"status": 400, "body": {"message": "no"}}, 400, '{"message":"no"}'),
        ({"status": 503, "body": "<h1>down</h1>"}, 503, "<h1>down</h1>"),
    ],
)
def test_answers_that_go_wrong(api, fault, status, text):
    """A fault answers instead of HubSpot, once by default, and nothing takes effect."""
    _arm(api, path=f"{V}/contacts", method="POST", **fault)
    assert api.get(f"{V}/contacts").status_code == 200
    answer = api.post(f"{V}/contacts", {"properties": {"email": "a@example.com"}})
    assert (answer.status_code, text in answer.text) == (status, True)
    assert api.get(f"{V}/contacts").json()["results"] == []
    assert api.post(f"{V}/contacts", {"properties": {"email": "a@example.com"}}).status_code == 201


def test_faults_wait_repeat_and_carry_headers(api):
    """`after` lets calls pass, `times` repeats, `headers` are sent, the path is a pattern, reset disarms."""
    _arm(api, path=r".*/conta\w+$", status=477, after=1, times=2, headers={"Retry-After": "3600"})
    answers = [api.get(f"{V}/contacts") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 477, 477, 200]
    assert answers[1].headers["Retry-After"] == "3600"
    _arm(api, path="/crm", status=502, times=None)
    assert [api.get(f"{V}/contacts").status_code for _ in range(3)] == [502] * 3
    api.post("/_emulator/reset")
    assert api.get(f"{V}/contacts").status_code == 200


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
def test_a_dropped_connection(api, drop, made):
    """The connection ends without an answer, before or after the call took effect."""
    _arm(api, path="/crm", drop=drop)
    with pytest.raises(requests.ConnectionError):
        api.post(f"{V}/contacts", {"properties": {"email": "a@example.com"}})
    assert len(api.get(f"{V}/contacts").json()["results"]) == made
    assert api.get("/_emulator/stats").json()["by_status"] == {"dropped": 1, "200": 1}


def test_a_truncated_answer(api):
    """Half of the body comes, then the connection ends."""
    _arm(api, path="/crm", truncate=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.get(f"{V}/contacts")
    assert api.get(f"{V}/contacts").status_code == 200


def test_a_delay_and_the_latency(api, server_of):
    """A delay holds one call back; the latency holds each."""
    _arm(api, path="/crm", delay_ms=60)
    assert api.get(f"{V}/contacts").elapsed.total_seconds() >= 0.06
    slow = server_of(latency_ms=30)
    assert slow.get(f"{V}/contacts").elapsed.total_seconds() >= 0.03


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("clock", {"days": "many"}, 400),
        ("clock", {}, 400),
        ("faults", {"faults": [{"status": 1, "nonsense": 2}]}, 400),
        ("faults", {"faults": [{"path": "("}]}, 400),
        ("tokens", {}, 400),
        ("unknown", {}, 404),
        ("requirements", {"object": "unicorns", "property": "x"}, 400),
        ("reset", {"portal": 7}, 400),
    ],
)
def test_steering_that_is_not_understood(api, path, body, status):
    """A bad steering call gets one sentence."""
    answer = api.post(f"/_emulator/{path}", body)
    assert answer.status_code == status
    assert answer.json()["message"]
