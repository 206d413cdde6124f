"""Which address an operation has in which version of HubSpot's API, and how long that version lives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from hubsync.errors import InputError, RemoteError

CURRENT = "2026-09"
LEGACY = "v3"

# HubSpot stops supporting v1 to v4 in September 2027; a dated version lives 18 months.
_LEGACY_END = date(2027, 9, 1)
_DATED_MONTHS = 18
_DATED = re.compile(r"/(\d{4})-(\d{2})(?:-beta)?/")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing HubSpot can do, with its address in the legacy and in the dated API.

    `search` has its own rate limit; `idempotent` may be repeated when it is not known whether it arrived;
    `exempt` is free of the ten-secondly limit (on dated paths only); `personal` carries property values, so
    that HubSpot's words about it are kept out of error messages; `own_token` sends the token as its body.
    """

    name: str
    method: str
    legacy: str
    dated: str | None
    search: bool = False
    idempotent: bool = False
    exempt: bool = False
    personal: bool = False
    own_token: bool = False


class Route(NamedTuple):
    """An operation and the path it has in the version in use; `object` is the one that it is about, if any."""

    operation: Operation
    path: str
    dated: bool = False
    object: str = ""


_OBJECTS = "/crm/v3/objects/{object}", "/crm/objects/2026-09/{object}"
_PROPERTIES = "/crm/v3/properties/{object}", "/crm/properties/2026-09/{object}"
_LISTS = "/crm/v3/lists", "/crm/lists/2026-09"


def _under(stem: tuple[str, str], rest: str) -> tuple[str, str]:
    return stem[0] + rest, stem[1] + rest


OPERATIONS: tuple[Operation, ...] = (
    Operation("objects.list", "GET", *_OBJECTS, idempotent=True),
    Operation("objects.search", "POST", *_under(_OBJECTS, "/search"), search=True, idempotent=True),
    Operation("objects.batch_read", "POST", *_under(_OBJECTS, "/batch/read"), idempotent=True),
    Operation("objects.batch_update", "POST", *_under(_OBJECTS, "/batch/update"), idempotent=True, personal=True),
    Operation("objects.create", "POST", *_OBJECTS, personal=True),
    Operation(
        "associations.batch_read",
        "POST",
        "/crm/v4/associations/{from_object}/{to_object}/batch/read",
        "/crm/associations/2026-09/{from_object}/{to_object}/batch/read",
        idempotent=True,
        exempt=True,
    ),
    Operation("properties.list", "GET", *_PROPERTIES, idempotent=True),
    Operation("properties.get", "GET", *_under(_PROPERTIES, "/{name}"), idempotent=True),
    Operation("properties.update", "PATCH", *_under(_PROPERTIES, "/{name}"), idempotent=True),
    Operation("properties.batch_create", "POST", *_under(_PROPERTIES, "/batch/create")),
    Operation("groups.get", "GET", *_under(_PROPERTIES, "/groups/{name}"), idempotent=True),
    Operation("groups.create", "POST", *_under(_PROPERTIES, "/groups")),
    Operation("owners.list", "GET", "/crm/v3/owners/", "/crm/owners/2026-09", idempotent=True),
    Operation(
        "pipelines.list",
        "GET",
        "/crm/v3/pipelines/{object}",
        "/crm/pipelines/2026-09/{object}",
        idempotent=True,
    ),
    Operation("events.list", "GET", "/events/v3/events", "/events/event-occurrences/2026-09", idempotent=True),
    Operation(
        "events.types",
        "GET",
        "/events/v3/events/event-types",
        "/events/event-occurrences/2026-09/event-types",
        idempotent=True,
    ),
    Operation("email_events.list", "GET", "/email/public/v1/events", None, idempotent=True, personal=True),
    # Forms have a dated path in a beta version alone, their submissions and the email events have none.
    Operation("forms.list", "GET", "/marketing/v3/forms", None, idempotent=True),
    Operation(
        "forms.submissions",
        "GET",
        "/form-integrations/v1/submissions/forms/{guid}",
        None,
        idempotent=True,
        personal=True,
    ),
    Operation("lists.get", "GET", *_under(_LISTS, "/{list_id}"), idempotent=True),
    Operation("lists.get_by_name", "GET", *_under(_LISTS, "/object-type-id/{type_id}/name/{name}"), idempotent=True),
    Operation("lists.members", "GET", *_under(_LISTS, "/{list_id}/memberships/join-order"), idempotent=True),
    # Of account info only 2026-03 has been seen in HubSpot's documentation.
    Operation("account.details", "GET", "/account-info/v3/details", "/account-info/2026-03/details", idempotent=True),
    Operation(
        "account.usage",
        "GET",
        "/account-info/v3/api-usage/daily/private-apps",
        "/account-info/2026-03/api-usage/daily/private-apps",
        idempotent=True,
    ),
    Operation("limits.custom_properties", "GET", "/crm/v3/limits/custom-properties", None, idempotent=True),
    Operation(
        "token.introspect",
        "POST",
        "/oauth/v2/private-apps/get/access-token-info",
        None,
        idempotent=True,
        personal=True,
        own_token=True,
    ),
    # HubSpot renews access tokens on one path for each version; each has the same form and answer.
    Operation("oauth.token", "POST", "/oauth/v3/token", "/oauth/2026-03/token", idempotent=True, personal=True),
)


