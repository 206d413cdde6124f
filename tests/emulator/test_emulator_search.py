"""Search: filters, limits, order, and its delay."""

from __future__ import annotations

import orjson
import pytest

from hubsync.emulator.clock import DEFAULT_START
from hubsync.emulator.exchange import Call
from hubsync.emulator.search import SearchIndex, search
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import object_type

V = "/crm/objects/2026-09"


@pytest.fixture
def people(api):
    """Three contacts: Ann of Ulm (lead, 5 opens, linked to a company), Bob of Bonn (10 opens), Cy of nowhere."""
    ids = {
        "ann": api.make(
            "contacts",
            email="ann@example.com",
            city="Ulm",
            lifecyclestage="lead",
            hs_email_open="5",
            createdate="2026-01-01T00:00:00.000Z",
        ),
        "bob": api.make(
            "contacts",
            email="bob@other.org",
            city="Bonn am Rhein",
            hs_email_open="10",
            createdate="2026-02-01T00:00:00.000Z",
        ),
        "cy": api.make("contacts", email="cy@example.com", hs_email_open="N/A", createdate="2026-03-01T00:00:00.000Z"),
    }
    company = api.make("companies", name="A")
    api.link("contacts", ids["ann"], "companies", company)
    return {id: name for name, id in ids.items()} | {"company": company}


def _find(api, *filters, **more):
    return api.post(f"{V}/contacts/search", {"filterGroups": [{"filters": list(filters)}] if filters else []} | more)


@pytest.mark.parametrize(
    ("name", "operator", "given", "found"),
    [
        ("city", "EQ", {"value": "ulm"}, "ann"),
        ("city", "NEQ", {"value": "ULM"}, "bob cy"),
        ("lifecyclestage", "EQ", {"value": "LEAD"}, ""),
        ("hs_email_open", "EQ", {"value": "10.0"}, "bob"),
        ("hs_email_open", "GT", {"value": "5"}, "bob"),
        ("hs_email_open", "GTE", {"value": "5"}, "ann bob"),
        ("hs_email_open", "LT", {"value": "10"}, "ann"),
        ("hs_email_open", "LTE", {"value": "10"}, "ann bob"),
        ("hs_email_open", "BETWEEN", {"value": "6", "highValue": "10"}, "bob"),
        ("createdate", "GTE", {"value": "2026-02-01"}, "bob cy"),
        ("createdate", "LT", {"value": "1769904000000"}, "ann"),
        ("city", "IN", {"values": ["ulm", "bonn am rhein"]}, "ann bob"),
        ("city", "NOT_IN", {"values": ["ulm"]}, "bob cy"),
        ("city", "HAS_PROPERTY", {}, "ann bob"),
        ("city", "NOT_HAS_PROPERTY", {}, "cy"),
        ("city", "CONTAINS_TOKEN", {"value": "rhein"}, "bob"),
        ("city", "NOT_CONTAINS_TOKEN", {"value": "rhein"}, "ann cy"),
        ("email", "CONTAINS_TOKEN", {"value": "*@example.com"}, "ann cy"),
        ("lastmodifieddate", "GTE", {"value": "0"}, "ann bob cy"),
        ("lastmodifieddate", "LT", {"value": "2026-01-01T00:00:00Z"}, ""),
    ],
)
def test_operators(api, people, name, operator, given, found):
    """Each operator finds what it should, in any case of letters except for options, and by type."""
    answer = _find(api, {"propertyName": name, "operator": operator} | given).json()
    assert [people[one["id"]] for one in answer["results"]] == found.split()
    assert answer["total"] == len(found.split())


def test_groups_are_alternatives_and_associations_are_a_property(api, people):
    """Filter groups are joined by OR, filters by AND; `associations.company` and top-level `filters` work."""
    ulm = {"propertyName": "city", "operator": "EQ", "value": "ulm"}
    few = {"propertyName": "hs_email_open", "operator": "LT", "value": "7"}
    bonn = {"propertyName": "city", "operator": "CONTAINS_TOKEN", "value": "bonn"}
    both = api.post(f"{V}/contacts/search", {"filterGroups": [{"filters": [ulm, few]}, {"filters": [bonn]}]}).json()
    assert [people[one["id"]] for one in both["results"]] == ["ann", "bob"]
    linked = {"propertyName": "associations.company", "operator": "EQ", "value": people["company"]}
    assert api.post(f"{V}/contacts/search", {"filters": [linked]}).json()["total"] == 1
    assert api.post(f"{V}/contacts/search", {"query": "other.org"}).json()["total"] == 1


@pytest.mark.parametrize(
    ("sorts", "order"),
    [
        ([{"propertyName": "hs_email_open", "direction": "DESCENDING"}], "bob ann cy"),
        ([{"propertyName": "hs_email_open", "direction": "ASCENDING"}], "ann bob cy"),
        ([{"propertyName": "hs_object_id", "direction": "DESCENDING"}], "cy bob ann"),
        ([{"propertyName": "email", "direction": "DESCENDING"}], "cy bob ann"),
        ([], "ann bob cy"),
    ],
)
def test_order(api, people, sorts, order):
    """Numbers sort as numbers, records without a value come last, the oldest is first without a sort."""
    answer = _find(api, sorts=sorts).json()
    assert [people[one["id"]] for one in answer["results"]] == order.split()


