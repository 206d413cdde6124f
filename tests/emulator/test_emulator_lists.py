"""Lists: created, found, changed and deleted; who is in them, and when HubSpot knows it."""

from __future__ import annotations

import pytest
from tools_given import (
    AT_LEAST_80,
    LISTS,
    add_health,
    any_of,
    make_list,
    members,
    number,
    prop,
    set_health,
)

from hubsync.emulator.clock import read_moment


@pytest.fixture
def scored(api):
    """Three contacts at 70, 80 and 90, and one without a value."""
    add_health(api)
    ids = api.contacts(4)
    for id, value in zip(ids, ("70", "80", "90"), strict=False):
        set_health(api, id, value)
    return ids


def test_a_dynamic_list_is_processing_first_and_then_complete(api, scored):
    """Creation answers PROCESSING with what HubSpot adds to the filter; the next look says COMPLETE, with members."""
    made = make_list(api, "Health >= 80", AT_LEAST_80)
    assert (made["processingStatus"], made["processingType"], made["objectTypeId"]) == ("PROCESSING", "DYNAMIC", "0-1")
    assert made["filterBranch"]["filterBranchOperator"] == "OR"
    below = made["filterBranch"]["filterBranches"][0]
    assert below["filterBranchOperator"] == "AND"
    assert below["filters"][0]["operation"]["includeObjectsWithNoValueSet"] is False
    seen = api.get(f"{LISTS}/{made['listId']}").json()["list"]
    assert (seen["processingStatus"], seen["size"], "filterBranch" in seen) == ("COMPLETE", 2, False)
    assert "filterBranch" in api.get(f"{LISTS}/{made['listId']}", includeFilters="true").json()["list"]
    assert members(api, made["listId"]) == scored[1:3]


def test_a_dynamic_list_follows_changes_when_the_lag_is_over(api, scored):
    """After a change the members stay as they were until the lag is over; who stays keeps the time of joining."""
    listed = make_list(api, "Health >= 80", AT_LEAST_80)["listId"]
    path = f"{LISTS}/{listed}/memberships"
    before = api.get(path).json()["results"]
    api.post("/_emulator/settings", {"list_lag_ms": 60_000})
    set_health(api, scored[0], 95)
    set_health(api, scored[1], 10)
    assert members(api, listed) == scored[1:3]
    api.post("/_emulator/clock", {"minutes": 2})
    after = api.get(path).json()["results"]
    assert [row["recordId"] for row in after] == [scored[0], scored[2]]
    assert after[1] == before[1]
    assert after[0]["membershipTimestamp"] > before[1]["membershipTimestamp"]
    assert [row["recordId"] for row in api.get(f"{path}/join-order").json()["results"]] == [scored[2], scored[0]]


def test_new_filters_are_processing_until_the_lag_is_over(api, scored):
    """An update of the filters replaces them, raises the version and is evaluated later."""
    listed = make_list(api, "Health", AT_LEAST_80)["listId"]
    assert members(api, listed) == scored[1:3]
    api.post("/_emulator/settings", {"list_lag_ms": 60_000})
    body = {"filterBranch": any_of([number("IS_LESS_THAN", 80)], [prop("health", {"operationType": "ALL_PROPERTY",
            "operator": "IS_UNKNOWN"})])}  # fmt: skip
    changed = api.put(f"{LISTS}/{listed}/update-list-filters", body).json()["updatedList"]
    assert (changed["processingStatus"], changed["listVersion"]) == ("PROCESSING", 2)
    assert members(api, listed) == scored[1:3]
    api.post("/_emulator/clock", {"minutes": 2})
    assert members(api, listed) == [scored[0], scored[3]]


