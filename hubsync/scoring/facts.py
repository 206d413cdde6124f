"""The signals SQL: one row per record with every column that the models need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.aggregates import aggregates
from hubsync.scoring.coverage import cover_needs, same_record, with_cover
from hubsync.scoring.needs import CoverNeed, EventNeed, Need, PropertyNeed, RollupNeed, ScoreNeed
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
    records = select().from_(exp.to_table(f"records_{object_}"))
    base = typed_properties(mine, records, sql.column("properties"), ("record_id", "created_at"))
    query = select("base.record_id", "base.created_at").from_(exp.Subquery(this=base, alias=exp.to_identifier("base")))
    own = (sql.column(need.column, "base") for need in mine if isinstance(need, PropertyNeed))
    query = query.select(*own, copy=False)
    events = [need for need in mine if isinstance(need, EventNeed)]
    for alias, found, columns in aggregates(object_, events, vocabulary):
        query = query.join(found, on=same_record(alias), join_type="left", join_alias=alias, copy=False)
        query = query.select(*(sql.column(need.column, alias) for need in columns), copy=False)
    for number, need in enumerate(need for need in mine if isinstance(need, CoverNeed)):
        query = with_cover(query, need, f"cover{number}", vocabulary)
    return query


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


def typed_properties(
    needs: Iterable[Need], rows: exp.Select, json: Sql, kept: Sequence[str] = ("record_id",)
) -> exp.Select:
    """The rows of a query without columns: those that are kept, and every property needed as a column of its type."""
    properties = sorted((need for need in needs if isinstance(need, PropertyNeed)), key=lambda need: need.name)
    texts = (sql.alias(sql.json_text(json, need.name), f"raw_{need.name}") for need in properties)
    raw = exp.Subquery(this=rows.select(*kept, *texts), alias=exp.to_identifier("raw"))
    typed = (sql.alias(sql.read(sql.column(f"raw_{need.name}"), need.type), need.column) for need in properties)
    return select(*kept, *typed).from_(raw)


def score_relations(needs: Iterable[Need]) -> list[ScoreNeed]:
    """The scores that must stand beside the facts, in a stable order."""
    return sorted((need for need in needs if isinstance(need, ScoreNeed)), key=lambda need: need.model)
