"""Programs written by others for HubSpot, run against the emulator; one JSON line for each.

    python tests/peers/peers.py [--home DIR] [--contacts 300] [PEER...]

DIR holds what is installed (README.md beside this file): `venv/<peer>` and `node/<peer>`; what is not
there is left out.
Each peer gets an emulator of its own. Its rows are compared with what the emulator's own API says, id by id and value
by value: `rows_expected` and `rows_found` are sums over its streams, `errors` says which stream went wrong and how.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests
from truth import Truth, differences

DRIVERS = Path(__file__).resolve().parent / "drivers"


class Peer(NamedTuple):
    """A program: where it is installed, what runs it, its package, and the streams that it cannot read anywhere."""

    driver: str
    package: str
    without: tuple[str, ...] = ()


PEERS = {
    "sdk12": Peer("sdk.py", "hubspot-api-client"),
    "sdk10": Peer("sdk.py", "hubspot-api-client", without=("memberships",)),
    # Version 8 takes the members of a list for plain ids, as they once were.
    "sdk8": Peer("sdk.py", "hubspot-api-client", without=("memberships",)),
    "sdk5": Peer("sdk.py", "hubspot-api-client"),
    # The SDKs before 7 send no token for quotes; Python's version 3 knows no history.
    "sdk3": Peer("sdk.py", "hubspot-api-client", without=("quotes", "history:contacts")),
    "hubspot3": Peer("hubspot3_client.py", "hubspot3"),
    "tap4": Peer("singer_tap.py", "tap-hubspot"),
    # Version 2 reads the first hundred contacts of a company and no more.
    "tap2": Peer("singer_tap.py", "tap-hubspot", without=("companies>contacts",)),
    "airbyte": Peer("airbyte_source.py", "airbyte-source-hubspot"),
    "dlt": Peer("dlt_source.py", "ingestr"),
    "node14": Peer("node_sdk.cjs", "@hubspot/api-client"),
    "node13": Peer("node_sdk.cjs", "@hubspot/api-client"),
    "node10": Peer("node_sdk.cjs", "@hubspot/api-client"),
    "node8": Peer("node_sdk.cjs", "@hubspot/api-client"),
    "node6": Peer("node_sdk.cjs", "@hubspot/api-client", without=("quotes",)),
    "node3": Peer("node_sdk.cjs", "@hubspot/api-client", without=("quotes",)),
    "node_old": Peer("node_old.cjs", "hubspot"),
}

FLOW = {
    "type": "CONTACT_FLOW",
    "flowType": "WORKFLOW",
    "objectTypeId": "0-1",
    "name": "Peers",
    "isEnabled": False,
    "startActionId": "1",
    "nextAvailableActionId": "2",
    "timeWindows": [],
    "blockedDates": [],
    "customProperties": {},
    "dataSources": [],
    "suppressionListIds": [],
    "canEnrollFromSalesforce": False,
    "enrollmentCriteria": {"type": "MANUAL", "shouldReEnroll": False},
    "actions": [
        {
            "actionId": "1",
            "type": "SINGLE_CONNECTION",
            "actionTypeVersion": 0,
            "actionTypeId": "0-5",
            "fields": {"property_name": "hs_lead_status", "value": {"staticValue": "NEW", "type": "STATIC_VALUE"}},
        }
    ],
}


def main() -> int:
    """Run the peers; 1 if one of them does not end with the emulator's rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", nargs="*", metavar="PEER", choices=[[], *PEERS], help=", ".join(PEERS))
    parser.add_argument("--home", type=Path, default=Path.home() / "peers")
    parser.add_argument("--contacts", type=int, default=300)
    given = parser.parse_args()
    good = True
    for name in given.peers or PEERS:
        home = given.home / ("node" if PEERS[name].driver.endswith(".cjs") else "venv") / name
        if not home.is_dir():
            continue
        line = tried(name, home, given.contacts)
        good = good and not line["errors"]
        print(json.dumps(line), flush=True)
    return 0 if good else 1


