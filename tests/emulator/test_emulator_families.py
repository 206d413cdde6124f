"""The same records by other names and through other versions: type ids, v3 associations, links, the recycle bin."""

from __future__ import annotations

import pytest

V = "/crm/objects/2026-09"
LISTS = ("/crm/v3/objects", "/crm/objects/v3", "/crm/v4/objects", "/crm/objects/2026-03", V)


@pytest.mark.parametrize("family", LISTS)
@pytest.mark.parametrize("name", ["contacts", "contact", "0-1", "Contacts", "CONTACT"])
def test_every_name_of_an_object_type_leads_to_it(api, family, name):
    """Plural, singular and type id mean the same in every version, in any case of letters."""
    ids = api.contacts(2)
    first = api.get(f"{family}/{name}", limit=1).json()
    assert [one["id"] for one in first["results"]] == ids[:1]
    assert first["paging"]["next"]["link"] == f"{api.url}{family}/{name}?limit=1&after={ids[1]}"
    assert [one["id"] for one in api.get(first["paging"]["next"]["link"].removeprefix(api.url)).json()["results"]] == [
        ids[1]
    ]


@pytest.mark.parametrize("name", ["quotes", "invoice", "orders", "0-136", "goal_targets", "deal_split", "tax", "users"])
def test_object_types_without_records_are_there(api, name):
    """Types that no world fills answer lists, properties and searches, and may be asked for as associations."""
    contact = api.contacts(1)[0]
    assert api.get(f"/crm/v3/objects/{name}").json() == {"results": []}
    assert {one["name"] for one in api.get(f"/crm/v3/properties/{name}").json()["results"]} >= {"hs_object_id"}
    assert api.post(f"/crm/v3/objects/{name}/search", {}).json()["total"] == 0
    listed = api.get("/crm/v3/objects/contacts", associations=name).json()["results"]
    assert [(one["id"], "associations" in one) for one in listed] == [(contact, False)]


@pytest.mark.parametrize("family", ["/crm/v3/objects", "/crm/objects/v3", V])
def test_inline_associations_lead_on_by_their_link(api, family):
    """Of more than 100 associated records the first 100 come inline, an entry per type; the link gives the rest."""
    company = api.make("companies", name="N")
    ids = api.contacts(103)
    for id in ids:
        api.link("companies", company, "contacts", id)
    shown = api.get(f"{family}/companies", associations="contacts").json()["results"][0]["associations"]["contacts"]
    inline = [one["id"] for one in shown["results"]]
    rest = api.get(shown["paging"]["next"]["link"].removeprefix(api.url)).json()["results"]
    key = "toObjectId" if family == V else "id"
    assert sorted({*inline, *(str(one[key]) for one in rest)}) == ids
    assert len(inline) == 200


