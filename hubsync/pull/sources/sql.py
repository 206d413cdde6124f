"""Events from the rows of an SQL database: product usage and billing that live outside HubSpot."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from hubsync.errors import InputError, UnreachableError
from hubsync.pull.sources.amounts import money
from hubsync.pull.sources.databases import Database, Row
from hubsync.pull.sources.streams import Opening
from hubsync.scoring.origins import SqlSource
from hubsync.store import Writer
from hubsync.store.values import moment
from hubsync.types import Batch, EventRow

_READ_BACK: Mapping[str, Any] = {
    "int": int, "float": float, "Decimal": Decimal, "datetime": datetime.fromisoformat, "date": date.fromisoformat,
    "str": str,
}  # fmt: skip
"""Types that a cursor's column can have."""

STAGED = "~"
"""Between a source's id and the mark of the pull that stages its rows: no id has it."""


@dataclass
class SqlStream:
    """The rows of one table or query: all of them, or those from the last value of the cursor's column on.

    They are staged under a name of this pull and take the place of the old ones in one transaction when the last has
    come, so a reading that breaks off changes nothing. Rows at the last value of the cursor are read again, since
    others may have come with the same value.
    """

    given: Opening
    source: SqlSource
    total: int | None = None
    unreadable: int = 0
    _database: Database = field(init=False)
    _staged: str = field(init=False)
    _last: Any = field(default=None, init=False)
    _again: int = field(default=0, init=False)
    """Unreadable rows that the next pull will read again."""
    _number: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._database = Database(self.source, self.given.secret(self.source.url_env))
        self._staged = f"{self.name}{STAGED}{secrets.token_hex(8)}"

    @property
    def name(self) -> str:
        """The source's id."""
        return self.given.name

    @property
    def definition(self) -> str:
        """What the stored events were made with, and from which database; with another one all rows come anew."""
        told = f"{self.source.model_dump_json(exclude={'expected_every', 'covers'})} {self._database.place}"
        return blake2b(told.encode(), digest_size=8).hexdigest()

    @property
    def outdated(self) -> bool:
        """Never: what was made with another definition is replaced when all rows have come."""
        return False

    @property
    def starts_at(self) -> datetime | None:
        """Nobody knows since when a database has its rows; the first event tells."""
        return None

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when it can; raises InputError for what has to be mended here."""
        if not self._database.address:
            return f"{self.source.url_env} is not set"
        try:
            with self._database.open() as connection:
                connection.expect(self._columns)
        except UnreachableError as error:
            return str(error)
        return None

    def batches(self) -> Iterator[Batch]:
        """The rows in pieces; raises InputError for what has to be mended here, and UnreachableError."""
        if self._goes_on:
            so_far = self.given.so_far
            kind, text = so_far["last"]
            self._last = _READ_BACK[kind](text)
            self.unreadable = so_far["unreadable"] - so_far["again"]
        with self._database.open() as connection:
            for rows in connection.rows(self._columns, self._last):
                events = [self._taken(row) for row in rows]
                yield Batch(self.name, events=[event for event in events if event is not None])

    def finish(self, writer: Writer) -> None:
        """Put the rows that came in the place of the old ones, and remember how far the cursor is."""
        unique = self.source.id is not None
        self.unreadable += writer.adopt_events(
            self._staged, self.name, self.given.kind, self.given.as_of.now, since=self.given.kept_since,
            unique=unique, all_of_it=not self._goes_on,
        )  # fmt: skip
        last = None if self._last is None else (_kind_of(self._last, self.source), _written(self._last))
        position = {"definition": self.definition, "last": last, "unreadable": self.unreadable, "again": self._again}
        writer.set_cursor(self.name, position, self.given.as_of.now)

    @property
    def _goes_on(self) -> bool:
        """Whether only rows from the last one on are read."""
        so_far = self.given.so_far
        if self.given.full or self.source.cursor is None or not so_far:
            return False
        if so_far["definition"] != self.definition or so_far["last"] is None:
            return False
        kind, text = so_far["last"]
        return not self._ahead(_READ_BACK[kind](text))

    @property
    def _columns(self) -> list[str]:
        one = self.source
        wanted = [*one.subject.values(), one.time, one.value, one.currency, one.cursor, one.id]
        return list(dict.fromkeys([column for column in wanted if column is not None] + [*one.attributes.values()]))

    def _taken(self, row: Row) -> EventRow | None:
        event = self._event(row)
        at = row[self.source.cursor] if self.source.cursor else None
        if at is not None and at != self._last and not self._ahead(at):
            self._last, self._again = at, 0
        if event is None:
            self.unreadable += 1
            self._again += at is not None or self._goes_on
        return event

    def _ahead(self, at: Any) -> bool:
        """Whether a cursor's value lies in the future, or behind all numbers: one must not hide the rows of years."""
        if isinstance(at, float | Decimal):
            return not math.isfinite(at)
        now = self.given.as_of.now
        if isinstance(at, str):
            try:
                at = moment(at) if at.strip().isdigit() else datetime.fromisoformat(at.strip())
            except ValueError:
                return False
        if isinstance(at, datetime):
            return _utc(at).replace(tzinfo=None) > now
        return isinstance(at, date) and at > now.date()

    def _event(self, row: Row) -> EventRow | None:
        """The row as an event, or None when it has no readable time or subject."""
        one = self.source
        (subject_type, subject_column), = one.subject.items()  # fmt: skip
        subject, at = _text(row[subject_column]), moment(_text(row[one.time]))
        if at is None or not subject:
            return None
        value, currency = None, None
        if one.value is not None:
            code = _text(row[one.currency]) if one.currency else None
            value, currency = money(_text(row[one.value]), code, self.given.portal.currency if code else "")
        attributes = {name: _text(row[column]) for name, column in one.attributes.items()}
        self._number += 1
        return EventRow(
            self._staged, f"{self._id(row)}-{self._number}", self.given.kind, subject_type, subject, at, value,
            currency, {name: text for name, text in attributes.items() if text is not None},
        )  # fmt: skip

    def _id(self, row: Row) -> str:
        """What tells a row apart: its id, or without one what it says."""
        if self.source.id is not None:
            return _text(row[self.source.id]) or ""
        return blake2b(repr([_text(value) for value in row.values()]).encode(), digest_size=16).hexdigest()


