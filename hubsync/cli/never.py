"""Rules that have never given a point: what was pulled last shows it, the configuration alone does not."""

from __future__ import annotations

from collections.abc import Iterator

from hubsync.catalog import Catalog
from hubsync.cli.explaining import Scored, scored
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.model import CompiledModel
from hubsync.store import Store
from hubsync.types import AsOf

ENOUGH = 50
"""Records that know a rule's data, below which it may be chance that it gives nobody points."""


def never_gave(catalog: Catalog, store: Store, as_of: AsOf) -> Iterator[str]:
    """Sentences about rules that know their data and give no record points; none before the first pull."""
    with store.read() as reader:
        if not reader.counts():
            return
    with scored(catalog, store, as_of) as found:
        for model in found.scores.models:
            yield from _silent(found, model)


def _silent(found: Scored, model: CompiledModel) -> Iterator[str]:
    pairs = zip(model.body.terms, model.rules, strict=True)
    rules = [line for term, line in pairs if term.available and term.weight > 0]
    if not rules:
        return
    counts = ", ".join(
        f'COUNT(*) FILTER (WHERE "{line.known_column}"), COUNT(*) FILTER (WHERE "{line.column}" <> 0)' for line in rules
    )
    known = found.scratch.execute(f'SELECT {counts} FROM "{model.relation}"')[0]  # noqa: S608 (a checked name)
    # The lines of one place in the file are steps of one rule: a 5th engaged person may be rare.
    parts = {part.name: part.at for part in KINDS[model.declaration.kind].parts(model.declaration)}
    places = [parts.get(line.rule, (line.rule,)) for line in rules]
    told = {place for place, gives in zip(places, known[1::2], strict=True) if gives}
    for line, place, knows in zip(rules, places, known[::2], strict=True):
        if knows >= ENOUGH and place not in told:
            told.add(place)
            yield (
                f"The rule '{line.rule}' of {model.name} gives points to none of the {knows:,} {model.object} of which"
                " its data is known. If that surprises you, look at its condition and its words in portal.yaml."
            )
