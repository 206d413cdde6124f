"""What an emulator is started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hubsync.emulator.clock import DEFAULT_START


class EmulatorError(Exception):
    """The emulator cannot start; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one emulator; `port` 0 picks a free one."""

    port: int = 8025
    contacts: int = 2_000
    seed: int = 1
    plan: str = "pro"
    latency_ms: int = 0
    search_lag_ms: int = 0
    empty: bool = False
    load: Path | None = None
    now: datetime = DEFAULT_START
    host: str = "127.0.0.1"
    portal_id: int = 4_242_424
    time_zone: str = "US/Eastern"
    currency: str = "USD"
    rotate_refresh_tokens: bool = False
    preserve_merged_ids: bool = False

    @property
    def token(self) -> str:
        """The token that has all scopes."""
        return f"pat-emu-{self.portal_id}-1"
