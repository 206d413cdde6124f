"""The virtual clock of a portal, and how moments look on the wire."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_START = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
_FIRST_MS, _END_MS = -62_135_596_800_000, 253_402_300_800_000
"""The years 1 and 10000 begin: a calendar has the moments between."""


class Clock:
    """Runs at the speed of real time from a chosen start; `now` may be set to jump."""

    def __init__(self, start: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.set(start)

    def set(self, moment: datetime) -> None:
        """Make it `moment` now."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs a moment with a time zone")
        self._start = moment.astimezone(UTC)
        self._started = self._monotonic()

    @property
    def now(self) -> datetime:
        """The virtual moment, aware UTC."""
        return self._start + timedelta(seconds=self._monotonic() - self._started)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC moment of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)


def to_iso(moment: datetime) -> str:
    """HubSpot's way to write a moment: `2026-09-21T14:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def iso_of_ms(ms: int) -> str:
    """The same, from milliseconds since 1970."""
    return to_iso(from_ms(ms))


def to_http_date(moment: datetime) -> str:
    """The form of the `Date` header."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def read_moment(text: str) -> int | None:
    """Milliseconds since 1970 of an ISO text (a date alone is its UTC midnight) or ms digits; else None."""
    text = text.strip()
    if text.removeprefix("-").isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def read_datetime(text: str) -> datetime | None:
    """The same as an aware UTC moment; None also for digits that lead out of the calendar."""
    ms = read_moment(text)
    return from_ms(ms) if ms is not None and _FIRST_MS <= ms < _END_MS else None
