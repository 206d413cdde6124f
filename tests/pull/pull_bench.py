"""An emulator, a client and a store side by side, and a plain reader of the portal to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
from stores_given import empty_database

from hubsync.catalog import Catalog
from hubsync.crm import Client, Throttle, Transport
from hubsync.emulator.options import Options
from hubsync.emulator.server import EmulatorServer
from hubsync.pull import PullResult, pull
from hubsync.pull.survey import needs
from hubsync.scoring.feeds import Feeds
from hubsync.store import Store
from hubsync.types import Account, AsOf

OBJECTS = "/crm/objects/2026-09"
SMALL = Path(__file__).parent / "small"


def client_for(server: EmulatorServer, token: str | None = None, search_per_second: int = 100) -> Client:
    """A client that does not really wait before it tries again."""
    throttle = Throttle(search_per_second=search_per_second)
    return Client(Transport(token or server.token, base_url=server.url, throttle=throttle, sleep=lambda _: None))


def as_of(account: Account) -> AsOf:
    """Now by the portal's clock and calendar."""
    zone = ZoneInfo(account.time_zone)
    local = account.server_time.replace(tzinfo=UTC).astimezone(zone)
    start = datetime(local.year, local.month, local.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    return AsOf(account.server_time, local.date(), start)


@dataclass
class Bench:
    """One portal, and everything that pulls from it."""

    server: EmulatorServer
    catalog: Catalog
    store: Store
    client: Client
    last: AsOf = field(init=False, repr=False)
    first: PullResult = field(init=False, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    _moment: datetime = datetime(2000, 1, 1)

    def pull(self, **more: Any) -> PullResult:
        account = self.client.account()
        # The portal's clock shows whole seconds, and two pulls may fall into one.
        self._moment = max(account.server_time, self._moment + timedelta(seconds=1))
        self.last = as_of(replace(account, server_time=self._moment))
        more.setdefault("currency", account.currency)
        more.setdefault("secret", lambda name: self.secrets.get(name, ""))
        return pull(self.client, self.store, self.catalog, self.last, account.portal_id, **more)

    def later(self, **time: int) -> None:
        """The next pull is as of so much later, although the portal's clock stands where it is."""
        self._moment += timedelta(**time)

    def pull_days(self, kind: str) -> int:
        """How far back the models look for a kind of event."""
        return needs(self.catalog, self.last, Feeds())[0].events[kind]

    def sql(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        with self.store.scratch(self.last, []) as scratch:
            return scratch.execute(query, params)

    def alive(self, object_name: str) -> set[str]:
        query = "SELECT record_id FROM portal.record WHERE object = ? AND archived_at IS NULL"
        return {record_id for (record_id,) in self.sql(query, object_name)}

    def steer(self, what: str, **body: Any) -> Any:
        answer = requests.post(f"{self.server.url}/_emulator/{what}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, path: str, **more: Any) -> None:
        self.steer("faults", faults=[{"path": path, **more}])

    def calls_to(self, part: str) -> int:
        stats = requests.get(f"{self.server.url}/_emulator/stats", timeout=10).json()
        return sum(count for path, count in stats["by_path"].items() if part in path)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method, self.server.url + path, json=body, timeout=10,
            headers={"Authorization": f"Bearer {self.server.token}"},
        )  # fmt: skip
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def create(self, object_name: str, properties: dict[str, str], *links: tuple[str, int]) -> str:
        associations = [
            {"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]}
            for to, kind in links
        ]
        body = {"properties": properties, "associations": associations}
        return str(self.call("POST", f"{OBJECTS}/{object_name}", body)["id"])

    def create_contacts(self, number: int) -> list[str]:
        inputs = [{"properties": {"email": f"person{n}@acme.example"}} for n in range(number)]
        results = []
        for start in range(0, number, 100):
            body = {"inputs": inputs[start : start + 100]}
            results += self.call("POST", f"{OBJECTS}/contacts/batch/create", body)["results"]
        return sorted(each["id"] for each in results)

    def change(self, object_name: str, record_id: str, **properties: str) -> None:
        self.call("PATCH", f"{OBJECTS}/{object_name}/{record_id}", {"properties": properties})

    def listed(self, object_name: str, properties: str, associations: str = "") -> Iterator[dict[str, Any]]:
        """All live records as the portal shows them, page by page."""
        query = f"?limit=100&properties={properties}" + (f"&associations={associations}" if associations else "")
        after = ""
        while True:
            page = self.call("GET", f"{OBJECTS}/{object_name}{query}{after}")
            yield from page["results"]
            if "paging" not in page:
                return
            after = f"&after={page['paging']['next']['after']}"


@contextmanager
def bench(folder: Path, catalog: Catalog, **options: Any) -> Iterator[Bench]:
    """A bench over a portal of its own."""
    with EmulatorServer(Options(port=0, **{"plan": "off", **options})) as server:
        empty_database(folder, str(server.options.portal_id))
        client = client_for(server)
        yield Bench(server, catalog, Store.open(folder, str(server.options.portal_id)), client)
        client.transport.close()
