"""Calls to those who want to know: Slack, a webhook, a watchdog. Beside `crm`, nothing else opens a connection."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT = (3.0, 5.0)
"""Seconds to connect and to answer: short, since a worker that ends waits for a call in progress."""


def post(url: str, body: dict[str, Any]) -> str:
    """Send JSON; returns why it did not arrive, empty when it did. The address is a secret and never shown."""
    return _send("POST", url, body)


def ping(url: str) -> str:
    """Call an address, which is all a watchdog wants; returns why it was not reached, empty when it was."""
    return _send("GET", url, None)


def _send(method: str, url: str, body: dict[str, Any] | None) -> str:
    try:
        # A redirect would carry the message to an address that nobody chose. What the answer says is not read: it may
        # never end, and the portal's next run would wait for it.
        sent = requests.request(method, url, json=body, timeout=TIMEOUT, allow_redirects=False, stream=True)
        with sent as answer:
            status = answer.status_code
    except (requests.RequestException, ValueError) as error:
        return f"it could not be reached ({type(error).__name__})"
    return "" if status < 300 else f"it answered {status}"
