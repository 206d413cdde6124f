"""Each SQL constructor says what plain Python says, also at the edges where engines differ."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_facts import ROOT
from reference_language import Now, arithmetic, read
from scratch_portal import TRIED, as_of

from hubsync.catalog import load
from hubsync.scoring import sql
from hubsync.scoring.facts import ORDER, closure, facts_sql, unreadable_sql
from hubsync.scoring.model import compile_model, model_sql
from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql
from hubsync.types import AsOf

NOW = Now(datetime(2026, 9, 21, 14), date(2026, 9, 21), datetime(2026, 9, 21, 4))

NUMBERS = [
    "0", "-0", "1", "+1", "-1.5", ".5", "5.", "1e3", "1E-3", "1e308", "1e309", "-1e999", "1e", "e1", ".", "+",
    "", " ", " 7 ",
    "7\n", "N/A", "NaN", "nan", "Infinity", "-inf", "1,000", "1 000", "0x10", "1_000", "１２", "٣", "1e0005", "12abc",
    "9" * 400, "0." + "0" * 400 + "1", "123456789012345678901234567890", "true", "🙂", "1.2.3", "--1", "$5",
    "5%", "\x00",
]  # fmt: skip
MOMENTS = [
    "2026-09-21", "2026-02-29", "2024-02-29", "2026-02-30", "2026-13-01", "2026-00-10", "2026-1-1", "2026-09-21T10:00",
    "2026-09-21 10:00:00", "2026-09-21T10:00:00Z", "2026-09-21T10:00:00.123Z", "2026-09-21T10:00:00.123456789Z",
    "2026-09-21T10:00:00.9999999Z", "2026-09-21T10:00:00.1", "2026-09-21T10:00:00+02:00", "2026-09-21T10:00:00-0530",
    "2026-09-21T10:00:00 +02:00", "2026-09-21T00:30:00+02:00", "2026-09-21T23:30:00-02:00", "2026-09-21T10:00+14:00",
    "2026-09-21T10:00:00-00:30", "2026-09-21T10:00:00+00:00", "2026-09-21T10:00:00+99:99", "2026-09-21T10:00:00+24:00",
    "2026-09-21T24:00:00", "2026-09-21T23:60:00", "2026-09-21T23:59:60", "2026-09-21Z", "2026-09-21T10",
    "2026-09-21t10:00",
    "2026-09-21T10:00:00z", "1789990000000", "0", "999999999999", "1000000000000", "99999999999", "9999999999999",
    "20260921140000", "99999999999999", "-1789990000000", "1789990000000.0", "1899-12-31", "1900-01-01", "2199-12-31",
    "2199-12-31T23:59:59.999Z", "2200-01-01", "0001-01-01", "9999-12-31", "today", "now", "infinity", "epoch",
    "21.09.2026",
    "09/21/2026", "2026-W39-1", "20260921", "", "   ", "N/A", "2026-09-21T10:00:00.Z", "2026-09-21  10:00",
    "2026-09-21T10:00:00+2:00", "2026-09-21T10:00:00+02:00:00", "２026-09-21", "2026-09-21\n",
]  # fmt: skip
TEXTS = [
    "", " ", "  x  ", "\t", "\n", "\r\n", " \t ", "\u00a0", "🙂", "a" * 65_536, "O'Brien", '"quoted"', "a;b",
    "\\", "%_", "\x00",
    "ß", "İ", "ΑΣ", "null", "--", "e\u0301",
]  # fmt: skip
BOOLS = ["true", "false", "TRUE", "False", " true ", "1", "0", "yes", "t", "", "null", "truе", "on"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory."""
    with duckdb.connect(":memory:") as made:
        yield made


def column(connection: duckdb.DuckDBPyConnection, made: Sql, kind: str, values: list[Any]) -> list[Any]:
    """The SQL's value for each value of the column `v`."""
    connection.execute(f"CREATE OR REPLACE TABLE given(i INTEGER, v {kind})")
    for number, value in enumerate(values):
        connection.execute("INSERT INTO given VALUES (?, ?)", [number, value])
    return [row[0] for row in connection.execute(f"SELECT {sql.render(made)} FROM given ORDER BY i").fetchall()]


def one(connection: duckdb.DuckDBPyConnection, made: Sql) -> Any:
    """The value of a constant."""
    row = connection.execute(f"SELECT {sql.render(made)}").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("kind", "raws"),
    [("number", NUMBERS), ("datetime", MOMENTS), ("date", MOMENTS), ("text", TEXTS), ("bool", BOOLS)],
)
def test_reading(connection: duckdb.DuckDBPyConnection, kind: Any, raws: list[str]) -> None:
    """Every kind of raw text is read as Python reads it; what can't be read is unknown, never an error."""
    made = sql.read(sql.json_text(sql.column("v"), "x"), kind)
    read_by_sql = column(connection, made, "VARCHAR", [json.dumps({"x": raw}) for raw in raws])
    assert dict(zip(raws, read_by_sql, strict=True)) == {raw: read(raw, kind) for raw in raws}


