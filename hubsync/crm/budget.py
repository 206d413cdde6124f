"""The day's calls: hubsync's own share of them, and the rest that belongs to others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hubsync.errors import DailyLimitError
from hubsync.types import Usage

# The account's remainder only falls within a day, apart from HubSpot's own counting lag.
_NEW_DAY_JUMP = 0.05


@dataclass(frozen=True, slots=True)
class Budget:
    """How the day's calls stand; `limit` and `remaining` are None until HubSpot has told them."""

    limit: int | None
    remaining: int | None
    own_used: int
    share: float
    reserve: float
    resets_at: datetime | None = None

    @property
    def own_limit(self) -> int | None:
        """Calls that hubsync may make in a day."""
        return None if self.limit is None else int(self.limit * self.share)

    @property
    def left(self) -> int | None:
        """Calls that hubsync may still make today; None when the limit is not known."""
        if self.limit is None:
            return None
        left = int(self.limit * self.share) - self.own_used
        if self.remaining is not None:
            left = min(left, self.remaining - int(self.limit * self.reserve))
        return max(0, left)


class DailyBudget:
    """Counts hubsync's calls of the day and stops it before others run short.

    Nothing is enforced before HubSpot has told the limit, in a header or in the usage answer.
    """

    def __init__(self, *, share: float = 0.2, reserve: float = 0.3, used_today: int = 0) -> None:
        self.share = share
        self.reserve = reserve
        self._own_used = used_today
        self._limit: int | None = None
        self._remaining: int | None = None
        self._resets_at: datetime | None = None

    def state(self) -> Budget:
        """The figures as they are now."""
        return Budget(self._limit, self._remaining, self._own_used, self.share, self.reserve, self._resets_at)

    def spend(self) -> None:
        """Counts one call."""
        self._own_used += 1

    def spent_before(self, calls: int) -> None:
        """Adds what earlier runs of the day have spent."""
        self._own_used += calls

    def learn(self, limit: int | None, remaining: int | None) -> None:
        """Takes over the day's figures from an answer's headers."""
        if limit is None or remaining is None:
            return
        if self._remaining is not None and remaining > self._remaining + limit * _NEW_DAY_JUMP:
            self._own_used = 0
            self._resets_at = None
        self._limit, self._remaining = limit, remaining

    def learn_usage(self, usage: Usage) -> None:
        """Takes over the day's figures from the account's usage."""
        self._limit = usage.limit
        self._remaining = max(0, usage.limit - usage.used)
        self._resets_at = usage.resets_at

    def check(self) -> None:
        """DailyLimitError when the share is spent or the reserve is reached."""
        state = self.state()
        if state.limit is None or state.left:
            return
        own = int(state.limit * self.share)
        if self._own_used >= own:
            raise DailyLimitError(
                f"hubsync has used its share of the day's API calls ({own:,} of {state.limit:,}); {self.goes_on()}"
            )
        raise DailyLimitError(
            f"only {self._remaining or 0:,} of the account's {state.limit:,} API calls of the day are left, "
            f"and {self.reserve:.0%} are kept for others; {self.goes_on()}"
        )

    def exhausted(self) -> DailyLimitError:
        """The error for HubSpot's own word that the day's calls are used up."""
        return DailyLimitError(f"the account's API calls of the day are used up; {self.goes_on()}")

    def goes_on(self) -> str:
        """When the next run can go on."""
        if self._resets_at is None:
            return "the limit resets at midnight in the portal's time zone, the next run then goes on"
        return f"the limit resets at {self._resets_at:%Y-%m-%d %H:%M} UTC, the next run then goes on"
