"""Points in time as list filters name them: a date, or a distance from now or from today (api-facts §7)."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hubsync.emulator import errors
from hubsync.emulator.clock import from_ms, read_datetime, to_ms
from hubsync.emulator.definitions import Definition

Operation = Mapping[str, Any]

_LARGEST = 100_000_000
_CLOCKS = (0, 7_258_118_400_000)
"""The years 1970 and 2200 begin: a point in time is tried at both before a list is made with it."""


class Setting(NamedTuple):
    """What a test needs to know of the property and the portal."""

    definition: Definition
    time_zone: str


def _zone(point: Operation, setting: Setting) -> ZoneInfo:
    name = setting.time_zone if point.get("timezoneSource") == "PORTAL" else str(point.get("zoneId") or "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as mistake:
        raise errors.validation(f"zoneId {name} does not exist") from mistake


def reader(point: Operation, setting: Setting) -> Callable[[str], float]:
    """Reads a value; a date without time is the midnight that began it where the filter is."""
    zone = _zone(point, setting)

    def read(text: str) -> float:
        moment = read_datetime(text)
        if moment is None:
            return math.nan
        return to_ms(moment.replace(tzinfo=zone) if setting.definition["type"] == "date" else moment)

    return read


def point(given: Operation, setting: Setting) -> Callable[[int], int]:
    """Tells where a point in time is, now being `now` (ms); HubSpot's 400 if it is none."""
    zone, kind = _zone(given, setting), given.get("timeType")
    if kind == "DATE":
        try:
            day = datetime(_whole(given.get("year")), _whole(given.get("month")), _whole(given.get("day")), tzinfo=zone)
            fixed = to_ms(_at_time(day, given))
        except ValueError as mistake:
            raise errors.validation("a timePoint of timeType DATE needs year, month and day") from mistake
        return lambda _: fixed
    reference = dict(given.get("indexReference") or {})
    if kind != "INDEXED" or reference.get("referenceType") not in ("NOW", "TODAY"):
        raise errors.validation(
            f"timeType {kind} {reference.get('referenceType', '')} is not evaluated by this emulator; "
            "use DATE, or INDEXED with NOW or TODAY"
        )
    moves = given.get("offset") or {}
    if not isinstance(moves, Mapping):
        raise errors.validation("offset of a timePoint must be an object")
    offset = {str(name): _whole(amount) for name, amount in moves.items()}
    today = reference["referenceType"] == "TODAY"

    def indexed(now: int) -> int:
        moment = from_ms(now).astimezone(zone)
        if today:
            moment = _at_time(moment, reference)
        return to_ms(_moved(moment, offset))

    try:
        for now in _CLOCKS:
            indexed(now)
    except (ValueError, OverflowError) as mistake:
        raise errors.validation("a timePoint leads out of the calendar") from mistake
    return indexed


def _whole(given: object) -> int:
    if given is None:
        return 0
    if isinstance(given, bool) or not isinstance(given, int) or abs(given) > _LARGEST:
        raise errors.validation(f"a timePoint holds {given}, which is no number that a time can have")
    return given


def _at_time(moment: datetime, clock: Operation) -> datetime:
    hour, minute, second = (_whole(clock.get(name)) for name in ("hour", "minute", "second"))
    return moment.replace(hour=hour, minute=minute, second=second, microsecond=0)


def _moved(moment: datetime, offset: Mapping[str, int]) -> datetime:
    months = 12 * offset.get("years", 0) + 3 * offset.get("quarters", 0) + offset.get("months", 0)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    units = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds")
    return moment.replace(year=year, month=month + 1, day=day) + timedelta(
        **{name: offset[name] for name in units if name in offset}
    )
