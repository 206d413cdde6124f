"""Forms: listed, sent in, and the same facts as the conversions that contacts count."""

from __future__ import annotations

from collections import Counter

import pytest

V = "/crm/objects/2026-09"
SUBMISSIONS = "/form-integrations/v1/submissions/forms"


def _form(api, name="Demo request"):
    return api.post("/marketing/v3/forms", {"name": name}).json()["id"]


def _send(api, form, *, email="a@example.com", **more):
    fields = [{"objectTypeId": "0-1", "name": "email", "value": email}, {"name": "firstname", "value": "Ada"}]
    body = {"fields": fields, "context": {"pageUri": "https://v.example/demo", "pageName": "Contact Sales"}} | more
    path = f"/submissions/v3/integration/secure/submit/{api.portal.portal_id}/{form}"
    return api.post(path, body)


def _all(api, form, limit=50):
    rows, after = [], {}
    while True:
        page = api.get(f"{SUBMISSIONS}/{form}", limit=limit, **after).json()
        rows += page["results"]
        if "paging" not in page:
            return rows
        after = {"after": page["paging"]["next"]["after"]}


def test_sending_a_form_in_makes_and_counts(api):
    """A new email becomes a contact; conversions count on the contact and its company, with first and last."""
    demo, guide = _form(api), _form(api, "Guide")
    assert _send(api, demo).status_code == 200
    (contact,) = api.get(f"{V}/contacts").json()["results"]
    company = api.make("companies", name="A")
    api.link("contacts", contact["id"], "companies", company)
    api.post("/_emulator/clock", {"days": 1})
    _send(api, demo)
    _send(api, guide, email="A@example.com")
    names = "num_conversion_events,num_unique_conversion_events,first_conversion_event_name,firstname"
    shown = api.get(f"{V}/contacts/{contact['id']}", properties=f"{names},recent_conversion_event_name").json()
    assert {name: shown["properties"][name] for name in names.split(",")} == {
        "num_conversion_events": "3",
        "num_unique_conversion_events": "2",
        "first_conversion_event_name": "Contact Sales: Demo request",
        "firstname": "Ada",
    }
    assert shown["properties"]["recent_conversion_event_name"] == "Contact Sales: Guide"
    firm = api.get(f"{V}/companies/{company}", properties="num_conversion_events,recent_conversion_date").json()
    assert firm["properties"]["num_conversion_events"] == "2"
    assert firm["properties"]["recent_conversion_date"].startswith("2026-09-22T14:00")


def test_submissions_come_newest_first_without_a_contact_id(api):
    """Pages of 20, at most 50, newest first; some have no conversion id, none tells the contact."""
    form = _form(api)
    for place in range(22):
        _send(api, form, email=f"c{place}@example.com", submittedAt=str(1_790_000_000_000 + place))
    rows = _all(api, form, limit=9)
    assert [row["submittedAt"] for row in rows] == [1_790_000_000_000 + place for place in reversed(range(22))]
    assert len(api.get(f"{SUBMISSIONS}/{form}").json()["results"]) == 20
    assert api.get(f"{SUBMISSIONS}/{form}", limit=51).status_code == 400
    assert Counter("conversionId" in row for row in rows) == {True: 19, False: 3}
    assert rows[0].keys() - {"conversionId"} == {"submittedAt", "values", "pageUrl"}
    assert rows[0]["values"][0] == {"name": "email", "value": "c21@example.com", "objectTypeId": "0-1"}


def test_an_erased_contact_leaves_no_submission(api):
    """A privacy deletion takes the contact's submissions along."""
    form = _form(api)
    _send(api, form)
    _send(api, form, email="b@example.com")
    id = api.portal.find("contacts", "email", "a@example.com")
    api.post(f"{V}/contacts/gdpr-delete", {"objectId": id})
    assert [row["values"][0]["value"] for row in _all(api, form)] == ["b@example.com"]


def test_forms_are_listed_in_both_versions(api):
    """Forms page by creation, with their fields; a form that does not exist is a 404."""
    ids = [_form(api, f"F{place}") for place in range(3)]
    first = api.get("/marketing/v3/forms", limit=2).json()
    rest = api.get("/marketing/forms/2026-09-beta", after=first["paging"]["next"]["after"], formTypes="hubspot").json()
    assert [form["id"] for form in first["results"] + rest["results"]] == ids
    assert api.get("/marketing/v3/forms", formTypes="flow").json()["results"] == []
    one = api.get(f"/marketing/v3/forms/{ids[0]}").json()
    assert [field["name"] for field in one["fieldGroups"][0]["fields"]] == ["email", "firstname", "lastname"]
    assert api.get(f"{SUBMISSIONS}/none").status_code == 404


@pytest.mark.parametrize("change", [{"fields": []}, {"fields": [{"name": "email", "value": "no address"}]}])
def test_a_bad_submission_is_refused(api, change):
    """Without a valid email nothing is sent in; another portal's form is a 404."""
    form = _form(api)
    assert _send(api, form, **change).status_code == 400
    assert _all(api, form) == []
    elsewhere = api.post(f"/submissions/v3/integration/secure/submit/1/{form}", {"fields": []})
    assert elsewhere.status_code == 404


def test_the_scope_is_forms(api):
    """Without the scope `forms` nothing of it is told."""
    token = api.post("/_emulator/tokens", {"scopes": ["crm.objects.contacts.read"]}).json()["token"]
    refused = api.with_token(token).get("/marketing/v3/forms")
    assert refused.json()["errors"][0]["context"]["requiredGranularScopes"] == ["forms"]
