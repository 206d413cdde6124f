"""Checks the segments: their names, conditions and crossings, and the property they are written to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import sqlglot
from sqlglot import exp

from hubsync.catalog.attempts import attempt
from hubsync.catalog.declared import Declared
from hubsync.catalog.labels import SHOWN, repeated
from hubsync.catalog.reading import Document
from hubsync.catalog.tracing import ANY, TracingVocabulary
from hubsync.scoring.meaning import nearest
from hubsync.scoring.segments import SEGMENT_MODELS, TIER, Segment, compile_segment, published_tiers


def check_segments(found: Declared, words: TracingVocabulary) -> None:
    """Note the mistakes of every segment, and what stands in the way of writing them."""
    for name in sorted(SEGMENT_MODELS.keys() & found.model_files.keys()):
        message = f"the model '{name}' is called like what the segments are written as"
        found.model_files[name].report(("model",), message, "Give it another name.")
    if not found.segments:
        return
    document = found.documents["segments.yaml"]
    _check_property(found)
    _check_labels(found)
    for name, segment in found.segments.items():
        words.used = set()
        if not _leads_to_a_mistake(segment, words):
            key = "when" if segment.when is not None else "crosses"
            compiled = attempt(document, (name, key), partial(compile_segment, name, segment, words))
            if compiled is not None:
                _check_tiers(document, name, segment, words)
        found.reads_of_segments[name] = frozenset(words.used)
        _check_history(document, name, segment, found)


def _check_property(found: Declared) -> None:
    name, document = found.main.segments_property, found.documents["hubsync.yaml"]
    at = ("segments_property",)
    for object_ in sorted({str(segment.object) for segment in found.segments.values()}):
        if name in found.properties.get(object_, {}):
            hint = "Segments have a property of their own, for example hubsync_segments."
            document.report(at, f"'{name}' is a property that {object_} already have", hint)
        for model in found.models.values():
            if model.object == object_ and name in model.written.values():
                message = f"the segments of {object_} are written to '{name}', which the model '{model.model}' writes"
                document.report(at, message, "Give each its own.")


def _check_labels(found: Declared) -> None:
    for object_ in sorted({str(segment.object) for segment in found.segments.values()}):
        mine = {name: each.shown(name) for name, each in found.segments.items() if each.object == object_}
        for label, names in repeated(mine):
            message = f"the segments {' and '.join(names)} of {object_} have one label, '{label}'"
            found.documents["segments.yaml"].report((names[-1],), message, SHOWN)


def _leads_to_a_mistake(segment: Segment, words: TracingVocabulary) -> bool:
    """Whether the segment names a model with a mistake of its own, which is told where it stands."""
    broken = {name for sort, name in words.broken if sort == "model"}
    if segment.crosses is not None:
        return bool(broken & {segment.crosses, ANY})
    return not {f"{name}{TIER}" for name in broken}.isdisjoint(re.findall(r"\w+", str(segment.when)))


def _check_tiers(document: Document, name: str, segment: Segment, words: TracingVocabulary) -> None:
    """Note tiers that a model does not have: compared with one, the condition would never hold."""
    for model, tier in _compared(str(segment.when or "")):
        known = published_tiers(words.models[model]) if model in words.models else []
        if known and tier not in known:
            hint = nearest(tier, known) or f"There are {', '.join(known)}."
            document.report((name, "when"), f"the model '{model}' has no tier '{tier}'", hint)


def _compared(text: str) -> Iterator[tuple[str, str]]:
    """(model, tier) of every comparison of a model's tier with a text."""
    parsed = sqlglot.parse_one(text) if text else exp.true()
    for node in parsed.find_all(exp.EQ, exp.NEQ, exp.In):
        columns = [each for each in (node.this, node.args.get("expression")) if isinstance(each, exp.Column)]
        others = [node.this, node.args.get("expression"), *node.expressions]
        texts = [each.name for each in others if isinstance(each, exp.Literal) and each.is_string]
        for column in columns:
            if column.name.endswith(TIER):
                yield from ((column.name.removesuffix(TIER), each) for each in texts)


def _check_history(document: Document, name: str, segment: Segment, found: Declared) -> None:
    kept = found.main.retention.history
    if segment.for_ is not None and segment.for_ > kept:
        message = f"the segment '{name}' looks back {segment.for_:,} days, and history is kept for {kept:,} days"
        hint = "Shorten it, or lengthen 'history' under 'retention' in hubsync.yaml."
        document.report((name, "for"), message, hint)
