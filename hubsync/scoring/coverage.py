"""Whom the source of a kind of event knows about: for them, no event means that none happened."""

from __future__ import annotations

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.expressions import compile_condition
from hubsync.scoring.feeds import LINKS
from hubsync.scoring.needs import CoverNeed, EventNeed, Need
from hubsync.scoring.origins import AnySource
from hubsync.scoring.sql import Sql
from hubsync.scoring.vocabulary import Vocabulary, WordScope


def _coverage(source: AnySource, kind: str, vocabulary: Vocabulary) -> tuple[Sql, frozenset[Need]]:
    """The condition on a record of the source's subject under which the source knows about it."""
    of = source.happens_to
    if source.covers is not None:
        meaning = compile_condition(source.covers, WordScope(vocabulary, of))
        return meaning.sql, meaning.needs
    if source.known_by is not None:
        told = vocabulary.property(source.known_by, of)
        return sql.template(":v IS NOT NULL", v=told.sql), told.needs
    if source.knows == "seen":
        need = EventNeed(of, kind, "times")
        return sql.template(":n > 0", n=sql.column(need.column)), frozenset({need})
    return exp.true(), frozenset()


def cover_needs(need: CoverNeed, vocabulary: Vocabulary) -> frozenset[Need]:
    """What must be known of the source's object to tell whom the source knows about."""
    source = vocabulary.source(need.kind)
    if source is None:
        return frozenset()
    return _coverage(source[1], need.kind, vocabulary)[1]


def with_cover(query: exp.Select, need: CoverNeed, alias: str, vocabulary: Vocabulary) -> exp.Select:
    """The query with one more column: whether the source in use knows about the record, or one that reaches it."""
    source = vocabulary.source(need.kind)
    if source is None:
        return query.select(sql.alias(exp.false(), need.column), copy=False)
    if source[1].knows == "all" and source[1].covers is None:
        return query.select(sql.alias(exp.true(), need.column), copy=False)
    condition, _needs = _coverage(source[1], need.kind, vocabulary)
    of = source[1].happens_to
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
    query = query.join(exp.Subquery(this=linked), on=same_record(alias), join_type="left", join_alias=alias, copy=False)
    known = sql.template("COALESCE(:c, FALSE)", c=sql.column("yes", alias))
    return query.select(sql.alias(known, need.column), copy=False)


def same_record(alias: str) -> Sql:
    """The condition that joins a subquery to the records."""
    return sql.template(":a = :b", a=sql.column("record_id", "base"), b=sql.column("record_id", alias))
