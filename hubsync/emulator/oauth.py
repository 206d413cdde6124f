"""The OAuth app of a portal: its installs, their refresh tokens, and access tokens that end (api-facts §1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

Scopes = frozenset[str] | None

ACCESS_TOKEN_LASTS = timedelta(minutes=30)


class Access(NamedTuple):
    """An access token that was given out."""

    refresh_token: str
    scopes: Scopes
    expires: datetime


class OAuth:
    """One app with its secret; an install is an authorization code and a refresh token."""

    def __init__(self, portal_id: int) -> None:
        self.client_id = f"emu-client-{portal_id}"
        self.client_secret = f"emu-secret-{portal_id}"
        self.rotates = False
        """Each use of a refresh token ends it and gives a new one; HubSpot keeps it unless told otherwise."""
        self.codes: dict[str, Scopes] = {}
        self.refresh: dict[str, Scopes] = {}
        self.access: dict[str, Access] = {}
        self._portal_id = portal_id
        self._count = 0
        self.first = self.install(None)[0]
        """The refresh token that a portal starts with; it has all scopes."""

    def install(self, scopes: Scopes) -> tuple[str, str]:
        """A new install: its refresh token, and a code that gives another one once."""
        code = self._new("code")
        self.codes[code] = scopes
        return self._new_refresh(scopes), code

    def redeem(self, code: str, now: datetime) -> str | None:
        """The access token for an authorization code, which is then used up; None if there is none."""
        if code not in self.codes:
            return None
        return self._issue(self._new_refresh(self.codes.pop(code)), now)

    def renew(self, refresh_token: str, now: datetime) -> str | None:
        """A new access token for a refresh token; None if it is not valid."""
        if refresh_token not in self.refresh:
            return None
        if self.rotates:
            refresh_token = self._new_refresh(self.refresh.pop(refresh_token))
        return self._issue(refresh_token, now)

    def revoke(self, token: str) -> list[str]:
        """End a refresh token with the access tokens it gave, or one token of any kind; what ended comes back."""
        self.refresh.pop(token, None)
        ended = [name for name, one in self.access.items() if token in (name, one.refresh_token)]
        for name in ended:
            del self.access[name]
        return [token, *ended]

    def expired(self, token: str, now: datetime) -> bool:
        """Whether this is an access token whose time is over."""
        held = self.access.get(token)
        return held is not None and held.expires <= now

    def _issue(self, refresh_token: str, now: datetime) -> str:
        token = self._new("access")
        self.access[token] = Access(refresh_token, self.refresh[refresh_token], now + ACCESS_TOKEN_LASTS)
        return token

    def _new_refresh(self, scopes: Scopes) -> str:
        token = self._new("refresh")
        self.refresh[token] = scopes
        return token

    def _new(self, word: str) -> str:
        self._count += 1
        return f"emu-{word}-{self._portal_id}-{self._count}"
