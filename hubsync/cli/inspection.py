"""What a portal allows the models to do: scopes, sources, properties, budgets, found out with a few calls."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hubsync.cli.drift import known_schema
from hubsync.crm import PropertyLimit, needed_scopes, source_scopes
from hubsync.provision import Provisioned, compare
from hubsync.pull import Lost
from hubsync.pull.estimate import Estimate, estimate
from hubsync.pull.glance import Glance
from hubsync.pull.portal import Portal
from hubsync.pull.result import SourceReport
from hubsync.pull.sources.registry import MECHANISMS
from hubsync.pull.survey import Mode, Past, Survey, needs
from hubsync.scoring.feeds import Feeds
from hubsync.types import Usage
from hubsync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ScopeCheck:
    """One thing the token must be allowed, and the models that need it; `granted` None means HubSpot does not say.

    `blocks` is true when no sync works without it; else something is missing from the scores, or `provision` fails.
    """

    what: str
    any_of: tuple[str, ...]
    models: tuple[str, ...]
    granted: bool | None
    blocks: bool


@dataclass(frozen=True)
class Inspection:
    """Everything that `check` reports about a portal."""

    feeds: Feeds
    scopes: tuple[ScopeCheck, ...]
    sources: tuple[SourceReport, ...]
    unreadable: Mapping[str, str]
    missing: Mapping[str, tuple[str, ...]]
    lost: tuple[Lost, ...]
    own: Provisioned
    property_limits: Mapping[str, PropertyLimit] | None
    usage: Usage | None
    estimate: Estimate

    @property
    def too_many(self) -> list[str]:
        """Sentences about objects whose custom properties would not fit into the portal's limit."""
        new = Counter(place.partition(".")[0] for place in self.own.created)
        limits = self.property_limits or {}
        return [
            f"{object_} has {limit.used:,} of {limit.limit:,} custom properties, and hubsync needs {count} more:"
            " archive some in HubSpot, or let models write fewer."
            for object_, count in sorted(new.items())
            if (limit := limits.get(object_)) is not None and limit.used + count > limit.limit
        ]


def inspect(workspace: Workspace) -> Inspection:
    """Ask the portal, as a first pull would; raises what HubSpot raises for reasons other than a missing scope."""
    client, catalog = workspace.client, workspace.catalog
    portal = Portal(client, workspace.account.portal_id, workspace.account.currency)
    with workspace.store.read() as reader:
        # Where pulls stand does not matter here; what they have read before does.
        past = Past(known_schema(reader), {state.source: state for state in reader.sources()}, {}, {})
        written = reader.written_models()
    mode = Mode(workspace.as_of, secret=workspace.settings.named)
    survey = Survey(portal, catalog, past, mode, Glance(workspace.store))
    unreadable = [model for model, (object_, _) in catalog.written.items() if object_ in survey.unavailable]
    first_pull = estimate(client, catalog, workspace.as_of)
    unbounded = {kind: least for kind, least in first_pull.kinds.items() if _unbounded(survey, kind)}
    return Inspection(
        survey.choice.feeds,
        tuple(_scopes(workspace)),
        tuple(survey.choice.reports[source] for source in sorted(survey.choice.reports)),
        survey.unavailable,
        survey.missing,
        survey.drift.lost,
        compare(client, catalog, present=survey.definitions, left_out=unreadable, written=written)[0],
        client.custom_property_limits(),
        client.usage(),
        replace(first_pull, kinds=unbounded),
    )


def _unbounded(survey: Survey, kind: str) -> bool:
    """Whether a kind is fed by a stream of events, whose number HubSpot does not tell beforehand."""
    source = survey.choice.active.get(kind)
    return source is not None and type(survey.source(source)) in MECHANISMS


def _scopes(workspace: Workspace) -> Iterator[ScopeCheck]:
    catalog = workspace.catalog
    wanted, vocabulary = needs(catalog, workspace.as_of, Feeds())
    writing = {model: object_ for model, (object_, _) in catalog.written.items()}
    scored = {str(each.object) for each in catalog.needed}
    by_source = defaultdict[str, set[str]](set)
    sources = {source.from_ for _, _, source in wanted.sources(vocabulary)}
    for kind, _, source in wanted.sources(vocabulary):
        if scopes := source_scopes(source.from_):
            by_source[scopes.what] |= wanted.models["event", kind]
    may_read, may_write = workspace.scopes, _write_scopes(workspace)
    for need in needed_scopes(wanted.objects, writing.values(), sources=sources, provision=True):
        reads = need.what.startswith("read ")
        object_ = need.what.rpartition(" ")[2]
        if reads:
            models = by_source.get(need.what) or wanted.models["object", object_]
        else:
            models = {model for model, of in writing.items() if of == object_}
        # Segments stand on models, which are named.
        models = (models & catalog.models.keys()) or models
        granted = may_read if reads else may_write
        blocks = (reads and object_ in scored) or need.what.startswith("write ")
        allowed = None if granted is None else need.met_by(granted)
        yield ScopeCheck(need.what, need.any_of, tuple(sorted(models)), allowed, blocks)


def _write_scopes(workspace: Workspace) -> frozenset[str] | None:
    if workspace.writer is workspace.client:
        return workspace.scopes
    info = workspace.writer.token_info()
    return info[1] if info else None
