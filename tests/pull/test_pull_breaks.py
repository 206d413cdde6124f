"""Pulls that end at a page or inside a commit, as by a kill: the next one loses nothing and counts nothing twice."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pull_bench import Bench
from source_given import make_property
from test_pull_sql import SOURCE, database, pay

from hubsync.catalog import load
from hubsync.pull.sources import databases

KINDS = """\
page_view:
  label: came
  sources: [{from: counters, count: visits, last: closedate, seed: true}]
ticket_closed:
  label: got another title
  sources: [{from: history, object: contacts, property: jobtitle, when: changes}]
"""


class Broken(BaseException):
    """Here the process is gone."""


@dataclass
class Cut:
    """Ends a pull just before or after its n-th commit, never when n is 0."""

    number: int = 0
    committed: bool = False
    seen: int = 0

    def commit(self, real: Callable[[], object]) -> None:
        self.seen += 1
        if self.seen == self.number and not self.committed:
            raise Broken
        real()
        if self.seen == self.number:
            raise Broken


class Connection:
    """The engine's connection, whose commits are cut."""

    def __init__(self, real: Any, cuts: list[Cut]) -> None:
        self._real = real
        self._cuts = cuts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def cursor(self) -> Connection:
        return Connection(self._real.cursor(), self._cuts)

    def commit(self) -> None:
        self._cuts[-1].commit(self._real.commit)


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> list[Cut]:
    """The last of these cuts holds; each piece of a stream is a commit of its own."""
    made, connect = [Cut()], duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda *given, **named: Connection(connect(*given, **named), made))
    monkeypatch.setattr("hubsync.pull.flow.ROWS", 1)
    monkeypatch.setattr("hubsync.pull.sources.history.HISTORY_BATCH", 2)
    monkeypatch.setattr("hubsync.pull.sources.seeding.HISTORY_BATCH", 2)
    monkeypatch.setattr(databases, "PIECE", 10)
    return made


@dataclass
class World:
    """Contacts whose job titles change and who come again, and a table of payments: each step is an event of each."""

    portal: Bench
    link: sqlite3.Connection
    ids: list[str]
    steps: Tally[str] = field(default_factory=Tally)

    def move(self, record_id: str) -> None:
        """A contact gets another title and comes once more, and somebody pays."""
        self.steps[record_id] += 1
        visits, emulated = str(self.steps[record_id]), self.portal.server.portal
        with emulated.lock:
            now = emulated.now
            changed = {"jobtitle": f"title {visits}", "visits": visits, "closedate": now.isoformat()}
            emulated.set("contacts", record_id, changed, at=now)
        pay(self.link, (self.steps.total(), "p@x.example", now.isoformat(), 1, None, None))

    def counted(self) -> dict[str, int]:
        return dict(self.portal.sql("SELECT source, sum(times)::INTEGER FROM portal.event GROUP BY ALL"))


@pytest.fixture
def world(tmp_path: Path, cuts: list[Cut]) -> Iterator[World]:
    """A portal with some contacts, and an empty table."""
    with database(tmp_path, SOURCE + ", cursor: no}") as (portal, link):
        events = portal.catalog.folder / "events.yaml"
        text = re.sub(r"page_view:.*?(?=deal_won:)", KINDS, events.read_text(), flags=re.DOTALL)
        events.write_text(text)
        words = portal.catalog.folder / "portal.yaml"
        words.write_text(words.read_text().replace("decision_role: text", "decision_role: text, visits: number"))
        portal.catalog = load(portal.catalog.folder)
        make_property(portal, "visits")
        yield World(portal, link, portal.create_contacts(7))


def test_pulls_cut_off_at_any_commit_are_made_good(world: World, cuts: list[Cut]) -> None:
    """Cut off ever later, before or after a commit, while the world moves: in the end each event is there once."""
    for record_id in world.ids * 2:
        world.move(record_id)
    cut_off = True
    while cut_off:
        cuts.append(Cut(len(cuts), committed=len(cuts) % 2 == 0))
        world.move(world.ids[0])
        try:
            world.portal.pull()
        except Broken:
            staged = [source for source in world.counted() if "~" in source]
            assert len(staged) <= 1, "what broke off before is gone"
        else:
            cut_off = False

    assert len(cuts) > 8
    assert world.counted() == {
        "email_click/sql": world.steps.total(),
        "page_view/counters": world.steps.total(),
        "ticket_closed/history": world.steps.total() - len(world.ids),
    }
