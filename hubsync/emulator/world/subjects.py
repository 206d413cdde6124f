"""The records that live: contacts and companies with their hidden state, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import NamedTuple

from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.population import CompanyTraits, PersonTraits


class Pace(NamedTuple):
    """How one part of the hidden state moves: around a mean of its own, which it never leaves for good."""

    spread_of_means: float
    spread: float
    pull: float
    """The share of the way back to the mean that a day brings."""

    def first(self, mean: float, dice: Dice) -> float:
        """A value to begin with."""
        return mean + self.spread * dice.normal()

    def next(self, value: float, mean: float, dice: Dice) -> float:
        """The value of the next day; the step keeps the spread around the mean."""
        step = self.spread * sqrt(2 * self.pull) * _ROOT_SIX * (dice.uniform() + dice.uniform() - 1.0)
        return value + self.pull * (mean - value) + step


_ROOT_SIX = sqrt(6.0)
"""Brings the sum of two uniform numbers to a standard deviation of 1."""

_COMMON_SPREAD = 0.38
_USAGE, _MOOD, _MONEY = Pace(0.40, 0.80, 1 / 150), Pace(0.56, 0.68, 1 / 360), Pace(0.60, 0.62, 1 / 500)
"""Usage turns within months, so its trend says more than its level; mood and money are slower."""


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

    @property
    def present(self) -> bool:
        """Whether the contact is there and can still be reached at its company."""
        return self.alive and not self.left


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
    addons: set[str] = field(default_factory=set)
    wish: str = ""
    """The add-on that it wants while it grows; empty for more seats or a higher plan."""
    seat_share: float = 0.0
    jurisdictions: int = 0
    outcomes: int = 0
    topics: set[str] = field(default_factory=set)
    buyers: list[Person] = field(default_factory=list)
    """Who looked for a product when the company last did."""
    buying_until: int = -1
    growing_until: int = -1
    failed_payments: int = 0
    payments: int = 0
    days_to_pay: int = 0
    """Over all payments."""
    on_trial: bool = False
    activated: bool = False

    def present(self) -> list[Person]:
        """The people who can be reached there."""
        return [person for person in self.people if person.present]

    def contact(self) -> Person | None:
        """The main contact, if anybody can be reached."""
        return next((person for person in self.people if person.present), None)

    def settle(self, dice: Dice) -> None:
        """Give the hidden state its mean and its first value."""
        common = _COMMON_SPREAD * dice.normal()
        usage, mood, money = (common + pace.spread_of_means * dice.normal() for pace in (_USAGE, _MOOD, _MONEY))
        self.baseline = (usage, mood, money)
        self.usage, self.mood, self.money = (
            _USAGE.first(usage, dice),
            _MOOD.first(mood, dice),
            _MONEY.first(money, dice),
        )

    def drift(self, dice: Dice) -> None:
        """Let a day pass over the hidden state."""
        usage, mood, money = self.baseline
        self.usage = _USAGE.next(self.usage, usage, dice)
        self.mood = _MOOD.next(self.mood, mood, dice)
        self.money = _MONEY.next(self.money, money, dice)

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
