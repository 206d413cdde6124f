"""Opens and closes everything a command needs: configuration, portal, database and the moment it speaks of."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hubsync.catalog import Catalog, load
from hubsync.crm import Client, DailyBudget, Throttle, Transport, Versions, credentials_of
from hubsync.errors import InputError, PortalError, StoreError
from hubsync.settings import Settings
from hubsync.store import Store
from hubsync.types import Account, AsOf

_log = logging.getLogger(__name__)

EARLIEST = 2000
CLOCK_SLACK = timedelta(hours=1)
"""How far HubSpot's clock may stand behind the last run: its servers do not agree to the second."""


@dataclass(frozen=True)
class Workspace:
    """Everything open for work on one portal; `present` is now, `as_of` the moment scores are computed for."""

    settings: Settings
    catalog: Catalog
    client: Client
    writer: Client
    account: Account
    scopes: frozenset[str] | None
    store: Store
    present: AsOf
    as_of: AsOf

    @classmethod
    @contextmanager
    def open(
        cls, settings: Settings, *, as_of: datetime | None = None, catalog: Catalog | None = None
    ) -> Iterator[Workspace]:
        """Open a portal: the configuration first, so that a mistake is told before anything is called.

        `catalog` is the configuration where it is loaded already. Raises ConfigError, TokenError, PortalError,
        StoreError, and InputError for an `as_of` in the future.
        """
        catalog = catalog or load(settings.config)
        versions = Versions(catalog.main.api.version)
        address, (reads, writes) = settings.address, credentials_of(settings, versions)
        budget = DailyBudget(share=catalog.main.api.own_share, reserve=catalog.main.api.reserve)
        throttle = Throttle(search_per_second=catalog.main.api.search_per_second, daily=budget)
        client = Client(Transport(reads, base_url=address, throttle=throttle), versions)
        writer = client
        try:
            account = client.account()
            if not knows_zone(account.time_zone):
                _log.warning(
                    "the portal's time zone %.60r is not known here: days begin at midnight UTC", account.time_zone
                )
            if writes is not reads:
                writer = Client(Transport(writes, base_url=address, throttle=throttle), versions)
                _same_portal(account, writer)
            present, chosen = _moments(account.server_time, as_of, account.time_zone)
            info = client.token_info()
            store = _bound_store(settings, account)
            with store.read() as reader:
                last = reader.last_run()
                if last is not None and last.started_at > present.now:
                    now = _onward(account.server_time, last.started_at)
                    present, chosen = _moments(now, as_of, account.time_zone)
                budget.spent_before(reader.calls_since(present.day_start))
            yield cls(settings, catalog, client, writer, account, info[1] if info else None, store, present, chosen)
        finally:
            client.transport.close()
            if writer is not client:
                writer.transport.close()

    @property
    def calls(self) -> int:
        """Calls made so far, with both tokens."""
        other = self.writer.transport.calls.total if self.writer is not self.client else 0
        return self.client.transport.calls.total + other

    def facts(self) -> dict[str, str]:
        """What later commands need of the portal without calling it."""
        return {
            "time_zone": self.account.time_zone,
            "currency": self.account.currency,
            "ui_domain": self.account.ui_domain,
            "account_type": self.account.account_type,
        }


@dataclass(frozen=True)
class Local:
    """What is known without the network: the configuration, the database and the last run's moment."""

    catalog: Catalog
    store: Store
    account: Mapping[str, str]
    as_of: AsOf

    @classmethod
    def open(cls, settings: Settings, *, as_of: datetime | None = None) -> Local:
        """Open the database in the data folder, which needs no token; raises StoreError when there is none."""
        catalog = load(settings.config)
        store = only_store(settings)
        with store.read() as reader:
            account = reader.account() or {}
            last = reader.last_planned_run()
        wall = datetime.now(UTC).replace(tzinfo=None)
        if as_of is not None and as_of > max(wall, last.started_at if last else wall) + timedelta(days=1):
            raise InputError(f"--as-of {as_of:%Y-%m-%d} lies in the future; nothing is known of it yet.")
        now = as_of or (last.started_at if last else wall)
        return cls(catalog, store, account, moment(now, account.get("time_zone", "UTC")))


def only_store(settings: Settings) -> Store:
    """The database in the data folder; raises StoreError when there is none or more than one."""
    portals = Store.portals(settings.data)
    if not portals:
        raise StoreError(f"There is no database in {settings.data} yet; run `hubsync plan` or `hubsync sync` first.")
    if len(portals) > 1:
        raise StoreError(
            f"{settings.data} holds the databases of portals {', '.join(portals)}, and may hold only one: move the"
            " others into the data folders of portals of their own (see --portal)."
        )
    return Store.open(settings.data, portals[0])


def _moments(now: datetime, as_of: datetime | None, time_zone: str) -> tuple[AsOf, AsOf]:
    """Now, and the moment that scores are computed for; raises InputError for one in the future."""
    present = moment(now, time_zone)
    chosen = moment(as_of, time_zone) if as_of is not None else present
    if chosen.day > present.day:
        raise InputError(f"--as-of {chosen.day} lies in the future; the portal's day is {present.day}.")
    if chosen.day.year < EARLIEST:
        raise InputError(f"--as-of {chosen.day} lies before {EARLIEST}; HubSpot had nothing to score then.")
    if chosen.day == present.day and chosen.now < present.now:
        # Earlier today is now: what is pulled now would not be known yet, and ages are whole days anyway.
        chosen = present
    return present, chosen


def _onward(now: datetime, last: datetime) -> datetime:
    """The last run's moment where HubSpot's clock lags a little behind it; raises StoreError when it is far behind.

    What is known since then would not be known yet, so time never runs backwards in the database.
    """
    if last - now > CLOCK_SLACK:
        raise StoreError(
            f"HubSpot's clock says {now:%Y-%m-%d %H:%M} UTC, but the last run was at {last:%Y-%m-%d %H:%M} UTC; nothing"
            " was done. If a proxy on the way to HubSpot tells the wrong time, mend it; if the last run had the wrong"
            " time, bring back a backup from before it with `hubsync restore FILE --force`."
        )
    return last


def moment(now: datetime, time_zone: str) -> AsOf:
    """The portal's day at a moment, and the instant at which it began (design §4); `now` is naive UTC."""
    zone = ZoneInfo(time_zone) if knows_zone(time_zone) else UTC
    day = now.replace(tzinfo=UTC).astimezone(zone).date()
    start = datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    return AsOf(now, day, start)


def knows_zone(name: str) -> bool:
    """Whether the days of this time zone can be told; those of an unknown one begin at midnight UTC."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _bound_store(settings: Settings, account: Account) -> Store:
    others = Store.portals(settings.data)
    if others and others != [account.portal_id]:
        raise PortalError(
            f"The data in {settings.data} belongs to portal {', '.join(others)}, the token to portal"
            f" {account.portal_id}: use that portal's token, or another folder in HUBSYNC_DATA."
        )
    return Store.open(settings.data, account.portal_id)


def _same_portal(account: Account, writer: Client) -> None:
    other = writer.account().portal_id
    if other != account.portal_id:
        raise PortalError(
            f"HUBSPOT_WRITE_TOKEN belongs to portal {other}, HUBSPOT_ACCESS_TOKEN to {account.portal_id};"
            " give both tokens of one portal."
        )
