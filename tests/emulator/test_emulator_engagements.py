"""Calls, emails, meetings, notes and tasks under one object type for reading."""

from __future__ import annotations

import pytest

V = "/crm/v3/objects/engagements"


@pytest.fixture
def made(api):
    """One of each, an incoming email, and a record that is none; ids by what they are."""
    return {
        "NOTE": api.make("notes", hs_note_body="Hello", hs_timestamp="2026-09-01T10:00:00.000Z"),
        "CALL": api.make("calls", hs_call_status="COMPLETED", hs_timestamp="2026-09-03T10:00:00.000Z"),
        "TASK": api.make("tasks", hs_task_status="COMPLETED"),
        "MEETING": api.make("meetings", hs_meeting_title="Demo", hs_timestamp="2026-09-02T10:00:00.000Z"),
        "EMAIL": api.make("emails", hs_email_direction="EMAIL", hs_timestamp="2026-09-04T10:00:00.000Z"),
        "INCOMING_EMAIL": api.make("emails", hs_email_direction="INCOMING_EMAIL"),
        "": api.make("contacts", email="a@example.com"),
    }


def _found(api, **body) -> list[str]:
    answer = api.post(f"{V}/search", body)
    assert answer.status_code == 200, answer.text
    return [one["properties"]["hs_engagement_type"] for one in answer.json()["results"]]


def _filter(name, operator, **more):
    return {"propertyName": name, "operator": operator, **more}


def _search(api, *filters, **more) -> set[str]:
    return set(_found(api, filterGroups=[{"filters": list(filters)}], properties=["hs_engagement_type"], **more))


def test_all_kinds_are_one_list(api, made):
    """The list has each under the id it has as a call or a note, in pages by id, with the values asked for."""
    names = "hs_engagement_type,hs_call_status,hs_note_body"
    page = api.get(V, limit=4, properties=names).json()
    rest = api.session.get(page["paging"]["next"]["link"], timeout=10).json()
    rows = {one["properties"]["hs_engagement_type"]: one for one in page["results"] + rest["results"]}
    ids = [one["id"] for one in page["results"] + rest["results"]]
    assert ids == sorted(ids, key=int)
    assert {name: one["id"] for name, one in rows.items()} == {name: id for name, id in made.items() if name}
    assert rows["CALL"]["properties"]["hs_call_status"] == "COMPLETED"
    assert rows["CALL"]["properties"]["hs_note_body"] is None
    assert api.get("/crm/v3/objects/0-4").json()["results"][0].keys() == page["results"][0].keys()
    assert api.get(V, limit=101).status_code == 400


def test_one_several_and_their_associations(api, made):
    """By id, in a batch that names the missing, and with the records they belong to."""
    call, contact = made["CALL"], made[""]
    assert api.get(f"{V}/{call}").json()["id"] == call
    assert api.get(f"{V}/{contact}").status_code == 404
    inputs = {"inputs": [{"id": call}, {"id": made["TASK"]}, {"id": contact}], "properties": ["hs_task_status"]}
    batch = api.post(f"{V}/batch/read", inputs)
    assert batch.status_code == 207
    assert [one["properties"].get("hs_task_status") for one in batch.json()["results"]] == [None, "COMPLETED"]
    assert batch.json()["errors"][0]["context"] == {"ids": [contact]}
    api.link("calls", call, "contacts", contact)
    linked = api.post("/crm/v4/associations/engagements/contacts/batch/read", inputs).json()
    assert [(one["from"]["id"], one["to"][0]["toObjectId"]) for one in linked["results"]] == [(call, int(contact))]
    assert len(linked["errors"]) == 2


def test_they_are_searched_together(api, made):
    """Filters look at all kinds; a property that only one kind has chooses that kind; sorting mixes them."""
    assert _search(api, _filter("hs_engagement_type", "IN", values=["CALL", "EMAIL"])) == {"CALL", "EMAIL"}
    assert _search(api, _filter("hs_call_status", "EQ", value="COMPLETED")) == {"CALL"}
    without = _search(api, _filter("hs_call_status", "NOT_HAS_PROPERTY"))
    assert without == made.keys() - {"CALL", ""}
    span = {"value": "2026-09-02T09:59:59.123456Z", "highValue": "2026-09-04T10:00:00.000000Z"}
    dated = _filter("hs_timestamp", "BETWEEN", **span)
    body = {"filterGroups": [{"filters": [dated]}], "properties": ["hs_engagement_type"], "limit": 2}
    rising = [{"propertyName": "hs_timestamp", "direction": "ASCENDING"}]
    assert _found(api, sorts=rising, **body) == ["MEETING", "CALL"]
    assert _found(api, sorts=rising, **body, after=2) == ["EMAIL"]
    assert _found(api, sorts=["-hs_timestamp"], **body) == ["EMAIL", "CALL"]
    assert api.post(f"{V}/search", {"filters": [_filter("nonsense", "HAS_PROPERTY")]}).status_code == 400


def test_their_definitions_are_those_of_all_kinds(api, made):
    """The property definitions hold what is shown, and engagements are not written under this name."""
    names = {one["name"] for one in api.get("/crm/v3/properties/engagements").json()["results"]}
    assert {"hs_engagement_type", "hs_call_status", "hs_note_body", "hs_object_id"} <= names
    assert api.post(V, {"properties": {}}).status_code == 400
    assert api.patch(f"{V}/{made['CALL']}", {"properties": {}}).status_code == 400
