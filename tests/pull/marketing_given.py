"""A portal in which mails are clicked, forms are sent in and lists are joined, as a test says."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pull_bench import Bench

from hubsync.emulator.email_events import CLICK, SENT

MARKETING = Path(__file__).parent / "marketing"
EMAILS, FORMS, LISTS = "email_click/email_events", "form_submitted/forms", "pricing_viewed/lists"
SITE = "https://www.vendor.example"
_EPOCH = datetime(1970, 1, 1)
_FORM = "/submissions/v3/integration/secure/submit"


def ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def noted(desk: Bench, email: str, at: datetime, what: str = CLICK, detail: str = f"{SITE}/demo", **sent: Any) -> None:
    """Something happens with a mail that was sent an hour before, or `sent`."""
    portal, contact = desk.server.portal, contact_of(desk, email)
    with portal.lock:
        sent_at = sent.get("sent", at - timedelta(hours=1))
        portal.tools.emails.note(ms(at), what, contact, email, ms(sent_at), "" if what == SENT else detail)


def contact_of(desk: Bench, email: str) -> str:
    return next(each["id"] for each in desk.listed("contacts", "email") if each["properties"]["email"] == email)


def now(desk: Bench) -> datetime:
    return desk.client.account().server_time


def new_form(desk: Bench, name: str) -> str:
    fields = [{"name": "email", "label": "Email"}]
    return str(desk.call("POST", "/marketing/v3/forms", {"name": name, "fieldGroups": [{"fields": fields}]})["id"])


def send_in(desk: Bench, guid: str, email: str, at: datetime | None = None) -> None:
    body = {
        "fields": [{"name": "email", "value": email}],
        "context": {"pageUri": f"{SITE}/contact"},
        **({} if at is None else {"submittedAt": ms(at)}),
    }
    desk.call("POST", f"{_FORM}/{desk.server.options.portal_id}/{guid}", body)


def send_in_many(desk: Bench, guid: str, email: str, number: int) -> None:
    """As many submissions, one an hour, without a call for each."""
    start, contact, portal = now(desk), contact_of(desk, email), desk.server.portal
    with portal.lock:
        for hours in range(number):
            at = start - timedelta(hours=1 + hours)
            portal.tools.forms.submit(guid, ms(at), contact, {"email": email}, f"{SITE}/contact")


def new_list(desk: Bench, name: str = "Has seen pricing") -> str:
    body = {"name": name, "objectTypeId": "0-1", "processingType": "MANUAL"}
    return str(desk.call("POST", "/crm/lists/2026-09", body)["list"]["listId"])


def join(desk: Bench, list_id: str, *record_ids: str) -> None:
    desk.call("PUT", f"/crm/lists/2026-09/{list_id}/memberships/add", list(record_ids))


def leave(desk: Bench, list_id: str, *record_ids: str) -> None:
    desk.call("PUT", f"/crm/lists/2026-09/{list_id}/memberships/remove", list(record_ids))


def counted(desk: Bench, source: str) -> list[tuple[str, int]]:
    """How many events of a source each contact has, as scores see them."""
    with desk.store.scratch(desk.last, [source]) as scratch:
        return scratch.execute("SELECT record_id, count(*) FROM events_contacts GROUP BY 1 ORDER BY 1")


def status(result: Any) -> dict[str, str]:
    return {each.source: each.status for each in result.sources}
