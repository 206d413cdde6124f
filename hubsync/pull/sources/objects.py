"""Events that are records: a meeting held, a ticket closed, a deal won; derived inside the database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp, select

from hubsync.pull.portal import Portal
from hubsync.pull.sources.streams import Ended
from hubsync.scoring import sql
from hubsync.scoring.expressions import compile_condition, compile_expression
from hubsync.scoring.facts import typed_properties
from hubsync.scoring.meaning import Meaning
from hubsync.scoring.needs import Need, PropertyNeed
from hubsync.scoring.origins import ObjectSource
from hubsync.scoring.sql import Sql
from hubsync.scoring.vocabulary import Vocabulary, WordScope
from hubsync.scoring.words import UNKNOWN, WORDS, mapping

RATE = "hs_exchange_rate"
"""What an amount in a deal's currency is multiplied with to be in the company's."""


def why_not(source: ObjectSource, portal: Portal, vocabulary: Vocabulary) -> str | None:
    """Why this source can't be used, or None when its objects may be readable."""
    time = compile_expression(source.time, WordScope(vocabulary, source.object))
    reason = portal.lacks(source.object, {need.name for need in time.needs if isinstance(need, PropertyNeed)})
    if reason is None and source.each is not None:
        reason = portal.lacks(source.each, set())
    return reason or _unsaid(source, vocabulary)


@dataclass(frozen=True)
class _Asking(WordScope):
    """Names that a condition may use; `words` are those that portal.yaml says nothing about."""

    words: dict[str, str | None] = field(default_factory=dict)

    def resolve(self, name: str) -> Meaning:
        """The meaning of a name; raises ExpressionError."""
        if name in WORDS and name not in self.vocabulary.properties.get(self.object, {}):
            said = mapping(self.vocabulary.words, name, self.object)
            self.words.update({name: said} if said in (None, UNKNOWN) else {})
        return super().resolve(name)


def _unsaid(source: ObjectSource, vocabulary: Vocabulary) -> str | None:
    """Why a condition can't be told for any record: then nothing is known, and no event is not none."""
    asking = _Asking(vocabulary, source.object)
    if source.when is not None:
        compile_condition(source.when, asking)
    if not asking.words:
        return None
    reason = f"portal.yaml does not say for {source.object} what is meant by {', '.join(sorted(asking.words))}"
    return Ended(reason) if UNKNOWN in asking.words.values() else reason


def select_events(source: ObjectSource, vocabulary: Vocabulary, currency: str) -> str:
    """The query that gives the events of all records of the object; `currency` is the company's.

    With `each`, one for every record of that object that is associated with it now.
    """
    scope = WordScope(vocabulary, source.object)
    happens = compile_condition(source.when, scope) if source.when is not None else None
    occurred_at = _moment(compile_expression(source.time, scope))
    told = _told(source, WordScope(vocabulary, source.each or source.object))
    own = replace(told, value=_PART_VALUE, attributes=_PART_ATTRIBUTES) if source.each is not None else told
    amount, money = _money(source, own.value, scope, currency)
    needs = frozenset[Need]().union(
        occurred_at.needs, amount.needs, money.needs, own.attributes.needs, happens.needs if happens else ()
    )
    source_id = sql.template("record_id || ':' || part_id") if source.each is not None else sql.column("record_id")
    query = select(
        sql.alias(source_id, "source_id"),
        sql.alias(sql.text(source.object), "subject_type"),
        sql.alias(sql.column("record_id"), "subject"),
        sql.alias(occurred_at.sql, "occurred_at"),
        sql.alias(sql.integer(1), "times"),
        sql.alias(amount.sql, "value"),
        sql.alias(money.sql, "currency"),
        sql.alias(own.attributes.sql, "attributes"),
    ).from_(exp.Subquery(this=_typed(source.object, needs), alias=exp.to_identifier("typed")))
    if source.each is not None:
        query = _with_parts(query, source.each, source.object, told)
    return sql.render(query.where(happens.sql, copy=False) if happens else query)


