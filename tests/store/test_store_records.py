from __future__ import annotations

import json

import pytest
from store_given import DAY, NOON, OPENS, contact, everything, pull, scratch, table

from hubsync.store import Store
from hubsync.types import Batch, RecordRow

RECORD = "SELECT properties, own, updated_at, changed_at, archived_at FROM portal.record"
EVENTS = "SELECT subject, occurred_at, times FROM portal.event ORDER BY known_at, occurred_at"


def test_pulling_the_same_twice_changes_nothing(store: Store) -> None:
    """The same batch at the same moment leaves every table as it is; later only `seen_at` moves."""
    row = contact(email="a@b.c", opens="2", last_open="2026-09-01", hubsync_score="5", lastmodifieddate="x")
    pull(store, row, position={"after": "1"})
    first = everything(store)
    pull(store, row, position={"after": "1"})
    assert everything(store) == first
    pull(store, row, at=NOON + DAY)
    later = everything(store)
    assert {name for name in later if later[name] != first[name]} == {"record"}
    assert table(store, "SELECT changed_at, seen_at FROM portal.record") == [(NOON, NOON + DAY)]


def test_an_older_row_never_replaces_a_newer_one(store: Store) -> None:
    """A row with an older updatedAt changes nothing, within a commit and across commits, but was seen."""
    pull(store, contact(at=NOON, email="new"), contact(at=NOON - DAY, email="older in the same commit"))
    pull(store, contact(at=NOON - DAY, email="old", opens="9"), at=NOON + DAY)
    assert table(store, "SELECT properties->>'email', updated_at, seen_at FROM portal.record") == [
        ("new", NOON, NOON + DAY)
    ]
    assert table(store, "SELECT value FROM portal.version") == []
    assert table(store, EVENTS) == []


def test_changed_at_moves_only_with_inputs(store: Store) -> None:
    """Own properties and modified dates leave `changed_at` and the versions alone; an input moves both."""
    pull(store, contact(email="a", hubsync_score="5", lastmodifieddate="1"))
    pull(store, contact(at=NOON + DAY, email="a", hubsync_score="6", lastmodifieddate="2"), at=NOON + DAY)
    ((inputs, own, updated_at, changed_at, _),) = table(store, RECORD)
    assert (json.loads(inputs), json.loads(own)) == (
        {"email": "a", "lastmodifieddate": "2"},
        {"hubsync_score": "6"},
    )
    assert (updated_at, changed_at) == (NOON + DAY, NOON)
    pull(store, contact(at=NOON + 2 * DAY, email=None), at=NOON + 2 * DAY)
    assert table(store, "SELECT changed_at FROM portal.record") == [(NOON + 2 * DAY,)]
    assert table(store, "SELECT property, value, known_at FROM portal.version ORDER BY known_at") == [
        ("email", "a", NOON),
        ("email", None, NOON + 2 * DAY),
    ]


def test_properties_not_asked_for_this_time_stay(store: Store) -> None:
    """A pull with other properties adds to what is known; a null in it is a value that was cleared."""
    pull(store, contact(email="a", plan="team"))
    pull(store, contact(at=NOON + DAY, plan=None, seats="3"), at=NOON + DAY)
    ((inputs, *_),) = table(store, RECORD)
    assert json.loads(inputs) == {"email": "a", "plan": None, "seats": "3"}


def test_odd_texts_survive(store: Store) -> None:
    """Long texts, emoji, quotes, NUL and empty strings come out of the snapshot and the versions as they went in."""
    odd = {"long": "ß" * 65_536, "emoji": "🙂'\"\\", "empty": "", "nul": "a\x00b", 'na"me': "$.x"}
    pull(store, RecordRow("contacts", "1", NOON, odd))
    with store.read() as reader:
        found = reader.find_record("contacts", "1")
    assert found is not None
    assert found.properties == odd
    pull(store, RecordRow("contacts", "1", NOON + DAY, dict.fromkeys(odd, "")), at=NOON + DAY)
    before = f"SELECT property, value FROM portal.version WHERE known_at = TIMESTAMP '{NOON}'"
    assert dict(table(store, before)) == odd


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("3", "2026-09-01T10:00:00Z"), ("5", "2026-09-20"), [(1, "2026-09-01T10:00:00"), (2, "2026-09-20T00:00:00")]),
        ((None, None), ("3", "1789862400000"), [(3, "2026-09-20T00:00:00")]),
        (("3", "nonsense"), ("4", "nonsense"), [(1, "2026-09-22T12:00:00")]),
        (("3", "2026-13-45"), ("3", "2026-09-20"), []),
        (("5", "2026-09-01T12:00:00+02:00"), ("2", "2026-09-20"), [(1, "2026-09-01T10:00:00")]),
        (("N/A", "2026-09-01"), ("4", "2026-09-20"), []),
        (("0", "2026-09-01"), ("NaN", "2026-09-20"), []),
        (("0", None), ("Infinity", "2026-09-20"), []),
        (("1", "2027-09-01"), ("1", "2027-09-01"), [(1, "2026-09-21T12:00:00")]),
        (("0", None), ("1e30", "2026-09-20"), [(2**31 - 1, "2026-09-20T00:00:00")]),
    ],
)
def test_growth_of_a_counter_is_an_event(
    store: Store,
    first: tuple[str | None, str | None],
    second: tuple[str | None, str | None],
    expected: list[tuple[int, str]],
) -> None:
    """First sight is one event at the last date; then growth counts, shrinking and dirt do not."""
    for days, (opens, last_open) in enumerate((first, second)):
        at = NOON + days * DAY
        pull(store, contact(at=at, opens=opens, last_open=last_open), at=at)
    assert [(times, at.isoformat()) for _, at, times in table(store, EVENTS)] == expected


