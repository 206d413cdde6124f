from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from store_given import DAY, NOON, OWN, company, contact, event, everything, link, pull, table

from hubsync.store import ASKED, Store, rewrite
from hubsync.store.erasure import IMPERSONAL, PERSONAL
from hubsync.types import Outcome, RecordRow

NAMES_A_RECORD = {"record_id", "old_id", "subject", "from_id", "to_id"}
TRACES = ("90001", "90000", "ann@old.com", "ann@new.com")
FILE = (
    "SELECT '1' AS source_id, 'email' AS subject_type, subject, TIMESTAMP '2026-09-01' AS occurred_at, 1 AS times,"
    " NULL AS value, NULL AS currency, NULL AS attributes FROM (VALUES ('ann@new.com'), ('bob@x.com')) f(subject)"
)


def fill(store: Store) -> None:
    """Put the contact 90001 (once 90000, ann@old.com, then ann@new.com) and its neighbour into every table."""
    rows = [contact("90001", email="ann@old.com", opens="1", last_open="2026-09-01"), contact("7", email="bob@x.com")]
    linked = [link("contacts", i, "companies", "10", 1) for i in ("90001", "7")]
    events = [event("contacts", "90000"), event("email", "ann@old.com"), event("email", "ann@new.com")]
    pull(
        store,
        *rows,
        company("10", domain="x.com"),
        events=[*events, event("email", "bob@x.com"), event("contacts", "7")],
        associations=[*linked, link("tickets", "5", "contacts", "90001", 16)],
        links=[("contacts", "companies", ["90001", "7"])],
    )
    pull(store, contact("90001", email="Ann@new.com", hubsync_score="2"))
    pull(store, contact("7", email="bob@x.com", opens="1"))
    with store.write() as writer:
        writer.save_identity("contacts", "90000", "90001", None, NOON)
        for record_id in ("90001", "7"):
            at = {"object": "contacts", "record_id": record_id, "model": "m"}
            writer.append("change", [{**at, "run_id": "r1", "property": "p"}, {**at, "run_id": "r2", "property": "p"}])
            times = {"as_of": NOON, "published_at": NOON}
            writer.append("score_history", [{**at, "version": "v", "run_id": "r1", **times}])
            writer.append("decision", [{**at, "run_id": "r1", "version": "v"}])
            action = {"play": "p", "object": "contacts", "record_id": record_id, "sequence": 1, "kind": "task"}
            writer.append("action", [{**action, "payload": "{}", "state": "due", "run_id": "r1", "created_at": NOON}])
        outcomes = [Outcome(record_id, written=False, message="no") for record_id in ("90001", "7")]
        writer.settle("r1", "contacts", outcomes, NOON)


def erase(store: Store, *ids: str, **more: list[str]) -> dict[str, int]:
    with store.write() as writer:
        return dict(writer.erase("contacts", ids, at=NOON, reason=ASKED, **more))


def text(store: Store) -> str:
    """All that the database holds, in the order it has it."""
    return str(everything(store, order="")).lower()


def test_every_table_says_whether_it_names_a_record(store: Store) -> None:
    """Each table is either in the loop that erases or holds no column that names a record."""
    columns: dict[str, set[str]] = {}
    query = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'portal'"
    for name, column in table(store, query):
        columns.setdefault(name, set()).add(column)
    assert columns.keys() == PERSONAL.keys() | IMPERSONAL
    assert {name for name in columns if columns[name] & NAMES_A_RECORD} == set(PERSONAL)


def test_nothing_of_an_erased_record_is_left(store: Store) -> None:
    """No table holds its ids or emails any more, also from before a merge; its neighbour loses nothing."""
    fill(store)
    before = everything(store, *PERSONAL)
    erased = erase(store, "90001")
    assert all(erased[name] > 0 for name in PERSONAL)
    left = everything(store, *PERSONAL)
    assert {name: len(before[name]) - len(rows) for name, rows in left.items()} == erased
    held = text(store)
    assert [trace for trace in TRACES if trace in held] == []
    kept = {name for name in PERSONAL if "'7'" in str(left[name])}
    assert kept == PERSONAL.keys() - {"identity"}
    assert "bob@x.com" in str(left["event"])


def test_no_byte_of_an_erased_record_is_left(store: Store) -> None:
    """The file written anew holds the same rows in the same order, and nothing of what was erased."""
    fill(store)
    erase(store, "90001")
    ordered = "SELECT * FROM portal.version ORDER BY rowid"
    before, rows = text(store), table(store, ordered)
    rewrite(store)

    raw = store.file.read_bytes().lower()
    assert [trace for trace in TRACES if trace.encode() in raw] == []
    assert b"bob@x.com" in raw
    assert (text(store), table(store, ordered)) == (before, rows)
    pull(store, contact("8"))
    assert table(store, "SELECT count(*) FROM portal.record WHERE record_id IN ('7', '8')") == [(2,)]


