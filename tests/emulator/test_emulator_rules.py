"""What may be written: every value is checked by the type of its property."""

from __future__ import annotations

import json

import pytest

V = "/crm/objects/2026-09"
LONG = "x" * 65_536


@pytest.fixture
def typed(api):
    """Custom properties of each type on contacts."""
    with api.portal.lock:
        for type_, field in (
            ("number", "number"),
            ("date", "date"),
            ("datetime", "date"),
            ("bool", "booleancheckbox"),
            ("string", "textarea"),
        ):
            api.portal.define("contacts", {"name": f"x_{type_}", "label": type_, "type": type_, "fieldType": field})
        for name, field in (("x_one", "select"), ("x_many", "checkbox")):
            api.portal.define(
                "contacts",
                {
                    "name": name,
                    "label": name,
                    "type": "enumeration",
                    "fieldType": field,
                    "options": [{"label": one, "value": one} for one in "abc"],
                },
            )
        api.portal.directory.add_owner("77", "o@example.com", "O", "W", user_id=7)
    return api.contacts(1)[0]


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("x_number", "81.5", "81.5"),
        ("x_number", 7, "7"),
        ("x_number", " 1e3 ", "1e3"),
        ("x_number", "-.5", "-.5"),
        ("x_date", "2026-01-31", "2026-01-31"),
        ("x_date", "1769817600000", "2026-01-31"),
        ("x_datetime", "1769817600123", "2026-01-31T00:00:00.123Z"),
        ("x_datetime", "2026-01-31T01:00:00+01:00", "2026-01-31T00:00:00.000Z"),
        ("x_bool", True, "true"),
        ("x_bool", "FALSE", "false"),
        ("x_one", "a", "a"),
        ("x_many", "c;a;c", "c;a"),
        ("x_many", ";b", "b"),
        ("x_string", LONG, LONG),
        ("x_string", "Grüße 👋", "Grüße 👋"),
        ("x_string", None, None),
        ("x_number", "", None),
        ("hubspot_owner_id", "77", "77"),
        ("email", "New@Example.com", "new@example.com"),
    ],
)
def test_values_that_fit(api, typed, name, value, stored):
    """Values of the right type are stored as strings; datetimes become ISO, dates a day."""
    answer = api.patch(f"{V}/contacts/{typed}", {"properties": {name: value}})
    assert (answer.status_code, answer.json()["properties"][name]) == (200, stored)


@pytest.mark.parametrize(
    ("name", "value", "code", "message"),
    [
        ("x_nothing", "1", "PROPERTY_DOESNT_EXIST", 'Property "x_nothing" does not exist'),
        ("x_number", "many", "INVALID_INTEGER", "x_number was not a valid number"),
        ("x_number", "NaN", "INVALID_INTEGER", "x_number was not a valid number"),
        ("x_number", "1e999", "INVALID_INTEGER", "x_number was not a valid number"),
        ("x_one", "A", "INVALID_OPTION", "A was not one of the allowed options: [a, b, c]"),
        ("x_one", "a;b", "INVALID_OPTION", "a;b was not one of the allowed options: [a, b, c]"),
        ("x_many", "a;d", "INVALID_OPTION", "d was not one of the allowed options: [a, b, c]"),
        ("x_bool", "yes", "INVALID_OPTION", "yes was not one of the allowed options: [true, false]"),
        ("email", "name@domain", "INVALID_EMAIL", "Email address name@domain is invalid"),
        ("x_date", "tomorrow", "INVALID_DATE", None),
        ("x_date", "1769817600001", "INVALID_DATE", None),
        ("x_datetime", "2026-02-30T00:00:00Z", "INVALID_DATE", None),
        ("x_string", LONG + "x", "PROPERTY_VALUE_TOO_LONG", None),
        ("hs_email_open", "1", "READ_ONLY_VALUE", None),
        ("hs_object_id", "1", "READ_ONLY_VALUE", None),
        ("hubspot_owner_id", "78", "INVALID_OWNER_ID", None),
    ],
)
def test_values_that_do_not_fit(api, typed, name, value, code, message):
    """A value that does not fit is a 400 in HubSpot's double form: JSON in the message, and a list of errors."""
    answer = api.patch(f"{V}/contacts/{typed}", {"properties": {name: value, "city": "Ulm"}})
    body = answer.json()
    assert (answer.status_code, body["category"], body["errors"][0]["code"]) == (400, "VALIDATION_ERROR", code)
    assert body["errors"][0]["context"] == {"propertyName": [name]}
    start = "Property values were not valid: "
    assert body["message"].startswith(start)
    inner = json.loads(body["message"].removeprefix(start))[0]
    assert (inner["isValid"], inner["error"], inner["name"], inner["portalId"]) == (False, code, name, 4242424)
    if message:
        assert inner["message"] == inner["localizedErrorMessage"] == body["errors"][0]["message"] == message
    assert api.get(f"{V}/contacts/{typed}", properties="city").json()["properties"]["city"] is None


