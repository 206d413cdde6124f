"""A vocabulary for checking: it knows which names are broken already, and notes what it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from hubsync.scoring.meaning import ExpressionError, Meaning
from hubsync.scoring.origins import AnySource
from hubsync.scoring.vocabulary import ObjectScope, Vocabulary
from hubsync.scoring.words import WORDS
from hubsync.types import AsOf

# Meanings differ from moment to moment only in literals; any moment serves to check them.
ANY_MOMENT = AsOf(datetime(2026, 1, 1), date(2026, 1, 1), datetime(2026, 1, 1))  # noqa: DTZ001 (naive UTC)

Named = tuple[str, str]

ANY = "*"
"""Stands for every name of a sort, when the file that holds them can't be read."""


class BrokenNameError(ExpressionError):
    """The expression names something whose own mistake is reported where it stands."""


@dataclass
class TracingVocabulary(Vocabulary):
    """Resolves like the vocabulary of a run.

    `broken` holds what can't be resolved because of a mistake of its own; `used` collects (sort, name) of all that
    was resolved; `culprit` is the innermost signal or word in which the last error arose.
    """

    broken: set[Named] = field(default_factory=set)
    used: set[Named] = field(default_factory=set)
    culprit: str | None = None
    _known: dict[tuple[str, str, str, int], tuple[Meaning, frozenset[Named]]] = field(default_factory=dict)

    def scope(self, object_: str) -> ObjectScope:
        """The names that an expression about one object may use."""
        return _TracingScope(self, object_)

    def signal(self, name: str, object_: str) -> Meaning:
        """The meaning of a signal; raises ExpressionError."""
        self._use("signal", name)
        return self._once("signal", name, object_, super().signal)

    def word(self, name: str, object_: str) -> Meaning:
        """The meaning of a word; raises ExpressionError."""
        self._use("word", name)
        try:
            return self._once("word", name, object_, super().word)
        except ExpressionError as error:
            if ("property", ANY) in self.broken and error.message.startswith("unknown property"):
                raise BrokenNameError("it may be declared in a part of portal.yaml that has a mistake") from None
            raise

    def property(self, name: str, object_: str) -> Meaning:
        """The meaning of a property."""
        self._use("property", f"{object_}.{name}")
        return super().property(name, object_)

    def source(self, kind: str) -> tuple[str, AnySource] | None:
        """The source in use for a kind of event; raises ExpressionError."""
        if kind not in self.events and ("event", ANY) in self.broken:
            raise BrokenNameError("events.yaml has a mistake of its own")
        self._use("event", kind)
        return super().source(kind)

    @contextmanager
    def inside(self, what: str) -> Iterator[None]:
        """Guard against circles, and remember where an error arose; raises ExpressionError."""
        with super().inside(what):
            try:
                yield
            except ExpressionError:
                self.culprit = self.culprit or what
                raise

    def _once(self, sort: str, name: str, object_: str, resolve: Callable[[str, str], Meaning]) -> Meaning:
        """What a name means and leads to is found out once, and anew after something turned out to be broken."""
        # The models name the same signals and words again and again: without this a check takes nearly twice as long.
        key = sort, name, object_, len(self.broken)
        if key not in self._known:
            used, self.used = self.used, set()
            try:
                self._known[key] = resolve(name, object_), frozenset(self.used)
            finally:
                self.used |= used
        meaning, leads_to = self._known[key]
        self.used |= leads_to
        return meaning

    def _use(self, sort: str, name: str) -> None:
        if (sort, name) in self.broken:
            raise BrokenNameError(f"the {sort} '{name}' has a mistake of its own")
        self.used.add((sort, name))


@dataclass(frozen=True)
class _TracingScope(ObjectScope):
    vocabulary: TracingVocabulary

    def resolve(self, name: str) -> Meaning:
        """The meaning of a name; raises ExpressionError."""
        words = self.vocabulary
        for sort in ("signal", "model"):
            if (sort, name) in words.broken:
                raise BrokenNameError(f"the {sort} '{name}' has a mistake of its own")
        known = (words.signals, words.models, WORDS, words.properties.get(self.object, {}))
        if not any(name in names for names in known) and any(each == ANY for _, each in words.broken):
            raise BrokenNameError(f"'{name}' may be declared in a file that has a mistake of its own")
        if name in words.models and name not in words.signals:
            words.used.add(("model", name))
        return super().resolve(name)
