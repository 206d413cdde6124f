"""Single records and lists of records."""

from __future__ import annotations

import pytest

FAMILIES = ("/crm/v3/objects", "/crm/objects/v3", "/crm/objects/2026-03", "/crm/objects/2026-09")
V = FAMILIES[-1]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("word", ["contacts", "contact", "0-1"])
def test_all_families_and_names_lead_to_the_same_records(api, family, word):
    """A record made in one version of the API is read in each, and only 2026-09 adds its address."""
    id = api.contacts(1)[0]
    record = api.get(f"{family}/{word}/{id}").json()
    assert record["properties"] == {
        "createdate": record["createdAt"],
        "email": "c0@example.com",
        "firstname": "C0",
        "hs_object_id": id,
        "lastmodifieddate": record["updatedAt"],
        "lastname": None,
    }
    assert ("url" in record) == (family == V)
    assert api.get(f"{family}/{word}").json()["results"] == [record]


def test_pages_go_by_id_and_link_to_the_own_host(api):
    """`after` is the id of the next record, the link is on the host that was called, the last page has none."""
    ids = api.contacts(5)
    first = api.get(f"{V}/contacts", limit=2, properties="email").json()
    following = first["paging"]["next"]
    assert following["after"] == ids[2]
    assert following["link"].startswith(api.url + V)
    second = api.session.get(following["link"]).json()
    assert [record["id"] for record in first["results"] + second["results"]] == ids[:4]
    assert "paging" not in api.get(f"{V}/contacts", limit=2, after=ids[4]).json()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": 100}, 200),
        ({"limit": 101}, 400),
        ({"limit": 0}, 400),
        ({"limit": "x"}, 400),
        ({"limit": 50, "propertiesWithHistory": "email"}, 200),
        ({"limit": 51, "propertiesWithHistory": "email"}, 400),
    ],
)
def test_pages_have_a_largest_size(api, query, status):
    """A page has at most 100 records, 50 with history."""
    assert api.get(f"{V}/contacts", **query).status_code == status


@pytest.mark.parametrize("query", ["properties=email,city,nonsense", "properties=email&properties=city&properties=x"])
def test_asked_properties_are_shown_empty_or_left_out(api, query):
    """Lists come with commas or repeated; defined and empty is null, undefined is left out."""
    api.contacts(1)
    shown = api.get(f"{V}/contacts?{query}").json()["results"][0]["properties"]
    assert shown.keys() == {"createdate", "lastmodifieddate", "hs_object_id", "email", "city"}
    assert shown["city"] is None


def test_history_is_newest_first_and_finite(api):
    """A contact's property remembers 45 values, another object's 20, newest first."""
    for object, name, kept in (("contacts", "city", 45), ("companies", "city", 20)):
        id = api.make(object, **({"email": "a@example.com"} if object == "contacts" else {"name": "A"}))
        with api.portal.lock:
            for place in range(60):
                api.portal.set(object, id, {name: f"v{place}"}, at=api.portal.now)
        record = api.get(f"{V}/{object}/{id}", propertiesWithHistory=name).json()
        values = [entry["value"] for entry in record["propertiesWithHistory"][name]]
        assert values == [f"v{place}" for place in range(59, 59 - kept, -1)]
        assert record["propertiesWithHistory"][name][0].keys() >= {"value", "timestamp", "sourceType"}


def test_inline_associations_have_an_entry_per_type_and_end_at_100(api):
    """The primary company is there twice, once per type; more than 100 are cut, with a link to the rest."""
    contact = api.contacts(1)[0]
    company = api.make("companies", name="A")
    deals = [api.make("deals", dealname=str(place)) for place in range(130)]
    api.link("contacts", contact, "companies", company)
    for deal in deals:
        api.link("contacts", contact, "deals", deal)
    for family in ("/crm/v3/objects", V):
        shown = api.get(f"{family}/contacts/{contact}", associations="companies,deals").json()["associations"]
        assert sorted(entry["type"] for entry in shown["companies"]["results"]) == [
            "contact_to_company",
            "contact_to_company_unlabeled",
        ]
        assert "paging" not in shown["companies"]
        assert len(shown["deals"]["results"]) == 100
        link = shown["deals"]["paging"]["next"]["link"]
        rest = api.session.get(link).json()["results"]
        assert [str(one.get("toObjectId") or one["id"]) for one in rest] == deals[100:]


def test_archived_records_live_in_the_bin(api):
    """An archived record is 404, is listed with `archived=True`, carries archivedAt, and is in no search."""
    gone, kept = api.contacts(2)
    assert api.delete(f"{V}/contacts/{gone}").status_code == 204
    assert api.delete(f"{V}/contacts/{gone}").status_code == 204
    assert api.get(f"{V}/contacts/{gone}").status_code == 404
    binned = api.get(f"{V}/contacts", archived="True").json()["results"]
    assert [(one["id"], one["archived"], bool(one["archivedAt"])) for one in binned] == [(gone, True, True)]
    assert api.get(f"{V}/contacts/{gone}", archived="True").json()["id"] == gone
    assert [one["id"] for one in api.get(f"{V}/contacts").json()["results"]] == [kept]
    assert api.post(f"{V}/contacts/search").json()["total"] == 1


