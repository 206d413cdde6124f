"""The rows of an SQL database as events: all of them, or from the cursor on; and what a database may do wrong."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pull_bench import SMALL, Bench, bench

from hubsync.catalog import load
from hubsync.errors import InputError
from hubsync.pull.sources import databases
from hubsync.settings import Settings

VARIABLE = "HUBSYNC_SQL_BILLING_URL"
SOURCE = (
    f"{{from: sql, url_env: {VARIABLE}, table: payments, subject: {{email: payer}}, time: paid_at, value: amount,"
    " currency: code, attributes: {product: product}"
)
EVENTS = (
    "SELECT subject, occurred_at::VARCHAR, value::VARCHAR, currency, attributes->>'product' FROM portal.event"
    " ORDER BY occurred_at, subject, value"
)


@contextmanager
def database(tmp_path: Path, source: str) -> Iterator[tuple[Bench, sqlite3.Connection]]:
    """A portal without a record whose `email_click` comes from a table of payments, and that database."""
    config = tmp_path / "config"
    shutil.copytree(SMALL, config)
    counter = "{from: counters, count: hs_email_click, last: hs_email_last_click_date}"
    events = config / "events.yaml"
    events.write_text(events.read_text().replace(f"[{counter}]", f"\n    - {source}\n    - {counter}"))
    file = tmp_path / "billing.db"
    with sqlite3.connect(file, isolation_level=None) as link:
        link.execute("CREATE TABLE payments (no INTEGER, payer, paid_at, amount, code, product)")
        with bench(tmp_path / "data", load(config), empty=True) as portal:
            portal.secrets = {VARIABLE: f"sqlite:///{file}"}
            yield portal, link
    link.close()


def pay(link: sqlite3.Connection, *rows: tuple[Any, ...]) -> None:
    link.executemany("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)", rows)


ADA = (1, " Ada@X.example ", "2026-09-01T10:00:00+02:00", "10.50", None, "seats")
BEN = (2, "ben@x.example", "2026-09-02", 20, "usd", None)
EVE = (3, "eve@x.example", "1788307200000", 30.25, "EUR", "seats")


def test_all_rows_are_the_events(tmp_path: Path) -> None:
    """Without a cursor the events are the rows: what is added, changed or gone is so too; a row twice counts twice."""
    with database(tmp_path, SOURCE + "}") as (portal, link):
        pay(link, ADA, BEN, EVE, EVE)
        assert portal.pull().feeds.active["email_click"] == "email_click/sql"
        first = portal.sql(EVENTS)
        link.execute("UPDATE payments SET amount = 21 WHERE no = 2")
        link.execute("DELETE FROM payments WHERE no = 1")
        portal.pull()
        second = portal.sql(EVENTS)
        known = portal.sql("SELECT count(DISTINCT known_at) FROM portal.event")
    assert first == [
        ("ada@x.example", "2026-09-01 08:00:00", "10.500000", None, "seats"),
        ("ben@x.example", "2026-09-02 00:00:00", "20.000000", None, None),
        ("eve@x.example", "2026-09-02 00:00:00", None, "EUR", "seats"),
        ("eve@x.example", "2026-09-02 00:00:00", None, "EUR", "seats"),
    ]
    assert second == [("ben@x.example", "2026-09-02 00:00:00", "21.000000", None, None), *first[2:]]
    assert known == [(2,)]


def test_a_cursor_reads_what_is_new(tmp_path: Path) -> None:
    """With a cursor only rows from its last value on are read, each is there once, also of several at that value."""
    with database(tmp_path, SOURCE + ", cursor: paid_at}") as (portal, link):
        pay(link, ADA, BEN, BEN)
        portal.pull()
        pay(link, (4, "late@x.example", BEN[2], 5, None, None), BEN)
        pay(link, (5, "past@x.example", "2026-08-01", 5, None, None))
        link.execute("DELETE FROM payments WHERE no = 1")
        portal.pull()
        subjects = [row[0] for row in portal.sql(EVENTS)]
        portal.pull(full=True)
        after_full = [row[0] for row in portal.sql(EVENTS)]
    assert subjects == ["ada@x.example", "ben@x.example", "ben@x.example", "ben@x.example", "late@x.example"]
    assert after_full == ["past@x.example", "ben@x.example", "ben@x.example", "ben@x.example", "late@x.example"]


def test_an_id_tells_rows_apart(tmp_path: Path) -> None:
    """A row that comes again with another content is the same event; two rows with one id are one, and counted."""
    with database(tmp_path, SOURCE + ", cursor: paid_at, id: no}") as (portal, link):
        pay(link, ADA, BEN, (2, "ben@x.example", "2026-09-03", 25, None, None))
        first = portal.pull().unreadable
        before = portal.sql(EVENTS)
        link.execute("UPDATE payments SET paid_at = '2026-09-10', amount = 11 WHERE no = 1")
        portal.pull()
        after = portal.sql(EVENTS)
    assert first == {"email_click/sql": 1}
    assert [row[:3] for row in before] == [
        ("ada@x.example", "2026-09-01 08:00:00", "10.500000"), ("ben@x.example", "2026-09-03 00:00:00", "25.000000"),
    ]  # fmt: skip
    assert [row[:3] for row in after] == [
        ("ben@x.example", "2026-09-03 00:00:00", "25.000000"), ("ada@x.example", "2026-09-10 00:00:00", "11.000000"),
    ]  # fmt: skip


def test_rows_that_are_no_events_are_counted(tmp_path: Path) -> None:
    """A row without a readable time or subject is counted, once however often it is read; without a cursor's too."""
    with database(tmp_path, SOURCE + ", cursor: no}") as (portal, link):
        pay(link, ADA, (2, "", "2026-09-02", 1, None, None), (None, "x@x.example", "2026-09-02", 1, None, None))
        pay(link, (3, "x@x.example", "soon", 1, None, None))
        counts = [portal.pull().unreadable, portal.pull().unreadable]
        pay(link, (4, None, "2026-09-02", 1, None, None))
        counts.append(portal.pull().unreadable)
        assert len(portal.sql(EVENTS)) == 2
    assert counts == [{"email_click/sql": 2}, {"email_click/sql": 2}, {"email_click/sql": 3}]


