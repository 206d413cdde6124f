"""The only socket to HubSpot: one session, limits kept, failures tried again or turned into our errors."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import requests
import tenacity
from urllib3.exceptions import NewConnectionError

from hubsync.crm.failures import DailyLimitReached, Later, dropped, judge
from hubsync.crm.session import Bearer, checked_url, open_session
from hubsync.crm.throttle import Throttle, whole
from hubsync.crm.times import parse_http_date
from hubsync.crm.versions import Operation, Route
from hubsync.errors import HubsyncError, RemoteError

BASE_URL = "https://api.hubapi.com"
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 100.0
LONGEST_PAUSE = 3.0
ATTEMPTS = 7

_log = logging.getLogger(__name__)

Query = Mapping[str, str] | Sequence[tuple[str, str]]


class Answer(NamedTuple):
    """A success: its status, its decoded JSON (None when empty) and its headers."""

    status: int
    data: Any
    headers: Mapping[str, str]


class RateHeaders(NamedTuple):
    """The rate limits as the last answer that had them told them."""

    maximum: int | None = None
    remaining: int | None = None
    daily: int | None = None
    daily_remaining: int | None = None


class Calls:
    """How often HubSpot was called, each try counted; `limited` were answered with 429."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_operation: Counter[str] = Counter()
        self._limited = 0

    def add(self, operation: str) -> None:
        """Counts a try."""
        with self._lock:
            self._by_operation[operation] += 1

    def add_limited(self) -> None:
        """Counts a 429."""
        with self._lock:
            self._limited += 1

    @property
    def total(self) -> int:
        """All tries."""
        with self._lock:
            return self._by_operation.total()

    @property
    def limited(self) -> int:
        """The tries that were answered with 429."""
        return self._limited

    @property
    def by_operation(self) -> dict[str, int]:
        """Tries by operation name."""
        with self._lock:
            return dict(self._by_operation)


class _TryAgainError(Exception):
    """Carries the reason to wait through tenacity."""

    def __init__(self, later: Later) -> None:
        self.later = later
        super().__init__(later.reason)


class Transport:
    """Sends operations to HubSpot; safe to use from `streams` threads at once."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str = BASE_URL,
        throttle: Throttle | None = None,
        streams: int = 8,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self.base_url = checked_url(base_url)
        self.throttle = throttle or Throttle(clock=clock, sleep=sleep)
        self.calls = Calls()
        self.rate = RateHeaders()
        self._date: str | None = None
        self._sleep = sleep
        self._uniform = uniform
        self._auth = Bearer(token)
        self._session = open_session(self.base_url, self._auth, streams)

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r})"

    @property
    def server_time(self) -> datetime | None:
        """HubSpot's clock at its last answer, naive UTC."""
        return parse_http_date(self._date)

    def close(self) -> None:
        """Closes all connections."""
        self._session.close()

    def request(self, route: Route, query: Query = (), body: Any = None) -> Answer:
        """HubSpot's answer to one operation, tried again where that can help."""
        operation = route.operation
        content = self._content(operation, body)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: self._may_repeat(operation, error)),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._try_once, route, query, content)
        except _TryAgainError as error:
            raise self._given_up(operation, error.later) from error.__cause__
        except DailyLimitReached:
            raise self.throttle.daily.exhausted() from None

    def _content(self, operation: Operation, body: Any) -> bytes | None:
        if operation.own_token:
            body = {"tokenKey": self._auth.token}
        return None if body is None else orjson.dumps(body)

    def _try_once(self, route: Route, query: Query, content: bytes | None) -> Answer:
        response = self._send(route, query, content)
        self._note(response.headers)
        broken, data = _decoded(response.content)
        status = response.status_code
        if status < 300 and not broken:
            return Answer(status, data, response.headers)
        if status < 300:
            raise _TryAgainError(dropped("HubSpot's answer was cut off"))
        verdict = judge(route, status, data, response.headers, self.server_time)
        if isinstance(verdict, HubsyncError):
            raise verdict
        if verdict.limited:
            self.calls.add_limited()
            # The other threads would only be told the same.
            self.throttle.pause(route, min(verdict.first, LONGEST_PAUSE))
        raise _TryAgainError(verdict)

    def _send(self, route: Route, query: Query, content: bytes | None) -> requests.Response:
        operation, path, _ = route
        slot = self.throttle.enter(route)
        self.calls.add(operation.name)
        headers: Mapping[str, str] = {}
        try:
            response = self._session.request(
                operation.method,
                self.base_url + path,
                params=query or None,
                data=content,
                headers={"Content-Type": "application/json"} if content is not None else None,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
            )
            headers = response.headers
        except requests.RequestException as error:
            raise _connection_failure(operation, error) from error
        finally:
            self.throttle.leave(slot, headers)
        return response

    def _note(self, headers: Mapping[str, str]) -> None:
        self._date = headers.get("Date") or self._date
        maximum = whole(headers, "X-HubSpot-RateLimit-Max")
        if maximum is not None:
            self.rate = RateHeaders(
                maximum,
                whole(headers, "X-HubSpot-RateLimit-Remaining"),
                whole(headers, "X-HubSpot-RateLimit-Daily"),
                whole(headers, "X-HubSpot-RateLimit-Daily-Remaining"),
            )

    def _may_repeat(self, operation: Operation, error: BaseException) -> bool:
        return isinstance(error, _TryAgainError) and (operation.idempotent or not error.later.done)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, _TryAgainError):
            return 0.0
        seconds = error.later.wait(state.attempt_number, self._uniform())
        _log.info("%s, trying again in %.1f s", error.later.reason, seconds)
        return seconds

    def _given_up(self, operation: Operation, later: Later) -> RemoteError:
        if later.done and not operation.idempotent:
            return RemoteError(
                f"it is not known whether HubSpot did {operation.name}, {later.reason}; "
                "look in HubSpot before it is done again"
            )
        return RemoteError(f"HubSpot did not do {operation.name}, {later.reason}; run again later")


def _decoded(content: bytes) -> tuple[bool, Any]:
    """Whether the content is something else than JSON, and what it holds."""
    if not content:
        return False, None
    try:
        return False, orjson.loads(content)
    except orjson.JSONDecodeError:
        return True, None


def _connection_failure(operation: Operation, error: requests.RequestException) -> Exception:
    # The foreign text stays out of the message: it quotes the address with its query.
    kind = type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        return RemoteError(f"the connection to HubSpot is not trusted ({kind}); check proxy and certificates")
    cut = requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError
    if not isinstance(error, (requests.ConnectionError, requests.Timeout, *cut)):
        return RemoteError(f"hubsync could not send {operation.name} ({kind}); check HUBSPOT_BASE_URL")
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never_open = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    return _TryAgainError(dropped(f"the connection to HubSpot broke ({kind})", arrived=not never_open))
