"""Who is told: the channels that the environment names, and the address of the watchdog."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import SecretStr

from hubsync.settings import Settings
from hubsync.worker import outbound
from hubsync.worker.alerts import Notice

_log = logging.getLogger(__name__)

_TITLES = {
    "failure": "the run failed", "held": "a guard holds the writes", "first_write": "the first write waits for a yes",
    "stale": "a source or model stands still", "token": "HubSpot refuses the access", "rejects": "values are refused",
    "hung": "a run hung",
}  # fmt: skip


@dataclass(frozen=True)
class Channels:
    """Where to send; the addresses are secrets."""

    addresses: dict[str, str] = field(repr=False)
    heartbeat: str = field(repr=False)

    @classmethod
    def of(cls, settings: Settings, shared: Settings) -> Channels:
        """The channels of a portal, and where it names none, those of all portals; a watchdog is of one portal."""
        given = {
            "slack": _text(settings.slack_url) or _text(shared.slack_url),
            "webhook": _text(settings.webhook_url) or _text(shared.webhook_url),
        }
        return cls({name: url for name, url in given.items() if url}, _text(settings.heartbeat_url))

    def tell(self, portal: str, owed: Iterable[Notice], stopping: threading.Event) -> tuple[Notice, ...]:
        """Send what is owed to channels that there still are; returns what did not arrive."""
        left = []
        for notice in owed:
            url = self.addresses.get(notice.channel)
            if url and stopping.is_set():
                left.append(notice)
            elif url and (reason := outbound.post(url, _body(portal, notice))):
                _log.warning("%s: the alert to %s waits for the next run: %s", portal, notice.channel, reason)
                left.append(notice)
        return tuple(left)

    def beat(self, portal: str) -> None:
        """Show the watchdog that a run ended well."""
        if self.heartbeat and (reason := outbound.ping(self.heartbeat)):
            _log.warning("%s: HUBSYNC_HEARTBEAT_URL was not told of the run: %s", portal, reason)


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""


def _body(portal: str, notice: Notice) -> dict[str, str]:
    if notice.channel == "slack":
        end = "Over: " if notice.state == "over" else ""
        run = f" (run {notice.run_id})" if notice.run_id else ""
        return {"text": f"hubsync {portal}: {end}{_TITLES[notice.cause]}. {notice.message}{run}"}
    return {"portal": portal, **notice.model_dump(mode="json", exclude={"channel"})}
