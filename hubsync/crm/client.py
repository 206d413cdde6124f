"""What hubsync asks of HubSpot, in hubsync's own nouns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from hubsync.crm import translate, writes
from hubsync.crm.figures import Answer
from hubsync.crm.objects import object_name
from hubsync.crm.paging import EventPage, RecordPage, SearchPage, next_after
from hubsync.crm.search import Filter, sort
from hubsync.crm.session import Query
from hubsync.crm.times import iso_z
from hubsync.crm.transport import Transport
from hubsync.crm.versions import Versions
from hubsync.errors import AccessError, RefusedError, RemoteError
from hubsync.types import Account, AssociationRow, Outcome, PropertyDefinition, RecordRow, Revision, Update, Usage

if TYPE_CHECKING:
    from hubsync.crm.directory import Owner, Pipeline
    from hubsync.crm.marketing import Marketing
    from hubsync.crm.sdk import Sdk

T = TypeVar("T")

PAGE = 100
SEARCH_PAGE = 200
BATCH = 100
HISTORY_BATCH = 50
ASSOCIATION_BATCH = 1000

# An address of about 8 kB is refused (414), a search body over 3,000 characters too (400).
_LONGEST_PROPERTIES = 6_000
_LONGEST_SEARCH = 2_900


@dataclass(frozen=True, slots=True)
class PropertyLimit:
    """How many custom properties an object may have, and how many it has."""

    object: str
    limit: int
    used: int


class Client:
    """Reads and writes one portal; safe to use from several threads."""

    def __init__(self, transport: Transport, versions: Versions | None = None) -> None:
        self.transport = transport
        self.versions = versions or Versions()

    @cached_property
    def sdk(self) -> Sdk:
        """HubSpot's official SDK on this client's transport, loaded when first needed."""
        from hubsync.crm.sdk import Sdk

        return Sdk(self.transport, self.versions)

    @cached_property
    def marketing(self) -> Marketing:
        """The calls about marketing emails, forms and lists."""
        from hubsync.crm.marketing import Marketing

        return Marketing(lambda name, query=(), /, **of: self.transport.request(self.versions.route(name, **of), query))

    def account(self) -> Account:
        """The portal of the token, with HubSpot's clock."""
        answer = self._call("account.details")
        with translate.understood("account.details"):
            server_time = self.transport.server_time
            if server_time is None:
                raise ValueError("no Date header")
            return translate.account(answer.data, server_time)

    def token_info(self) -> tuple[str, frozenset[str]] | None:
        """Portal id and scopes of the token; None when HubSpot does not tell them, or not in a known shape.

        Those of an OAuth token came with it.

        For service keys it is not documented whether HubSpot does. A token that is not valid is found by
        `account`, not here.
        """
        if not self.transport.credentials.metered:
            return self.transport.credentials.told
        try:
            answer = self._call("token.introspect")
            with translate.understood("token.introspect"):
                return translate.token_info(answer.data)
        except (AccessError, RemoteError):
            return None

    def usage(self) -> Usage | None:
        """The account's calls of the day, also told to the throttle; None when HubSpot does not say.

        It counts those of private apps and service keys, not those of OAuth apps.
        """
        if not self.transport.credentials.metered:
            return None
        try:
            answer = self._call("account.usage")
        except (AccessError, RefusedError):
            return None
        with translate.understood("account.usage"):
            usage = translate.usage(answer.data["results"])
        if usage is not None:
            self.transport.throttle.daily.learn_usage(usage)
        return usage

    def custom_property_limits(self) -> dict[str, PropertyLimit] | None:
        """Custom properties allowed and used by object; None when HubSpot does not say.

        (mem) The shape of this answer is as remembered; another shape counts as not told.
        """
        try:
            answer = self._call("limits.custom_properties")
            with translate.understood("limits.custom_properties"):
                return {
                    name: PropertyLimit(name, int(each["limit"]), int(each["usage"]))
                    for each in answer.data["byObjectType"]
                    for name in (object_name(str(each["objectTypeId"])),)
                }
        except (AccessError, RemoteError):
            return None

    def property_definitions(self, object_type: str, *, archived: bool = False) -> list[PropertyDefinition]:
        """All properties of an object that are not sensitive data."""
        return self.sdk.property_definitions(object_type, archived=archived)

    def owners(self, *, archived: bool = False) -> list[Owner]:
        """All owners, to be referred to by `id`."""
        return self.sdk.owners(archived=archived)

    def pipelines(self, object_type: str) -> list[Pipeline]:
        """The pipelines of deals or tickets, with their stages."""
        return self.sdk.pipelines(object_type)

    def list_page(
        self,
        object_type: str,
        properties: Sequence[str],
        *,
        associations: Sequence[str] = (),
        archived: bool = False,
        after: str | None = None,
        limit: int = PAGE,
    ) -> RecordPage:
        """A page of all records, ordered by id.

        A list of properties too long for an address costs a second call: the page's records are then read by
        id, and a record that vanished in between is left out.
        """
        names = ",".join(properties)
        too_long = len(names) > _LONGEST_PROPERTIES
        asked = "hs_object_id" if too_long or not names else names
        query = [("limit", str(limit)), ("properties", asked)]
        if associations:
            query.append(("associations", ",".join(associations)))
        if archived:
            query.append(("archived", "true"))
        if after is not None:
            query.append(("after", after))
        data = self._call("objects.list", query, object_type=object_type).data
        with translate.understood("objects.list"):
            results = data["results"]
            rows = translate.record_rows(object_type, results)
            inline, truncated = translate.inline_associations(object_type, results)
            cursor = next_after(data, after)
        if too_long:
            ids = [row.record_id for row in rows]
            rows = self.batch_read(object_type, ids, properties, archived=archived)
        return RecordPage(rows, inline, truncated, cursor)

    def search_page(
        self,
        object_type: str,
        properties: Sequence[str],
        filters: Sequence[Filter] = (),
        sorts: Sequence[str] = (),
        after: str | None = None,
        limit: int = SEARCH_PAGE,
    ) -> SearchPage:
        """A page of the records that pass all filters; a sort is a property name, after "-" descending.

        HubSpot takes one sort and gives at most 10,000 records a search. A list of properties too long for a
        search body is read by id, which costs a call for every 100 records.
        """
        body: dict[str, Any] = {
            "filterGroups": [{"filters": [each.wire() for each in filters]}] if filters else [],
            "sorts": [sort(each) for each in sorts],
            "properties": list(properties) or ["hs_object_id"],
            "limit": limit,
            "after": int(after) if after is not None else 0,
        }
        too_long = len(orjson.dumps(body)) > _LONGEST_SEARCH
        if too_long:
            body["properties"] = ["hs_object_id"]
        data = self._call("objects.search", body=body, object_type=object_type).data
        with translate.understood("objects.search"):
            rows = translate.record_rows(object_type, data["results"])
            total, cursor = int(data["total"]), next_after(data, after)
        if too_long:
            rows = self.batch_read(object_type, [row.record_id for row in rows], properties)
        return SearchPage(total, rows, cursor)

    def batch_read(
        self, object_type: str, ids: Sequence[str], properties: Sequence[str], *, archived: bool = False
    ) -> list[RecordRow]:
        """The records with these ids; ids that HubSpot does not have are left out."""
        rows: list[RecordRow] = []
        query = (("archived", "true"),) if archived else ()
        for some in chunks(list(dict.fromkeys(ids)), BATCH):
            body = {"properties": list(properties), "inputs": [{"id": each} for each in some]}
            data = self._call("objects.batch_read", query, body, object_type=object_type).data
            with translate.understood("objects.batch_read"):
                rows += translate.record_rows(object_type, data["results"])
                translate.only_missing("objects.batch_read", data)
        return rows

    def histories(self, object_type: str, ids: Sequence[str], name: str) -> dict[str, list[Revision]]:
        """What a property was in these records, the oldest value first; ids that HubSpot does not have are left out."""
        found: dict[str, list[Revision]] = {}
        for some in chunks(list(dict.fromkeys(ids)), HISTORY_BATCH):
            body = {"properties": [], "propertiesWithHistory": [name], "inputs": [{"id": each} for each in some]}
            data = self._call("objects.batch_read", body=body, object_type=object_type).data
            with translate.understood("objects.batch_read"):
                found |= translate.revisions(data["results"], name)
                translate.only_missing("objects.batch_read", data)
        return found

    def associations(self, from_object: str, to_object: str, ids: Sequence[str]) -> list[AssociationRow]:
        """All associations of these records, one row for each type, with all pages followed."""
        rows: list[AssociationRow] = []
        route = self.versions.route("associations.batch_read", from_object=from_object, to_object=to_object)
        for some in chunks(list(dict.fromkeys(ids)), ASSOCIATION_BATCH):
            seen: set[tuple[str, str]] = set()
            inputs = [{"id": each} for each in some]
            while inputs:
                data = self.transport.request(route, body={"inputs": inputs}).data
                with translate.understood("associations.batch_read"):
                    rows += translate.association_rows(from_object, to_object, data["results"])
                    translate.only_missing("associations.batch_read", data)
                    inputs = translate.further(data["results"], seen)
        return rows

    def event_page(
        self,
        event_type: str,
        occurred_after: datetime | None = None,
        occurred_before: datetime | None = None,
        after: str | None = None,
        limit: int = PAGE,
    ) -> EventPage:
        """A page of one type's event occurrences of all records, in a window of naive UTC times."""
        query = [("eventType", event_type), ("limit", str(limit))]
        if occurred_after is not None:
            query.append(("occurredAfter", iso_z(occurred_after)))
        if occurred_before is not None:
            query.append(("occurredBefore", iso_z(occurred_before)))
        if after is not None:
            query.append(("after", after))
        data = self._call("events.list", query).data
        with translate.understood("events.list"):
            return EventPage(translate.occurrences(data["results"]), next_after(data, after))

    def event_types(self) -> list[str]:
        """The names of all event types, also of those the portal's plan can't fill."""
        data = self._call("events.types").data
        with translate.understood("events.types"):
            return [str(each) for each in data["eventTypes"]]

    def batch_update(self, object_type: str, updates: Sequence[Update], trace: str) -> list[Outcome]:
        """Writes the updates and says for each record what became of it; `trace` marks them in HubSpot."""
        outcomes: list[Outcome] = []
        for number, some in enumerate(chunks(writes.merged(updates), BATCH)):
            outcomes += writes.Batch(self._call, object_type, f"{trace}-{number}").write(some)
        return outcomes

    def _call(self, name: str, query: Query = (), body: Any = None, *, object_type: str = "") -> Answer:
        return self.transport.request(self.versions.route(name, object=object_type), query, body)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in runs of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
