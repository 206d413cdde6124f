"""Batches: limits, partial success, and the silences."""

from __future__ import annotations

import pytest

V = "/crm/objects/2026-09"


def _inputs(ids, trace=True, **properties):
    return {
        "inputs": [
            {"id": id, "properties": properties} | ({"objectWriteTraceId": f"t{place}"} if trace else {})
            for place, id in enumerate(ids)
        ]
    }


@pytest.mark.parametrize("operation", ["read", "create", "update", "upsert"])
@pytest.mark.parametrize("body", [{}, {"ids": ["1"]}, {"inputs": []}])
def test_a_batch_without_inputs_is_silently_complete(api, operation, body):
    """Without the `inputs` wrapper nothing happens, and the answer says COMPLETE."""
    answer = api.post(f"{V}/contacts/batch/{operation}", body)
    assert answer.status_code == (201 if operation == "create" else 200)
    assert (answer.json()["status"], answer.json()["results"]) == ("COMPLETE", [])


@pytest.mark.parametrize(
    ("operation", "count", "more", "status"),
    [
        ("read", 100, {}, 200),
        ("read", 101, {}, 400),
        ("read", 50, {"propertiesWithHistory": ["city"]}, 200),
        ("read", 51, {"propertiesWithHistory": ["city"]}, 400),
        ("update", 100, {}, 200),
        ("update", 101, {}, 400),
    ],
)
def test_batches_have_a_largest_size(api, operation, count, more, status):
    """100 inputs, 50 with history."""
    ids = api.contacts(count)
    answer = api.post(f"{V}/contacts/batch/{operation}", _inputs(ids, city="Ulm") | more)
    assert answer.status_code == status
    if "propertiesWithHistory" in more and status == 400:
        assert answer.json()["message"].startswith(
            "The maximum number of inputs supported in a batch request for property histories is 50."
        )


@pytest.mark.parametrize("trace", [True, False])
def test_missing_ids_are_one_error_entry(api, trace):
    """Reading or updating unknown and archived ids is a 207 whose one entry lists them all; the others are done."""
    kept, gone = api.contacts(2)
    api.delete(f"{V}/contacts/{gone}")
    for operation in ("read", "update"):
        answer = api.post(f"{V}/contacts/batch/{operation}", _inputs([kept, gone, "99999"], trace, city="Ulm"))
        body = answer.json()
        assert (answer.status_code, body["numErrors"], [one["id"] for one in body["results"]]) == (207, 1, [kept])
        entry = body["errors"][0]
        assert entry["message"] == (
            "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
        )
        assert entry["context"]["ids"] == [gone, "99999"]
        if operation == "update" and trace:
            assert entry["context"]["objectWriteTraceId"] == ["t1", "t2"]
    assert api.get(f"{V}/contacts/{kept}", properties="city").json()["properties"]["city"] == "Ulm"


def test_with_trace_ids_the_valid_inputs_are_written(api):
    """With a trace id on each input the bad one is a 207 entry with its trace id; the good one is written."""
    good, bad = api.contacts(2)
    body = {
        "inputs": [
            {"id": good, "properties": {"city": "Ulm"}, "objectWriteTraceId": "a"},
            {"id": bad, "properties": {"city": "Ulm", "nonsense": "1"}, "objectWriteTraceId": "b"},
        ]
    }
    answer = api.post(f"{V}/contacts/batch/update", body)
    assert answer.status_code == 207
    assert [(one["id"], one["objectWriteTraceId"]) for one in answer.json()["results"]] == [(good, "a")]
    entry = answer.json()["errors"][0]
    assert (entry["category"], entry["context"]["objectWriteTraceId"]) == ("VALIDATION_ERROR", ["b"])
    assert entry["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert [api.get(f"{V}/contacts/{id}", properties="city").json()["properties"]["city"] for id in (good, bad)] == [
        "Ulm",
        None,
    ]


def test_without_trace_ids_a_bad_input_refuses_the_batch(api):
    """Without trace ids, or with one used twice, one bad value is a 400 for all and nothing is written."""
    good, bad = api.contacts(2)
    for traces in ({}, {"objectWriteTraceId": "same"}):
        body = {
            "inputs": [
                {"id": good, "properties": {"city": "Ulm"}} | traces,
                {"id": bad, "properties": {"nonsense": "1"}} | traces,
            ]
        }
        assert api.post(f"{V}/contacts/batch/update", body).status_code == 400
    assert api.get(f"{V}/contacts/{good}", properties="city").json()["properties"]["city"] is None


