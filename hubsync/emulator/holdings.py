"""The records of one portal with what belongs to them; nothing here says no."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hubsync.emulator.associations import Associations
from hubsync.emulator.clock import Clock, to_iso, to_ms
from hubsync.emulator.definitions import Definition, Properties
from hubsync.emulator.ids import Ids
from hubsync.emulator.occurrences import Occurrences
from hubsync.emulator.records import OBJECT_TYPES, Rec, Revision, revisions_kept

BIN_LASTS = timedelta(days=90)


class Holdings:
    """Records, alive, archived and merged, with their definitions, associations and events, under one clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.objects: dict[str, dict[str, Rec]] = {name: {} for name in OBJECT_TYPES}
        self.archived: dict[str, dict[str, Rec]] = {name: {} for name in OBJECT_TYPES}
        self.merged: dict[str, dict[str, str]] = {name: {} for name in OBJECT_TYPES}
        self.properties = {name: Properties(name) for name in OBJECT_TYPES}
        self.associations = Associations()
        self.occurrences = Occurrences()
        self.versions: dict[str, int] = dict.fromkeys(OBJECT_TYPES, 0)
        """Counts the changes of each object type, so that others may keep what they derived from it."""
        self.watchers: list[Callable[[str, str], None]] = []
        """Each is called with object type and id after a record or its associations changed, came or went."""
        self._ids = {name: Ids(kind.first_id) for name, kind in OBJECT_TYPES.items()}
        self._unique: dict[tuple[str, str], dict[str, str]] = {}
        self._links_held: dict[tuple[str, str], list[tuple[str, str, list[int]]]] = {}

    @property
    def now(self) -> datetime:
        """The virtual clock: runs with real time from its start; setting it jumps."""
        return self.clock.now

    @now.setter
    def now(self, moment: datetime) -> None:
        self.clock.set(moment)

    def define(self, object: str, definition: Mapping[str, Any]) -> Definition:
        """Add a property definition (name, label, type, fieldType, groupName, options, ...)."""
        return self.properties[object].define(definition, at=to_iso(self.now))

    def put(
        self,
        object: str,
        properties: Mapping[str, str],
        *,
        id: str | None = None,
        at: datetime,
        source: str = "CRM_UI",
        source_id: str = "",
    ) -> str:
        """Create a record without asking whether its values are allowed; its id comes back."""
        kind = OBJECT_TYPES[object]
        record_id = id or self._ids[object].new()
        if record_id in self.objects[object]:
            raise ValueError(f"{object} {record_id} exists already")
        self._need_defined(object, properties)
        moment, ms = to_iso(at), to_ms(at)
        rec = Rec(record_id, {}, moment, moment, ms)
        self.objects[object][record_id] = rec
        self._ids[object].add(record_id)
        self._write(
            object, rec, {kind.created: moment, "hs_object_id": record_id} | dict(properties), ms, source, source_id
        )
        self._touch(object, rec, moment, ms)
        return record_id

    def set(
        self,
        object: str,
        id: str,
        properties: Mapping[str, str | None],
        *,
        at: datetime,
        source: str = "CRM_UI",
        source_id: str = "",
    ) -> None:
        """Change properties (None or "" clears one), keep what they were, and bump the modified date."""
        self._need_defined(object, properties)
        rec = self.objects[object][id]
        ms = to_ms(at)
        self._write(object, rec, properties, ms, source, source_id)
        self._touch(object, rec, to_iso(at), ms)

    def associate(
        self, from_object: str, from_id: str, to_object: str, to_id: str, type_ids: Sequence[int] = (), *, at: datetime
    ) -> None:
        """Associate two records in both directions; this moves no modified date (api-facts §3)."""
        del at
        self.associations.link(from_object, from_id, to_object, to_id, type_ids)
        self._changed(from_object, from_id)
        self._changed(to_object, to_id)

    def dissociate(
        self, from_object: str, from_id: str, to_object: str, to_id: str, type_ids: Sequence[int] = (), *, at: datetime
    ) -> None:
        """Take an association away in both directions, or only some of its types."""
        del at
        self.associations.unlink(from_object, from_id, to_object, to_id, type_ids)
        self._changed(from_object, from_id)
        self._changed(to_object, to_id)

    def occur(self, event_type: str, object: str, id: str, at: datetime, properties: Mapping[str, str]) -> None:
        """Note an event of a record."""
        self.occurrences.add(event_type, object, id, to_ms(at), dict(properties))

    def archive(self, object: str, id: str, at: datetime) -> None:
        """Put a record into the recycle bin; its associations rest with it."""
        rec = self._take(object, id)
        rec.archived_at = to_iso(at)
        self.archived[object][id] = rec
        self._links_held[object, id] = self._unlink_all(object, id)

    def in_bin(self, object: str) -> dict[str, Rec]:
        """The archived records that are still within their 90 days; older ones are gone for good."""
        oldest = to_iso(self.now - BIN_LASTS)
        for id, rec in list(self.archived[object].items()):
            if (rec.archived_at or "") >= oldest:
                break
            self.purge(object, id)
        return self.archived[object]

    def restore(self, object: str, id: str, at: datetime) -> None:
        """Bring a record back from the recycle bin."""
        rec = self.archived[object].pop(id)
        rec.archived_at = None
        self.objects[object][id] = rec
        self._ids[object].add(id)
        for name in self.properties[object].unique & rec.properties.keys():
            self._index_unique(object, name, None, rec.properties[name], id)
        for end, other, type_ids in self._links_held.pop((object, id), []):
            if other in self.objects[end]:
                self.associate(object, id, end, other, type_ids, at=at)
        self._touch(object, rec, to_iso(at), to_ms(at))

    def merge(self, object: str, primary: str, other: str, at: datetime, *, preserve_id: bool = False) -> str:
        """Merge two records; the survivor has a new id unless `preserve_id`, and its id comes back."""
        kept, given_up = self.objects[object][primary], self.objects[object][other]
        links = self._unlink_all(object, other) + self._unlink_all(object, primary)
        old_ids = kept.merged_ids + given_up.merged_ids
        self._take(object, primary)
        self._take(object, other)
        survivor = primary if preserve_id else self._ids[object].new()
        rec = Rec(
            survivor,
            dict(kept.properties),
            min(kept.created_at, given_up.created_at),
            "",
            0,
            {name: list(revisions) for name, revisions in kept.history.items()},
        )
        self.objects[object][survivor] = rec
        self._ids[object].add(survivor)
        gaps = {name: value for name, value in given_up.properties.items() if name not in kept.properties}
        names = self.properties[object].unique & kept.properties.keys()
        unique = {name: kept.properties[name] for name in names}
        gone = [old for old in (primary, other) if old != survivor]
        own = {"hs_object_id": survivor, "hs_merged_object_ids": ";".join(dict.fromkeys(old_ids + gone))}
        if object == "contacts":
            # What stands in it is remembered: each old id with the milliseconds of its merge.
            vids = kept.properties.get("hs_calculated_merged_vids", "").split(";")
            vids += [f"{old}:{to_ms(at)}" for old in gone]
            own["hs_calculated_merged_vids"] = ";".join(filter(None, vids))
        rec.properties = {name: value for name, value in rec.properties.items() if name not in unique}
        self._write(object, rec, gaps | unique | own, to_ms(at), "MERGE_OBJECTS", "")
        self.merged[object] |= dict.fromkeys(gone, survivor)
        for end, far, type_ids in links:
            if (end, far) not in {(object, primary), (object, other)}:
                self.associate(object, survivor, end, far, type_ids, at=at)
        self._touch(object, rec, to_iso(at), to_ms(at))
        return survivor

    def purge(self, object: str, id: str) -> None:
        """Erase a record and everything known of it, without a trace in the recycle bin."""
        self._unlink_all(object, id)
        self._links_held.pop((object, id), None)
        if id in self.objects[object]:
            self._take(object, id)
        self.archived[object].pop(id, None)
        for old in [old for old in self.merged[object] if self.resolve(object, old) == id]:
            self.occurrences.forget(object, old)
        self.merged[object] = {old: now for old, now in self.merged[object].items() if self.resolve(object, old) != id}
        self.occurrences.forget(object, id)

    def resolve(self, object: str, id: str) -> str:
        """The id that a record has now, after the merges it went through."""
        while id in self.merged[object]:
            id = self.merged[object][id]
        return id

    def knows(self, object: str, id: str) -> bool:
        """Whether a record, by any id it has had, is alive or in the recycle bin: not erased for good."""
        now = self.resolve(object, id)
        return now in self.objects[object] or now in self.archived[object]

    def find(self, object: str, name: str, value: str) -> str | None:
        """The id of the record that has this value in a property whose values are unique."""
        return self._unique.get((object, name), {}).get(value.strip().lower())

    def ids_from(self, object: str, first: int, count: int) -> list[int]:
        """Up to `count` ids of live records in their order, from `first` on."""
        return self._ids[object].since(first, count)

    def _need_defined(self, object: str, properties: Iterable[str]) -> None:
        live = self.properties[object].live
        unknown = [name for name in properties if name not in live]
        if unknown:
            raise ValueError(f"{object} have no property {', '.join(sorted(unknown))}: define it first")

    def _write(
        self, object: str, rec: Rec, properties: Mapping[str, str | None], ms: int, source: str, source_id: str
    ) -> None:
        values, kept, unique = rec.properties, revisions_kept(object), self.properties[object].unique
        for name, given in properties.items():
            value = given or ""
            before = values.get(name, "")
            if value == before:
                continue
            if name in unique:
                self._index_unique(object, name, before, value, rec.id)
            if value:
                values[name] = value
            else:
                del values[name]
            revisions = rec.history.setdefault(name, [])
            revisions.append(Revision(ms, value, source, source_id))
            if len(revisions) > kept:
                del revisions[0]

    def _index_unique(self, object: str, name: str, before: str | None, value: str, id: str) -> None:
        index = self._unique.setdefault((object, name), {})
        key = value.strip().lower()
        if key and index.get(key, id) != id:
            raise ValueError(f"{object} {index[key]} has the same {name} as {id}: {value}")
        if before:
            index.pop(before.strip().lower(), None)
        if key:
            index[key] = id

    def _touch(self, object: str, rec: Rec, moment: str, ms: int) -> None:
        if ms >= rec.updated_ms:
            rec.updated_at, rec.updated_ms = moment, ms
            rec.properties[OBJECT_TYPES[object].modified] = moment
        self._changed(object, rec.id)

    def _changed(self, object: str, id: str) -> None:
        self.versions[object] += 1
        for watcher in self.watchers:
            watcher(object, id)

    def _take(self, object: str, id: str) -> Rec:
        rec = self.objects[object].pop(id)
        self._ids[object].remove(id)
        for name in self.properties[object].unique & rec.properties.keys():
            self._index_unique(object, name, rec.properties[name], "", id)
        self._changed(object, id)
        return rec

    def _unlink_all(self, object: str, id: str) -> list[tuple[str, str, list[int]]]:
        links = list(self.associations.all_of(object, id))
        for end, other, _ in links:
            self.associations.unlink(object, id, end, other)
            self._changed(end, other)
        return links
