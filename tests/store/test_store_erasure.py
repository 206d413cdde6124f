from __future__ import annotations

from store_given import NOON, company, contact, event, link, pull, table

from hubsync.store import Store
from hubsync.store.erasure import IMPERSONAL, PERSONAL
from hubsync.types import Outcome

NAMES_A_RECORD = {"record_id", "old_id", "subject", "from_id", "to_id"}


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
    counts = {name: len(table(store, f"SELECT * FROM portal.{name}")) for name in PERSONAL}
    with store.write() as writer:
        erased = writer.erase("contacts", "90001")
    assert all(erased[name] > 0 for name in PERSONAL)
    left = {name: table(store, f"SELECT * FROM portal.{name}") for name in PERSONAL}
    assert {name: counts[name] - len(rows) for name, rows in left.items()} == dict(erased)
    words = str(left).lower()
    assert [trace for trace in ("90001", "90000", "ann@old.com", "ann@new.com") if trace in words] == []
    kept = {name for name in PERSONAL if "'7'" in str(left[name])}
    assert kept == PERSONAL.keys() - {"identity"}
    assert "bob@x.com" in str(left["event"])
