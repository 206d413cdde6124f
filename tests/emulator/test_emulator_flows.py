"""Workflows: stored, checked, and honest about whom they enrol."""

from __future__ import annotations

import pytest
from tools_given import (
    AT_LEAST_80,
    FLOWS,
    TASK,
    add_health,
    changed_to,
    enrolments,
    flow_body,
    make_list,
    set_health,
)

V = "/crm/objects/2026-09"


def _made(api, **more):
    """A workflow as HubSpot answers to its creation."""
    answer = api.post(FLOWS, flow_body(**more))
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def pair(api):
    """Two contacts, at 50 and at 90."""
    add_health(api)
    ids = api.contacts(2)
    for id, value in zip(ids, (50, 90), strict=True):
        set_health(api, id, value)
    return ids


def test_a_workflow_enrols_those_who_come_to_meet_its_criteria(api, pair):
    """Who met them before it was switched on stays out; who comes to meet them enters once, and never again."""
    _made(api)
    set_health(api, pair[1], 95)
    assert enrolments(api) == 0
    set_health(api, pair[0], 80)
    assert enrolments(api) == 1
    for value in (85, 10, 99):
        set_health(api, pair[0], value)
    shown = api.get("/_emulator/flows").json()
    assert shown["enrolments"] == api.get("/_emulator/stats").json()["enrolments"] == 1
    assert shown["flows"][0] | {"id": ""} == {
        "id": "",
        "name": "Score >= 80 -> task",
        "isEnabled": True,
        "evaluated": True,
        "enrolments": 1,
        "records": 1,
        "tasks": 1,
    }


def test_every_kind_of_write_enrols(api):
    """Creation, batch update and upsert enrol as a single update does; a write of other properties does not."""
    add_health(api)
    _made(api)
    one, two = api.contacts(2)
    born = {"email": "new@example.com", "health": "90"}
    assert api.post(f"{V}/contacts", {"properties": born}).status_code == 201
    assert enrolments(api) == 1
    inputs = [{"id": one, "properties": {"health": "81"}}, {"id": two, "properties": {"firstname": "B"}}]
    assert api.post(f"{V}/contacts/batch/update", {"inputs": inputs}).status_code == 200
    assert enrolments(api) == 2
    upsert = [{"idProperty": "email", "id": "c1@example.com", "properties": {"health": "82"}}]
    assert api.post(f"{V}/contacts/batch/upsert", {"inputs": upsert}).status_code == 200
    assert enrolments(api) == 3


def test_re_enrolment_needs_a_trigger_that_changed(api, pair):
    """With shouldReEnroll a changed trigger property enrols again; other writes and values below do not."""
    _made(api, again=True)
    set_health(api, pair[0], 80)
    set_health(api, pair[0], 81)
    assert enrolments(api) == 2
    api.patch(f"{V}/contacts/{pair[0]}", {"properties": {"firstname": "X"}})
    set_health(api, pair[0], 81)
    set_health(api, pair[0], 20)
    assert enrolments(api) == 2
    set_health(api, pair[0], 80)
    assert enrolments(api) == 3


@pytest.mark.parametrize(("again", "wanted"), [(False, 1), (True, 2)])
def test_an_event_based_workflow_looks_at_changed_values(api, pair, again, wanted):
    """EVENT_BASED with a changed property enrols when the new value passes, again only with shouldReEnroll."""
    event = changed_to("IS_GREATER_THAN", 60, filterBranchType="UNIFIED_EVENTS", eventTypeId="4-655002")
    _made(api, criteria={"type": "EVENT_BASED", "shouldReEnroll": again, "eventFilterBranches": [event]})
    for value in (60, 61, 62, 62, 5):
        set_health(api, pair[0], value)
    api.patch(f"{V}/contacts/{pair[1]}", {"properties": {"firstname": "X"}})
    assert enrolments(api) == wanted


def test_workflows_that_look_at_nothing_here_say_so(api):
    """MANUAL criteria and other events are stored, enrol nobody, and are told as not evaluated."""
    other = {"filterBranchType": "UNIFIED_EVENTS", "eventTypeId": "4-1553675", "filters": []}
    for criteria in ({"type": "MANUAL"}, {"type": "EVENT_BASED", "eventFilterBranches": [other]}):
        _made(api, criteria=criteria)
    assert [one["evaluated"] for one in api.get("/_emulator/flows").json()["flows"]] == [False, False]