@pytest.mark.parametrize("trace", [True, False])
def test_duplicate_ids_refuse_the_batch(api, trace):
    """A record named twice is a 400, with or without trace ids."""
    id = api.contacts(1)[0]
    answer = api.post(f"{V}/contacts/batch/update", _inputs([id, id], trace, city="Ulm"))
    assert answer.status_code == 400
    assert answer.json()["message"] == f"Duplicate IDs found in batch input: [{id}]. IDs must be unique"
    assert answer.json()["context"] == {"ids": [id]}


def test_merged_away_ids_are_left_out_silently(api):
    """A batch update of an id that was merged away answers 200 without it."""
    one, other, third = api.contacts(3)
    api.post(f"{V}/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": other})
    answer = api.post(f"{V}/contacts/batch/update", _inputs([other, third], city="Ulm"))
    assert (answer.status_code, [record["id"] for record in answer.json()["results"]]) == (200, [third])
    assert "errors" not in answer.json()


@pytest.mark.parametrize(("name", "status"), [("hs_object_id", 400), ("city", 400), ("email", 200)])
def test_update_by_another_property_needs_a_unique_one(api, name, status):
    """`idProperty` works with unique properties only, and not with hs_object_id."""
    api.contacts(1)
    body = {"inputs": [{"idProperty": name, "id": "c0@example.com", "properties": {"city": "Ulm"}}]}
    answer = api.post(f"{V}/contacts/batch/update", body)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["message"] == (
            f"Unable to perform update/upsert by non-unique 0-1 property {name} in portal ID 4242424"
        )


def test_upsert_creates_or_changes(api):
    """Upsert says which records are new; one conflict without trace ids is a 409 for the whole batch."""
    old = api.contacts(1)[0]
    inputs = [
        {"idProperty": "email", "id": "C0@example.com", "properties": {"city": "Ulm"}},
        {"idProperty": "email", "id": "new@example.com", "properties": {"city": "Bonn"}},
    ]
    answer = api.post(f"{V}/contacts/batch/upsert", {"inputs": inputs})
    assert answer.status_code == 200
    assert [(one["new"], one["id"] == old) for one in answer.json()["results"]] == [(False, True), (True, False)]
    inputs[1] |= {"id": "third@example.com", "properties": {"email": "c0@example.com"}}
    assert api.post(f"{V}/contacts/batch/upsert", {"inputs": inputs}).status_code == 409


def test_create_names_the_first_duplicate_only(api):
    """Creating known contacts is a 409 that names one; with trace ids the others are made."""
    ids = api.contacts(2)
    inputs = [{"properties": {"email": f"c{place}@example.com"}} for place in range(3)]
    answer = api.post(f"{V}/contacts/batch/create", {"inputs": inputs})
    assert (answer.status_code, answer.json()["message"]) == (409, f"Contact already exists. Existing ID: {ids[0]}")
    traced = [one | {"objectWriteTraceId": str(place)} for place, one in enumerate(inputs)]
    answer = api.post(f"{V}/contacts/batch/create", {"inputs": traced})
    assert (answer.status_code, len(answer.json()["results"]), answer.json()["numErrors"]) == (207, 1, 2)


def test_two_of_a_kind_in_one_batch(api):
    """Two inputs that take the same email refuse the batch, and neither is made."""
    inputs = [{"properties": {"email": "same@example.com"}}] * 2
    assert api.post(f"{V}/contacts/batch/create", {"inputs": inputs}).status_code == 409
    assert not api.get(f"{V}/contacts").json()["results"]


def test_batch_archive_does_not_mind_unknown_ids(api):
    """Batch archive answers 204 whatever the ids."""
    ids = api.contacts(2)
    assert api.post(f"{V}/contacts/batch/archive", {"inputs": [{"id": ids[0]}, {"id": "5"}]}).status_code == 204
    assert [one["id"] for one in api.get(f"{V}/contacts").json()["results"]] == [ids[1]]


def test_batch_read_by_email(api):
    """Batch read finds by a unique property, and shows properties and history."""
    id = api.contacts(1)[0]
    body = {
        "idProperty": "email",
        "properties": ["city"],
        "propertiesWithHistory": ["email"],
        "inputs": [{"id": "c0@example.com"}, {"id": "nobody@example.com"}],
    }
    answer = api.post(f"{V}/contacts/batch/read", body)
    assert answer.status_code == 207
    assert answer.json()["results"][0]["id"] == id
    assert answer.json()["results"][0]["propertiesWithHistory"]["email"][0]["value"] == "c0@example.com"
