"""HubSpot's own Python SDK against the emulator: its models parse every kind of answer."""

from __future__ import annotations

from datetime import datetime

import pytest
from hubspot import HubSpot
from hubspot.crm import companies, contacts, objects, properties
from hubspot.crm.associations.v4 import models as association_models
from hubspot.crm.associations.v4.schema import models as schema_models


@pytest.fixture
def sdk(api):
    return HubSpot(access_token=api.server.token, host=api.url, base_url=api.url)


def test_pages_records_and_history(api, sdk):
    """Pages, single records, associations and history become typed objects; get_all walks all pages."""
    ids = api.contacts(120)
    company = api.make("companies", name="A")
    api.link("contacts", ids[0], "companies", company)
    page = sdk.crm.contacts.basic_api.get_page(
        limit=2,
        properties=["email", "city"],
        associations=["companies"],
        archived=False,
        properties_with_history=["email"],
    )
    first = page.results[0]
    assert isinstance(first, contacts.SimplePublicObjectWithAssociations)
    assert (first.id, first.properties["email"], first.archived) == (ids[0], "c0@example.com", False)
    assert isinstance(first.created_at, datetime)
    assert first.properties_with_history["email"][0].source_type == "CRM_UI"
    assert [one.type for one in first.associations["companies"].results] == [
        "contact_to_company_unlabeled",
        "contact_to_company",
    ]
    assert (page.paging.next.after, page.paging.next.link.startswith(api.url)) == (ids[2], True)
    assert [one.id for one in sdk.crm.contacts.get_all()] == ids
    one = sdk.crm.contacts.basic_api.get_by_id("c5@example.com", id_property="email")
    assert one.id == ids[5]


def test_writes_batches_and_merges(api, sdk):
    """Create, update, archive, merge, privacy deletion and all batches, with their partial successes."""
    basic, batch = sdk.crm.contacts.basic_api, sdk.crm.contacts.batch_api
    made = basic.create(
        contacts.SimplePublicObjectInputForCreate(properties={"email": "a@example.com"}, associations=[])
    )
    changed = basic.update(made.id, contacts.SimplePublicObjectInput(properties={"city": "Ulm"}))
    assert changed.properties["city"] == "Ulm"
    created = batch.create(
        contacts.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[{"properties": {"email": f"n{place}@example.com"}, "associations": []} for place in range(3)]
        )
    )
    ids = [one.id for one in created.results]
    updated = batch.update(
        contacts.BatchInputSimplePublicObjectBatchInput(
            inputs=[
                {"id": ids[0], "properties": {"city": "Bonn"}, "objectWriteTraceId": "a"},
                {"id": ids[1], "properties": {"nonsense": "1"}, "objectWriteTraceId": "b"},
                {"id": "1", "properties": {}, "objectWriteTraceId": "c"},
            ]
        )
    )
    assert (updated.num_errors, updated.results[0].object_write_trace_id) == (2, "a")
    assert updated.errors[0].context["objectWriteTraceId"] == ["b"]
    assert updated.errors[1].context["ids"] == ["1"]
    upserted = batch.upsert(
        contacts.BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[{"idProperty": "email", "id": "n0@example.com", "properties": {}}]
        )
    )
    assert upserted.results[0].new is False
    read = batch.read(
        contacts.BatchReadInputSimplePublicObjectId(
            inputs=[{"id": ids[0]}, {"id": "1"}], properties=["city"], properties_with_history=[]
        )
    )
    assert (read.results[0].properties["city"], read.errors[0].category) == ("Bonn", "OBJECT_NOT_FOUND")
    merged = basic.merge(contacts.PublicMergeInput(primary_object_id=ids[0], object_id_to_merge=ids[1]))
    assert basic.get_by_id(ids[1]).id == merged.id
    batch.archive(contacts.BatchInputSimplePublicObjectId(inputs=[{"id": ids[2]}]))
    basic.archive(made.id)
    assert {one.id for one in basic.get_page(archived=True).results} == {ids[2], made.id}


