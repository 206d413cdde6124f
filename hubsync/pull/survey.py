"""What has to be pulled from this portal: objects, properties, associations, and the source of each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hubsync.catalog import Catalog
from hubsync.crm import Abreast
from hubsync.errors import ScopeError
from hubsync.pull.choice import Choice
from hubsync.pull.drift import drift, returned
from hubsync.pull.flow import Stream
from hubsync.pull.glance import Glance
from hubsync.pull.portal import Portal
from hubsync.pull.sources import counters, objects, tables
from hubsync.pull.sources.records import Asked, RecordStream
from hubsync.pull.sources.registry import MECHANISMS
from hubsync.pull.sources.streams import EventStream, Opening, Shared
from hubsync.scoring.feeds import Feeds, source_ids
from hubsync.scoring.origins import AnySource, CounterSource, ObjectSource, TableSource
from hubsync.scoring.requirements import Reads, Requirements, requirements, source_properties
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.store import OTHER_EMAILS, SourceState, Stock
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
    secret: Callable[[str], str] = field(default=lambda _name: "", repr=False)
    """What an environment variable that the configuration names holds, empty when it is not set."""


def needs(catalog: Catalog, as_of: AsOf, feeds: Feeds) -> tuple[Requirements, Vocabulary]:
    """What the models need when these sources feed their events."""
    vocabulary = catalog.vocabulary(as_of, feeds)
    reads: list[Reads] = [*catalog.compiled(vocabulary), *catalog.compiled_segments(vocabulary)]
    return requirements(reads, vocabulary), vocabulary


class Survey:
    """Asks the portal what it has, and decides what to pull from it."""

    def __init__(self, portal: Portal, catalog: Catalog, past: Past, mode: Mode, glance: Glance) -> None:
        self.portal = portal
        self.catalog = catalog
        self.past = past
        self.mode = mode
        self._glance = glance
        self._shared = Shared()
        self._opened: dict[str, RecordStream] = {}
        self._events: dict[str, EventStream] = {}
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
    def events(self) -> dict[str, EventStream]:
        """The streams of events that are read."""
        return {name: self._events[name] for name in self.active if name in self._events}

    @property
    def afterwards(self) -> dict[str, Stream]:
        """The streams that read the history of records, when these are here."""
        seeds = (counters.seeding(each, self.portal, self._glance, self.past.cursors) for each in self.counters)
        streams: dict[str, Stream] = {each.name: each for each in seeds if each is not None}
        return streams | {
            name: stream for name, stream in self.events.items() if MECHANISMS[type(self.active[name])].afterwards
        }

    @property
    def counters(self) -> list[Counter]:
        """The counters that are watched."""
        return [
            counters.counter(name, self.choice.reports[name].kind, source)
            for name, source in self.active.items()
            if isinstance(source, CounterSource)
        ]

    @property
    def recounted(self) -> frozenset[str]:
        """The counters that count by another property than at the last pull."""
        return frozenset(each.source for each in self.counters if counters.is_another(each, self.past.cursors))

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
        for object_, names in self.catalog.written.values():
            if object_ in written:
                written[object_].update(names)
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
            case ObjectSource():
                return self._object_why_not(source)
            case _:
                return self._open_events(source_id, kind, source).why_not()

    def _open_events(self, source_id: str, kind: str, source: AnySource) -> EventStream:
        given = Opening(
            source_id, kind, self.portal, self.mode.as_of,
            days=self.needed.events[kind],
            position=self.past.cursors.get(source_id),
            full=self.mode.full,
            every=self.catalog.main.reconcile_every,
            folder=self.catalog.folder,
            shared=self._shared,
            glance=self._glance,
            kept_since=self.mode.as_of.day_start - timedelta(days=self.catalog.main.retention.events),
            secret=self.mode.secret,
        )  # fmt: skip
        self._events[source_id] = MECHANISMS[type(source)].open(given, source)
        return self._events[source_id]

    def _object_why_not(self, source: ObjectSource) -> str | None:
        reason = self._unfit(source)
        for stream in self._beside(source) if reason is None else ():
            why = stream.why_not()
            if why:
                self.unavailable[stream.name] = why
            reason = reason or why
        return reason

    def _unfit(self, source: ObjectSource) -> str | None:
        reasons = (self.unavailable[name] for name in sorted(source.reads) if name in self.unavailable)
        return next(reasons, None) or objects.why_not(source, self.portal, self.vocabulary)

    def _beside(self, source: ObjectSource) -> list[RecordStream]:
        """The streams of objects that are read for their events alone.

        One that models score is read anyway, and with more properties than are known by now.
        """
        return [
            self._opened.get(name) or self._open(name, source_properties(source, name, self.vocabulary))
            for name in sorted(source.reads - {str(model.object) for model in self.catalog.needed})
        ]

    def _open_ahead(self, kinds: Iterable[str]) -> None:
        """Read the first pages of the sources that come first, all at once, so that latency is waited for once."""
        first = (next(source_ids(kind, self.catalog.events[kind]))[1] for kind in sorted(kinds))
        fit = [source for source in first if isinstance(source, ObjectSource) and self._unfit(source) is None]
        streams = {stream.name: stream for source in fit for stream in self._beside(source)}
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
            name, asked, self.portal.client, self.catalog.main, self.mode.as_of, self._glance.known,
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
        if name == "contacts" and any(source.by_email for source in self.active.values()):
            wanted.add(OTHER_EMAILS)
        links = frozenset(to for of, to in self.needed.links if of == name)
        return Asked(frozenset(wanted & self.portal.definitions(name).keys()), links)

    def _has_money(self, name: str) -> bool:
        return any(
            isinstance(source, ObjectSource) and source.object == name and source.currency is not None
            for kind in self.needed.events
            for source in self.catalog.events[kind].sources
        )
