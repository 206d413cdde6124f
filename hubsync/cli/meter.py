"""The API meter of `hubsync status`: the day's calls, and what the next runs will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hubsync.catalog import Catalog
from hubsync.cli.live import Live
from hubsync.pull.estimate import reckon
from hubsync.pull.sources.records import latest_reconcile
from hubsync.store import Reader
from hubsync.types import AsOf


@dataclass(frozen=True, slots=True)
class Meter:
    """The day's calls of the account and of hubsync, and the calls of the next run; None is unknown.

    `changes` and `everything` are the calls of the last run that pulled what changed, and of the last that listed
    all records; `anew` is what a first pull would take; `next_lists` says which of them comes next.
    """

    own: int
    own_limit: int | None
    account: int | None
    account_limit: int | None
    left: int | None
    changes: int | None
    everything: int | None
    anew: int
    next_lists: bool

    @property
    def share(self) -> float | None:
        """How much of its own share of the day hubsync has used."""
        return self.own / self.own_limit if self.own_limit else None

    @property
    def next_run(self) -> int:
        """About how many calls the next run takes."""
        known = self.everything if self.next_lists else self.changes
        return self.anew if known is None else known

    def data(self) -> dict[str, Any]:
        """As JSON says it."""
        share = self.share
        return {
            "used_by_hubsync": self.own,
            "share_of_hubsync": self.own_limit,
            "used_of_share": None if share is None else round(share, 4),
            "used_by_account": self.account,
            "limit_of_account": self.account_limit,
            "left_for_hubsync": self.left,
            "next_run": self.next_run,
            "next_run_lists_all": self.next_lists,
            "last_run_of_changes": self.changes,
            "last_run_of_all": self.everything,
            "first_pull": self.anew,
        }


def meter(reader: Reader, catalog: Catalog, live: Live, today: AsOf) -> Meter:
    """Read the meter."""
    calls, usage, own = reader.calls_of_runs(), live.usage, reader.calls_since(today.day_start)
    return Meter(
        own=own,
        own_limit=int(usage.limit * catalog.main.api.own_share) if usage else None,
        account=usage.used if usage else None,
        account_limit=usage.limit if usage else None,
        left=live.left,
        changes=calls.get(False),
        everything=calls.get(True),
        anew=reckon(catalog, today, reader.counts()).calls,
        next_lists=_lists(reader.cursors(), latest_reconcile(today, catalog.main)),
    )


def _lists(cursors: Mapping[str, Mapping[str, Any]], latest: datetime) -> bool:
    """Whether the next run compares all records: one of the streams was never listed, or too long ago."""
    listed = [position["full_at"] for position in cursors.values() if "full_at" in position]
    return not listed or None in listed or datetime.fromisoformat(min(listed)) < latest
