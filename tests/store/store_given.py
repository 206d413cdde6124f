"""Short ways to say what the store is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from hubsync.store import Store
from hubsync.types import AsOf, AssociationRow, Batch, Counter, EventRow, RecordRow

NOON = datetime.fromisoformat("2026-09-21T12:00:00")
DAY = timedelta(days=1)
OPENS = Counter("email_open/counters", "email_open", "contacts", "opens", "last_open")
OWN = {"contacts": frozenset({"hubsync_score"})}


def moment(at: datetime) -> AsOf:
    return AsOf(at, at.date(), at.replace(hour=0, minute=0, second=0, microsecond=0))


def contact(record_id: str = "1", at: datetime = NOON, **properties: str | None) -> RecordRow:
    return RecordRow("contacts", record_id, at, properties, created_at=NOON - 100 * DAY)


def company(record_id: str, at: datetime = NOON, **properties: str | None) -> RecordRow:
    return RecordRow("companies", record_id, at, properties, created_at=NOON - 100 * DAY)


def link(from_object: str, from_id: str, to_object: str, to_id: str, type_id: int) -> AssociationRow:
    return AssociationRow(from_object, from_id, to_object, to_id, type_id)


def event(subject_type: str, subject: str, source_id: str = "e1", **more: Any) -> EventRow:
    given = {"source": "login/tables", "kind": "login", "occurred_at": NOON - DAY, **more}
    return EventRow(source_id=source_id, subject_type=subject_type, subject=subject, **given)


def pull(
    store: Store,
    *records: RecordRow,
    at: datetime = NOON,
    counters: Sequence[Counter] = (OPENS,),
    own: Mapping[str, frozenset[str]] = OWN,
    **batch: Any,
) -> None:
    with store.write() as writer:
        writer.commit_batches([Batch("stream", records=records, **batch)], own=own, counters=counters, known_at=at)


@contextmanager
def asking(
    store: Store, at: datetime = NOON, sources: Sequence[str] = ("login/tables",)
) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """Ask several things of the scoring relations as of one moment."""
    pairs = [("contacts", "companies"), ("deals", "contacts")]
    with store.scratch(moment(at), sources, ["contacts", "companies"], pairs) as opened:
        yield opened.execute


def scratch(store: Store, query: str, at: datetime = NOON) -> list[tuple[Any, ...]]:
    with asking(store, at) as ask:
        return ask(query)


def table(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.database.connect(read_only=True) as connection:
        return connection.execute(query).fetchall()


def everything(store: Store, *names: str, order: str = "ORDER BY ALL") -> dict[str, list[tuple[Any, ...]]]:
    """The rows of these tables, or of all there are."""
    every = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'portal' ORDER BY ALL"
    with store.database.connect(read_only=True) as connection:
        found = names or [name for (name,) in connection.execute(every).fetchall()]
        return {name: connection.execute(f"SELECT * FROM portal.{name} {order}").fetchall() for name in found}