@TRIED
@given(st.text(alphabet="0123456789-+.:TZ e/", max_size=26))
def test_reading_anything(connection: duckdb.DuckDBPyConnection, raw: str) -> None:
    """Text that looks almost like a number or a date is read as Python reads it."""
    given_text = sql.json_text(sql.text(json.dumps({"x": raw})), "x")
    for kind in ("number", "datetime", "date"):
        assert one(connection, sql.read(given_text, kind)) == read(raw, kind)  # type: ignore[arg-type]


def test_missing_values(connection: duckdb.DuckDBPyConnection) -> None:
    """A property that is null, or that the record does not have, is unknown."""
    made = sql.json_text(sql.column("v"), "x")
    assert column(connection, made, "VARCHAR", ['{"x": null}', "{}", '{"X": "1"}', '{"x": "1"}']) == [
        None,
        None,
        None,
        "1",
    ]


@pytest.mark.parametrize("key", ["a b", "a.b", 'a"b', "a'b", "$", "ä", "[0]"])
def test_json_keys(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Any name of a property is found as it is written."""
    made = sql.json_text(sql.column("v"), key)
    assert column(connection, made, "VARCHAR", [json.dumps({key: "yes", "other": "no"})]) == ["yes"]


def test_ages(connection: duckdb.DuckDBPyConnection) -> None:
    """The age of a moment or a date is counted in whole portal days."""
    start, us = NOW.day_start, timedelta(microseconds=1)
    moments = [
        start, start - us, start + us, start - timedelta(days=1), start - timedelta(days=1) - us, NOW.now,
        NOW.now + timedelta(9),
        start + timedelta(days=1), start + timedelta(days=1) - us, datetime(1900, 1, 1), datetime(2199, 12, 31), None,
        datetime(1950, 3, 1, 4, 0, 0, 1), datetime(1950, 3, 1, 4), datetime(1950, 3, 1, 3, 59, 59, 999999),
    ]  # fmt: skip
    made = sql.age(sql.column("v"), "datetime", as_of(NOW))
    assert column(connection, made, "TIMESTAMP", moments) == [NOW.age(moment) for moment in moments]
    days = [NOW.day, NOW.day - timedelta(1), NOW.day + timedelta(1), date(1900, 1, 1), date(2199, 12, 31), None]
    made = sql.age(sql.column("v"), "date", as_of(NOW))
    assert column(connection, made, "DATE", days) == [NOW.age(day) for day in days]


def test_ages_of_today_and_yesterday() -> None:
    """Today is 0 from the portal's midnight on, the day before is 1, tomorrow is -1."""
    assert NOW.age(datetime(2026, 9, 21, 4)) == 0
    assert NOW.age(datetime(2026, 9, 21, 3, 59, 59)) == 1
    assert NOW.age(datetime(2026, 9, 20, 4)) == 1
    assert NOW.age(datetime(2026, 9, 22, 4)) == -1


EDGES = [0.0, -0.0, 1.0, -1.0, 3.0, 0.1, 1e-308, 5e-324, 1e308, -1e308, 2.0**53]


@pytest.mark.parametrize("over", EDGES)
def test_ratios(connection: duckdb.DuckDBPyConnection, over: float) -> None:
    """A quotient is Python's; divided by zero, or beyond all numbers, it is unknown."""
    made = sql.ratio(sql.double(over), sql.column("v"))
    assert column(connection, made, "DOUBLE", [*EDGES, None]) == [
        arithmetic("/", over, under) for under in [*EDGES, None]
    ]


def test_finite(connection: duckdb.DuckDBPyConnection) -> None:
    """What overflowed or is no number is unknown."""
    values = [1.0, math.inf, -math.inf, math.nan, None, 1e308]
    assert column(connection, sql.finite(sql.column("v")), "DOUBLE", values) == [1.0, None, None, None, None, 1e308]


def test_points(connection: duckdb.DuckDBPyConnection) -> None:
    """A number becomes exact points: six decimals, halves away from zero."""
    values = [
        0.0,
        1.0,
        0.1 + 0.2,
        1 / 3,
        -2 / 3,
        5 * 0.5**7,
        -5 * 0.5**7,
        0.35 * 0.5**5,
        1e-7,
        14.499999999999998,
        999_999.9999996,
    ]
    expected = [Decimal(repr(value)).quantize(Decimal("0.000001"), ROUND_HALF_UP) for value in values]
    assert column(connection, sql.points(sql.column("v")), "DOUBLE", [*values, None]) == [*expected, None]


def test_rounding(connection: duckdb.DuckDBPyConnection) -> None:
    """Halves are rounded upwards, below zero too: 74.5 is 75 and -0.5 is 0 (T5)."""
    values = [
        Decimal(text) for text in ("74.5", "74.499999", "29.5", "-0.5", "-0.500001", "-1.5", "0", "0.5", "99.999999")
    ]
    expected = [(value + Decimal("0.5")).to_integral_value(ROUND_FLOOR) for value in values]
    assert column(connection, sql.half_up(sql.column("v")), "DECIMAL(18,6)", values) == expected
    assert expected[:4] == [75, 74, 30, 0]


def test_exact_bounds(connection: duckdb.DuckDBPyConnection) -> None:
    """Sums far beyond any score are bounded instead of failing."""
    values = [Decimal("1.5"), Decimal(10) ** 20, -(Decimal(10) ** 20), Decimal(10) ** 9]
    most = sql.MOST_POINTS
    assert column(connection, sql.exact(sql.column("v")), "DECIMAL(38,6)", values) == [
        Decimal("1.5"),
        most,
        -most,
        most,
    ]


@TRIED
@given(st.lists(st.decimals(-1_000_000, 1_000_000, places=6), max_size=60))
def test_totals(connection: duckdb.DuckDBPyConnection, values: list[Decimal]) -> None:
    """A sum of points is exact however many there are."""
    assert one(connection, sql.total([sql.decimal(value) for value in values])) == sum(values, Decimal(0))


def test_totals_of_bounded_terms(connection: duckdb.DuckDBPyConnection) -> None:
    """Even rules at their bound add up exactly."""
    assert one(connection, sql.total([sql.decimal(sql.MOST_POINTS)] * 300)) == 300 * sql.MOST_POINTS


@TRIED
@given(st.text(max_size=40).filter(lambda text: "\x00" not in text))
def test_text_literals(connection: duckdb.DuckDBPyConnection, value: str) -> None:
    """A text literal is the text, whatever quotes and signs are in it."""
    if value.encode("utf-8", "ignore").decode() == value:
        assert one(connection, sql.text(value)) == value


def test_literals(connection: duckdb.DuckDBPyConnection) -> None:
    """Every literal arrives with its type and value."""
    moment = datetime(2026, 9, 21, 4, 5, 6, 789)
    assert one(connection, sql.moment(moment)) == moment
    assert one(connection, sql.day(NOW.day)) == NOW.day
    assert one(connection, sql.decimal(Decimal("-12.345678"))) == Decimal("-12.345678")
    assert one(connection, sql.decimal(Decimal("1E+6"))) == 1_000_000
    assert one(connection, sql.double("1e-3")) == 0.001
    assert one(connection, sql.integer(-(10**15))) == -(10**15)
    assert one(connection, sql.null("DATE")) is None


@pytest.mark.parametrize("name", ["a", 'a"b', "select", "ü", "a b", "x; drop table y"])
def test_identifiers(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """A column is quoted, whatever it is called."""
    quoted = name.replace('"', '""')
    row = connection.execute(f'SELECT {sql.render(sql.column(name, "t"))} FROM (SELECT 7 AS "{quoted}") t').fetchone()
    assert row == (7,)


def test_conditions(connection: duckdb.DuckDBPyConnection) -> None:
    """`and` of nothing is true, `or` of nothing is false; `when` takes the first branch that holds."""
    assert one(connection, sql.all_of()) is True
    assert one(connection, sql.any_of()) is False
    first = sql.when((sql.null("BOOLEAN"), sql.text("a")), (sql.all_of(), sql.text("b")), otherwise=sql.text("c"))
    assert one(connection, first) == "b"
    assert one(connection, sql.when((sql.any_of(), sql.text("a")))) is None


def test_shared_parts_are_written_as_if_each_stood_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expressions share their parts uncopied: each statement's text is that of a whole copy of it."""
    alone: list[str] = []
    rendered = sql.render

    def both(tree: Sql) -> str:
        alone.append(tree.copy().sql(dialect=sql.DIALECT))
        assert rendered(tree) == alone[-1]
        return alone[-1]

    monkeypatch.setattr(sql, "render", both)
    catalog = load(ROOT / "config")
    vocabulary = catalog.vocabulary(AsOf(datetime(2026, 9, 21, 14), date(2026, 9, 21), datetime(2026, 9, 21, 4)))
    models = tuple(compile_model(model, vocabulary) for model in catalog.models.values())
    needs = closure(frozenset[Need]().union(*(model.needs for model in models)), vocabulary)
    for model in models:
        model_sql(model, vocabulary)
    for object_ in ORDER:
        facts_sql(object_, needs, vocabulary)
        unreadable_sql(object_, needs, in_facts=False)
        unreadable_sql(object_, needs, in_facts=True)
    assert len(alone) == len(models) + 3 * len(ORDER)
