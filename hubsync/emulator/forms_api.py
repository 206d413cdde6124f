"""Calls about forms and their submissions (api-facts §5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors, rules
from hubsync.emulator.clock import to_iso, to_ms
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.forms import Submission
from hubsync.emulator.hub import Hub
from hubsync.emulator.moments import moment_of
from hubsync.emulator.reactions import converted
from hubsync.emulator.route import COMMUNITY, SDK, Route

PAGE, LARGEST_PAGE = 20, 50
FORMS_PAGE, FORMS_LARGEST_PAGE = 20, 500


def list_forms(hub: Hub, call: Call) -> Reply:
    """The forms, by creation; `formTypes` chooses among them."""
    limit, start = call.number("limit", FORMS_PAGE), call.number("after", 0)
    if not 0 < limit <= FORMS_LARGEST_PAGE:
        raise errors.validation(f"The limit of a page is {FORMS_LARGEST_PAGE}")
    types, archived = set(call.names("formTypes")) - {"all"}, call.flag("archived")
    found = [
        form
        for form in hub.portal.tools.forms.defined.values()
        if form["archived"] is archived and (not types or form["formType"] in types)
    ]
    page: dict[str, Any] = {"results": found[start : start + limit]}
    if start + limit < len(found):
        after = str(start + limit)
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def get_form(hub: Hub, call: Call) -> Reply:
    """One form by its guid."""
    return answer(_need(hub, call.path_params["form_id"]))


def create_form(hub: Hub, call: Call) -> Reply:
    """Create a form; the emulator keeps its name and the names of its fields."""
    body = call.json()
    name = str(body.get("name") or "")
    if not name or name in hub.portal.tools.forms.by_name:
        raise errors.validation("A form needs a name that no other form has")
    given = [one for group in body.get("fieldGroups") or [] for one in _list(group.get("fields"))]
    fields = tuple(str(one.get("name")) for one in given)
    forms, at = hub.portal.tools.forms, to_iso(hub.portal.now)
    guid = forms.define(name, at=at, fields=fields) if fields else forms.define(name, at=at)
    return answer(forms.defined[guid], 201)


def _need(hub: Hub, guid: str) -> dict[str, Any]:
    form = hub.portal.tools.forms.defined.get(guid)
    if form is None:
        raise errors.not_found()
    return form


def list_submissions(hub: Hub, call: Call) -> Reply:
    """What was sent in with a form, newest first: no contact id, no filter of time, sometimes no conversion id."""
    limit, guid = call.number("limit", PAGE), _need(hub, call.path_params["guid"])["id"]
    if not 0 < limit <= LARGEST_PAGE:
        raise errors.validation(f"The limit of a page is {LARGEST_PAGE}")
    # The form of the cursor is unverified; this one stands for a place, so newcomers move nothing.
    bound = _position(call.text("after"))
    found = [
        row
        for row in hub.portal.tools.forms.submissions(guid)
        # A privacy deletion takes the submissions of a contact along (unverified).
        if (row.at_ms, row.number) < bound and hub.portal.knows("contacts", row.contact_id)
    ]
    page: dict[str, Any] = {"results": [_shown(row) for row in found[:limit]]}
    if len(found) > limit:
        last = found[limit - 1]
        after = f"{last.at_ms}-{last.number}"
        page["paging"] = {"next": {"after": after, "link": call.link(after)}}
    return answer(page)


def _position(after: str) -> tuple[int, int]:
    if not after:
        return 2**62, 0
    at, _, number = after.partition("-")
    if not (at.isdecimal() and number.isdecimal()):
        raise errors.validation("The after parameter is not valid")
    return int(at), int(number)


def _shown(row: Submission) -> dict[str, Any]:
    values = [{"name": name, "value": value, "objectTypeId": "0-1"} for name, value in row.values.items()]
    shown: dict[str, Any] = {"submittedAt": row.at_ms, "values": values, "pageUrl": row.page_url}
    return shown if row.conversion_id is None else {"conversionId": row.conversion_id} | shown


def submit_form(hub: Hub, call: Call) -> Reply:
    """Send in a form: the contact with this email is created or updated, and its conversions are counted."""
    portal = hub.portal
    if call.path_params["portal_id"] != str(portal.portal_id):
        raise errors.not_found()
    form, body = _need(hub, call.path_params["guid"]), call.json()
    given = {str(one.get("name")): one.get("value") for one in _list(body.get("fields"))}
    known = {name: value for name, value in given.items() if name in portal.properties["contacts"].live}
    email = str(known.get("email") or "").strip().lower()
    contact = portal.find("contacts", "email", email) if email else None
    rec = portal.objects["contacts"].get(contact or "")
    values, refusal = rules.check(portal, "contacts", known, "v3", rec)
    if refusal is not None or not email:
        raise _refused_fields(refusal)
    at = portal.now if body.get("submittedAt") is None else moment_of(body["submittedAt"], "submittedAt")
    if contact is None:
        contact = portal.put("contacts", values, at=portal.now, source="FORM", source_id=form["id"])
    else:
        portal.set("contacts", contact, values, at=portal.now, source="FORM", source_id=form["id"])
    context = body.get("context") or {}
    texts = {name: str(value) for name, value in given.items()}
    portal.tools.forms.submit(form["id"], to_ms(at), contact, texts, str(context.get("pageUri") or ""))
    converted(portal, contact, f"{context.get('pageName') or 'Form'}: {form['name']}", at)
    return answer({"inlineMessage": "Thanks for submitting the form."})


def _list(given: object) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _refused_fields(refusal: errors.Refusal | None) -> errors.Refusal:
    # The words are unverified.
    found = refusal.body.get("errors") if refusal else None
    details = found or [{"message": "Required field 'email' is missing", "errorType": "REQUIRED_FIELD"}]
    message = "The request is not valid"
    return errors.Refusal(400, {"status": "error", "message": message, "correlationId": "", "errors": details})


_FORMS = ("/marketing/v3/forms", "/marketing/forms/2026-09-beta")
_SUBMIT = ("/submissions/v3/integration/secure/submit",)

ROUTES: tuple[Route, ...] = (
    Route("GET", _FORMS, "", list_forms, "forms"),
    Route("POST", _FORMS, "", create_form, "forms", source=SDK),
    Route("GET", _FORMS, "/{form_id}", get_form, "forms", source=SDK),
    Route("GET", ("/form-integrations/v1/submissions/forms",), "/{guid}", list_submissions, "forms", source=COMMUNITY),
    Route("POST", _SUBMIT, "/{portal_id}/{guid}", submit_form, "forms", source=COMMUNITY, verified=False),
)
