"""What the filters of lists mean, and which are refused."""

from __future__ import annotations

import pytest
from tools_given import LISTS, add_health, any_of, make_list, members, number, prop, set_health

NOW = {"timeType": "INDEXED", "zoneId": "UTC", "indexReference": {"referenceType": "NOW"}}
CASES = [
    ("health", {"operationType": "NUMBER", "operator": "IS_EQUAL_TO", "value": 80}, "b"),
    ("health", {"operationType": "NUMBER", "operator": "IS_NOT_EQUAL_TO", "value": 80}, "a"),
    ("health", {"operationType": "NUMBER", "operator": "IS_NOT_EQUAL_TO", "value": 80,
                "includeObjectsWithNoValueSet": True}, "ac"),
    ("health", {"operationType": "NUMBER", "operator": "HAS_EVER_BEEN_EQUAL_TO", "value": 20}, "b"),
    ("health", {"operationType": "NUMBER", "operator": "HAS_NEVER_BEEN_EQUAL_TO", "value": 20}, "ac"),
    ("health", {"operationType": "NUMBER_RANGED", "operator": "IS_BETWEEN", "lowerBound": 70, "upperBound": 79}, "a"),
    ("health", {"operationType": "NUMBER_RANGED", "operator": "IS_NOT_BETWEEN", "lowerBound": 70, "upperBound": 79},
     "b"),
    ("health", {"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN"}, "ab"),
    ("health", {"operationType": "ALL_PROPERTY", "operator": "IS_UNKNOWN"}, "c"),
    ("firstname", {"operationType": "STRING", "operator": "STARTS_WITH", "value": "an"}, "a"),
    ("firstname", {"operationType": "MULTISTRING", "operator": "IS_EQUAL_TO", "values": ["ANNA", "Cleo"]}, "ac"),
    ("firstname", {"operationType": "MULTISTRING", "operator": "DOES_NOT_CONTAIN", "values": ["nn"]}, "bc"),
    ("lifecyclestage", {"operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": ["lead", "other"]}, "a"),
    ("lifecyclestage", {"operationType": "ENUMERATION", "operator": "IS_NONE_OF", "values": ["lead"]}, "b"),
    ("vip", {"operationType": "BOOL", "operator": "IS_EQUAL_TO", "value": True}, "c"),
    ("met_on", {"operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN_X_DAYS_AGO", "numberOfDays": 30}, "a"),
    ("met_on", {"operationType": "ROLLING_DATE_RANGE", "operator": "IS_MORE_THAN_X_DAYS_AGO", "numberOfDays": 30}, "b"),
    ("met_on", {"operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN_X_DAYS_FROM_NOW",
                "numberOfDays": 30}, "c"),
    ("met_on", {"operationType": "TIME_POINT", "operator": "IS_BEFORE", "timePoint": {
        "timeType": "DATE", "zoneId": "UTC", "year": 2026, "month": 9, "day": 11}}, "b"),
    ("met_on", {"operationType": "TIME_POINT", "operator": "IS_AFTER", "timePoint": NOW | {"offset": {"months": -1}}},
     "ac"),
    ("met_on", {"operationType": "TIME_RANGED", "operator": "IS_BETWEEN", "upperBoundTimePoint": NOW,
                "lowerBoundTimePoint": NOW | {"indexReference": {"referenceType": "TODAY"}, "offset": {"days": -20}}},
     "a"),
]  # fmt: skip


@pytest.fixture
def people(api):
    """Anna (70, lead, met ten days ago), Ben (20, then 80; customer, met in spring), Cleo (a VIP to be met)."""
    add_health(api)
    with api.portal.lock:
        api.portal.define("contacts", {"name": "vip", "type": "bool", "fieldType": "booleancheckbox"})
        api.portal.define("contacts", {"name": "met_on", "type": "date", "fieldType": "date"})
    anna = api.make("contacts", firstname="Anna", health="70", lifecyclestage="lead", met_on="2026-09-11")
    ben = api.make("contacts", firstname="Ben", health="20", lifecyclestage="customer", met_on="2026-04-01")
    cleo = api.make("contacts", firstname="Cleo", vip="true", met_on="2026-10-01")
    set_health(api, ben, 80)
    return {anna: "a", ben: "b", cleo: "c"}


