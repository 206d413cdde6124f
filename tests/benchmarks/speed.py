"""How near the first sync of a portal comes to HubSpot's limit; prints one JSON line.

    python tests/benchmarks/speed.py [--contacts 20000] [--plan pro] [--latency-ms 50] [--models all]

The emulator keeps the limits of the plan and answers each call after the latency; it runs in a process of its own.
`ratio` is the time of the run over calls / limit, `limited` the share of answers that were 429.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from hubsync.cli.demo_models import switch_on

ROOT = Path(__file__).parents[2]
PER_SECOND = {"free": 10.0, "starter": 10.0, "pro": 19.0, "enterprise": 19.0}


class Silent:
    """Listens to a run and says nothing."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def rows(self, stream: str, rows: int, total: int | None) -> None:
        """Rows are through."""

    def note(self, text: str) -> None:
        """Nobody listens."""


@contextmanager
def emulator(*arguments: str) -> Iterator[dict[str, Any]]:
    """An emulator in its own process: its url, token and portal id."""
    command = [sys.executable, "-m", "hubsync.emulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def configuration(folder: Path, models: str | None) -> Path:
    """A copy of the shipped configuration, with these models on: `all`, some names, or as it ships."""
    shutil.copytree(ROOT / "config", folder / "config")
    switch_on(folder / "config", models)
    return folder / "config"


def environment(portal: dict[str, Any], data: Path, config: Path = ROOT / "config") -> dict[str, str]:
    """The environment of a command that speaks to this emulator."""
    return os.environ | {
        "HUBSPOT_ACCESS_TOKEN": portal["token"],
        "HUBSPOT_BASE_URL": portal["url"],
        "HUBSYNC_CONFIG": str(config),
        "HUBSYNC_DATA": str(data),
    }


def measure(contacts: int, plan: str, latency_ms: int, models: str | None) -> dict[str, Any]:
    """One first sync."""
    arguments = ("--contacts", str(contacts), "--plan", plan, "--latency-ms", str(latency_ms))
    with tempfile.TemporaryDirectory() as folder, emulator(*arguments) as portal:
        command = [sys.executable, "-m", "hubsync", "sync", "--yes", "--json"]
        env = environment(portal, Path(folder) / "data", configuration(Path(folder), models))
        started, ran = time.monotonic(), os.times()
        done = subprocess.run(command, env=env, cwd=folder, capture_output=True, check=False)
        seconds, after = time.monotonic() - started, os.times()
        result = json.loads(done.stdout)
        stats = requests.get(f"{portal['url']}/_emulator/stats", timeout=60).json()
    by_status = stats["by_status"]
    ideal = stats["calls"] / PER_SECOND[plan]
    return {
        "contacts": contacts, "plan": plan, "models": models, "latency_ms": latency_ms,
        "status": result.get("status", result), "calls": stats["calls"],
        "seconds": round(seconds, 1), "calls_over_limit_s": round(ideal, 1),
        "ratio": round(seconds / ideal, 3), "limited": round(by_status.get("429", 0) / stats["calls"], 5),
        "cpu_s": round(after.children_user + after.children_system - ran.children_user - ran.children_system, 1),
        "peak_10s": stats["peak_10s"], "written": result.get("written"), "by_status": by_status,
        "by_call": dict(sorted(stats["by_call"].items(), key=lambda each: -each[1])[:12]),
    }  # fmt: skip


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--plan", default="pro", choices=sorted(PER_SECOND))
    parser.add_argument("--latency-ms", type=int, default=50)
    parser.add_argument("--models", help="which models are on: all, or names with commas")
    given = parser.parse_args()
    sys.stdout.write(json.dumps(measure(given.contacts, given.plan, given.latency_ms, given.models)) + "\n")


if __name__ == "__main__":
    main()
