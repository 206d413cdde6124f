"""Which source feeds each kind of event in this portal: the first one that token and plan allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hubsync.catalog import Catalog
from hubsync.pull.result import SourceReport
from hubsync.pull.sources.streams import Ended
from hubsync.scoring.feeds import Feeds, source_ids
from hubsync.scoring.origins import AnySource, CounterSource, EventKind
from hubsync.store import SourceState, Stock
from hubsync.types import AsOf

WORKING = ("active", "overdue", "failed")
"""States of a source whose events are believed, or were."""

WhyNot = Callable[[str, str, AnySource], str | None]
"""Why a source (id, kind, declaration) can't be used now, or None when it can."""


@dataclass
class Choice:
    """The source of each kind, and what was found out about the others."""

    before: Mapping[str, SourceState]
    why_not: WhyNot
    active: dict[str, str | None] = field(default_factory=dict)
    reports: dict[str, SourceReport] = field(default_factory=dict)

    @property
    def feeds(self) -> Feeds:
        """What feeds each kind, as far as it is chosen."""
        return Feeds(active=dict(self.active))

    def choose(self, kind: str, declaration: EventKind) -> None:
        """Take the first source that can be used; one that worked before and now fails keeps its place.

        It loses it to the next one only when it has ended for good.
        """
        self.active[kind] = None
        refused: list[str] = []
        for source_id, source in source_ids(kind, declaration):
            was = self.before.get(source_id)
            if self.active[kind] is not None:
                if was is not None:
                    self.reports[source_id] = SourceReport(
                        source_id, kind, "unavailable", "it is not needed", self.active[kind]
                    )
                continue
            reason = self.why_not(source_id, kind, source)
            if reason is None:
                self.reports[source_id] = SourceReport(source_id, kind, "active")
                self.active[kind] = source_id
            elif was is not None and was.status in WORKING and not isinstance(reason, Ended):
                self.reports[source_id] = SourceReport(source_id, kind, "failed", reason)
                self.active[kind] = source_id
            else:
                self.reports[source_id] = SourceReport(source_id, kind, "unavailable", reason)
                refused.append(source_id)
        for source_id in refused:
            self.reports[source_id] = replace(self.reports[source_id], replaced_by=self.active[kind])

    def fail(self, source_id: str, reason: str) -> None:
        """Note that a source that was chosen turned out not to be readable."""
        self.reports[source_id] = replace(self.reports[source_id], status="failed", reason=reason)


def settled(
    report: SourceReport, source: AnySource, as_of: AsOf, stock: Stock | None, starts_at: datetime | None
) -> SourceReport:
    """A report with its times; a source that is silent for longer than expected is overdue."""
    last = stock.last if stock else None
    report = replace(report, starts_at=starts_at, last_event_at=last)
    heard = last or starts_at
    if report.status != "active" or source.expected_every is None or heard is None:
        return report
    if as_of.now - heard <= timedelta(days=source.expected_every):
        return report
    said = f"since {heard:%Y-%m-%d %H:%M} UTC" if last else "yet"
    reason = f"no event {said}, one is expected every {source.expected_every} days"
    return replace(report, status="overdue", reason=reason)


def feeds_of(catalog: Catalog, states: Sequence[SourceState]) -> Feeds:
    """What fed each kind of event at the last pull, for a run that does not pull."""
    known = {state.source: state for state in states if state.status in WORKING}
    looked = {state.source for state in states}
    active: dict[str, str | None] = {}
    begun: dict[str, tuple[AnySource, datetime]] = {}
    for kind, declaration in catalog.events.items():
        sources = dict(source_ids(kind, declaration))
        chosen = next((source_id for source_id in sources if source_id in known), None)
        if not looked & sources.keys():
            continue
        active[kind] = chosen
        start = known[chosen].starts_at if chosen else None
        if chosen and start:
            begun[chosen] = sources[chosen], start
    starts = {name: start for name, (source, start) in begun.items() if limits_silence(source)}
    watched = {name: start for name, (source, start) in begun.items() if is_watched(source)}
    overdue = frozenset(name for name, state in known.items() if state.status == "overdue")
    return Feeds(active, starts, overdue, watched)


def limits_silence(source: AnySource) -> bool:
    """Whether nothing from before the source's start counts as unknown.

    A record's counter says with its date when the last event was, and derived events are as old as the records.
    """
    return source.begins


def is_watched(source: AnySource) -> bool:
    """Whether what the source knows from before its start has no dates: a counter whose past was not read."""
    return isinstance(source, CounterSource) and not source.seed