@dataclass(frozen=True)
class _Told:
    """What an event is worth and what else it says, as a JSON text."""

    value: Meaning | None
    attributes: Meaning


_PART_VALUE = Meaning(sql.column("part_value"), "number")
_PART_ATTRIBUTES = Meaning(sql.column("part_attributes"), "text")


def _told(source: ObjectSource, scope: WordScope) -> _Told:
    value = compile_expression(source.value, scope) if source.value is not None else None
    if value is not None and value.type == "text":
        value = Meaning(sql.to_number(value.sql), "number", value.needs)
    found = {name: compile_expression(text, scope) for name, text in source.attributes.items()}
    needs = frozenset[Need]().union(*(each.needs for each in found.values()))
    return _Told(value, Meaning(json_of({name: each.sql for name, each in found.items()}), "text", needs))


def _with_parts(query: exp.Select, part: str, whole: str, told: _Told) -> exp.Select:
    """The query joined with what belongs to each record, as `part_id`, `part_value` and `part_attributes`."""
    value = told.value.sql if told.value else sql.null("DOUBLE")
    needs = told.attributes.needs | (told.value.needs if told.value else frozenset())
    parts = select(
        sql.alias(sql.column("record_id"), "part_id"),
        sql.alias(value, "part_value"),
        sql.alias(told.attributes.sql, "part_attributes"),
    ).from_(exp.Subquery(this=_typed(part, needs), alias=exp.to_identifier("typed_parts")))
    pairs = (
        select(sql.alias(sql.column("from_id"), "pair_part"), sql.alias(sql.column("to_id"), "pair_whole"))
        .distinct()
        .from_(exp.table_("association", db="portal"))
        .where(sql.template(
            "from_object = :part AND to_object = :whole AND until IS NULL", part=sql.text(part), whole=sql.text(whole)
        ))
    )  # fmt: skip
    return query.join(
        exp.Subquery(this=pairs), on=sql.template("pair_whole = record_id"), join_alias="pairs", copy=False
    ).join(exp.Subquery(this=parts), on=sql.template("part_id = pair_part"), join_alias="parts", copy=False)


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
    live = (
        select()
        .from_(exp.table_("record", db="portal"))
        .where(sql.template("object = :o AND archived_at IS NULL", o=sql.text(object_name)))
    )
    return typed_properties(needs, live, sql.cast(sql.column("properties"), "VARCHAR"))


def _moment(meaning: Meaning) -> Meaning:
    if meaning.type == "text":
        return Meaning(sql.to_moment(meaning.sql), "datetime", meaning.needs)
    return Meaning(sql.cast(meaning.sql, "TIMESTAMP"), "datetime", meaning.needs)


def _money(source: ObjectSource, value: Meaning | None, scope: WordScope, currency: str) -> tuple[Meaning, Meaning]:
    """The amount in the company's currency without naming it, or unknown beside a currency it can't leave."""
    nothing = Meaning(sql.null(sql.SCALE), "number"), Meaning(sql.null("VARCHAR"), "text")
    if value is None:
        return nothing
    if source.currency is None:
        return Meaning(exact(value.sql), "number", value.needs), nothing[1]
    stated = compile_expression(source.currency, scope)
    code = sql.template("NULLIF(UPPER(:c), :home)", c=stated.sql, home=sql.text(currency.upper()))
    needs = value.needs | stated.needs
    if RATE not in scope.vocabulary.properties.get(source.object, {}):
        own = sql.when((sql.template(":c IS NULL", c=code), value.sql))
        return Meaning(exact(own), "number", needs), Meaning(code, "text", needs)
    rate = scope.vocabulary.property(RATE, source.object)
    known = sql.template(":r > 0", r=rate.sql)
    product = sql.template(":v * :r", v=value.sql, r=rate.sql)
    own = sql.when((sql.template(":c IS NULL", c=code), value.sql), (known, product))
    left = sql.when((known, sql.null("VARCHAR")), otherwise=code)
    return Meaning(exact(own), "number", needs | rate.needs), Meaning(left, "text", needs)
