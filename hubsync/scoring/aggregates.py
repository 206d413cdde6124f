"""The SQL of aggregates over events: what a record's events of one kind come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.expressions import compile_condition
from hubsync.scoring.needs import EventNeed
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import Fade
from hubsync.scoring.vocabulary import Vocabulary

LEAST_ACTIVE_DAYS = 3
"""A gap is usual when it was seen twice: with fewer active days silence is unknown (checklist 66)."""


def aggregates(
    object_: str, needs: Sequence[EventNeed], vocabulary: Vocabulary
) -> Iterator[tuple[str, exp.Subquery, list[EventNeed]]]:
    """The subqueries that stand beside the records, each with its alias and the needs that are its columns.

    What is one aggregate of the events up to now shares one of them, what is one of the events to come another.
    """
    plain = [need for need in needs if need.shape not in ("next", "streak", "silence")]
    if plain:
        yield "ev", _grouped(f"events_{object_}", plain, vocabulary), plain
    coming = [need for need in needs if need.shape == "next"]
    if coming:
        yield "coming", _grouped(f"coming_{object_}", coming, vocabulary), coming
    for number, need in enumerate(need for need in needs if need.shape in ("streak", "silence")):
        build = _streak if need.shape == "streak" else _silence
        yield f"run{number}", exp.Subquery(this=build(need, _passing(need, vocabulary))), [need]


def _grouped(relation: str, needs: list[EventNeed], vocabulary: Vocabulary) -> exp.Subquery:
    outer = select("record_id", copy=False).from_(_rows(relation, needs, vocabulary), copy=False)
    outer = outer.select(*(sql.alias(_aggregate(need, vocabulary), need.column) for need in needs), copy=False)
    return exp.Subquery(this=outer.group_by("record_id", copy=False))


def _rows(relation: str, needs: Sequence[EventNeed], vocabulary: Vocabulary) -> exp.Subquery:
    """The events of these kinds, each with its age and the attributes of their sources."""
    wanted = defaultdict[str, set[str]](set)
    for need in needs:
        wanted[need.kind] |= vocabulary.event_scope(need.kind).known
    names = sorted(set().union(*wanted.values())) if wanted else []
    inner = select("record_id", "kind", "occurred_at", "times", "value", "currency", copy=False).select(
        sql.alias(sql.age(sql.column("occurred_at"), "datetime", vocabulary.as_of), "age"),
        *(sql.alias(sql.json_text(sql.column("attributes"), name), f"a_{name}") for name in names),
        copy=False,
    )
    inner = inner.from_(exp.to_table(relation), copy=False).where(
        exp.In(this=sql.column("kind"), expressions=[sql.text(kind) for kind in sorted(wanted)]), copy=False
    )
    return exp.Subquery(this=inner, alias=exp.to_identifier("one"))


def _filter(need: EventNeed, vocabulary: Vocabulary) -> Sql:
    conditions: list[Sql] = [sql.template(":k = :kind", k=sql.column("kind"), kind=sql.text(need.kind))]
    for days, sign in ((need.within, ">="), (need.before, "<")):
        if days is not None:
            border = vocabulary.as_of.day_start - timedelta(days=days)
            conditions.append(sql.template(f":t {sign} :start", t=sql.column("occurred_at"), start=sql.moment(border)))
    if need.url_contains is not None:
        conditions.append(
            sql.template("CONTAINS(:url, :part)", url=sql.column("a_url"), part=sql.text(need.url_contains))
        )
    if need.where is not None:
        conditions.append(compile_condition(need.where, vocabulary.event_scope(need.kind)).sql)
    return sql.all_of(*conditions)


def _aggregate(need: EventNeed, vocabulary: Vocabulary) -> Sql:
    times = sql.column("times")
    match need.shape:
        case "times":
            value = sql.template("SUM(:n)", n=times)
        case "periods":
            value = sql.template("COUNT(DISTINCT :b)", b=_block(need))
        case "distinct":
            value = sql.template("COUNT(DISTINCT :a)", a=sql.column(f"a_{need.by}"))
        case "days":
            value = sql.template("COUNT(DISTINCT GREATEST(:age, 0))", age=sql.column("age"))
        case "last":
            value = sql.template("MAX(:t)", t=sql.column("occurred_at"))
        case "first" | "next":
            value = sql.template("MIN(:t)", t=sql.column("occurred_at"))
        case "sum":
            value = sql.template(
                f"CASE WHEN COUNT(*) = COUNT(:v) THEN SUM(CAST(:v AS {sql.SCALE})) END", v=sql.column("value")
            )
            return _filtered_case(value, _filter(need, vocabulary))
        case _:
            # Bounded before the product, which keeps the width of points.
            value = sql.template("SUM(:p * LEAST(:n, 100000))", p=_faded(need), n=times)
    return exp.Filter(this=value, expression=exp.Where(this=_filter(need, vocabulary)))


def _filtered_case(value: Sql, condition: Sql) -> Sql:
    """Put the filter on every aggregate inside a CASE."""

    def put(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Count | exp.Sum):
            return exp.Filter(this=node, expression=exp.Where(this=condition))
        return node

    return value.transform(put)


def _block(need: EventNeed) -> Sql:
    """The number of the period in which an event lies: 0 ends now, and the whole days before begin with yesterday."""
    return sql.template(
        "CAST(FLOOR(GREATEST(:age - 1, 0) / :days) AS BIGINT)",
        age=sql.column("age"), days=sql.double(need.period or 1),
    )  # fmt: skip


def _faded(need: EventNeed) -> Sql:
    assert need.points is not None and need.fade is not None
    age = sql.template("GREATEST(:age, 0)", age=sql.column("age"))
    return sql.points(sql.template(":p * :f", p=sql.double(str(need.points)), f=fade_factor(need.fade, age)))


def fade_factor(fade: Fade, age: Sql) -> Sql:
    """The share of its points that an event of some age still gives."""
    intervals = sql.template(":age / :n", age=age, n=sql.double(fade.interval))
    if fade.shape == "half":
        return sql.template("POW(:half, :n)", half=sql.double(0.5), n=intervals)
    return sql.template(
        "GREATEST(:one - :share * :n, :zero)",
        one=sql.double(1), share=sql.double(fade.share), n=intervals, zero=sql.double(0),
    )  # fmt: skip


def _passing(need: EventNeed, vocabulary: Vocabulary) -> exp.Select:
    """The events that one need looks at."""
    rows = select("*", copy=False).from_(_rows(f"events_{need.object}", [need], vocabulary), copy=False)
    return rows.where(_filter(need, vocabulary), copy=False)


def _streak(need: EventNeed, passing: exp.Select) -> exp.Select:
    """(record_id, periods): those with an event that follow each other without a gap up to now.

    The current period may still be empty (checklist 6): the newest of them is the current one or that before it.
    """
    blocks = (
        select("record_id", sql.alias(_block(need), "block"), copy=False)
        .distinct(copy=False)
        .from_(_derived(passing, "p"), copy=False)
    )
    block, of = sql.column("block"), sql.column("record_id")
    placed = select("record_id", copy=False).select(
        sql.alias(sql.template(":b - ROW_NUMBER() OVER (PARTITION BY :r ORDER BY :b)", b=block, r=of), "shift"),
        sql.alias(sql.template("MIN(:b) OVER (PARTITION BY :r)", b=block, r=of), "newest"),
        copy=False,
    )
    unbroken = sql.template(
        ":n <= 1 AND :s = :n - 1", n=sql.column("newest"), s=sql.column("shift"),
    )  # fmt: skip
    found = select("record_id", sql.alias(sql.template("COUNT(*)"), need.column), copy=False)
    return (
        found.from_(_derived(placed.from_(_derived(blocks, "b"), copy=False), "r"), copy=False)
        .where(unbroken, copy=False)
        .group_by("record_id", copy=False)
    )


def _silence(need: EventNeed, passing: exp.Select) -> exp.Select:
    """(record_id, usual gaps since the last event).

    The usual gap is the mean one between days with an event, over `against` days up to the last event, so that it
    stays what it was while the record is silent: (last - first) / (n - 1).
    """
    age = sql.template("CAST(GREATEST(:a, 0) AS BIGINT)", a=sql.column("age"))
    newest = sql.template("MIN(:a) OVER (PARTITION BY :r)", a=age, r=sql.column("record_id"))
    days = select("record_id", sql.alias(age, "day"), sql.alias(newest, "newest"), copy=False).from_(
        _derived(passing, "p"), copy=False
    )
    gaps = sql.template("CAST(COUNT(DISTINCT :d) - 1 AS DOUBLE)", d=sql.column("day"))
    last, first = (sql.template(f"{name}(:d)", d=sql.column("day")) for name in ("MIN", "MAX"))
    value = sql.when((
        sql.template(":g >= :least", g=gaps, least=sql.double(LEAST_ACTIVE_DAYS - 1)),
        sql.template(":last * :g / (:first - :last)", last=last, first=first, g=gaps),
    ))  # fmt: skip
    border = sql.template(
        ":d <= :n + :days", d=sql.column("day"), n=sql.column("newest"), days=sql.integer(need.against or 0),
    )  # fmt: skip
    found = select("record_id", sql.alias(value, need.column), copy=False)
    return found.from_(_derived(days, "d"), copy=False).where(border, copy=False).group_by("record_id", copy=False)


def _derived(query: exp.Select, name: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.to_identifier(name))
