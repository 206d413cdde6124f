"""What the signals SQL says on Spark is what it says on DuckDB, form by form and signal by signal.

Every value is equal, to the last bit; a power, which each engine takes from another mathematical library, is rounded
to six decimals before it is added up, and would differ only where its seventh lies on the border.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import random
from time import sleep
from typing import Any, get_args

import duckdb
import pytest
import test_sql_constructors as constructors
from generated import EXPRESSION_PROPERTIES, RAW, expressions
from generated_models import NOWS, configs, portal, trend_signal
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_facts import Config, Portal
from scratch_portal import TRIED, fill, vocabulary

from hubsync.scoring import sql
from hubsync.scoring.configuration import OnSpark
from hubsync.scoring.dialects import SignalsOnSpark
from hubsync.scoring.expressions import compile_expression
from hubsync.scoring.facts import ORDER, closure, facts_sql
from hubsync.scoring.meaning import ExpressionError
from hubsync.scoring.model import compile_model
from hubsync.scoring.needs import EventNeed, Need, Shape
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import Fade
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.spark import MEANING, make_facts, unable
from hubsync.store import Scratch
from hubsync.store.database import Database

NOW = NOWS[0]
HERE = OnSpark(master="local[1]")
BETWEEN_POINTS = [8.3120225, 4108.3068545, 520.2741725, 0.2585685, -515.0716345, 1 / 3, 999_999.9999996]
"""Numbers whose seventh decimal is a five as they are written, and a little less as they are."""


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """One Spark in this process for all of these tests."""
    if missing := unable():
        pytest.skip(missing)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(HERE.master).appName("tests")
    for key, value in {
        **MEANING,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        # What runs once is not worth the second compiler.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.log.level": "OFF",
    }.items():
        builder = builder.config(key, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


# Form by form


@dataclass(frozen=True)
class Case:
    """An expression over the column `v` of some values, and what DuckDB makes of it."""

    made: Sql
    kind: str
    values: list[Any]
    found: list[Any]


def of_constructors() -> Iterator[Callable[..., None]]:
    """The tests of single constructors, each with its parameters."""
    # Sums of points and identifiers of tables are no part of the signals.
    left_out = {"test_totals", "test_totals_of_bounded_terms", "test_identifiers"}
    for name, test in inspect.getmembers(constructors, inspect.isfunction):
        if name in left_out or "connection" not in inspect.signature(test).parameters or not name.startswith("test_"):
            continue
        marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
        if not marks:
            yield test
        for mark in marks:
            names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
            for values in mark.args[1]:
                row = dict(zip(names, (values,) if len(names) == 1 else values, strict=True))
                yield lambda test=test, row=row, **given: test(**given, **row)


def cases(monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """What the tests of the constructors ask DuckDB, with its answers, which they compare with Python's.

    Of the generated texts every fourth is enough here: each is a statement of its own to Spark's compiler.
    """
    found: list[Case] = []
    generated: list[Case] = []
    column, one = constructors.column, constructors.one

    def columns(connection: Any, made: Sql, kind: str, values: list[Any]) -> list[Any]:
        found.append(Case(made, kind, values, column(connection, made, kind, values)))
        return found[-1].found

    def ones(connection: Any, made: Sql) -> Any:
        generated.append(Case(made, "INTEGER", [0], [one(connection, made)]))
        return generated[-1].found[0]

    monkeypatch.setattr(constructors, "column", columns)
    monkeypatch.setattr(constructors, "one", ones)
    with duckdb.connect(":memory:") as connection:
        for test in of_constructors():
            test(connection=connection)
        found += [Case(made, kind, values, column(connection, made, kind, values)) for made, kind, values in further()]
    return found + generated[::4]


def further() -> list[tuple[Sql, str, list[Any]]]:
    """Forms of the language of conditions that have no test of their own, where Spark's are other ones."""
    v = sql.column("v")
    numbers = [*constructors.EDGES, 1e19, -1e19, 0.5, -0.5, 2.5, -2.5]
    quotient = sql.ratio(sql.double(1), v)
    return [
        (sql.template("CEIL(:v)", v=v), "DOUBLE", numbers),
        (sql.template("FLOOR(:v)", v=v), "DOUBLE", numbers),
        (sql.template(":q > 0 AND :q < 1", q=quotient), "DOUBLE", numbers),
        (sql.points(v), "DOUBLE", BETWEEN_POINTS),
        (sql.template("LOWER(:v)", v=v), "VARCHAR", [text for text in constructors.TEXTS if "\x00" not in text]),
        (sql.template("LOWER(:v)", v=v), "VARCHAR", ["ΑΣ", "ΑΣ ΣΑΣ", "İstanbul", "ẞ", "Straße", "ÀÉ", "Ǆ", "K"]),
        (sql.template("POW(:half, :v)", half=sql.double(0.5), v=v), "DOUBLE", [0.0, 1.0, 2.0, 30.0, 1074.0, 1e9]),
    ]


