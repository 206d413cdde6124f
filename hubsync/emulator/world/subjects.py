"""The records that live: contacts and companies with their hidden state, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.population import CompanyTraits, PersonTraits

_COMMON_SPREAD, _TRAIT_SPREAD, _STATE_SPREAD = 0.38, 0.56, 0.68
_PULL = 1 / 320
"""How fast the hidden state returns to its mean, a day."""
_STEP = _STATE_SPREAD * (2 * _PULL) ** 0.5
"""Standard deviation of a day's step that keeps the spread around the mean."""


@dataclass(slots=True, kw_only=True)
class Subject:
    """A record with counters whose property changes are written in one piece."""

    object: str
    key: int
    """Its number among its kind: what its chances are drawn from."""
    id: str = ""
    alive: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    latest: dict[str, int] = field(default_factory=dict)
    """The last moment of each kind of thing; late news does not move it back."""
    pending: dict[str, str] = field(default_factory=dict)
    pending_at: int = 0


@dataclass(slots=True, kw_only=True)
class Person(Subject):
    """A contact."""

    traits: PersonTraits
    company: Company | None
    stage: str = ""
    left: bool = False
    opted_out: bool = False


@dataclass(slots=True, kw_only=True)
class Company(Subject):
    """A company with its hidden state; usage, mood and money are in standard deviations."""

    traits: CompanyTraits
    people: list[Person] = field(default_factory=list)
    status: str = "prospect"
    since: int = 0
    renewal: int = 0
    plan: str = "starter"
    seats: int = 0
    arr: int = 0
    subscription: str = ""
    usage: float = 0.0
    mood: float = 0.0
    money: float = 0.0
    baseline: tuple[float, float, float] = (0.0, 0.0, 0.0)
    features: set[str] = field(default_factory=set)
    buying_until: int = -1
    growing_until: int = -1
    failed_payments: int = 0

    def settle(self, dice: Dice) -> None:
        """Give the hidden state its mean and its first value."""
        common = _COMMON_SPREAD * dice.normal()
        usage, mood, money = (common + _TRAIT_SPREAD * dice.normal() for _ in range(3))
        self.baseline = (usage, mood, money)
        self.usage, self.mood, self.money = (mean + _STATE_SPREAD * dice.normal() for mean in self.baseline)

    def drift(self, dice: Dice) -> None:
        """Let a day pass over the hidden state."""
        usage, mood, money = self.baseline
        self.usage += _PULL * (usage - self.usage) + _STEP * _spread(dice)
        self.mood += _PULL * (mood - self.mood) + _STEP * _spread(dice)
        self.money += _PULL * (money - self.money) + _STEP * _spread(dice)

    @property
    def health(self) -> float:
        """What its renewal hangs on."""
        return 0.60 * self.usage + 0.60 * self.mood + 0.53 * self.money


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided at a renewal date, and the hidden state that led to it (for tests)."""

    company_id: str
    at: datetime
    churned: bool
    probability: float
    health: float
    health_before: float
    """Ninety days earlier."""


@dataclass(slots=True)
class Truth:
    """What no portal knows: hidden states and why things happened."""

    decisions: list[Decision] = field(default_factory=list)
    left: dict[str, datetime] = field(default_factory=dict)
    """Contacts who left their company, and when."""
    merged: dict[str, str] = field(default_factory=dict)
    late: int = 0
    """Events that were delivered days after they happened."""
    bot_clicks: int = 0
    quarterly: set[str] = field(default_factory=set)
    """Companies that use the product at the close of a quarter only."""
    health: dict[str, float] = field(default_factory=dict)
    """The hidden state of each customer at the end of the last day."""


def _spread(dice: Dice) -> float:
    """A number of mean 0 and standard deviation 1, cheaper than a normal one."""
    return (dice.uniform() + dice.uniform() - 1.0) * 2.449
