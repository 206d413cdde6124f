"""Merges, their ends and what is inherited: nothing counts twice, nothing gets lost, nothing goes round in circles."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from store_given import DAY, NOON, contact, event, pull, scratch, table
from stores_given import empty_database

from hubsync.store import Store

LAST = "2026-09-01"


def opens(store: Store) -> list[tuple[str, int]]:
    """How many opens are known under each id."""
    query = "SELECT subject, CAST(sum(times) AS INTEGER) FROM portal.event GROUP BY 1 ORDER BY 1"
    return table(store, query)


@pytest.mark.parametrize("survivor", ["3", "1"])
@pytest.mark.parametrize(("shown", "grown"), [("7", 0), ("5", 0), ("9", 2)])
def test_a_survivor_does_not_count_again_what_it_inherits(store: Store, survivor: str, shown: str, grown: int) -> None:
    """Whether HubSpot adds the counters of merged records up or keeps one of them, only more than both is growth."""
    pull(store, contact("1", opens="4", last_open=LAST), contact("2", opens="1", last_open=LAST))
    pull(store, contact("2", NOON + DAY, opens="3", last_open=LAST), at=NOON + DAY)
    before = opens(store)
    both = contact(survivor, NOON + 2 * DAY, opens=shown, hs_merged_object_ids="1;2", last_open=LAST)
    pull(store, both, at=NOON + 2 * DAY)
    pull(store, both, at=NOON + 3 * DAY)

    assert sum(times for _, times in opens(store)) == sum(times for _, times in before) + grown


def test_a_restored_record_is_no_first_sight(store: Store) -> None:
    """A counter that stands where it stood before the record was archived is no event."""
    pull(store, contact("1", opens="4", last_open=LAST))
    before = opens(store)
    with store.write() as writer:
        writer.archive("contacts", ["1"], NOON + DAY)
    pull(store, contact("1", NOON + 2 * DAY, opens="4", last_open=LAST), at=NOON + 2 * DAY)
    pull(store, contact("1", NOON + 3 * DAY, opens="6", last_open=LAST), at=NOON + 3 * DAY)

    assert opens(store) == [("1", before[0][1] + 2)]


def test_history_follows_a_merge_but_never_hides_an_own_one(store: Store) -> None:
    """A survivor without a history has the latest of its old ids; one that keeps its id keeps its own."""
    pull(store, contact("1"), contact("2"), contact("3"))
    rows = [("1", 10, NOON - DAY), ("2", 20, NOON)]
    with store.write() as writer:
        for record_id, score, at in rows:
            given_ = {"object": "contacts", "record_id": record_id, "model": "m", "version": "v", "run_id": "r"}
            writer.append("score_history", [{**given_, "score": score, "as_of": at, "published_at": at}])
        writer.save_identity("contacts", "2", "1", None, NOON)
    assert scratch(store, "SELECT record_id, CAST(score AS INTEGER) FROM published") == [("1", 10)]
    with store.write() as writer:
        writer.save_identity("contacts", "1", "3", None, NOON)
    assert scratch(store, "SELECT record_id, CAST(score AS INTEGER) FROM published") == [("3", 20)]
    with store.read() as reader:
        assert [int(each.score or 0) for each in reader.published("contacts", "3")] == [20]


def test_the_past_of_a_chain_stays(store: Store) -> None:
    """After a second merge the moment between the two still shows the first survivor."""
    pull(store, contact("1"), contact("2"), events=[event("contacts", "1")])
    pull(store, contact("3", NOON + DAY, hs_merged_object_ids="1;2"), at=NOON + DAY)
    with store.write() as writer:
        writer.save_merges("contacts", NOON, NOON + DAY)
    pull(store, contact("4", NOON + 2 * DAY, hs_merged_object_ids="1;2;3"), at=NOON + 2 * DAY)
    with store.write() as writer:
        writer.save_merges("contacts", NOON, NOON + 2 * DAY)

    between = NOON + DAY + timedelta(hours=1)
    assert scratch(store, "SELECT record_id FROM events_contacts", between) == [("3",)]
    assert scratch(store, "SELECT record_id FROM events_contacts", NOON + 3 * DAY) == [("4",)]


IDS = ("1", "2", "3", "4", "5")
STEP = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS), st.sampled_from(["merge", "keep", "again"]))


class Model:
    """A portal in a few lines: who lives, what each lists, and whose the five events are."""

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {each: [] for each in IDS}
        self.owner = {each: each for each in IDS}
        self.next = 10

    def step(self, one: str, two: str, how: str) -> None:
        if how == "again":
            if one not in self.lists and one in IDS:
                self.lists[one] = []
                self.owner[one] = one
        elif one != two and {one, two} <= self.lists.keys() and two not in self.lists[one]:
            below = self.lists.pop(one) + self.lists.pop(two)
            survivor = one if how == "keep" else str(self.next)
            self.next += 1
            self.lists[survivor] = list(dict.fromkeys([*below, *({one, two} - {survivor})]))
            self.owner = {each: survivor if who in (one, two) else who for each, who in self.owner.items()}


@example(steps=[("5", "1", "keep"), ("4", "5", "merge"), ("5", "1", "again")])
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=6))
def test_every_event_belongs_to_one_living_record(steps: list[tuple[str, str, str]]) -> None:
    """However ids merge, live again and merge once more, the living are scored once and no event counts twice."""
    with tempfile.TemporaryDirectory() as folder:
        empty_database(Path(folder), "4711")
        store, world = Store.open(Path(folder), "4711"), Model()
        for day, step in enumerate([("1", "1", "merge"), *steps]):
            world.step(*step)
            at = NOON + day * DAY
            rows = [contact(each, at, hs_merged_object_ids=";".join(old) or None) for each, old in world.lists.items()]
            pull(store, *rows, events=[event("contacts", each, each) for each in IDS] if day == 0 else [], at=at)
            with store.write() as writer:
                writer.archive_missing("contacts", at, at)
                writer.save_merges("contacts", NOON - DAY, at)
                writer.take_leave("contacts", at, at)
            query = "SELECT record_id, 0 FROM records_contacts UNION ALL SELECT record_id, 1 FROM events_contacts"
            found = scratch(store, query, at)
            living = [record_id for record_id, is_event in found if not is_event]
            owned = Counter(record_id for record_id, is_event in found if is_event)

            assert sorted(living) == sorted(world.lists)
            assert owned == Counter(world.owner.values())
