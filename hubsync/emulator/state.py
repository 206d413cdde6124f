"""The state of one simulated HubSpot portal; nothing here knows HTTP, and nothing here says no."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from hubsync.emulator.clock import Clock
from hubsync.emulator.holdings import Holdings
from hubsync.emulator.oauth import OAuth
from hubsync.emulator.people import Directory
from hubsync.emulator.records import Requirement
from hubsync.emulator.tools import Tools


class Portal(Holdings):
    """One portal: its records, and the account with its people, tokens, tools and rules."""

    def __init__(
        self,
        *,
        portal_id: int,
        now: datetime,
        plan: str = "pro",
        token: str,
        time_zone: str = "US/Eastern",
        currency: str = "USD",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(Clock(now, monotonic))
        self.portal_id = portal_id
        self.app_id = portal_id % 1_000_000 + 1_000_000
        self.preserve_merged_ids = False
        """HubSpot's beta: the survivor of a merge keeps the primary record's id."""
        self.plan = plan
        self.time_zone = time_zone
        self.currency = currency
        self.tokens: dict[str, frozenset[str] | None] = {token: None}
        """Each token and its scopes; None stands for all scopes."""
        self.oauth = OAuth(portal_id)
        self.lock = threading.RLock()
        self.directory = Directory()
        self.tools = Tools()
        self.requirements: dict[str, list[Requirement]] = {}
        """The admin's rules about required properties, by object type; only 2026-09 enforces them."""

    def revoke(self, token: str) -> None:
        """End a token; with a refresh token end the access tokens it gave."""
        for ended in self.oauth.revoke(token):
            self.tokens.pop(ended, None)
