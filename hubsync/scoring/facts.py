"""The signals SQL: one row per record with every column that the models need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.expressions import compile_condition
from hubsync.scoring.needs import CoverNeed, EventNeed, Need, PropertyNeed, RollupNeed, ScoreNeed
from hubsync.scoring.origins import CounterSource, ObjectSource, TableSource
from hubsync.scoring.sources import LINKS, AnySource, subject
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import Fade
from hubsync.scoring.vocabulary import Vocabulary, WordScope

ORDER = ("deals", "contacts", "companies")
"""Facts are made in this order: coverage of a later object may read the facts of an earlier one."""


def closure(needs: Iterable[Need], vocabulary: Vocabulary) -> frozenset[Need]:
    """The needs with everything that they need in turn on other objects, down to properties and events."""
    found: set[Need] = set()
    waiting = list(needs)
    while waiting:
        need = waiting.pop()
        if need in found:
            continue
        found.add(need)
        if isinstance(need, CoverNeed):
            waiting.extend(_cover_needs(need, vocabulary))
        elif isinstance(need, RollupNeed):
            signal = vocabulary.signals[need.signal]
            waiting.extend(vocabulary.scope(str(signal.over)).resolve(str(signal.of)).needs)
    return frozenset(found)


def facts_sql(object_: str, needs: Iterable[Need], vocabulary: Vocabulary) -> str:
    """The statement that makes `facts_<object>` from `records_`, `events_` and `links_` relations."""
    mine = sorted((need for need in needs if need.object == object_), key=lambda need: need.column)
    query = select("base.record_id", "base.created_at").from_(
        exp.Subquery(this=_base(object_, mine), alias=exp.to_identifier("base"))
    )
    own = (sql.column(need.column, "base") for need in mine if isinstance(need, PropertyNeed))
    query = query.select(*own, copy=False)
    events = [need for need in mine if isinstance(need, EventNeed)]
    if events:
        found = _events(object_, events, vocabulary)
        query = query.join(found, on=_same("ev"), join_type="left", join_alias="ev", copy=False)
        query = query.select(*(sql.column(need.column, "ev") for need in events), copy=False)
    for number, need in enumerate(need for need in mine if isinstance(need, CoverNeed)):
        query = _with_cover(query, need, f"cover{number}", vocabulary)
    return f'CREATE OR REPLACE TABLE "facts_{object_}" AS {sql.render(query)}'


def unreadable_sql(object_: str, needs: Iterable[Need]) -> tuple[list[str], str] | None:
    """The properties that are no text, and the statement that counts each one's values that can't be read."""
    typed = sorted(
        (need for need in needs if isinstance(need, PropertyNeed) and need.object == object_ and need.type != "text"),
        key=lambda need: need.name,
    )
    if not typed:
        return None
    query = select().from_(exp.to_table(f"records_{object_}"))
    for need in typed:
        raw = sql.json_text(sql.column("properties"), need.name)
        lost = sql.template(":raw IS NOT NULL AND :value IS NULL", raw=raw, value=sql.paren(sql.read(raw, need.type)))
        query = query.select(sql.template("COUNT(*) FILTER (WHERE :lost)", lost=lost), copy=False)
    return [need.name for need in typed], sql.render(query)


def _same(alias: str) -> Sql:
    return sql.template(":a = :b", a=sql.column("record_id", "base"), b=sql.column("record_id", alias))


def _base(object_: str, mine: list[Need]) -> exp.Select:
    properties = [need for need in mine if isinstance(need, PropertyNeed)]
    json = sql.column("properties")
    raw = select("record_id", "created_at").select(
        *(sql.alias(sql.json_text(json, need.name), f"raw_{need.name}") for need in properties)
    )
    raw = raw.from_(exp.to_table(f"records_{object_}"))
    typed = (sql.alias(sql.read(sql.column(f"raw_{need.name}"), need.type), need.column) for need in properties)
    return (
        select("record_id", "created_at").select(*typed).from_(exp.Subquery(this=raw, alias=exp.to_identifier("raw")))
    )


def _events(object_: str, needs: list[EventNeed], vocabulary: Vocabulary) -> exp.Subquery:
    wanted = defaultdict[str, set[str]](set)
    for need in needs:
        scope = vocabulary.event_scope(need.kind)
        wanted[need.kind] |= scope.known
    names = sorted(set().union(*wanted.values())) if wanted else []
    inner = select("record_id", "kind", "occurred_at", "times", "value", "currency").select(
        sql.alias(sql.age(sql.column("occurred_at"), "datetime", vocabulary.as_of), "age"),
        *(sql.alias(sql.json_text(sql.column("attributes"), name), f"a_{name}") for name in names),
    )
    inner = inner.from_(exp.to_table(f"events_{object_}")).where(
        exp.In(this=sql.column("kind"), expressions=[sql.text(kind) for kind in sorted(wanted)])
    )
    outer = select("record_id").from_(exp.Subquery(this=inner, alias=exp.to_identifier("one")))
    outer = outer.select(*(sql.alias(_aggregate(need, vocabulary), need.column) for need in needs), copy=False)
    return exp.Subquery(this=outer.group_by("record_id"))


def _filter(need: EventNeed, vocabulary: Vocabulary) -> Sql:
    conditions: list[Sql] = [sql.template(":k = :kind", k=sql.column("kind"), kind=sql.text(need.kind))]
    if need.within is not None:
        start = vocabulary.as_of.day_start - timedelta(days=need.within)
        conditions.append(sql.template(":t >= :start", t=sql.column("occurred_at"), start=sql.moment(start)))
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
            block = sql.template(
                "CAST(FLOOR(GREATEST(:age - 1, 0) / :days) AS BIGINT)",
                age=sql.column("age"), days=sql.double(need.period or 1),
            )  # fmt: skip
            value = sql.template("COUNT(DISTINCT :b)", b=block)
        case "last":
            value = sql.template("MAX(:t)", t=sql.column("occurred_at"))
        case "sum":
            value = sql.template(
                f"CASE WHEN COUNT(*) = COUNT(:v) THEN SUM(CAST(:v AS {sql.SCALE})) END", v=sql.column("value")
            )
            return _filtered_case(value, _filter(need, vocabulary))
        case "points":
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


def _coverage(source: AnySource, kind: str, vocabulary: Vocabulary) -> tuple[Sql, frozenset[Need]]:
    """The condition on a record of the source's subject under which the source knows about it."""
    of = subject(source)
    if source.covers is not None:
        meaning = compile_condition(source.covers, WordScope(vocabulary, of))
        return meaning.sql, meaning.needs
    if isinstance(source, CounterSource):
        counter = vocabulary.property(source.count, of)
        return sql.template(":v IS NOT NULL", v=counter.sql), counter.needs
    if isinstance(source, TableSource):
        need = EventNeed(of, kind, "times")
        return sql.template(":n > 0", n=sql.column(need.column)), frozenset({need})
    return exp.true(), frozenset()


