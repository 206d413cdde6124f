"""Account, owners, pipelines and event occurrences."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

EVENTS = ("/events/v3/events", "/events/event-occurrences/2026-03", "/events/event-occurrences/2026-09")


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_account_details_and_usage(api, version):
    """Details name the portal and its time zone; usage tells the day's calls and the next portal midnight."""
    details = api.get(f"/account-info/{version}/details").json()
    assert (details["portalId"], details["timeZone"], details["utcOffset"], details["companyCurrency"]) == (
        4242424,
        "US/Eastern",
        "-04:00",
        "USD",
    )
    usage = api.get(f"/account-info/{version}/api-usage/daily/private-apps").json()["results"][0]
    assert (usage["currentUsage"], usage["resetsAt"]) == (2, "2026-09-22T04:00:00Z")


def test_token_introspection(api):
    """Anyone who has a token can ask what it may do; an unknown one is 404."""
    path = "/oauth/v2/private-apps/get/access-token-info"
    api.session.headers.pop("Authorization")
    known = api.post(path, {"tokenKey": api.server.token}).json()
    assert known["hubId"] == 4242424
    assert {"crm.objects.contacts.read", "crm.schemas.deals.write", "crm.objects.owners.read"} <= set(known["scopes"])
    token = api.post("/_emulator/tokens", {"scopes": ["tickets"]}).json()["token"]
    assert api.post(path, {"tokenKey": token}).json()["scopes"] == ["oauth", "tickets"]
    assert api.post(path, {"tokenKey": "pat-x"}).status_code == 404


def test_owners(api):
    """Owners are paged, found by email, and read by id or user id."""
    with api.portal.lock:
        for place in range(3):
            api.portal.directory.add_owner(
                str(10 + place),
                f"o{place}@example.com",
                "O",
                str(place),
                user_id=100 + place,
                teams=[("1", "Sales")],
                archived=place == 2,
            )
    for family in ("/crm/v3/owners", "/crm/v3/owners/", "/crm/owners/2026-03", "/crm/owners/2026-09"):
        page = api.get(family, limit=1).json()
        assert [one["id"] for one in page["results"]] == ["10"]
        assert api.session.get(page["paging"]["next"]["link"]).json()["results"][0]["id"] == "11"
    assert api.get("/crm/v3/owners", email="O1@example.com").json()["results"][0]["id"] == "11"
    assert api.get("/crm/v3/owners/101", idProperty="userId").json()["id"] == "11"
    assert api.get("/crm/v3/owners/12").status_code == 404
    assert api.get("/crm/v3/owners", archived="true").json()["results"][0]["userId"] is None
    assert api.get("/crm/v3/owners", limit=501).status_code == 400


def test_pipelines(api):
    """Pipelines have their stages with probability or state as strings."""
    for family in ("/crm/v3/pipelines", "/crm/pipelines/2026-03", "/crm/pipelines/2026-09"):
        deals = api.get(f"{family}/deals").json()["results"]
        won = next(stage for stage in deals[0]["stages"] if stage["id"] == "closedwon")
        assert won["metadata"] == {"isClosed": "true", "probability": "1.0"}
        tickets = api.get(f"{family}/tickets/0/stages").json()["results"]
        assert [stage["metadata"]["ticketState"] for stage in tickets] == ["OPEN", "OPEN", "OPEN", "CLOSED"]
        assert api.get(f"{family}/deals/none").status_code == 404


@pytest.fixture
def visits(api):
    """Ten page views of one contact, a minute apart, two logins of another, and one login that came late."""
    one, other = api.contacts(2)
    start = datetime.fromisoformat("2026-09-01T12:00:00+00:00")
    with api.portal.lock:
        for minute in range(10):
            api.portal.occur(
                "e_visited_page",
                "contacts",
                one,
                start + timedelta(minutes=minute),
                {"hs_url": f"https://x.example/{minute % 2}"},
            )
        for minute in (5, 6, 1):
            api.portal.occur("pe4242424_login", "contacts", other, start + timedelta(minutes=minute), {})
    return one, other


def _times(page):
    return [one["occurredAt"][14:16] for one in page["results"]]


@pytest.mark.parametrize("family", EVENTS)
@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ({"eventType": "e_visited_page", "limit": 2}, "09 08"),
        ({"eventType": "e_visited_page", "limit": 2, "sort": "occurredAt"}, "00 01"),
        ({"eventType": "pe4242424_login", "sort": "occurredAt"}, "01 05 06"),
        ({"eventType": "e_visited_page", "sort": "occurredAt", "occurredAfter": "2026-09-01T12:07:00Z"}, "07 08 09"),
        (
            {
                "eventType": "e_visited_page",
                "occurredAfter": "2026-09-01T12:03:00Z",
                "occurredBefore": "2026-09-01T12:05:00.000Z",
            },
            "04 03",
        ),
        ({"objectType": "contact", "objectProperty.email": "c1@example.com"}, "06 05 01"),
        (
            {
                "objectType": "contact",
                "objectProperty.email": "c1@example.com",
                "occurredAfter": "2026-09-01T12:05:00Z",
                "occurredBefore": "2026-09-01T12:06:00Z",
            },
            "05",
        ),
        ({"eventType": "e_visited_page", "property.hs_url": "https://x.example/1", "limit": 1}, "09"),
        ({"eventType": "e_visited_page", "objectType": "company"}, ""),
        ({"eventType": "none"}, ""),
    ],
)
def test_occurrences_are_filtered_by_type_time_and_record(api, visits, family, query, minutes):
    """Event occurrences come newest first unless sorted, from a time on and before another."""
    assert _times(api.get(family, **query).json()) == minutes.split()


def test_occurrences_of_a_record_and_their_pages(api, visits):
    """Links lead through all pages in both orders, whatever happens to be at the same time; ids are unique."""
    one, _ = visits
    with api.portal.lock:
        at = api.portal.now
        for _ in range(5):
            api.portal.occur("e_visited_page", "contacts", one, at, {})
    for sort in ("occurredAt", "-occurredAt"):
        page = api.get(EVENTS[2], objectType="contact", objectId=one, limit=4, sort=sort).json()
        seen = [event["id"] for event in page["results"]]
        while "paging" in page:
            page = api.session.get(page["paging"]["next"]["link"]).json()
            seen += [event["id"] for event in page["results"]]
        assert (len(seen), len(set(seen))) == (15, 15)
    found = api.get(EVENTS[2], id=seen[3]).json()["results"]
    assert [event["id"] for event in found] == [seen[3]]


def test_occurrences_survive_a_merge_under_their_old_id(api, visits):
    """Events keep the id they came with, and are found by the survivor's."""
    one, other = visits
    survivor = api.post("/crm/v3/objects/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": other}).json()[
        "id"
    ]
    found = api.get(EVENTS[0], objectType="contact", objectId=survivor, eventType="pe4242424_login").json()["results"]
    assert {event["objectId"] for event in found} == {other}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"eventType": "e_visited_page", "limit": 1001},
        {"eventType": "e_visited_page", "after": "x"},
        {"objectType": "contact"},
        {"eventType": "e_visited_page", "occurredAfter": "never"},
    ],
)
def test_occurrences_need_a_type_or_a_record(api, query):
    """Without event type or record, or with a bad cursor, size or time, events are a 400."""
    assert api.get(EVENTS[2], **query).status_code == 400


def test_event_types(api, visits):
    """All names are listed."""
    assert api.get(f"{EVENTS[2]}/event-types").json() == {"eventTypes": ["e_visited_page", "pe4242424_login"]}
