from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from worker_given import configure

from hubsync.catalog.loading import load_checked
from hubsync.scoring.configuration import Main
from hubsync.scoring.unattended import Schedule, in_words, interval
from hubsync.worker.schedule import due_by, first_run, following, is_late, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = Schedule()
NIGHTLY = Schedule(cron="30 2 * * *")


def at(text: str) -> datetime:
    """A moment of November 2026, UTC."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def test_without_a_word_about_it_runs_are_hourly() -> None:
    """The default schedule is one hour, a hang is half an hour of silence, and no run takes more than six hours."""
    assert HOURLY.interval == timedelta(hours=1)
    assert (HOURLY.hangs_after, HOURLY.longest_run) == (timedelta(minutes=30), timedelta(hours=6))


@pytest.mark.parametrize("text", ["90 seconds", "15 minutes", "1 hour", "36 hours", "2 days", "1 week"])
def test_an_interval_reads_as_it_is_written(text: str) -> None:
    """What an interval is written as is what it is shown as, in its largest whole unit."""
    assert in_words(interval(text)) == text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"every": "1 fortnight"}, "'1 fortnight' is no interval"),
        ({"every": "0 hours"}, "'0 hours' is no interval"),
        ({"every": 60}, "'60' is no interval"),
        ({"every": "30 seconds"}, "'every' is at least 1 minute"),
        ({"every": "1 hour", "cron": "0 * * * *"}, "either 'every' or 'cron'"),
        ({"cron": "* * *"}, "is no cron line"),
        ({"cron": "61 * * * *"}, "is no cron line"),
        ({"cron": [15]}, "is no cron line"),
        ({"cron": "0 9 * * 1-5"}, "write their names"),
        ({"cron": "0 0 31 feb *"}, "a day that never comes"),
    ],
)
def test_a_schedule_that_means_nothing_is_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    """Each way to get a schedule wrong has its own words."""
    with pytest.raises(ValidationError, match=words):
        Schedule.model_validate(given)


def test_mistakes_of_schedule_alerts_and_time_of_day_are_told_with_their_lines(tmp_path: Path) -> None:
    """All mistakes are listed at once, each with the file and its line."""
    configure(tmp_path, schedule="{every: often}", alerts="{on: [fire]}", reconcile_at="25 o'clock")

    _, mistakes = load_checked(tmp_path)

    assert [(each.file, each.line) for each in mistakes] == [("hubsync.yaml", line) for line in (3, 4, 5)]
    assert "'25 o'clock' is no time of day" in mistakes[2].message


def test_the_time_of_the_reconcile_is_two_in_the_night_unless_it_is_said() -> None:
    """`reconcile_at` is a time of day, shown as it is written."""
    said = Main.model_validate({"models": [], "reconcile_at": "4:15"})

    assert Main(models=()).model_dump(mode="json")["reconcile_at"] == "02:00"
    assert said.model_dump(mode="json")["reconcile_at"] == "04:15"


@pytest.mark.parametrize(
    ("last", "now", "first"),
    [
        (None, "21T12:00", "21T12:00"),
        ("21T11:30", "21T12:00", "21T12:30"),
        ("21T11:00", "21T12:00", "21T12:00"),
        ("18T11:00", "21T12:00", "21T12:00"),
    ],
)
def test_a_worker_that_starts_makes_up_for_missed_runs_at_once(last: str | None, now: str, first: str) -> None:
    """It runs now when there was no good run or one was missed, else when the next is due."""
    assert first_run(HOURLY, UTC, at(last) if last else None, at(now)) == at(first)


def test_a_cron_line_speaks_of_the_portals_time() -> None:
    """The same line is another moment in another time zone, and an unknown zone is UTC."""
    assert following(NIGHTLY, UTC, at("21T12:00")) == at("22T02:30")
    assert following(NIGHTLY, BERLIN, at("21T12:00")) == at("22T01:30")
    assert zone_of("Europe/Berlin") == BERLIN
    assert zone_of(None) is zone_of("Mars/Olympus") is UTC


def test_a_cron_line_is_caught_up_once_after_a_downtime() -> None:
    """A night that passed while the worker was down runs at its start; one that did not pass does not."""
    assert first_run(NIGHTLY, UTC, at("20T02:31"), at("21T12:00")) == at("21T12:00")
    assert first_run(NIGHTLY, UTC, at("21T02:31"), at("21T12:00")) == at("22T02:30")


@pytest.mark.parametrize(
    ("day", "runs"),
    [
        (datetime(2026, 3, 29, tzinfo=UTC), ["01:30"]),
        (datetime(2026, 10, 25, tzinfo=UTC), ["00:30", "01:30"]),
        (datetime(2026, 11, 21, tzinfo=UTC), ["01:30"]),
    ],
)
def test_no_night_of_the_change_of_the_clocks_is_without_a_run(day: datetime, runs: list[str]) -> None:
    """Where 02:30 does not exist the run is an hour later by the clock; where it comes twice there are two."""
    found = []
    moment = following(NIGHTLY, BERLIN, day)
    while moment.date() == day.date():
        found.append(f"{moment:%H:%M}")
        moment = following(NIGHTLY, BERLIN, moment)

    assert found == runs


@pytest.mark.parametrize(
    ("last", "started", "deadline"),
    [
        ("21T11:00", "20T08:00", "21T13:00"),
        ("18T11:00", "21T12:00", "21T13:00"),
        (None, "21T12:00", "21T13:00"),
        ("21T11:30", "21T12:00", "21T13:30"),
    ],
)
def test_the_next_good_run_is_due_by_the_second_moment_of_the_schedule(
    last: str | None, started: str, deadline: str
) -> None:
    """Two hours after the last good run when runs are hourly, and a fresh worker has one hour."""
    assert due_by(HOURLY, UTC, at(last) if last else None, at(started)) == at(deadline)


def test_a_cron_line_with_gaps_allows_for_its_gaps() -> None:
    """A line of working days is not late on Sunday."""
    weekdays = Schedule(cron="0 9 * * mon-fri")
    friday, started = at("20T09:05"), at("01T00:00")

    assert due_by(weekdays, UTC, friday, started) == at("24T09:00")


@pytest.mark.parametrize(
    ("now", "running", "late"),
    [
        ("21T13:00", None, False),
        ("21T13:01", None, True),
        ("21T16:00", "21T12:59", False),
        ("21T16:00", "21T13:01", True),
    ],
)
def test_a_long_run_that_began_in_time_is_not_late(now: str, running: str | None, late: bool) -> None:
    """Beyond the deadline only a run that began before it excuses; one failing run after the other does not."""
    assert is_late(at("21T13:00"), at(now), at(running) if running else None) is late
