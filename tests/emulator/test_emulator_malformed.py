"""Calls that make no sense get HubSpot's 400, on every route, and never a 500."""

from __future__ import annotations

import itertools
from collections import Counter

import orjson
import pytest

from hubsync.emulator import Options, door
from hubsync.emulator.exchange import Call
from hubsync.emulator.routes import ROUTES
from hubsync.emulator.server import build

ODD = (None, 5, -1, 2.5, True, "x", "", [], [5], ["x"], [[]], [None], {}, {"x": 1}, [{}], [{"id": {}}], [{"id": [1]}])
NAMES = (
    "inputs", "properties", "propertiesWithHistory", "associations", "filterGroups", "filters", "sorts", "limit",
    "after", "query", "id", "idProperty", "objectId", "primaryObjectId", "name", "label", "options", "type",
    "fieldType", "groupName", "stages", "metadata", "displayOrder", "tokenKey", "filterBranch", "actions", "listIds",
    "count",
    "offset", "processingTypes", "eventName", "email", "occurredAt", "propertyDefinitions", "objectTypeId", "fields",
)  # fmt: skip
NESTED = (
    {"inputs": [{"id": "1", "properties": 5}]},
    {"inputs": [{"id": "1", "properties": [1]}]},
    {"inputs": [{"properties": {"email": {"a": 1}}, "associations": [{"to": 5, "types": 7}]}]},
    {"inputs": [{"from": 5, "to": 6, "types": 7}]},
    {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}, "types": [5]}]},
    {"inputs": [{"from": {"id": "1"}, "to": [5], "types": [{"associationTypeId": "x"}]}]},
    {"properties": {"email": "a@example.com"}, "associations": [5]},
    {"properties": {"email": "a@example.com"}, "associations": [{"to": 5, "types": 7}]},
    {"properties": {"email": "a@example.com"}, "associations": [{"to": {"id": "1"}, "types": [{}]}]},
    {"properties": {"email": {"a": 1}}},
    {"filterGroups": [{"filters": 5}]},
    {"filterGroups": [{"filters": [5]}]},
    {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "IN", "values": 5}]}]},
    {"filterGroups": [{"filters": [{"propertyName": ["x"], "operator": {}}]}]},
    {"name": "a", "label": "A", "groupName": "contactinformation", "type": "enumeration", "fieldType": "select",
     "options": [5]},
    {"label": "A", "stages": [{"label": "B", "metadata": {"probability": "x"}}]},
    {"label": "A", "stages": [{"label": "B", "metadata": 5}]},
    [{"associationCategory": 5, "associationTypeId": []}],
    [5],
)  # fmt: skip
QUERIES = ({name: [value]} for name in (
    "limit", "after", "offset", "count", "vidOffset", "timeOffset", "since", "archived", "properties",
    "propertiesWithHistory", "associations", "idProperty", "sort", "occurredAfter", "objectType", "objectId",
    "eventType", "startTimestamp", "endTimestamp", "email", "q",
) for value in ("", "x", "-1", "0", "99999999999999999999", "²"))  # fmt: skip


@pytest.fixture(scope="module")
def hub():
    hub = build(Options(empty=True, plan="off"))
    portal = hub.portal
    for name in ("contacts", "companies", "deals"):
        portal.put(name, {}, id="1", at=portal.now)
    return hub


def _paths(route):
    path = route.family[-1] + route.template
    named = {"{type}": "contacts", "{to}": "companies", "{name}": "email", "{to_id}": "1"}
    for value in ("1", "x"):
        filled = path
        for name, instead in named.items():
            filled = filled.replace(name, instead)
        while "{" in filled:
            filled = filled[: filled.index("{")] + value + filled[filled.index("}") + 1 :]
        yield filled


def _answer(hub, method, path, query=None, body=b""):
    call = Call(method, path, query or {}, body, "http://x", next(iter(hub.portal.tokens)))
    return door.handle(hub, call, door.route_of(call), 0)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_malformed_bodies_are_never_a_server_error(hub, method):
    """Bodies of a wrong shape are refused in HubSpot's way or do nothing."""
    bodies = [{name: value} for name, value in itertools.product(NAMES, ODD)] + list(ODD) + list(NESTED)
    texts = [*map(orjson.dumps, bodies), b"{", b"\xff\xfe", b"[" * 2_000]
    failed = Counter()
    for route in (one for one in ROUTES if one.method == method):
        for path, body in itertools.product(_paths(route), texts):
            if _answer(hub, method, path, body=body).status >= 500:
                failed[f"{method} {path} {body[:90]!r}"] += 1
    assert not failed, "\n".join(list(failed)[:40])


def test_malformed_queries_are_never_a_server_error(hub):
    """Parameters of a wrong shape are refused in HubSpot's way or ignored."""
    queries = list(QUERIES)
    failed = [
        f"{path} {query}"
        for route in ROUTES
        if route.method == "GET"
        for path, query in itertools.product(_paths(route), queries)
        if _answer(hub, "GET", path, query).status >= 500
    ]
    assert not failed, "\n".join(failed[:40])
