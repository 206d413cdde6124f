"""Months of hourly runs with nobody looking, on a portal that lives; prints one JSON line.

    python tests/benchmarks/days.py [--contacts 5000] [--days 90] [--every 1] [--minutes 600] [--models all]

The emulator (a process of its own) lives hour by hour, and after each `--every` hours one `sync` runs with the shipped
configuration; only the first write is agreed to. Figures are given for each tenth of the time: seconds and calls of a
run (mean), size of the database at its end, records written. `unequal` counts records whose values in the database
are not those of the portal after a last full pull. After `--minutes` it ends early and gives what it has seen: `runs`
says how much that is.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from speed import Silent, configuration, emulator

from hubsync.journal import RunResult
from hubsync.pipeline import Options, run
from hubsync.settings import Settings
from hubsync.workspace import Workspace

PARTS = 10


@dataclass(frozen=True)
class Seen:
    """What one run cost and did."""

    seconds: float
    calls: int
    written: int
    status: str
    reason: str


def one_run(settings: Settings, *, full: bool = False) -> tuple[Seen, RunResult]:
    """One `sync`, as the worker does it."""
    started = time.monotonic()
    with Workspace.open(settings) as workspace:
        # What a run waits for HubSpot's limits is shown by speed.py; here it would be most of the time.
        workspace.client.transport.throttle.search.limit = 1_000
        result = run(workspace, Options("sync", write=True, yes=True, full=full), Silent())
    seen = Seen(time.monotonic() - started, result.calls, result.written, result.status, result.reason)
    return seen, result


def size(folder: Path) -> float:
    """MiB of the database."""
    return round(sum(file.stat().st_size for file in folder.glob("*/hubsync.duckdb*")) / 2**20, 1)


def unequal(settings: Settings) -> int:
    """Companies and contacts whose customer tier or lead score in the database is not the portal's."""
    found = 0
    names = {"contacts": "hubsync_lead_score", "companies": "hubsync_customer_tier"}
    with Workspace.open(settings) as workspace:
        for object_name, name in names.items():
            with workspace.store.scratch(workspace.present, []) as scratch:
                ours = dict(
                    scratch.execute(
                        f"SELECT record_id, own->>'{name}' FROM portal.record WHERE object = '{object_name}'"
                        " AND archived_at IS NULL"
                    )
                )
            after: str | None = None
            while True:
                page = workspace.client.list_page(object_name, [name], after=after)
                found += sum((ours.get(row.record_id) or "") != (row.properties[name] or "") for row in page.rows)
                after = page.next_after
                if after is None:
                    break
    return found


def measure(contacts: int, days: int, every: int, minutes: float, models: str | None) -> dict[str, Any]:
    """All runs of the time."""
    seen: list[Seen] = []
    sizes: list[float] = []
    reasons: Counter[str] = Counter()
    arguments = ("--contacts", str(contacts), "--plan", "off")
    with tempfile.TemporaryDirectory() as folder, emulator(*arguments) as portal:
        config, data = configuration(Path(folder), models), Path(folder) / "data"
        settings = Settings.model_validate(
            {
                "HUBSPOT_ACCESS_TOKEN": portal["token"], "HUBSPOT_BASE_URL": portal["url"],
                "HUBSYNC_CONFIG": config, "HUBSYNC_DATA": data,
            }
        )  # fmt: skip
        total = days * 24 // every
        until = time.monotonic() + 60 * minutes
        for number in range(total):
            if time.monotonic() > until:
                break
            done, _ = one_run(settings)
            seen.append(done)
            if done.status != "ok":
                reasons[f"{done.status}: {done.reason[:120]}"] += 1
            if (number + 1) % max(1, total // PARTS) == 0:
                sizes.append(size(data))
                last = seen[-max(1, total // PARTS) :]
                sys.stderr.write(
                    f"{number + 1}/{total} runs, {statistics.mean(one.seconds for one in last):.2f} s a run,"
                    f" {sizes[-1]} MiB, {dict(reasons)}\n"
                )
            requests.post(
                f"{portal['url']}/_emulator/clock", json={"minutes": 60 * every}, timeout=600
            ).raise_for_status()
        one_run(settings, full=True)
        differ = unequal(settings)
    part = max(1, total // PARTS)
    parts = [seen[start : start + part] for start in range(0, min(len(seen), part * PARTS), part)]
    return {
        "contacts": contacts, "models": models, "days": len(seen) * every / 24, "runs": len(seen),
        "statuses": Counter(one.status for one in seen),
        "reasons": reasons, "seconds": [round(statistics.mean(one.seconds for one in each), 2) for each in parts],
        "calls": [round(statistics.mean(one.calls for one in each), 1) for each in parts],
        "written": [sum(one.written for one in each) for each in parts], "file_mib": sizes,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "unequal": differ,
    }  # fmt: skip


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--every", type=int, default=1, help="hours between runs")
    parser.add_argument("--minutes", type=float, default=600.0, help="end after this long, whatever was done")
    parser.add_argument("--models", help="which models are on: all, or names with commas")
    given = parser.parse_args()
    figures = measure(given.contacts, given.days, given.every, given.minutes, given.models)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
