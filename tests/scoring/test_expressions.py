"""Expressions are a small checked language: what is not in it is refused with a sentence, and nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import duckdb
import pytest
from generated import EXPRESSION_PROPERTIES, expressions, raw_values
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_facts import Config, Facts, Portal, Record
from reference_language import Now
from scratch_portal import TRIED, fill, vocabulary

from hubsync.scoring import sql
from hubsync.scoring.expressions import compile_condition, compile_expression, is_name
from hubsync.scoring.facts import facts_sql
from hubsync.scoring.meaning import ExpressionError, Meaning
from hubsync.scoring.needs import PropertyNeed

NOW = Now(datetime(2026, 9, 21, 14), date(2026, 9, 21), datetime(2026, 9, 21, 4))
CONFIG = Config({}, {}, {}, {"contacts": EXPRESSION_PROPERTIES}, {})

FORBIDDEN = [
    "1; drop table x", "n > 1; delete from records_contacts", "(select 1)",
    "n in (select record_id from records_contacts)",
    "exists (select 1)", "read_csv('/etc/passwd')", "read_text('/etc/passwd') = 'x'",
    "n > (select max(n) from facts_contacts)",
    "getenv('HOME') = 'x'", "cast(s as integer) > 1", "s::integer > 1", "try_cast(s as int) > 1", "*", "n * *",
    "count(*)",
    "contacts.n > 1", "f.n > 1", "main.f.n", "sum(n) over ()", "lower(s) over (partition by n) = 'x'",
    "row_number() over () = 1", "case when n > 1 then true end", "s like 'x%'", "s ilike 'x'",
    "s similar to 'x'", "s ~ 'x'",
    "n is null", "n is not null", "null", "n = null", "s || 'x' = 'y'", "n % 2 = 0", "n ^ 2 > 1", "n & 1 = 1",
    "n << 2 > 1",
    "~n > 1", "n // 2 > 1", "$1 = n", "? = n", ":x = n", "@x = n", "[1, 2]", "{'a': 1}", "s[0] = 'x'", "array[1]",
    "interval '1 day'", "date '2026-01-01'", "timestamp '2026-01-01'", "current_date > d", "now() > t",
    "random() > 0.5",
    "lambda x: x", "x -> x", "lower(s) filter (where b) = 'x'", "lower(distinct s) = 'x'", "any(n) = 1",
    "n = any (1, 2)",
    "extract(year from t) = 2026", "substring(s from 1 for 2) = 'x'", "trim(s) = 'x'", "if(b, 1, 2) = 1",
    "nullif(n, 1) = 1",
    "pg_sleep(1)", "install httpfs", "attach 'x'", "copy x to 'y'", "pragma x", "set threads = 1", "select 1",
    "with x as (select 1) select 1",
    "n > 1 union select 1", "n > 1 limit 1", "n > 1 order by n", "b and", "and b", "n >", "(n > 1", "n > 1)",
    "", " ", ";", "''; --",
    "'a", "\"n", "n > 1 as x", "n as x", "not", "n between 1", "n in ()", "n in 1", "known()", "known(n, n)",
    "ratio(n)",
    "contains(s)", "coalesce(n)", "days_since(n) > 1", "days_since('2026-01-01') > 1", "lower(n) = 'x'",
    "abs(s) > 1", "n > 'x'",
    "s > 1", "b > true", "b > 1", "n and b", "not n", "-s = 'x'", "s + 1 > 1", "d = 'no date'", "d = s",
    "t = 'x'", "d in (1)",
    "least(n, s) > 1", "coalesce(n, s) = 1", "if n > 1", "1e400 > n", "-1e999 < n", "0x1F > n", "b'101' = n",
    "x'1F' = s",
    "n'x' = s", "e'x' = s", "r'x' = s", "1 2", "n n", "n.n", "n()", "lower()()", "'x'()", "s collate nocase = 'x'",
    "t at time zone 'UTC' > d", "n > 1 tablesample 5", "(n, 1) = (1, 1)", "row(1) = row(1)", "unnest(n) = 1",
    "n := 1", "n => 1",
    "known(n => 1)", "s glob 'x'", "s rlike 'x'", "s regexp 'x'", "n <=> 1", "n is distinct from 1",
    "n div 2 = 1", "b xor b",
    "distinct n", "all n", "prior n = 1", "n!", "$$x$$ = s", "unknown_name > 1", "unknown_function(n) > 1",
    "true or (select true)",
    "/* x", "n > 1 /*", "\x00", "n > \x00", "🙂", "n > 1 🙂", "\\", "`n` `n`", "n > 1 -- x\n; drop table x",
]  # fmt: skip

SHAPES = ["(" * 20_000, "not " * 5_000 + "b", "-" * 20_000 + "n", "n" * 100_000, "'" * 100_001,
"n > 1 and " * 10_000 + "b",
          "(" * 60 + "b" + ")" * 60, "not " * 300 + "b", "abs(" * 100 + "n" + ")" * 100 + " > 1", "- " * 500 + "n > 1",
          "n" + " + 1" * 450 + " > 1", "((((" * 200, "coalesce(" * 150, "n in (" + "(" * 900]  # fmt: skip


@pytest.mark.parametrize("text", FORBIDDEN)
def test_forbidden(text: str) -> None:
    """What the language does not have is refused as a mistake of the expression."""
    with pytest.raises(ExpressionError) as caught:
        condition(text)
    assert caught.value.message
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("text", SHAPES, ids=[shape[:10] for shape in SHAPES])
def test_monsters(text: str) -> None:
    """An expression too long or nested too deeply is refused at once."""
    with pytest.raises(ExpressionError):
        condition(text)


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        *((word, False) for word in ("case", "select", "if", "any", "set", "comment", "interval", "values", "all")),
        *((word, True) for word in ("order", "date", "quiet_days", "best_heat", "sum")),
    ],
)
def test_words_of_the_language_are_no_names(word: str, is_one: bool) -> None:
    """A word that is a name in one place of an expression and something else in another is none."""
    assert is_name(word) is is_one


def test_long_conditions() -> None:
    """A long list of alternatives is no deep nesting."""
    condition(" or ".join(f"s = '{number}'" for number in range(100)))
    condition(f"s in ({', '.join(repr(str(number)) for number in range(300))})")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("emplyees > 1", "Did you mean 'employees'?"),
        ("day_since(d) > 1", "Did you mean 'days_since'?"),
        (
            "something_else > 1",
            "A custom property must be declared in portal.yaml: properties: {contacts: {something_else: text}}",
        ),
        ("d = 'tomorrow'", "Write dates as '2026-01-31'."),
    ],
)
def test_hints(text: str, hint: str) -> None:
    """A refused expression says what to write instead."""
    with pytest.raises(ExpressionError) as caught:
        condition(text)
    assert caught.value.hint == hint


@settings(TRIED, max_examples=150)
@given(
    st.one_of(
        st.text(max_size=60), st.text(alphabet="nsbdt()'\"<>=!+-*/.,;:0123456789 andorti[]{}$?@|&%~^\\", max_size=40)
    )
)
def test_any_text(empty: duckdb.DuckDBPyConnection, text: str) -> None:
    """Whatever is written, it is an expression or a mistake, never another error."""
    try:
        meaning = compile_expression(text, scope())
    except ExpressionError:
        return
    evaluated(empty, meaning)


WORDS = st.sampled_from(
    ["n", "s", "b", "d", "t", "and", "or", "not", "in", "between", "(", ")", ",", "=", "<>", ">", "<=", "+",
    "-", "*", "/", "1",
     "'x'", "'2026-01-01'", "true", "false", "known", "coalesce", "lower", "days_since", "select", "from",
     "case", "when", "end",
     "is", "null", "like", "cast", "as", "interval", ".", ";", "over", "distinct", "exists", "::", "date",
     "array", "[", "]"]
)  # fmt: skip


@settings(TRIED, max_examples=150)
@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_any_words(empty: duckdb.DuckDBPyConnection, text: str) -> None:
    """Words of SQL in any order are an expression or a mistake, never another error."""
    try:
        meaning = compile_expression(text, scope())
    except ExpressionError:
        return
    evaluated(empty, meaning)


@settings(TRIED, max_examples=15)
@given(
    st.lists(expressions(), min_size=20, max_size=20),
    st.lists(st.fixed_dictionaries({}, optional=raw_values()), max_size=12),
)
def test_meaning(texts: list[str], rows: list[dict[str, str | None]]) -> None:
    """A generated expression means the same in SQL as in plain Python, for dirty values too."""
    records = {str(number): Record(row) for number, row in enumerate([*rows, {}])}
    facts = Facts(CONFIG, Portal({"contacts": records}), NOW)
    nodes = [facts.expression(text, "contacts") for text in texts]
    meanings = [compile_expression(text, scope()) for text in texts]
    assert [meaning.type for meaning in meanings] == [node.type for node in nodes]
    with filled(records) as connection:
        found = evaluated(connection, *meanings)
    for number, text in enumerate(texts):
        expected = {record_id: nodes[number].value(record_id) for record_id in records}
        assert {record_id: row[number] for record_id, row in found.items()} == expected, text


CASES: list[tuple[str, dict[str, str | None], Any]] = [
    ("n > 1 or b", {"b": "true"}, True),
    ("n > 1 or b", {"b": "false"}, None),
    ("n > 1 and b", {"b": "false"}, False),
    ("n > 1 and b", {"b": "true"}, None),
    ("not n > 1", {}, None),
    ("n in (1, 2, m)", {"n": "2"}, True),
    ("n in (1, 2, m)", {"n": "3"}, None),
    ("n not in (1, 2)", {"n": "3"}, True),
    ("n between 1 and m", {"n": "0"}, False),
    ("n between 1 and m", {"n": "2"}, None),
    ("n not between 1 and 2", {"n": "3"}, True),
    ("ratio(n, m)", {"n": "8", "m": "10"}, 0.8),
    ("ratio(n, m)", {"n": "8", "m": "0"}, None),
    ("n / m", {"n": "8", "m": "0"}, None),
    ("n * m", {"n": "1e300", "m": "1e300"}, None),
    ("1 + 2 * 3 - 4 / 2", {}, 5.0),
    ("-n + 1", {"n": "3"}, -2.0),
    ("contains(s, 'SOFT')", {"s": "Computer Software"}, True),
    ("contains(s, 'x', 'ware')", {"s": "Software"}, True),
    ("starts_with(s, 'ceo', 'vp')", {"s": "VP of Sales"}, True),
    ("starts_with(s, 'vp')", {"s": "Former VP"}, False),
    ("has(s, 'A', 'B')", {"s": "X;B;Y"}, True),
    ("has(s, 'B')", {"s": "X;BB;Y"}, False),
    ("contains(s, 'x')", {"s": "  "}, None),
    ("s = ''", {"s": ""}, None),
    ("lower(s) = 'intern'", {"s": "INTERN"}, True),
    ("s = 'intern'", {"s": "INTERN"}, False),
    ("known(s)", {"s": " "}, False),
    ("known(n)", {"n": "N/A"}, False),
    ("coalesce(n, m, 7)", {"n": "NaN"}, 7.0),
    ("least(n, m)", {"n": "1"}, None),
    ("greatest(n, m, 3)", {"n": "1", "m": "2"}, 3.0),
    ("number(s) >= 9", {"s": "9.5"}, True),
    ("number(s) >= 9", {"s": "nine"}, None),
    ("floor(n) + ceil(n) + abs(-n)", {"n": "1.5"}, 4.5),
    ("days_since(d)", {"d": "2026-09-20"}, 1.0),
    ("days_until(d)", {"d": "2026-10-01"}, 10.0),
    ("days_since(t)", {"t": "2026-09-21T04:00:00Z"}, 0.0),
    ("days_since(t)", {"t": "2026-09-21T03:59:59.999Z"}, 1.0),
    ("days_since(t)", {"t": "1789974000000"}, 0.0),
    ("d = '2026-09-20'", {"d": "2026-09-20"}, True),
    ("d < t", {"d": "2026-09-20", "t": "2026-09-21T00:00:00Z"}, True),
    ("t >= '2026-09-21'", {"t": "2026-09-21T00:00:00Z"}, True),
    ("d > '2026-09-20'", {"d": "2026-02-30"}, None),
    ("'it''s' = s", {"s": "it's"}, True),
    ("s = 'x' -- a remark", {"s": "x"}, True),
    ('"n" > 1', {"n": "2"}, True),
]


@pytest.mark.parametrize(("text", "row", "expected"), CASES)
def test_cases(text: str, row: dict[str, str | None], expected: Any) -> None:
    """Unknown spreads as in SQL: and, or and not have three values, what can't be computed is unknown."""
    with filled({"1": Record(row)}) as connection:
        assert evaluated(connection, compile_expression(text, scope())) == {"1": (expected,)}


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """One record of which nothing is known."""
    with filled({"1": Record({})}) as connection:
        yield connection


def scope() -> Any:
    """The names of contacts."""
    return vocabulary(CONFIG, NOW).scope("contacts")


def condition(text: str) -> Meaning:
    """Compile a condition on contacts."""
    return compile_condition(text, scope())


def filled(records: dict[str, Record]) -> duckdb.DuckDBPyConnection:
    """A database with the facts of these contacts."""
    connection = duckdb.connect(":memory:")
    fill(connection, Portal({"contacts": records}))
    needs = [PropertyNeed("contacts", name, kind) for name, kind in EXPRESSION_PROPERTIES.items()]  # type: ignore[arg-type]
    connection.execute(facts_sql("contacts", needs, vocabulary(CONFIG, NOW)))
    return connection


def evaluated(connection: duckdb.DuckDBPyConnection, *meanings: Meaning) -> dict[str, tuple[Any, ...]]:
    """The values for every record."""
    values = ", ".join(sql.render(meaning.sql) for meaning in meanings)
    return {
        str(id_): tuple(row)
        for id_, *row in connection.execute(f"SELECT record_id, {values} FROM facts_contacts").fetchall()
    }
