"""Stage 1: pulls what the models need, and nothing else."""

from __future__ import annotations

import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hubsync.catalog import Catalog
from hubsync.crm import Client
from hubsync.pull.choice import is_watched, limits_silence, settled
from hubsync.pull.derivation import Derivation
from hubsync.pull.drift import SCHEMA, drift
from hubsync.pull.flow import Flow, Stream
from hubsync.pull.gaps import gaps
from hubsync.pull.glance import Glance
from hubsync.pull.leaving import leave_no_byte, take_leave
from hubsync.pull.portal import Portal
from hubsync.pull.removed import settle_removed
from hubsync.pull.result import Progress, PullResult, SourceReport
from hubsync.pull.sources.counters import sighted, sighting
from hubsync.pull.sources.records import RecordStream
from hubsync.pull.sources.seeding import name_of
from hubsync.pull.sources.sql import STAGED
from hubsync.pull.survey import Mode, Past, Survey, needs
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.origins import CounterSource, ObjectSource, RowSource, TableSource
from hubsync.scoring.requirements import Requirements
from hubsync.store import Reader, SourceState, Stock, Store, Writer
from hubsync.types import AsOf, Batch


def pull(
    client: Client,
    store: Store,
    catalog: Catalog,
    as_of: AsOf,
    portal_id: str,
    *,
    full: bool = False,
    currency: str | None = None,
    secret: Callable[[str], str] = lambda _name: "",
    progress: Progress | None = None,
) -> PullResult:
    """Bring the store up to what HubSpot and the tables say as of now.

    `full` lists all records and reads all events again; `currency` is the company's, asked of HubSpot when it is
    needed and not given. `secret` gives what an environment variable that the configuration names holds.
    """
    started, calls = time.monotonic(), client.transport.calls.total
    stage = _Stage(Portal(client, portal_id, currency), store, catalog, Mode(as_of, full, secret))
    stage.fetch(progress)
    result = stage.conclude()
    return replace(result, calls=client.transport.calls.total - calls, seconds=time.monotonic() - started)


