"""How many pages the emulator gives out in a second, so that it is never what another benchmark measures.

    python tests/benchmarks/emulator.py [--contacts 2000] [--seconds 5] [--connections 4]

The emulator has a process of its own; the pages are lists of 100 contacts with 12 properties. One JSON line comes out:
pages per second of wall time, and per second of the emulator's own CPU, which is what one core gives.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

PROPERTIES = (
    "email,firstname,lastname,lifecyclestage,hs_lead_status,hubspot_owner_id,"
    "hs_email_open,hs_email_click,hs_analytics_num_page_views,num_conversion_events,notes_last_contacted,createdate"
)


def main() -> None:
    given = _arguments()
    emulator = subprocess.Popen(
        [sys.executable, "-m", "hubsync.emulator", "--port", "0", "--plan", "off", "--contacts", str(given.contacts)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert emulator.stdout is not None
        ready = json.loads(emulator.stdout.readline())
        _pages(ready, 0.5, given.connections)
        cpu, began = _cpu(emulator.pid), time.perf_counter()
        pages = _pages(ready, given.seconds, given.connections)
        took, used = time.perf_counter() - began, _cpu(emulator.pid) - cpu
        print(
            json.dumps(
                {
                    "benchmark": "emulator pages",
                    "contacts": given.contacts,
                    "connections": given.connections,
                    "pages": pages,
                    "pages_per_s": round(pages / took),
                    "pages_per_cpu_s": round(pages / used),
                    "cpu_ms_per_page": round(1000 * used / pages, 2),
                }
            )
        )
    finally:
        emulator.terminate()
        emulator.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=4)
    return parser.parse_args()


def _pages(ready: dict[str, str], seconds: float, connections: int) -> int:
    counts = [0] * connections
    end = time.perf_counter() + seconds

    def read(place: int) -> None:
        where = urlsplit(ready["url"])
        connection = http.client.HTTPConnection(where.hostname or "", where.port)
        headers = {"Authorization": f"Bearer {ready['token']}"}
        start = f"/crm/objects/2026-09/contacts?limit=100&properties={PROPERTIES}"
        path = start
        while time.perf_counter() < end:
            connection.request("GET", path, headers=headers)
            body = connection.getresponse().read()
            counts[place] += 1
            # The place of the next link is at the end; parsing the page would cost the client more than the server.
            cut = body.rfind(b'"after":"')
            path = start if cut < 0 else start + "&after=" + body[cut + 9 :].split(b'"', 1)[0].decode()

    threads = [threading.Thread(target=read, args=(place,)) for place in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
