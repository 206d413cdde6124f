"""The official SDK on hubsync's transport."""

from __future__ import annotations

import importlib
import pkgutil

import hubspot.crm
import pytest
from crm_wire import BASE, TOKEN, bodies, error_body, sent
from responses import matchers

from hubsync.crm import Client, Versions
from hubsync.crm.directory import Owner, Pipeline, Stage
from hubsync.crm.ride import Ride
from hubsync.crm.sdk import _FOREIGN
from hubsync.errors import HubsyncError, InputError, RefusedError, RemoteError, TokenError
from hubsync.types import PropertyDefinition

PROPERTIES = f"{BASE}/crm/properties/2026-09/contacts"


def definition(name: str = "hubsync_score", **more) -> dict:
    return {
        "name": name,
        "label": "Score",
        "type": "number",
        "fieldType": "number",
        "groupName": "hubsync",
        "description": "",
        "options": [],
        "hubspotDefined": False,
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
        "createdAt": "2026-01-01T00:00:00Z",
        "unknownField": 1,
        **more,
    }


def wanted(name: str = "hubsync_score", **more) -> PropertyDefinition:
    fields = {"label": "Score", "type": "number", "field_type": "number", "group": "hubsync", **more}
    return PropertyDefinition("contacts", name, **fields)


def test_property_definitions(client: Client, wire) -> None:
    """Definitions come through the SDK's models, from the dated path, with our token."""
    options = [{"label": "A", "value": "a", "displayOrder": 0, "hidden": False}]
    meta = {"archivable": True, "readOnlyDefinition": True, "readOnlyValue": True}
    wire.get(
        PROPERTIES,
        json={"results": [definition(options=options, modificationMetadata=meta, hubspotDefined=True)]},
        match=[matchers.query_param_matcher({"archived": "false"})],
        content_type="application/json;charset=utf-8",
    )

    (found,) = client.property_definitions("contacts")

    assert found == wanted(options=(("a", "A"),), read_only=True, hubspot_defined=True)
    assert wire.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert client.transport.calls.by_operation == {"properties.list": 1}


def test_the_legacy_version_uses_the_sdks_own_paths(legacy: Client, wire) -> None:
    """With api_version v3 the SDK's paths are sent as they are."""
    wire.get(f"{BASE}/crm/v3/properties/contacts", json={"results": []})

    assert legacy.property_definitions("contacts") == []


def test_a_group_is_made_once(client: Client, wire) -> None:
    """A group that exists is left alone, one that is missing is made, one that another made meanwhile is fine."""
    group = {"name": "hubsync", "label": "hubsync", "displayOrder": -1, "archived": False}
    wire.get(f"{PROPERTIES}/groups/hubsync", json=group)
    assert not client.sdk.ensure_group("contacts", "hubsync", "hubsync")

    wire.get(f"{PROPERTIES}/groups/other", status=404, json=error_body("404_object"))
    wire.post(f"{PROPERTIES}/groups", status=201, json={**group, "name": "other"})
    wire.post(f"{PROPERTIES}/groups", status=409, json=error_body("property_conflict"))
    assert client.sdk.ensure_group("contacts", "other", "Other")
    assert not client.sdk.ensure_group("contacts", "other", "Other")

    wire.get(f"{PROPERTIES}/groups/bad", status=400, json={"message": "bad"})
    with pytest.raises(RefusedError, match=r"groups\.get"):
        client.sdk.ensure_group("contacts", "bad", "Bad")


def test_missing_properties_are_made_in_one_batch(client: Client, wire) -> None:
    """Only what is missing is made, with its options in their order."""
    wire.get(PROPERTIES, json={"results": [definition()]})
    wire.post(f"{PROPERTIES}/batch/create", status=201, json={"status": "COMPLETE", "results": [definition("tier")],
              "startedAt": "2026-01-01T00:00:00Z", "completedAt": "2026-01-01T00:00:00Z"})  # fmt: skip
    tier = definition("tier", type="enumeration", fieldType="select")
    wire.get(PROPERTIES, json={"results": [definition(), tier]})
    options = (("risk", "Risk"), ("steady", "Steady"))

    made = client.sdk.create_properties(
        "contacts", [wanted(), wanted("tier", type="enumeration", field_type="select", options=options)]
    )

    assert made == ["tier"]
    assert sent(wire, 1) == {
        "inputs": [
            {
                "name": "tier",
                "label": "Score",
                "type": "enumeration",
                "fieldType": "select",
                "groupName": "hubsync",
                "options": [
                    {"label": "Risk", "value": "risk", "displayOrder": 0, "hidden": False},
                    {"label": "Steady", "value": "steady", "displayOrder": 1, "hidden": False},
                ],
            }
        ]
    }


