"""The signals SQL: one row per record with every column that the models need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.aggregates import aggregates
from hubsync.scoring.coverage import cover_needs, same_record, with_cover
from hubsync.scoring.needs import CoverNeed, EventNeed, Need, PropertyNeed, RollupNeed, ScoreNeed, SignalNeed
from hubsync.scoring.sql import Sql
from hubsync.scoring.vocabulary import Vocabulary

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
            waiting.extend(cover_needs(need, vocabulary))
        elif isinstance(need, RollupNeed):
            signal = vocabulary.signals[need.signal]
            waiting.extend(vocabulary.scope(str(signal.over)).resolve(str(signal.of)).needs)
    return frozenset(found)


def facts_sql(object_: str, needs: Iterable[Need], vocabulary: Vocabulary) -> str:
    """The statement that makes `facts_<object>` from `records_`, `events_` and `links_` relations."""
    return f'CREATE OR REPLACE TABLE "facts_{object_}" AS {sql.render(facts_query(object_, needs, vocabulary))}'


def facts_query(object_: str, needs: Iterable[Need], vocabulary: Vocabulary) -> exp.Select:
    """The query whose rows are `facts_<object>`, for every engine."""
    mine = sorted((need for need in needs if need.object == object_), key=lambda need: need.column)
    records = select().from_(exp.to_table(f"records_{object_}"), copy=False)
    base = typed_properties(mine, records, sql.column("properties"), ("record_id", "created_at"))
    query = select("base.record_id", "base.created_at", copy=False).from_(
        exp.Subquery(this=base, alias=exp.to_identifier("base")), copy=False
    )
    own = (sql.column(need.column, "base") for need in mine if isinstance(need, PropertyNeed))
    query = query.select(*own, copy=False)
    events = [need for need in mine if isinstance(need, EventNeed)]
    for alias, found, columns in aggregates(object_, events, vocabulary):
        query = query.join(found, on=same_record(alias), join_type="left", join_alias=alias, copy=False)
        query = query.select(*(sql.column(need.column, alias) for need in columns), copy=False)
    for number, need in enumerate(need for need in mine if isinstance(need, CoverNeed)):
        query = with_cover(query, need, f"cover{number}", vocabulary)
    signals = [need for need in mine if isinstance(need, SignalNeed)]
    return _with_signals(query, signals, vocabulary) if signals else query


def _with_signals(facts: exp.Select, needs: Iterable[SignalNeed], vocabulary: Vocabulary) -> exp.Select:
    worked_out = (sql.alias(vocabulary.worked_out(need).sql, need.column) for need in needs)
    return select("*", *worked_out, copy=False).from_(
        exp.Subquery(this=facts, alias=exp.to_identifier("facts")), copy=False
    )


def unreadable_sql(object_: str, needs: Iterable[Need], *, in_facts: bool) -> tuple[list[str], str] | None:
    """The properties that are no text, and the statement that counts each one's values that can't be read.

    Those that are columns of the facts are not read once more.
    """
    typed = sorted(
        (need for need in needs if isinstance(need, PropertyNeed) and need.object == object_ and need.type != "text"),
        key=lambda need: need.name,
    )
    if not typed:
        return None
    rows = select().from_(exp.to_table(f"records_{object_}"), copy=False)
    texts = _texts(typed, rows, sql.column("properties"), ())
    if in_facts:
        told = _counts("told", texts, {_text(need): sql.column(_text(need)) for need in typed})
        known = _counts(
            "known", exp.to_table(f"facts_{object_}"), {need.column: sql.column(need.column) for need in typed}
        )
        lost = (sql.template(":t - :k", t=sql.column(_text(need)), k=sql.column(need.column)) for need in typed)
        query = select(*lost, copy=False).from_(told, copy=False).join(known, join_type="cross", copy=False)
    else:
        pairs = ((sql.column(_text(need)), need.type) for need in typed)
        lost = (sql.template("COUNT(:t) - COUNT(:k)", t=text, k=sql.read(text, kind)) for text, kind in pairs)
        query = select(*lost, copy=False).from_(texts, copy=False)
    return [need.name for need in typed], sql.render(query)


def _counts(alias: str, rows: exp.Expr, values: Mapping[str, Sql]) -> exp.Subquery:
    """One row: of how many rows each value is known."""
    counted = (sql.alias(sql.template("COUNT(:v)", v=value), name) for name, value in values.items())
    return exp.Subquery(this=select(*counted, copy=False).from_(rows, copy=False), alias=exp.to_identifier(alias))


def typed_properties(
    needs: Iterable[Need], rows: exp.Select, json: Sql, kept: Sequence[str] = ("record_id",)
) -> exp.Select:
    """The rows of a query without columns: those that are kept, and every property needed as a column of its type."""
    properties = sorted((need for need in needs if isinstance(need, PropertyNeed)), key=lambda need: need.name)
    typed = (sql.alias(sql.read(sql.column(_text(need)), need.type), need.column) for need in properties)
    return select(*kept, *typed, copy=False).from_(_texts(properties, rows, json, kept), copy=False)


def _texts(needs: Iterable[PropertyNeed], rows: exp.Select, json: Sql, kept: Sequence[str]) -> exp.Subquery:
    """The rows with what is kept, and the text of every property needed."""
    texts = (sql.alias(sql.json_text(json, need.name), _text(need)) for need in needs)
    return exp.Subquery(this=rows.select(*kept, *texts, copy=False), alias=exp.to_identifier("raw"))


def _text(need: PropertyNeed) -> str:
    return f"raw_{need.name}"


def score_relations(needs: Iterable[Need]) -> list[ScoreNeed]:
    """The scores that must stand beside the facts, in a stable order."""
    return sorted((need for need in needs if isinstance(need, ScoreNeed)), key=lambda need: need.model)