def test_members_of_a_manual_list_are_written(api):
    """Adding and removing tells whom, with HubSpot's own spelling, and names ids that are no records."""
    one, two, three = api.contacts(3)
    listed = make_list(api, "By hand")["listId"]
    path = f"{LISTS}/{listed}/memberships"
    added = api.put(f"{path}/add", [one, two, "404"]).json()
    assert added == {"recordsIdsAdded": [one, two], "recordIdsRemoved": [], "recordIdsMissing": ["404"]}
    assert api.put(f"{path}/add", [one]).json()["recordsIdsAdded"] == []
    both = api.put(f"{path}/add-and-remove", {"recordIdsToAdd": [three], "recordIdsToRemove": [one]}).json()
    assert (both["recordsIdsAdded"], both["recordIdsRemoved"]) == ([three], [one])
    assert api.put(f"{path}/remove", [two]).json()["recordIdsRemoved"] == [two]
    assert members(api, listed) == [three]
    other = make_list(api, "Copy")["listId"]
    assert api.put(f"{LISTS}/{other}/memberships/add-from/{listed}").status_code == 204
    assert members(api, other) == [three]
    mine = api.get(f"{LISTS}/records/0-1/{three}/memberships").json()
    assert [row["listId"] for row in mine["results"]] == [listed, other]
    assert mine["results"][0]["firstAddedTimestamp"] == mine["results"][0]["lastAddedTimestamp"]
    assert api.delete(path).status_code == 204
    assert members(api, listed) == []


def test_members_come_in_pages(api):
    """Both orders page with `after`, also when the record at the boundary leaves in between."""
    ids = api.contacts(5)
    listed = make_list(api, "By hand")["listId"]
    api.put(f"{LISTS}/{listed}/memberships/add", ids)
    for order in ("", "/join-order"):
        path = f"{LISTS}/{listed}/memberships{order}"
        first = api.get(path, limit=2).json()
        assert [row["recordId"] for row in first["results"]] == ids[:2]
        assert (first["total"], first["paging"]["next"]["link"].startswith(api.url)) == (5, True)
        api.put(f"{LISTS}/{listed}/memberships/remove", [ids[1]])
        rest = api.get(path, limit=3, after=first["paging"]["next"]["after"]).json()
        assert [row["recordId"] for row in rest["results"]] == ids[2:]
        assert "paging" not in rest
        api.put(f"{LISTS}/{listed}/memberships/add", [ids[1]])
        with api.portal.lock:
            one = api.portal.tools.lists.live[listed]
            one.joined = dict.fromkeys(ids, 1)
            one.order = None
    assert api.get(f"{LISTS}/{listed}/memberships", limit=251).status_code == 400


def test_a_snapshot_is_filtered_once(api, scored):
    """A SNAPSHOT takes who passes when it is made; later changes move nobody, members may be written."""
    listed = make_list(api, "Then", AT_LEAST_80, processingType="SNAPSHOT")["listId"]
    assert members(api, listed) == scored[1:3]
    set_health(api, scored[0], 99)
    set_health(api, scored[1], 1)
    assert members(api, listed) == scored[1:3]
    assert api.put(f"{LISTS}/{listed}/memberships/add", [scored[0]]).json()["recordsIdsAdded"] == [scored[0]]
    dynamic = make_list(api, "Now", AT_LEAST_80)["listId"]
    assert api.put(f"{LISTS}/{dynamic}/memberships/add", [scored[0]]).status_code == 400
    assert api.put(f"{LISTS}/{listed}/update-list-filters", {"filterBranch": AT_LEAST_80}).status_code == 400


def test_archived_contacts_are_in_no_list(api, scored):
    """A record in the recycle bin is no member, of a list made by hand neither."""
    listed, by_hand = make_list(api, "Health", AT_LEAST_80)["listId"], make_list(api, "By hand")["listId"]
    api.put(f"{LISTS}/{by_hand}/memberships/add", scored)
    api.delete(f"/crm/objects/2026-09/contacts/{scored[1]}")
    assert members(api, listed) == [scored[2]]
    assert members(api, by_hand) == [scored[0], *scored[2:]]


def test_names_are_unique_among_lists_of_one_type(api):
    """A name in any case of letters is refused with ILS.DUPLICATE_LIST_NAMES; another object type may have it."""
    made = make_list(api, "Same")
    clash = api.post(f"{LISTS}/", {"name": "SAME", "objectTypeId": "0-1", "processingType": "MANUAL"})
    assert (clash.status_code, clash.json()["subCategory"]) == (400, "ILS.DUPLICATE_LIST_NAMES")
    make_list(api, "Same", objectTypeId="0-2")
    found = api.get(f"{LISTS}/object-type-id/0-1/name/same").json()["list"]
    assert found["listId"] == made["listId"]
    assert api.get(f"{LISTS}/object-type-id/0-1/name/none").status_code == 404
    renamed = api.put(f"{LISTS}/{made['listId']}/update-list-name?listName=Other").json()["updatedList"]
    assert (renamed["name"], renamed["listVersion"]) == ("Other", 2)
    make_list(api, "Same")


