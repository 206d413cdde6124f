"""Every path the emulator has, in all versions, and how a path finds its handler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple

from hubsync.emulator import account_api, associations_api, batch, events_api, properties_api, records_api, scopes
from hubsync.emulator.errors import unknown_path, wrong_method
from hubsync.emulator.hub import Handler
from hubsync.emulator.wire import object_type

Needs = Literal["", "objects:read", "objects:write", "schemas:read", "schemas:write", "owners", "events"]

_DATES = ("2026-03", "2026-09")
OBJECTS = ("/crm/v3/objects", "/crm/objects/v3", *(f"/crm/objects/{date}" for date in _DATES))
LINKED = ("/crm/v4/objects", *(f"/crm/objects/{date}" for date in _DATES))
ASSOCIATIONS = ("/crm/v4/associations", *(f"/crm/associations/{date}" for date in _DATES))
PROPERTIES = ("/crm/v3/properties", *(f"/crm/properties/{date}" for date in _DATES))
OWNERS = ("/crm/v3/owners", *(f"/crm/owners/{date}" for date in _DATES))
PIPELINES = ("/crm/v3/pipelines", *(f"/crm/pipelines/{date}" for date in _DATES))
ACCOUNT = ("/account-info/v3", "/account-info/2026-03")
EVENTS = ("/events/v3/events", *(f"/events/event-occurrences/{date}" for date in _DATES))
LIMITS = ("/crm/v3/limits",)
TOKENS = ("/oauth/v2/private-apps/get/access-token-info",)


class Route(NamedTuple):
    """One operation: its method, its path under each prefix of a family, and what it needs."""

    method: str
    family: tuple[str, ...]
    template: str
    handler: Handler
    needs: Needs = ""
    open: bool = False
    """Answers without a token."""


ROUTES: tuple[Route, ...] = (
    Route("GET", OBJECTS, "/{type}", records_api.list_records, "objects:read"),
    Route("POST", OBJECTS, "/{type}", records_api.create_record, "objects:write"),
    Route("GET", OBJECTS, "/{type}/{id}", records_api.get_record, "objects:read"),
    Route("PATCH", OBJECTS, "/{type}/{id}", records_api.update_record, "objects:write"),
    Route("DELETE", OBJECTS, "/{type}/{id}", records_api.archive_record, "objects:write"),
    Route("POST", OBJECTS, "/{type}/search", records_api.search_records, "objects:read"),
    Route("POST", OBJECTS, "/{type}/merge", records_api.merge_records, "objects:write"),
    Route("POST", OBJECTS, "/{type}/gdpr-delete", records_api.gdpr_delete, "objects:write"),
    Route("POST", OBJECTS, "/{type}/batch/read", batch.batch_read, "objects:read"),
    Route("POST", OBJECTS, "/{type}/batch/create", batch.batch_create, "objects:write"),
    Route("POST", OBJECTS, "/{type}/batch/update", batch.batch_update, "objects:write"),
    Route("POST", OBJECTS, "/{type}/batch/upsert", batch.batch_upsert, "objects:write"),
    Route("POST", OBJECTS, "/{type}/batch/archive", batch.batch_archive, "objects:write"),
    Route(
        "GET",
        ("/crm/v3/objects", *LINKED),
        "/{type}/{id}/associations/{to}",
        associations_api.list_of_record,
        "objects:read",
    ),
    Route("PUT", LINKED, "/{type}/{id}/associations/{to}/{to_id}", associations_api.put_typed, "objects:write"),
    Route("DELETE", LINKED, "/{type}/{id}/associations/{to}/{to_id}", associations_api.delete_pair, "objects:write"),
    Route(
        "PUT", LINKED, "/{type}/{id}/associations/default/{to}/{to_id}", associations_api.put_default, "objects:write"
    ),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/batch/read", associations_api.batch_read, "objects:read"),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/batch/create", associations_api.batch_create, "objects:write"),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/batch/archive", associations_api.batch_archive, "objects:write"),
    Route(
        "POST",
        ASSOCIATIONS,
        "/{type}/{to}/batch/associate/default",
        associations_api.batch_create_default,
        "objects:write",
    ),
    Route("GET", ASSOCIATIONS, "/{type}/{to}/labels", associations_api.list_labels, "objects:read"),
    Route("POST", ASSOCIATIONS, "/{type}/{to}/labels", associations_api.create_label, "objects:write"),
    Route("GET", PROPERTIES, "/{type}", properties_api.list_properties, "schemas:read"),
    Route("POST", PROPERTIES, "/{type}", properties_api.create_property, "schemas:write"),
    Route("POST", PROPERTIES, "/{type}/batch/create", properties_api.batch_create_properties, "schemas:write"),
    Route("POST", PROPERTIES, "/{type}/batch/read", properties_api.batch_read_properties, "schemas:read"),
    Route("POST", PROPERTIES, "/{type}/batch/archive", properties_api.batch_archive_properties, "schemas:write"),
    Route("GET", PROPERTIES, "/{type}/groups", properties_api.list_groups, "schemas:read"),
    Route("POST", PROPERTIES, "/{type}/groups", properties_api.create_group, "schemas:write"),
    Route("GET", PROPERTIES, "/{type}/groups/{name}", properties_api.get_group, "schemas:read"),
    Route("PATCH", PROPERTIES, "/{type}/groups/{name}", properties_api.change_group, "schemas:write"),
    Route("DELETE", PROPERTIES, "/{type}/groups/{name}", properties_api.archive_group, "schemas:write"),
    Route("GET", PROPERTIES, "/{type}/{name}", properties_api.get_property, "schemas:read"),
    Route("PATCH", PROPERTIES, "/{type}/{name}", properties_api.change_property, "schemas:write"),
    Route("DELETE", PROPERTIES, "/{type}/{name}", properties_api.archive_property, "schemas:write"),
    Route("GET", OWNERS, "", account_api.list_owners, "owners"),
    Route("GET", OWNERS, "/{id}", account_api.get_owner, "owners"),
    Route("GET", PIPELINES, "/{type}", account_api.list_pipelines, "schemas:read"),
    Route("GET", PIPELINES, "/{type}/{id}", account_api.get_pipeline, "schemas:read"),
    Route("GET", PIPELINES, "/{type}/{id}/stages", account_api.list_stages, "schemas:read"),
    Route("GET", ACCOUNT, "/details", account_api.details),
    Route("GET", ACCOUNT, "/api-usage/daily/private-apps", account_api.usage),
    Route("POST", TOKENS, "", account_api.token_info, open=True),
    Route("GET", EVENTS, "", events_api.list_occurrences, "events"),
    Route("GET", EVENTS, "/event-types", events_api.list_types, "events"),
    Route("GET", LIMITS, "/custom-properties", properties_api.custom_property_limits),
)


class Match(NamedTuple):
    """A route with what the path says."""

    route: Route
    params: dict[str, str]
    template: str
    version: str
    kind: str
    """How it counts against the limits: `normal`, `search` or `exempt`."""


@dataclass(slots=True)
class _Node:
    """One segment of the paths; `None` leads on for any segment."""

    ways: dict[str | None, _Node] = field(default_factory=dict)
    leaves: dict[str, tuple[Route, str, tuple[str, ...]]] = field(default_factory=dict)


def match(method: str, path: str) -> Match:
    """The route of a call; HTML 404 or 405 if there is none."""
    segments = [part for part in path.split("/") if part]
    found_path = False
    for node, values in _walk(_tree(), segments, ()):
        found_path = found_path or bool(node.leaves)
        if method in node.leaves:
            route, template, names = node.leaves[method]
            return _matched(route, template, dict(zip(names, values, strict=True)))
    raise wrong_method() if found_path else unknown_path()


def _matched(route: Route, template: str, params: dict[str, str]) -> Match:
    if route.needs == "objects:write" and object_type(params["type"]).name == "feedback_submissions":
        raise wrong_method()
    for name in ("type", "to"):
        template = template.replace(f"{{{name}}}", params.get(name, ""))
    version = next((part for part in template.split("/") if re.fullmatch(r"v\d+|20\d\d-\d\d", part)), "")
    kind = "normal"
    if route.template.endswith("/search"):
        kind = "search"
    elif template.startswith("/crm/associations/20"):
        kind = "exempt"
    return Match(route, params, template, version, kind)


def needed_scopes(found: Match) -> tuple[str, ...]:
    """The scopes of which a token needs one for this call."""
    needs = found.route.needs
    if needs == "owners":
        return scopes.OWNERS
    if needs == "events":
        return scopes.EVENTS
    family, _, action = needs.partition(":")
    if not family:
        return scopes.NONE
    name = object_type(found.params["type"]).name
    return scopes.objects(name, action) if family == "objects" else scopes.schemas(name, action)


@cache
def _tree() -> _Node:
    root = _Node()
    for route in ROUTES:
        for prefix in route.family:
            template = prefix + route.template
            segments = [part for part in template.split("/") if part]
            node = root
            for part in segments:
                node = node.ways.setdefault(None if part.startswith("{") else part, _Node())
            names = tuple(part[1:-1] for part in segments if part.startswith("{"))
            node.leaves[route.method] = (route, template, names)
    return root


def _walk(node: _Node, segments: list[str], values: tuple[str, ...]) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """The nodes that a path leads to; words of the templates go before parameters."""
    if not segments:
        yield node, values
        return
    head, rest = segments[0], segments[1:]
    if head in node.ways:
        yield from _walk(node.ways[head], rest, values)
    if None in node.ways:
        yield from _walk(node.ways[None], rest, (*values, head))