def side_by_side(spark: Any, folder: Path, asked: list[Case]) -> list[list[Any]]:
    """What Spark makes of all cases, in one statement."""
    length = max(len(case.values) for case in asked)
    with duckdb.connect(":memory:") as connection:
        names = ", ".join(f"v{number} {case.kind}" for number, case in enumerate(asked))
        connection.execute(f"CREATE TABLE given(i INTEGER, {names})")
        padded = [[*case.values, *[None] * (length - len(case.values))] for case in asked]
        rows = [[row, *(values[row] for values in padded)] for row in range(length)]
        connection.executemany(f"INSERT INTO given VALUES ({', '.join('?' * (len(asked) + 1))})", rows)
        connection.execute(f"COPY given TO '{folder / 'given'}' (FORMAT parquet)")
    spark.read.parquet((folder / "given").as_uri()).createOrReplaceTempView("given")
    made = ", ".join(sql.render(own_column(case.made, n), SignalsOnSpark) + f" AS r{n}" for n, case in enumerate(asked))
    answer = spark.sql(f"SELECT {made} FROM given ORDER BY i")
    # Spark's other timestamp would be read as a moment of the machine's time zone.
    assert "timestamp" not in dict(answer.dtypes).values()
    found = answer.collect()
    return [[row[number] for row in found[: len(case.values)]] for number, case in enumerate(asked)]


def own_column(made: Sql, number: int) -> Sql:
    """The expression with the column `v` under the number of its case."""
    return made.transform(
        lambda node: sql.column(f"v{number}") if isinstance(node, sql.exp.Column) and node.name == "v" else node
    )


