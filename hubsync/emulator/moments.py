"""Moments that a body gives."""

from __future__ import annotations

from datetime import datetime

from hubsync.emulator import errors
from hubsync.emulator.clock import from_ms, read_moment

_YEAR_9999 = 253_370_764_800_000


def moment_of(given: object, name: str) -> datetime:
    """The moment in a field, as ISO text or ms; HubSpot's 400 if it is none."""
    ms = read_moment(str(given))
    if ms is None or not 0 <= ms < _YEAR_9999:
        raise errors.validation(f"{name} is not a valid time")
    return from_ms(ms)
