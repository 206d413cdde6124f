"""Marketing emails, forms and lists, as HubSpot words them."""

from __future__ import annotations

from typing import Any

import pytest
from crm_wire import BASE, error_body, utc
from responses import matchers

from hubsync.crm import Client, Versions, needed_scopes
from hubsync.crm.marketing import EMAIL_EVENTS_PAGE, Form, ListOfRecords
from hubsync.errors import RefusedError, RemoteError, ScopeError

EVENTS = f"{BASE}/email/public/v1/events"
SUBMISSIONS = f"{BASE}/form-integrations/v1/submissions/forms/g-1"
LISTS = f"{BASE}/crm/lists/2026-09"
SINCE, UNTIL = utc(2026, 9, 1), utc(2026, 9, 2)
CLICK = {
    "id": "e-1", "created": 1788220800000, "type": "CLICK", "recipient": "Ann@x.example", "emailCampaignId": 7,
    "url": "https://x.example/a", "userAgent": "Mozilla/5.0", "deviceType": "COMPUTER", "filteredEvent": True,
    "sentBy": {"id": "s-1", "created": 1788220790000},
}  # fmt: skip


def events_page(*events: dict[str, Any], offset: str = "") -> dict[str, Any]:
    return {"hasMore": bool(offset), "offset": offset, "events": list(events)}


def test_email_events_of_a_day(client: Client, wire) -> None:
    """A page asks for one type in a window whose end does not count; both ends count for HubSpot."""
    query = {"eventType": "CLICK", "startTimestamp": "1788220800000", "endTimestamp": "1788307199999",
             "limit": str(EMAIL_EVENTS_PAGE), "offset": "a"}  # fmt: skip
    bare = {"id": "e-1", "created": 1788220801000, "recipient": "bob@x.example"}
    wire.get(EVENTS, json=events_page(CLICK, bare, offset="b"), match=[matchers.query_param_matcher(query)])

    page = client.marketing.email_events("CLICK", SINCE, UNTIL, "a")

    first, second = page.rows
    assert (first.recipient, first.at, first.sent_at) == ("Ann@x.example", SINCE, utc(2026, 8, 31, 23, 59, 50))
    assert (first.campaign, first.url, first.filtered) == ("7", "https://x.example/a", True)
    assert (second.sent_at, second.url, second.filtered) == (None, None, False)
    assert first.id != second.id
    assert page.next_after == "b"


def test_the_last_page_has_no_offset(client: Client, wire) -> None:
    """Where HubSpot says that there is no more, an offset that it names leads nowhere."""
    wire.get(EVENTS, json={"hasMore": False, "offset": "b", "events": []})

    assert client.marketing.email_events("OPEN", SINCE, UNTIL).next_after is None


def test_pages_that_go_round_are_refused(client: Client, wire) -> None:
    """An offset that points to the page just read ends the reading."""
    wire.get(EVENTS, json=events_page(CLICK, offset="a"))

    with pytest.raises(RemoteError, match="same page cursor twice"):
        client.marketing.email_events("CLICK", SINCE, UNTIL, "a")


@pytest.mark.parametrize("status", [404, 410])
def test_the_end_of_v1(client: Client, wire, status: int) -> None:
    """An address that HubSpot has no more is a refusal with its status, whatever page it answers with."""
    wire.get(f"{BASE}/marketing/v3/forms", json={"results": []})
    wire.get(EVENTS, status=status, body="<html>gone</html>")
    client.marketing.forms()

    with pytest.raises(RefusedError) as error:
        client.marketing.email_events("CLICK", SINCE, UNTIL)

    assert error.value.status == status


def test_a_missing_scope_is_named(client: Client, wire) -> None:
    """A 403 says which scope is missing, for what."""
    body = error_body("403_missing_scopes")
    body["errors"][0]["context"]["requiredGranularScopes"] = ["content"]
    wire.get(EVENTS, status=403, json=body)

    with pytest.raises(ScopeError, match=r"read marketing email events .*content"):
        client.marketing.email_events("CLICK", SINCE, UNTIL)


