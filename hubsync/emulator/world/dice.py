"""Chance that depends only on what it is asked for: the seed, the record, the day and the purpose."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, exp, log, pi, sqrt
from typing import TypeVar

T = TypeVar("T")

_MASK = 0xFFFFFFFFFFFFFFFF
_GOLDEN = 0x9E3779B97F4A7C15
_UNIT = 2.0**-53


def _mix(number: int) -> int:
    """Scatter 64 bits (the finalizer of splitmix64)."""
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def scatter(*keys: int) -> int:
    """One 64-bit number for a tuple of integers."""
    state = 0
    for key in keys:
        state = _mix((state + key + 1) * _GOLDEN & _MASK)
    return state


class Dice:
    """A short stream of random numbers that starts at a tuple of keys, so no stream disturbs another."""

    __slots__ = ("_state",)

    def __init__(self, *keys: int) -> None:
        self._state = scatter(*keys)

    def uniform(self) -> float:
        """Between 0 and 1, 1 excluded."""
        number = self._state = (self._state + _GOLDEN) & _MASK
        # The body of `_mix`, written out: a world asks a million times.
        number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((number ^ (number >> 31)) >> 11) * _UNIT

    def between(self, low: float, high: float) -> float:
        """Uniform between two numbers."""
        return low + (high - low) * self.uniform()

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        return int(self.uniform() * bound)

    def chance(self, probability: float) -> bool:
        """True this often."""
        return self.uniform() < probability

    def normal(self) -> float:
        """From the standard normal distribution."""
        return sqrt(-2.0 * log(1.0 - self.uniform())) * cos(2.0 * pi * self.uniform())

    def exponential(self, mean: float) -> float:
        """From the exponential distribution."""
        return -mean * log(1.0 - self.uniform())

    def poisson(self, mean: float) -> int:
        """How many of something that happens `mean` times on average (small means)."""
        limit, count, product = exp(-mean), 0, self.uniform()
        while product > limit:
            count += 1
            product *= self.uniform()
        return count

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely."""
        return choices[int(self.uniform() * len(choices))]

    def weighted(self, choices: Sequence[tuple[T, float]]) -> T:
        """One of the choices, each as likely as its share; the shares add up to 1."""
        rest = self.uniform()
        for choice, share in choices:
            rest -= share
            if rest < 0:
                return choice
        return choices[-1][0]
