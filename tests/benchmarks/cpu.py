"""Client CPU from HubSpot's bytes to committed rows, against the official SDK's typed pages; prints one JSON line.

    python tests/benchmarks/cpu.py [--contacts 10000] [--rounds 3]

Both read all contacts of the same emulator (limits off, no latency) with the same properties, 100 a page, and the
figures are the process's own CPU seconds per 100 records: `hubsync` lists, parses and commits them to the database,
`sdk` calls `basic_api.get_page` and does nothing with what it gets. `ratio` is to be at most 0.25.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from datetime import time as midnight
from pathlib import Path
from typing import Any

from hubspot import HubSpot
from speed import emulator

from hubsync.catalog import load
from hubsync.crm import Client, Throttle, Transport
from hubsync.pull.flow import Flow
from hubsync.pull.sources.records import Asked, RecordStream
from hubsync.store import Store
from hubsync.types import AsOf, Batch

ROOT = Path(__file__).parents[2]
PROPERTIES = (
    "email", "firstname", "lastname", "jobtitle", "company", "country", "lifecyclestage", "hs_lead_status",
    "hs_email_open", "hs_email_click", "hs_analytics_num_page_views", "num_conversion_events",
)  # fmt: skip


def moment() -> AsOf:
    """Now, on a portal in UTC."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return AsOf(now, now.date(), datetime.combine(now.date(), midnight()))


def ours(portal: dict[str, Any], folder: Path) -> tuple[int, float]:
    """Records and CPU seconds of one pull into a new database."""
    client = Client(Transport(portal["token"], base_url=portal["url"], throttle=Throttle(start_limit=10_000)))
    client.account()
    store, as_of = Store.open(folder, str(portal["portal_id"])), moment()
    catalog = load(ROOT / "config")
    asked = Asked(frozenset(PROPERTIES), frozenset())
    stream = RecordStream("contacts", asked, client, catalog.main, as_of, lambda _object, _ids: {})

    def commit(batches: Sequence[Batch], ended: Sequence[Any]) -> None:
        with store.write() as writer:
            writer.commit_batches(batches, own={}, counters=[], known_at=as_of.now)
            for each in ended:
                each.finish(writer)

    flow = Flow([stream], commit)
    began = time.process_time()
    flow.run()
    return stream.seen, time.process_time() - began


def sdk(portal: dict[str, Any]) -> tuple[int, float]:
    """Records and CPU seconds of the SDK's typed pages."""
    api = HubSpot(access_token=portal["token"], host=portal["url"]).crm.contacts.basic_api
    records, after = 0, None
    began = time.process_time()
    while True:
        page = api.get_page(limit=100, properties=list(PROPERTIES), after=after)
        records += len(page.results)
        if page.paging is None:
            return records, time.process_time() - began
        after = page.paging.next.after


def measure(contacts: int, rounds: int) -> dict[str, Any]:
    """Both in turn, some rounds; the medians."""
    mine, theirs = [], []
    with emulator("--contacts", str(contacts), "--plan", "off") as portal:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                records, seconds = ours(portal, Path(folder))
                mine.append(100 * seconds / records)
            found, seconds = sdk(portal)
            theirs.append(100 * seconds / found)
            assert found == records, (found, records)
    a, b = statistics.median(mine), statistics.median(theirs)
    return {
        "records": records, "rounds": rounds, "hubsync_ms_per_100": round(1000 * a, 2),
        "sdk_ms_per_100": round(1000 * b, 2), "ratio": round(a / b, 3),
    }  # fmt: skip


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(measure(given.contacts, given.rounds)) + "\n")


if __name__ == "__main__":
    main()
