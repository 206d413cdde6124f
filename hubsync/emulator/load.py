"""Fills a portal from CSV files: records with their history, associations and events."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hubsync.emulator.clock import read_datetime, to_iso
from hubsync.emulator.custom_events import full_name
from hubsync.emulator.options import EmulatorError
from hubsync.emulator.records import OBJECT_NAMES, OBJECT_TYPES
from hubsync.emulator.state import Portal

OBJECT_FILES = ("contacts", "companies", "deals", "tickets")
GROUP = "loaded"
_FIELD_OF = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file."""

    file: str
    line: int
    cells: dict[str, str]

    def mistake(self, what: str) -> EmulatorError:
        """The error that names this line."""
        return EmulatorError(f"{self.file}, line {self.line}: {what}")

    def need(self, column: str) -> str:
        """A cell that must not be empty."""
        value = self.cells.get(column, "").strip()
        if not value:
            raise self.mistake(f"{column} is empty; fill it in")
        return value

    def moment(self, column: str) -> datetime | None:
        """A cell with a time, or None if it is empty."""
        text = self.cells.get(column, "").strip()
        if not text:
            return None
        moment = read_datetime(text)
        if moment is None:
            raise self.mistake(f"{column} {text!r} is no time; write it like 2026-09-01T12:00:00Z")
        return moment


def load(portal: Portal, folder: Path) -> None:
    """Read every known file of a folder; the portal's clock moves to the latest moment in them."""
    if not folder.is_dir():
        raise EmulatorError(f"{folder} is no folder; name one with contacts.csv or another of HubSpot's objects")
    loader = _Loader(portal)
    paths = [folder / f"{object}.csv" for object in OBJECT_FILES]
    if not any(path.exists() for path in paths):
        raise EmulatorError(f"{folder} has none of {', '.join(path.name for path in paths)}; add at least one")
    for object, path in zip(OBJECT_FILES, paths, strict=True):
        if path.exists():
            loader.records(object, path)
    for path, read in ((folder / "associations.csv", loader.associations), (folder / "events.csv", loader.events)):
        if path.exists():
            read(path)
    if loader.latest is not None and loader.latest > portal.now:
        portal.now = loader.latest


