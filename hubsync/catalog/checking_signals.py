"""Checks the signals: their names, their expressions, the events they read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from hubsync.catalog.attempts import Entry, attempt, settle
from hubsync.catalog.declared import Declared
from hubsync.catalog.reading import Document
from hubsync.catalog.tracing import TracingVocabulary
from hubsync.scoring.expressions import is_name
from hubsync.scoring.feeds import reaches
from hubsync.scoring.meaning import ExpressionError
from hubsync.scoring.needs import EventNeed
from hubsync.scoring.origins import EventKind
from hubsync.scoring.signals import EventFilter, Signal
from hubsync.scoring.units import OBJECTS
from hubsync.scoring.words import WORDS


def check_signals(found: Declared, words: TracingVocabulary) -> None:
    """Note the mistakes of every signal; signals with one become broken."""
    document = found.documents["signals.yaml"]
    for name, signal in found.signals.items():
        before = len(document.mistakes)
        _check_name(document, name, signal, found)
        if signal.event is not None:
            _check_event(document, name, signal, words)
        if len(document.mistakes) > before:
            words.broken.add(("signal", name))
    entries = [
        Entry("signal", name, (name, "value" if signal.value is not None else "of"),
              partial(words.signal, name, str(signal.object)))
        for name, signal in found.signals.items() if signal.event is None
    ]  # fmt: skip
    settle(words, document, entries)
    words.broken |= {named for named in found.mended if named[0] == "signal"}


def check_filters(
    document: Document, at: tuple[str | int, ...], kind: str, object_: str, given: EventFilter, words: TracingVocabulary
) -> None:
    """Note what is wrong with `url_contains` and `where` of a signal or rule on a known kind of event."""
    for key in ("url_contains", "where"):
        if (text := getattr(given, key)) is not None:
            need = EventNeed(object_, kind, "times", **{key: text})
            attempt(document, (*at, key), partial(words.filters_available, need))


def taken(name: str, objects: Iterable[str], found: Declared) -> str | None:
    """What else is called so where the name would be used."""
    if name in WORDS:
        return "a word"
    if name.isidentifier() and not is_name(name):
        return "a part of the language of expressions"
    for object_ in objects:
        if name in found.properties.get(object_, {}):
            return f"a property of {object_}"
    return None


def _check_name(document: Document, name: str, signal: Signal, found: Declared) -> None:
    what = taken(name, [signal.object] if signal.object else OBJECTS, found)
    if what is not None:
        document.report((name,), f"the signal '{name}' is called like {what}", "Give it another name.")


def _check_event(document: Document, name: str, signal: Signal, words: TracingVocabulary) -> None:
    kind = str(signal.event)
    key = signal.sort
    before = len(document.mistakes)
    if attempt(document, (name, key), lambda: (words.source(kind),)) is None:
        if len(document.mistakes) == before:
            words.broken.add(("signal", name))
        return
    declaration = words.events[kind]
    object_ = signal.object or _reached(declaration)
    attempt(document, (name, "object"), lambda: words.events_of(kind, object_))
    check_filters(document, (name,), kind, object_, signal, words)
    if signal.by is not None:
        attempt(document, (name, "by"), lambda: _attribute(kind, str(signal.by), words))
    adding = "sum" if signal.sum is not None else "trend_of" if signal.trend_of == "value" else None
    if adding is not None and not any(source.has_value for source in declaration.sources):
        document.report((name, adding), f"events of kind '{kind}' have no value to add up", "Count them instead.")


def _attribute(kind: str, by: str, words: TracingVocabulary) -> None:
    if by not in words.event_scope(kind).possible:
        words.event_scope(kind).resolve(by)
        raise ExpressionError(f"'{by}' is no attribute of events of kind '{kind}'", "Name one that sets them apart.")


def _reached(declaration: EventKind) -> str:
    return next(each for each in OBJECTS if any(reaches(source.happens_to, each) for source in declaration.sources))
