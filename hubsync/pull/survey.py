"""What has to be pulled from this portal: objects, properties, associations, and the source of each kind of event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubsync.catalog import Catalog
from hubsync.crm import Abreast
from hubsync.errors import ScopeError
from hubsync.pull.choice import Choice
from hubsync.pull.drift import drift, returned
from hubsync.pull.portal import Portal
from hubsync.pull.sources import counters, objects, tables
from hubsync.pull.sources.occurrences import OccurrenceStream, Pages
from hubsync.pull.sources.records import Asked, Known, RecordStream
from hubsync.scoring.origins import CounterSource, ObjectSource, OccurrenceSource, TableSource
from hubsync.scoring.requirements import Requirements, requirements, source_properties
from hubsync.scoring.sources import AnySource, Feeds, source_ids
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import SourceState, Stock
from hubsync.types import AsOf, Counter

MERGED = "hs_merged_object_ids"
CLOSED = "hs_is_closed"
"""By which the plan knows a deal that is frozen."""


@dataclass(frozen=True)
class Past:
    """What earlier pulls left behind."""

    cursors: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, SourceState]
    counts: Mapping[str, int]
    stock: Mapping[str, Stock]


@dataclass(frozen=True)
class Mode:
    """How to pull: as of which moment, and everything again or what has changed."""

    as_of: AsOf
    full: bool = False


def needs(catalog: Catalog, as_of: AsOf, feeds: Feeds) -> tuple[Requirements, Vocabulary]:
    """What the models need when these sources feed their events."""
    vocabulary = catalog.vocabulary(as_of, feeds)
    return requirements(catalog.compiled(vocabulary), vocabulary), vocabulary


class Survey:
    """Asks the portal what it has, and decides what to pull from it."""

    def __init__(self, portal: Portal, catalog: Catalog, past: Past, mode: Mode, known: Known) -> None:
        self.portal = portal
        self.catalog = catalog
        self.past = past
        self.mode = mode
        self._known = known
        self._pages = Pages()
        self._opened: dict[str, RecordStream] = {}
        self._occurrences: dict[str, OccurrenceStream] = {}
        self.own = catalog.own
        self.choice = Choice(past.sources, self._why_not)
        self.unavailable: dict[str, str] = {}
        self.needed, self.vocabulary = needs(catalog, mode.as_of, Feeds())
        self.wanted = self.needed
        """What would be needed if every kind of event had its first source."""
        portal.read_definitions(self.needed.objects)
        self._choose()
        self.records = self._streams()
        self.definitions = {name: portal.definitions(name) for name in self.records}
        self.drift = drift(catalog, self.needed, mode.as_of, self.choice.feeds, past.cursors, self.definitions)

    def source(self, source_id: str) -> AnySource:
        """The declaration of a source."""
        kind = source_id.partition("/")[0]
        return dict(source_ids(kind, self.catalog.events[kind]))[source_id]

    @property
    def active(self) -> dict[str, AnySource]:
        """The sources that are read in this pull."""
        return {
            report.source: self.source(report.source)
            for report in self.choice.reports.values()
            if report.status == "active" and report.kind in self.needed.events
        }

    @property
    def occurrences(self) -> dict[str, OccurrenceStream]:
        """The streams of event occurrences that are read."""
        return {name: self._occurrences[name] for name in self.active if name in self._occurrences}

    @property
    def counters(self) -> list[Counter]:
        """The counters that are watched."""
        return [
            counters.counter(name, self.choice.reports[name].kind, source)
            for name, source in self.active.items()
            if isinstance(source, CounterSource)
        ]

    @property
    def missing(self) -> dict[str, tuple[str, ...]]:
        """Properties that models name and the portal does not have."""
        return {
            f"{object_name}.{name}": tuple(sorted(self.needed.models["property", f"{object_name}.{name}"]))
            for object_name in self.records
            for name in sorted(self.needed.properties[object_name] - self.portal.definitions(object_name).keys())
        }

    @property
    def unmade(self) -> dict[str, list[str]]:
        """The own properties of the models that are on, as far as the portal does not have them."""
        written: dict[str, set[str]] = {name: set() for name in self.definitions}
        for model in self.catalog.on:
            if model.writes is not None and str(model.object) in written:
                written[str(model.object)].update(model.writes.model_dump(exclude_none=True).values())
        missing = {name: sorted(names - self.definitions[name].keys()) for name, names in written.items()}
        return {name: names for name, names in missing.items() if names}

    def _choose(self) -> None:
        """Choose until no kind is new: another source may need other kinds to say whom it covers."""
        while new := self.needed.events.keys() - self.choice.active.keys():
            self._open_ahead(new)
            for kind in sorted(new):
                self.choice.choose(kind, self.catalog.events[kind])
            if not self._as_assumed():
                self.needed, self.vocabulary = needs(self.catalog, self.mode.as_of, self.choice.feeds)

    def _as_assumed(self) -> bool:
        """Whether each kind is fed by its first source: the needs were found under this assumption."""
        return self.vocabulary.feeds.active == {} and all(
            chosen == next(source_ids(kind, self.catalog.events[kind]))[0]
            for kind, chosen in self.choice.active.items()
        )

    def _why_not(self, source_id: str, kind: str, source: AnySource) -> str | None:
        match source:
            case CounterSource():
                return counters.why_not(source, self.portal)
            case TableSource():
                return tables.why_not(source, self.catalog.folder)
            case OccurrenceSource():
                return self._occurrence(source_id, kind, source).why_not()
            case ObjectSource():
                return self._object_why_not(source)

    def _occurrence(self, source_id: str, kind: str, source: OccurrenceSource) -> OccurrenceStream:
        as_of = self.mode.as_of
        stream = OccurrenceStream(
            source_id, kind, source, self.portal, self._pages, as_of,
            days=self.needed.events[kind],
            position=self.past.cursors.get(source_id),
            full=self.mode.full,
            every=self.catalog.main.reconcile_every,
        )  # fmt: skip
        self._occurrences[source_id] = stream
        return stream

    def _object_why_not(self, source: ObjectSource) -> str | None:
        reason = self._unfit(source)
        stream = None if reason else self._beside(source)
        if stream is None:
            return reason
        reason = stream.why_not()
        if reason:
            self.unavailable[source.object] = reason
        return reason

    def _unfit(self, source: ObjectSource) -> str | None:
        return self.unavailable.get(source.object) or objects.why_not(source, self.portal, self.vocabulary)

    def _beside(self, source: ObjectSource) -> RecordStream | None:
        """The stream of an object that is read for its events alone.

        One that models score is read anyway, and with more properties than are known by now.
        """
        if source.object in {model.object for model in self.catalog.needed}:
            return None
        return self._opened.get(source.object) or self._open(source.object, source_properties(source, self.vocabulary))

    def _open_ahead(self, kinds: Iterable[str]) -> None:
        """Read the first pages of the sources that come first, all at once, so that latency is waited for once."""
        first = (next(source_ids(kind, self.catalog.events[kind]))[1] for kind in sorted(kinds))
        fit = [source for source in first if isinstance(source, ObjectSource) and self._unfit(source) is None]
        streams = {source.object: stream for source in fit if (stream := self._beside(source))}
        if streams:
            with Abreast(len(streams), "first-pages") as pool:
                for asked in [pool.submit(stream.why_not) for stream in streams.values()]:
                    asked.result()

    def _streams(self) -> dict[str, RecordStream]:
        """A stream for each object that is needed and readable."""
        before = {name for name in self.own if name in self.past.cursors}
        streams = {}
        for name in sorted({*self.needed.objects, *before}):
            if name in self.unavailable:
                continue
            try:
                asked = self._asked(name)
            except ScopeError as error:
                self.unavailable[name] = str(error)
                continue
            opened = self._opened.get(name)
            streams[name] = opened if opened and opened.asked.covers(asked) else self._open(name)
        return streams

    def _open(self, name: str, extra: set[str] | None = None) -> RecordStream:
        asked = self._asked(name, extra)
        stream = RecordStream(
            name, asked, self.portal.client, self.catalog.main, self.mode.as_of, self._known,
            before=self.past.counts.get(name, 0),
            position=self.past.cursors.get(name),
            full=self.mode.full or returned(name, self.past.cursors, self.portal.definitions(name), self.catalog),
        )  # fmt: skip
        self._opened[name] = stream
        return stream

    def _asked(self, name: str, extra: set[str] | None = None) -> Asked:
        wanted = {*self.needed.properties.get(name, ()), *self.own.get(name, ()), *(extra or ()), MERGED}
        if name == "deals":
            wanted.add(CLOSED)
        if self._has_money(name):
            wanted.add(objects.RATE)
        links = frozenset(to for of, to in self.needed.links if of == name)
        return Asked(frozenset(wanted & self.portal.definitions(name).keys()), links)

    def _has_money(self, name: str) -> bool:
        return any(
            isinstance(source, ObjectSource) and source.object == name and source.currency is not None
            for kind in self.needed.events
            for source in self.catalog.events[kind].sources
        )
