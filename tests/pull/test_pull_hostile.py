"""Sources that refuse a page for ever, lose a form, change what they count, or are locked: no loop, nothing twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from marketing_given import (
    FORMS,
    MARKETING,
    SITE,
    contact_of,
    counted,
    join,
    ms,
    new_form,
    new_list,
    now,
    send_in,
    send_in_many,
    status,
)
from pull_bench import OBJECTS, Bench, bench
from source_given import CLICKS, make_property, portal_with
from test_pull_sql import ADA, BEN, SOURCE, VARIABLE, database, pay

from hubsync.catalog import load
from hubsync.crm.paging import RowPage
from hubsync.emulator.email_events import CLICK
from hubsync.errors import InputError, RefusedError, RemoteError, UnreachableError
from hubsync.pull.flow import Flow
from hubsync.pull.sources.streams import walk
from hubsync.types import Batch

ANN = "ann@acme.example"
SUBMISSIONS = "/form-integrations/v1/submissions/forms"
MEMBERS = "/crm/lists/2026-09/.*/memberships"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Bench]:
    """A portal with the contact Ann, whose events are emails, forms and lists."""
    with bench(tmp_path / "data", load(MARKETING), empty=True) as made:
        made.create("contacts", {"email": ANN})
        yield made


def asked(pages: dict[str | None, str | None], *, refused: str | None = None, status: int = 400) -> tuple[
    Callable[[str | None], RowPage[str]], list[str | None]
]:  # fmt: skip
    """Pages by their cursors, of which one may be refused; and the cursors that were asked for."""
    cursors: list[str | None] = []

    def fetch(after: str | None) -> RowPage[str]:
        cursors.append(after)
        if after is not None and after == refused:
            raise RefusedError("no such page", status=status)
        return RowPage([after or "first"], pages[after])

    return fetch, cursors


def test_a_forgotten_page_is_begun_anew_once() -> None:
    """The page at which the last pull broke off may be forgotten; when it is refused again on the way, that is told."""
    fetch, cursors = asked({None: "b", "b": "c", "c": None}, refused="c")
    with pytest.raises(RefusedError):
        list(walk(fetch, "c"))
    assert cursors == ["c", None, "b", "c"]
    fetch, cursors = asked({None: "b", "b": None}, refused="old")
    assert [row for page in walk(fetch, "old") for row in page.rows] == ["first", "b"]
    fetch, cursors = asked({None: None}, refused="old", status=404)
    with pytest.raises(RefusedError):
        list(walk(fetch, "old", gone=(404,)))
    assert cursors == ["old"]


def test_pages_that_go_round_end() -> None:
    """Cursors that point back, further than one page, end the reading with an error."""
    fetch, cursors = asked({None: "b", "b": "c", "c": "b"})
    with pytest.raises(RemoteError, match="round in a circle"):
        list(walk(fetch, None))
    assert cursors == [None, "b", "c"]


@pytest.mark.parametrize("path", [SUBMISSIONS, MEMBERS, "/email/public/v1/events"])
def test_a_page_that_is_always_refused_ends_the_pull(desk: Bench, path: str) -> None:
    """When only first pages are answered, the pull ends with HubSpot's refusal, not in a loop."""
    send_in_many(desk, new_form(desk, "Contact us"), ANN, 60)
    join(desk, new_list(desk), *desk.create_contacts(110))
    clicked(desk, 1_010)
    desk.steer("clock", minutes=30)
    # Today's mails come as the sixth day; of forms and lists the second call is the second page.
    first = 6 if path.startswith("/email") else 1
    faults = [
        {"path": path, "method": "GET", "status": 400, "after": first + 2 * each, "times": 1} for each in range(20)
    ]
    desk.steer("faults", faults=faults)

    with pytest.raises(RefusedError):
        desk.pull()

    parts = {SUBMISSIONS: SUBMISSIONS, MEMBERS: "/memberships/join-order"}
    assert desk.calls_to(parts.get(path, path)) == first + 1


def clicked(desk: Bench, times: int) -> None:
    """Clicks of Ann, all in one moment."""
    contact, at, emails = contact_of(desk, ANN), ms(now(desk)), desk.server.portal.tools.emails
    with desk.server.portal.lock:
        for _ in range(times):
            emails.note(at, CLICK, contact, ANN, at - 3_600_000, f"{SITE}/demo")


def test_a_form_that_is_gone_hides_no_other(desk: Bench) -> None:
    """A form whose submissions are not found is left out; what is sent in later with it, when it is back, is found."""
    guid = new_form(desk, "Contact us")
    send_in(desk, guid, ANN)
    desk.steer("clock", minutes=30)
    desk.fault(SUBMISSIONS, method="GET", status=404, times=2)
    assert status(desk.pull())[FORMS] == "active"
    late = "SELECT position->>'late' FROM portal.cursor WHERE stream = ?"
    assert desk.sql(late, FORMS) == [(desk.last.now.isoformat(),)], "all the others were read"
    desk.pull()
    assert desk.sql("SELECT count(*) FROM portal.event WHERE source = ?", FORMS) == [(1,)]