def test_each_operation_finds_whom_it_means(api, people):
    """Every operation type and its operators, on values that pass, fail and are missing."""
    found = []
    for place, (name, operation, _) in enumerate(CASES):
        listed = make_list(api, f"L{place}", any_of([prop(name, operation)]))["listId"]
        found.append("".join(people[id] for id in members(api, listed)))
    assert found == [wanted for _, _, wanted in CASES]


def test_filters_of_a_branch_and_branches_of_the_root(api, people):
    """All filters of an AND must pass, and one AND of the root is enough; a list can be a filter."""
    named = prop("firstname", {"operationType": "STRING", "operator": "IS_EQUAL_TO", "value": "Cleo"})
    listed = make_list(api, "Two", any_of([number("IS_GREATER_THAN", 50), number("IS_LESS_THAN", 75)], [named]))
    assert [people[id] for id in members(api, listed["listId"])] == ["a", "c"]
    without = {"filterType": "IN_LIST", "listId": listed["listId"], "operator": "NOT_IN_LIST"}
    rest = make_list(api, "Rest", any_of([without]))
    assert [people[id] for id in members(api, rest["listId"])] == ["b"]


def test_a_rolling_range_moves_with_the_days(api, people):
    """Membership of a list that looks at dates changes when the portal's day does, without a write."""
    operation = {"operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN_X_DAYS_AGO", "numberOfDays": 30}
    listed = make_list(api, "Met lately", any_of([prop("met_on", operation)]))["listId"]
    assert [people[id] for id in members(api, listed)] == ["a"]
    api.post("/_emulator/clock", {"days": 25})
    assert [people[id] for id in members(api, listed)] == ["c"]


GOOD = number("IS_EQUAL_TO", 1)
BAD = {
    "no root OR": any_of([GOOD]) | {"filterBranchType": "AND"},
    "filters in the root": any_of([GOOD]) | {"filters": [GOOD]},
    "nothing below the root": any_of(),
    "an AND without filters": any_of([]),
    "a branch of another type": {"filterBranchType": "OR", "filterBranches": [{"filterBranchType": "ASSOCIATION"}]},
    "an unknown property": any_of([number("IS_EQUAL_TO", 1, "healht")]),
    "a number asked as a text": any_of([prop("health", {"operationType": "STRING", "operator": "IS_EQUAL_TO",
                                                        "value": "1"})]),
    "a text asked as a number": any_of([number("IS_EQUAL_TO", 1, "firstname")]),
    "an unknown operator": any_of([number("IS_ABOUT", 1)]),
    "no value": any_of([prop("health", {"operationType": "NUMBER", "operator": "IS_EQUAL_TO"})]),
    "a value that is no number": any_of([prop("health", {"operationType": "NUMBER", "operator": "IS_EQUAL_TO",
                                                         "value": "much"})]),
    "another type of filter": any_of([{"filterType": "PAGE_VIEW", "pageUrl": "/pricing"}]),
    "a list that does not exist": any_of([{"filterType": "IN_LIST", "listId": "77"}]),
}  # fmt: skip


def test_what_does_not_fit_is_refused(api):
    """A filter that HubSpot or the emulator cannot evaluate is a 400 in one sentence, and no list comes of it."""
    add_health(api)
    for branch in BAD.values():
        body = {"name": "L", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": branch}
        refused = api.post(f"{LISTS}/", body)
        assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR"), (branch, refused.text)
    assert api.post(f"{LISTS}/search", {}).json()["total"] == 0
