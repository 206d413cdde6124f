"""Moments that a body gives."""

from __future__ import annotations

from datetime import datetime

from hubsync.emulator import errors
from hubsync.emulator.clock import EPOCH, read_datetime


def moment_of(given: object, name: str) -> datetime:
    """The moment in a field, as ISO text or ms; HubSpot's 400 if it is none."""
    moment = read_datetime(str(given))
    if moment is None or moment < EPOCH:
        raise errors.validation(f"{name} is not a valid time")
    return moment
