"""Events that are records: a meeting held, a ticket closed, a deal won; derived inside the database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlglot import exp, select

from hubsync.pull.portal import Portal
from hubsync.scoring import sql
from hubsync.scoring.expressions import compile_condition, compile_expression
from hubsync.scoring.meaning import Meaning
from hubsync.scoring.needs import Need, PropertyNeed
from hubsync.scoring.origins import ObjectSource
from hubsync.scoring.sql import Sql
from hubsync.scoring.vocabulary import Vocabulary, WordScope

RATE = "hs_exchange_rate"
"""What an amount in a deal's currency is multiplied with to be in the company's."""


def why_not(source: ObjectSource, portal: Portal, vocabulary: Vocabulary) -> str | None:
    """Why this source can't be used, or None when its object may be readable."""
    time = compile_expression(source.time, WordScope(vocabulary, source.object))
    return portal.lacks(source.object, {need.name for need in time.needs if isinstance(need, PropertyNeed)})


def select_events(source: ObjectSource, vocabulary: Vocabulary, currency: str) -> str:
    """The query that gives the events of all records of the object; `currency` is the company's."""
    scope = WordScope(vocabulary, source.object)
    parts = {"occurred_at": _moment(compile_expression(source.time, scope))}
    happens = compile_condition(source.when, scope) if source.when is not None else None
    amount, money = _money(source, scope, currency)
    attributes = {name: compile_expression(text, scope) for name, text in source.attributes.items()}
    needs = frozenset[Need]().union(
        parts["occurred_at"].needs, amount.needs, money.needs, *(each.needs for each in attributes.values()),
        happens.needs if happens else (),
    )  # fmt: skip
    query = select(
        sql.alias(sql.column("record_id"), "source_id"),
        sql.alias(sql.text(source.object), "subject_type"),
        sql.alias(sql.column("record_id"), "subject"),
        sql.alias(parts["occurred_at"].sql, "occurred_at"),
        sql.alias(sql.integer(1), "times"),
        sql.alias(amount.sql, "value"),
        sql.alias(money.sql, "currency"),
        sql.alias(json_of({name: each.sql for name, each in attributes.items()}), "attributes"),
    ).from_(exp.Subquery(this=_typed(source.object, needs), alias=exp.to_identifier("typed")))
    return sql.render(query.where(happens.sql, copy=False) if happens else query)


def fingerprint(query: str) -> str:
    """Changes when the query does: then the events of all records are made anew."""
    return hashlib.blake2b(query.encode(), digest_size=8).hexdigest()


def json_of(values: Mapping[str, Sql]) -> Sql:
    """A JSON object of texts; NULL when it would be empty."""
    if not values:
        return sql.null("VARCHAR")
    pairs = [part for name, value in values.items() for part in (sql.text(name), sql.cast(value, "VARCHAR"))]
    return sql.cast(exp.Anonymous(this="json_object", expressions=pairs), "VARCHAR")


def exact(value: Sql) -> Sql:
    """A DOUBLE as an exact amount; one that does not fit is unknown."""
    return exp.TryCast(this=sql.template("ROUND(:v, 6)", v=value), to=exp.DataType.build(sql.SCALE))


def _typed(object_name: str, needs: frozenset[Need]) -> exp.Select:
    """The live records of an object with the properties that are needed, each as a column of its type."""
    properties = sorted((need for need in needs if isinstance(need, PropertyNeed)), key=lambda need: need.name)
    json = sql.cast(sql.column("properties"), "VARCHAR")
    texts = (sql.alias(sql.json_text(json, need.name), f"raw_{need.name}") for need in properties)
    raw = (
        select("record_id", *texts)
        .from_(exp.table_("record", db="portal"))
        .where(sql.template("object = :o AND archived_at IS NULL", o=sql.text(object_name)))
    )
    typed = (sql.alias(sql.read(sql.column(f"raw_{need.name}"), need.type), need.column) for need in properties)
    return select("record_id", *typed).from_(exp.Subquery(this=raw, alias=exp.to_identifier("raw")))


def _moment(meaning: Meaning) -> Meaning:
    if meaning.type == "text":
        return Meaning(sql.to_moment(meaning.sql), "datetime", meaning.needs)
    return Meaning(sql.cast(meaning.sql, "TIMESTAMP"), "datetime", meaning.needs)


def _money(source: ObjectSource, scope: WordScope, currency: str) -> tuple[Meaning, Meaning]:
    """The amount in the company's currency without naming it, or unknown beside a currency it can't leave."""
    nothing = Meaning(sql.null(sql.SCALE), "number"), Meaning(sql.null("VARCHAR"), "text")
    if source.value is None:
        return nothing
    value = compile_expression(source.value, scope)
    number = sql.to_number(value.sql) if value.type == "text" else value.sql
    if source.currency is None:
        return Meaning(exact(number), "number", value.needs), nothing[1]
    stated = compile_expression(source.currency, scope)
    code = sql.template("NULLIF(UPPER(:c), :home)", c=stated.sql, home=sql.text(currency.upper()))
    needs = value.needs | stated.needs
    if RATE not in scope.vocabulary.properties.get(source.object, {}):
        own = sql.when((sql.template(":c IS NULL", c=code), number))
        return Meaning(exact(own), "number", needs), Meaning(code, "text", needs)
    rate = scope.vocabulary.property(RATE, source.object)
    known = sql.template(":r > 0", r=rate.sql)
    product = sql.template(":v * :r", v=number, r=rate.sql)
    own = sql.when((sql.template(":c IS NULL", c=code), number), (known, product))
    left = sql.when((known, sql.null("VARCHAR")), otherwise=code)
    return Meaning(exact(own), "number", needs | rate.needs), Meaning(left, "text", needs)
