"""Property definitions and groups."""

from __future__ import annotations

import pytest

FAMILIES = ("/crm/v3/properties", "/crm/properties/2026-03", "/crm/properties/2026-09")
P = FAMILIES[-1]
SCORE = {"name": "acme_score", "label": "Score", "type": "number", "fieldType": "number", "groupName": "acme"}


@pytest.fixture
def group(api):
    api.post(f"{P}/contacts/groups", {"name": "acme", "label": "Acme"})


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("object", "name", "type_", "read_only"),
    [
        ("contacts", "hs_email_open", "number", True),
        ("contacts", "lifecyclestage", "enumeration", False),
        ("companies", "industry", "enumeration", False),
        ("companies", "numberofemployees", "number", False),
        ("deals", "amount", "number", False),
        ("deals", "hs_is_closed", "bool", True),
        ("tickets", "hs_pipeline_stage", "enumeration", False),
        ("calls", "hs_call_duration", "number", False),
        ("feedback_submissions", "hs_value", "number", True),
        ("commerce_payments", "hs_latest_status", "enumeration", False),
    ],
)
def test_shipped_definitions(api, family, object, name, type_, read_only):
    """HubSpot's own properties are there with their types, in each version of the API."""
    definition = api.get(f"{family}/{object}/{name}").json()
    assert (definition["type"], definition["modificationMetadata"]["readOnlyValue"]) == (type_, read_only)
    assert definition["hubspotDefined"]


def test_all_default_contact_properties_are_listed(api):
    """The list has no pages and holds the 324 default properties of contacts."""
    listed = api.get(f"{P}/contacts").json()
    assert (len(listed["results"]), "paging" in listed) == (324, False)


def test_create_archive_and_create_again(api, group):
    """A second create is a 409; after archiving, creating restores the property, and its values with it."""
    assert api.post(f"{P}/contacts", SCORE).status_code == 201
    assert api.post(f"{P}/contacts", SCORE).status_code == 409
    id = api.make("contacts", email="a@example.com", acme_score="5")
    assert api.delete(f"{P}/contacts/acme_score").status_code == 204
    assert api.get(f"{P}/contacts/acme_score").status_code == 404
    assert [one["name"] for one in api.get(f"{P}/contacts", archived="true").json()["results"]] == ["acme_score"]
    read = "/crm/v3/objects/contacts/" + id
    assert "acme_score" not in api.get(read, properties="acme_score").json()["properties"]
    assert api.post(f"{P}/contacts", SCORE).status_code == 201
    assert api.get(read, properties="acme_score").json()["properties"]["acme_score"] == "5"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Acme"},
        {"name": ""},
        {"label": ""},
        {"type": "number", "fieldType": "select"},
        {"type": "float"},
        {"groupName": "nowhere"},
        {
            "type": "enumeration",
            "fieldType": "select",
            "options": [
                {"label": "A", "value": "a", "displayOrder": 0},
                {"label": "B", "value": "a", "displayOrder": 1},
            ],
        },
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "A", "value": "a"}]},
    ],
)
def test_definitions_that_are_refused(api, group, change):
    """Bad names, wrong pairs of type and field type, unknown groups and doubled options are a 400."""
    assert api.post(f"{P}/contacts", SCORE | change).status_code == 400


def test_v3_takes_options_without_an_order(api, group):
    """Only 2026-09 wants displayOrder on options."""
    body = SCORE | {"type": "enumeration", "fieldType": "select", "options": [{"label": "A", "value": "a"}]}
    made = api.post("/crm/v3/properties/contacts", body)
    assert (made.status_code, made.json()["options"][0]["displayOrder"]) == (201, 0)


def test_changing_a_definition(api, group):
    """A patch replaces the options as a whole; HubSpot's own definitions are read only."""
    options = [{"label": one, "value": one, "displayOrder": place} for place, one in enumerate("ab")]
    api.post(f"{P}/contacts", SCORE | {"type": "enumeration", "fieldType": "select", "options": options})
    changed = api.patch(f"{P}/contacts/acme_score", {"label": "New", "options": options[1:]}).json()
    assert (changed["label"], [one["value"] for one in changed["options"]], changed["type"]) == (
        "New",
        ["b"],
        "enumeration",
    )
    assert api.patch(f"{P}/contacts/email", {"label": "New"}).status_code == 400
    assert api.delete(f"{P}/contacts/email").status_code == 400


def test_batches_of_definitions(api, group):
    """Batch create is a 201, or a 207 that makes the good ones; batch read and archive work by name."""
    body = {"inputs": [SCORE, SCORE | {"name": "acme_other"}]}
    assert api.post(f"{P}/contacts/batch/create", body).status_code == 201
    body["inputs"].append(SCORE | {"name": "acme_third"})
    partial = api.post(f"{P}/contacts/batch/create", body)
    assert (partial.status_code, [one["name"] for one in partial.json()["results"]]) == (207, ["acme_third"])
    names = {"inputs": [{"name": "acme_score"}, {"name": "acme_none"}], "archived": False}
    assert api.post(f"{P}/contacts/batch/read", names).status_code == 207
    assert api.post(f"{P}/contacts/batch/archive", {"inputs": [{"name": "acme_score"}]}).status_code == 204
    assert api.get(f"{P}/contacts/acme_score").status_code == 404


def test_groups(api):
    """Groups are made once, changed, and go away only when they are empty."""
    body = {"name": "acme", "label": "Acme", "displayOrder": -1}
    made = api.post(f"{P}/contacts/groups", body)
    assert (made.status_code, made.json()) == (201, body | {"archived": False})
    assert api.post(f"{P}/contacts/groups", body).status_code == 409
    assert "acme" in [one["name"] for one in api.get(f"{P}/contacts/groups").json()["results"]]
    assert api.patch(f"{P}/contacts/groups/acme", {"label": "New"}).json()["label"] == "New"
    api.post(f"{P}/contacts", SCORE)
    assert api.delete(f"{P}/contacts/groups/acme").status_code == 400
    api.delete(f"{P}/contacts/acme_score")
    assert api.delete(f"{P}/contacts/groups/acme").status_code == 204
    assert api.get(f"{P}/contacts/groups/acme").status_code == 404


def test_unique_properties_find_records(api, group):
    """A property that was made with unique values serves as idProperty."""
    api.post(f"{P}/contacts", SCORE | {"type": "string", "fieldType": "text", "hasUniqueValue": True})
    body = {"inputs": [{"idProperty": "acme_score", "id": "k1", "properties": {"firstname": "A"}}]}
    answer = api.post("/crm/v3/objects/contacts/batch/upsert", body).json()
    assert answer["results"][0]["new"]
    assert api.get("/crm/v3/objects/contacts/k1", idProperty="acme_score").json()["id"] == answer["results"][0]["id"]


def test_the_budget_of_custom_properties_is_readable(api, group):
    """The limits endpoint counts custom properties by object type."""
    api.post(f"{P}/contacts", SCORE)
    row = api.get("/crm/v3/limits/custom-properties").json()["byObjectType"][0]
    assert (row["objectTypeId"], row["usage"], row["limit"]) == ("0-1", 1, 1000)