def test_pages_by_offset_and_by_id(api):
    """`after` is an offset; walking by `hs_object_id > last` sees each record once."""
    ids = api.contacts(25)
    page = _find(api, limit=10, after="10").json()
    assert ([one["id"] for one in page["results"]], page["paging"]) == (ids[10:20], {"next": {"after": "20"}})
    assert "paging" not in _find(api, limit=10, after="20").json()
    seen, last = [], "0"
    while True:
        answer = _find(
            api,
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "0"},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last},
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            limit=10,
        ).json()
        assert answer["total"] == len(ids) - len(seen)
        if not answer["results"]:
            break
        seen += [one["id"] for one in answer["results"]]
        last = seen[-1]
    assert seen == ids


_ONE = {"propertyName": "city", "operator": "EQ", "value": "a"}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "9900", "limit": 101},
        {"after": "x"},
        {"query": "x" * 3000},
        {"filterGroups": [{"filters": [_ONE]}] * 7},
        {"filterGroups": [{"filters": [_ONE] * 7}]},
        {"filterGroups": [{"filters": [_ONE] * 5}] * 4},
        {"sorts": [{"propertyName": "city"}, {"propertyName": "email"}]},
        {"filterGroups": [{"filters": [_ONE | {"propertyName": "nonsense"}]}]},
        {"filterGroups": [{"filters": [_ONE | {"operator": "LIKE"}]}]},
        {"filterGroups": [{"filters": [_ONE | {"operator": "IN"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "hs_email_open", "operator": "GT", "value": "many"}]}]},
    ],
)
def test_what_search_refuses(api, body):
    """Beyond the wall of 10,000 and each other limit, and for unknown names and values, search answers 400."""
    answer = api.post(f"{V}/contacts/search", body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_the_most_that_search_takes(api):
    """after + limit of exactly 10,000, 6 groups and 18 filters are answered."""
    assert _find(api, filterGroups=[{"filters": [_ONE] * 3}] * 6).status_code == 200
    assert _find(api, after="9900", limit=100).status_code == 200


def test_a_body_that_is_no_json(api):
    """A broken body is HubSpot's 400."""
    answer = api.session.post(f"{api.url}{V}/contacts/search", data="{", timeout=5)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(
        "Invalid input JSON on line -1, column -1: Cannot build PublicSearchRequest"
    )


def test_companies_are_searched_by_their_own_modified_date(api):
    """Contacts have lastmodifieddate, everything else hs_lastmodifieddate."""
    api.make("companies", name="A")
    filters = [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}]
    assert api.post(f"{V}/companies/search", {"filters": filters}).json()["total"] == 1
    filters[0]["propertyName"] = "lastmodifieddate"
    assert api.post(f"{V}/companies/search", {"filters": filters}).status_code == 400


def test_search_lags_behind_and_shows_what_was():
    """With a lag, search shows the state of a moment ago: old values, no new records, archived ones still there."""
    clock = [0.0]
    portal = Portal(portal_id=1, now=DEFAULT_START, token="t", monotonic=lambda: clock[0])
    kept = portal.put("contacts", {"email": "a@example.com", "city": "Ulm"}, at=portal.now)
    gone = portal.put("contacts", {"email": "b@example.com"}, at=portal.now)
    index = SearchIndex(portal, 2_000, lambda: clock[0])

    def found() -> list[str | None]:
        call = Call("POST", "/search", {}, b'{"properties":["city"]}', "http://x")
        page = search(portal, index, call, object_type("contacts")).body
        return [one["properties"]["city"] for one in orjson.loads(page)["results"]]

    portal.set("contacts", kept, {"city": "Bonn"}, at=portal.now)
    clock[0] = 1.0
    portal.set("contacts", kept, {"city": "Kiel"}, at=portal.now)
    portal.archive("contacts", gone, portal.now)
    portal.put("contacts", {"email": "c@example.com", "city": "Jena"}, at=portal.now)
    seen = []
    for clock[0] in (1.9, 2.0, 2.9, 3.0):
        seen.append(found())
    assert seen == [["Ulm", None], ["Bonn", None], ["Bonn", None], ["Kiel", "Jena"]]


def test_a_new_association_is_seen_by_the_next_search(api, people):
    """The kept result of a query by association is dropped when an association comes or goes."""
    linked = {"filters": [{"propertyName": "associations.company", "operator": "EQ", "value": people["company"]}]}
    bob = next(id for id, name in people.items() if name == "bob")
    totals = [api.post(f"{V}/contacts/search", linked).json()["total"]]
    api.put(f"{V}/contacts/{bob}/associations/default/companies/{people['company']}")
    totals.append(api.post(f"{V}/contacts/search", linked).json()["total"])
    api.delete(f"{V}/companies/{people['company']}")
    totals.append(api.post(f"{V}/contacts/search", linked).json()["total"])
    assert totals == [1, 2, 0]


def test_a_write_is_seen_by_the_next_search_without_lag(api, people):
    """Without a lag the kept result of a query is dropped when a record changes."""
    before = _find(api, _ONE | {"value": "ulm"}).json()["total"]
    api.post(f"{V}/contacts", {"properties": {"email": "d@example.com", "city": "ULM"}})
    assert _find(api, _ONE | {"value": "ulm"}).json()["total"] == before + 1
