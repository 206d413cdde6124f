"""Peak memory of pulling and pushing a large portal; prints one JSON line.

    python tests/benchmarks/memory.py [--contacts 1000000] [--models all] [--keep DIR]

The contacts are written to a CSV file that the emulator loads; it runs in a process of its own, without limits. Each
stage is a process of its own too, and its figure the most memory that process ever held: `pull` brings everything into
an empty database, `score` makes and plans the scores, `push` writes every value of the plan. Pull and push are to
stay within 600 MiB for 1,000,000 contacts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from speed import Silent, configuration, emulator, environment

from hubsync import workspace as workspace_module
from hubsync.crm import Throttle
from hubsync.pipeline import Options, approve, push_approved, run
from hubsync.pull import pull
from hubsync.settings import Settings
from hubsync.workspace import Workspace

LIMIT_MIB = 600
TITLES = ("clerk", "head of sales", "engineer", "VP Finance", "CEO")


def contacts(file: Path, count: int) -> None:
    """Contacts with what the shipped models read of them."""
    with file.open("w") as out:
        out.write("id,email,firstname,lastname,jobtitle,country,lifecyclestage,hs_email_open,hs_email_click\n")
        for number in range(1, count + 1):
            out.write(
                f"{number + 100},p{number}@c{number % 50_000}.example,Ada,Byron,{TITLES[number % 5]},Norway,lead,"
                f"{number % 7},{number % 3}\n"
            )


def stage(name: str) -> None:
    """One stage in this process; its figures go to stdout."""
    # Without limits HubSpot names none, and hubsync would stay at the pace it begins with.
    workspace_module.Throttle = partial(Throttle, start_limit=1_000_000)  # type: ignore[misc,assignment]
    started = time.monotonic()
    with Workspace.open(Settings()) as workspace:
        rows: int | None = None
        if name == "pull":
            found = pull(
                workspace.client, workspace.store, workspace.catalog, workspace.present, workspace.account.portal_id
            )
            rows = found.rows["contacts"]
        elif name == "score":
            result = run(workspace, Options("plan", pull=False), Silent())
            rows = result.plan.changes if result.plan else 0
        else:
            with workspace.store.read() as reader:
                last = reader.runs(1)[0].run_id
            rows = push_approved(workspace, approve(workspace, run_id=last), Silent()).written
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures = {"rows": rows, "seconds": round(time.monotonic() - started, 1), "peak_mib": peak}
    sys.stdout.write(json.dumps(figures) + "\n")


def measure(count: int, models: str | None, folder: Path) -> dict[str, Any]:
    """All stages, one after the other."""
    files, data = folder / "files", folder / "data"
    files.mkdir(exist_ok=True)
    contacts(files / "contacts.csv", count)
    with emulator("--load", str(files), "--plan", "off") as portal:
        env = environment(portal, data, configuration(folder, models))

        def one(name: str) -> dict[str, Any]:
            command = [sys.executable, __file__, "--stage", name]
            done = subprocess.run(command, env=env, cwd=folder, stdout=subprocess.PIPE, check=True)
            return dict(json.loads(done.stdout))

        found = {name: one(name) for name in ("pull", "score", "push")}
    size = sum(file.stat().st_size for file in data.glob("*/hubsync.duckdb"))
    flat = max(found["pull"]["peak_mib"], found["push"]["peak_mib"])
    return {
        "contacts": count,
        "models": models,
        **found,
        "file_mib": size >> 20,
        "flat_mib": flat,
        "within": flat <= LIMIT_MIB,
    }


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--models", help="which models are on: all, or names with commas")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    parser.add_argument("--stage", choices=("pull", "score", "push"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        stage(given.stage)
        return
    measured: Callable[[Path], dict[str, Any]] = lambda folder: measure(given.contacts, given.models, folder)  # noqa: E731
    if given.keep:
        figures = measured(given.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measured(Path(folder))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
