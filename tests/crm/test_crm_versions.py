"""The table of addresses, the object types and the scopes."""

from __future__ import annotations

from datetime import date

import pytest

from hubsync.crm import Need, Versions, association_types, modified_property, needed_scopes, support_end
from hubsync.crm.objects import UNKNOWN_TYPE, inline_type, object_name
from hubsync.crm.versions import CURRENT, OPERATIONS
from hubsync.errors import InputError, RemoteError

FIELDS = {"object": "contacts", "name": "score", "from_object": "contacts", "to_object": "companies", "guid": "g-1",
          "list_id": "7", "type_id": "0-1"}  # fmt: skip


def test_the_dated_version_is_the_default() -> None:
    """Without a setting the dated paths are used, where the version stands in the third segment."""
    assert Versions().route("objects.list", object="deals").path == f"/crm/objects/{CURRENT}/deals"
    assert Versions("v3").route("objects.list", object="deals").path == "/crm/v3/objects/deals"


def test_an_unknown_version_is_refused() -> None:
    """A version that is not in the table is refused with those that are."""
    with pytest.raises(InputError, match="2026-09 or v3"):
        Versions("v5")


def test_operations_without_a_dated_path_fall_back_and_are_listed() -> None:
    """What has no dated path goes by the legacy one, and is named."""
    assert set(Versions().fallbacks()) == {
        "limits.custom_properties", "token.introspect", "email_events.list", "forms.list", "forms.submissions",
    }  # fmt: skip
    assert Versions().route("token.introspect").path == "/oauth/v2/private-apps/get/access-token-info"
    assert not Versions().route("token.introspect").dated
    assert Versions("v3").fallbacks() == ()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_each_legacy_path_leads_back_to_its_operation(operation) -> None:
    """The SDK's legacy path of each operation is found again, and leads to the path in use."""
    filled = operation.legacy.format_map(FIELDS)

    route = Versions().match(operation.method, filled)

    assert route.operation.name == operation.name
    assert route == Versions().route(operation.name, **FIELDS)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/crm/v3/lists/"),
        ("DELETE", "/crm/v3/objects/contacts"),
        ("GET", "/crm/v3/objects/contacts/1/x"),
    ],
)
def test_unknown_paths_are_refused(method: str, path: str) -> None:
    """A path that is not in the table is never sent."""
    with pytest.raises(RemoteError, match="not in hubsync's table"):
        Versions().match(method, path)


def test_creates_are_not_idempotent() -> None:
    """Of all operations only those that make something may not be repeated."""
    assert {each.name for each in OPERATIONS if not each.idempotent} == {
        "objects.create",
        "groups.create",
        "properties.batch_create",
    }


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("/crm/objects/2026-09/contacts", date(2028, 3, 1)),
        ("/account-info/2026-03/details", date(2027, 9, 1)),
        ("/automation/2027-03-beta/flows", date(2028, 9, 1)),
        ("/crm/v3/objects/contacts", date(2027, 9, 1)),
    ],
)
def test_versions_end(path: str, end: date) -> None:
    """Legacy ends in September 2027; a dated version 18 months after its name."""
    assert support_end(path) == end


def test_what_ends_soon_is_listed_by_day() -> None:
    """The operations that lose support by a day are grouped under the day."""
    assert Versions().ending(date(2027, 8, 31)) == {}
    assert set(Versions().ending(date(2027, 9, 1))) == {date(2027, 9, 1)}
    assert Versions("v3").ending(date(2027, 9, 1), ["objects.list"]) == {date(2027, 9, 1): ("objects.list",)}


def test_objects_by_any_of_their_names() -> None:
    """Events say CONTACT, definitions 0-1; both are contacts. Only contacts have another modified property."""
    assert [object_name(each) for each in ("CONTACT", "0-1", "contacts", "2-77")] == ["contacts"] * 3 + ["2-77"]
    assert object_name("0-101") == "commerce_payments"
    assert modified_property("contacts") == "lastmodifieddate"
    assert modified_property("companies") == modified_property("2-77") == "hs_lastmodifieddate"


def test_association_types_prefer_the_primary() -> None:
    """The first type of a pair is the primary one; inline names tell it from the unlabeled one."""
    assert association_types("contacts", "companies")[0] == 1
    assert association_types("deals", "companies")[0] == 5
    assert association_types("tickets", "companies")[0] == 26
    assert inline_type("contacts", "companies", "contact_to_company") == (1, "Primary")
    assert inline_type("contacts", "companies", "contact_to_company_unlabeled") == (279, None)
    assert inline_type("deals", "contacts", "deal_to_contact") == (3, None)
    assert inline_type("contacts", "companies", "advisor") == (UNKNOWN_TYPE, "advisor")
    assert inline_type("2-77", "companies", "x_to_company") == (UNKNOWN_TYPE, "x_to_company")


def test_needed_scopes_follow_from_what_is_read_and_written() -> None:
    """Each object read or written, its properties, events and owners ask for their scopes, any one of them."""
    needs = {
        need.what: need
        for need in needed_scopes(
            ["contacts", "calls", "tickets"], ["contacts"], sources=["occurrences"], owners=True, provision=True
        )
    }

    assert needs["read contacts"].any_of == ("crm.objects.contacts.read",)
    assert needs["write contacts"].any_of == ("crm.objects.contacts.write",)
    assert needs["make properties of contacts"].any_of == ("crm.schemas.contacts.write",)
    assert needs["read calls"].met_by({"crm.objects.contacts.read"})
    assert needs["read tickets"].met_by({"tickets"})
    assert not needs["read events"].met_by({"tickets"})
    assert {"read owners"} < set(needs)
    assert not Need("x", ("a",)).met_by(())