def tried(name: str, home: Path, contacts: int) -> dict[str, Any]:
    """One peer against an emulator of its own."""
    peer, began = PEERS[name], time.monotonic()
    with emulator(contacts) as (url, token):
        truth = Truth(url, token)
        prepare(truth)
        before = calls(url)
        run = command(peer, home, url, token)
        ended = subprocess.run(run, cwd=home, capture_output=True, text=True, check=False, timeout=1_800)
        used = calls(url) - before
        said = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
        errors, rows_expected, rows_found = compared(truth, [one for one in said if one["stream"] not in peer.without])
    if not said or ended.returncode:
        errors["driver"] = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1][:400]
    return {
        "peer": peer.package,
        "as": name,
        "version": version(peer, home),
        "objects": len(said) - len(peer.without),
        "rows_expected": rows_expected,
        "rows_found": rows_found,
        "calls": used,
        "seconds": round(time.monotonic() - began, 1),
        "errors": errors,
    }


def compared(truth: Truth, said: list[dict[str, Any]]) -> tuple[dict[str, str], int, int]:
    """What went wrong in each stream, and the sums of the rows."""
    errors, rows_expected, rows_found = {}, 0, 0
    for one in said:
        stream, rows = one["stream"], one.get("rows", {})
        try:
            expected = truth.rows(stream, rows)
        except (requests.RequestException, KeyError) as mistake:
            errors[stream] = one.get("error") or f"the emulator has no truth: {mistake}"[:300]
            continue
        rows_expected, rows_found = rows_expected + len(expected), rows_found + len(rows)
        wrong = [one["error"]] if "error" in one else differences(expected, rows)
        if wrong:
            errors[stream] = "; ".join(wrong[:3])
    return errors, rows_expected, rows_found


def prepare(truth: Truth) -> None:
    """What a small world lacks: a company of 130 people, a merge, a bin, a list and a workflow."""
    people = [one["id"] for one in truth.pages("/crm/v3/objects/contacts", limit=100)]
    company = next(truth.pages("/crm/v3/objects/companies", limit=1))["id"]
    kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    links = [{"from": {"id": id}, "to": {"id": company}, "types": kind} for id in people[:130]]
    truth.post("/crm/v4/associations/contacts/companies/batch/create", {"inputs": links})
    truth.post("/crm/v3/objects/contacts/merge", {"primaryObjectId": people[-1], "objectIdToMerge": people[-2]})
    truth.post("/crm/v3/objects/contacts/batch/archive", {"inputs": [{"id": id} for id in people[-5:-3]]})
    wanted = {"name": "Peers", "objectTypeId": "0-1", "processingType": "MANUAL"}
    made = truth.post("/crm/v3/lists/", wanted)["list"]["listId"]
    truth.post(f"/crm/v3/lists/{made}/memberships/add", people[:40], method="PUT")
    truth.post("/automation/v4/flows", FLOW)


def command(peer: Peer, home: Path, url: str, token: str) -> list[str]:
    """What runs the peer's driver."""
    run = ["node"] if peer.driver.endswith(".cjs") else [str(home / "bin" / "python")]
    return [*run, str(DRIVERS / peer.driver), url, token]


def version(peer: Peer, home: Path) -> str:
    """The installed version of the peer's package."""
    if peer.driver.endswith(".cjs"):
        return str(json.loads((home / "node_modules" / peer.package / "package.json").read_text())["version"])
    ask = f"from importlib.metadata import version; print(version({peer.package!r}))"
    return subprocess.run(
        [home / "bin" / "python", "-c", ask], capture_output=True, text=True, check=True
    ).stdout.strip()


def calls(url: str) -> int:
    """The calls that the emulator has counted."""
    return int(requests.get(f"{url}/_emulator/stats", timeout=60).json()["calls"])


@contextmanager
def emulator(contacts: int) -> Iterator[tuple[str, str]]:
    """An emulator in a process of its own, with the plan of which nothing is left out."""
    arguments = ["--port", "0", "--contacts", str(contacts), "--plan", "off"]
    with subprocess.Popen(
        [sys.executable, "-m", "hubsync.emulator", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            yield ready["url"], ready["token"]
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
