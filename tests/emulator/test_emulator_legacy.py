"""What HubSpot still answers of v1 and v2: the same records in older shapes."""

from __future__ import annotations

import pytest
from tools_given import FLOWS, add_health, flow_body

from hubsync.emulator.clock import read_moment


def _all(api, path: str, rows: str, more: str, offset: str, send: str, **query) -> list:
    found, after = [], {}
    while True:
        page = api.get(path, **query, **after).json()
        found += page[rows]
        if not page[more]:
            return found
        after = {send: page[offset]}


def test_all_contacts_in_pages(api):
    """Every contact comes once, with the properties that were asked for, moments as milliseconds in text."""
    ids = api.contacts(5)
    path = "/contacts/v1/lists/all/contacts/all"
    found = _all(
        api, path, "contacts", "has-more", "vid-offset", "vidOffset", count=2, property=["email", "lastmodifieddate"]
    )
    assert [str(one["vid"]) for one in found] == ids
    assert found[0]["properties"]["email"] == {"value": "c0@example.com"}
    modified = api.portal.objects["contacts"][ids[0]].updated_ms
    assert found[0]["properties"]["lastmodifieddate"] == {"value": str(modified)}


def test_recent_contacts_are_newest_first(api):
    """Contacts that changed within 30 days come newest first, in pages by time and id, and each once."""
    old = api.contacts(1)
    api.post("/_emulator/clock", {"days": 40})
    ids = [api.make("contacts", email=f"n{place}@example.com") for place in range(3)]
    path, found, after = "/contacts/v1/lists/recently_updated/contacts/recent", [], {}
    for _ in range(3):
        page = api.get(path, count=2, **after).json()
        found += [str(one["vid"]) for one in page["contacts"]]
        after = {"vidOffset": page["vid-offset"], "timeOffset": page["time-offset"]}
        if not page["has-more"]:
            break
    assert found == ids[::-1]
    assert old[0] not in found


def test_one_contact_by_id_old_id_or_email(api):
    """A profile is found by id, by an id from before a merge, and by email; batches are keyed by id."""
    first, second = api.contacts(2)
    survivor = api.post("/crm/v3/objects/contacts/merge", {"primaryObjectId": first, "objectIdToMerge": second}).json()[
        "id"
    ]
    by_old = api.get(f"/contacts/v1/contact/vid/{second}/profile").json()
    assert (str(by_old["vid"]), by_old["merged-vids"]) == (survivor, [int(first), int(second)])
    assert api.get("/contacts/v1/contact/email/c0@example.com/profile").json()["vid"] == int(survivor)
    assert list(api.get("/contacts/v1/contact/vids/batch", vid=[survivor, "5"]).json()) == [survivor]
    assert api.get("/contacts/v1/contact/vid/5/profile").status_code == 404


def test_contacts_are_written(api):
    """v1 makes and changes contacts by pairs of property and value, under the same rules."""
    path = "/contacts/v1/contact"
    made = api.post(path, {"properties": [{"property": "email", "value": "a@example.com"}]}).json()["vid"]
    name = {"properties": [{"property": "firstname", "value": "Ann"}]}
    assert api.post(f"{path}/vid/{made}/profile", name).status_code == 204
    again = api.post(f"{path}/createOrUpdate/email/a@example.com", name).json()
    new = api.post(f"{path}/createOrUpdate/email/b@example.com", name).json()
    assert (again, new["isNew"]) == ({"vid": made, "isNew": False}, True)
    assert api.portal.objects["contacts"][str(made)].properties["firstname"] == "Ann"
    wrong = api.post(path, {"properties": [{"property": "unicorn", "value": "x"}]})
    assert "PROPERTY_DOESNT_EXIST" in wrong.text
    assert api.delete(f"{path}/vid/{made}").json()["deleted"]


