"""What the client reads, in every shape HubSpot has for it."""

from __future__ import annotations

import pytest
from crm_wire import BASE, bodies, error_body, sent, utc
from responses import matchers

from hubsync.crm import Client, Filter, follow
from hubsync.crm.objects import UNKNOWN_TYPE
from hubsync.errors import RemoteError, ScopeError
from hubsync.types import AssociationRow

CONTACTS = f"{BASE}/crm/objects/2026-09/contacts"


def record(number: int, **more) -> dict:
    return {
        "id": str(number),
        "properties": {"email": f"p{number}@x.example", "score": None},
        "createdAt": "2022-06-01T14:31:48.469Z",
        "updatedAt": "2025-07-07T20:27:17Z",
        "archived": False,
        **more,
    }


def page(*records: dict, after: str | None = None, **more) -> dict:
    paging = {"paging": {"next": {"after": after, "link": "https://x"}}} if after else {}
    return {"results": list(records), **paging, **more}


def test_a_page_of_records(client: Client, wire) -> None:
    """A page asks for what was named, and its rows keep HubSpot's raw text with naive UTC times."""
    query = {"limit": "100", "properties": "email,score", "archived": "true", "after": "1"}
    wire.get(
        CONTACTS,
        json=page(record(1, archived=True, archivedAt="2026-01-01T00:00:00Z"), after="2"),
        match=[matchers.query_param_matcher(query)],
    )

    found = client.list_page("contacts", ["email", "score"], archived=True, after="1")

    (row,) = found.rows
    assert (row.object, row.record_id, row.properties["score"]) == ("contacts", "1", None)
    assert row.updated_at == utc(2025, 7, 7, 20, 27, 17)
    assert row.created_at == utc(2022, 6, 1, 14, 31, 48, 469000)
    assert row.archived_at == utc(2026, 1, 1)
    assert found.next_after == "2"


def test_inline_associations(client: Client, wire) -> None:
    """Associations in a list have types, may be cut off, and the records they are cut off for are named."""
    of = {
        "companies": {
            "results": [
                {"id": "9", "type": "contact_to_company"},
                {"id": 9, "type": "contact_to_company_unlabeled"},
                {"id": "8", "type": "advisor"},
            ],
            "paging": {"next": {"after": "8", "link": "https://x"}},
        },
        "line items": {"results": []},
    }
    wire.get(
        CONTACTS,
        json=page(record(1, associations=of), record(2)),
        match=[matchers.query_param_matcher({"associations": "companies,line_items"}, strict_match=False)],
    )

    found = client.list_page("contacts", [], associations=["companies", "line_items"])

    assert found.associations == [
        AssociationRow("contacts", "1", "companies", "9", 1, "Primary"),
        AssociationRow("contacts", "1", "companies", "9", 279),
        AssociationRow("contacts", "1", "companies", "8", UNKNOWN_TYPE, "advisor"),
    ]
    assert found.truncated == [("contacts", "1", "companies")]
    assert found.next_after is None


def test_too_many_properties_are_read_by_id(client: Client, wire) -> None:
    """A property list that would not fit into an address is read by batch; vanished records are left out."""
    names = [f"property_number_{number}" for number in range(400)]
    wire.get(CONTACTS, json=page(record(1), record(2), after="3"))
    wire.post(f"{CONTACTS}/batch/read", status=207, json={**page(record(1)), **missing("2")})

    found = client.list_page("contacts", names, archived=True)

    assert wire.calls[1].request.params == {"archived": "true"}
    assert [row.record_id for row in found.rows] == ["1"]
    assert found.next_after == "3"
    assert wire.calls[0].request.params["properties"] == "hs_object_id"
    assert sent(wire, 1) == {"properties": names, "inputs": [{"id": "1"}, {"id": "2"}]}


def missing(*ids: str) -> dict:
    body = error_body("207_batch_partial")
    return {"errors": [{**body["errors"][0], "context": {"ids": list(ids)}}], "numErrors": 1}


def test_a_search(client: Client, wire) -> None:
    """A search sends one filter group, one sort and a numeric offset, and knows how many there are."""
    wire.post(f"{CONTACTS}/search", json=page(record(1), after="400", total=1234))

    found = client.search_page(
        "contacts",
        ["email"],
        [
            Filter("lastmodifieddate", "GTE", "1763700000000"),
            Filter("score", "BETWEEN", "1", "2"),
            Filter("plan", "IN", values=("a",)),
        ],
        ["-hs_object_id"],
        after="200",
    )

    assert (found.total, len(found.rows), found.next_after) == (1234, 1, "400")
    assert bodies(wire) == [
        {
            "filterGroups": [
                {
                    "filters": [
                        {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "1763700000000"},
                        {"propertyName": "score", "operator": "BETWEEN", "value": "1", "highValue": "2"},
                        {"propertyName": "plan", "operator": "IN", "values": ["a"]},
                    ]
                }
            ],
            "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
            "properties": ["email"],
            "limit": 200,
            "after": 200,
        }
    ]