class Versions:
    """Looks up operations in one column of the table; what has no dated path falls back to the legacy one."""

    def __init__(self, api_version: str = CURRENT) -> None:
        if api_version not in (CURRENT, LEGACY):
            raise InputError(f"api_version {api_version!r} is not known; use {CURRENT} or {LEGACY}")
        self.api_version = api_version
        self._by_name = {operation.name: operation for operation in OPERATIONS}

    def route(self, name: str, /, **fields: str) -> Route:
        """The operation called `name` and its path with `fields` filled in."""
        operation = self._by_name[name]
        return self._filled(operation, fields)

    def template(self, operation: Operation) -> str:
        """The path template of an operation in the version in use."""
        return operation.legacy if self.api_version == LEGACY else operation.dated or operation.legacy

    def match(self, method: str, legacy_path: str) -> Route:
        """The route for a filled-in legacy path; RemoteError for one that is not in the table."""
        for operation, pattern in self._patterns:
            found = pattern.fullmatch(legacy_path) if operation.method == method else None
            if found:
                return self._filled(operation, found.groupdict())
        raise RemoteError(f"{method} {legacy_path} is not in hubsync's table of HubSpot operations")

    def _filled(self, operation: Operation, fields: Mapping[str, str]) -> Route:
        template = self.template(operation)
        object_type = fields["object"] if "{object}" in template else ""
        return Route(operation, template.format_map(fields), template == operation.dated, object_type)

    @cached_property
    def _patterns(self) -> list[tuple[Operation, re.Pattern[str]]]:
        # Words before fields, so that ".../groups" is not taken for a property of that name.
        ordered = sorted(OPERATIONS, key=lambda operation: operation.legacy.count("{"))
        return [
            (operation, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(operation.legacy))))
            for operation in ordered
        ]

    def fallbacks(self) -> tuple[str, ...]:
        """Names of the operations that have no dated path and go by the legacy one."""
        if self.api_version == LEGACY:
            return ()
        return tuple(operation.name for operation in OPERATIONS if operation.dated is None)

    def ending(self, by: date, names: Iterable[str] | None = None) -> dict[date, tuple[str, ...]]:
        """The operations whose path HubSpot stops supporting on or before `by`, grouped by that day."""
        chosen = self._by_name if names is None else names
        ends: dict[date, list[str]] = {}
        for name in chosen:
            end = support_end(self.template(self._by_name[name]))
            if end <= by:
                ends.setdefault(end, []).append(name)
        return {end: tuple(ends[end]) for end in sorted(ends)}


def support_end(path: str) -> date:
    """The first day on which HubSpot no longer supports the version named in a path."""
    found = _DATED.search(path + "/")
    if found is None:
        return _LEGACY_END
    months = int(found[1]) * 12 + int(found[2]) - 1 + _DATED_MONTHS
    return date(months // 12, months % 12 + 1, 1)
