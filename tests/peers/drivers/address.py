"""The one change to a Python peer: what it sends to https://api.hubapi.com goes to the emulator."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

HUBSPOT = "https://api.hubapi.com"


def send_to(url: str) -> None:
    """Redirect `requests`, which most peers use, and the urllib3 pools of HubSpot's own SDK."""
    if find_spec("requests"):
        session = importlib.import_module("requests").Session
        send = session.send

        def send_there(self: Any, prepared: Any, **settings: Any) -> Any:
            prepared.url = prepared.url.replace(HUBSPOT, url, 1)
            return send(self, prepared, **settings)

        session.send = send_there
    if find_spec("urllib3"):
        pool = importlib.import_module("urllib3").PoolManager
        request = pool.request

        def request_there(self: Any, method: str, target: str, *more: Any, **settings: Any) -> Any:
            return request(self, method, target.replace(HUBSPOT, url, 1), *more, **settings)

        pool.request = request_there