def test_companies_and_deals_in_pages(api):
    """v2 companies and v1 deals come in pages by offset, with a value and its version for each property."""
    companies = [api.make("companies", name=f"N{place}") for place in range(3)]
    deals = [api.make("deals", dealname=f"D{place}", amount="5") for place in range(3)]
    contact = api.contacts(1)[0]
    api.link("deals", deals[0], "companies", companies[0])
    api.link("deals", deals[0], "contacts", contact)
    path = "/companies/v2/companies/paged"
    found = _all(api, path, "companies", "has-more", "offset", "offset", limit=2, properties=["name", "domain"])
    assert [str(one["companyId"]) for one in found] == companies
    assert found[1]["properties"]["name"]["value"] == "N1"
    assert "domain" not in found[1]["properties"]
    assert found[1]["properties"]["name"]["versions"][0]["name"] == "name"
    listed = _all(api, "/deals/v1/deal/paged", "deals", "hasMore", "offset", "offset", limit=2)
    assert [str(one["dealId"]) for one in listed] == deals
    ends = listed[0]["associations"]
    assert (ends["associatedVids"], ends["associatedCompanyIds"]) == ([int(contact)], [int(companies[0])])
    recent = api.get("/companies/v2/companies/recent/modified", count=2).json()
    assert ([str(one["companyId"]) for one in recent["results"]], recent["total"]) == (companies[:0:-1], 3)


def test_engagements_are_one_stream(api):
    """Calls, notes and the rest come in one stream by id, by change, and by the record they belong to."""
    contact = api.contacts(1)[0]
    note = api.make("notes", hs_note_body="hello", hs_timestamp="2026-09-01T10:00:00.000Z")
    call = api.make("calls", hs_call_duration="60000", hs_timestamp="2026-09-02T10:00:00.000Z")
    api.link("notes", note, "contacts", contact)
    found = _all(api, "/engagements/v1/engagements/paged", "results", "hasMore", "offset", "offset", limit=1)
    assert [(str(one["engagement"]["id"]), one["engagement"]["type"]) for one in found] == [
        (note, "NOTE"),
        (call, "CALL"),
    ]
    assert (found[0]["metadata"], found[0]["associations"]["contactIds"]) == ({"body": "hello"}, [int(contact)])
    after = _all(api, "/engagements/v1/engagements/modified/after", "results", "hasMore", "after", "after", limit=1)
    assert {str(one["engagement"]["id"]) for one in after} == {note, call}
    own = api.get(f"/engagements/v1/engagements/associated/CONTACT/{contact}/paged").json()
    assert [str(one["engagement"]["id"]) for one in own["results"]] == [note]
    assert api.get("/engagements/v1/engagements/recent/modified").json()["total"] == 2


@pytest.mark.parametrize(
    "path",
    [
        "/properties/v2/contact/properties",
        "/properties/v1/contacts/properties/",
        "/companies/v2/properties",
        "/properties/v1/deals/properties",
        "/properties/v2/goal_target/properties",
        "/properties/v2/form/properties",
    ],
)
def test_definitions_are_bare_lists(api, path):
    """v1 and v2 give the definitions as a list without a frame, for every object type."""
    names = [one["name"] for one in api.get(path).json()]
    assert len(names) == len(set(names)) >= 3


def test_pipelines_and_account(api):
    """The pipelines of v1 have numbers where v3 has text, and the account tells the same facts."""
    stages = {one["stageId"]: one for one in api.get("/deals/v1/pipelines").json()[0]["stages"]}
    assert (stages["closedwon"]["probability"], stages["closedwon"]["closedWon"]) == (1.0, True)
    tickets = api.get("/crm-pipelines/v1/pipelines/tickets").json()["results"]
    assert tickets[0]["stages"][0]["metadata"]["ticketState"] == "OPEN"
    assert api.get("/integrations/v1/me").json()["portalId"] == api.portal.portal_id
    assert api.get("/integrations/v1/limit/daily").json()[0]["name"] == "api-calls-daily"


