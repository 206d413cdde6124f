"""A whole portal beside a whole hubsync: what the tests of complete runs start from."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from hubsync.catalog import Catalog, load
from hubsync.crm import Client, Throttle, Transport
from hubsync.emulator import EmulatorServer
from hubsync.journal import RunResult
from hubsync.pipeline import Options, approve, push_approved, run
from hubsync.pull import feeds_of
from hubsync.score import open_scores
from hubsync.scoring.scores import Scores
from hubsync.settings import Settings
from hubsync.store import Scratch, Store
from hubsync.workspace import Local, Workspace, only_store

SHIPPED = Path(__file__).parents[2] / "config"


class Quiet:
    """Hears a run and remembers its notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, name: str) -> None:
        """A stage begins."""

    def rows(self, stream: str, rows: int, total: int | None) -> None:
        """Rows are through."""

    def note(self, text: str) -> None:
        """Remember it."""
        self.notes.append(text)


@dataclass
class Waits:
    """A clock for the transport that jumps instead of waiting, and remembers the pauses asked for."""

    seconds: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Note a pause, and let it be over."""
        self.seconds.append(seconds)

    def now(self) -> float:
        """The moment, all pauses included."""
        return time.monotonic() + sum(self.seconds)

    def workspace(self, real: Workspace) -> Workspace:
        """The same workspace on this clock."""
        throttle = Throttle(search_per_second=5, clock=self.now, sleep=self.sleep)
        transport = Transport(
            real.settings.token, base_url=real.settings.address, throttle=throttle,
            sleep=self.sleep, clock=self.now, uniform=lambda: 0.0,
        )  # fmt: skip
        client = Client(transport)
        client.account()
        return replace(real, client=client, writer=client)


@dataclass
class Thread:
    """One portal, one configuration, one data folder."""

    folder: Path
    server: EmulatorServer
    heard: Quiet = field(default_factory=Quiet)
    token: str = ""
    """Another token than the one that may do everything."""
    _loaded: tuple[dict[Path, bytes], Catalog] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.config.exists():
            shutil.copytree(SHIPPED, self.config)
            main = self.config / "hubsync.yaml"
            main.write_text(main.read_text().replace("search_per_second: 2", "search_per_second: 5"))

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def environment(self) -> dict[str, Any]:
        return {
            "HUBSPOT_ACCESS_TOKEN": self.token or self.server.token,
            "HUBSPOT_BASE_URL": self.server.url,
            "HUBSYNC_CONFIG": self.config,
            "HUBSYNC_DATA": self.folder / "data",
        }

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(self.environment)

    def run(
        self, command: str = "sync", *, as_of: datetime | None = None, waits: Waits | None = None, **options: Any
    ) -> RunResult:
        """One whole run; with `waits` no pause takes any time."""
        given: dict[str, Any] = {"write": command == "sync", "yes": True, **options}
        with Workspace.open(self.settings, as_of=as_of, catalog=self.catalog) as workspace:
            patient = waits.workspace(workspace) if waits else workspace
            return run(patient, Options(command, **given), self.heard)

    def accept(self, *, run_id: str | None = None, file: Path | None = None) -> RunResult:
        """Write an approved plan."""
        with Workspace.open(self.settings, catalog=self.catalog) as workspace:
            return push_approved(workspace, approve(workspace, run_id=run_id, file=file), self.heard)

    def steer(self, path: str, body: dict[str, Any]) -> Any:
        """Steer the emulator."""
        answer = requests.post(f"{self.server.url}/_emulator/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def later(self) -> None:
        """Let a minute pass: what changes within the second of a run can't be told from what the run has seen."""
        self.steer("clock", {"minutes": 1})

    def live(self, days: int) -> None:
        """Let the portal live for some days."""
        self.steer("clock", {"days": days})

    @property
    def stats(self) -> dict[str, Any]:
        found = requests.get(f"{self.server.url}/_emulator/stats", timeout=30).json()
        assert isinstance(found, dict)
        return found

    @property
    def catalog(self) -> Catalog:
        """The configuration as it stands, checked again when a file of it has changed."""
        texts = {file: file.read_bytes() for file in self.config.rglob("*.yaml")}
        if self._loaded is None or self._loaded[0] != texts:
            self._loaded = texts, load(self.config)
        return self._loaded[1]

    @property
    def store(self) -> Store:
        return only_store(self.settings)

    @contextmanager
    def scored(self) -> Iterator[tuple[Scratch, Scores]]:
        """The scores as of the last run, without the network."""
        local = Local.open(self.settings)
        with local.store.read() as reader:
            feeds = feeds_of(local.catalog, reader.sources())
        with open_scores(local.store, local.catalog, local.as_of, feeds) as found:
            yield found.scratch, found.scores

    def in_hubspot(self, object_: str, properties: tuple[str, ...]) -> dict[str, dict[str, str | None]]:
        """What the portal holds, read behind hubsync's back."""
        with self.server.portal.lock:
            records = self.server.portal.objects[object_]
            return {
                record_id: {name: record.properties.get(name) for name in properties}
                for record_id, record in records.items()
                if record.archived_at is None
            }
