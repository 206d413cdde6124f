from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from store_given import DAY, NOON, asking, company, contact, event, link, pull, scratch, table

from hubsync.store import Store

MOVED = ("companies", "contacts")
EVENT = "SELECT source_id, occurred_at, value, known_at FROM portal.event ORDER BY source_id"


def reached(store: Store, *objects: str, **more: Any) -> list[list[tuple[str, int]]]:
    """How many events each record has, per object."""
    with asking(store, **more) as ask:
        return [ask(f"SELECT record_id, count(*) FROM events_{name} GROUP BY 1 ORDER BY 1") for name in objects]


def links_of(*rows: Any) -> dict[str, Any]:
    pairs = {(r.from_object, r.to_object) for r in rows}
    return {
        "associations": rows,
        "links": [(a, b, [r.from_id for r in rows if (r.from_object, r.to_object) == (a, b)]) for a, b in pairs],
    }


def test_an_event_comes_in_once(store: Store) -> None:
    """An event that was there keeps the time at which it became known; doubles in one batch are one."""
    pull(store, events=[event("contacts", "1"), event("contacts", "1"), event("contacts", "1", "e2")])
    pull(store, events=[event("contacts", "1")], at=NOON + DAY)
    assert [(row[0], row[3]) for row in table(store, EVENT)] == [("e1", NOON), ("e2", NOON)]


def test_replaced_events_are_compared(store: Store) -> None:
    """Of replaced subjects the equal events stay untouched, the changed are new, the others go."""
    mine = ("login/tables", "tickets", ["7"])
    same, old, gone = (event("tickets", "7", name, value=Decimal("1.5")) for name in ("same", "old", "gone"))
    other = event("tickets", "8", "other")
    pull(store, events=[same, old, gone, other], replaced=[(*mine[:2], ["7", "8"])])
    new = event("tickets", "7", "old", value=Decimal("2"))
    pull(store, events=[same, new], replaced=[mine], at=NOON + DAY)
    assert [(name, value, known) for name, _, value, known in table(store, EVENT)] == [
        ("old", Decimal(2), NOON + DAY),
        ("other", None, NOON),
        ("same", Decimal("1.5"), NOON),
    ]
    pull(store, replaced=[mine], at=NOON + DAY)
    assert [row[0] for row in table(store, EVENT)] == ["other"]


def test_a_value_beyond_the_column_is_unknown(store: Store) -> None:
    """A value that no DECIMAL(18,6) holds is kept as unknown and stops nothing."""
    pull(store, events=[event("contacts", "1", value=Decimal("1e30"))])
    assert [row[2] for row in table(store, EVENT)] == [None]


@pytest.mark.parametrize("shuffled", [False, True])
def test_events_find_their_records(store: Store, *, shuffled: bool) -> None:
    """Direct, by email, by domain and over associations, also when the event came before its record."""
    rows = [
        contact("1", email=" Ann@Acme.com "),
        contact("2", email="bob@acme.com"),
        company("10", domain="Acme.com"),
        company("11", domain="other.com"),
    ]
    linked = links_of(
        link("contacts", "1", "companies", "10", 1),
        link("contacts", "1", "companies", "11", 279),
        link("contacts", "2", "companies", "11", 279),
        link("tickets", "7", "contacts", "1", 16),
        link("tickets", "7", "companies", "10", 339),
    )
    given = [
        event("contacts", "1", "direct"),
        event("email", "ANN@acme.com ", "by email"),
        event("email", "nobody@acme.com", "nobody"),
        event("domain", "ACME.com", "by domain"),
        event("tickets", "7", "ticket"),
        event("contacts", "2", "second"),
        event("deals", "5", "deal"),
    ]
    steps = [{"records": rows, "linked": linked, "events": []}, {"records": [], "linked": {}, "events": given}]
    for step in reversed(steps) if shuffled else steps:
        pull(store, *step["records"], events=step["events"], **step["linked"])
    people, companies, deals = reached(store, "contacts", "companies", "deals")
    assert people == [("1", 3), ("2", 1)]
    assert companies == [("10", 4), ("11", 1)]
    assert deals == [("5", 1)]


def test_a_companys_events_do_not_reach_its_contacts_nor_a_contacts_its_deals(store: Store) -> None:
    """Events go up to the company only, and from a deal to its people."""
    pull(
        store,
        contact("1"),
        company("10"),
        events=[event("companies", "10", "c"), event("contacts", "1", "p"), event("deals", "5", "d")],
        **links_of(
            link("contacts", "1", "companies", "10", 1),
            link("contacts", "1", "deals", "5", 4),
            link("companies", "10", "deals", "5", 342),
        ),
    )
    assert reached(store, "contacts", "companies", "deals") == [[("1", 2)], [("10", 3)], [("5", 1)]]


def test_only_active_sources_and_what_was_known_by_then(store: Store) -> None:
    """Events of other sources, of the future, or known later are not there."""
    pull(
        store,
        contact("1"),
        events=[
            event("contacts", "1", "a"),
            event("contacts", "1", "b", source="other/objects"),
            event("contacts", "1", "c", occurred_at=NOON + DAY / 2),
        ],
    )
    pull(store, events=[event("contacts", "1", "d")], at=NOON + DAY)
    assert reached(store, "contacts") == [[("1", 1)]]
    assert reached(store, "contacts", at=NOON + DAY) == [[("1", 3)]]
    assert reached(store, "contacts", at=NOON + DAY, sources=[]) == [[]]


