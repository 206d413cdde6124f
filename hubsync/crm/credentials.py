"""What proves to HubSpot who asks: a token that stays, or an OAuth one that is renewed before it ends."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson

from hubsync.crm.session import checked_token
from hubsync.crm.versions import Route, Versions
from hubsync.errors import RefusedError, RemoteError, TokenError
from hubsync.settings import Settings

_log = logging.getLogger(__name__)

# Before it ends a token still has to carry the slowest call.
_MARGIN = 120.0

_KEPT = "oauth.json"
_CODE = re.compile(r"[A-Z][A-Z_]{2,40}")

Ask = Callable[[Route, Mapping[str, str]], Any]
"""Sends a form without a token and gives the JSON of the answer."""


class Credentials(Protocol):
    """Gives the token of a call."""

    metered: bool
    """Whether HubSpot counts the day's calls of this kind of token."""
    told: tuple[str, frozenset[str]] | None
    """Portal id and scopes, where the token came with them."""

    def token(self, ask: Ask) -> str:
        """The token to send now."""

    def renewed(self, refused: str, ask: Ask) -> bool:
        """Whether there is another token than the one that HubSpot has just refused."""

    def refused(self, status: int) -> TokenError:
        """The error for a refusal that stays."""


class StaticToken:
    """The token of a service key or private app; `variable` is where a person has put it."""

    metered: bool = True
    told: tuple[str, frozenset[str]] | None = None

    def __init__(self, token: str, variable: str = "HUBSPOT_ACCESS_TOKEN", place: str = "") -> None:
        self._token = checked_token(token)
        self._where = f"{variable} in {place}" if place else variable

    def __repr__(self) -> str:
        return f"StaticToken({self._where!r})"

    def token(self, ask: Ask) -> str:  # noqa: ARG002 (nothing to ask for)
        """The token."""
        return self._token

    def renewed(self, refused: str, ask: Ask) -> bool:  # noqa: ARG002
        """False: only a person has another one."""
        return False

    def refused(self, status: int) -> TokenError:
        """Which token a person has to replace."""
        return TokenError(
            f"HubSpot refuses the token ({status}); make a new service key or private app token in HubSpot's"
            f" settings and put it into {self._where}"
        )


class RefreshToken:
    """The refresh token, kept where the next run finds it when HubSpot replaces it.

    It goes back into the file that it came from. Otherwise it is kept in the data folder, with a hash of the one
    that it replaced: a person who sets another one in the environment is heard.
    """

    def __init__(self, given: Callable[[], str], file: Path | None, data: Path) -> None:
        self._given = given
        self._file = file
        self._kept = data / _KEPT

    def __repr__(self) -> str:
        return "RefreshToken()"

    def read(self) -> str:
        """The newest one; raises TokenError where it can't be read."""
        given = self._given()
        try:
            kept = orjson.loads(self._kept.read_bytes())
            return str(kept["refresh_token"]) if kept["replaces"] == _hash(given) else given
        except FileNotFoundError:
            return given
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise TokenError(
                f"{self._kept}, which holds the refresh token that HubSpot gave last, can't be read: install the app"
                " again, set the new HUBSPOT_REFRESH_TOKEN and remove that file"
            ) from error

    def keep(self, new: str) -> None:
        """Keep the one that HubSpot gave in its place."""
        given = self._given()
        try:
            if self._file is None or not _replaced(self._file, new.encode()):
                self._kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                _write(self._kept, orjson.dumps({"replaces": _hash(given), "refresh_token": new}))
        except OSError as error:
            raise TokenError(
                f"HubSpot gave a new refresh token, and {self._kept} can't be written ({error.strerror}): make the data"
                " folder writable, and install the app again if HubSpot refuses the old token"
            ) from error