def test_nothing_brings_an_erased_record_back(store: Store) -> None:
    """A late page, an association from the other side, an event and a file's row stay out; others come in."""
    fill(store)
    erase(store, "90001")
    pull(
        store,
        contact("90001", NOON + DAY, email="ann@new.com"),
        contact("8", email="cy@x.com"),
        events=[event("contacts", "90000", "e2"), event("email", " Ann@Old.com", "e3"), event("contacts", "8", "e4")],
        associations=[link("companies", "10", "contacts", "90001", 2), link("contacts", "90001", "companies", "10", 1)],
        links=[("contacts", "companies", ["90001", "8"])],
        at=NOON + DAY,
    )
    with store.write() as writer:
        derived = writer.replace_events("login/files", "login", FILE, NOON + DAY)

    held = text(store)
    assert [trace for trace in TRACES if trace in held] == []
    assert derived.added == 1
    assert table(store, "SELECT record_id FROM portal.looked WHERE record_id = '8'") == [("8",)]


def test_an_email_may_come_back_with_a_new_record(store: Store) -> None:
    """When HubSpot shows a new contact with an erased email, its events are let in again; the old id never is."""
    fill(store)
    erase(store, "90001")
    pull(store, contact("91000", email="Ann@new.com"), events=[event("email", "ann@new.com", "e9")])
    pull(store, contact("90001", email="ann@old.com"))

    assert table(store, "SELECT source_id FROM portal.event WHERE subject = 'ann@new.com'") == [("e9",)]
    assert table(store, "SELECT record_id FROM portal.record WHERE record_id LIKE '9%'") == [("91000",)]
    with store.read() as reader:
        assert reader.erased("contacts", "90001") is not None
        assert reader.erased("contacts", "ann@old.com") is not None
        assert reader.erased("contacts", "ann@new.com") is None


def test_an_email_that_somebody_else_has_now_stays(store: Store) -> None:
    """Events under an address that moved to another contact are that contact's, and stay."""
    pull(store, contact("1", email="sales@x.com"), contact("2", email="two@x.com"))
    pull(store, contact("1", email="one@x.com"), events=[event("email", "sales@x.com"), event("email", "one@x.com")])
    pull(store, contact("2", email="Sales@x.com"))
    erase(store, "1")

    assert table(store, "SELECT subject FROM portal.event") == [("sales@x.com",)]


def test_an_older_file_is_erased_again(store: Store, tmp_path: Path) -> None:
    """Tombstones that are brought into a file of before erase there what they stand for, and only that."""
    older = Store.open(tmp_path / "older", store.portal_id)
    for each in (store, older):
        fill(each)
    erase(older, "555")
    erase(store, "90001", keys=["stray@x.com"])
    pull(older, events=[event("email", "stray@x.com", "e7")])
    with store.read() as reader:
        stones = reader.tombstones()
    with older.write() as writer:
        counts = writer.adopt_tombstones(stones)

    held = text(older)
    assert [trace for trace in (*TRACES, "stray@x.com") if trace in held] == []
    assert counts["record"] == 1
    assert table(older, "SELECT record_id FROM portal.record WHERE object = 'contacts'") == [("7",)]
    with older.read() as reader:
        assert {reader.erased("contacts", key) is None for key in ("90000", "555", "stray@x.com")} == {False}


def test_what_is_gone_is_erased_after_a_week(store: Store) -> None:
    """Neither listed, nor in the bin, nor merged: gone; erased when it has been gone for seven days, not before."""
    people = [contact(i, email=f"p{i}@x.com") for i in ("1", "2", "3", "4")]
    pull(store, *people)
    listed, binned = NOON + DAY, RecordRow("contacts", "3", NOON, people[2].properties, archived_at=NOON)
    pull(store, contact("1", email="p1@x.com", hs_merged_object_ids="4"), binned, at=listed)
    with store.write() as writer:
        writer.archive_missing("contacts", listed, listed)
        writer.save_merges("contacts", NOON, listed)
        assert writer.take_leave("contacts", listed, listed) == 1
        assert writer.take_leave("contacts", listed, listed + DAY) == 0
        assert writer.erase_gone(listed + timedelta(days=7) - timedelta(seconds=1)) == 0
        assert writer.erase_gone(listed + timedelta(days=7)) == 1

    assert table(store, "SELECT record_id FROM portal.record ORDER BY 1") == [("1",), ("3",), ("4",)]
    assert "p2@x.com" not in text(store)


def test_what_comes_back_within_the_week_stays(store: Store) -> None:
    """A gone id that a page shows again, alive or in the bin, is gone no more."""
    pull(store, contact("1"), contact("2"), own=OWN)
    with store.write() as writer:
        writer.archive_missing("contacts", NOON + DAY, NOON + DAY)
        assert writer.take_leave("contacts", NOON + DAY, NOON + DAY) == 2
    in_bin = RecordRow("contacts", "2", NOON, {}, created_at=NOON - 100 * DAY, archived_at=NOON + DAY)
    pull(store, contact("1"), in_bin, at=NOON + 2 * DAY)
    with store.write() as writer:
        assert writer.erase_gone(NOON + 30 * DAY) == 0
    query = "SELECT record_id, archived_at IS NULL, gone_at FROM portal.record ORDER BY 1"
    assert table(store, query) == [("1", True, None), ("2", False, None)]
