"""Custom events: defined, sent, and visible among all event occurrences."""

from __future__ import annotations

DEFINITIONS = "/events/custom/2026-03/event-definitions"
SEND = "/events/custom/2026-03/send"
OCCURRENCES = "/events/event-occurrences/2026-03"


def _define(api, name="login", **more):
    body = {"label": name.capitalize(), "name": name, "primaryObject": "CONTACT"}
    return api.post(DEFINITIONS, body | {"propertyDefinitions": [{"name": "device", "type": "string"}]} | more)


def _seen(api, name):
    rows = api.get(OCCURRENCES, eventType=name, sort="occurredAt").json()["results"]
    return [(row["objectId"], row["occurredAt"], row["properties"]) for row in rows]


def test_what_is_sent_is_seen_among_occurrences(api):
    """By record id or email, at the time given or now, one or up to 500 at once; the answer is an empty 204."""
    name = _define(api).json()["fullyQualifiedName"]
    assert name == f"pe{api.portal.portal_id}_login"
    one, two = api.contacts(2)
    first = {"eventName": name, "objectId": one, "occurredAt": "2026-09-20T10:00:00Z", "properties": {"device": "tv"}}
    answer = api.post(SEND, first)
    assert (answer.status_code, answer.content) == (204, b"")
    second = {"eventName": name, "email": "C1@example.com", "occurredAt": "1789898400000"}
    assert api.post("/events/v3/send/batch", {"inputs": [second] * 2}).status_code == 204
    assert _seen(api, name) == [
        (one, "2026-09-20T10:00:00.000Z", {"device": "tv"}),
        *[(two, "2026-09-20T10:00:00.000Z", {})] * 2,
    ]
    api.post(SEND, {"eventName": name, "objectId": one})
    assert _seen(api, name)[-1][1].startswith("2026-09-21T14:00")
    assert api.post(SEND, {"eventName": name, "email": "nobody@example.com"}).status_code == 204
    assert len(_seen(api, name)) == 4


def test_definitions_are_listed_read_and_deleted(api):
    """A defined event is an event type before it occurs; its name exists once."""
    made = _define(api)
    assert (made.status_code, made.json()["primaryObjectId"]) == (201, "0-1")
    assert _define(api).status_code == 409
    other = _define(api, "seat_added", primaryObject="COMPANY").json()
    first = api.get(DEFINITIONS, limit=1).json()
    rest = api.get("/events/v3/event-definitions", after=first["paging"]["next"]["after"]).json()
    assert [one["name"] for one in first["results"] + rest["results"]] == ["login", "seat_added"]
    assert other["fullyQualifiedName"] in api.get(f"{OCCURRENCES}/event-types").json()["eventTypes"]
    assert api.get(f"{DEFINITIONS}/login").json() == made.json()
    assert api.delete(f"{DEFINITIONS}/{other['fullyQualifiedName']}").status_code == 204
    assert api.get(f"{DEFINITIONS}/seat_added").status_code == 404


def test_what_does_not_fit_is_refused(api):
    """Unknown names, properties and times, long values and long batches are each a 400; nothing occurs."""
    name = _define(api).json()["fullyQualifiedName"]
    (id,) = api.contacts(1)
    good = {"eventName": name, "objectId": id}
    bad = [
        {"eventName": "pe1_none"},
        {"objectId": None},
        {"occurredAt": "yesterday"},
        {"properties": {"colour": "red"}},
        {"properties": {"device": "x" * 257}},
        {"properties": {"hs_url": "x" * 1_025}},
    ]
    for change in bad:
        assert api.post(SEND, good | change).status_code == 400, change
        assert api.post(f"{SEND}/batch", {"inputs": [good, good | change]}).status_code == 400, change
    assert api.post(f"{SEND}/batch", {"inputs": [good] * 501}).status_code == 400
    assert _seen(api, name) == []
    assert api.post(SEND, good | {"properties": {"hs_url": "x" * 1_024, "device": "x" * 256}}).status_code == 204
    for change in ({"name": "Upper Case"}, {"primaryObject": "THING"}, {"propertyDefinitions": [{"name": "a"}] * 51}):
        assert _define(api, **({"name": "other"} | change)).status_code == 400, change


def test_scopes_and_plan(api, server_of):
    """Defining and sending have scopes of their own, and an Enterprise portal."""
    token = api.post("/_emulator/tokens", {"scopes": ["analytics.behavioral_events.send"]}).json()["token"]
    sender = api.with_token(token)
    assert sender.get(DEFINITIONS).status_code == 403
    assert sender.post(SEND, {"eventName": "x"}).status_code == 400
    assert server_of(plan="pro").get(DEFINITIONS).status_code == 403
