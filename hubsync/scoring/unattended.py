"""What `hubsync.yaml` may say about runs that nobody looks at: when they are, how long, and who is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, model_validator

from hubsync.scoring.units import Declaration

Cause = Literal["failure", "held", "first_write", "stale", "token", "rejects", "hung"]
"""Why somebody is told: the run failed, a guard held it, the first write waits for a yes, a source or model stands
still, HubSpot refuses the token, HubSpot refuses values, the run hung."""

_INTERVAL = re.compile(r"(\d{1,5}) (second|minute|hour|day|week)s?")
_UNITS = ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"))
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_WEEKDAY_NUMBERS = re.compile(r"\d")
_LONGEST = timedelta(weeks=5)
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def interval(text: object) -> timedelta:
    """Read an interval such as `15 minutes`, `1 hour` or `2 days`; raises ValueError."""
    if isinstance(text, timedelta):
        return text
    match = _INTERVAL.fullmatch(str(text).strip())
    found = timedelta(**{f"{match[2]}s": int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < found <= _LONGEST:
        raise ValueError(f"'{text}' is no interval; write for example '30 minutes', '1 hour' or '1 day'")
    return found


def in_words(length: timedelta) -> str:
    """An interval as it is written, in the largest unit that fits."""
    seconds = int(length.total_seconds())
    size, unit = next((each for each in _UNITS if seconds % each[0] == 0), (1, "second"))
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def _time_of_day(text: object) -> time:
    if isinstance(text, time):
        return text
    match = _TIME.fullmatch(str(text).strip())
    if not match:
        raise ValueError(f"'{text}' is no time of day; write for example '02:00'")
    return time(int(match[1]), int(match[2]))


def _cron(text: object) -> str:
    """A line as crontab has it; days of the week by name, since crons do not agree on their numbers."""
    from apscheduler.triggers.cron import CronTrigger

    fields = str(text).split()
    try:
        trigger = CronTrigger.from_crontab(" ".join(fields), timezone=UTC)
    except ValueError:
        raise ValueError(
            f"'{text}' is no cron line; write minute, hour, day, month and day of the week, such as '15 * * * *'"
        ) from None
    if trigger.get_next_fire_time(None, _ANY_DAY) is None:
        raise ValueError(f"'{text}' names a day that never comes")
    if _WEEKDAY_NUMBERS.search(fields[4]):
        raise ValueError(f"'{text}' numbers the days of the week; write their names, such as 'mon-fri'")
    return " ".join(fields)


Interval = Annotated[timedelta, BeforeValidator(interval, json_schema_input_type=str), PlainSerializer(in_words)]
TimeOfDay = Annotated[
    time, BeforeValidator(_time_of_day, json_schema_input_type=str), PlainSerializer(lambda at: f"{at:%H:%M}")
]
Cron = Annotated[str, BeforeValidator(_cron)]


class Schedule(Declaration):
    """When `hubsync serve` runs: every so often, or by a cron line in the portal's time zone."""

    every: Interval | None = None
    cron: Cron | None = None
    hangs_after: Interval = timedelta(minutes=30)
    longest_run: Interval = timedelta(hours=6)

    @model_validator(mode="after")
    def _one_way(self) -> Schedule:
        if self.every is not None and self.cron is not None:
            raise ValueError("a schedule has either 'every' or 'cron'")
        if self.every is not None and self.every < timedelta(minutes=1):
            raise ValueError("'every' is at least 1 minute")
        return self

    @property
    def interval(self) -> timedelta | None:
        """How often to run; None where a cron line says when."""
        return (self.every or timedelta(hours=1)) if self.cron is None else None


class Alerts(Declaration):
    """Which causes are told to the channels of the environment."""

    on: tuple[Cause, ...] = ("failure", "held", "first_write", "stale", "token", "rejects", "hung")
