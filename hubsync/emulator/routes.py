"""Every path the emulator has, in all versions, and how a path finds its handler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from hubsync.emulator import (
    account_api,
    associations_api,
    associations_v3_api,
    batch,
    custom_events_api,
    email_events_api,
    engagements_api,
    events_api,
    flows_api,
    forms_api,
    labels_api,
    legacy,
    limits_api,
    lists_api,
    lists_members_api,
    oauth_api,
    pipelines_api,
    preferences_api,
    properties_api,
    records_api,
    schemas_api,
    scopes,
)
from hubsync.emulator.errors import unknown_path, wrong_method
from hubsync.emulator.route import Route
from hubsync.emulator.wire import object_type

ROUTES: tuple[Route, ...] = (
    *records_api.ROUTES,
    *batch.ROUTES,
    *engagements_api.ROUTES,
    *associations_api.ROUTES,
    *associations_v3_api.ROUTES,
    *labels_api.ROUTES,
    *properties_api.ROUTES,
    *schemas_api.ROUTES,
    *pipelines_api.ROUTES,
    *account_api.ROUTES,
    *limits_api.ROUTES,
    *oauth_api.ROUTES,
    *events_api.ROUTES,
    *custom_events_api.ROUTES,
    *lists_api.ROUTES,
    *lists_members_api.ROUTES,
    *flows_api.ROUTES,
    *forms_api.ROUTES,
    *email_events_api.ROUTES,
    *preferences_api.ROUTES,
    *legacy.ROUTES,
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
    if route.type:
        params["type"] = route.type
    if route.needs == "objects:write" and object_type(params["type"]).name == "feedback_submissions":
        raise wrong_method()
    for name in ("type", "to"):
        template = template.replace(f"{{{name}}}", params.get(name, ""))
    version = next((part for part in template.split("/") if re.fullmatch(r"v\d+|20\d\d-\d\d", part)), "")
    kind = "exempt" if template.startswith("/crm/associations/20") else route.limit
    return Match(route, params, template, version, kind)


def needed_scopes(found: Match) -> tuple[str, ...]:
    """The scopes of which a token needs one for this call."""
    needs = found.route.needs
    family, _, action = needs.partition(":")
    if family in ("objects", "schemas"):
        name = object_type(found.params["type"]).name
        return scopes.objects(name, action) if family == "objects" else scopes.schemas(name, action)
    return scopes.FIXED[needs]


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
