"""What a driver says: one JSON line per stream on its standard output, in the form that `peers.py` compares."""

from __future__ import annotations

import json
import sys
import traceback
import urllib.request
from collections.abc import Callable
from typing import Any

_WIRE = sys.stdout
sys.stdout = sys.stderr
"""A peer may print what it likes; only what is said here reaches the comparison."""


def say(stream: str, rows: dict[str, dict[str, Any]]) -> None:
    """The rows that the peer ended with, by id; each row has the values that the peer gives."""
    _line({"stream": stream, "rows": rows})


def run(stream: str, work: Callable[[], dict[str, dict[str, Any]]]) -> None:
    """Say the rows of one stream, or the error that it ended with."""
    try:
        say(stream, work())
    except Exception as mistake:  # noqa: BLE001 - whatever a peer raises is a finding, and the next stream goes on
        traceback.print_exc(limit=3)
        _line({"stream": stream, "error": f"{type(mistake).__name__}: {mistake}"[:400]})


def _line(what: dict[str, Any]) -> None:
    _WIRE.write(json.dumps(what, default=str) + "\n")
    _WIRE.flush()


def change(url: str, token: str, kind: str, values: dict[str, str], ids: list[str]) -> None:
    """Change records behind the peer's back, for what it must find when it runs again."""
    body = json.dumps({"inputs": [{"id": id, "properties": values} for id in ids]}).encode()
    request = urllib.request.Request(f"{url}/crm/v3/objects/{kind}/batch/update", body, method="POST")
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