def test_appending_to_a_multiple_choice(api, typed):
    """A leading semicolon adds to what is chosen."""
    api.patch(f"{V}/contacts/{typed}", {"properties": {"x_many": "a"}})
    answer = api.patch(f"{V}/contacts/{typed}", {"properties": {"x_many": ";b"}})
    assert answer.json()["properties"]["x_many"] == "a;b"


def test_the_lifecycle_stage_only_moves_forward(api):
    """A step back is ignored without a word, unless the stage is cleared first."""
    id = api.make("contacts", email="a@example.com", lifecyclestage="customer")
    stages = [
        api.patch(f"{V}/contacts/{id}", {"properties": {"lifecyclestage": stage}}).json()["properties"][
            "lifecyclestage"
        ]
        for stage in ("evangelist", "", "lead")
    ]
    assert stages == ["evangelist", None, "lead"]
    api.patch(f"{V}/contacts/{id}", {"properties": {"lifecyclestage": "subscriber"}})
    shown = api.get(f"{V}/contacts/{id}", properties="lifecyclestage").json()["properties"]
    assert shown["lifecyclestage"] == "lead"


@pytest.mark.parametrize(
    ("object", "good", "needed"),
    [
        ("contacts", {"lastname": "A"}, {"lastname"}),
        ("companies", {"domain": "a.example"}, {"domain"}),
        (
            "deals",
            {"dealname": "A", "dealstage": "qualifiedtobuy", "pipeline": "default"},
            {"dealname", "dealstage", "pipeline"},
        ),
        (
            "tickets",
            {"subject": "A", "hs_pipeline": "0", "hs_pipeline_stage": "1"},
            {"subject", "hs_pipeline", "hs_pipeline_stage"},
        ),
        ("notes", {"hs_timestamp": "2026-01-01T00:00:00Z"}, {"hs_timestamp"}),
        (
            "emails",
            {"hs_timestamp": "1769817600000", "hs_email_direction": "EMAIL"},
            {"hs_timestamp", "hs_email_direction"},
        ),
    ],
)
def test_what_a_new_record_needs(api, object, good, needed):
    """Without one of its required properties a record is not made."""
    assert api.post(f"{V}/{object}", {"properties": good}).status_code == 201
    for name in needed:
        given = {key: value for key, value in good.items() if key != name}
        assert api.post(f"{V}/{object}", {"properties": given}).status_code == 400


@pytest.mark.parametrize(
    ("properties", "status"),
    [({"dealstage": "closedwon"}, 200), ({"dealstage": "1"}, 400), ({"pipeline": "unknown"}, 400)],
)
def test_stages_belong_to_their_pipeline(api, properties, status):
    """A deal takes the stages of its pipeline only."""
    deal = api.make("deals", dealname="A", dealstage="qualifiedtobuy", pipeline="default")
    assert api.patch(f"{V}/deals/{deal}", {"properties": properties}).status_code == status


def test_activities_ignore_what_others_refuse(api):
    """An update of a task drops unknown and read-only properties without a word."""
    task = api.make("tasks", hs_timestamp="2026-01-01T00:00:00Z")
    answer = api.patch(
        f"{V}/tasks/{task}", {"properties": {"nonsense": "1", "hs_createdate": "1", "hs_task_subject": "Call"}}
    )
    assert (answer.status_code, answer.json()["properties"]["hs_task_subject"]) == (200, "Call")


def test_admin_rules_hold_in_the_dated_version_only(api):
    """A write that v3 accepts is a 400 in 2026-09 when an admin requires another property."""
    api.post(
        "/_emulator/requirements",
        {"object": "deals", "property": "closed_lost_reason", "when": {"dealstage": "closedlost"}},
    )
    deal = api.make("deals", dealname="A", dealstage="qualifiedtobuy", pipeline="default")
    lost = {"properties": {"dealstage": "closedlost"}}
    refused = api.patch(f"{V}/deals/{deal}", lost)
    assert (refused.status_code, "closed_lost_reason" in refused.json()["context"]["properties"][0]) == (400, True)
    assert api.patch(f"{V}/deals/{deal}", {"properties": {"amount": "5"}}).status_code == 200
    lost["properties"]["closed_lost_reason"] = "price"
    assert api.patch(f"{V}/deals/{deal}", lost).status_code == 200
    del lost["properties"]["closed_lost_reason"]
    other = api.make("deals", dealname="B", dealstage="qualifiedtobuy", pipeline="default")
    assert api.patch(f"/crm/v3/objects/deals/{other}", lost).status_code == 200


def test_an_email_of_another_contact_is_a_conflict(api):
    """Taking another contact's email is the 409 that names it."""
    one, other = api.contacts(2)
    answer = api.patch(f"{V}/contacts/{other}", {"properties": {"email": "C0@example.com"}})
    assert (answer.status_code, answer.json()["message"]) == (409, f"Contact already exists. Existing ID: {one}")
    assert answer.json()["category"] == "CONFLICT"
