"""Opens and closes everything a command needs: configuration, portal, database and the moment it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hubsync.catalog import Catalog, load
from hubsync.crm import Client, DailyBudget, Throttle, Transport, Versions
from hubsync.errors import InputError, PortalError, StoreError
from hubsync.settings import Settings
from hubsync.store import Store
from hubsync.types import Account, AsOf

EARLIEST = 2000


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
    def open(cls, settings: Settings, *, as_of: datetime | None = None) -> Iterator[Workspace]:
        """Open a portal: the configuration first, so that a mistake is told before anything is called.

        Raises ConfigError, TokenError, PortalError, StoreError, and InputError for an `as_of` in the future.
        """
        catalog = load(settings.config)
        token, address = settings.token, settings.address
        budget = DailyBudget(share=catalog.main.api.own_share, reserve=catalog.main.api.reserve)
        throttle = Throttle(search_per_second=catalog.main.api.search_per_second, daily=budget)
        client = _client(address, token, throttle, catalog)
        writer = client
        try:
            account = client.account()
            if settings.write_token != token:
                writer = _client(address, settings.write_token, throttle, catalog)
                _same_portal(account, writer)
            present = moment(account.server_time, account.time_zone)
            chosen = moment(as_of, account.time_zone) if as_of is not None else present
            if chosen.day > present.day:
                raise InputError(f"--as-of {chosen.day} lies in the future; the portal's day is {present.day}.")
            if chosen.day.year < EARLIEST:
                raise InputError(f"--as-of {chosen.day} lies before {EARLIEST}; HubSpot had nothing to score then.")
            if chosen.day == present.day and chosen.now < present.now:
                # Earlier today is now: what is pulled now would not be known yet, and ages are whole days anyway.
                chosen = present
            info = client.token_info()
            store = _bound_store(settings, account)
            with store.read() as reader:
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
    def open(cls, settings: Settings, *, portal: str | None = None, as_of: datetime | None = None) -> Local:
        """Open the database in the data folder, which needs no token; raises StoreError when there is none."""
        catalog = load(settings.config)
        store = only_store(settings, portal)
        with store.read() as reader:
            account = reader.account() or {}
            last = reader.last_planned_run()
        now = as_of or (last.started_at if last else datetime.now(UTC).replace(tzinfo=None))
        return cls(catalog, store, account, moment(now, account.get("time_zone", "UTC")))


def only_store(settings: Settings, portal: str | None = None) -> Store:
    """The database of the named portal, or of the only one there is; raises StoreError."""
    portals = Store.portals(settings.data)
    if not portals:
        raise StoreError(f"There is no database in {settings.data} yet; run `hubsync plan` or `hubsync sync` first.")
    if portal is None and len(portals) > 1:
        raise StoreError(f"{settings.data} holds several portals ({', '.join(portals)}); say which with --portal.")
    if portal is not None and portal not in portals:
        raise StoreError(f"There is no database of portal {portal} in {settings.data}; it has {', '.join(portals)}.")
    return Store.open(settings.data, portal or portals[0])


def moment(now: datetime, time_zone: str) -> AsOf:
    """The portal's day at a moment, and the instant at which it began (design §4); `now` is naive UTC."""
    zone = _zone(time_zone)
    day = now.replace(tzinfo=UTC).astimezone(zone).date()
    start = datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    return AsOf(now, day, start)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _client(address: str, token: str, throttle: Throttle, catalog: Catalog) -> Client:
    versions = Versions(catalog.main.api.version)
    return Client(Transport(token, base_url=address, throttle=throttle), versions)


def _bound_store(settings: Settings, account: Account) -> Store:
    others = Store.portals(settings.data)
    if others and account.portal_id not in others:
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
