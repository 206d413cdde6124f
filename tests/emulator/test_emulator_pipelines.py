"""Pipelines that change, what follows from a stage, limits tracking and schemas."""

from __future__ import annotations

import pytest

P = "/crm/pipelines/2026-09/deals"
V = "/crm/objects/2026-09"
STAGES = [
    {"label": "Open", "displayOrder": 0, "metadata": {"probability": "0.5"}},
    {"label": "Won", "displayOrder": 1, "metadata": {"probability": "1.0"}},
]


@pytest.fixture
def pipeline(api):
    return api.post(P, {"label": "Renewals", "displayOrder": 1, "stages": STAGES}).json()


def test_a_pipeline_is_made_and_used(api, pipeline):
    """A new pipeline has stages with text in their metadata, and deals may stand in them."""
    assert [stage["metadata"] for stage in pipeline["stages"]] == [
        {"probability": "0.5", "isClosed": "false"},
        {"probability": "1.0", "isClosed": "true"},
    ]
    deal = {"dealname": "D", "pipeline": pipeline["id"], "dealstage": pipeline["stages"][0]["id"]}
    assert api.post(f"{V}/deals", {"properties": deal}).status_code == 201
    assert api.get(f"{P}/{pipeline['id']}/stages/{deal['dealstage']}").json()["label"] == "Open"


def test_a_change_of_a_pipeline_moves_the_modified_date_of_its_deals(api, pipeline):
    """Editing a pipeline or a stage touches each deal in it, and no other."""
    here = api.make("deals", dealname="D", pipeline=pipeline["id"], dealstage=pipeline["stages"][0]["id"])
    there = api.make("deals", dealname="E", pipeline="default", dealstage="closedwon")
    deals = api.portal.objects["deals"]
    api.post("/_emulator/clock", {"minutes": 5})
    before = {id: deals[id].updated_ms for id in (here, there)}
    stage = f"{P}/{pipeline['id']}/stages/{pipeline['stages'][0]['id']}"
    assert api.patch(stage, {"label": "Still open"}).json()["label"] == "Still open"
    assert deals[here].updated_ms > before[here]
    assert deals[there].updated_ms == before[there]


def test_a_stage_with_deals_stays(api, pipeline):
    """A stage or pipeline with records is not taken away, in HubSpot's words; an empty one is."""
    stage = pipeline["stages"][0]["id"]
    deal = api.make("deals", dealname="D", pipeline=pipeline["id"], dealstage=stage)
    for path in (f"{P}/{pipeline['id']}", f"{P}/{pipeline['id']}/stages/{stage}"):
        answer = api.delete(path)
        assert answer.status_code == 400
        assert answer.json()["message"] == f"Stage IDs: [{stage}] are being referenced by object IDs: [{deal}]"
        assert answer.json()["subCategory"] == "PipelineError.STAGE_ID_IN_USE"
    api.delete(f"{V}/deals/{deal}")
    assert api.delete(f"{P}/{pipeline['id']}").status_code == 204
    assert api.get(f"{P}/{pipeline['id']}").status_code == 404


def test_a_closed_stage_closes_the_deal(api):
    """What HubSpot derives from a stage follows the write, with its own source in the history."""
    id = api.make("deals", dealname="D", pipeline="default", dealstage="contractsent")
    api.patch(f"{V}/deals/{id}", {"properties": {"dealstage": "closedwon"}})
    names = ["hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability", "closedate"]
    found = api.get(f"{V}/deals/{id}", properties=names, propertiesWithHistory="hs_is_closed").json()
    values = found["properties"]
    assert [values[name] for name in names[:3]] == ["true", "true", "1.0"]
    assert values["closedate"]
    assert found["propertiesWithHistory"]["hs_is_closed"][0]["sourceType"] == "CALCULATED"
    api.patch(f"{V}/deals/{id}", {"properties": {"dealstage": "closedlost"}})
    after = api.get(f"{V}/deals/{id}", properties=names).json()["properties"]
    assert (after["hs_is_closed_won"], after["closedate"]) == ("false", values["closedate"])


def test_a_lifecycle_stage_and_an_email_leave_their_marks(api):
    """The date of a lifecycle stage and the domain of an email follow the write."""
    made = api.post(f"{V}/contacts", {"properties": {"email": "a@example.com", "lifecyclestage": "lead"}}).json()
    names = "hs_lifecyclestage_lead_date,hs_v2_date_entered_lead,hs_email_domain"
    values = api.get(f"{V}/contacts/{made['id']}", properties=names).json()["properties"]
    assert values["hs_lifecyclestage_lead_date"] == values["hs_v2_date_entered_lead"] == made["createdAt"]
    assert values["hs_email_domain"] == "example.com"


@pytest.mark.parametrize(
    ("path", "type_id", "usage"),
    [
        ("records", "0-1", 2),
        ("custom-properties", "0-1", 1),
        ("calculated-properties", "0-1", 0),
        ("pipelines", "0-3", 1),
    ],
)
def test_limits_tracking_counts(api, path, type_id, usage):
    """Each limit tells how much of it is used, by object type."""
    api.contacts(2)
    api.portal.define("contacts", {"name": "acme", "type": "number", "fieldType": "number"})
    rows = {row["objectTypeId"]: row for row in api.get(f"/crm/v3/limits/{path}").json()["byObjectType"]}
    assert rows[type_id]["usage"] == usage


def test_schemas_know_no_custom_objects(api):
    """There are no custom objects, and what looks like one is no object type; HubSpot's own have a schema."""
    for family in ("/crm/v3/schemas", "/crm-object-schemas/v3/schemas"):
        assert api.get(family).json() == {"results": []}
    assert api.get("/crm/v3/schemas/0-3").json()["requiredProperties"] == ["dealname", "dealstage", "pipeline"]
    for name in ("p_thing", "2-123456"):
        answer = api.get(f"{V}/{name}")
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
