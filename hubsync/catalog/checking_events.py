"""Checks where events come from: the properties and expressions of each source."""

from __future__ import annotations

from collections.abc import Iterator

from hubsync.catalog.attempts import attempt
from hubsync.catalog.declared import Declared
from hubsync.catalog.reading import Document, Loc
from hubsync.catalog.tracing import ANY, TracingVocabulary
from hubsync.scoring.expressions import compile_condition, compile_expression
from hubsync.scoring.meaning import nearest
from hubsync.scoring.origins import CounterSource, ObjectSource
from hubsync.scoring.sources import AnySource, subject
from hubsync.scoring.units import OBJECTS
from hubsync.scoring.vocabulary import WordScope
from hubsync.types import PropertyType

_NUMBER: tuple[PropertyType, ...] = ("number",)
_TEXT: tuple[PropertyType, ...] = ("text",)
_TIME: tuple[PropertyType, ...] = ("date", "datetime")
_EVERY: tuple[PropertyType, ...] = ("number", "text", "bool", "date", "datetime")


def check_events(found: Declared, words: TracingVocabulary) -> None:
    """Note the mistakes of every kind of event; kinds with one become broken."""
    document = found.documents["events.yaml"]
    for kind, declaration in found.events.items():
        before = len(document.mistakes)
        words.used = set()
        for place, source in enumerate(declaration.sources):
            _check_source(document, (kind, "sources", place), source, words)
        found.reads[kind] = frozenset(words.used)
        if len(document.mistakes) > before or ("event", kind) in found.mended:
            words.broken.add(("event", kind))


def _check_source(document: Document, at: Loc, source: AnySource, words: TracingVocabulary) -> None:
    scope = WordScope(words, subject(source))
    conditions = {"covers": source.covers, "when": source.when if isinstance(source, ObjectSource) else None}
    for key, text in conditions.items():
        if text is not None:
            attempt(document, (*at, key), lambda text=text: compile_condition(text, scope))  # type: ignore[misc]
    if source.covers is not None and subject(source) not in OBJECTS:
        hint = "Leave 'covers' out: records of this kind cover everybody they could belong to."
        document.report((*at, "covers"), f"'covers' can't be a condition on {subject(source)}", hint)
    if isinstance(source, ObjectSource):
        for loc, text, types in _values(source):
            _check_value(document, (*at, *loc), text, types, scope)
    if isinstance(source, CounterSource):
        _check_counter(document, at, source, words)


def _values(source: ObjectSource) -> Iterator[tuple[Loc, str, tuple[PropertyType, ...]]]:
    yield ("time",), source.time, _TIME
    if source.value is not None:
        yield ("value",), source.value, _NUMBER
    if source.currency is not None:
        yield ("currency",), source.currency, _TEXT
    for name, text in source.attributes.items():
        yield ("attributes", name), text, _EVERY


def _check_value(document: Document, loc: Loc, text: str, types: tuple[PropertyType, ...], scope: WordScope) -> None:
    meaning = attempt(document, loc, lambda: compile_expression(text, scope))
    if meaning is not None and meaning.type not in types:
        hint = "Write number(...) around it." if types == _NUMBER and meaning.type == "text" else ""
        document.report(loc, f"'{text}' is a {meaning.type}, not a {' or '.join(types)}", hint)


def _check_counter(document: Document, at: Loc, source: CounterSource, words: TracingVocabulary) -> None:
    known = words.properties.get(source.object, {})
    for key, name, types in (("count", source.count, _NUMBER), ("last", source.last, _TIME)):
        if name in known:
            words.used.add(("property", f"{source.object}.{name}"))
            if known[name] not in types:
                document.report((*at, key), f"'{name}' is a {known[name]}, not a {' or '.join(types)}")
        elif ("property", ANY) not in words.broken:
            entry = f"{{{source.object}: {{{name}: {types[-1]}}}}}"
            hint = nearest(name, known) or f"Declare it in portal.yaml: properties: {entry}"
            document.report((*at, key), f"unknown property '{name}' of {source.object}", hint)