def open_stream(given: Opening, source: SqlSource) -> SqlStream:
    """The stream of a source; its address comes from the environment."""
    return SqlStream(given, source)


def _text(value: Any) -> str | None:
    """A value of a driver as the text that HubSpot would have for it; None for none."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime():
            return _utc(value).replace(tzinfo=None).isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case Decimal():
            return format(value, "f")
        case bytes() | bytearray() | memoryview():
            return value.hex()
        case dict() | list():
            return _json(value)
        case _:
            return str(value).strip() or None


def _json(value: dict[Any, Any] | list[Any]) -> str:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Whole numbers of more than 64 bits, half characters, and what is nested deeply.
        return json.dumps(value, default=str)


def _utc(at: datetime) -> datetime:
    """A time with a zone in UTC; those that databases take for the end or the beginning of time stay as they are."""
    try:
        return at.astimezone(UTC) if at.tzinfo else at
    except OverflowError:
        return at.replace(tzinfo=UTC)


def _written(at: Any) -> str:
    """A cursor's value as a text that can be read back: with its zone, and with the blanks that it is ordered by.

    A database compares a time without a zone as one of its session's zone.
    """
    if isinstance(at, datetime) and at.tzinfo is not None:
        return _utc(at).isoformat()
    return at if isinstance(at, str) else _text(at) or ""


def _kind_of(value: Any, source: SqlSource) -> str:
    """The name of a cursor's type; raises InputError for one that has no order which can be written down."""
    kind = type(value).__name__
    if kind not in _READ_BACK:
        raise InputError(
            f"The column {source.cursor} of {source.url_env} can't be a cursor, since it is a {kind}; take one with"
            " numbers or times that only grow."
        )
    return kind