def _cover_needs(need: CoverNeed, vocabulary: Vocabulary) -> frozenset[Need]:
    source = vocabulary.source(need.kind)
    if source is None:
        return frozenset()
    return _coverage(source[1], need.kind, vocabulary)[1]


def _with_cover(query: exp.Select, need: CoverNeed, alias: str, vocabulary: Vocabulary) -> exp.Select:
    source = vocabulary.source(need.kind)
    if source is None:
        return query.select(sql.alias(exp.false(), need.column), copy=False)
    if isinstance(source[1], ObjectSource) and source[1].covers is None:
        return query.select(sql.alias(exp.true(), need.column), copy=False)
    condition, _needs = _coverage(source[1], need.kind, vocabulary)
    of = subject(source[1])
    if of == need.object:
        known = sql.template("COALESCE(:c, FALSE)", c=condition)
        return query.select(sql.alias(known, need.column), copy=False)
    if (of, need.object) not in LINKS:
        return query.select(sql.alias(exp.false(), need.column), copy=False)
    covered = sql.alias(sql.template("BOOL_OR(:c)", c=condition), "yes")
    linked = (
        select(sql.alias(sql.column("to_id", "l"), "record_id"), covered)
        .from_(exp.to_table(f"links_{of}_{need.object}").as_("l"))
        .join(exp.to_table(f"facts_{of}").as_("f"), on=sql.template(
            ":a = :b", a=sql.column("from_id", "l"), b=sql.column("record_id", "f")))
        .group_by(sql.column("to_id", "l"))
    )  # fmt: skip
    if (of, need.object) == ("contacts", "companies"):
        # What happens to a person counts for the primary company alone, so does what is known about them.
        linked = linked.where(sql.column("is_primary", "l"))
    query = query.join(exp.Subquery(this=linked), on=_same(alias), join_type="left", join_alias=alias, copy=False)
    known = sql.template("COALESCE(:c, FALSE)", c=sql.column("yes", alias))
    return query.select(sql.alias(known, need.column), copy=False)


def score_relations(needs: Iterable[Need]) -> list[ScoreNeed]:
    """The scores that must stand beside the facts, in a stable order."""
    return sorted((need for need in needs if isinstance(need, ScoreNeed)), key=lambda need: need.model)
