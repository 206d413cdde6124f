"""Times in all the forms HubSpot writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from crm_wire import utc
from hypothesis import given
from hypothesis import strategies as st

from hubsync.crm.times import iso_z, milliseconds, parse_http_date, parse_time, require_time

MOMENTS = st.datetimes(min_value=utc(1970, 1, 2), max_value=utc(2200, 1, 1))


@given(MOMENTS, st.sampled_from(["auto", "seconds", "milliseconds", "microseconds"]))
def test_iso_with_and_without_fraction(moment: datetime, timespec: str) -> None:
    """ISO times ending in Z are read with the precision they have."""
    text = moment.isoformat(timespec=timespec)

    assert parse_time(text + "Z") == datetime.fromisoformat(text)


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_offsets_become_utc(moment: datetime, minutes: int) -> None:
    """A time with an offset is the same moment in UTC."""
    zone = timezone(timedelta(minutes=minutes))
    local = moment.replace(tzinfo=UTC).astimezone(zone)

    assert parse_time(local.isoformat()) == moment


@given(MOMENTS)
def test_milliseconds_go_there_and_back(moment: datetime) -> None:
    """Milliseconds, as text or number, name the same moment as the ISO form."""
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    assert parse_time(milliseconds(moment)) == moment
    assert parse_time(int(milliseconds(moment))) == moment
    assert parse_time(iso_z(moment)) == moment


@given(st.one_of(st.text(), st.integers(), st.none(), st.floats(), st.booleans()))
def test_anything_else_is_none_and_never_an_error(value) -> None:
    """Whatever stands in the place of a time, the answer is a naive time or None."""
    found = parse_time(value)

    assert found is None or found.tzinfo is None


@pytest.mark.parametrize(
    "text", ["", "Z", "N/A", "2026-13-01T00:00:00Z", "9" * 30, "0001-01-01T00:00:00+10:00", "12:00Z", "²"]
)
def test_impossible_times_are_none(text: str) -> None:
    """Text that is no time, or lies outside the calendar, is None; a required time is then a ValueError."""
    assert parse_time(text) is None
    with pytest.raises(ValueError, match="time"):
        require_time(text)


def test_a_date_is_midnight() -> None:
    """A date without a time is the beginning of its UTC day."""
    assert parse_time("2026-11-21") == utc(2026, 11, 21)


def test_the_date_header() -> None:
    """HTTP dates are read; a missing or broken one is None."""
    assert parse_http_date("Sat, 21 Nov 2026 14:00:00 GMT") == utc(2026, 11, 21, 14)
    assert parse_http_date("soon") is None
    assert parse_http_date(None) is None