@pytest.mark.parametrize("seed", ["", ", seed: true"])
def test_a_counter_of_another_property(tmp_path: Path, seed: str) -> None:
    """When a source counts by another property, what it had counted by the old one goes, also from a seed."""
    counter = "{from: counters, count: %s, last: closedate" + seed + "}"
    with portal_with(tmp_path, CLICKS, counter % "visits") as portal:
        words = portal.catalog.folder / "portal.yaml"
        words.write_text(words.read_text().replace("visits: number", "visits: number, likes: number"))
        make_property(portal, "visits")
        make_property(portal, "likes")
        (one,) = portal.create_contacts(1)
        portal.change("contacts", one, visits="9", closedate="2026-09-01")
        portal.pull()
        portal.steer("clock", minutes=1)
        portal.change("contacts", one, visits="12", likes="2")
        portal.pull()
        events = portal.catalog.folder / "events.yaml"
        events.write_text(events.read_text().replace("count: visits", "count: likes"))
        portal.catalog = load(portal.catalog.folder)
        portal.pull()
        portal.steer("clock", minutes=1)
        portal.change("contacts", one, likes="5")
        portal.pull()
        assert portal.sql("SELECT sum(times)::INTEGER FROM portal.event") == [(1 + 3,)]


def test_history_handed_on_by_a_merge_counts_once(tmp_path: Path) -> None:
    """A record into which others were merged has HubSpot's copy of their past: it counts once."""
    with portal_with(
        tmp_path, CLICKS, "{from: history, object: contacts, property: jobtitle, when: changes}"
    ) as portal:
        one, two = portal.create_contacts(2)
        for title in ("clerk", "chief"):
            portal.steer("clock", minutes=1)
            portal.change("contacts", one, jobtitle=title)
            portal.change("contacts", two, jobtitle=title)
        portal.pull()
        body = {"primaryObjectId": one, "objectIdToMerge": two}
        survivor = portal.call("POST", f"{OBJECTS}/contacts/merge", body)["id"]
        portal.steer("clock", minutes=1)
        portal.change("contacts", survivor, jobtitle="owner")
        portal.pull()
        portal.pull(full=True)
        assert counted(portal, "email_click/history") == [(survivor, 3)]


def test_a_locked_database_holds_its_models(tmp_path: Path) -> None:
    """A database that another program keeps to itself ends no run: what worked before is held until it is back."""
    with database(tmp_path, SOURCE + "}") as (portal, link):
        pay(link, ADA)
        portal.pull()
        portal.secrets = {VARIABLE: portal.secrets[VARIABLE] + "?timeout=0.01"}
        link.execute("BEGIN EXCLUSIVE")
        locked = portal.pull()
        link.execute("ROLLBACK")
        back = portal.pull()
    assert status(locked)["email_click/sql"] == "failed"
    assert "is locked or went away" in locked.held["engagement"]
    assert (status(back)["email_click/sql"], back.held) == ("active", {})


@dataclass
class Leaving:
    """A stream that loses its database after a piece."""

    name: str = "x/sql"
    total: int | None = None

    def batches(self) -> Iterator[Batch]:
        yield Batch(self.name)
        raise UnreachableError("the database went away")

    def finish(self, writer: object) -> None:
        raise AssertionError("it has not come to its end")


def test_a_database_that_goes_away_ends_its_stream_alone() -> None:
    """When the database breaks off in the middle, its stream is told to have failed, and the pull goes on."""
    flow = Flow([Leaving()], lambda _batches, _ended: None)
    flow.run()
    assert [str(error) for error in flow.forbidden.values()] == ["the database went away"]


def test_text_of_another_encoding_hides_no_row(tmp_path: Path) -> None:
    """Bytes that are no text, dates that are none and times out of reach are one row each; the others are events."""
    with database(tmp_path, SOURCE + "}") as (portal, link):
        pay(
            link,
            ADA,
            (2, b"\xff\xfe", "2026-02-30", 1, None, None),
            (3, "x@y.example", float("inf"), "NaN", None, None),
        )
        link.execute("INSERT INTO payments VALUES (8, CAST(x'fffe41' AS TEXT), '2026-09-01', 1, NULL, NULL)")
        result = portal.pull()
        assert result.unreadable == {"email_click/sql": 2}
        assert portal.sql("SELECT count(*) FROM portal.event") == [(2,)]


@pytest.mark.parametrize("address", ["{}?timeout=abc", "postgresql+psycopg://bob:pw-secret@h:x/db"])
def test_what_a_driver_does_not_understand_is_told(tmp_path: Path, address: str) -> None:
    """A setting or port that makes no sense is a mistake of the address, told without showing it."""
    with database(tmp_path, SOURCE + "}") as (portal, _):
        portal.secrets = {VARIABLE: address.format(portal.secrets[VARIABLE])}
        with pytest.raises(InputError, match=VARIABLE) as caught:
            portal.pull()
    assert "pw-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "query", ["SELECT * FROM payments; DELETE FROM payments", "SELECT * FROM payments) x; DELETE FROM payments; --"]
)
def test_a_query_of_two_statements_is_refused(tmp_path: Path, query: str) -> None:
    """A query with a second statement ends the run, and nothing of it is done."""
    with database(tmp_path, SOURCE.replace("table: payments", f'query: "{query}"') + "}") as (portal, link):
        pay(link, ADA, BEN)
        with pytest.raises(InputError, match="can't be read"):
            portal.pull()
        assert rows_in(link) == 2


def rows_in(link: sqlite3.Connection) -> int:
    (count,) = link.execute("SELECT count(*) FROM payments").fetchone()
    return int(count)
