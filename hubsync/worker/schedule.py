"""When runs are due, and how old the last good one may be. Pure: all moments are aware and come from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from hubsync.scoring.unattended import Schedule


def zone_of(name: str | None) -> tzinfo:
    """The portal's time zone; UTC as long as it is unknown."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def trigger(schedule: Schedule, zone: tzinfo) -> BaseTrigger:
    """The schedule as APScheduler understands it."""
    if schedule.interval is not None:
        return IntervalTrigger(seconds=int(schedule.interval.total_seconds()), timezone=UTC)
    return CronTrigger.from_crontab(schedule.cron, timezone=zone)


def following(schedule: Schedule, zone: tzinfo, moment: datetime) -> datetime:
    """The first moment after this one that the schedule names."""
    if schedule.interval is not None:
        return moment + schedule.interval
    found: datetime = trigger(schedule, zone).get_next_fire_time(None, moment + timedelta(seconds=1))
    return found.astimezone(UTC)


def first_run(schedule: Schedule, zone: tzinfo, last_good: datetime | None, now: datetime) -> datetime:
    """When a worker that starts now runs first: at once when a run was missed meanwhile, else when one is due."""
    if last_good is None:
        return now
    return max(now, following(schedule, zone, last_good))


def due_by(schedule: Schedule, zone: tzinfo, last_good: datetime | None, started: datetime) -> datetime:
    """Until when the next good run must have ended: the second moment of the schedule after the last good one.

    A worker that has just started has until the first moment after its start.
    """
    grace = following(schedule, zone, started)
    if last_good is None:
        return grace
    return max(grace, following(schedule, zone, following(schedule, zone, last_good)))


def is_late(deadline: datetime, now: datetime, running_since: datetime | None) -> bool:
    """Whether the last good run is older than it should be.

    A run that began in time may go on beyond the deadline: a full pull takes hours, and one that hangs is ended. A
    run that began later changes nothing, or a portal whose runs all fail would look well every now and then.
    """
    return now > deadline and not (running_since is not None and running_since <= deadline)