class _Stage:
    """One pull, from what earlier ones left to what it found."""

    def __init__(self, portal: Portal, store: Store, catalog: Catalog, mode: Mode) -> None:
        self.portal = portal
        self.store = store
        self.catalog = catalog
        self.as_of = mode.as_of
        # One thread at a time opens the file: within a process it can't be open for reading and for writing at once.
        self._gate = threading.Lock()
        with store.read() as reader:
            states = {state.source: state for state in reader.sources()}
            self.past = Past(reader.cursors(), states, reader.counts(), reader.stock())
        self.survey = Survey(portal, catalog, self.past, mode, Glance(store, self._gate))
        self.rows: Mapping[str, int] = {}
        self._unreadable: dict[str, int] = {}

    def fetch(self, progress: Progress | None) -> None:
        """Pull records and events side by side."""
        survey = self.survey
        self._forget_outdated()
        self._remember(survey.drift.first)
        self._forget_unmade()
        if any(getattr(source, "currency", None) for source in survey.active.values()):
            # Asked for here, so that no two threads ask.
            _ = self.portal.currency
        afterwards = survey.afterwards
        beside = [stream for name, stream in survey.events.items() if name not in afterwards]
        flow = Flow([*survey.records.values(), *beside], self._commit, progress)
        flow.run()
        self.rows = {name: flow.rows[name] for name in survey.records}
        looking = Flow(list(afterwards.values()), self._commit, progress)
        looking.run()
        for name, error in {**flow.forbidden, **looking.forbidden}.items():
            if name in survey.records:
                survey.unavailable[name] = str(error)
            for source_id, source in survey.active.items():
                if name in (source_id, name_of(source_id)) or (source.in_hubspot and name in source.reads):
                    survey.choice.fail(source_id, str(error))

    def conclude(self) -> PullResult:
        """Make the events that come from records and tables, take in merges, write down how the sources stand."""
        survey = self.survey
        with self._gate, self.store.write(tables=self.catalog.folder.resolve()) as writer:
            unreadable = self._derive(writer)
            erased = take_leave(writer, survey.records, self.as_of.now)
            stock = writer.stock(self.as_of.now)
            found = survey.choice.reports.values()
            reports = tuple(self._settled(report, stock.get(report.source)) for report in found)
            writer.save_sources([self._state(report) for report in reports])
            settle_removed(writer, self.catalog, self.past.sources.values(), stock, self.as_of.now)
            if self.past.cursors.get(SCHEMA) != survey.drift.last:
                writer.set_cursor(SCHEMA, survey.drift.last, self.as_of.now)
        if erased:
            leave_no_byte(self.store)
        listed = {name: stream for name, stream in survey.records.items() if stream.listed}
        held = self._held(reports)
        return PullResult(
            feeds=_feeds(survey, reports),
            sources=reports,
            rows=self.rows,
            events=_difference(self.past.stock, stock),
            records={name: (stream.seen, stream.before) for name, stream in listed.items()},
            shrunk=tuple(name for name, stream in listed.items() if stream.shrunk),
            definitions=survey.definitions,
            missing=survey.missing,
            lost=survey.drift.lost,
            unreadable=unreadable,
            bots={name: of for name, of in stock.items() if of.bots and name in survey.active},
            unavailable={name: why for name, why in survey.unavailable.items() if name in survey.needed.objects},
            gaps=gaps(self.catalog, survey.wanted, survey.unavailable, reports, held),
            held=held,
            calls=0,
            seconds=0.0,
        )

    def _derive(self, writer: Writer) -> dict[str, int]:
        survey = self.survey
        moved = {name for name, stream in survey.records.items() if stream.listed or self.rows[name]}
        derivation = Derivation(writer, survey, self.catalog.folder)
        for source_id, source in survey.active.items():
            if isinstance(source, TableSource):
                self._unreadable[source_id] = derivation.from_table(source_id, source)
            elif isinstance(source, ObjectSource) and source_id not in self._unreadable:
                came = not moved.isdisjoint(source.reads)
                self._unreadable[source_id] = derivation.from_records(source_id, source, moved=came)
        self._unreadable |= {source_id: stream.unreadable for source_id, stream in survey.events.items()}
        return {name: count for name, count in self._unreadable.items() if count and name in survey.active}

    def _complete(self, writer: Writer, stream: RecordStream) -> None:
        """Take in merges with the records that name them, and make a list's events while others are still read."""
        derivation = Derivation(writer, self.survey, self.catalog.folder)
        derivation.merges(stream)
        for source_id, source in self.survey.active.items():
            if stream.listed and isinstance(source, ObjectSource) and source.reads == {stream.name}:
                self._unreadable[source_id] = derivation.from_records(source_id, source, moved=True)

    def _commit(self, batches: Sequence[Batch], ended: Sequence[Stream]) -> None:
        survey = self.survey
        with self._gate, self.store.write() as writer:
            writer.commit_batches(batches, own=survey.own, counters=survey.counters, known_at=self.as_of.now)
            for stream in ended:
                stream.finish(writer)
                if isinstance(stream, RecordStream):
                    self._complete(writer, stream)

    def _forget_outdated(self) -> None:
        """Events made with another definition, and rows whose reading broke off in an earlier pull."""
        survey, past = self.survey, self.past
        outdated = [name for name, stream in survey.events.items() if stream.outdated]
        outdated += [name for name in past.stock if STAGED in name]
        unsighted = [each for each in survey.counters if past.cursors.get(sighting(each.source)) != sighted(each)]
        if outdated or unsighted:
            with self._gate, self.store.write() as writer:
                for name in (*outdated, *survey.recounted):
                    writer.drop_events(name)
                    writer.drop_cursor(name)
                    writer.drop_cursor(name_of(name))
                # With what is forgotten: what is counted from here on must not be forgotten by the next pull.
                for each in unsighted:
                    writer.set_cursor(sighting(each.source), sighted(each), self.as_of.now)

    def _remember(self, schema: Mapping[str, Any]) -> None:
        """Before the first record: what a pull that breaks off has read must be missed when it is gone."""
        if self.past.cursors.get(SCHEMA) != schema:
            with self._gate, self.store.write() as writer:
                writer.set_cursor(SCHEMA, schema, self.as_of.now)

    def _forget_unmade(self) -> None:
        """Values of our own properties that the portal has no more are not there either."""
        if self.survey.unmade:
            with self._gate, self.store.write() as writer:
                for object_name, names in self.survey.unmade.items():
                    writer.forget_own(object_name, names)

    def _settled(self, report: SourceReport, stock: Stock | None) -> SourceReport:
        source = self.survey.source(report.source)
        was = self.past.sources.get(report.source)
        starts = was.starts_at if was else None
        if report.status == "active":
            if isinstance(source, CounterSource):
                starts = self.as_of.now if report.source in self.survey.recounted else starts or self.as_of.now
            elif isinstance(source, RowSource):
                starts = stock.first if stock else None
            elif report.source in self.survey.events:
                starts = self.survey.events[report.source].starts_at or starts
        models = tuple(sorted(self.survey.needed.models["event", report.kind]))
        return settled(replace(report, models=models), source, self.as_of, stock, starts)

    def _state(self, report: SourceReport) -> SourceState:
        return SourceState(
            report.source, report.kind, report.status, self.as_of.now, report.reason, report.starts_at,
            report.last_event_at,
        )  # fmt: skip

    def _held(self, reports: Sequence[SourceReport]) -> dict[str, str]:
        """The models that read something that worked before and does not now, and the models made of these."""
        held = {
            model: f"{report.source} worked before and fails now: {report.reason}"
            for report in reports
            if report.status == "failed"
            for model in report.models
        }
        for name, reason in self.survey.unavailable.items():
            if name in self.past.cursors:
                for model in sorted(self.survey.needed.models["object", name]):
                    held.setdefault(model, f"{name} could be read before and can't be now: {reason}")
        self.survey.drift.hold(held)
        spread(held, self.survey.needed)
        return held


