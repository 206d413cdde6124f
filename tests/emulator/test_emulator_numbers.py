"""Digits that are no number, and numbers that are no moment, are refused as HubSpot does: nothing breaks on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_given import Api

from hubsync.emulator import EmulatorError, EmulatorServer, Options

V = "/crm/objects/2026-09/contacts"
LISTS = "/crm/lists/2026-09"


@pytest.mark.parametrize("value", ["99999999999999999999", "-99999999999999999", "253402300800000"])
@pytest.mark.parametrize("name", ["closedate", "date_of_birth_2"])
def test_a_number_beyond_the_calendar_is_no_date(api: Api, name: str, value: str) -> None:
    """Milliseconds before the year 1 or after the year 9999 are refused for dates; the last day of 9999 is one."""
    with api.portal.lock:
        api.portal.define("contacts", {"name": "date_of_birth_2", "label": "x", "type": "date", "fieldType": "date"})
    contact = api.contacts(1)[0]

    refused = api.patch(f"{V}/{contact}", {"properties": {name: value}})
    taken = api.patch(f"{V}/{contact}", {"properties": {name: "9999-12-31"}})

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert "INVALID_DATE" in refused.text


def test_digits_that_are_no_number(api: Api) -> None:
    """`²` is a digit but no number, and thousands of digits are none either: refused as a cursor, unknown as an id."""
    with api.portal.lock:
        form = api.portal.tools.forms.define("Demo", at="2026-09-21T14:00:00.000Z")
        api.portal.tools.emails.note(1_000, "SENT", api.make("contacts", email="a@example.com"), "a@example.com", 1_000)

    assert api.post(f"{LISTS}/all", {"after": "²"}).status_code == 400
    assert api.get(f"/form-integrations/v1/submissions/forms/{form}", after="²-1").status_code == 400
    assert api.get("/email/public/v1/campaigns/²").status_code == 404
    assert api.get("/email/public/v1/campaigns/" + "9" * 5_000).status_code == 404
    assert api.get(V, after="9" * 5_000).status_code == 400
    assert api.post(f"{V}/search", {"after": "9" * 2_500}).status_code == 400


@pytest.mark.parametrize(
    "point",
    [
        {"indexReference": {"referenceType": "NOW"}, "offset": {"years": 9_000}},
        {"indexReference": {"referenceType": "NOW"}, "offset": {"days": -99_000_000}},
        {"indexReference": {"referenceType": "TODAY", "hour": 99}},
    ],
)
def test_a_list_that_looks_beyond_the_calendar(api: Api, point: dict[str, object]) -> None:
    """A filter whose point in time is none is refused at once, not when somebody asks for the members."""
    operation = {"operationType": "TIME_POINT", "operator": "IS_AFTER", "timePoint": {"timeType": "INDEXED"} | point}
    test = {"filterType": "PROPERTY", "property": "closedate", "operation": operation}
    both = {"filterBranchType": "AND", "filterBranches": [], "filters": [test]}
    made = api.post(
        LISTS,
        {
            "name": "x", "objectTypeId": "0-1", "processingType": "DYNAMIC",
            "filterBranch": {"filterBranchType": "OR", "filterBranches": [both], "filters": []},
        },
    )  # fmt: skip

    assert (made.status_code, made.json()["message"]) == (400, "a timePoint leads out of the calendar")


def test_a_file_with_a_time_beyond_the_calendar(tmp_path: Path) -> None:
    """A time in a CSV file that no calendar has is named by file, line and column."""
    (tmp_path / "contacts.csv").write_text("email,as_of\na@example.com,99999999999999999999\n", encoding="utf-8")

    with pytest.raises(EmulatorError, match=r"contacts\.csv, line 2: as_of '9{20}' is no time"):
        EmulatorServer(Options(port=0, load=tmp_path, empty=False))