def test_a_deleted_list_can_be_restored_for_90_days(api):
    """Deletion is a 204 and hides the list; restoring brings it back, but not after 90 days."""
    one, other = make_list(api, "One")["listId"], make_list(api, "Other")["listId"]
    assert api.delete(f"{LISTS}/{one}").status_code == 204
    assert api.get(f"{LISTS}/{one}").status_code == 404
    assert api.put(f"{LISTS}/{one}/restore").status_code == 204
    assert api.get(f"{LISTS}/{one}").json()["list"]["name"] == "One"
    api.delete(f"{LISTS}/{other}")
    api.post("/_emulator/clock", {"days": 91})
    assert api.put(f"{LISTS}/{other}/restore").status_code == 404


def test_lists_are_searched_and_listed(api):
    """Search pages by offset and filters; `all` of 2026-09 pages by cursor and names what is wrong with it."""
    add_health(api)
    ids = [make_list(api, f"L{place}")["listId"] for place in range(3)]
    dynamic = make_list(api, "Active", AT_LEAST_80)["listId"]
    found = api.post(f"{LISTS}/search", {"count": 2, "query": "l"}).json()
    assert ([one["listId"] for one in found["lists"]], found["hasMore"], found["offset"], found["total"]) == (
        ids[:2], True, 2, 3,
    )  # fmt: skip
    everything = api.post(f"{LISTS}/search", {"count": 1000}).json()
    assert ([one["listId"] for one in everything["lists"]], everything["hasMore"]) == ([*ids, dynamic], False)
    only = api.post(f"{LISTS}/search", {"processingTypes": ["DYNAMIC"]}).json()["lists"]
    assert [one["listId"] for one in only] == [dynamic]
    assert only[0]["additionalProperties"] == {"hs_list_size": "0", "hs_list_reference_count": "0"}
    some = api.get(f"{LISTS}/", listIds=f"{ids[0]},999").json()["lists"]
    assert [one["listId"] for one in some] == ids[:1]
    first = api.post(f"{LISTS}/all", {"count": 3}).json()
    rest = api.post(f"{LISTS}/all", {"count": 3, "after": first["paging"]["next"]["after"]}).json()
    assert [one["listId"] for one in first["results"] + rest["results"]] == [*ids, dynamic]
    for body, word in (({"after": "x"}, "INVALID_CURSOR"), ({"processingTypes": ["X"]}, "INVALID_PROCESSING_TYPE")):
        refused = api.post(f"{LISTS}/all", body)
        assert (refused.status_code, refused.json()["subCategory"]) == (400, word)
    assert api.post("/crm/v3/lists/all", {}).status_code == 405


def test_lists_are_sorted_by_their_last_change(api):
    """`HS_UPDATED_AT` and `-HS_UPDATED_AT` sort; a list with members says when the last one came."""
    old, new = (make_list(api, name)["listId"] for name in ("Old", "New"))
    api.post("/_emulator/clock", {"minutes": 5})
    api.put(f"{LISTS}/{old}/update-list-name?listName=Renamed")
    (contact,) = api.contacts(1)
    api.put(f"{LISTS}/{new}/memberships/add", [contact])
    for sort, order in (("HS_UPDATED_AT", [new, old]), ("-HS_UPDATED_AT", [old, new])):
        found = api.post(f"{LISTS}/search", {"sort": sort}).json()["lists"]
        assert [one["listId"] for one in found] == order
    told = {one["listId"]: one["additionalProperties"].get("hs_last_record_added_at") for one in found}
    (member,) = api.get(f"{LISTS}/{new}/memberships").json()["results"]
    assert told == {old: None, new: str(read_moment(member["membershipTimestamp"]))}


def test_scopes_and_plans(api, server_of):
    """Reading and writing need their scopes; Free has room for few lists."""
    token = api.post("/_emulator/tokens", {"scopes": ["crm.lists.read"]}).json()["token"]
    reader = api.with_token(token)
    assert reader.post(f"{LISTS}/search", {}).status_code == 200
    refused = reader.post(f"{LISTS}/", {"name": "A", "objectTypeId": "0-1", "processingType": "MANUAL"})
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
    free = server_of(plan="free")
    for place in range(5):
        make_list(free, f"L{place}")
    full = free.post(f"{LISTS}/", {"name": "L5", "objectTypeId": "0-1", "processingType": "MANUAL"})
    assert full.status_code == 400