def test_search(api, sdk):
    """A search becomes a typed page with total and paging."""
    api.contacts(3)
    found = sdk.crm.contacts.search_api.do_search(
        contacts.PublicObjectSearchRequest(
            filter_groups=[{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}],
            limit=2,
            sorts=[{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
            properties=["email"],
        )
    )
    assert (found.total, len(found.results), found.paging.next.after) == (3, 2, "2")


def test_errors_are_exceptions_with_a_body(api, sdk):
    """A conflict and a missing record become the SDK's exceptions."""
    api.contacts(1)
    with pytest.raises(contacts.ApiException) as conflict:
        sdk.crm.contacts.basic_api.create(
            contacts.SimplePublicObjectInputForCreate(properties={"email": "c0@example.com"}, associations=[])
        )
    assert (conflict.value.status, "Existing ID" in conflict.value.body) == (409, True)
    with pytest.raises(companies.exceptions.NotFoundException):
        sdk.crm.companies.basic_api.get_by_id("1")


def test_generic_objects(api, sdk):
    """Tasks, calls and payments go through the generic objects API."""
    task = sdk.crm.objects.basic_api.create(
        "tasks",
        objects.SimplePublicObjectInputForCreate(properties={"hs_timestamp": "2026-10-01T00:00:00Z"}, associations=[]),
    )
    assert sdk.crm.objects.basic_api.get_by_id("tasks", task.id).id == task.id
    assert sdk.crm.objects.basic_api.get_page("commerce_payments").results == []


def test_properties_and_groups(api, sdk):
    """Definitions, their options and groups become typed objects."""
    listed = sdk.crm.properties.core_api.get_all("contacts").results
    stage = next(one for one in listed if one.name == "lifecyclestage")
    assert (len(listed), stage.options[0].value) == (324, "subscriber")
    assert stage.modification_metadata.read_only_value is False
    sdk.crm.properties.groups_api.create("contacts", properties.PropertyGroupCreate(name="acme", label="Acme"))
    made = sdk.crm.properties.core_api.create(
        "contacts",
        properties.PropertyCreate(
            name="acme_tier",
            label="Tier",
            type="enumeration",
            field_type="select",
            group_name="acme",
            options=[{"label": "A", "value": "a", "displayOrder": 0, "hidden": False}],
        ),
    )
    assert made.options[0].value == "a"
    assert [one.name for one in sdk.crm.properties.groups_api.get_all("contacts").results if one.label == "Acme"]
    changed = sdk.crm.properties.core_api.update("contacts", "acme_tier", properties.PropertyUpdate(label="New"))
    assert changed.label == "New"
    score = properties.PropertyCreate(
        name="acme_score", label="S", type="number", field_type="number", group_name="acme"
    )
    batch = sdk.crm.properties.batch_api.create("contacts", properties.BatchInputPropertyCreate(inputs=[score]))
    assert batch.results[0].name == "acme_score"
    sdk.crm.properties.core_api.archive("contacts", "acme_tier")
    with pytest.raises(properties.ApiException):
        sdk.crm.properties.core_api.get_by_name("contacts", "acme_tier")


def test_associations(api, sdk):
    """Association batches, pages, defaults and labels become typed objects."""
    contact, company = api.contacts(1)[0], api.make("companies", name="A")
    four = sdk.crm.associations.v4
    made = four.basic_api.create_default("contacts", contact, "companies", company)
    assert isinstance(made, association_models.BatchResponsePublicDefaultAssociation)
    asked = association_models.BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": contact}, {"id": "1"}])
    read = four.batch_api.get_page("contacts", "companies", asked)
    assert {kind.type_id for kind in read.results[0].to[0].association_types} == {1, 279}
    assert read.num_errors == 1
    page = four.basic_api.get_page("contacts", contact, "companies")
    assert page.results[0].association_types[0].category == "HUBSPOT_DEFINED"
    typed = four.basic_api.create(
        "contacts",
        contact,
        "companies",
        company,
        association_spec=[
            association_models.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)
        ],
    )
    assert typed.labels == ["Primary"]
    batch = four.batch_api.create(
        "contacts",
        "companies",
        association_models.BatchInputPublicAssociationMultiPost(
            inputs=[
                {
                    "from": {"id": contact},
                    "to": {"id": company},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}],
                }
            ]
        ),
    )
    assert batch.results[0].to_object_id == company
    labels = four.schema.definitions_api.get_all("contacts", "companies")
    assert isinstance(labels, schema_models.CollectionResponseAssociationSpecWithLabelNoPaging)
    four.basic_api.archive("contacts", contact, "companies", company)
    assert four.basic_api.get_page("contacts", contact, "companies").results == []


def test_owners_pipelines_and_events(api, sdk):
    """Owners, pipelines with stages, and event occurrences become typed objects."""
    contact = api.contacts(1)[0]
    with api.portal.lock:
        api.portal.directory.add_owner("10", "o@example.com", "O", "W", user_id=1, teams=[("5", "Sales")])
        api.portal.occur("e_visited_page", "contacts", contact, api.portal.now, {"hs_url": "x"})
    owner = sdk.crm.owners.owners_api.get_page().results[0]
    assert (owner.id, owner.teams[0].primary, owner.type) == ("10", True, "PERSON")
    assert sdk.crm.owners.owners_api.get_by_id(10).email == "o@example.com"
    pipeline = sdk.crm.pipelines.pipelines_api.get_all("deals").results[0]
    assert (pipeline.id, pipeline.stages[5].metadata["isClosed"]) == ("default", "true")
    assert sdk.crm.pipelines.pipeline_stages_api.get_all("deals", "default").results[0].id == "appointmentscheduled"
    page = sdk.events.events_api.get_page(event_type="e_visited_page", limit=1)
    assert (page.results[0].object_id, page.results[0].properties) == (contact, {"hs_url": "x"})
    assert sdk.events.events_api.get_types().event_types == ["e_visited_page"]