def test_nothing_is_made_when_one_has_another_type(client: Client, wire) -> None:
    """A property that exists with another type is an error that changes nothing."""
    wire.get(PROPERTIES, json={"results": [definition(type="string")]})

    with pytest.raises(InputError, match="hubsync_score of contacts exists in HubSpot as string"):
        client.sdk.create_properties("contacts", [wanted(), wanted("other")])

    assert len(wire.calls) == 1


def test_a_lost_create_is_settled_by_looking(client: Client, wire) -> None:
    """When the answer to a create is lost, or says conflict, what exists afterwards decides."""
    wire.get(PROPERTIES, json={"results": []})
    wire.post(f"{PROPERTIES}/batch/create", status=502, body="<html/>")
    wire.get(PROPERTIES, json={"results": [definition()]})
    assert client.sdk.create_properties("contacts", [wanted()]) == ["hubsync_score"]

    wire.reset()
    wire.get(PROPERTIES, json={"results": []})
    wire.post(f"{PROPERTIES}/batch/create", status=502, body="<html/>")
    with pytest.raises(RemoteError, match="not known whether"):
        client.sdk.create_properties("contacts", [wanted()])


def test_a_property_that_was_not_made_is_named(client: Client, wire) -> None:
    """A 207 that left a property out is an error with HubSpot's reason."""
    wire.get(PROPERTIES, json={"results": []})
    wire.post(f"{PROPERTIES}/batch/create", status=207, json={"status": "COMPLETE", "results": [], "numErrors": 1,
              "errors": [{"status": "error", "category": "VALIDATION_ERROR", "message": "too many properties"}],
              "startedAt": "2026-01-01T00:00:00Z", "completedAt": "2026-01-01T00:00:00Z"})  # fmt: skip

    with pytest.raises(RefusedError, match="hubsync_score of contacts: too many properties"):
        client.sdk.create_properties("contacts", [wanted()])


@pytest.mark.parametrize(("labels", "label"), [(True, "Risk"), (False, "Risk!")])
def test_options_are_set_beside_those_that_exist(client: Client, wire, labels: bool, label: str) -> None:
    """HubSpot replaces the whole list: what is not wanted is sent as it is, what is there keeps all but its label."""
    gone = {"label": "Gone", "value": "gone", "displayOrder": 7, "hidden": True, "description": "By hand"}
    risk = {"label": "Risk!", "value": "risk", "displayOrder": 4, "hidden": False, "description": ""}
    live = definition("tier", type="enumeration", fieldType="select", options=[gone, risk])
    wire.get(f"{PROPERTIES}/tier", json=live)
    wire.patch(f"{PROPERTIES}/tier", json=live)
    tier = wanted("tier", options=(("risk", "Risk"), ("strong", "Strong")))

    found = client.sdk.set_options("contacts", tier, labels=labels)

    assert found.options == (("gone", "Gone"), ("risk", label), ("strong", "Strong"))
    body = sent(wire, 1)
    strong = {"label": "Strong", "value": "strong", "displayOrder": 2, "hidden": False}
    assert body["options"] == [gone, {**risk, "label": label}, strong]
    assert (body["type"], body["fieldType"]) == ("enumeration", "select")


def test_owners_of_all_pages(client: Client, wire) -> None:
    """Owners are read to the last page; an archived one has no user."""
    one = {"id": "41", "email": "a@x.example", "type": "PERSON", "firstName": "A", "lastName": "B", "userId": 9,
           "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "archived": False,
           "teams": [{"id": "3", "name": "Sales", "primary": True}]}  # fmt: skip
    two = {**one, "id": "42", "userId": None, "firstName": None, "archived": True, "teams": None}
    wire.get(f"{BASE}/crm/owners/2026-09", json={"results": [one], "paging": {"next": {"after": "42"}}})
    wire.get(f"{BASE}/crm/owners/2026-09", json={"results": [two]})

    assert client.owners() == [
        Owner("41", "a@x.example", "A B", "9", teams=("Sales",)),
        Owner("42", "a@x.example", "B", archived=True),
    ]
    assert wire.calls[1].request.params["after"] == "42"