def test_a_workflow_that_is_off_enrols_nobody(api, pair):
    """Nothing happens while it is off; switched on by PUT it begins with what is then."""
    flow = _made(api, isEnabled=False)
    set_health(api, pair[0], 80)
    on = api.put(f"{FLOWS}/{flow['id']}", flow | {"isEnabled": True}).json()
    set_health(api, pair[0], 90)
    assert enrolments(api) == 0
    set_health(api, pair[0], 10)
    set_health(api, pair[0], 90)
    assert enrolments(api) == 1
    api.put(f"{FLOWS}/{flow['id']}", on | {"isEnabled": False})
    late = api.make("contacts", email="late@example.com")
    set_health(api, late, 90)
    assert enrolments(api) == 1


def test_suppression_lists_and_merges(api, pair):
    """Members of a suppression list stay out; the survivor of a merge is no newcomer."""
    api.portal.preserve_merged_ids = False
    calm = make_list(api, "Calm")["listId"]
    _made(api, suppressionListIds=[int(calm)])
    api.put(f"/crm/v3/lists/{calm}/memberships/add", [pair[0]])
    set_health(api, pair[0], 80)
    assert enrolments(api) == 0
    body = {"primaryObjectId": pair[1], "objectIdToMerge": pair[0]}
    survivor = api.post(f"{V}/contacts/merge", body).json()["id"]
    set_health(api, survivor, 99)
    assert enrolments(api) == 0
    missing = api.post(FLOWS, flow_body(suppressionListIds=[99]))
    assert missing.status_code == 400


def test_action_0_3_makes_a_task_with_its_record(api):
    """The task has subject, owner, priority and due date, and is associated with the contact it is about."""
    add_health(api)
    _made(api, actions=[TASK | {"connection": {"edgeType": "STANDARD", "nextActionId": "2"}},
                        TASK | {"actionId": "2", "actionTypeId": "0-1", "connection": {"nextActionId": "3"}},
                        TASK | {"actionId": "3"}], nextAvailableActionId="4")  # fmt: skip
    with api.portal.lock:
        api.portal.directory.add_owner("7", "o@example.com", "O", "W", user_id=9)
    id = api.make("contacts", firstname="Ada", hubspot_owner_id="7")
    set_health(api, id, 90)
    names = "hs_task_subject,hs_task_type,hs_task_priority,hs_task_status,hubspot_owner_id,hs_timestamp"
    tasks = api.get(f"{V}/tasks", properties=names, associations="contacts").json()["results"]
    assert len(tasks) == 1, "a delay ends what the emulator does"
    task = tasks[0]["properties"]
    assert {name: task[name] for name in names.split(",")} == {
        "hs_task_subject": "Call Ada",
        "hs_task_type": "CALL",
        "hs_task_priority": "HIGH",
        "hs_task_status": "NOT_STARTED",
        "hubspot_owner_id": "7",
        "hs_timestamp": "2026-09-24T13:00:00.000Z",
    }
    assert tasks[0]["associations"]["contacts"]["results"] == [{"id": id, "type": "task_to_contact"}]


def test_a_task_without_days_of_the_week_is_due_after_the_delta(api):
    """The due date is the delta after the enrolment, at the time of day in the portal's zone."""
    add_health(api)
    due = {"delta": 2, "timeUnit": "DAYS", "timeOfDay": {"hour": 8, "minute": 30}}
    _made(api, actions=[TASK | {"fields": TASK["fields"] | {"due_time": due}}])
    set_health(api, api.contacts(1)[0], 90)
    (task,) = api.get(f"{V}/tasks", properties="hs_timestamp").json()["results"]
    assert task["properties"]["hs_timestamp"] == "2026-09-23T12:30:00.000Z"


def test_what_actions_write_starts_no_further_actions(api):
    """A workflow of tasks that makes tasks enrols the first task and stops there."""
    criteria = {"type": "EVENT_BASED", "eventFilterBranches": [changed_to("IS_EQUAL_TO", 1)]}
    branch = criteria["eventFilterBranches"][0]
    branch |= {"eventTypeId": "4-655002"}
    branch["filters"][0]["operation"]["value"] = "hs_task_subject"
    del branch["filters"][1]
    answer = api.post(FLOWS, flow_body(criteria, type="PLATFORM_FLOW", objectTypeId="0-27"))
    assert answer.status_code == 201, answer.text
    api.post(f"{V}/tasks", {"properties": {"hs_task_subject": "A", "hs_timestamp": "2026-09-30T09:00:00Z"}})
    assert len(api.get(f"{V}/tasks").json()["results"]) == 2
    assert enrolments(api) == 2