def spread(held: dict[str, str], needed: Requirements) -> None:
    """Hold also what is made of models that are held."""
    for model, parts in needed.made_of.items():
        for part in sorted(parts & held.keys()):
            held.setdefault(model, f"it is made of {part}")


def held_before(catalog: Catalog, as_of: AsOf, feeds: Feeds, reader: Reader) -> dict[str, str]:
    """The models that are held by what the last pull found, for a run that does not pull."""
    needed, _ = needs(catalog, as_of, feeds)
    held = {
        model: f"{state.source} worked before and failed at the last pull: {state.reason}"
        for state in reader.sources()
        if state.status == "failed" and feeds.active.get(state.kind) == state.source
        for model in sorted(needed.models["event", state.kind])
    }
    drift(catalog, needed, as_of, feeds, reader.cursors(), {}).hold(held)
    spread(held, needed)
    return held


def _feeds(survey: Survey, reports: Sequence[SourceReport]) -> Feeds:
    begun = {report.source: report.starts_at for report in reports if report.starts_at is not None}
    starts = {name: start for name, start in begun.items() if limits_silence(survey.source(name))}
    overdue = frozenset(report.source for report in reports if report.status == "overdue")
    watched = {name: start for name, start in begun.items() if is_watched(survey.source(name))}
    return Feeds(dict(survey.choice.active), starts, overdue, watched)


def _difference(before: Mapping[str, Stock], after: Mapping[str, Stock]) -> dict[str, int]:
    """How many events of each kind came or went."""
    found: Tally[str] = Tally()
    for source_id in (name for name in {*before, *after} if STAGED not in name):
        was, now = before.get(source_id), after.get(source_id)
        found[source_id.partition("/")[0]] += (now.events if now else 0) - (was.events if was else 0)
    return dict(sorted(found.items()))