def test_associations_by_definition(api):
    """The associations of v1 are ids by the number of their definition."""
    contact, company = api.contacts(1)[0], api.make("companies", name="N")
    api.link("contacts", contact, "companies", company)
    found = api.get(f"/crm-associations/v1/associations/{contact}/HUBSPOT_DEFINED/1").json()
    assert (found["results"], found["hasMore"]) == ([int(company)], False)
    back = api.get(f"/crm-associations/v1/associations/{company}/HUBSPOT_DEFINED/2").json()
    assert back["results"] == [int(contact)]


@pytest.mark.parametrize("path", ["/owners/v2/owners", "/contacts/v1/lists", "/contacts/v1/lists/5/contacts/all"])
def test_what_hubspot_ended_is_gone(api, path):
    """Routes that HubSpot has ended are its HTML 404."""
    assert api.get(path).status_code == 404


def test_forms_and_workflows_as_older_programs_ask(api):
    """Forms are a bare list or one by its guid, workflows those of contacts; times are milliseconds."""
    guid = api.post("/marketing/v3/forms", {"name": "Demo request"}).json()["id"]
    (form,) = api.get("/forms/v2/forms").json()
    assert (form["guid"], form["formType"], form["portalId"]) == (guid, "HUBSPOT", api.portal.portal_id)
    assert [one["name"] for one in form["formFieldGroups"][0]["fields"]] == ["email", "firstname", "lastname"]
    assert api.get(f"/forms/v2/forms/{guid}").json() == form
    assert api.get("/forms/v2/forms/none").status_code == 404
    add_health(api)
    flow = api.post(FLOWS, flow_body()).json()
    (workflow,) = api.get("/automation/v3/workflows").json()["workflows"]
    assert (str(workflow["id"]), workflow["name"], workflow["enabled"]) == (flow["id"], flow["name"], True)
    assert workflow["insertedAt"] == read_moment(flow["createdAt"])


def test_companies_deals_and_engagements_are_written(api):
    """Old programs make and change records by pairs of name and value, and associate what they make."""
    contact = api.contacts(1)[0]
    name = {"properties": [{"name": "name", "value": "Acme"}, {"name": "domain", "value": "acme.example"}]}
    company = api.post("/companies/v2/companies", name).json()["companyId"]
    changed = api.put(f"/companies/v2/companies/{company}", {"properties": [{"name": "name", "value": "Acme 2"}]})
    assert changed.json()["properties"]["name"]["value"] == "Acme 2"
    by_domain = api.post("/companies/v2/domains/acme.example/companies").json()["results"]
    assert [one["companyId"] for one in by_domain] == [company]
    deal = {
        "properties": [
            {"name": "dealname", "value": "D"},
            {"name": "dealstage", "value": "closedwon"},
            {"name": "pipeline", "value": "default"},
        ],
        "associations": {"associatedVids": [int(contact)], "associatedCompanyIds": [company]},
    }
    assert api.post("/deals/v1/deal", deal).json()["associations"]["associatedVids"] == [int(contact)]
    note = {
        "engagement": {"type": "NOTE", "timestamp": 1_700_000_000_000},
        "associations": {"contactIds": [int(contact)]},
        "metadata": {"body": "hello"},
    }
    made = api.post("/engagements/v1/engagements", note).json()
    assert (made["engagement"]["timestamp"], made["associations"]["contactIds"]) == (
        1_700_000_000_000,
        [int(contact)],
    )
    pair = [{"fromObjectId": int(contact), "toObjectId": company, "category": "HUBSPOT_DEFINED", "definitionId": 1}]
    assert api.put("/crm-associations/v1/associations/create-batch", pair).status_code == 204
    assert api.get(f"/companies/v2/companies/{company}/vids").json()["vids"] == [int(contact)]
    named = api.get(f"/companies/v2/companies/{company}/contacts").json()["contacts"][0]["properties"]
    assert {"name": "email", "value": "c0@example.com"} in named
    assert api.post("/deals/v1/deal", {"properties": [{"name": "amount", "value": "x"}]}).status_code == 400
    assert api.delete(f"/companies/v2/companies/{company}").status_code == 204
