"""HubSpot's ways to write a time, read into naive UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - times inside hubsync are naive UTC


def parse_time(value: str | float | None) -> datetime | None:
    """The naive UTC moment of an ISO text or of milliseconds since 1970; None for anything else."""
    if value.__class__ is str:
        text = value
        try:
            if text[-1:] == "Z":
                moment = datetime.fromisoformat(text[:-1])
                if moment.tzinfo is None:
                    return moment
        except ValueError:
            pass
    return _parse_slowly(value)


def require_time(value: str | float | None) -> datetime:
    """Like `parse_time`, for a time that every record has; ValueError when it can't be read."""
    moment = parse_time(value)
    if moment is None:
        raise ValueError("a time is missing or can't be read")
    return moment


def _parse_slowly(value: str | float | None) -> datetime | None:
    try:
        if isinstance(value, str):
            text = value.strip()
            if not text.lstrip("-").isdecimal():
                return to_naive(datetime.fromisoformat(text))
            value = int(text)
        if value is None or isinstance(value, bool):
            return None
        return _EPOCH + timedelta(milliseconds=value)
    except (ValueError, OverflowError):
        return None


def to_naive(moment: datetime) -> datetime:
    """The same moment as naive UTC."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def parse_http_date(text: str | None) -> datetime | None:
    """The naive UTC moment of a `Date` header."""
    if not text:
        return None
    try:
        return to_naive(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


def iso_z(moment: datetime) -> str:
    """A naive UTC moment as HubSpot writes it, to the millisecond."""
    return moment.isoformat(timespec="milliseconds") + "Z"


def milliseconds(moment: datetime) -> str:
    """A naive UTC moment as milliseconds since 1970, the form that search filters compare exactly."""
    return str((moment - _EPOCH) // timedelta(milliseconds=1))
