"""Checks where events come from: the properties and expressions of each source."""

from __future__ import annotations

from hubsync.catalog.attempts import attempt
from hubsync.catalog.declared import Declared
from hubsync.catalog.reading import Document, Loc
from hubsync.catalog.tracing import ANY, TracingVocabulary
from hubsync.scoring.event_source import BOOL, NUMBER, Reading
from hubsync.scoring.expressions import compile_condition, compile_expression
from hubsync.scoring.meaning import nearest
from hubsync.scoring.origins import AnySource
from hubsync.scoring.units import OBJECTS
from hubsync.scoring.vocabulary import WordScope


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
    scope = WordScope(words, source.happens_to)
    if source.covers is not None:
        _check_value(document, at, Reading(("covers",), source.covers, BOOL), scope)
    if source.covers is not None and source.happens_to not in OBJECTS:
        hint = "Leave 'covers' out: records of this kind cover everybody they could belong to."
        document.report((*at, "covers"), f"'covers' can't be a condition on {source.happens_to}", hint)
    for expression in source.expressions:
        _check_value(document, at, expression, WordScope(words, expression.of) if expression.of else scope)
    for named in source.properties:
        _check_property(document, at, named, source.happens_to, words)


def _check_value(document: Document, at: Loc, given: Reading, scope: WordScope) -> None:
    loc, text, types = (*at, *given.at), given.text, given.types
    compiled = compile_condition if types == BOOL else compile_expression
    meaning = attempt(document, loc, lambda: compiled(text, scope))
    if meaning is not None and meaning.type not in types:
        hint = "Write number(...) around it." if types == NUMBER and meaning.type == "text" else ""
        document.report(loc, f"'{text}' is a {meaning.type}, not a {' or '.join(types)}", hint)


def _check_property(document: Document, at: Loc, given: Reading, object_: str, words: TracingVocabulary) -> None:
    loc, name, types = (*at, *given.at), given.text, given.types
    known = words.properties.get(object_, {})
    if name in known:
        words.used.add(("property", f"{object_}.{name}"))
        if known[name] not in types:
            document.report(loc, f"'{name}' is a {known[name]}, not a {' or '.join(types)}")
    elif ("property", ANY) not in words.broken:
        entry = f"{{{object_}: {{{name}: {types[-1]}}}}}"
        hint = nearest(name, known) or f"Declare it in portal.yaml: properties: {entry}"
        document.report(loc, f"unknown property '{name}' of {object_}", hint)
