"""World time: milliseconds since the first day began; each day begins at the same time of the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from hubsync.emulator.clock import to_iso
from hubsync.emulator.world.dice import Dice

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
QUARTER_WEEKS = 13

_WORK_BEGINS, _WORK_HOURS = 13.0, 9.0  # 9 to 18 o'clock in New York, in UTC
_QUIET_START = 30 * MINUTE


class Calendar:
    """Turns world time into dates, and finds moments at which people are at work."""

    def __init__(self, first: datetime) -> None:
        self._first = first
        self._hour = first.hour + first.minute / 60

    def moment(self, t: int) -> datetime:
        """The aware UTC moment."""
        return self._first + timedelta(milliseconds=t)

    def world_time(self, moment: datetime) -> int:
        """The world time of a moment."""
        return round((moment - self._first) / timedelta(milliseconds=1))

    def iso(self, t: int) -> str:
        """The moment as HubSpot writes it."""
        return to_iso(self.moment(t))

    def date(self, t: int) -> str:
        """The date as HubSpot writes it."""
        return self.moment(t).date().isoformat()

    def epoch_ms(self, t: int) -> str:
        """The moment as milliseconds since 1970, as old integrations write it."""
        return str(round(self.moment(t).timestamp() * 1000))

    def at_work(self, dice: Dice, day: int) -> int:
        """A moment of the working hours of this day.

        The first half hour of a world day stays empty, so that what a reader saw until shortly after a
        day began is not followed by changes with an older date.
        """
        hour = (_WORK_BEGINS + _WORK_HOURS * dice.uniform() - self._hour) % 24
        return day * DAY + max(int(hour * HOUR), _QUIET_START + dice.below(MINUTE))

    def in_week(self, dice: Dice, week: int) -> int:
        """A moment of the working hours of some day of this week, seldom one at the weekend."""
        day = week * 7 + dice.below(7)
        if self.is_weekend(day) and dice.chance(0.85):
            day = week * 7 + dice.below(7)
        return self.at_work(dice, day)

    def is_weekend(self, day: int) -> bool:
        """True if nobody works on this day."""
        return (self._first.weekday() + day) % 7 >= 5
