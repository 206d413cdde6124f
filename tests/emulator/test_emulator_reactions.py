"""What HubSpot derives by itself from what calls write."""

from __future__ import annotations

from tools_given import FLOWS, any_of, enrolments, flow_body, make_list, members, number

V = "/crm/objects/2026-09"


def _values(api, object, id, *names):
    shown = api.get(f"{V}/{object}/{id}", properties=",".join(names)).json()["properties"]
    return [shown[name] for name in names]


def _engage(api, kind, type_id, to, **properties):
    body = {
        "properties": {"hs_timestamp": "2026-09-20T10:00:00Z"} | properties,
        "associations": [{"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED",
                                                       "associationTypeId": type_id}]}],
    }  # fmt: skip
    answer = api.post(f"{V}/{kind}", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_an_engagement_is_the_last_activity_of_its_records(api):
    """A note moves the last activity and the count; a call moves the last contact, too, but never backwards."""
    (contact,) = api.contacts(1)
    names = ("notes_last_updated", "num_notes", "notes_last_contacted", "num_contacted_notes")
    before = api.get(f"{V}/contacts/{contact}").json()["updatedAt"]
    _engage(api, "notes", 202, contact)
    updated, count, *contacted = _values(api, "contacts", contact, *names)
    assert updated.startswith("2026-09-21T14:00")
    assert (count, contacted) == ("1", [None, None])
    assert api.get(f"{V}/contacts/{contact}").json()["updatedAt"] > before
    _engage(api, "calls", 194, contact)
    _engage(api, "calls", 194, contact, hs_timestamp="2026-09-01T10:00:00Z")
    _engage(api, "meetings", 200, contact, hs_timestamp="2026-10-01T10:00:00Z")
    assert _values(api, "contacts", contact, *names[1:]) == ["4", "2026-09-20T10:00:00.000Z", "2"]


def test_a_merge_is_no_activity(api):
    """The survivor of a merge counts the engagements of both, with the date of the last that was made."""
    one, two = api.contacts(2)
    _engage(api, "notes", 202, one)
    _engage(api, "tasks", 204, two)
    (before,) = _values(api, "contacts", two, "notes_last_updated")
    api.post("/_emulator/clock", {"days": 3})
    survivor = api.post(f"{V}/contacts/merge", {"primaryObjectId": one, "objectIdToMerge": two}).json()["id"]
    assert _values(api, "contacts", survivor, "notes_last_updated", "num_notes") == [before, "2"]


def test_associations_are_counted_without_a_modified_date(api):
    """Counts of contacts and deals follow single and batch calls, archiving included; modified dates stay."""
    one, two = api.contacts(2)
    company, deal = api.make("companies", name="A"), api.make("deals", dealname="D")
    before = api.get(f"{V}/companies/{company}").json()["updatedAt"]
    for contact in (one, two):
        api.put(f"{V}/contacts/{contact}/associations/default/companies/{company}")
    pair = {"from": {"id": deal}, "to": {"id": company}}
    api.post("/crm/v4/associations/deals/companies/batch/associate/default", {"inputs": [pair]})
    api.put(f"{V}/deals/{deal}/associations/default/contacts/{one}")
    names = ("num_associated_contacts", "num_associated_deals")
    assert _values(api, "companies", company, *names) == ["2", "1"]
    assert _values(api, "contacts", one, "num_associated_deals") == ["1"]
    assert _values(api, "deals", deal, "num_associated_contacts") == ["1"]
    assert api.get(f"{V}/companies/{company}").json()["updatedAt"] == before
    api.delete(f"{V}/contacts/{one}")
    api.delete(f"{V}/deals/{deal}/associations/companies/{company}")
    assert _values(api, "companies", company, *names) == ["1", "0"]
    assert _values(api, "deals", deal, "num_associated_contacts") == ["0"]


def test_lists_and_workflows_follow_what_is_counted(api):
    """A list and a workflow that look at a count of associations see it change."""
    contact, deal = api.contacts(1)[0], api.make("deals", dealname="D")
    branch = any_of([number("IS_GREATER_THAN", 0, "num_associated_deals")])
    with_deals = make_list(api, "With deals", branch)["listId"]
    api.post(FLOWS, flow_body({"type": "LIST_BASED", "listFilterBranch": branch}))
    assert members(api, with_deals) == []
    api.put(f"{V}/contacts/{contact}/associations/default/deals/{deal}")
    assert (members(api, with_deals), enrolments(api)) == ([contact], 1)


def test_what_is_made_behind_the_api_counts_nothing(api):
    """The world of the emulator keeps its own counters; only calls are followed."""
    (contact,) = api.contacts(1)
    company = api.make("companies", name="A")
    api.link("contacts", contact, "companies", company)
    assert _values(api, "companies", company, "num_associated_contacts") == [None]
