"""How v1 and v2 show records: numbers for ids and times, a value with its versions for each property.

What these answers look like is read from programs that ask for them, and from HubSpot's legacy documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment
from hubsync.emulator.exchange import Call
from hubsync.emulator.records import Rec, Revision
from hubsync.emulator.state import Portal


class Page:
    """What a call with `limit` or `count` and an offset asks for; what is too much is cut, not refused."""

    def __init__(self, call: Call, limit: str, offset: str, default: int, most: int) -> None:
        self.limit = min(call.number(limit, default) or default, most)
        self.after = call.number(offset, 0)

    def of(self, portal: Portal, object: str) -> tuple[list[Rec], bool]:
        """The records behind the offset in the order of their ids, and whether there are more."""
        ids = portal.ids_from(object, self.after + 1, self.limit + 1)
        live = portal.objects[object]
        return [live[str(id)] for id in ids[: self.limit]], len(ids) > self.limit


def wire_value(portal: Portal, object: str, name: str, value: str) -> str:
    """A value as v1 and v2 write it: moments are milliseconds as text."""
    definition = portal.properties[object].live.get(name)
    if definition is None or definition["type"] not in ("date", "datetime"):
        return value
    ms = read_moment(value)
    return value if ms is None else str(ms)


def valued(portal: Portal, object: str, rec: Rec, names: Iterable[str], *, history: bool) -> dict[str, Any]:
    """The `properties` of a company or deal: those that have a value, each with its newest or all versions."""
    shown = {}
    for name in names:
        if not rec.properties.get(name):
            continue
        revisions = _revisions(rec, name)
        versions: list[dict[str, Any]] = [
            {
                "name": name,
                "value": wire_value(portal, object, name, one.value),
                "timestamp": one.at_ms,
                "source": one.source,
                "sourceId": one.source_id or None,
                "sourceVid": [],
            }
            for one in (revisions if history else revisions[:1])
        ]
        newest = {key: versions[0][key] for key in ("timestamp", "source", "sourceId")}
        shown[name] = {
            "value": wire_value(portal, object, name, rec.properties[name]),
            **newest,
            "versions": versions,
        }
    return shown


def contact_values(portal: Portal, rec: Rec, names: Sequence[str], *, history: bool) -> dict[str, Any]:
    """The `properties` of a contact in v1."""
    shown: dict[str, Any] = {}
    for name in names:
        if not rec.properties.get(name):
            continue
        shown[name] = {"value": wire_value(portal, "contacts", name, rec.properties[name])}
        if history:
            shown[name]["versions"] = [
                {
                    "value": wire_value(portal, "contacts", name, one.value),
                    "source-type": one.source,
                    "source-id": one.source_id or None,
                    "source-label": None,
                    "timestamp": one.at_ms,
                    "selected": False,
                }
                for one in _revisions(rec, name)
            ]
    return shown


def asked_properties(portal: Portal, call: Call, object: str, default: Sequence[str]) -> list[str]:
    """The properties that a v2 call asks for."""
    if call.flag("includeAllProperties"):
        return sorted(portal.properties[object].live)
    return call.names("properties") + call.names("propertiesWithHistory") or list(default)


def linked_ids(portal: Portal, object: str, id: str, end: str) -> list[int]:
    """The ids of the records of one type that a record is associated with."""
    return sorted(map(int, portal.associations.of(object, id, end)))


def need(portal: Portal, object: str, id: str) -> Rec:
    """The live record of an id, also of one that was merged away; else HubSpot's 404."""
    rec = portal.objects[object].get(portal.resolve(object, id))
    if rec is None:
        raise errors.not_found()
    return rec


def _revisions(rec: Rec, name: str) -> list[Revision]:
    """The values of a property, newest first; the modified date and the like have only the one of now."""
    kept = rec.history.get(name)
    if kept and kept[-1].value == rec.properties[name]:
        return kept[::-1]
    return [Revision(rec.updated_ms, rec.properties[name], "CALCULATED", "")]