def test_a_search_for_many_properties_reads_by_id(client: Client, wire) -> None:
    """A search body is kept under 3,000 characters by reading the properties in batches of 100."""
    names = [f"property_number_{number}" for number in range(200)]
    wire.post(f"{CONTACTS}/search", json=page(*map(record, range(150)), total=150))
    wire.post(f"{CONTACTS}/batch/read", json=page(*map(record, range(100))))
    wire.post(f"{CONTACTS}/batch/read", json=page(*map(record, range(100, 150))))

    found = client.search_page("contacts", names)

    assert len(found.rows) == 150
    assert len(wire.calls[0].request.body) < 3000


def test_associations_are_followed_to_the_end(client: Client, wire) -> None:
    """Ids come as numbers or text, each type is a row, pages are followed, records without any are fine."""
    url = f"{BASE}/crm/associations/2026-09/contacts/companies/batch/read"
    types = [{"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
             {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}]  # fmt: skip
    none = {"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}
    first = {"from": {"id": "1"}, "to": [{"toObjectId": 9, "associationTypes": types}], **page(after="9")}
    del first["results"]
    wire.post(url, status=207, json={"results": [first], "errors": [none], "numErrors": 1})
    wire.post(
        url,
        json={"results": [{"from": {"id": "1"}, "to": [{"toObjectId": "8", "associationTypes": types[1:]}]}]},
    )

    rows = client.associations("contacts", "companies", ["1", "2", "1"])

    assert [(row.to_id, row.type_id, row.label) for row in rows] == [
        ("9", 1, "Primary"),
        ("9", 279, None),
        ("8", 279, None),
    ]
    assert bodies(wire) == [{"inputs": [{"id": "1"}, {"id": "2"}]}, {"inputs": [{"id": "1", "after": "9"}]}]


def test_a_partly_failed_read_is_an_error(client: Client, wire) -> None:
    """A 207 whose errors say more than "not found" is not taken for an answer."""
    wire.post(f"{CONTACTS}/batch/read", status=207, json={"results": [], "errors": [{"category": "TIMEOUT"}]})

    with pytest.raises(RemoteError, match="TIMEOUT"):
        client.batch_read("contacts", ["1"], ["email"])


def test_pages_that_go_in_circles_are_refused(client: Client, wire) -> None:
    """A cursor that points to its own page, or to one already read, ends in an error instead of a loop."""
    wire.get(CONTACTS, json=page(record(1), after="5"))
    with pytest.raises(RemoteError, match="twice"):
        client.list_page("contacts", [], after="5")

    wire.get(CONTACTS, json=page(record(1), after="6"))
    wire.get(CONTACTS, json=page(record(1), after="7"))
    wire.get(CONTACTS, json=page(record(1), after="6"))
    with pytest.raises(RemoteError, match="circle"):
        list(follow(lambda after: client.list_page("contacts", [], after=after)))

    url = f"{BASE}/crm/associations/2026-09/contacts/companies/batch/read"
    again = {"from": {"id": "1"}, "to": [], "paging": {"next": {"after": "9"}}}
    wire.post(url, json={"results": [again]})
    with pytest.raises(RemoteError, match="twice"):
        client.associations("contacts", "companies", ["1"])


def test_events_in_a_window(client: Client, wire) -> None:
    """Events of a type are asked for by time; the object is named as elsewhere, properties stay raw."""
    event = {"id": "e1", "eventType": "e_visited_page", "objectType": "CONTACT", "objectId": 5,
             "occurredAt": "2026-05-21T23:34:50.537Z", "properties": {"hs_url": "https://x/pricing"}}  # fmt: skip
    query = {"eventType": "e_visited_page", "limit": "50", "occurredAfter": "2026-05-01T00:00:00.000Z",
             "occurredBefore": "2026-06-01T00:00:00.000Z", "after": "a"}  # fmt: skip
    wire.get(
        f"{BASE}/events/event-occurrences/2026-09",
        json=page(event, after="b"),
        match=[matchers.query_param_matcher(query)],
    )

    found = client.event_page("e_visited_page", utc(2026, 5, 1), utc(2026, 6, 1), "a", limit=50)

    (row,) = found.rows
    assert (row.id, row.object, row.object_id) == ("e1", "contacts", "5")
    assert row.occurred_at == utc(2026, 5, 21, 23, 34, 50, 537000)
    assert row.properties == {"hs_url": "https://x/pricing"}
    assert found.next_after == "b"


def test_event_types(legacy: Client, wire) -> None:
    """The event types are listed, here on the legacy path; a plan without events is a scope error."""
    wire.get(f"{BASE}/events/v3/events/event-types", json={"eventTypes": ["e_visited_page", "pe7_login"]})
    wire.get(f"{BASE}/events/v3/events/event-types", status=403, json={"message": "not on this plan"})

    assert legacy.event_types() == ["e_visited_page", "pe7_login"]
    with pytest.raises(ScopeError, match="not on this plan"):
        legacy.event_types()


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"results": None},
        {"results": [{}]},
        {"results": [record(1, updatedAt="soon")]},
        {"results": [3]},
    ],
)
def test_an_answer_of_another_shape_is_our_error(client: Client, wire, body) -> None:
    """A success that is not shaped as documented is a RemoteError that names the operation."""
    wire.get(CONTACTS, json=body)

    with pytest.raises(RemoteError, match=r"objects\.list has another shape") as told:
        client.list_page("contacts", ["email"])

    assert "a newer hubsync, or if a proxy" in str(told.value)
    assert "Error" not in str(told.value)
