"""How v1 and v2 write: pairs of name and value, under the rules that hold for every version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.emulator import errors, rules
from hubsync.emulator.exchange import Call
from hubsync.emulator.hub import Hub
from hubsync.emulator.records import ObjectType, Rec
from hubsync.emulator.records_api import change, create


def pairs_of(given: Any, key: str = "name") -> dict[str, Any]:
    """The values of a list of pairs; HubSpot's 400 if it is none."""
    if not isinstance(given, list) or not all(isinstance(pair, dict) for pair in given):
        raise errors.validation("properties must be a list")
    return {str(pair.get(key)): pair.get("value") for pair in given}


def made(hub: Hub, call: Call, kind: ObjectType, given: Mapping[str, Any]) -> Rec:
    """A new record of values that fit."""
    values, refusal = rules.check(hub.portal, kind.name, given, call.version, None)
    if refusal:
        raise refusal
    return create(hub.portal, kind, values, [])


def changed(hub: Hub, call: Call, kind: ObjectType, rec: Rec, given: Mapping[str, Any]) -> None:
    """Write values that fit into a record."""
    values, refusal = rules.check(hub.portal, kind.name, given, call.version, rec)
    if refusal:
        raise refusal
    change(hub.portal, kind, rec, values)