class _Loader:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        # A whole second: what is loaded is older than the first answer, whose date has no fractions.
        self._start = portal.now.replace(microsecond=0)
        self.latest: datetime | None = None

    def records(self, object: str, path: Path) -> None:
        """`id` or `email`, then properties; several rows of one record are its states in order of time."""
        header, rows = _read(path)
        names = self._define(object, path, header, rows)
        columns = [column for column in header if column not in ("id", "as_of")]
        last: dict[str, datetime] = {}
        for row in rows:
            values = {names[column]: row.cells[column] for column in columns}
            as_of = row.moment("as_of")
            at = as_of or self._start
            known = self._known(object, row)
            if known is not None and as_of is None:
                raise row.mistake("the record has a row already; give each of its rows an as_of")
            if known is not None and at < last[known]:
                raise row.mistake("as_of is earlier than in the row before of this record; sort its rows by as_of")
            id = self._store(object, row, values, known, at)
            last[id] = at
            self._seen(as_of)

    def associations(self, path: Path) -> None:
        """`from_object, from_id, to_object, to_id, type`: the type is empty, a number or a label."""
        for row in _need_columns(path, ("from_object", "from_id", "to_object", "to_id")):
            start, end = self._object(row, "from_object"), self._object(row, "to_object")
            from_id, to_id = self._record(row, start, "from_id"), self._record(row, end, "to_id")
            type_ids = self._types(row, start, end)
            self._portal.associate(start, from_id, end, to_id, type_ids, at=self._start)

    def events(self, path: Path) -> None:
        """`object, id or email, kind, occurred_at, value, currency`, then attributes."""
        fixed = ("object", "id", "email", "kind", "occurred_at")
        for row in _need_columns(path, ("object", "kind", "occurred_at")):
            object = self._object(row, "object")
            id = self._record(row, object, "id" if row.cells.get("id") else "email")
            row.need("occurred_at")
            at = row.moment("occurred_at")
            kind = row.need("kind")
            own = full_name(self._portal.portal_id, "")
            event_type = kind if kind.startswith(("e_", own)) else own + kind
            attributes = {name: value for name, value in row.cells.items() if name not in fixed and value}
            if at is not None:
                self._portal.occur(event_type, object, id, at, attributes)
            self._seen(at)

    def _seen(self, moment: datetime | None) -> None:
        if moment is not None and (self.latest is None or moment > self.latest):
            self.latest = moment

    def _define(self, object: str, path: Path, header: list[str], rows: list[Row]) -> dict[str, str]:
        """The property of each column; a column `name:type` makes a property."""
        names = {}
        for column in header:
            name, colon, type_ = column.partition(":")
            live = self._portal.properties[object].live
            if column in ("id", "as_of"):
                continue
            if colon and type_ not in _FIELD_OF:
                raise EmulatorError(
                    f"{path.name}, line 1: {column!r} has no type that exists; use one of {', '.join(_FIELD_OF)}"
                )
            if name in live and colon and live[name]["type"] != type_:
                raise EmulatorError(
                    f"{path.name}, line 1: {name} exists with type {live[name]['type']}; "
                    f"write {name} without a type, or choose another name"
                )
            if name not in live and not colon:
                raise EmulatorError(
                    f"{path.name}, line 1: {object} have no property {name}; "
                    f"write {name}:number (or another type) to create it"
                )
            if name not in live:
                seen = dict.fromkeys(row.cells[column] for row in rows if row.cells[column])
                options = [{"value": value, "label": value} for value in seen] if type_ == "enumeration" else []
                self._portal.define(
                    object,
                    {
                        "name": name,
                        "label": name.replace("_", " ").capitalize(),
                        "type": type_,
                        "fieldType": _FIELD_OF[type_],
                        "groupName": GROUP,
                        "options": options,
                    },
                )
            names[column] = name
        return names

    def _known(self, object: str, row: Row) -> str | None:
        """The id of the record of a row, if an earlier row made it."""
        id, email = row.cells.get("id", "").strip(), row.cells.get("email", "").strip()
        if id:
            if not id.isdecimal():
                raise row.mistake(f"id {id!r} is no number; HubSpot's ids are digits")
            return id if id in self._portal.objects[object] else None
        if object == "contacts" and not email:
            raise row.mistake("neither id nor email is given; fill in one of them")
        return self._portal.find(object, "email", email) if email else None

    def _store(self, object: str, row: Row, values: Mapping[str, str], known: str | None, at: datetime) -> str:
        try:
            if known is not None:
                self._portal.set(object, known, values, at=at)
                return known
            given = {name: value for name, value in values.items() if value}
            created = row.moment(OBJECT_TYPES[object].created)
            if created is not None:
                given[OBJECT_TYPES[object].created] = to_iso(created)
            return self._portal.put(
                object, given, id=row.cells.get("id", "").strip() or None, at=min(created, at) if created else at
            )
        except ValueError as clash:
            raise row.mistake(f"{clash}; give each record its own") from clash

    def _object(self, row: Row, column: str) -> str:
        name = row.need(column)
        if name not in OBJECT_NAMES:
            raise row.mistake(f"{column} {name!r} is no object type; use contacts, companies, deals or tickets")
        return OBJECT_NAMES[name]

    def _record(self, row: Row, object: str, column: str) -> str:
        given = row.need(column)
        id = self._portal.find(object, "email", given) if "@" in given else given
        if id is None or id not in self._portal.objects[object]:
            raise row.mistake(f"{column} {given!r} is none of the {object}; add it to {object}.csv")
        return id

    def _types(self, row: Row, start: str, end: str) -> tuple[int, ...]:
        given = row.cells.get("type", "").strip()
        if not given:
            return ()
        kinds = self._portal.associations.types_between(start, end)
        if given.isdecimal():
            if int(given) not in {kind.type_id for kind in kinds}:
                raise row.mistake(
                    f"type {given} is no association type from {start} to {end}; leave it empty for the default"
                )
            return (int(given),)
        found = next((kind for kind in kinds if (kind.label or "").lower() == given.lower()), None)
        return ((found or self._portal.associations.add_label(start, end, given)).type_id,)


def _need_columns(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    header, rows = _read(path)
    missing = [column for column in columns if column not in header]
    if missing:
        raise EmulatorError(f"{path.name}, line 1: the column {missing[0]} is missing; add it to the header")
    yield from rows


def _read(path: Path) -> tuple[list[str], list[Row]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        raise EmulatorError(f"{path.name} cannot be read ({failure}); save it as CSV in UTF-8") from failure
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    rows = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not header:
            raise EmulatorError(f"{path.name}, line 1: the header is missing; begin with the names of the columns")
        twice = next((name for name in header if header.count(name) > 1), None)
        if twice is not None:
            raise EmulatorError(f"{path.name}, line 1: the column {twice} is there twice; remove one")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise EmulatorError(
                    f"{path.name}, line {reader.line_num}: {len(cells)} cells instead of "
                    f"{len(header)}; quote cells that contain commas"
                )
            rows.append(Row(path.name, reader.line_num, dict(zip(header, cells, strict=True))))
    except csv.Error as failure:
        raise EmulatorError(f"{path.name}, line {reader.line_num}: {failure}; check the quotes") from failure
    return header, rows
