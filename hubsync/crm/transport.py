"""The only socket to HubSpot: one session, limits kept, failures tried again or turned into our errors."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
import requests
import tenacity
from urllib3.exceptions import HTTPError, NewConnectionError

from hubsync.crm.credentials import Credentials, StaticToken
from hubsync.crm.failures import DailyLimitReached, Later, dropped, judge
from hubsync.crm.figures import Answer, Calls, RateHeaders
from hubsync.crm.session import Line, Query, checked_url
from hubsync.crm.throttle import Throttle, whole
from hubsync.crm.times import parse_http_date
from hubsync.crm.versions import Operation, Route
from hubsync.errors import HubsyncError, RemoteError, UnsureError

BASE_URL = "https://api.hubapi.com"
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 100.0
LONGEST_PAUSE = 3.0
ATTEMPTS = 7

# What never answered is more likely a wrong address than a HubSpot that is down: seconds and tries until that is told.
_FIRST_CONTACT = 5.0
_FIRST_ATTEMPTS = 4

_log = logging.getLogger(__name__)


class _Call(NamedTuple):
    """What is sent: JSON with the token, or a form without it."""

    route: Route
    query: Query = ()
    content: bytes | None = None
    form: Mapping[str, str] | None = None


class _TryAgainError(Exception):
    """Carries the reason to wait through tenacity; `broken` when there was no answer."""

    def __init__(self, later: Later, *, broken: bool = False) -> None:
        self.later = later
        self.broken = broken
        super().__init__(later.reason)


class _UnauthorizedError(Exception):
    """HubSpot refused this token."""

    def __init__(self, status: int, token: str) -> None:
        self.status = status
        self.token = token
        super().__init__(f"{status}")


class Transport:
    """Sends operations to HubSpot; safe to use from `streams` threads at once."""

    def __init__(
        self,
        credentials: Credentials | str,
        *,
        base_url: str = BASE_URL,
        throttle: Throttle | None = None,
        streams: int = 24,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self.base_url = checked_url(base_url)
        self.credentials = StaticToken(credentials) if isinstance(credentials, str) else credentials
        self.throttle = throttle or Throttle(clock=clock, sleep=sleep)
        self.calls = Calls()
        self.rate = RateHeaders()
        self._date: str | None = None
        self._sleep = sleep
        self._uniform = uniform
        self._answered = False
        self._understood = False
        self._line = Line(self.base_url, streams)

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r})"

    @property
    def server_time(self) -> datetime | None:
        """HubSpot's clock at its last answer, naive UTC."""
        return parse_http_date(self._date)

    def close(self) -> None:
        """Closes all connections."""
        self._line.close()

    def request(self, route: Route, query: Query = (), body: Any = None) -> Answer:
        """HubSpot's answer to one operation, tried again where that can help, and once with a new token."""
        call = _Call(route, query, None if body is None else orjson.dumps(body))
        try:
            return self._patiently(call)
        except _UnauthorizedError as error:
            if not self.credentials.renewed(error.token, self._ask):
                raise self.credentials.refused(error.status) from None
        try:
            return self._patiently(call)
        except _UnauthorizedError as error:
            raise self.credentials.refused(error.status) from None

    def _ask(self, route: Route, form: Mapping[str, str]) -> Any:
        try:
            return self._patiently(_Call(route, form=form)).data
        except _UnauthorizedError as error:
            raise self.credentials.refused(error.status) from None

    def _patiently(self, call: _Call) -> Answer:
        operation = call.route.operation
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: self._may_repeat(operation, error)),
            wait=self._wait,
            stop=self._stop,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._try_once, call)
        except _TryAgainError as error:
            raise self._given_up(operation, error) from error.__cause__
        except DailyLimitReached:
            raise self.throttle.daily.exhausted() from None

    def _try_once(self, call: _Call) -> Answer:
        route = call.route
        token = self.credentials.token(self._ask) if call.form is None else ""
        if route.operation.own_token:
            call = call._replace(content=orjson.dumps({"tokenKey": token}))
        response = self._send(call, token)
        self._note(response.headers)
        broken, data = _decoded(response.content)
        status = response.status_code
        self._recognise(response, broken=broken)
        if status < 300 and not broken:
            return Answer(status, data, response.headers)
        if status < 300:
            raise _TryAgainError(dropped("HubSpot's answer was cut off"))
        if status in (401, 530):
            raise _UnauthorizedError(status, token)
        verdict = judge(route, status, data, response.headers, self.server_time)
        if isinstance(verdict, HubsyncError):
            raise verdict
        if verdict.limited:
            self.calls.add_limited()
            # The other threads would only be told the same.
            self.throttle.pause(route, min(verdict.first, LONGEST_PAUSE))
        raise _TryAgainError(verdict)

    def _recognise(self, response: requests.Response, *, broken: bool) -> None:
        """RemoteError when the first answer is not HubSpot's; what it sends when it fails may be no JSON either."""
        cut = response.content.lstrip()[:1] in (b"{", b"[")
        means_it = response.status_code < 300 or response.status_code in (404, 405)
        if broken and not cut and means_it and not self._understood:
            raise RemoteError(
                f"what answers at {self._host} is not HubSpot ({response.status_code} without JSON); check"
                " HUBSPOT_BASE_URL"
            )
        self._understood = self._understood or not broken

    @property
    def _host(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def _send(self, call: _Call, token: str) -> requests.Response:
        route, operation = call.route, call.route.operation
        slot = self.throttle.enter(route)
        self.calls.add(operation.name)
        headers: Mapping[str, str] = {}
        try:
            body = call.content if call.form is None else call.form
            timeout = CONNECT_TIMEOUT, READ_TIMEOUT
            response = self._line.send(operation.method, route.path, call.query, body, token, timeout)
            headers = response.headers
            self._answered = True
        except (OSError, HTTPError) as error:
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

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _TryAgainError) and error.broken and not self._answered:
            return state.attempt_number >= _FIRST_ATTEMPTS or (state.seconds_since_start or 0.0) > _FIRST_CONTACT
        return state.attempt_number >= ATTEMPTS

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, _TryAgainError):
            return 0.0
        seconds = error.later.wait(state.attempt_number, self._uniform())
        _log.info("%s, trying again in %.1f s", error.later.reason, seconds)
        return seconds

    def _given_up(self, operation: Operation, error: _TryAgainError) -> RemoteError:
        later = error.later
        if later.done and not operation.idempotent:
            return UnsureError(
                f"it is not known whether HubSpot did {operation.name}, {later.reason}; "
                "look in HubSpot before it is done again"
            )
        if error.broken and not self._answered:
            return RemoteError(f"{self._host} can't be reached, {later.reason}; check the network and HUBSPOT_BASE_URL")
        return RemoteError(f"HubSpot did not do {operation.name}, {later.reason}; run again later")


def _decoded(content: bytes) -> tuple[bool, Any]:
    """Whether the content is something else than JSON, and what it holds."""
    if not content:
        return False, None
    try:
        return False, orjson.loads(content)
    except orjson.JSONDecodeError:
        return True, None


def _connection_failure(operation: Operation, error: Exception) -> Exception:
    # The foreign text stays out of the message: it quotes the address with its query.
    kind = type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        return RemoteError(f"the connection to HubSpot is not trusted ({kind}); check proxy and certificates")
    cut = requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError
    if not isinstance(error, (requests.ConnectionError, requests.Timeout, *cut)):
        return RemoteError(
            f"hubsync could not send {operation.name} ({kind}); check HUBSPOT_BASE_URL, and REQUESTS_CA_BUNDLE if it is"
            " set"
        )
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never_open = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    return _TryAgainError(dropped(f"the connection to HubSpot broke ({kind})", arrived=not never_open), broken=True)
