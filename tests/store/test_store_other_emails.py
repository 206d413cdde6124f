"""Events by email find a contact under every email that it has or had, and are erased with it."""

from __future__ import annotations

from store_given import NOON, contact, event, pull, scratch, table

from hubsync.store import OTHER_EMAILS, Store

REACHED = "SELECT record_id, count(*) FROM events_contacts GROUP BY 1 ORDER BY 1"


def test_other_emails_of_a_contact(store: Store) -> None:
    """What happened under an additional email counts for the contact, once."""
    ann = contact("1", email="ann@acme.com", **{OTHER_EMAILS: "Old@acme.com; ann@home.com"})
    given = [event("email", f"{name}.com", name) for name in ("ann@acme", "old@acme", "ann@home", "bob@acme")]
    pull(store, ann, contact("2", email="bob@acme.com"), events=given)

    assert scratch(store, REACHED) == [("1", 3), ("2", 1)]


def test_events_under_other_emails_are_erased(store: Store) -> None:
    """Erasing a contact erases what it did under its other emails; none of it comes back."""
    ann = contact("1", email="ann@acme.com", **{OTHER_EMAILS: "old@acme.com"})
    given = [event("email", "ann@acme.com", "e1"), event("email", "old@acme.com", "e2")]
    pull(store, ann, events=given)

    with store.write() as writer:
        writer.erase("contacts", ["1"], at=NOON, reason="asked")
    pull(store, events=given)

    assert table(store, "SELECT count(*) FROM portal.event") == [(0,)]