def test_a_stale_revision_is_a_409(api):
    """PUT replaces the whole with the present revisionId; the same revision again is a conflict."""
    add_health(api)
    flow = _made(api, isEnabled=False)
    assert (flow["revisionId"], flow["suppressionListIds"]) == ("1", [])
    changed = api.put(f"{FLOWS}/{flow['id']}", flow | {"name": "Other"})
    assert (changed.status_code, changed.json()["name"], changed.json()["revisionId"]) == (200, "Other", "2")
    assert api.put(f"{FLOWS}/{flow['id']}", flow).status_code == 409
    without = {name: value for name, value in flow.items() if name != "revisionId"}
    assert api.put(f"{FLOWS}/{flow['id']}", without).status_code == 400


def test_workflows_are_listed_read_and_deleted(api):
    """In all versions of the path: pages in short, one whole, several with 207 for the missing, deletion for good."""
    add_health(api)
    mail = {"actionId": "1", "type": "SINGLE_CONNECTION", "actionTypeId": "0-4", "fields": {"content_id": "55"}}
    one, two = _made(api), _made(api, actions=[mail], isEnabled=False)
    first = api.get(FLOWS, limit=1).json()
    assert [row["id"] for row in first["results"]] == [one["id"]]
    assert "actions" not in first["results"][0]
    rest = api.get("/automation/2026-09-beta/flows", after=first["paging"]["next"]["after"]).json()
    assert [row["id"] for row in rest["results"]] == [two["id"]]
    assert api.get(f"/automation/v4/2027-03-beta/flows/{one['id']}").json() == one
    inputs = [{"flowId": id, "type": "FLOW_ID"} for id in (two["id"], "9")]
    both = api.post(f"{FLOWS}/batch/read", {"inputs": inputs})
    assert (both.status_code, [row["id"] for row in both.json()["results"]]) == (207, [two["id"]])
    mails = api.get(f"{FLOWS}/email-campaigns", flowId=two["id"]).json()["results"]
    assert mails == [{"flowId": two["id"], "emailCampaignId": "55"}]
    assert api.delete(f"{FLOWS}/{one['id']}").status_code == 204
    assert api.get(f"{FLOWS}/{one['id']}").status_code == 404
    odd = api.get(f"{FLOWS}/abc")
    assert (odd.status_code, "category" in odd.json()) == (400, False)


def test_what_does_not_fit_is_refused(api):
    """Missing fields, a wrong type, broken connections and criteria that do not fit are each a 400."""
    add_health(api)
    wrong = {"type": "LIST_BASED", "listFilterBranch": AT_LEAST_80 | {"filterBranchType": "AND"}}
    bad = [
        {"type": None},
        {"type": "PLATFORM_FLOW"},
        {"objectTypeId": "0-2"},
        {"isEnabled": "yes"},
        {"startActionId": "9"},
        {"nextAvailableActionId": "7"},
        {"actions": [TASK, TASK]},
        {"actions": [TASK | {"connection": {"nextActionId": "5"}}]},
        {"actions": [TASK | {"connection": {"nextActionId": "1"}}]},
        {"actions": [{"actionId": "1"}]},
        {"enrollmentCriteria": {"type": "SOMETIMES"}},
        {"enrollmentCriteria": wrong},
        {"enrollmentCriteria": {"type": "EVENT_BASED", "eventFilterBranches": []}},
    ]
    for change in bad:
        refused = api.post(FLOWS, flow_body(**change))
        assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR"), (change, refused.text)
    assert "required fields: [type]" in api.post(FLOWS, flow_body(type=None)).json()["message"]
    assert api.get(FLOWS).json()["results"] == []


def test_a_property_that_is_looked_at_cannot_be_archived(api):
    """Archiving a property that a list or workflow uses is a 400 that names both; without them it goes."""
    add_health(api)
    flow, listed = _made(api), make_list(api, "Health", AT_LEAST_80)["listId"]
    refused = api.delete("/crm/v3/properties/contacts/health")
    assert refused.status_code == 400
    assert f"list {listed}, workflow {flow['id']}" in refused.json()["message"]
    api.delete(f"{FLOWS}/{flow['id']}")
    api.delete(f"/crm/v3/lists/{listed}")
    assert api.delete("/crm/v3/properties/contacts/health").status_code == 204


def test_scope_and_plan(api, server_of):
    """Workflows need the scope `automation` and a plan from Professional on."""
    token = api.post("/_emulator/tokens", {"scopes": ["crm.objects.contacts.read"]}).json()["token"]
    refused = api.with_token(token).get(FLOWS)
    assert refused.json()["errors"][0]["context"]["requiredGranularScopes"] == ["automation"]
    assert server_of(plan="starter").get(FLOWS).status_code == 403
