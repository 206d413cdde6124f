"""Events that are made inside the database, the tables they come from, and merges."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from store_given import DAY, NOON, contact, event, pull, table

from hubsync.errors import InputError, StoreError
from hubsync.store import Stock, Store
from hubsync.store.derived import Derived
from hubsync.store.tables import look

USAGE = "usage/tables"


def query(*rows: str) -> str:
    """A query that gives the events `id subject day value`."""
    values = ", ".join("('{}', '{}', {}, {})".format(*row.split()) for row in rows)
    return (
        "SELECT id AS source_id, 'email' AS subject_type, subject, TIMESTAMP '2026-09-01' + INTERVAL (day) DAY AS"
        " occurred_at, 1 AS times, value, NULL AS currency, NULL AS attributes"
        f" FROM (VALUES {values}) v(id, subject, day, value)"
    )


def replace(store: Store, at: datetime, *rows: str) -> Derived:
    with store.write() as writer:
        return writer.replace_events(USAGE, "usage", query(*rows), at)


def test_events_of_a_source_are_compared(store: Store) -> None:
    """What is the same keeps its time of becoming known, what changed is new, what is gone goes, others stay."""
    pull(store, events=[event("contacts", "1")])
    assert replace(store, NOON, "a x@y 1 5", "b x@y 2 5", "c x@y 3 5") == Derived(3, 0, 0)
    assert replace(store, NOON + DAY, "a x@y 1 5", "b x@y 2 6") == Derived(1, 2, 0)
    assert table(store, "SELECT source_id, value, known_at FROM portal.event ORDER BY 1") == [
        ("a", 5, NOON),
        ("b", 6, NOON + DAY),
        ("e1", None, NOON),
    ]


def test_a_row_without_time_or_subject_is_counted(store: Store) -> None:
    """It is no event, and nobody is left to guess where it went."""
    assert replace(store, NOON, "a x@y 1 5", "b x@y NULL 5") == Derived(1, 0, 1)


def test_the_stock_of_each_source_is_known(store: Store) -> None:
    """How many events there are, the first and the last of them; dropping a source empties it."""
    replace(store, NOON, "a x@y 1 5", "b x@y 3 5")
    with store.read() as reader:
        assert reader.stock() == {USAGE: Stock(2, datetime(2026, 9, 2), datetime(2026, 9, 4))}
    with store.write() as writer:
        assert writer.drop_events(USAGE) == 2
        assert writer.stock() == {}


def test_a_table_is_read_only_where_its_folder_was_named(store: Store, tmp_path: Path) -> None:
    """Without the folder the same file is out of reach; another folder's never comes into it."""
    (tmp_path / "usage.csv").write_text("who,seats\nx@y,5\n")
    relation = look(tmp_path, "usage.csv").relation
    select = query("a x@y 1 5").replace("FROM (VALUES", f"FROM {relation}, (VALUES")
    with store.write(tables=tmp_path) as writer:
        assert writer.replace_events(USAGE, "usage", select, NOON).added == 1
    with pytest.raises(StoreError), store.write() as writer:
        writer.replace_events(USAGE, "usage", select, NOON)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("../usage.csv", b"", "lies outside"),
        ("usage.parquet", b"who", "can't be read as a table"),
        ("nowhere.csv", None, "can't be read as a table"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    """A file elsewhere, of another kind or missing ends in one sentence."""
    folder = tmp_path / "config"
    folder.mkdir()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        look(folder, name)


def test_a_row_that_breaks_a_table_is_told(store: Store, tmp_path: Path) -> None:
    """A file that turns out to be damaged when it is read is named, and the events stay as they were."""
    replace(store, NOON, "a x@y 1 5")
    file = tmp_path / "usage.csv"
    file.write_text("who,seats\nx@y,5\n")
    select = query("a x@y 1 5").replace("FROM (VALUES", f"FROM {look(tmp_path, file.name).relation}, (VALUES")
    file.write_bytes(b"who,seats\n\xff\xfe\xfd,5\n")
    with pytest.raises(InputError, match=r"usage\.csv can't be read"), store.write(tables=tmp_path) as writer:
        writer.replace_events(USAGE, "usage", select, NOON, file=file.name)
    assert table(store, "SELECT source_id FROM portal.event") == [("a",)]


def test_merges_are_taken_from_hubspots_list(store: Store) -> None:
    """Ids on the surviving record lead to it; a second look says nothing new."""
    pull(store, contact("9", hs_merged_object_ids="1; 2;9"), contact("8", hs_merged_object_ids=None))
    with store.write() as writer:
        assert writer.save_merges("contacts", NOON, NOON) == 2
        assert writer.save_merges("contacts", NOON, NOON + DAY) == 0
        assert [writer.resolve("contacts", old) for old in ("1", "2", "9", "8")] == ["9", "9", "9", "8"]