def test_a_restored_record_has_its_associations_again(api):
    """Associations rest while a record is in the bin."""
    contact, company = api.contacts(1)[0], api.make("companies", name="A")
    api.link("contacts", contact, "companies", company)
    api.delete(f"{V}/contacts/{contact}")
    assert "associations" not in api.get(f"{V}/companies/{company}", associations="contacts").json()
    with api.portal.lock:
        api.portal.restore("contacts", contact, api.portal.now)
    assert api.get(f"{V}/companies/{company}", associations="contacts").json()["associations"]


def test_reading_by_a_unique_property(api):
    """`idProperty=email` finds a contact in any case of letters; a property that is not unique is refused."""
    id = api.contacts(1)[0]
    assert api.get(f"{V}/contacts/C0@Example.com", idProperty="email").json()["id"] == id
    assert api.get(f"{V}/contacts/none@example.com", idProperty="email").status_code == 404
    refused = api.get(f"{V}/contacts/x", idProperty="city")
    assert refused.status_code == 400
    assert "non-unique 0-1 property city" in refused.json()["message"]


def test_create_and_update_bump_the_modified_date_and_note_the_source(api):
    """Each write, also one that changes nothing, moves the modified date; history says INTEGRATION."""
    made = api.post(f"{V}/contacts", {"properties": {"email": "New@Example.com", "city": "Ulm"}})
    assert made.status_code == 201
    id = made.json()["id"]
    assert made.json()["properties"]["email"] == "new@example.com"
    changed = api.patch(f"{V}/contacts/{id}", {"properties": {"city": "Ulm"}}).json()
    assert changed["updatedAt"] >= made.json()["updatedAt"]
    cleared = api.patch(f"{V}/contacts/{id}", {"properties": {"city": ""}}).json()
    assert cleared["properties"]["city"] is None
    history = api.get(f"{V}/contacts/{id}", propertiesWithHistory="city").json()["propertiesWithHistory"]["city"]
    assert [(one["value"], one["sourceType"]) for one in history] == [("", "INTEGRATION"), ("Ulm", "INTEGRATION")]
    assert api.patch(f"{V}/contacts/1", {"properties": {}}).status_code == 404


def test_a_task_is_created_with_its_associations(api):
    """`associations` of a new record are made with it; one to nobody is refused, and nothing is made."""
    contact = api.contacts(1)[0]
    body = {
        "properties": {"hs_timestamp": "2026-10-01T00:00:00Z", "hs_task_subject": "Call"},
        "associations": [
            {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]}
        ],
    }
    task = api.post(f"{V}/tasks", body).json()["id"]
    shown = api.get(f"{V}/tasks/{task}", associations="contacts").json()["associations"]["contacts"]["results"]
    assert shown == [{"id": contact, "type": "task_to_contact"}]
    body["associations"][0]["to"]["id"] = "7"
    assert api.post(f"{V}/tasks", body).status_code == 400
    assert len(api.get(f"{V}/tasks").json()["results"]) == 1


@pytest.mark.parametrize("preserve", [False, True])
def test_merging_makes_a_new_id_unless_it_is_preserved(api, preserve):
    """Old ids lead to the survivor, which lists them, keeps the primary's values, fills gaps, has all associations."""
    api.post("/_emulator/settings", {"preserve_merged_ids": preserve})
    one, other = (
        api.make("contacts", email="a@example.com", city="Ulm"),
        api.make("contacts", email="b@example.com", city="Bonn", country="DE"),
    )
    company = api.make("companies", name="A")
    api.link("contacts", other, "companies", company)
    merged = api.post(f"{V}/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": other}).json()
    survivor = merged["id"]
    assert (survivor == one) == preserve
    shown = api.get(
        f"{V}/contacts/{other}", properties="email,city,country,hs_merged_object_ids", associations="companies"
    ).json()
    assert shown["id"] == survivor
    values = shown["properties"]
    assert (values["email"], values["city"], values["country"]) == ("a@example.com", "Ulm", "DE")
    assert values["hs_merged_object_ids"].split(";") == ([other] if preserve else [one, other])
    assert shown["associations"]["companies"]["results"][0]["id"] == company
    assert [record["id"] for record in api.get(f"{V}/contacts").json()["results"]] == [survivor]
    assert api.post(f"{V}/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": one}).status_code == 400
    assert api.post(f"{V}/contacts/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}).status_code == 404


def test_privacy_deletion_leaves_nothing(api):
    """After gdpr-delete a contact is neither live nor archived, and its events are gone."""
    id = api.contacts(1)[0]
    with api.portal.lock:
        api.portal.occur("e_visited_page", "contacts", id, api.portal.now, {"hs_url": "x"})
    answer = api.post(f"{V}/contacts/gdpr-delete", {"objectId": "c0@example.com", "idProperty": "email"})
    assert answer.status_code == 204
    assert not api.get(f"{V}/contacts", archived="true").json()["results"]
    assert not api.get("/events/v3/events", eventType="e_visited_page").json()["results"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/crm/v3/objects/unicorns", 400),
        ("/crm/v3/objects/contacts/0", 404),
        ("/crm/v3/objects/feedback_submissions", 405),
    ],
)
def test_what_is_not_there(api, path, status):
    """Unknown object types are 400, unknown ids 404, and feedback cannot be written."""
    answer = api.post(path, {"properties": {}}) if status == 405 else api.get(path)
    assert answer.status_code == status
