"""A worker as an operator meets it: a folder, a portal, a process, and somebody who hears its alerts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from hubsync.cli.progress import Watch
from hubsync.emulator import EmulatorServer
from hubsync.emulator.faults import Fault
from hubsync.pipeline import Options, run
from hubsync.settings import Settings
from hubsync.worker.serve import Options as Once
from hubsync.worker.serve import run_once
from hubsync.workspace import Workspace

ROOT = str(Path(__file__).parents[2])
PATIENCE = 60.0

FILES = {
    "hubsync.yaml": "models: [interest]\napi: {search_per_second: 5}\n",
    "portal.yaml": "customers_are: companies\n",
    "events.yaml": "",
    "signals.yaml": "",
    "models/interest.yaml": """\
model: interest
kind: points
object: contacts
outcome: takes a meeting
owner: sales
known_data_floor: 0
rules:
  - {name: lead, when: lifecyclestage = 'lead', points: 20, reason: is a lead}
  - {name: customer, when: lifecyclestage = 'customer', points: 40, reason: is a customer}
writes: {score: hubsync_lead}
""",
}


def configure(folder: Path, **more: str) -> None:
    """Write a configuration with one model; `more` are lines for hubsync.yaml."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with (folder / "hubsync.yaml").open("a", encoding="utf-8") as main:
        main.writelines(f"{key}: {value}\n" for key, value in more.items())


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for a condition and return what it gives."""
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


class Ear:
    """Hears what is sent to it; `status` is how it answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        self.heard: list[tuple[str, str, Any]] = []

    def bodies(self, path: str) -> list[Any]:
        """The bodies that came to a path."""
        return [body for _, at, body in list(self.heard) if at == path]


@contextmanager
def listening() -> Iterator[Ear]:
    """Somebody who listens at an address of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            ear.heard.append((self.command, self.path, json.loads(raw) if raw else None))
            self.send_response(ear.status)
            if 300 <= ear.status < 400:
                self.send_header("Location", f"{ear.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = _take  # noqa: N815 (the names are those of http.server)

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    ear = Ear(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield ear
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Post:
    """A folder from which the worker is started, and the portal it serves."""

    folder: Path
    server: EmulatorServer
    env: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBSPOT_", "HUBSYNC_"))}
        given = {"HUBSPOT_BASE_URL": self.server.url, "HUBSPOT_ACCESS_TOKEN": self.server.token, "PYTHONPATH": ROOT}
        return {**kept, **given, **self.env}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command; every token and address of a channel stays out of what it says."""
        return subprocess.Popen(
            [sys.executable, "-m", "hubsync", *arguments], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def do(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end: its exit code and both streams."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=PATIENCE)
        for name, secret in self.environment.items():
            if name.endswith(("TOKEN", "SLACK_URL", "WEBHOOK_URL", "HEARTBEAT_URL")):
                assert secret not in out + err
        return process.returncode, out, err

    def once(self, moved: pytest.MonkeyPatch) -> int:
        """Do what `serve --once` does: only the runs are processes of their own."""
        moved.chdir(self.folder)
        for name, value in self.environment.items():
            moved.setenv(name, value)
        return run_once([Settings.of(None)], Settings.of(None), Once("127.0.0.1", 0, 1))

    def first_sync(self) -> None:
        """Write for the first time."""
        given: dict[str, Any] = {name: value for name, value in self.environment.items() if name.startswith("HUBSPOT_")}
        given |= {"HUBSYNC_CONFIG": self.folder / "config", "HUBSYNC_DATA": self.folder / "data"}
        with Workspace.open(Settings.only(given)) as workspace:
            assert run(workspace, Options("sync", write=True, yes=True), Watch(quiet=True)).status == "ok"

    def slow(self, path: str) -> None:
        """Let calls to a path take a minute."""
        self.server.hub.faults.arm([Fault(path=path, delay_ms=60_000, times=None)])

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[Serving]:
        """A worker in its own process, ended at the end."""
        with self.start("serve", "--port", "0", *arguments) as process:
            assert process.stdout
            line = process.stdout.readline()
            found = re.search(r"(http://\S+)/healthz", line)
            assert found, line + (process.stderr.read() if process.stderr else "")
            try:
                yield Serving(process, found[1])
            finally:
                if process.poll() is None:
                    process.kill()


@dataclass
class Serving:
    """A worker that serves."""

    process: subprocess.Popen[str]
    url: str

    def health(self) -> tuple[int, Mapping[str, Any]]:
        """The status and the body of /healthz."""
        answer = requests.get(f"{self.url}/healthz", timeout=10)
        return answer.status_code, answer.json()

    def portal(self, name: str = "default") -> Mapping[str, Any]:
        """What /healthz says about one portal."""
        found = self.health()[1]["portals"][name]
        assert isinstance(found, Mapping)
        return found

    def metrics(self) -> dict[str, float]:
        """The figures by name and labels."""
        text = requests.get(f"{self.url}/metrics", timeout=10).text
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def end(self) -> tuple[int, float, str]:
        """Ask it to end: its exit code, how long it took, and what it said on stderr."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, time.monotonic() - began, err
