"""What comes back from HubSpot beside the data: limits, and how often it was called."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """A success: its status, its decoded JSON (None when empty) and its headers."""

    status: int
    data: Any
    headers: Mapping[str, str]


class RateHeaders(NamedTuple):
    """The rate limits as the last answer that had them told them."""

    maximum: int | None = None
    remaining: int | None = None
    daily: int | None = None
    daily_remaining: int | None = None


class Calls:
    """How often HubSpot was called, each try counted; `limited` were answered with 429."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_operation: Counter[str] = Counter()
        self._limited = 0

    def add(self, operation: str) -> None:
        """Counts a try."""
        with self._lock:
            self._by_operation[operation] += 1

    def add_limited(self) -> None:
        """Counts a 429."""
        with self._lock:
            self._limited += 1

    @property
    def total(self) -> int:
        """All tries."""
        with self._lock:
            return self._by_operation.total()

    @property
    def limited(self) -> int:
        """The tries that were answered with 429."""
        return self._limited

    @property
    def by_operation(self) -> dict[str, int]:
        """Tries by operation name."""
        with self._lock:
            return dict(self._by_operation)
