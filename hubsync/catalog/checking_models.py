"""Checks the models: conditions, rules, tiers, and the properties they write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel

from hubsync.catalog.attempts import attempt
from hubsync.catalog.checking_signals import check_filters, taken
from hubsync.catalog.declared import Declared
from hubsync.catalog.labels import SHOWN, repeated
from hubsync.catalog.reading import Document, Loc
from hubsync.catalog.tracing import TracingVocabulary
from hubsync.scoring.declarations import EXTRAS, ModelDeclaration, Rule, RuleGroup
from hubsync.scoring.expressions import compile_condition, compile_number
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.kinds.combined import CombinedModel
from hubsync.scoring.kinds.points import rule_name
from hubsync.scoring.meaning import ExpressionError
from hubsync.scoring.model import compile_model
from hubsync.scoring.tiers import tier_labels

_LINES = ("start", "range", "cap", "rounding")


def check_model(document: Document, model: ModelDeclaration, words: TracingVocabulary) -> None:
    """Note the mistakes of one model."""
    before = len(document.mistakes)
    object_ = str(model.object)
    scope = words.scope(object_)
    if model.who is not None:
        attempt(document, ("who",), partial(compile_condition, model.who, scope))
    for name, text in model.conditional_tiers.items():
        attempt(document, ("tiers", name, "when"), partial(compile_condition, text, scope))
    for at, rule in _rules(model, ()):
        _check_rule(document, at, rule, object_, words)
    _check_parts(document, model, words)
    _check_names(document, model)
    if ("model", model.model) not in words.broken:
        _check_tiers(document, model)
    if isinstance(model, CombinedModel):
        for key in ("fit", "engagement"):
            attempt(document, (key,), partial(scope.resolve, getattr(model, key)))
    if len(document.mistakes) == before:
        _check_whole(document, model, words)


def _check_parts(document: Document, model: ModelDeclaration, words: TracingVocabulary) -> None:
    """Try the expressions that the kind has beside rules."""
    kind, scope = KINDS[model.kind], words.scope(str(model.object))
    for part in kind.parts(model):
        for key, text in part.expressions:
            attempt(document, (*part.at, key), partial(compile_number, text, scope))
    for at, text in kind.conditions(model):
        attempt(document, at, partial(compile_condition, text, scope))


def _check_whole(document: Document, model: ModelDeclaration, words: TracingVocabulary) -> None:
    """Compile the model as a run does: what no single part shows is noted at the value that the sentence names."""

    def place(error: ExpressionError) -> Loc:
        named = (loc for loc, text in _texts(document.data, ()) if f"'{text}'" in error.message)
        return next(named, ("kind",))

    attempt(document, place, partial(compile_model, model, words))


def check_written(found: Declared) -> None:
    """Note names of models that mean something else, and properties that can't be written."""
    writers: dict[tuple[str, str], tuple[str, str]] = {}
    for name, model in found.models.items():
        document, object_ = found.model_files[name], str(model.object)
        what = "a signal" if name in found.signals else taken(name, [object_], found)
        if what is not None:
            document.report(("model",), f"the model '{name}' is called like {what}", "Give it another name.")
        for key, written in model.written.items():
            at = ("writes", key)
            if written in found.properties.get(object_, {}):
                hint = f"Scores have properties of their own, for example hubsync_{name}_{key}."
                document.report(at, f"'{written}' is a property that {object_} already have", hint)
            other = writers.setdefault((object_, written), (name, key))
            if other != (name, key):
                who = f"also written as '{other[1]}'" if other[0] == name else f"also written by the model '{other[0]}'"
                document.report(at, f"the property '{written}' is {who}", "Give each its own.")


def _rules(value: Any, at: Loc) -> Iterator[tuple[Loc, Rule]]:
    """Every rule of a declaration, whatever its kind, with its path."""
    if isinstance(value, Rule):
        yield at, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _rules(getattr(value, name), (*at, name))
    elif isinstance(value, tuple | list):
        for place, item in enumerate(value):
            yield from _rules(item, (*at, place))


def _check_rule(document: Document, at: Loc, rule: Rule, object_: str, words: TracingVocabulary) -> None:
    for key, text in (("when", rule.when), ("only", rule.only)):
        if text is not None:
            attempt(document, (*at, key), partial(compile_condition, text, words.scope(object_)))
    if rule.event is None:
        return
    kind = rule.event
    if attempt(document, (*at, "with"), lambda: (words.events_of(kind, object_),)) is not None:
        check_filters(document, at, kind, object_, rule, words)


def _check_names(document: Document, model: ModelDeclaration) -> None:
    seen: dict[str, int] = dict.fromkeys(_LINES, 0)
    parts = [(part.at, part.name) for part in KINDS[model.kind].parts(model)]
    for at, name in (*((at, rule_name(rule)) for at, rule in _rules(model, ())), *parts):
        line = document.line(at)
        if seen.get(name) == 0:
            document.report(at, f"'{name}' is a line of every explanation", "Give the rule another 'name'.")
        elif name in seen:
            document.report(at, f"the rule '{name}' stands also in line {seen[name]}", "Give one of them a 'name'.")
        seen.setdefault(name, line)
    groups: set[str] = set()
    for place, group in enumerate(getattr(model, "rule_groups", ())):
        if isinstance(group, RuleGroup) and group.name in groups:
            document.report(("rule_groups", place, "name"), f"there are two rule groups '{group.name}'", "Rename one.")
        groups.add(group.name)


def _check_tiers(document: Document, model: ModelDeclaration) -> None:
    for name, tier in model.tiers.items():
        if tier.from_ is not None and tier.from_ > model.between[1]:
            most = model.between[1]
            document.report(("tiers", name), f"the tier '{name}' begins at {tier.from_}, above the most, {most}")
    for label, names in repeated(tier_labels(KINDS[model.kind].tiers(model), model.tiers)):
        message = f"the tiers {' and '.join(names)} of '{model.model}' have one label, '{label}'"
        document.report(("tiers",) if model.tiers else ("segments",), message, SHOWN)
    for key in EXTRAS:
        makes = KINDS[model.kind].makes
        if key not in makes and model.writes and getattr(model.writes, key) is not None:
            hint = f"It makes {', '.join(sorted(makes))}." if makes else "Leave it out."
            document.report(("writes", key), f"a model of kind '{model.kind}' makes no '{key}'", hint)
    if model.writes and not KINDS[model.kind].tiers(model):
        for key in ("tier", "tier_changed_at"):
            if getattr(model.writes, key) is not None:
                document.report(("writes", key), f"'{key}' is written, but the model has no tiers", "Declare 'tiers'.")


def _texts(data: Any, at: Loc) -> Iterator[tuple[Loc, str]]:
    items = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if isinstance(value, str) and key != "model":
            yield (*at, key), value
        yield from _texts(value, (*at, key))