def test_a_counter_asked_for_later_is_first_sight(store: Store) -> None:
    """A counter that was not pulled before did not grow from zero."""
    pull(store, contact(email="a"))
    pull(store, contact(at=NOON + DAY, opens="40", last_open="2026-09-20"), at=NOON + DAY, counters=[OPENS])
    assert [row[2] for row in table(store, EVENTS)] == [1]


def test_what_a_full_listing_does_not_show_is_archived(store: Store) -> None:
    """Only records not seen since the listing began are archived; a row that comes back is alive again."""
    pull(store, contact("1"), contact("2"), contact("3"))
    pull(store, contact("1"), contact("2", at=NOON - DAY), at=NOON + DAY)
    with store.write() as writer:
        assert writer.archive_missing("contacts", NOON + DAY, NOON + DAY) == 1
        assert writer.counts() == {"contacts": 2}
        writer.archive("contacts", ["1"], NOON + DAY)
    assert scratch(store, "SELECT record_id FROM records_contacts", NOON + DAY) == [("2",)]
    pull(store, contact("3", at=NOON + 2 * DAY), at=NOON + 2 * DAY)
    rows = scratch(store, "SELECT record_id FROM records_contacts ORDER BY 1", NOON + 2 * DAY)
    assert rows == [("2",), ("3",)]


def test_the_past_is_put_together_from_versions(store: Store) -> None:
    """A past moment shows each property as it was known then, and today's rows where nothing changed since."""
    pull(store, contact("1", email="a", plan="team"), contact("2", email="b"))
    pull(store, contact("1", at=NOON + DAY, email="a2", plan=None), at=NOON + DAY)
    pull(store, contact("1", at=NOON + 2 * DAY, email="a3"), at=NOON + 2 * DAY)
    query = "SELECT record_id, properties, changed_at FROM records_contacts ORDER BY 1"

    def seen(at: object) -> list[tuple[object, ...]]:
        return [(i, json.loads(p), c) for i, p, c in scratch(store, query, at)]  # type: ignore[arg-type]

    two = ("2", {"email": "b"}, NOON)
    assert seen(NOON + DAY / 2) == [("1", {"email": "a", "plan": "team"}, NOON), two]
    assert seen(NOON + DAY) == [("1", {"email": "a2", "plan": None}, NOON + DAY), two]
    assert seen(NOON + 2 * DAY) == [("1", {"email": "a3", "plan": None}, NOON + 2 * DAY), two]
    assert seen(NOON - DAY) == [("1", {}, NOON - 100 * DAY), ("2", {}, NOON - 100 * DAY)]
    assert seen(NOON - 101 * DAY) == []


def test_of_two_values_at_one_moment_the_later_commit_counts(store: Store) -> None:
    """Within one run a property can change twice at the same `known_at`."""
    for number in range(5):
        pull(store, contact(at=NOON + number * DAY / 10, email=str(number)), at=NOON)
    pull(store, contact(at=NOON + DAY, email="z"), at=NOON + DAY)
    assert scratch(store, "SELECT properties->>'email' FROM records_contacts", NOON) == [("4",)]


def test_all_batches_of_a_commit_and_their_cursors_go_together(store: Store) -> None:
    """The last position of each stream stays; a batch without one leaves the cursor alone."""
    with store.write() as writer:
        writer.commit_batches(
            [
                Batch("a", [contact("1")], position={"after": 1}),
                Batch("b", [contact("2")], position={"after": 7}),
                Batch("a", [contact("3")], position={"after": 2}),
                Batch("a", [contact("4")]),
            ],
            own={},
            counters=[],
            known_at=NOON,
        )
    with store.read() as reader:
        assert (reader.cursor("a"), reader.cursor("b"), reader.cursor("c")) == ({"after": 2}, {"after": 7}, None)
        assert reader.counts() == {"contacts": 4}


def test_what_a_record_was_is_kept_from_its_first_change_on(store: Store) -> None:
    """A record that never changed has no versions; its first change keeps all of what it was, later ones add theirs."""
    pull(store, contact("1", email="ann", opens="1"), contact("2", email="bob"))
    assert table(store, "SELECT * FROM portal.version") == []
    pull(store, contact("1", at=NOON + DAY, email="ann", opens="2"), at=NOON + DAY)
    pull(store, contact("1", at=NOON + 2 * DAY, email="anna", opens="2"), at=NOON + 2 * DAY)
    assert table(store, "SELECT record_id, property, value, known_at FROM portal.version ORDER BY known_at, 2") == [
        ("1", "email", "ann", NOON),
        ("1", "opens", "1", NOON),
        ("1", "opens", "2", NOON + DAY),
        ("1", "email", "anna", NOON + 2 * DAY),
    ]
