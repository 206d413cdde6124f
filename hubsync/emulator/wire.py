"""How records look in answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from hubsync.emulator import errors
from hubsync.emulator.clock import iso_of_ms
from hubsync.emulator.exchange import Call
from hubsync.emulator.records import OBJECT_NAMES, OBJECT_TYPES, ObjectType, Rec
from hubsync.emulator.state import Portal

INLINE_ASSOCIATIONS = 100


def object_type(name: str) -> ObjectType:
    """The object type that a path or a body means."""
    # HubSpot's own examples write Contacts and CONTACT here and there.
    plural = OBJECT_NAMES.get(name) or OBJECT_NAMES.get(name.lower())
    if plural is None:
        raise errors.unknown_object_type(name)
    return OBJECT_TYPES[plural]


class View:
    """Which parts of the records of one object type an answer shows."""

    def __init__(
        self, portal: Portal, kind: ObjectType, version: str, names: Sequence[str] | None, history: Sequence[str] = ()
    ) -> None:
        self._portal = portal
        self._kind = kind
        live = portal.properties[kind.name].live
        asked = kind.defaults if not names else (kind.created, kind.modified, "hs_object_id", *names)
        # HubSpot adds the three of every record to what was asked for (unverified), and omits unknown names.
        self._names = sorted({name for name in map(str, asked) if name in live})
        self._history = [name for name in history if name in live]
        self._with_url = version == "2026-09"

    def show(self, rec: Rec, **more: Any) -> dict[str, Any]:
        """One record."""
        values = rec.properties
        shown: dict[str, Any] = {
            "id": rec.id,
            "properties": {name: values.get(name) for name in self._names},
            "createdAt": rec.created_at,
            "updatedAt": rec.updated_at,
            "archived": rec.archived_at is not None,
        }
        if rec.archived_at is not None:
            shown["archivedAt"] = rec.archived_at
        if self._history:
            shown["propertiesWithHistory"] = {name: _history_of(rec, name) for name in self._history}
        if self._with_url:
            shown["url"] = (
                f"https://app.hubspot.com/contacts/{self._portal.portal_id}/record/{self._kind.type_id}/{rec.id}"
            )
        if more:
            shown |= more
        return shown


def _history_of(rec: Rec, name: str) -> list[dict[str, Any]]:
    shown = []
    for revision in reversed(rec.history.get(name, ())):
        entry: dict[str, Any] = {
            "value": revision.value,
            "timestamp": iso_of_ms(revision.at_ms),
            "sourceType": revision.source,
        }
        if revision.source_id:
            entry["sourceId"] = revision.source_id
        shown.append(entry)
    return shown


def inline_associations(portal: Portal, call: Call, kind: ObjectType, id: str, names: Iterable[str]) -> dict[str, Any]:
    """The `associations` of one record: an entry per type, up to 100 records, then a page link."""
    shown: dict[str, Any] = {}
    for end in dict.fromkeys(object_type(name).name for name in names):
        links = portal.associations.of(kind.name, id, end)
        if not links:
            continue
        ids = sorted(links, key=int)
        entries = [
            {"id": other, "type": found.name}
            for other in ids[:INLINE_ASSOCIATIONS]
            for type_id in links[other]
            if (found := portal.associations.kind(kind.name, end, type_id)) is not None
        ]
        shown[end] = {"results": entries}
        if len(ids) > INLINE_ASSOCIATIONS:
            after = ids[INLINE_ASSOCIATIONS]
            base = f"{call.path.split('/' + call.path_params['type'])[0]}/{kind.name}/{id}/associations/{end}"
            shown[end]["paging"] = {"next": {"after": after, "link": f"{call.host}{base}?after={quote(after)}"}}
    return shown
