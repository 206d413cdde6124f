"""What the names of the configuration mean: signals, words, properties and scores, resolved per object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hubsync.scoring import sql
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.event_signals import event_signal
from hubsync.scoring.expressions import compile_expression
from hubsync.scoring.feeds import Feeds, reaches
from hubsync.scoring.meaning import ExpressionError, Meaning, nearest
from hubsync.scoring.needs import CoverNeed, EventNeed, PropertyNeed, RollupNeed, ScoreNeed, SignalNeed
from hubsync.scoring.origins import AnySource, EventKind
from hubsync.scoring.signals import Signal
from hubsync.scoring.words import UNKNOWN, WORDS, mapping
from hubsync.types import AsOf, Fit, PropertyType

_LONG = frozenset({"since", "trend"})
"""Signals that are columns of the facts: written out wherever they are read, a statement would grow by kilobytes."""


@dataclass
class Vocabulary:
    """All names of one configuration as of one moment.

    `feeds` says what this portal can know, `fits` has what models measured, by their names.
    """

    properties: Mapping[str, Mapping[str, PropertyType]]
    words: Mapping[str, Any]
    signals: Mapping[str, Signal]
    events: Mapping[str, EventKind]
    models: Mapping[str, ModelDeclaration]
    as_of: AsOf
    feeds: Feeds = field(default_factory=Feeds)
    fits: Mapping[str, Fit] = field(default_factory=dict)
    _stack: list[str] = field(default_factory=list)

    def scope(self, object_: str) -> ObjectScope:
        """The names that an expression about one object may use."""
        return ObjectScope(self, object_)

    def event_scope(self, kind: str) -> EventScope:
        """The names that a condition on one kind of event may use."""
        source = self.feeds.source(kind, self.events[kind])
        known = source[1].carries if source else frozenset[str]()
        possible = frozenset[str]().union(*(each.carries for each in self.events[kind].sources))
        return EventScope(self.as_of, kind, known, possible)

    def source(self, kind: str) -> tuple[str, AnySource] | None:
        """The source in use for a kind; raises ExpressionError when there is no such kind."""
        if kind not in self.events:
            raise ExpressionError(f"unknown kind of event '{kind}'", nearest(kind, self.events))
        return self.feeds.source(kind, self.events[kind])

    @contextmanager
    def inside(self, what: str) -> Iterator[None]:
        """Guard against names that lead back to themselves; raises ExpressionError."""
        if what in self._stack:
            circle = " -> ".join([*self._stack[self._stack.index(what) :], what])
            raise ExpressionError(f"a circle of names: {circle}", "Break it at one place.")
        self._stack.append(what)
        try:
            yield
        finally:
            self._stack.pop()

    def signal(self, name: str, object_: str) -> Meaning:
        """The meaning of a signal for records of one object; raises ExpressionError."""
        signal = self.signals[name]
        if signal.event is None and signal.object != object_:
            raise ExpressionError(
                f"the signal '{name}' is about {signal.object}, not {object_}",
                f"Make a roll-up of it: of: {name}, over: {signal.object}.",
            )
        with self.inside(f"signal {name}"):
            if signal.value is not None:
                return compile_expression(signal.value, self.scope(object_))
            if signal.of is not None:
                return self._rollup(name, signal)
            return self._of_events(SignalNeed(object_, name))

    def _of_events(self, need: SignalNeed) -> Meaning:
        meaning = self.worked_out(need)
        if self.signals[need.signal].sort not in _LONG or not meaning.needs:
            return meaning
        return replace(meaning, sql=sql.column(need.column), needs=meaning.needs | {need})

    def worked_out(self, need: SignalNeed) -> Meaning:
        """The meaning of a signal on events over the other facts; raises ExpressionError."""
        return event_signal(self.signals[need.signal], need.object, self)

    def _rollup(self, name: str, signal: Signal) -> Meaning:
        assert signal.of is not None and signal.over is not None and signal.object is not None
        linked = {(signal.object, signal.over), (signal.over, signal.object)}
        if not linked & {("contacts", "companies"), ("deals", "contacts"), ("deals", "companies")}:
            raise ExpressionError(f"'{signal.over}' are not associated with {signal.object}")
        inner = self.scope(signal.over).resolve(signal.of)
        if inner.type not in ("number", "bool"):
            raise ExpressionError(f"'{signal.of}' is a {inner.type}; a roll-up needs numbers or conditions")
        need = RollupNeed(signal.object, name)
        return Meaning(sql.column(need.column), "number", frozenset({need}), inner.available)

    def events_of(self, kind: str, object_: str) -> tuple[str, AnySource] | None:
        """The source of a kind, None when it does not reach the object; raises ExpressionError when none would."""
        source = self.source(kind)
        declared = self.events[kind].sources
        if not any(reaches(each.happens_to, object_) for each in declared):
            raise ExpressionError(
                f"events of kind '{kind}' happen to {declared[0].happens_to} and do not reach {object_}"
            )
        return source if source is not None and reaches(source[1].happens_to, object_) else None

    def filters_available(self, need: EventNeed) -> bool:
        """Whether the source in use carries what the filters look at; raises ExpressionError."""
        scope = self.event_scope(need.kind)
        available = True
        if need.url_contains is not None:
            available = scope.resolve("url").available
        if need.where is not None:
            condition = compile_expression(need.where, scope)
            if condition.type != "bool":
                raise ExpressionError(f"'{need.where[:80]}' is a {condition.type}, not a condition")
            available = available and condition.available
        return available

    def covers(self, kind: str, object_: str, source_id: str, within: int | None) -> Meaning:
        """Whether no event of a kind in the window means that none happened."""
        start = self.feeds.starts.get(source_id)
        if start is not None and within is not None and start > self.as_of.day_start - timedelta(days=within):
            return Meaning(sql.any_of(), "bool")
        need = CoverNeed(object_, kind)
        return Meaning(sql.column(need.column), "bool", frozenset({need}))

    def word(self, name: str, object_: str) -> Meaning:
        """The meaning of a word for one object; an unmapped word is unknown."""
        text, kind = mapping(self.words, name, object_), WORDS[name].type
        if text is None or text == UNKNOWN:
            return Meaning(sql.null(sql.SQL_TYPES[kind]), kind)
        with self.inside(f"word {name}"):
            meaning = compile_expression(text, WordScope(self, object_))
        if meaning.type == kind:
            return meaning
        if {meaning.type, kind} == {"date", "datetime"}:
            converted = sql.template(f"CAST(:v AS {sql.SQL_TYPES[kind]})", v=meaning.sql)
            return Meaning(converted, kind, meaning.needs, meaning.available)
        raise ExpressionError(f"the word '{name}' is a {kind}, but '{text}' is a {meaning.type}")

    def property(self, name: str, object_: str) -> Meaning:
        """The meaning of a property; it must be known to `properties`."""
        need = PropertyNeed(object_, name, self.properties[object_][name])
        return Meaning(sql.column(need.column), need.type, frozenset({need}))


@dataclass(frozen=True)
class _About:
    """Names about one object."""

    vocabulary: Vocabulary
    object: str

    @property
    def as_of(self) -> AsOf:
        """The moment ages are counted to."""
        return self.vocabulary.as_of


class ObjectScope(_About):
    """Names about one object, in this order: signal, model (its score), word, property."""

    def resolve(self, name: str) -> Meaning:
        """The meaning of a name; raises ExpressionError."""
        words = self.vocabulary
        if name in words.signals:
            return words.signal(name, self.object)
        if name in words.models:
            return self._score(name)
        if name in WORDS:
            return words.word(name, self.object)
        if name in words.properties.get(self.object, {}):
            return words.property(name, self.object)
        known = [*words.signals, *words.models, *WORDS, *words.properties.get(self.object, {})]
        raise ExpressionError(
            f"unknown name '{name}' for {self.object}: no signal, word or property is called so",
            nearest(name, known)
            or f"A custom property must be declared in portal.yaml: properties: {{{self.object}: {{{name}: text}}}}",
        )

    def _score(self, name: str) -> Meaning:
        model = self.vocabulary.models[name]
        if model.object != self.object:
            raise ExpressionError(
                f"the model '{name}' scores {model.object}, not {self.object}",
                f"Make a roll-up signal of it: of: {name}, over: {model.object}.",
            )
        need = ScoreNeed(self.object, name)
        return Meaning(sql.template("CAST(:v AS DOUBLE)", v=sql.column(need.column)), "number", frozenset({need}))


class WordScope(_About):
    """Names that the mapping of a word may use: other words and properties of its object."""

    def resolve(self, name: str) -> Meaning:
        """The meaning of a name; raises ExpressionError."""
        properties = self.vocabulary.properties.get(self.object, {})
        # A word is often mapped to a property of the same name.
        if name in properties:
            return self.vocabulary.property(name, self.object)
        if name in WORDS:
            return self.vocabulary.word(name, self.object)
        raise ExpressionError(
            f"unknown property '{name}' of {self.object}",
            nearest(name, [*properties, *WORDS])
            or f"Declare it in portal.yaml: properties: {{{self.object}: {{{name}: text}}}}",
        )


@dataclass(frozen=True)
class EventScope:
    """Names that a condition on events may use: value, currency and the attributes of its source."""

    as_of: AsOf
    kind: str
    known: frozenset[str]
    possible: frozenset[str]

    def resolve(self, name: str) -> Meaning:
        """The meaning of a name; raises ExpressionError."""
        if name == "value":
            return Meaning(sql.template("CAST(:v AS DOUBLE)", v=sql.column("value")), "number")
        if name == "currency":
            return Meaning(sql.column("currency"), "text")
        if name in self.possible:
            return Meaning(sql.column(f"a_{name}"), "text", available=name in self.known)
        raise ExpressionError(
            f"events of kind '{self.kind}' have no attribute '{name}'",
            nearest(name, [*self.possible, "value", "currency"])
            or f"Name it under 'attributes' of a source of '{self.kind}' in events.yaml.",
        )