def test_constructors(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every form, on every value at which its own test looks, gives on Spark what it gives on DuckDB."""
    asked = cases(monkeypatch)
    assert len(asked) > 70
    for case, found in zip(asked, side_by_side(spark, tmp_path, asked), strict=True):
        assert [(type(each), each) for each in found] == [(type(each), each) for each in case.found], (
            case.values,
            sql.render(case.made),
        )


def test_expressions(spark: Any, tmp_path: Path) -> None:
    """Generated expressions, which conditions on events may be, mean the same of dirty values."""
    names = vocabulary(Config({}, {}, {}, {"contacts": EXPRESSION_PROPERTIES}, {}), NOW)
    made: list[Sql] = []

    @settings(TRIED, max_examples=60)
    @given(expressions())
    def collect(text: str) -> None:
        try:
            meaning = compile_expression(text, names.scope("contacts"))
        except ExpressionError:
            return
        made.append(meaning.sql)

    collect()
    raws = {name: RAW[kind] for name, kind in EXPRESSION_PROPERTIES.items()}
    rows = [(n, *(raw[(n + k) * (k + 1) % len(raw)] for k, raw in enumerate(raws.values()))) for n in range(40)]
    typed = ", ".join(f"{{{name}}} AS p_{name}" for name in raws)
    parts = {name: sql.read(sql.column(name), kind) for name, kind in EXPRESSION_PROPERTIES.items()}  # type: ignore[arg-type]
    answers = []
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE given(i INTEGER, {', '.join(f'{name} VARCHAR' for name in raws)})")
        connection.executemany(f"INSERT INTO given VALUES ({', '.join('?' * (len(raws) + 1))})", rows)
        connection.execute(f"COPY given TO '{tmp_path / 'given'}' (FORMAT parquet)")
        spark.read.parquet((tmp_path / "given").as_uri()).createOrReplaceTempView("given")
        for dialect, ask in ((sql.DIALECT, lambda text: connection.execute(text).fetchall()),
                             (SignalsOnSpark, lambda text: spark.sql(text).collect())):  # fmt: skip
            inner = typed.format(**{name: sql.render(part, dialect) for name, part in parts.items()})
            asked = ", ".join(f"{sql.render(each, dialect)} AS r{number}" for number, each in enumerate(made))
            answers.append(ask(f"SELECT i, {asked} FROM (SELECT i, {inner} FROM given) AS t ORDER BY i"))
    assert len(made) > 40
    for mine, found in zip(*answers, strict=True):
        for each, here, there in zip(made, mine[1:], found[1:], strict=True):
            assert here == there, (sql.render(each), mine[0])


# Signal by signal


@dataclass
class Both:
    """The facts of one portal as both engines make them."""

    names: Vocabulary
    needs: frozenset[Need]
    folder: Path
    place: OnSpark = HERE

    def compare(self, given: Portal) -> int:
        """Hold them against each other, row by row with their types; how many rows there are."""
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            fill(connection, given)
            scratch = Scratch(connection, Database(self.folder, sleep, random), self.names.as_of)
            for object_ in ORDER:
                scratch.execute(facts_sql(object_, self.needs, self.names))
            mine = facts(scratch)
            make_facts(scratch, ORDER, self.needs, self.names, self.place)
            found = facts(scratch)
        assert list(self.folder.iterdir()) == []
        assert found == mine
        return sum(map(len, mine.values()))


def facts(scratch: Scratch) -> dict[str, list[Any]]:
    """The columns with their types, and all rows, of every object."""
    return {
        object_: [
            [row[:2] for row in scratch.execute(f"DESCRIBE facts_{object_}")],
            *scratch.execute(f"SELECT * FROM facts_{object_} ORDER BY record_id"),
        ]
        for object_ in ORDER
    }


def all_needs(names: Vocabulary) -> frozenset[Need]:
    """What all models and all signals need, these on contacts unless they say something else."""
    models = (compile_model(model, names).needs for model in names.models.values())
    signals = (names.signal(name, str(each.object or "contacts")).needs for name, each in names.signals.items()
               if each.object or not name.startswith("e_"))  # fmt: skip
    return closure({need for found in (*models, *signals) for need in found}, names)


def generated() -> Config:
    """A generated configuration, and beside its own signals one of each sort on contacts."""
    kept: list[Config] = []

    @settings(TRIED, max_examples=4)
    @given(configs(), st.data())
    def draw(config: Config, data: Any) -> None:
        for how in ("first", "until", "trend", "silence", "streak", "covered", "distinct"):
            config.signals[f"{how}_contacts"] = trend_signal(data.draw, "contacts", how)
        kept.append(config)

    draw()
    return kept[-1]


def of_events(object_: str, kind: str) -> set[Need]:
    """Aggregates that the generated signals may not have, and points that fade in each way."""
    fades = (Fade(shape="half", interval=7), Fade(shape="linear", interval=30, share=0.35))
    points = (EventNeed(object_, kind, "points", fade=each, points=Decimal("2.75")) for each in fades)
    return {
        *points,
        EventNeed(object_, kind, "last"),
        EventNeed(object_, kind, "sum", within=45),
        EventNeed(object_, kind, "days"),
        EventNeed(object_, kind, "periods", period=7),
    }


def test_generated_signals(spark: Any, tmp_path: Path) -> None:
    """Generated signals of every sort are the same on a generated portal; no file of them stays anywhere."""
    config = generated()
    names = vocabulary(config, NOW)
    needs = all_needs(names) | of_events("contacts", "visit")
    shared = tmp_path / "shared"
    both = Both(names, needs, tmp_path / "own", OnSpark(master="local[1]", folder=shared.as_uri()))
    both.folder.mkdir()

    assert {need.shape for need in needs if isinstance(need, EventNeed)} == set(get_args(Shape))
    assert both.compare(portal(3, NOW)) > 10
    assert list(shared.iterdir()) == []
