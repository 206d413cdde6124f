"""What moves while it is read, what HubSpot does not say at once, and what comes late: all of it arrives, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from thread_given import Thread, Waits
from thread_prepared import Prepared
from thread_small import LEADS_ALONE, At, small_thread, write_config, write_portal

from hubsync.emulator import EmulatorServer, Options
from hubsync.emulator.faults import Fault
from hubsync.pull import stage
from hubsync.pull.sources.records import Asked, RecordStream
from hubsync.workspace import Workspace

MANY = 12_000
LISTING = "/crm/objects/2026-09/contacts"
SEARCH = f"{LISTING}/search"


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages of contacts."""
    return write_portal(tmp_path_factory.mktemp("portal") / "csv", contacts=220, companies=4)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory, csv: Path) -> Prepared:
    """That portal, without limits, after its first pull."""
    with small_thread(tmp_path_factory.mktemp("pulled"), csv, plan="off") as made:
        pull(made)
        return Prepared.of(made)


@pytest.fixture
def thread(tmp_path: Path, pulled: Prepared) -> Iterator[Thread]:
    """The same portal."""
    with pulled.thread(tmp_path) as made:
        yield made


@contextmanager
def opened(thread: Thread) -> Iterator[Workspace]:
    """What a run opens; no pause takes any time."""
    with Workspace.open(thread.settings, catalog=thread.catalog) as workspace:
        yield Waits().workspace(workspace)


def pull(thread: Thread, **later: float) -> None:
    """Pull so much later, as a run does."""
    portal = thread.server.portal
    with portal.lock:
        portal.now += timedelta(**(later or {"seconds": 2}))
    with opened(thread) as workspace:
        result = stage.pull(
            workspace.client, workspace.store, workspace.catalog, workspace.present, workspace.account.portal_id,
            currency=workspace.account.currency, secret=workspace.settings.named,
        )  # fmt: skip
    assert not result.held


def rows(thread: Thread, query: str) -> list[tuple[Any, ...]]:
    with thread.store.read() as reader:
        return reader._all(query)


def change(thread: Thread, *ids: str, tries: str) -> None:
    portal = thread.server.portal
    with portal.lock:
        at = portal.now
        for record_id in ids:
            portal.set("contacts", record_id, {"tries": tries}, at=at)


def tries(thread: Thread, *ids: str) -> list[str | None]:
    """What is stored; whatever changed has one version for each value."""
    found = dict(rows(thread, "SELECT record_id, properties->>'tries' FROM portal.record WHERE object = 'contacts'"))
    twice = rows(
        thread,
        "SELECT record_id FROM portal.version WHERE property = 'tries' GROUP BY record_id"
        " HAVING count(*) > count(DISTINCT value)",
    )
    assert not twice
    return [found.get(record_id) for record_id in ids]


def in_the_middle(thread: Thread, number: int, path: str, act: Any) -> None:
    """Do something when the n-th page of the next pull is asked for."""

    def at_once() -> Fault | None:
        act()
        return None

    thread.server.hub.faults = At(number, at_once, path)


def test_twelve_thousand_with_one_modified_time(tmp_path: Path) -> None:
    """A bulk change of more than search shows arrives whole, listed or searched, each record once."""
    csv = write_portal(tmp_path / "csv", contacts=1, companies=1)
    with small_thread(tmp_path, csv, LEADS_ALONE, plan="off") as thread:
        portal = thread.server.portal
        with portal.lock:
            made = [portal.put("contacts", {"tries": "1"}, at=portal.now) for _ in range(MANY)]
        pull(thread)
        change(thread, *made, tries="12")
        pull(thread, minutes=30)
        counted = rows(
            thread,
            "SELECT count(*), count(DISTINCT record_id) FROM portal.record WHERE properties->>'tries' = '12'",
        )
        versions = rows(thread, "SELECT count(*) FROM portal.version WHERE property = 'tries' AND value = '12'")
        with opened(thread) as workspace:
            stream = RecordStream(
                "contacts", Asked(frozenset({"tries"}), frozenset()), workspace.client, workspace.catalog.main,
                workspace.present, lambda _object, _ids: {}, before=1_000_000,
                position={"properties": ["tries"], "full_at": workspace.present.now.isoformat(),
                          "watermark": (workspace.present.now - timedelta(hours=2)).isoformat()},
            )  # fmt: skip
            searched = [row.record_id for batch in stream.batches() for row in batch.records]

    assert counted == [(MANY, MANY)]
    assert versions == [(MANY,)]
    assert not stream.listed
    assert len(searched) == len(set(searched))
    assert set(made) <= set(searched)