def test_a_wrong_clock_hides_nothing(tmp_path: Path) -> None:
    """A row dated in the future does not move the cursor: rows that come after it, with true times, are read."""
    with database(tmp_path, SOURCE + ", cursor: paid_at}") as (portal, link):
        pay(link, ADA, (9, "far@x.example", "2098-01-01", 1, None, None))
        portal.pull()
        pay(link, BEN)
        portal.pull()
        assert [row[0] for row in portal.sql(EVENTS)] == ["ada@x.example", "ben@x.example", "far@x.example"]


def test_a_query_with_colons_and_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query is read like a table, colons and all, in pieces of which one is in memory at a time."""
    query = "SELECT *, '12:30 :x' AS note FROM payments WHERE amount <> 'a:b';"
    source = SOURCE.replace("table: payments", f'query: "{query}"').replace("product: product", "product: note")
    monkeypatch.setattr(databases, "PIECE", 3)
    with database(tmp_path, source + ", cursor: no}") as (portal, link):
        pay(link, *[(n, f"p{n}@x.example", "2026-09-01", n, None, None) for n in range(10)])
        portal.pull()
        assert [row[4] for row in portal.sql(EVENTS)] == ["12:30 :x"] * 10


def test_reading_that_breaks_off_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database fails in the middle, the events are those of before, and the next pull has them all."""
    monkeypatch.setattr(databases, "PIECE", 3)
    source = SOURCE.replace("table: payments", 'query: "SELECT *, json(code) AS checked FROM payments"')
    with database(tmp_path, source.replace("product: product", "product: checked") + "}") as (portal, link):
        pay(link, ADA)
        portal.pull()
        pay(link, *[(*BEN[:4], None, None)] * 20, EVE)
        with pytest.raises(InputError, match="The query of HUBSYNC_SQL_BILLING_URL can't be read: malformed JSON"):
            portal.pull()
        kept = portal.sql("SELECT count(*) FROM portal.event WHERE source = 'email_click/sql'")
        link.execute("DELETE FROM payments WHERE no = 3")
        portal.pull()
        assert (kept, portal.sql("SELECT count(*), count(DISTINCT source) FROM portal.event")) == ([(1,)], [(21, 1)])


def test_a_database_is_never_written_to(tmp_path: Path) -> None:
    """What a query would write is refused by the database itself."""
    with database(tmp_path, SOURCE + "}") as (portal, _):
        source = portal.catalog.events["email_click"].sources[0]
        opened = databases.Database(source, portal.secrets[VARIABLE]).open()  # type: ignore[arg-type]
        with opened as link, pytest.raises(Exception, match="readonly"):
            link._connection.exec_driver_sql("DELETE FROM payments")


