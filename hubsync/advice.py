"""What each model would know of this portal, and which two or three of them it can feed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hubsync.catalog import Catalog, UnmappedWord, unmapped_words
from hubsync.errors import ScopeError
from hubsync.pull import Progress, PullResult, cost, needs, pull
from hubsync.score import OpenScores, open_scores
from hubsync.scoring.body import Term
from hubsync.scoring.declarations import JOBS
from hubsync.scoring.feeds import Feeds, source_ids
from hubsync.scoring.model import CompiledModel
from hubsync.scoring.requirements import Requirements, requirements
from hubsync.store import Store
from hubsync.workspace import Workspace

RECOMMENDED = 3
"""Two or three scores by the job to be done, not one for all (checklist 100)."""

FEW_CUSTOMERS = 500
"""Below, rules checked for two quarters come before anything that is trained (checklist 143)."""

_WELL = 0.8
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class RuleAdvice:
    """One rule or measure: the share of the records of which its data is known, and of which it gives points.

    `weight` is its share of what the model's known data is judged by; a rule that is not `available` has no source
    in this portal.
    """

    rule: str
    reason: str
    weight: float
    available: bool
    known: float
    gives: float


@dataclass(frozen=True, slots=True)
class ModelAdvice:
    """One model in this portal.

    `records` meet its `who`, `scored` of them have a score. `known_data` is the mean over them. `calls` is what a
    first pull for this model alone costs, beside the events that HubSpot does not count beforehand.
    """

    model: str
    job: str | None
    outcome: str
    object: str
    on: bool
    records: int
    scored: int
    known_data: float
    rules: tuple[RuleAdvice, ...]
    properties: tuple[str, ...]
    events: tuple[str, ...]
    calls: int
    lacks: tuple[str, ...]

    @property
    def fed(self) -> float:
        """How well the portal feeds it, 0 to 1: the share of its records with a score, times what these know."""
        return self.scored / self.records * self.known_data if self.records else 0.0


@dataclass(frozen=True, slots=True)
class Advice:
    """All models, the best fed first, those that are recommended, and what to know before anything is trained."""

    models: tuple[ModelAdvice, ...]
    recommended: tuple[str, ...]
    customers: int
    calls: int


def everything_on(catalog: Catalog) -> Catalog:
    """The configuration with every declared model switched on."""
    return replace(catalog, main=catalog.main.model_copy(update={"models": tuple(catalog.models)}))


def advise(workspace: Workspace, folder: Path, progress: Progress | None = None) -> Advice:
    """Pull what all declared models need into a database of its own in `folder`, and look at what it gives them.

    Writes nothing to HubSpot, and nothing to the database of the runs. Raises what a pull raises.
    """
    catalog = everything_on(workspace.catalog)
    store = Store.open(folder, workspace.account.portal_id)
    pulled = pull(
        workspace.client, store, catalog, workspace.present, workspace.account.portal_id,
        currency=workspace.account.currency, secret=workspace.settings.named, progress=progress,
    )  # fmt: skip
    if not pulled.rows:
        raise ScopeError("Nothing can be read: " + "; ".join(sorted(set(pulled.unavailable.values()))))
    words = unmapped_words(catalog, workspace.present, pulled.feeds)
    with open_scores(store, catalog, workspace.present, pulled.feeds) as opened:
        wanted, _ = needs(catalog, workspace.present, Feeds())
        looked = _Looked(workspace, catalog, pulled, words, opened, wanted)
        models = [model for model in opened.scores.models if model.body.terms]
        found = sorted((looked.at(model) for model in models), key=lambda each: -each.fed)
    customers = max((each.records for each in found if each.job in ("renewal", "churn", "growth")), default=0)
    return Advice(tuple(found), tuple(each.model for each in recommended(found)), customers, pulled.calls)


def recommended(found: Sequence[ModelAdvice]) -> list[ModelAdvice]:
    """The best fed model of each job, renewal and value first (checklist 97); none that knows less than half."""
    best: dict[str, ModelAdvice] = {}
    for each in found:
        if each.job is not None and each.fed >= _ENOUGH and each.fed > getattr(best.get(each.job), "fed", 0.0):
            best[each.job] = each
    ranked = sorted(best.values(), key=lambda each: (each.fed < _WELL, JOBS.index(str(each.job))))
    return ranked[:RECOMMENDED]


@dataclass(frozen=True)
class _Looked:
    """What is at hand to judge a model by."""

    workspace: Workspace
    catalog: Catalog
    pulled: PullResult
    words: Sequence[UnmappedWord]
    opened: OpenScores
    wanted: Requirements
    """What would be needed if the portal fed every kind of event."""

    def at(self, model: CompiledModel) -> ModelAdvice:
        """What one model would know."""
        names = self.catalog.with_ingredients([model.name])
        vocabulary = self.opened.vocabulary
        needed = requirements([each for each in self.opened.scores.models if each.name in names], vocabulary)
        records, scored, known, shares = self._counted(model)
        weight = float(sum(term.weight for term in model.body.terms)) or 1.0
        rules = tuple(
            RuleAdvice(term.rule, term.reason, round(float(term.weight) / weight, 4), term.available, *pair)
            for term, pair in zip(model.body.terms, shares, strict=True)
        )
        declared = model.declaration
        return ModelAdvice(
            model.name, declared.job, declared.outcome, model.object, model.name in self.workspace.catalog.main.models,
            records, scored, known, rules,
            tuple(sorted(f"{of}.{name}" for of, names in needed.properties.items() for name in names)),
            tuple(sorted(needed.events)),
            cost(needed, vocabulary, self.pulled.rows).calls,
            tuple(self._lacks(model.name, names, needed, model.body.terms)),
        )  # fmt: skip

    def _counted(self, model: CompiledModel) -> tuple[int, int, float, list[tuple[float, float]]]:
        """Records, records with a score, mean known data, and per term the shares that are known and that give."""
        parts = "".join(
            f', AVG(CAST("{line.known_column}" AS INTEGER)), AVG(CAST("{line.column}" <> 0 AS INTEGER))'
            for line in model.rules
        )
        query = f'SELECT COUNT(*), COUNT(score), AVG(known_data){parts} FROM "{model.relation}"'  # noqa: S608
        records, scored, known, *shares = self.opened.scratch.execute(query)[0]
        rounded = [round(float(each or 0), 4) for each in (known, *shares)]
        return int(records), int(scored), rounded[0], list(zip(rounded[1::2], rounded[2::2], strict=True))

    def _lacks(self, model: str, names: Collection[str], needed: Requirements, terms: Sequence[Term]) -> Iterator[str]:
        """What would have to be mapped, made or allowed for the model to know more."""
        pulled = self.pulled
        for word in self.words:
            if model in word.models:
                yield f"portal.yaml does not map {word.word} of {word.object}: {word.meaning}"
        for place in sorted(pulled.missing):
            of, _, name = place.partition(".")
            if name in needed.properties.get(of, ()):
                yield f"the portal has no property {name} of {of}"
        for of in sorted(pulled.unavailable.keys() & set(needed.objects)):
            yield f"{of} can't be read: {pulled.unavailable[of]}"
        for report in pulled.sources:
            asked = not self.wanted.models["event", report.kind].isdisjoint(names)
            if asked and report.status != "active" and self._matters(report.kind, terms):
                instead = (
                    f"it comes from {self._called(report.replaced_by)}" if report.replaced_by else "nothing stands in"
                )
                yield f"{report.kind} can't come from {self._called(report.source)}: {instead}"

    def _called(self, source_id: str) -> str:
        """What people call a source; with its object, since a kind may have two of one sort."""
        kind = source_id.partition("/")[0]
        source = dict(source_ids(kind, self.catalog.events[kind]))[source_id]
        object_ = getattr(source, "object", None)
        return f"{source.from_} of {object_}" if object_ else source.from_

    def _matters(self, kind: str, terms: Sequence[Term]) -> bool:
        """Whether a rule is without a source because of it, or nothing feeds the kind at all."""
        return self.pulled.feeds.active.get(kind) is None or any(not term.available for term in terms)
