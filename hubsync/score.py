"""Stage 2: the signals become scores with contributions, in memory, by SQL alone."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from hubsync.catalog import Catalog
from hubsync.errors import InputError
from hubsync.scoring.configuration import OnSpark
from hubsync.scoring.explain import Explanation, explain
from hubsync.scoring.facts import ORDER, closure, facts_sql, unreadable_sql
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.model import CompiledModel, compile_model, fitting_sql, model_sql
from hubsync.scoring.needs import CoverNeed, EventNeed, Need
from hubsync.scoring.requirements import Reads, requirements, source_needs
from hubsync.scoring.scores import Scores
from hubsync.scoring.units import OBJECTS
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.spark import make_facts
from hubsync.store import Scratch, Store, Writer
from hubsync.types import AsOf, Fit


@dataclass(frozen=True)
class OpenScores:
    """All scores as of a moment, in memory; `vocabulary` has the stored fits alone, `scores` also those made here."""

    scratch: Scratch
    scores: Scores
    vocabulary: Vocabulary


@contextmanager
def open_scores(
    store: Store, catalog: Catalog, as_of: AsOf, feeds: Feeds, objects: Collection[str] = OBJECTS, *,
    anew: str = "", kept: bool = True,
) -> Iterator[OpenScores]:  # fmt: skip
    """Score as of a moment from what was pulled: the models and segments of these objects, and what they are made of.

    All with their stored fits, but for the model that is fitted `anew`; `kept` says whether the caller stores what is
    fitted here. Raises what `score` raises, and StoreError.
    """
    with store.read() as reader:
        fits = reader.fits(catalog.versions, as_of.now)
    vocabulary = catalog.vocabulary(as_of, feeds, {name: fit for name, fit in fits.items() if name != anew})
    segments = [each for each in catalog.compiled_segments(vocabulary) if each.object in objects]
    read = set[str]().union(*(catalog.read_by_segments[each.key] for each in segments))
    names = catalog.with_ingredients(read | {model.model for model in catalog.needed if model.object in objects})
    models = [compile_model(model, vocabulary) for model in catalog.needed if model.model in names]
    needs = requirements([*models, *segments], vocabulary)
    active = [source for source in feeds.active.values() if source is not None]
    with store.scratch(as_of, active, needs.objects, needs.links) as scratch:
        scores = score(scratch, models, vocabulary, segments, catalog.main.on_spark, kept=kept)
        yield OpenScores(scratch, scores, vocabulary)


def score(
    scratch: Scratch,
    models: Sequence[CompiledModel],
    vocabulary: Vocabulary,
    also: Sequence[Reads] = (),
    on_spark: OnSpark | None = None,
    *,
    kept: bool = True,
) -> Scores:
    """Make the facts of every object, also what others read of them, and then the models, each after its ingredients.

    A model that has to measure first and has no fit in the vocabulary is fitted here; nothing is stored, and `kept`
    says whether the caller will. The facts are made `on_spark` where there is one, all else by DuckDB. Raises
    InputError when Spark can't start.
    """
    needs = closure(frozenset[Need]().union(*(each.needs for each in (*models, *also))), vocabulary)
    objects = {need.object for need in needs} | {each.object for each in (*models, *also)}
    unreadable: dict[str, int] = {}
    scored = [object_ for object_ in ORDER if object_ in objects]
    if on_spark is not None:
        make_facts(scratch, scored, needs, vocabulary, on_spark)
    else:
        for object_ in scored:
            scratch.execute(facts_sql(object_, needs, vocabulary))
    for object_ in scored:
        unreadable |= _unreadable(scratch, object_, needs, in_facts=True)
    reads = _of_sources(needs, vocabulary) - needs
    for object_ in sorted({need.object for need in reads}):
        unreadable |= _unreadable(scratch, object_, reads, in_facts=False)
    counts: dict[str, int] = {}
    done: list[CompiledModel] = []
    notes: dict[str, str] = {}
    for given in models:
        model = given
        if model.fitting is not None and model.name not in vocabulary.fits:
            fit, notes[model.name] = _fitted(scratch, model, vocabulary, kept=kept)
            if fit is not None:
                vocabulary = replace(vocabulary, fits={**vocabulary.fits, model.name: fit})
                model = compile_model(model.declaration, vocabulary)
        counts[model.name] = int(scratch.execute(model_sql(model, vocabulary))[0][0])
        done.append(model)
    return Scores(tuple(done), counts, unreadable, vocabulary.fits, notes)


def _fitted(scratch: Scratch, model: CompiledModel, vocabulary: Vocabulary, *, kept: bool) -> tuple[Fit | None, str]:
    """What the model measures over the records of its `who`, and a sentence about it; its ingredients are scored.

    None when too little is known to keep: the model stays unknown, and the next run tries again.
    """
    assert model.fitting is not None
    rows, counted = fitting_sql(model, vocabulary)
    records = int(scratch.execute(counted)[0][0])
    found = model.fitting.parameters(scratch.execute(rows))
    about = "".join(f" {note[:1].upper()}{note[1:]}." for note in found.notes)
    if found.parameters is None:
        return None, f"{model.name} could not be fitted on its {records:,} {model.object}.{about}"
    # As it comes back from the database: its version must be the same then.
    fit = Fit(json.loads(json.dumps(found.parameters)), vocabulary.as_of.now, records)
    lasts = f"all runs until `hubsync fit {model.name}`" if kept else "this look into the past alone"
    return fit, f"Fitted {model.name} on {records:,} {model.object}, for {lasts}.{about}"


def remember(writer: Writer, catalog: Catalog, scores: Scores, at: datetime) -> None:
    """Store the models in the versions that they were scored in, with their fits."""
    for model in scores.models:
        declaration = orjson.dumps(model.declaration.model_dump(mode="json", by_alias=True)).decode()
        version, base = catalog.version(model.name, scores.fits), catalog.version(model.name)
        writer.save_model(model.name, version, declaration, at, base=base, fit=scores.fits.get(model.name))


def _of_sources(needs: Iterable[Need], vocabulary: Vocabulary) -> frozenset[Need]:
    """What the sources of the events read."""
    kinds = {need.kind for need in needs if isinstance(need, EventNeed | CoverNeed)}
    sources = [found[1] for kind in sorted(kinds) if (found := vocabulary.source(kind)) is not None]
    return frozenset[Need]().union(*(source_needs(source, vocabulary) for source in sources))


def _unreadable(scratch: Scratch, object_: str, needs: Iterable[Need], *, in_facts: bool) -> dict[str, int]:
    counting = unreadable_sql(object_, needs, in_facts=in_facts)
    if counting is None:
        return {}
    names, statement = counting
    counts = scratch.execute(statement)[0]
    return {f"{object_}.{name}": int(count) for name, count in zip(names, counts, strict=True) if count}


def explanations(scratch: Scratch, scores: Scores, object_: str, record_id: str) -> list[Explanation]:
    """The explanation of every model that scored this record; raises InputError when none did."""
    found: list[Explanation] = []
    for model in scores.models:
        if model.object != object_:
            continue
        columns = scratch.columns(model.relation)
        rows = scratch.execute(f'SELECT * FROM "{model.relation}" WHERE record_id = ?', [record_id])  # noqa: S608
        found.extend(explain(model, dict(zip(columns, row, strict=True))) for row in rows)
    if not found:
        models = ", ".join(model.name for model in scores.models if model.object == object_)
        raise InputError(
            f"No model scores the {object_} record {record_id}: it is outside 'who' of {models or 'every model'}."
        )
    return found