@pytest.mark.parametrize(
    ("address", "old", "new", "message"),
    [
        ("no address", "", "", "HUBSYNC_SQL_BILLING_URL is no address of a database; write it like postgresql"),
        ("nosuch://u:pw-secret@h/x", "", "", "begins with 'nosuch', which is no database that SQLAlchemy knows"),
        ("postgresql+psycopg://u:pw-secret@h/x", "", "", "is not installed: pip install psycopg"),
        (None, "table: payments", "table: invoices", "The table invoices of .* can't be read: no such table"),
        (None, "value: amount", "value: price", "The table payments of .* has no column price; its columns are no,"),
        (None, "table: payments", "query: SELECT 1 FRM x", "The query of .* can't be read: .*syntax error"),
    ],
)
def test_what_has_to_be_mended_is_one_sentence(
    tmp_path: Path, address: str | None, old: str, new: str, message: str
) -> None:
    """A wrong address, a missing driver, table or column, or a broken query ends the pull and says so; no secret."""
    with database(tmp_path, SOURCE.replace(old, new) + "}") as (portal, _):
        if address:
            portal.secrets = {VARIABLE: address}
        with pytest.raises(InputError) as raised:
            portal.pull()
    assert re.search(message, str(raised.value)), raised.value
    assert "pw-secret" not in str(raised.value)
    assert raised.value.__cause__ is None and (raised.value.__suppress_context__ or raised.value.__context__ is None)


def test_a_database_that_is_away_is_replaced_or_holds(tmp_path: Path) -> None:
    """One that was never reached is replaced by the next source; one that was and is not any more holds its models."""
    with database(tmp_path, SOURCE + "}") as (portal, link):
        there, portal.secrets = portal.secrets, {}
        never = portal.pull()
        portal.secrets = {VARIABLE: there[VARIABLE] + "x"}
        wrong = portal.pull()
        portal.secrets = there
        pay(link, ADA)
        portal.pull()
        portal.secrets = {VARIABLE: there[VARIABLE] + "x"}
        gone = portal.pull()
    results = never, wrong, gone
    reports = [next(each for each in result.sources if each.source == "email_click/sql") for result in results]
    assert [each.status for each in reports] == ["unavailable", "unavailable", "failed"]
    assert never.feeds.active["email_click"] == wrong.feeds.active["email_click"] == "email_click/counters"
    assert reports[0].reason == "HUBSYNC_SQL_BILLING_URL is not set"
    assert reports[1].reason == "there is no database file where HUBSYNC_SQL_BILLING_URL says"
    assert "engagement" in gone.held and "worked before and fails now" in gone.held["engagement"]
    assert not (tmp_path / "billing.dbx").exists()


def test_an_unreachable_server_is_named_without_its_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is told by the name of the variable; user, host and password are not."""
    import sqlalchemy as sa

    def refuse(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("connect", {}, Exception("user bob pw-secret host db.example"))

    with database(tmp_path, SOURCE + "}") as (portal, _):
        monkeypatch.setattr(sa.Engine, "connect", refuse)
        reason = next(each.reason for each in portal.pull().sources if each.source == "email_click/sql")
    assert reason == "the database of HUBSYNC_SQL_BILLING_URL can't be reached or refuses the login (Exception)"
    source = portal.catalog.events["email_click"].sources[0]
    assert "pw-secret" not in repr(databases.Database(source, "x://u:pw-secret@h"))  # type: ignore[arg-type]


def test_the_variable_of_a_named_portal_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database's address comes from the environment or .env; a named portal's from its folder or under its name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"{VARIABLE}=from-file\n")
    folder = tmp_path / "portals" / "acme"
    folder.mkdir(parents=True)
    found = [Settings().named(VARIABLE), Settings.of("acme").named(VARIABLE)]
    monkeypatch.setenv(VARIABLE, "from-environment")
    found += [Settings().named(VARIABLE), Settings.of("acme").named(VARIABLE)]
    (folder / ".env").write_text(f"{VARIABLE}=of-acme\n")
    found.append(Settings.of("acme").named(VARIABLE))
    monkeypatch.setenv(f"ACME_{VARIABLE}", "of-acme-too")
    found.append(Settings.of("acme").named(VARIABLE))
    assert found == ["from-file", "", "from-environment", "", "of-acme", "of-acme-too"]
    assert Settings.only({}).named(VARIABLE) == ""
