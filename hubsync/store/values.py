"""Reads HubSpot's raw text where the store itself has to understand it: counters and the dates beside them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (naive UTC, as everywhere in the store)
_EARLIEST, _LATEST = 1990, 2100


def finite(text: str | None) -> Decimal | None:
    """Return the number, or None for everything that scoring would not read as one either."""
    raw = (text or "").strip()
    return Decimal(raw) if _NUMBER.fullmatch(raw) and math.isfinite(float(raw)) else None


def moment(text: str | None) -> datetime | None:
    """Return a date or time as naive UTC: ISO with or without fraction and offset, or milliseconds."""
    raw = (text or "").strip()
    try:
        if raw.isascii() and raw.lstrip("-").isdigit() and len(raw) > 8:
            found = _EPOCH + timedelta(milliseconds=int(raw))
        else:
            found = datetime.fromisoformat(raw)
    except (ValueError, OverflowError):
        return None
    if not _EARLIEST <= found.year <= _LATEST:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
