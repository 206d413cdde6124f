"""Stage 2: the signals become scores with contributions, in memory, by SQL alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hubsync.errors import InputError
from hubsync.scoring.explain import Explanation, explain
from hubsync.scoring.facts import ORDER, closure, facts_sql, unreadable_sql
from hubsync.scoring.model import CompiledModel, model_sql
from hubsync.scoring.needs import CoverNeed, EventNeed, Need, PropertyNeed
from hubsync.scoring.requirements import source_needs
from hubsync.scoring.scores import Scores
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import Scratch


def score(scratch: Scratch, models: Sequence[CompiledModel], vocabulary: Vocabulary) -> Scores:
    """Make the facts of every object and then the models, each after its ingredients."""
    needs = closure(frozenset[Need]().union(*(model.needs for model in models)), vocabulary)
    objects = {need.object for need in needs} | {model.object for model in models}
    unreadable: dict[str, int] = {}
    for object_ in ORDER:
        if object_ in objects:
            scratch.execute(facts_sql(object_, needs, vocabulary))
    reads = needs | _of_sources(needs, vocabulary)
    for object_ in sorted({need.object for need in reads if isinstance(need, PropertyNeed)}):
        unreadable |= _unreadable(scratch, object_, reads)
    counts = {}
    for model in models:
        scratch.execute(model_sql(model, vocabulary))
        counts[model.name] = int(scratch.execute(f'SELECT COUNT(*) FROM "{model.relation}"')[0][0])  # noqa: S608
    return Scores(tuple(models), counts, unreadable)


def _of_sources(needs: Iterable[Need], vocabulary: Vocabulary) -> frozenset[Need]:
    """What the sources of the events read."""
    kinds = {need.kind for need in needs if isinstance(need, EventNeed | CoverNeed)}
    sources = [found[1] for kind in sorted(kinds) if (found := vocabulary.source(kind)) is not None]
    return frozenset[Need]().union(*(source_needs(source, vocabulary) for source in sources))


def _unreadable(scratch: Scratch, object_: str, needs: Iterable[Need]) -> dict[str, int]:
    counting = unreadable_sql(object_, needs)
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
