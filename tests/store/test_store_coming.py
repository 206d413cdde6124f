"""Events to come stand apart from what happened, and are known only from when they were learnt."""

from __future__ import annotations

from datetime import timedelta

from store_given import DAY, NOON, asking, contact, event, pull, scratch

from hubsync.store import Store


def test_events_to_come_stand_apart(store: Store) -> None:
    """What lies ahead is in the relation of coming events alone; what happened earlier today is in both."""
    times = {"past": NOON - DAY, "morning": NOON - timedelta(hours=3), "evening": NOON + timedelta(hours=3),
             "later": NOON + 40 * DAY}  # fmt: skip
    pull(store, contact("1"), events=[event("contacts", "1", name, occurred_at=at) for name, at in times.items()])
    happened = "SELECT count(*), max(occurred_at) FROM events_contacts"
    coming = "SELECT count(*), min(occurred_at), max(occurred_at) FROM coming_contacts"
    with asking(store) as ask:
        assert ask(happened) == [(2, times["morning"])]
        assert ask(coming) == [(3, times["morning"], times["later"])]
    assert scratch(store, coming, NOON + DAY) == [(1, times["later"], times["later"])]


def test_events_to_come_are_known_from_when_they_were_learnt(store: Store) -> None:
    """As of a day before an event was planned, nobody knew of it."""
    pull(store, contact("1"), events=[event("contacts", "1", occurred_at=NOON + 40 * DAY)], at=NOON + DAY)
    coming = "SELECT record_id FROM coming_contacts"
    assert scratch(store, coming) == []
    assert scratch(store, coming, NOON + DAY) == [("1",)]
