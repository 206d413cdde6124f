"""The session that speaks to HubSpot, and the token it holds."""

from __future__ import annotations

from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from hubsync.errors import InputError, TokenError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Bearer(AuthBase):
    """Puts the token on a request; held here it stays out of every repr, and .netrc can't replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the header, if there is a token."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def open_session(base_url: str, streams: int) -> requests.Session:
    """A session with a connection for each stream, without cookies, redirects or retries of its own."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=streams, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # A proxy of the environment must not be asked for this machine.
    session.trust_env = not _is_loopback(base_url)
    session.headers.update({"User-Agent": "hubsync", "Accept": "application/json"})
    # Cookies would be state shared by all threads; HubSpot's API needs none.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


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
