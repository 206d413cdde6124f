"""What HubSpot tells about marketing emails, forms and lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from hubsync.crm.figures import Answer
from hubsync.crm.objects import OBJECT_TYPES, object_name
from hubsync.crm.paging import RowPage, follow, moved_on, next_after
from hubsync.crm.session import Query
from hubsync.crm.times import milliseconds, parse_time, require_time
from hubsync.crm.translate import Json, number, understood
from hubsync.errors import RefusedError

EMAIL_EVENTS_PAGE = 1_000
SUBMISSIONS_PAGE = 50
FORMS_PAGE = 100
# The documentation names 100 as the default; a larger page is unverified.
MEMBERS_PAGE = 100


class Call(Protocol):
    """Asks HubSpot for one operation by its name."""

    def __call__(self, name: str, query: Query = (), /, **fields: str) -> Answer:
        """The answer; raises what the transport raises."""
        ...


@dataclass(frozen=True, slots=True)
class EmailEvent:
    """Something that happened with a marketing email; `filtered` is HubSpot's own mark for programs."""

    id: str
    recipient: str
    at: datetime
    sent_at: datetime | None
    campaign: str | None
    url: str | None
    user_agent: str | None
    device: str | None
    filtered: bool


@dataclass(frozen=True, slots=True)
class Form:
    """A form by its guid."""

    guid: str
    name: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A form that was sent in; HubSpot names no contact, and not always an id."""

    id: str | None
    at: datetime
    email: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class ListOfRecords:
    """A list of HubSpot (its interface says segment)."""

    id: str
    object: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    """A record that is in a list, and since when."""

    record_id: str
    joined_at: datetime | None


class Marketing:
    """The calls about marketing emails, forms and lists; raises ScopeError where token or plan do not allow one."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def email_events(
        self, event_type: str, since: datetime, until: datetime, offset: str | None = None
    ) -> RowPage[EmailEvent]:
        """A page of one type's events of all recipients from `since` up to before `until`, newest first."""
        # Both ends count for HubSpot.
        last = str(int(milliseconds(until)) - 1)
        query = [("eventType", event_type), ("startTimestamp", milliseconds(since)), ("endTimestamp", last),
                 ("limit", str(EMAIL_EVENTS_PAGE))]  # fmt: skip
        if offset is not None:
            query.append(("offset", offset))
        data = self._call("email_events.list", query).data
        with understood("email_events.list"):
            rows = _email_events(data["events"])
            further = moved_on(str(data["offset"]), offset) if data.get("hasMore") else None
            return RowPage(rows, further)

    def forms(self) -> list[Form]:
        """All forms that are not archived."""
        return [form for page in follow(self._forms) for form in page.rows]

    def submissions(self, guid: str, after: str | None = None) -> RowPage[Submission]:
        """A page of what was sent in with a form, newest first."""
        data = self._call("forms.submissions", _paged(SUBMISSIONS_PAGE, after), guid=quote(guid, safe="")).data
        with understood("forms.submissions"):
            return RowPage([_submission(raw) for raw in data["results"]], next_after(data, after))

    def list_of(self, object_type: str, name_or_id: str) -> ListOfRecords | None:
        """A list by its id, else by its name among those of an object; None when there is none."""
        if name_or_id.isdecimal():
            found = self._list("lists.get", list_id=name_or_id)
            if found is not None and found.object == object_type:
                return found
        type_id = OBJECT_TYPES[object_type].type_id
        return self._list("lists.get_by_name", type_id=type_id, name=quote(name_or_id, safe=""))

    def members(self, list_id: str, after: str | None = None) -> RowPage[Member]:
        """A page of a list's members, those who joined first at the beginning."""
        data = self._call("lists.members", _paged(MEMBERS_PAGE, after), list_id=list_id).data
        with understood("lists.members"):
            rows = [Member(number(raw["recordId"]), parse_time(raw["membershipTimestamp"])) for raw in data["results"]]
            return RowPage(rows, next_after(data, after))

    def _forms(self, after: str | None) -> RowPage[Form]:
        data = self._call("forms.list", _paged(FORMS_PAGE, after)).data
        with understood("forms.list"):
            return RowPage([Form(str(raw["id"]), str(raw["name"])) for raw in data["results"]], next_after(data, after))

    def _list(self, operation: str, **fields: str) -> ListOfRecords | None:
        try:
            data = self._call(operation, **fields).data
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        with understood(operation):
            raw = data["list"]
            return ListOfRecords(
                number(raw["listId"]), object_name(str(raw["objectTypeId"])), parse_time(raw.get("createdAt"))
            )


def _paged(size: int, after: str | None) -> list[tuple[str, str]]:
    return [("limit", str(size)), *([("after", after)] if after else [])]


def _email_events(results: Iterable[Json]) -> list[EmailEvent]:
    return [
        EmailEvent(
            # Only together with its time an id is the key of an event.
            f"{raw['id']}:{raw['created']}",
            str(raw["recipient"]),
            require_time(raw["created"]),
            parse_time((raw.get("sentBy") or {}).get("created")),
            _text(raw.get("emailCampaignId")),
            _text(raw.get("url")),
            _text(raw.get("userAgent")),
            _text(raw.get("deviceType")),
            raw.get("filteredEvent") is True,
        )
        for raw in results
    ]


def _submission(raw: Json) -> Submission:
    emails = (each.get("value") for each in raw.get("values") or () if each.get("name") == "email")
    return Submission(
        _text(raw.get("conversionId")), require_time(raw["submittedAt"]), _text(next(emails, None)),
        _text(raw.get("pageUrl")),
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return str(value) if value not in (None, "") else None
