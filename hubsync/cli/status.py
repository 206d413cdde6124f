"""`hubsync status`: how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hubsync.catalog import Catalog
from hubsync.cli.drift import held_now
from hubsync.cli.live import Live, look
from hubsync.cli.meter import Meter, meter
from hubsync.cli.options import Json, settings
from hubsync.cli.output import emit, screen
from hubsync.cli.results import words_of
from hubsync.cli.reviews import Review, reviews
from hubsync.cli.status_screen import show_status
from hubsync.cli.versions_ending import WARN_BEFORE_END
from hubsync.crm import Versions
from hubsync.pull import Lost
from hubsync.pull.choice import WORKING
from hubsync.store import Run, SourceState, Stock, Store
from hubsync.types import Plan
from hubsync.workspace import Local, moment

_RECENT = 100


@dataclass(frozen=True)
class SourceStatus:
    """How a source of events stands, and what is used in its place."""

    source: str
    kind: str
    status: str
    reason: str
    replaced_by: str | None
    last_event_at: datetime | None


@dataclass(frozen=True)
class Status:
    """Everything that `status` tells about a portal."""

    portal_id: str
    account: Mapping[str, str]
    now: datetime
    today: date
    last_run: Run | None
    last_good_run: Run | None
    age: timedelta | None
    records: Mapping[str, int]
    sources: tuple[SourceStatus, ...]
    rejects: Mapping[str, int]
    waiting: Plan | None
    held: Mapping[str, str]
    lost: Sequence[Lost]
    meter: Meter
    unreadable: Mapping[str, int]
    bots: Mapping[str, Stock]
    ahead: Mapping[str, int]
    reviews: Sequence[Review]
    restored_at: datetime | None
    live: Live
    sizes: Mapping[str, int]
    legacy: tuple[str, ...]
    ending: Mapping[date, Sequence[str]]
    catalog: Catalog


def status(*, json: Json = False) -> None:
    """Show the last run, what HubSpot refuses, what waits for a decision or a look, and the day's API calls."""
    given = settings()
    local = Local.open(given)
    found = gather(local, look(given, local))
    if json:
        emit(_data(found))
    else:
        show_status(screen(), found)


def gather(local: Local, live: Live) -> Status:
    """Read the database once and put the facts together."""
    store: Store = local.store
    with store.read() as reader:
        latest, good, states = reader.last_run(), reader.last_good_run(), reader.sources()
        wall = datetime.now(UTC).replace(tzinfo=None)
        now = live.now or (max(wall, latest.started_at) if latest else wall)
        last = max(reader.runs(_RECENT), key=_when, default=None)
        time_zone = local.account.get("time_zone", "UTC")
        today = moment(now, time_zone)
        rejects = words_of(reader.rejects())
        held, lost = held_now(reader)
        versions = Versions(local.catalog.main.api.version)
        stock = reader.stock(now)
        return Status(
            portal_id=store.portal_id,
            account=local.account,
            now=now,
            today=today.day,
            last_run=last,
            last_good_run=good,
            age=now - (good.ended_at or good.started_at) if good else None,
            records=reader.counts(),
            sources=tuple(_replaced(states)),
            rejects=rejects,
            waiting=reader.plan(last.run_id) if last and last.status == "held" else None,
            held=held,
            lost=lost,
            meter=meter(reader, local.catalog, live, today),
            unreadable=reader.unreadable(),
            bots=_bots(stock, states),
            ahead={source: of.ahead for source, of in stock.items() if of.ahead},
            reviews=reviews(local.catalog, reader.models(), today, time_zone),
            restored_at=reader.restored_at(),
            live=live,
            sizes=reader.sizes(),
            legacy=versions.fallbacks(),
            ending=versions.ending(today.day + WARN_BEFORE_END),
            catalog=local.catalog,
        )


def _when(run: Run) -> tuple[bool, datetime]:
    """Order by what hubsync did last: a plan may be written long after it was made."""
    return run.ended_at is None, run.ended_at or run.started_at


def _replaced(states: list[SourceState]) -> list[SourceStatus]:
    active = {state.kind: state.source for state in states if state.status == "active"}
    return [
        SourceStatus(
            state.source, state.kind, state.status, state.reason,
            None if state.status == "active" else active.get(state.kind), state.last_event_at,
        )
        for state in states
    ]  # fmt: skip


def _bots(stock: Mapping[str, Stock], states: list[SourceState]) -> dict[str, Stock]:
    """The sources in use with events that programs made."""
    used = {state.source for state in states if state.status in WORKING}
    return {source: of for source, of in stock.items() if of.bots and source in used}


def _waiting(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {"run_id": plan.run_id, "guards": plan.guards, "first_write": not plan.held}


def _data(found: Status) -> dict[str, Any]:
    return {
        "portal_id": found.portal_id,
        "account": found.account,
        "now": found.now,
        "last_run": found.last_run,
        "last_good_run": found.last_good_run,
        "age_hours": None if found.age is None else round(found.age.total_seconds() / 3600, 2),
        "records": found.records,
        "sources": found.sources,
        "rejects": sum(found.rejects.values()),
        "reject_words": found.rejects,
        "waiting": _waiting(found.waiting),
        "held_models": found.held,
        "lost": found.lost,
        "unreadable": found.unreadable,
        "bots": found.bots,
        "ahead": found.ahead,
        "models": [each.data() for each in found.reviews],
        "restored_at": found.restored_at,
        "calls_today": found.meter.own,
        "api": found.meter.data(),
        "usage": found.live.usage,
        "calls_left_today": found.live.left,
        "live": found.live.reason or "HubSpot was asked",
        "file_bytes": found.sizes.get("file", 0),
        "rows": {name: count for name, count in found.sizes.items() if name != "file"},
        "api_version": found.catalog.main.api.version,
        "legacy_operations": found.legacy,
        "settings": found.catalog.main.model_dump(mode="json"),
    }
