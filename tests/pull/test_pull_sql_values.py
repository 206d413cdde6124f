"""Values as the drivers of other databases give them: times with a zone, JSON, bytes, and what Python has not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pull_bench import Bench
from test_pull_sql import ADA, EVENTS, SOURCE, VARIABLE, database, pay

from hubsync.errors import InputError
from hubsync.pull.sources import databases, sql

COLUMNS = "no INTEGER, payer, paid_at {type}, amount, code, product"
AT = datetime(2026, 9, 1, 10, tzinfo=timezone(timedelta(hours=2)))


def converted(portal: Bench, link: sqlite3.Connection, type_: str, convert: Any) -> None:
    """The times of the table are of a type which the driver makes something of."""
    sqlite3.register_converter(type_, convert)
    link.execute("DROP TABLE payments")
    link.execute(f"CREATE TABLE payments ({COLUMNS.format(type=type_)})")
    portal.secrets = {VARIABLE: portal.secrets[VARIABLE] + f"?detect_types={sqlite3.PARSE_DECLTYPES}"}


@pytest.fixture
def _own_converters() -> Iterator[None]:
    known = dict(sqlite3.converters)
    yield
    sqlite3.converters.clear()
    sqlite3.converters.update(known)


@pytest.mark.usefixtures("_own_converters")
def test_a_cursor_keeps_the_zone_of_its_times(tmp_path: Path) -> None:
    """A database takes a time without a zone for one of its own zone: west of UTC, hours of rows would be passed by."""
    with database(tmp_path, SOURCE + ", cursor: paid_at}") as (portal, link):
        converted(portal, link, "timestamptz", lambda _raw: AT)
        pay(link, ADA)
        portal.pull()
        ((kept,),) = portal.sql("SELECT position->>'last' FROM portal.cursor WHERE stream = 'email_click/sql'")
        assert portal.sql(EVENTS)[0][:2] == ("ada@x.example", "2026-09-01 08:00:00")
    assert kept == f'["datetime","{AT.astimezone(UTC).isoformat()}"]'


@pytest.mark.usefixtures("_own_converters")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"plan": "pro", "seats": [1, None]}, '{"plan":"pro","seats":[1,null]}'),
        ([AT], '["2026-09-01T10:00:00+02:00"]'),
        (memoryview(b"\x01\xff"), "01ff"),
    ],
)
def test_what_is_no_text_is_an_attribute_all_the_same(tmp_path: Path, value: object, text: str) -> None:
    """JSON of PostgreSQL comes as objects and its bytes as views: their texts are the same in each pull."""
    source = SOURCE.replace("product: product", "product: paid_at").replace("time: paid_at", "time: product")
    with database(tmp_path, source + "}") as (portal, link):
        converted(portal, link, "thing", lambda _raw: value)
        pay(link, (*ADA[:5], "2026-09-01"))
        portal.pull()
        assert [row[4] for row in portal.sql(EVENTS)] == [text]


@pytest.mark.usefixtures("_own_converters")
def test_a_value_that_a_driver_can_not_make_is_told(tmp_path: Path) -> None:
    """Some drivers give up on a year before Christ with a plain error: that is one sentence too."""

    def fail(_raw: bytes) -> NoReturn:
        raise ValueError("year -4000 is out of range")

    with database(tmp_path, SOURCE + "}") as (portal, link):
        converted(portal, link, "old", fail)
        pay(link, ADA)
        with pytest.raises(
            InputError, match=r"The table payments of .* has a value that the driver can't read \(ValueError\)"
        ):
            portal.pull()


@pytest.mark.parametrize(
    ("early", "last", "late"),
    [
        (1.5, float("inf"), 2.5),
        ("2026-09-01", "9999-12-31", "2026-09-03"),
        ("2026-09-01 10:00:00", "9999-12-31 23:59:59.999999", "2026-09-03 10:00:00"),
    ],
)
def test_what_has_no_end_does_not_move_the_cursor(tmp_path: Path, early: object, last: object, late: object) -> None:
    """An infinite number or the end of time is the last of all: behind it nothing new would ever be found."""
    with database(tmp_path, SOURCE + ", cursor: amount}") as (portal, link):
        pay(link, (*ADA[:3], early, None, None), (2, "far@x.example", "2026-09-02", last, None, None))
        portal.pull()
        pay(link, (3, "new@x.example", "2026-09-03", late, None, None))
        portal.pull()
        assert [row[0] for row in portal.sql(EVENTS)] == ["ada@x.example", "far@x.example", "new@x.example"]


def test_a_time_that_python_has_not_hides_no_other_row() -> None:
    """PostgreSQL's 'infinity' is no time for psycopg: its loaders are replaced by ones that say nothing instead."""

    class Loader:
        format = 0

        def __init__(self, _oid: int, _context: object = None) -> None:
            pass

        def load(self, data: bytes) -> str:
            if data == b"infinity":
                raise ValueError("timestamp too large")
            return data.decode()

    class Driver:
        def __init__(self) -> None:
            self.adapters = self
            self.types = dict.fromkeys(("date", "timestamp", "timestamptz"), self)
            self.oid = 1184
            self.loaders: dict[int, Any] = {1184: Loader}

        def get_loader(self, oid: int, _format: int) -> Any:
            return self.loaders[oid]

        def register_loader(self, oid: int, loader: Any) -> None:
            self.loaders[oid] = loader

    driver = Driver()
    databases._read_what_fits("psycopg", driver)
    load = driver.loaders[1184](1184).load
    assert [load(b"2026-09-01"), load(b"infinity")] == ["2026-09-01", None]


def test_a_setting_that_a_driver_refuses_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's drivers call it a programming error: that is told as the address's mistake, not as one away."""
    import sqlalchemy as sa

    def refuse(*_: object, **__: object) -> None:
        raise sa.exc.ProgrammingError("connect", {}, Exception('invalid connection option "nonsense" pw-secret'))

    with database(tmp_path, SOURCE + "}") as (portal, _):
        monkeypatch.setattr(sa.Engine, "connect", refuse)
        with pytest.raises(InputError, match="has a setting behind its question mark") as raised:
            portal.pull()
    assert "pw-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None], 2: Decimal("1.50")}, '{"a":[1,null],"2":"1.50"}'),
        ([2**70], f"[{2**70}]"),
        (["\ud800"], '["\\ud800"]'),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "9999-12-31T23:59:59.999999"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), "0001-01-01T00:00:00"),
        (datetime(2026, 9, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2026-09-01T00:00:00"),
    ],
)
def test_every_value_of_a_driver_has_a_text(value: Any, text: str) -> None:
    """Objects with numbers and letters beyond JSON's, and times at the ends of time, end no run."""
    assert sql._text(value) == text