def test_association_since_and_until(store: Store) -> None:
    """The first look has no beginning; later ones begin and end when we saw it."""
    first = link("contacts", "1", "companies", "10", 279)
    second = link("contacts", "1", "companies", "11", 279)
    looks = [("contacts", "companies", ["1", "2"])]
    pull(store, associations=[first], links=looks)
    pull(store, associations=[first], links=looks, at=NOON + DAY)
    pull(
        store,
        associations=[second, link("contacts", "2", "companies", "11", 1)],
        links=looks,
        at=NOON + 2 * DAY,
    )
    columns = "from_id, to_id, since, until"
    assert table(store, f"SELECT {columns} FROM portal.association ORDER BY ALL") == [
        ("1", "10", None, NOON + 2 * DAY),
        ("1", "11", NOON + 2 * DAY, None),
        ("2", "11", NOON + 2 * DAY, None),
    ]
    links = "SELECT from_id, to_id, is_primary FROM links_contacts_companies ORDER BY ALL"
    assert scratch(store, links, NOON - DAY) == [("1", "10", True)]
    assert scratch(store, links, NOON + DAY) == [("1", "10", True)]
    assert scratch(store, links, NOON + 2 * DAY) == [("1", "11", True), ("2", "11", True)]
    pull(store, associations=[first], at=NOON + 3 * DAY)
    assert scratch(store, links, NOON + 3 * DAY)[:2] == [("1", "10", False), ("1", "11", False)]


def test_primary_is_seen_the_same_from_both_sides(store: Store) -> None:
    """HubSpot's primary type, or the only company; pulled from either side."""
    pull(
        store,
        **links_of(
            link("contacts", "1", "companies", "10", 1),
            link("contacts", "1", "companies", "10", 279),
            link("contacts", "1", "companies", "11", 279),
            link("contacts", "2", "companies", "11", 279),
            link("companies", "12", "contacts", "3", 280),
            link("companies", "13", "contacts", "3", 2),
        ),
    )
    expected = [("1", "10", True), ("1", "11", False), ("2", "11", True), ("3", "12", False), ("3", "13", True)]
    with asking(store) as ask:
        assert ask("SELECT * FROM links_contacts_companies ORDER BY ALL") == expected
        assert ask("SELECT to_id, from_id, is_primary FROM links_companies_contacts ORDER BY ALL") == expected


def test_facts_of_a_merged_record_belong_to_the_survivor(store: Store) -> None:
    """Events and associations keep the id they came with and are read under the new one, also over two merges."""
    pull(
        store,
        contact("1", email="a@b.c"),
        contact("2"),
        contact("3"),
        company("10"),
        events=[event("contacts", name, name) for name in "123"],
        **links_of(link("contacts", "1", "companies", "10", 1)),
    )
    with store.write() as writer:
        writer.save_identity("contacts", "1", "2", NOON + DAY, NOON + DAY)
        writer.save_identity("contacts", "2", "3", NOON + 2 * DAY, NOON + 2 * DAY)
    assert reached(store, "contacts") == [[("1", 1), ("2", 1), ("3", 1)]]
    assert reached(store, "contacts", at=NOON + DAY) == [[("2", 2), ("3", 1)]]
    assert reached(store, "contacts", "companies", at=NOON + 2 * DAY) == [[("3", 3)], [("10", 3)]]
    with asking(store, NOON + 2 * DAY) as ask:
        assert ask("SELECT from_id FROM links_contacts_companies") == [("3",)]
        assert ask("SELECT record_id FROM records_contacts") == [("3",)]
    with store.read() as reader:
        found = reader.find_record("contacts", "1")
        assert found is not None
        assert found.record_id == "3"


def test_the_moment_an_association_changed_is_told(store: Store) -> None:
    """At both ends when one comes or goes, and for what a new record brings; companies hear of their contacts' ones."""
    old = link("contacts", "1", "companies", "10", 1)
    pull(store, contact("1"), company("10"), company("11"), company("12"), **links_of(old))
    new = link("contacts", "2", "companies", "11", 1)
    pull(store, contact("2"), at=NOON + DAY, **links_of(new))
    pull(store, at=NOON + 2 * DAY, links=[("contacts", "companies", ["1"])])
    ticket = link("tickets", "7", "contacts", "2", 16)
    pull(store, at=NOON + 3 * DAY, **links_of(ticket))

    def told(days: int) -> list[tuple[Any, ...]]:
        with asking(store, NOON + days * DAY) as ask:
            found = [ask(f"SELECT record_id, moved_at FROM relinked_{name} ORDER BY 1") for name in MOVED]
        return [row for rows in found for row in rows]

    assert told(0) == []
    assert told(1) == [("11", NOON + DAY)]
    assert told(2) == [("10", NOON + 2 * DAY), ("11", NOON + DAY), ("1", NOON + 2 * DAY)]
    assert told(3)[1:] == [("11", NOON + 3 * DAY), ("1", NOON + 2 * DAY), ("2", NOON + 3 * DAY)]
