"""A short look at the portal for `status`: its clock and the day's calls, or why it could not be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hubsync.crm import Client, DailyBudget, Throttle, Transport, Versions, credentials_of
from hubsync.errors import HubsyncError, RemoteError
from hubsync.settings import Settings
from hubsync.types import Usage
from hubsync.workspace import Local, moment


@dataclass(frozen=True, slots=True)
class Live:
    """What the portal says now; `reason` says why it does not say all."""

    now: datetime | None = None
    usage: Usage | None = None
    left: int | None = None
    reason: str = ""


def look(settings: Settings, local: Local) -> Live:
    """Ask the portal once; anything that is in the way is a reason, not an error."""
    api = local.catalog.main.api
    budget = DailyBudget(share=api.own_share, reserve=api.reserve)
    try:
        versions = Versions(api.version)
        reads, _ = credentials_of(settings, versions)
        transport = Transport(reads, base_url=settings.address, throttle=Throttle(daily=budget), sleep=_impatient)
    except HubsyncError as error:
        return Live(reason=str(error))
    try:
        client = Client(transport, versions)
        account = client.account()
        if account.portal_id != local.store.portal_id:
            return Live(reason=f"The token belongs to portal {account.portal_id}, not to {local.store.portal_id}.")
        with local.store.read() as reader:
            budget.spent_before(reader.calls_since(moment(account.server_time, account.time_zone).day_start))
        usage = client.usage()
        untold = "HubSpot does not tell it for this token." if reads.metered else "OAuth apps have no daily limit."
        return Live(account.server_time, usage, budget.state().left, "" if usage else untold)
    except HubsyncError as error:
        return Live(reason=str(error))
    finally:
        transport.close()


def _impatient(_seconds: float) -> None:
    """Give up at the first wait: status answers at once."""
    raise RemoteError("HubSpot can't be reached now.")