class OAuth:
    """Access tokens of an app, each renewed once by one thread for all, before it ends or when HubSpot refuses it."""

    metered: bool = False

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        refresh: RefreshToken,
        route: Route,
        *,
        place: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.told: tuple[str, frozenset[str]] | None = None
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._refresh = refresh
        self._route = route
        self._place = f" in {place}" if place else ""
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __repr__(self) -> str:
        return f"OAuth(client_id={self._client['client_id']!r})"

    def token(self, ask: Ask) -> str:
        """The access token, renewed shortly before it ends."""
        with self._lock:
            if not self._token or self._clock() >= self._until:
                self._renew(ask)
            return self._token

    def renewed(self, refused: str, ask: Ask) -> bool:
        """True with a new token: another thread's, or one got now."""
        with self._lock:
            if self._token == refused:
                self._renew(ask)
            return True

    def refused(self, status: int) -> TokenError:
        """What to do when even a new token is refused."""
        return TokenError(
            f"HubSpot refuses the access token that it gave to the app ({status}); see that the app is still installed"
            f" in the portal, and put the refresh token of a new installation into HUBSPOT_REFRESH_TOKEN{self._place}"
        )

    def _renew(self, ask: Ask) -> None:
        old = self._refresh.read()
        try:
            answer = self._ask(ask, old)
        except RefusedError as error:
            # Another process may have used it first and kept what came for it.
            newer = self._refresh.read()
            if newer == old:
                raise self._not_given(error) from None
            old = newer
            try:
                answer = self._ask(ask, old)
            except RefusedError as again:
                raise self._not_given(again) from None
        self._take(answer, old)

    def _ask(self, ask: Ask, refresh: str) -> Any:
        return ask(self._route, {"grant_type": "refresh_token", **self._client, "refresh_token": refresh})

    def _take(self, answer: Any, old: str) -> None:
        try:
            token, new = checked_token(answer["access_token"]), str(answer.get("refresh_token") or old)
            seconds = float(answer["expires_in"])
            if isinstance(answer.get("scopes"), list) and answer.get("hub_id") is not None:
                self.told = str(answer["hub_id"]), frozenset(map(str, answer["scopes"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RemoteError(
                f"HubSpot's answer to {self._route.operation.name} has another shape than hubsync knows; see if there"
                " is a newer hubsync"
            ) from None
        if new != old:
            self._refresh.keep(new)
        self._token = token
        self._until = self._clock() + max(seconds - _MARGIN, seconds / 2)
        _log.debug("a new access token for %.0f s", seconds)

    def _not_given(self, error: RefusedError) -> TokenError:
        said = error.body.get("status") if isinstance(error.body, Mapping) else None
        code = said if isinstance(said, str) and _CODE.fullmatch(said) else f"{error.status}"
        if "CLIENT" in code:
            return TokenError(
                f"HubSpot does not know the app ({code}); check HUBSPOT_CLIENT_ID and _SECRET{self._place}"
            )
        return TokenError(
            f"HubSpot gives no access token for the refresh token ({code}); install the app in the portal again and put"
            f" the new one into HUBSPOT_REFRESH_TOKEN{self._place}"
        )


def credentials_of(settings: Settings, versions: Versions) -> tuple[Credentials, Credentials]:
    """What reads and what writes, often the same; raises TokenError when none or too much is set."""
    place = settings.place if settings.portal else ""
    if not settings.has_oauth:
        token, write_token = settings.token, settings.write_token
        reader = StaticToken(token, place=place)
        return reader, reader if write_token == token else StaticToken(write_token, "HUBSPOT_WRITE_TOKEN", place)
    client_id, client_secret, _ = settings.oauth
    file = None if settings.refresh_token else settings.refresh_token_file
    refresh = RefreshToken(lambda: settings.oauth[2], file, settings.data)
    oauth = OAuth(client_id, client_secret, refresh, versions.route("oauth.token"), place=place)
    return oauth, oauth


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _replaced(file: Path, content: bytes) -> bool:
    """Whether a file could be replaced; secrets mounted into a container can't."""
    try:
        _write(file.resolve(), content)
    except OSError:
        return False
    return True


def _write(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    made = file.with_name(f".{file.name}.{os.getpid()}")
    made.unlink(missing_ok=True)
    made.touch(mode=0o600, exist_ok=False)
    try:
        with made.open("r+b") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        made.replace(file)
    finally:
        made.unlink(missing_ok=True)
