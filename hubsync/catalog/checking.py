"""Checks the declarations against each other: names, expressions, circles, properties that are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, get_args

from hubsync.catalog.attempts import Entry, settle
from hubsync.catalog.checking_events import check_events
from hubsync.catalog.checking_models import check_model, check_written
from hubsync.catalog.checking_segments import check_segments
from hubsync.catalog.checking_signals import check_signals
from hubsync.catalog.declared import Declared
from hubsync.catalog.tracing import ANY, ANY_MOMENT, TracingVocabulary
from hubsync.scoring.meaning import nearest
from hubsync.scoring.units import Pulled
from hubsync.scoring.words import UNKNOWN, WORDS

_WORD_HINT = "Say for which object: {contacts: ...} or {companies: ...}, or write 'unknown'."


def check(found: Declared) -> TracingVocabulary:
    """Note every mistake between declarations; what has a mistake ends in the vocabulary's `broken`."""
    words = TracingVocabulary(
        found.properties, found.portal.words, found.signals, found.events, found.models, ANY_MOMENT, broken=found.broken
    )
    settle(words, found.documents["portal.yaml"], _words(found, words))
    check_events(found, words)
    check_signals(found, words)
    check_written(found)
    for name, model in found.models.items():
        words.used = set()
        check_model(found.model_files[name], model, words)
        found.reads_of_models[name] = frozenset(words.used)
    check_segments(found, words)
    _check_main(found)
    _check_manual(found)
    return words


def _words(found: Declared, words: TracingVocabulary) -> Iterator[Entry]:
    document = found.documents["portal.yaml"]
    for name, mapped in found.portal.words.items():
        at = ("words", name)
        if name not in WORDS:
            document.report(at, f"unknown word '{name}'", nearest(name, WORDS) or f"Words are {', '.join(WORDS)}.")
        elif mapped not in (None, UNKNOWN) and not isinstance(mapped, Mapping):
            document.report(at, f"the word '{name}' is mapped to a text", _WORD_HINT)
            words.broken.add(("word", name))
        else:
            yield from _mapped(found, words, name, mapped if isinstance(mapped, Mapping) else {})


def _mapped(found: Declared, words: TracingVocabulary, name: str, mapped: Mapping[str, Any]) -> Iterator[Entry]:
    document = found.documents["portal.yaml"]
    for object_, text in mapped.items():
        at = ("words", name, object_)
        if object_ not in get_args(Pulled):
            hint = nearest(object_, get_args(Pulled)) or _WORD_HINT
            document.report(at, f"unknown object '{object_}'", hint)
        elif text is not None and not isinstance(text, str | int | float):
            document.report(at, f"'{object_}' is an expression, not a list or keys", "Put it in quotes.")
            words.broken.add(("word", name))
        else:
            yield Entry("word", name, at, partial(words.word, name, object_))


def _check_main(found: Declared) -> None:
    document = found.documents["hubsync.yaml"]
    seen: set[str] = set()
    for place, name in enumerate(found.main.models):
        at = ("models", place)
        if name in seen:
            document.report(at, f"the model '{name}' stands here twice", "Remove one.")
        seen.add(name)
        if name not in found.model_files and not found.broken & {("model", name), ("model", ANY)}:
            hint = nearest(name, found.model_files) or f"There are {', '.join(sorted(found.model_files))}."
            document.report(at, f"there is no model '{name}'", hint)


def _check_manual(found: Declared) -> None:
    document = found.documents["portal.yaml"]
    for object_, names in found.portal.manual.items():
        known = found.properties.get(object_, {})
        for place, name in enumerate(names):
            if name not in known and not found.broken & {("property", f"{object_}.{name}"), ("property", ANY)}:
                document.report(("manual", object_, place), f"unknown property '{name}' of {object_}",
                                nearest(name, known) or "Declare it under 'properties'.")  # fmt: skip
