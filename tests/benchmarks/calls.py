"""Calls of a first whole run against the least possible ones; prints one JSON line.

    python tests/benchmarks/calls.py [--contacts 2000] [--plan pro] [--again] [--models all]

The least possible: each page of each object that the models read at 100 records, its recycle bin, its properties;
each page of each type of event, the forms and each page of each; account and token; a group and one batch of
properties per object that is written; a batch per 100 records that change. `--again` measures the second run after the
write instead, an hour between runs: at most three calls for each stream (an object, a type of event, or a form).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import requests
from speed import Silent, configuration

from hubsync.emulator import EmulatorServer, Options
from hubsync.journal import RunResult
from hubsync.pipeline import Options as RunOptions
from hubsync.pipeline import run
from hubsync.scoring.requirements import requirements
from hubsync.settings import Settings
from hubsync.workspace import Workspace

PAGE, EVENT_PAGE, FORM_PAGE, BATCH = 100, 1_000, 50, 100


def pages(count: int, size: int) -> int:
    """Calls to read so many rows: an empty answer is a call too."""
    return max(1, ceil(count / size))


def least(server: EmulatorServer, workspace: Workspace, result: RunResult) -> int:
    """The calls that no first run can do without."""
    portal, pulled, planned = server.portal, result.pulled, result.plan
    assert pulled is not None
    assert planned is not None
    objects = set(pulled.rows)
    records = sum(
        pages(len(portal.objects[name]), PAGE) + pages(len(portal.archived[name]), PAGE) + 1 for name in objects
    )
    asked = [report.kind for report in pulled.sources if report.status == "active" and "/occurrences" in report.source]
    events = sum(pages(count, EVENT_PAGE) for count in counted(server, workspace, result, asked))
    with workspace.store.read() as reader:
        changed: dict[str, set[str]] = {}
        for change in reader.plan_changes(result.run_id):
            changed.setdefault(change.object, set()).add(change.record_id)
    writes = sum(2 + ceil(len(ids) / BATCH) for ids in changed.values())
    return 2 + records + (1 + events if asked else 0) + submitted(server, workspace, result) + writes


def submitted(server: EmulatorServer, workspace: Workspace, result: RunResult) -> int:
    """The calls for forms: their list, and each form's submissions down to where the models' view ends."""
    assert result.pulled is not None
    kinds = [report.kind for report in result.pulled.sources if report.status == "active" and "/forms" in report.source]
    if not kinds:
        return 0
    catalog, forms, as_of = workspace.catalog, server.portal.tools.forms, workspace.as_of
    vocabulary = catalog.vocabulary(as_of, result.pulled.feeds)
    windows = requirements(catalog.compiled(vocabulary), vocabulary).events
    total = 1
    for kind in kinds:
        since = int((as_of.day_start - timedelta(days=windows[kind])).replace(tzinfo=UTC).timestamp() * 1000)
        rows = [[each for each in forms.submissions(guid) if each.at_ms >= since] for guid in forms.defined]
        total += sum(pages(len(each), FORM_PAGE) for each in rows)
    return total


def counted(server: EmulatorServer, workspace: Workspace, result: RunResult, kinds: list[str]) -> list[int]:
    """The events of each kind that lie within the time that the models look back."""
    catalog, portal, as_of = workspace.catalog, server.portal, workspace.as_of
    assert result.pulled is not None
    vocabulary = catalog.vocabulary(as_of, result.pulled.feeds)
    windows = requirements(catalog.compiled(vocabulary), vocabulary).events
    found = []
    for kind in kinds:
        name = catalog.events[kind].sources[0].model_dump()["event_type"].replace("{portal}", str(portal.portal_id))
        since = (as_of.day_start - timedelta(days=windows[kind])).replace(tzinfo=UTC)
        found.append(len(portal.occurrences.of_type(name, *(int(at.timestamp() * 1000) for at in (since, portal.now)))))
    return found


def measure(contacts: int, plan: str, models: str | None, *, again: bool) -> dict[str, Any]:
    """Run once (or twice) on a portal of its own."""
    options = Options(port=0, contacts=contacts, plan=plan)
    with tempfile.TemporaryDirectory() as folder, EmulatorServer(options) as server:
        config = configuration(Path(folder), models)
        settings = Settings.model_validate(
            {
                "HUBSPOT_ACCESS_TOKEN": server.token, "HUBSPOT_BASE_URL": server.url,
                "HUBSYNC_CONFIG": config, "HUBSYNC_DATA": Path(folder) / "data",
            }
        )  # fmt: skip
        for number in range(3 if again else 1):
            if number:
                # Search lags, so the last minutes are always looked at again: also what hubsync itself wrote in them.
                requests.post(f"{server.url}/_emulator/clock", json={"minutes": 60}, timeout=30).raise_for_status()
            requests.post(f"{server.url}/_emulator/reset", json={}, timeout=30)
            started = time.monotonic()
            with Workspace.open(settings) as workspace:
                result = run(workspace, RunOptions("sync", write=True, yes=True), Silent())
                seconds = time.monotonic() - started
                fewest = least(server, workspace, result) if number == 0 else 0
        stats = requests.get(f"{server.url}/_emulator/stats", timeout=30).json()
        pulled = result.pulled
        found = {one.source.partition("/")[2] for one in pulled.sources if one.status == "active"} if pulled else set()
        streams = len(pulled.rows) + sum("/occurrences" in one.source for one in pulled.sources) if pulled else 0
        streams += len(server.portal.tools.forms.defined) if "forms" in found else 0
        return {
            "contacts": contacts, "plan": plan, "models": models, "status": result.status, "streams": streams,
            "calls": stats["calls"], "least": fewest,
            "ratio": round(stats["calls"] / fewest, 3) if fewest else None, "seconds": round(seconds, 1),
            "written": result.written, "peak_10s": stats["peak_10s"], "by_status": stats["by_status"],
            "by_call": dict(sorted(stats["by_call"].items(), key=lambda each: -each[1])),
        }  # fmt: skip


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=2_000)
    parser.add_argument("--plan", default="pro", choices=("free", "starter", "pro", "enterprise"))
    parser.add_argument("--again", action="store_true", help="the second run after the write, with nothing new")
    parser.add_argument("--models", help="which models are on: all, or names with commas")
    given = parser.parse_args()
    sys.stdout.write(json.dumps(measure(given.contacts, given.plan, given.models, again=given.again)) + "\n")


if __name__ == "__main__":
    main()
