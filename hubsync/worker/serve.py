"""The worker itself: every portal by its schedule until somebody ends it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler

from hubsync.errors import HubsyncError
from hubsync.settings import Settings
from hubsync.worker.lock import sole
from hubsync.worker.portal import ServedPortal
from hubsync.worker.schedule import trigger
from hubsync.worker.web import is_loopback, serving

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve: where `/healthz` and `/metrics` are, and how many portals may run at the same time."""

    host: str
    port: int
    side_by_side: int


def serve(settings: Sequence[Settings], shared: Settings, options: Options, say: Callable[[str], None]) -> None:
    """Serve these portals until an interrupt, which lets runs in progress end cleanly.

    Raises BusyError when another worker serves one of them.
    """
    with _opened(settings, shared) as (portals, stopping), _web(portals, options) as url:
        say(
            f"Serving {len(portals)} portal{'' if len(portals) == 1 else 's'}; {url}/healthz and {url}/metrics say how."
        )
        scheduler = scheduled(portals, side_by_side=options.side_by_side)
        try:
            scheduler.start()
            threading.Event().wait()
        except KeyboardInterrupt:
            _log.info("ending; a run in progress ends cleanly")
        finally:
            stopping.set()
            # An interrupt may have come before it ran.
            if scheduler.running:
                scheduler.shutdown(wait=True)


def run_once(settings: Sequence[Settings], shared: Settings, options: Options) -> int:
    """Run every portal once, with the same care, and return the first exit code that is not 0."""
    with _opened(settings, shared) as (portals, stopping), ThreadPoolExecutor(options.side_by_side) as threads:
        jobs = [threads.submit(_run, portal) for portal in portals]
        try:
            codes = [job.result() for job in jobs]
        except KeyboardInterrupt:
            stopping.set()
            raise
    return next((code for code in codes if code), 0)


@contextmanager
def _opened(settings: Sequence[Settings], shared: Settings) -> Iterator[tuple[list[ServedPortal], threading.Event]]:
    stopping = threading.Event()
    with ExitStack() as locks:
        for each in settings:
            locks.enter_context(sole(each.data))
        portals = [ServedPortal(each, shared, stopping) for each in settings]
        for portal in portals:
            # Its runs fail, tell it and look again: the next edit may mend it, and the other portals run.
            portal.tell_mistakes()
        yield portals, stopping


@contextmanager
def _web(portals: Sequence[ServedPortal], options: Options) -> Iterator[str]:
    if not is_loopback(options.host):
        _log.warning("--host %s can be reached by other machines; nothing asks them who they are", options.host)
    with serving(options.host, options.port, lambda: [portal.standing for portal in portals]) as url:
        yield url


def scheduled(portals: Sequence[ServedPortal], *, side_by_side: int) -> BackgroundScheduler:
    """The scheduler with a job per portal, not started yet."""
    # A run that is missed because the one before it goes on is not worth a line.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(
        executors={"default": JobThreads(side_by_side)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=UTC,
    )
    for portal in portals:
        if portal.standing.facts.time_zone is None and portal.schedule.cron:
            _log.info("%s: its time zone is known after the first run; until then its cron line is UTC", portal.name)
        first = portal.first_run()
        _log.info("%s: runs %s", portal.name, f"at {first:%Y-%m-%d %H:%M} UTC" if portal.standing.good_at else "now")
        scheduler.add_job(
            job, trigger(portal.schedule, portal.zone), args=(scheduler, portal), id=portal.name, next_run_time=first
        )
    return scheduler


def job(scheduler: BackgroundScheduler, portal: ServedPortal) -> None:
    """Run, and follow a schedule or a time zone that has changed."""
    before = portal.schedule, portal.zone
    _run(portal)
    if (portal.schedule, portal.zone) != before and scheduler.running:
        scheduler.reschedule_job(portal.name, trigger=trigger(portal.schedule, portal.zone))


def _run(portal: ServedPortal) -> int:
    """Run one portal and return its exit code; what keeps its run from starting is no other portal's trouble."""
    try:
        return portal.run()
    except (HubsyncError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        _log.error("%s: the run could not be started or followed: %s", portal.name, reason)
        return 1