def test_changes_while_a_listing_goes_on(tmp_path: Path, csv: Path) -> None:
    """What changes, comes or goes behind or before the page being read is right after the next pull."""
    with small_thread(tmp_path, csv, LEADS_ALONE, plan="off") as thread:
        portal, new = thread.server.portal, list[str]()

        def act() -> None:
            change(thread, "1000", "1150", "1219", tries="16")
            with portal.lock:
                new.append(portal.put("contacts", {"tries": "3"}, at=portal.now))
                portal.archive("contacts", "1001", portal.now)
                portal.archive("contacts", "1210", portal.now)

        in_the_middle(thread, 2, LISTING, act)
        pull(thread)
        pull(thread, hours=1)
        assert tries(thread, "1000", "1150", "1219", *new) == ["16", "16", "16", "3"]
        pull(thread, days=1)
        alive = {i for (i,) in rows(thread, "SELECT record_id FROM portal.record WHERE archived_at IS NULL")}

    assert not alive & {"1001", "1210"}
    assert {new[0], "1002", "1211"} <= alive


def test_changes_while_a_search_goes_on(thread: Thread) -> None:
    """A record that changes behind or before the page being searched is right after the next pull."""
    ids = [str(1000 + n) for n in range(210)]
    change(thread, *ids, tries="12")
    in_the_middle(thread, 2, SEARCH, lambda: change(thread, "1000", "1209", tries="16"))
    pull(thread, minutes=2)
    pull(thread, hours=1)

    assert tries(thread, *ids) == ["16", *["12"] * 208, "16"]


def test_an_association_alone(thread: Thread) -> None:
    """An association that comes or goes by itself moves no date: the next reconcile finds both."""
    portal = thread.server.portal
    alive = (
        "SELECT DISTINCT to_id FROM portal.association"
        " WHERE from_object = 'contacts' AND from_id = '{}' AND until IS NULL"
    )
    with portal.lock:
        portal.dissociate("contacts", "1000", "companies", "500", at=portal.now)
        portal.dissociate("contacts", "1001", "companies", "501", at=portal.now)
        portal.associate("contacts", "1001", "companies", "502", at=portal.now)
    pull(thread, hours=1)
    assert rows(thread, alive.format("1000")) == [("500",)]
    pull(thread, days=1)

    assert rows(thread, alive.format("1000")) == []
    assert {to for (to,) in rows(thread, alive.format("1001"))} == {"502"}


def test_a_search_that_lags(tmp_path: Path, csv: Path) -> None:
    """What search does not show for ten minutes, longer than the overlap, comes by the next reconcile, once."""
    write_config(tmp_path / "config", LEADS_ALONE)
    with EmulatorServer(Options(port=0, load=csv, plan="off", search_lag_ms=600_000)) as server:
        thread = Thread(tmp_path, server)
        pull(thread)
        change(thread, "1000", tries="16")
        with server.portal.lock:
            new = server.portal.put("contacts", {"tries": "4"}, at=server.portal.now)
        pull(thread, minutes=6)
        assert tries(thread, "1000", new) == ["0", None]
        pull(thread, days=1)
        pull(thread)

        assert tries(thread, "1000", new) == ["16", "4"]


def test_events_that_arrive_late(thread: Thread) -> None:
    """Events of days ago that reach HubSpot now are there after the next reconcile, and only once."""
    portal = thread.server.portal
    count = "SELECT count(*) FROM portal.event WHERE kind = 'login'"
    ((before,),) = rows(thread, count)
    pull(thread, hours=1)
    with portal.lock:
        for days in (0, 1, 3, 5):
            portal.occur(f"pe{portal.portal_id}_login", "contacts", "1001", portal.now - timedelta(days=days), {})
    pull(thread, hours=1)
    pull(thread, days=1)
    assert rows(thread, count) == [(before + 4,)]
    pull(thread, days=1)

    assert rows(thread, count) == [(before + 4,)]


def test_events_before_their_contact(tmp_path: Path, csv: Path) -> None:
    """Events under an email that nobody has yet reach the contact once it exists, and count from then on."""
    source = '{from: occurrences, event_type: "pe{portal}_login"}'
    table = "{from: tables, file: logins.csv, subject: {email: email}, time: at}"
    with small_thread(tmp_path, csv, ("events.yaml", source, table), LEADS_ALONE, plan="off") as thread:
        (thread.config / "logins.csv").write_text("email,at\nNew@x1.example,2026-09-20T08:00:00Z\n")
        pull(thread)
        portal = thread.server.portal
        with portal.lock:
            new = portal.put("contacts", {"email": "new@x1.example"}, at=portal.now)
        thread.later()
        thread.run("plan")
        with thread.scored() as (scratch, scores):
            relation = next(model.relation for model in scores.models if model.name == "interest")
            query = f"SELECT record_id, score FROM \"{relation}\" WHERE record_id = '{new}'"
            assert scratch.execute(query) == [(new, 30)]
            assert scratch.execute("SELECT record_id FROM events_contacts") == [(new,)]
