"""Stands in for the SDK's own HTTP client: each of its requests goes through hubsync's transport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from hubsync.crm.figures import Answer
from hubsync.crm.transport import Transport
from hubsync.crm.versions import Versions


class _Response:
    """An answer in the shape the SDK reads; encoding it once more is no matter for so few calls."""

    reason = ""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.data: Any = b"" if answer.data is None else orjson.dumps(answer.data)
        self._headers = answer.headers

    def getheaders(self) -> Mapping[str, str]:
        """All headers."""
        return self._headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """One header; the charset is left out, since the data is UTF-8 again."""
        return default if name.lower() == "content-type" else self._headers.get(name, default)


class Ride:
    """The methods that the SDK's API clients call on their `rest_client`."""

    def __init__(self, transport: Transport, versions: Versions) -> None:
        self._transport = transport
        self._versions = versions

    def GET(self, url: str, **options: Any) -> _Response:  # noqa: N802 - the SDK's name
        """Sends a GET."""
        return self._send("GET", url, **options)

    def POST(self, url: str, **options: Any) -> _Response:  # noqa: N802 - the SDK's name
        """Sends a POST."""
        return self._send("POST", url, **options)

    def PATCH(self, url: str, **options: Any) -> _Response:  # noqa: N802 - the SDK's name
        """Sends a PATCH."""
        return self._send("PATCH", url, **options)

    def _send(
        self,
        method: str,
        path: str,
        query_params: Iterable[tuple[str, Any]] = (),
        body: Any = None,
        **_rest: Any,
    ) -> _Response:
        route = self._versions.match(method, path)
        query = [(name, _plain(value)) for name, value in query_params or ()]
        return _Response(self._transport.request(route, query, body))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
