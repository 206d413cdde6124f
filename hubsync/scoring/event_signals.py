"""The meanings of signals on events: counts, silences, trends, each of one record in SQL.

All ages are whole portal days, and a window of so many days is those before today and today (design §4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlglot import exp

from hubsync.scoring import sql
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.meaning import Meaning, Scope, typed
from hubsync.scoring.needs import CoverNeed, CreatedNeed, EventNeed, Need, Shape
from hubsync.scoring.origins import AnySource
from hubsync.scoring.signals import Signal
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import PERIOD_DAYS
from hubsync.types import AsOf, PropertyType

LEAST_EVENTS = 3
"""A trend needs so many events in its baseline, unless it says `at_least`: nothing is claimed of newcomers (66)."""


class Words(Protocol):
    """What the meanings ask of the vocabulary."""

    as_of: AsOf
    feeds: Feeds

    def events_of(self, kind: str, object_: str) -> tuple[str, AnySource] | None:
        """The source of a kind, None when it does not reach the object; raises ExpressionError when none would."""
        ...

    def event_scope(self, kind: str) -> Scope:
        """The names that a condition on one kind of event may use."""
        ...

    def filters_available(self, need: EventNeed) -> bool:
        """Whether the source in use carries what the filters look at; raises ExpressionError."""
        ...

    def covers(self, kind: str, object_: str, source_id: str, within: int | None) -> Meaning:
        """Whether no event of a kind in the window means that none happened."""
        ...


def event_signal(signal: Signal, object_: str, words: Words) -> Meaning:
    """The meaning of a signal on events for records of one object; raises ExpressionError."""
    kind: PropertyType = "bool" if signal.is_condition else "number"
    unknown = sql.null(sql.SQL_TYPES[kind])
    source = words.events_of(str(signal.event), object_)
    asked = _Asked(signal, object_, words, source[0] if source else "")
    available = words.filters_available(asked.need("times"))
    if signal.by is not None:
        by = words.event_scope(str(signal.event)).resolve(signal.by)
        available = typed(by, "text", signal.by).available and available
    if source is None or not available:
        return Meaning(unknown, kind, available=False)
    if source[0] in words.feeds.overdue:
        return Meaning(unknown, kind)
    return _SORTS[signal.sort](asked)


@dataclass(frozen=True)
class _Asked:
    """A signal on events of one object, and the source in use."""

    signal: Signal
    object: str
    words: Words
    source_id: str

    @property
    def kind(self) -> str:
        return str(self.signal.event)

    def need(
        self, shape: Shape, within: int | None = None, before: int | None = None, against: int | None = None
    ) -> EventNeed:
        signal = self.signal
        period = PERIOD_DAYS[signal.once_per] if signal.once_per and shape in ("periods", "streak") else None
        return EventNeed(
            self.object, self.kind, shape, within, signal.url_contains, signal.where, period,
            before=before, against=against, by=signal.by if shape == "distinct" else None,
        )  # fmt: skip

    def age(self, value: Sql) -> Sql:
        return sql.age(value, "datetime", self.words.as_of)

    def days_ago(self, days: int) -> datetime:
        """The beginning of a window."""
        return self.words.as_of.day_start - timedelta(days=days)

    def cover(self, within: int | None = None) -> Meaning:
        return self.words.covers(self.kind, self.object, self.source_id, within)

    def seen(self, days: int) -> Meaning:
        """Whether the source knows all that happened to the record in so many days, or since it was created.

        A source that began later knows the whole life of the records that were created after that.
        """
        feeds, cover = self.words.feeds, CoverNeed(self.object, self.kind)
        start = feeds.starts.get(self.source_id, feeds.watched.get(self.source_id))
        if start is None or start <= self.days_ago(days):
            return Meaning(sql.column(cover.column), "bool", frozenset({cover}))
        created = CreatedNeed(self.object)
        whole = sql.template(
            ":c AND :created >= :start",
            c=sql.column(cover.column), created=sql.column(created.column), start=sql.moment(start),
        )  # fmt: skip
        return Meaning(whole, "bool", frozenset({cover, created}))


def _count(asked: _Asked) -> Meaning:
    shape: Shape = "periods" if asked.signal.once_per else "times"
    return _amount(asked, asked.need(shape, asked.signal.within))


def _sum(asked: _Asked) -> Meaning:
    within = asked.signal.within
    cover, need, number = asked.cover(within), asked.need("sum", within), asked.need("times", within)
    # Money in a currency that can't be converted makes the sum unknown although there were events.
    some = sql.template(":n > 0", n=sql.column(number.column))
    amount = sql.template("CAST(:v AS DOUBLE)", v=sql.column(need.column))
    return Meaning(sql.when((some, amount), (cover.sql, sql.double(0))), "number", cover.needs | {need, number})


def _distinct(asked: _Asked) -> Meaning:
    """How many values of the attribute occur; events without one add nothing (checklist 74, breadth of usage)."""
    return _amount(asked, asked.need("distinct", asked.signal.within))


def _streak(asked: _Asked) -> Meaning:
    """Periods in a row up to now, as far back as the source knows; the current one may be empty (checklist 6)."""
    return _amount(asked, asked.need("streak", asked.signal.within))


def _amount(asked: _Asked, need: EventNeed) -> Meaning:
    cover, value = asked.cover(need.within), sql.column(need.column)
    amount = sql.template("CAST(:v AS DOUBLE)", v=value)
    some = sql.template(":v > 0", v=value)
    return Meaning(sql.when((some, amount), (cover.sql, sql.double(0))), "number", cover.needs | {need})


def _since(asked: _Asked) -> Meaning:
    """Days since the last event; without one, since the record or the source began (checklist 13)."""
    cover, need, created = asked.cover(), asked.need("last"), CreatedNeed(asked.object)
    last = sql.column(need.column)
    silence = asked.age(sql.column(created.column))
    start = asked.words.feeds.starts.get(asked.source_id)
    if start is not None:
        # Before the source began to know, silence is no evidence.
        began = asked.age(sql.moment(start))
        shorter, longer = (sql.template(f":a {sign} :b", a=silence, b=began) for sign in ("<", ">="))
        silence = sql.when((shorter, silence), (longer, began))
    value = sql.when((sql.template(":v IS NOT NULL", v=last), asked.age(last)), (cover.sql, silence))
    return Meaning(value, "number", cover.needs | {need, created})


def _first(asked: _Asked) -> Meaning:
    """Days since the first event that is kept; with `within`, whether it began in these days (checklist 7).

    An earlier event is proof that it did not; otherwise the source must know the time before, or the record's life.
    """
    need = asked.need("first")
    first = sql.column(need.column)
    if asked.signal.within is None:
        return Meaning(asked.age(first), "number", frozenset({need}))
    start, seen = sql.moment(asked.days_ago(asked.signal.within)), asked.seen(asked.signal.within)
    earlier = sql.template(":f < :start", f=first, start=start)
    value = sql.when((earlier, exp.false()), (seen.sql, sql.template(":f IS NOT NULL", f=first)))
    return Meaning(value, "bool", seen.needs | {need})


def _until(asked: _Asked) -> Meaning:
    """Days to the next event from today on; with `within`, whether one comes in these days (checklist 79)."""
    need, cover = asked.need("next"), asked.cover()
    coming = sql.column(need.column)
    days: Sql = exp.Neg(this=sql.paren(asked.age(coming)))
    if asked.signal.within is None:
        return Meaning(days, "number", frozenset({need}))
    soon = sql.template(":d <= :w", d=days, w=sql.double(asked.signal.within))
    value = sql.when((sql.template(":v IS NOT NULL", v=coming), soon), (cover.sql, exp.false()))
    return Meaning(value, "bool", cover.needs | {need})


def _silence(asked: _Asked) -> Meaning:
    """Days since the last event over the usual gap: 1 is as usual, unknown below 3 active days (checklist 66)."""
    need, cover = asked.need("silence", against=asked.signal.against), asked.cover()
    return Meaning(sql.when((cover.sql, sql.column(need.column))), "number", cover.needs | {need})


def _covered(asked: _Asked) -> Meaning:
    """Whether the source knows about the record, and with `within` the whole window (checklist 86)."""
    if asked.signal.within is None:
        return asked.cover()
    seen = asked.seen(asked.signal.within)
    return Meaning(sql.template("COALESCE(:s, FALSE)", s=seen.sql), "bool", seen.needs)


def _trend(asked: _Asked) -> Meaning:
    """The rate of the last `within` days over that of the `against` days before them: 1 is as usual (checklist 66).

    (recent / within) / (usual / against), as one quotient so that equal rates are exactly 1. The baseline of a record
    whose first event lies in it begins there, and that event is not counted: a rate that is measured from an event on
    must not count it. It is unknown where such a baseline is shorter than `within`, or has too few events.
    """
    within, against = asked.signal.within or 0, asked.signal.against or 0
    whole = within + against
    seen, first = asked.seen(whole), asked.need("first")
    number, recent = asked.need("times", whole, within), asked.need("times", within)
    of_recent, of_usual = _trended(asked, "recent"), _trended(asked, "usual")
    oldest = sql.column(first.column)
    young = sql.template(":f >= :start", f=oldest, start=sql.moment(asked.days_ago(whole)))
    days = sql.when(
        (young, sql.template(":a - :w", a=asked.age(oldest), w=sql.double(within))), otherwise=sql.double(against)
    )
    times = sql.template("CAST(:n AS DOUBLE)", n=sql.column(number.column))
    usual = sql.when((young, sql.template(":u * (:n - 1) / :n", u=of_usual[0], n=times)), otherwise=of_usual[0])
    enough = sql.all_of(
        seen.sql,
        sql.template(":n >= :least", n=times, least=sql.double(asked.signal.at_least or LEAST_EVENTS)),
        sql.template(":d >= :w", d=days, w=sql.double(within)),
        sql.template(":u > 0", u=usual),
    )
    value = sql.ratio(
        sql.template(":r * :d", r=of_recent[0], d=days), sql.template(":u * :w", u=usual, w=sql.double(within))
    )
    needs = frozenset[Need]({first, number, recent}) | of_recent[1] | of_usual[1]
    return Meaning(sql.when((enough, value)), "number", seen.needs | needs)


def _trended(asked: _Asked, part: str) -> tuple[Sql, frozenset[Need]]:
    """What is compared, in the recent or the usual days: the number of events, or their values added."""
    within, against = asked.signal.within or 0, asked.signal.against or 0
    window = (within, None) if part == "recent" else (within + against, within)
    number = asked.need("times", *window)
    count = sql.template("COALESCE(CAST(:n AS DOUBLE), 0)", n=sql.column(number.column))
    if asked.signal.trend_of != "value":
        return count, frozenset({number})
    total = asked.need("sum", *window)
    some = sql.template(":n > 0", n=count)
    amount = sql.template("CAST(:v AS DOUBLE)", v=sql.column(total.column))
    return sql.when((some, amount), otherwise=sql.double(0)), frozenset({number, total})


_SORTS: Mapping[str, Callable[[_Asked], Meaning]] = {
    "count": _count, "sum": _sum, "since": _since, "first": _first, "until": _until, "trend": _trend,
    "silence": _silence, "streak": _streak, "covered": _covered, "distinct": _distinct,
}  # fmt: skip