def test_an_answer_of_another_shape(client: Client, wire) -> None:
    """An answer without events is no empty page."""
    wire.get(EVENTS, json={"hasMore": False})

    with pytest.raises(RemoteError, match="another shape"):
        client.marketing.email_events("CLICK", SINCE, UNTIL)


def test_all_forms(client: Client, wire) -> None:
    """The forms of all pages, by guid."""
    paging = {"next": {"after": "1"}}
    wire.get(f"{BASE}/marketing/v3/forms", json={"results": [{"id": "g-1", "name": "A"}], "paging": paging})
    wire.get(f"{BASE}/marketing/v3/forms", json={"results": [{"id": "g-2", "name": "B"}]})

    assert client.marketing.forms() == [Form("g-1", "A"), Form("g-2", "B")]


def test_submissions(client: Client, wire) -> None:
    """A submission has its time, the email that was filled in and the page; an id only where HubSpot gives one."""
    values = [{"name": "firstname", "value": "Ann"}, {"name": "email", "value": "ann@x.example"}]
    rows = [
        {"conversionId": "c", "submittedAt": 1788220800000, "values": values, "pageUrl": "https://x.example"},
        {"submittedAt": 1788220800000, "values": []},
    ]
    query = {"limit": "50", "after": "p"}
    wire.get(SUBMISSIONS, json={"results": rows}, match=[matchers.query_param_matcher(query)])

    first, second = client.marketing.submissions("g-1", "p").rows

    assert (first.id, first.at, first.email, first.url) == ("c", SINCE, "ann@x.example", "https://x.example")
    assert (second.id, second.email, second.url) == (None, None, None)


def test_a_list_by_id_by_name_and_none(client: Client, wire) -> None:
    """Digits are an id first and a name then; a name is written into the address whole."""
    one = {"list": {"listId": "7", "objectTypeId": "0-2", "createdAt": "2026-09-01T00:00:00Z"}}
    wire.get(f"{LISTS}/7", json=one)
    wire.get(f"{LISTS}/8", status=404, json={"message": "no"})
    wire.get(f"{LISTS}/object-type-id/0-2/name/8", json=one)
    wire.get(f"{LISTS}/object-type-id/0-2/name/a%2Fb%20%26%20c", json=one)
    wire.get(f"{LISTS}/object-type-id/0-2/name/none", status=404, json={"message": "no"})
    found = ListOfRecords("7", "companies", SINCE)

    names = ("7", "8", "a/b & c", "none")
    assert [client.marketing.list_of("companies", name) for name in names] == [
        found, found, found, None
    ]  # fmt: skip


def test_members_in_the_order_of_joining(client: Client, wire) -> None:
    """A page of members with the time at which each joined."""
    row = {"recordId": "5", "membershipTimestamp": "2026-09-01T00:00:00Z"}
    wire.get(f"{LISTS}/7/memberships/join-order", json={"results": [row], "paging": {"next": {"after": "x"}}})

    page = client.marketing.members("7")

    assert [(each.record_id, each.joined_at) for each in page.rows] == [("5", SINCE)]
    assert page.next_after == "x"


def test_lists_have_a_legacy_path() -> None:
    """On the legacy version, lists are read where v3 has them."""
    route = Versions("v3").route("lists.members", list_id="7")

    assert route.path == "/crm/v3/lists/7/memberships/join-order"


def test_sources_name_their_scopes() -> None:
    """Each source that has a scope of its own asks for it; one that comes with the records asks for none."""
    sources = ["email_events", "forms", "lists", "objects"]
    needs = {need.what: need.any_of for need in needed_scopes([], sources=sources)}

    assert needs == {
        "read marketing email events": ("content",),
        "read forms": ("forms",),
        "read lists": ("crm.lists.read",),
    }
