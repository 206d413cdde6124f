"""Associations: types, batches, pages."""

from __future__ import annotations

import pytest

FAMILIES = ("/crm/v4/associations", "/crm/associations/2026-03", "/crm/associations/2026-09")
A = FAMILIES[-1]
V = "/crm/objects/2026-09"


@pytest.mark.parametrize("family", FAMILIES)
def test_batch_read_shows_types_and_names_the_lonely(api, family):
    """Each associated record comes with its types; ids without any are a 207 with NO_ASSOCIATIONS_FOUND."""
    linked, lonely = api.contacts(2)
    company = api.make("companies", name="A")
    api.link("contacts", linked, "companies", company)
    answer = api.post(f"{family}/contacts/companies/batch/read", {"inputs": [{"id": linked}, {"id": lonely}]})
    assert answer.status_code == 207
    assert answer.json()["results"] == [
        {
            "from": {"id": linked},
            "to": [
                {
                    "toObjectId": int(company),
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
                        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
                    ],
                }
            ],
        }
    ]
    entry = answer.json()["errors"][0]
    assert (entry["subCategory"], entry["context"]["fromObjectId"]) == (
        "crm.associations.NO_ASSOCIATIONS_FOUND",
        [lonely],
    )


@pytest.mark.parametrize(("count", "status"), [(1000, 207), (1001, 400)])
def test_batch_read_takes_a_thousand(api, count, status):
    """1,000 inputs are read at once, not one more."""
    inputs = [{"id": str(place)} for place in range(count)]
    assert api.post(f"{A}/contacts/companies/batch/read", {"inputs": inputs}).status_code == status


def test_many_associations_come_in_pages(api):
    """More than 500 associations of one record are paged, in the batch and in the list."""
    company = api.make("companies", name="A")
    ids = api.contacts(501)
    for id in ids:
        api.link("contacts", id, "companies", company)
    row = api.post(f"{A}/companies/contacts/batch/read", {"inputs": [{"id": company}]}).json()["results"][0]
    after = row["paging"]["next"]["after"]
    assert (len(row["to"]), after) == (500, ids[500])
    rest = api.post(f"{A}/companies/contacts/batch/read", {"inputs": [{"id": company, "after": after}]}).json()
    assert [one["toObjectId"] for one in rest["results"][0]["to"]] == [int(ids[500])]
    page = api.get(f"{V}/companies/{company}/associations/contacts", limit=300).json()
    following = api.session.get(page["paging"]["next"]["link"]).json()
    assert len(page["results"]) + len(following["results"]) == 501
    assert api.get(f"{V}/companies/{company}/associations/contacts", limit=501).status_code == 400


def test_a_contact_has_one_primary_company(api):
    """The first company becomes primary by default; making another primary takes it from the first."""
    contact = api.contacts(1)[0]
    first, second = api.make("companies", name="A"), api.make("companies", name="B")
    for company in (first, second):
        made = api.put(f"{V}/contacts/{contact}/associations/default/companies/{company}")
        assert (made.status_code, len(made.json()["results"])) == (200, 2)

    def primary() -> list[int]:
        rows = api.get(f"{V}/contacts/{contact}/associations/companies").json()["results"]
        return [row["toObjectId"] for row in rows if "Primary" in [kind["label"] for kind in row["associationTypes"]]]

    assert primary() == [int(first)]
    body = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    assert api.put(f"{V}/contacts/{contact}/associations/companies/{second}", body).status_code == 201
    assert primary() == [int(second)]
    assert api.delete(f"{V}/contacts/{contact}/associations/companies/{second}").status_code == 204
    rows = api.get(f"{V}/companies/{second}/associations/contacts").json()
    assert rows["results"] == []


def test_associating_moves_no_modified_date(api):
    """A new association leaves the modified dates of both records alone."""
    contact, deal = api.contacts(1)[0], api.make("deals", dealname="A")
    before = [api.get(f"{V}/contacts/{contact}").json()["updatedAt"], api.get(f"{V}/deals/{deal}").json()["updatedAt"]]
    api.put(f"{V}/contacts/{contact}/associations/default/deals/{deal}")
    after = [api.get(f"{V}/contacts/{contact}").json()["updatedAt"], api.get(f"{V}/deals/{deal}").json()["updatedAt"]]
    assert before == after


def test_batch_create_and_archive(api):
    """Batch create is a 201, with 207 for bad inputs; archive is 204 in v4 and 200 in dated versions."""
    contact, deal = api.contacts(1)[0], api.make("deals", dealname="A")
    good = {
        "from": {"id": contact},
        "to": {"id": deal},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}],
    }
    assert api.post(f"{A}/contacts/deals/batch/create", {"inputs": [good]}).status_code == 201
    bad = [good | {"to": {"id": "1"}}, good | {"types": [{"associationTypeId": 999}]}]
    partial = api.post(f"{A}/contacts/deals/batch/create", {"inputs": [good, *bad]})
    assert (partial.status_code, partial.json()["numErrors"], len(partial.json()["results"])) == (207, 2, 1)
    assert api.post(f"{A}/contacts/deals/batch/create", {"inputs": [good] * 2001}).status_code == 400
    for family, status in ((A, 200), ("/crm/v4/associations", 204)):
        api.post(f"{A}/contacts/deals/batch/associate/default", {"inputs": [good]})
        body = {"inputs": [{"from": {"id": contact}, "to": [{"id": deal}]}]}
        assert api.post(f"{family}/contacts/deals/batch/archive", body).status_code == status
        assert api.get(f"{V}/contacts/{contact}/associations/deals").json()["results"] == []


def test_labels(api):
    """HubSpot's types are listed; a label of the portal's own exists in both directions."""
    listed = api.get(f"{A}/contacts/companies/labels").json()["results"]
    assert {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None} in listed
    made = api.post(f"{A}/contacts/companies/labels", {"label": "Billing", "name": "billing"}).json()["results"]
    assert [one["label"] for one in made] == ["Billing", "Billing"]
    back = api.get(f"{A}/companies/contacts/labels").json()["results"]
    assert {"category": "USER_DEFINED", "typeId": made[1]["typeId"], "label": "Billing"} in back


@pytest.mark.parametrize(
    ("pair", "type_id"),
    [
        ("contacts/deals", 4),
        ("deals/contacts", 3),
        ("deals/companies", 341),
        ("tasks/contacts", 204),
        ("contacts/tickets", 15),
        ("contacts/feedback_submissions", 97),
        ("subscriptions/contacts", 295),
        ("commerce_payments/contacts", 387),
        ("communications/contacts", 81),
    ],
)
def test_documented_type_ids(api, pair, type_id):
    """The type ids that are documented are these."""
    assert api.get(f"{A}/{pair}/labels").json()["results"][0]["typeId"] == type_id