def test_associations_of_v3_by_name(api):
    """v3 reads, makes and ends associations by the names of their types."""
    contact, company = api.contacts(1)[0], api.make("companies", name="N")
    base = "/crm/v3/associations/contact/company"
    pair = {"from": {"id": contact}, "to": {"id": company}}
    named = {one["name"]: one["id"] for one in api.get(f"{base}/types").json()["results"]}
    assert named == {"contact_to_company_unlabeled": "279", "contact_to_company": "1"}
    made = api.post(f"{base}/batch/create", {"inputs": [pair | {"type": "contact_to_company"}]})
    assert (made.status_code, made.json()["results"]) == (201, [pair | {"type": "contact_to_company"}])
    back = api.post(
        "/crm/v3/associations/companies/contacts/batch/read", {"inputs": [{"id": int(company)}, {"id": "5"}]}
    )
    assert back.status_code == 207
    entries = back.json()["results"][0]["to"]
    assert sorted(entries, key=str) == [
        {"id": contact, "type": "company_to_contact"},
        {"id": contact, "type": "company_to_contact_unlabeled"},
    ]
    assert back.json()["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert api.post(f"{base}/batch/archive", {"inputs": [pair]}).status_code == 204
    assert api.get(f"/crm/v3/objects/contacts/{contact}/associations/company").json() == {"results": []}


def test_one_association_of_v3(api):
    """A single association of v3 has its type in the path; the record comes back with it."""
    contact, deal = api.contacts(1)[0], api.make("deals", dealname="D")
    path = f"/crm/v3/objects/deals/{deal}/associations/contacts/{contact}/deal_to_contact"
    made = api.put(path).json()
    assert made["associations"]["contacts"]["results"] == [{"id": contact, "type": "deal_to_contact"}]
    assert api.delete(path).status_code == 204
    assert api.delete(path.replace("deal_to_contact", "3")).status_code == 204
    assert api.put(path.replace("deal_to_contact", "x")).status_code == 400


def test_a_label_is_renamed_and_taken_away(api):
    """The portal's own labels may be renamed and deleted; HubSpot's own types may not."""
    path = "/crm/associations/2026-09/contacts/companies/labels"
    type_id = next(
        one["typeId"] for one in api.post(path, {"label": "Champion"}).json()["results"] if one["label"] == "Champion"
    )
    assert api.put(path, {"associationTypeId": type_id, "label": "Hero"}).status_code == 204
    assert "Hero" in {one["label"] for one in api.get(path).json()["results"]}
    contact, company = api.contacts(1)[0], api.make("companies", name="N")
    api.portal.associate("contacts", contact, "companies", company, [type_id], at=api.portal.now)
    assert api.delete(f"{path}/{type_id}").status_code == 204
    assert list(api.portal.associations.of("contacts", contact, "companies")[company]) == [279]
    assert api.delete(f"{path}/279").status_code == 400


def test_the_recycle_bin_is_emptied_after_ninety_days(api):
    """An archived record is listed for 90 days of the portal's clock, may be restored, and then is gone."""
    first, second = api.contacts(2)
    for id in (first, second):
        api.delete(f"{V}/contacts/{id}")
    api.post("/_emulator/clock", {"days": 89})
    assert len(api.get(f"{V}/contacts", archived="true").json()["results"]) == 2
    assert api.post("/_emulator/restore", {"object": "contacts", "id": first}).status_code == 200
    api.post("/_emulator/clock", {"days": 2})
    assert api.get(f"{V}/contacts", archived="true").json() == {"results": []}
    assert api.get(f"{V}/contacts/{second}", archived="true").status_code == 404
    assert api.post("/_emulator/restore", {"object": "contacts", "id": second}).status_code == 404
    assert [one["id"] for one in api.get(f"{V}/contacts").json()["results"]] == [first]


def test_a_privacy_deletion_reaches_all_the_ids_a_record_had(api):
    """Deleting a record that was merged twice leaves none of its ids and none of its events."""
    one, two, three = api.contacts(3)
    api.portal.occur("e_visited_page", "contacts", one, api.portal.now, {})
    merge = f"{V}/contacts/merge"
    middle = api.post(merge, {"primaryObjectId": one, "objectIdToMerge": two}).json()["id"]
    last = api.post(merge, {"primaryObjectId": middle, "objectIdToMerge": three}).json()["id"]
    assert api.get(f"{V}/contacts/{one}").json()["id"] == last
    gone = api.post(f"{V}/contacts/gdpr-delete", {"objectId": "c0@example.com", "idProperty": "email"})
    assert gone.status_code == 204
    assert [api.get(f"{V}/contacts/{id}").status_code for id in (one, two, three, middle, last)] == [404] * 5
    assert len(api.portal.occurrences) == 0


def test_too_many_merges_are_refused(api):
    """A profile cannot come from more than 250 ids, in HubSpot's words."""
    one, two = api.contacts(2)
    api.portal.set("contacts", one, {"hs_merged_object_ids": ";".join(map(str, range(249)))}, at=api.portal.now)
    answer = api.post(f"{V}/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": two})
    assert (answer.status_code, answer.json()["message"]) == (
        414,
        "Cannot have more than 250 identities on a profile",
    )


def test_the_id_zero_has_an_answer_of_its_own(api):
    """HubSpot tells the id 0 apart from one that is not there."""
    assert api.get(f"{V}/contacts/0").json()["message"] == "Object not found. objectId is usually positive."
    assert api.get(f"{V}/contacts/5").json()["message"] == "resource not found"


def test_a_search_may_name_every_property(api):
    """The 3,000 characters of a search do not count the properties that it asks for."""
    names = [one["name"] for one in api.get("/crm/v3/properties/contacts").json()["results"]]
    assert len(",".join(names)) > 3_000
    assert api.post(f"{V}/contacts/search", {"properties": names}).status_code == 200
    long = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "x" * 3_000}]}]}
    assert api.post(f"{V}/contacts/search", long).status_code == 400


def test_who_opted_out_is_not_subscribed(api):
    """The status of a contact's subscription follows its opt-out, in each version; an unknown email is a 404."""
    with api.portal.lock:
        api.portal.put("contacts", {"email": "a@example.com", "hs_email_optout": "true"}, at=api.portal.now)
    api.contacts(1)
    path = "/communication-preferences/v3/status/email"
    found = [api.get(f"{path}/{email}").json() for email in ("a@example.com", "c0@example.com")]
    assert [one["subscriptionStatuses"][0]["status"] for one in found] == ["NOT_SUBSCRIBED", "SUBSCRIBED"]
    newer = api.get("/communication-preferences/2026-09/statuses/a@example.com").json()["results"]
    assert [one["status"] for one in newer] == ["UNSUBSCRIBED"]
    assert api.get(f"{path}/nobody@example.com").status_code == 404
    defined = api.get("/communication-preferences/v3/definitions").json()["subscriptionDefinitions"]
    assert {one["id"] for one in defined} == {found[0]["subscriptionStatuses"][0]["id"]}