def test_pipelines(client: Client, wire) -> None:
    """Stages come in their order and know whether they are closed, and won."""

    def stage(name: str, order: int, **metadata: str) -> dict:
        return {"id": name, "label": name, "displayOrder": order, "metadata": metadata, "archived": False,
                "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}  # fmt: skip

    stages = [
        stage("won", 1, isClosed="true", probability="1.0"),
        stage("new", 0, isClosed="false", probability="0.2"),
        stage("done", 2, ticketState="CLOSED"),
    ]
    wire.get(f"{BASE}/crm/pipelines/2026-09/deals", json={"results": [
        {"id": "default", "label": "Sales", "displayOrder": 0, "archived": False, "stages": stages,
         "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}]})  # fmt: skip

    (pipeline,) = client.pipelines("deals")

    new, won, done = (
        Stage("new", "new", closed=False, probability=0.2),
        Stage("won", "won", closed=True, probability=1.0),
        Stage("done", "done", closed=True),
    )
    assert pipeline == Pipeline("default", "Sales", (new, won, done))
    assert [each.won for each in pipeline.stages] == [False, True, False]


def test_a_task_is_made_once_with_its_associations(client: Client, wire) -> None:
    """A task is tied to its records by HubSpot's type ids, and a lost answer is not tried again."""
    url = f"{BASE}/crm/objects/2026-09/tasks"
    made = {"id": "5", "properties": {}, "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
    wire.post(url, status=201, json=made)
    wire.post(url, status=500)

    assert client.sdk.create_task({"hs_task_subject": "Call"}, [("contacts", "1"), ("companies", "2")]) == "5"
    assert [each["types"][0]["associationTypeId"] for each in bodies(wire)[0]["associations"]] == [204, 192]
    with pytest.raises(RemoteError, match="not known whether"):
        client.sdk.create_task({"hs_task_subject": "Call"}, [])
    assert len(wire.calls) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 500, 302])
def test_errors_of_typed_calls_are_ours(client: Client, wire, status: int) -> None:
    """The SDK's typed calls raise hubsync's errors for every status."""
    wire.get(PROPERTIES, status=status, json={"message": "no"})

    with pytest.raises(HubsyncError) as caught:
        client.property_definitions("contacts")

    assert isinstance(caught.value, TokenError) == (status == 401)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": [3]},
        {"results": 5},
        "text",
        {"results": [{"name": None}]},
        {"results": [definition(createdAt="soon")]},
    ],
)
def test_answers_that_do_not_fit_the_sdks_models_are_our_errors(client: Client, wire, body) -> None:
    """What the SDK itself raises over an answer does not leave crm."""
    wire.get(PROPERTIES, json=body)

    with pytest.raises(RemoteError, match=r"properties\.list has another shape"):
        client.property_definitions("contacts")


def foreign_roots() -> set[type[Exception]]:
    """The root of each exception tree of the SDK's packages that sdk.py imports."""
    roots = set()
    for module in pkgutil.walk_packages(hubspot.crm.__path__, "hubspot.crm."):
        if module.name in {
            "hubspot.crm.owners",
            "hubspot.crm.pipelines",
            "hubspot.crm.properties",
            "hubspot.crm.objects.tasks",
        }:
            roots.add(importlib.import_module(f"{module.name}.exceptions").OpenApiException)
    return roots


def test_every_exception_tree_of_the_sdk_is_turned_into_ours(client: Client, monkeypatch) -> None:
    """Whatever the SDK's packages may raise, only hubsync's errors leave."""
    roots = foreign_roots()
    assert roots == set(_FOREIGN)

    for root in roots:
        for foreign in (root, *root.__subclasses__()):
            error = foreign.__new__(foreign)

            def fail(*_args, error=error, **_options):
                raise error

            monkeypatch.setattr(Ride, "GET", fail)
            with pytest.raises(RemoteError):
                client.property_definitions("contacts")


def test_paths_outside_the_table_are_never_sent(client: Client, wire) -> None:
    """A call of the SDK that is not in the table of operations is refused before it leaves."""
    ride = Ride(client.transport, Versions())

    with pytest.raises(RemoteError, match="not in hubsync's table"):
        ride.POST("/crm/v3/imports/", body={})

    assert len(wire.calls) == 0
