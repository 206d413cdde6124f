"""The connections to HubSpot, and what its address and token must look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers

from hubsync.errors import InputError, TokenError

Query = Mapping[str, str] | Sequence[tuple[str, str]]
Timeout = tuple[float, float]
"""Seconds for the connection, and for each piece of the answer."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Line:
    """The way to HubSpot: a connection for each stream, and no cookies, redirects or retries.

    Its repr holds no token, and .netrc can't replace one.
    """

    def __init__(self, base_url: str, streams: int) -> None:
        self._base_url = base_url
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=streams, max_retries=0)
        with requests.Session() as session:
            # A proxy of the environment must not be asked for this machine.
            session.trust_env = not _is_loopback(base_url)
            found = session.merge_environment_settings(base_url, {}, stream=False, verify=None, cert=None)
        self._proxies, self._verify = found["proxies"], True if found["verify"] is None else found["verify"]
        own = {"User-Agent": "hubsync", "Accept": "application/json"}
        self._headers = CaseInsensitiveDict({**default_headers(), **own})

    def send(
        self, method: str, path: str, query: Query, body: bytes | Mapping[str, str] | None, token: str, timeout: Timeout
    ) -> requests.Response:
        """Send one request, JSON as bytes or a form as a mapping; raises what requests raises."""
        # Filled by hand and given to the adapter: what a session does around it costs more than all the rest of a call.
        request = requests.PreparedRequest()
        request.method = method
        request.url = f"{self._base_url}{path}?{urlencode(query)}" if query else self._base_url + path
        request.headers = headers = self._headers.copy()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            kind = "application/json" if isinstance(body, bytes) else "application/x-www-form-urlencoded"
            request.body = body if isinstance(body, bytes) else urlencode(body).encode()
            headers.update({"Content-Type": kind, "Content-Length": str(len(request.body))})
        elif method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = "0"
        response = self._adapter.send(request, timeout=timeout, verify=self._verify, proxies=self._proxies)
        # Read here, so that an answer that breaks off is told as one that never came.
        _ = response.content
        return response

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()


def checked_url(url: str) -> str:
    """The base address without a slash at its end; InputError when the token would travel in clear."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and _is_loopback(url)):
            return url.rstrip("/")
    raise InputError("HUBSPOT_BASE_URL must begin with https:// (http:// only on this machine), to keep the token safe")


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def checked_token(token: str) -> str:
    """The token as it can stand in a header; TokenError for what can't, without quoting it."""
    stripped = token.strip()
    if not stripped:
        raise TokenError("there is no HubSpot token; put one into HUBSPOT_ACCESS_TOKEN")
    # Anything else could not stand in a header, and the error of the header would quote it.
    if not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise TokenError("the HubSpot token holds characters that no token has; copy it again")
    return stripped
