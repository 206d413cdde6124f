"""What an answer that is not a success means: ask again and when, or which error.

HubSpot's words about property values may quote them, so for operations that carry values they stay in
`RefusedError.body`, and the message names only codes and properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson

from hubsync.crm.scopes import purpose
from hubsync.crm.versions import Operation, Route
from hubsync.errors import HubsyncError, RefusedError, RemoteError, ScopeError

LONGEST_WAIT = 300.0
"""Seconds; what HubSpot wants to wait for longer than this is left to the next run."""

# HubSpot's own texts differ on where service keys are.
WHERE_SCOPES_ARE_ADDED = "in HubSpot under Settings > Integrations (or Development > Keys), where the token was made"

_FORBIDDEN = "(403)"
_WORDS_SHOWN = 300
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Later:
    """HubSpot may do it later; `done` says whether it may have done it already."""

    reason: str
    first: float
    growth: Literal["steady", "doubling"] = "steady"
    longest: float = 30.0
    exact: bool = False
    limited: bool = False
    done: bool = False

    def wait(self, attempt: int, random: float) -> float:
        """Seconds to wait after the `attempt`-th try (from 1), with up to a quarter of jitter."""
        if self.exact:
            seconds = self.first
        elif self.growth == "doubling":
            seconds = min(self.longest, self.first * 2.0 ** (attempt - 1))
        else:
            seconds = min(self.longest, self.first * attempt)
        return seconds * (1 + random / 4)


LOCKED = Later("the record is locked (423)", 2.0, longest=10.0)
SECONDLY = Later("too many calls in a second (429)", 1.0, longest=10.0, limited=True)
TEN_SECONDLY = Later("too many calls in ten seconds (429)", 10.0, limited=True)


def dropped(reason: str, *, arrived: bool = True) -> Later:
    """A connection that broke; unless it never came about, HubSpot may have done the work."""
    return Later(reason, 1.0, growth="doubling", done=arrived)


class DailyLimitReached(Exception):  # noqa: N818 - caught in transport.py, which knows when the day ends
    """HubSpot says that the account's calls of the day are used up."""


def judge(
    route: Route, status: int, body: Any, headers: Mapping[str, str], now: datetime | None
) -> Later | HubsyncError:
    """What a status of 300 or more means for the caller."""
    operation = route.operation
    if status == 403:
        return _forbidden(route, body)
    if status == 423:
        return LOCKED
    if status == 429:
        policy = _policy(operation, body)
        return _asked_to_wait(headers, "429", now, limited=True) or policy
    if status == 477:
        waits = _asked_to_wait(headers, "477, the account's data is being moved", now)
        return waits or dropped("the account's data is being moved (477)", arrived=False)
    if status == 408 or status >= 500:
        return dropped(f"HubSpot failed ({status})")
    if status < 400:
        return RemoteError(f"HubSpot sent {operation.name} elsewhere ({status}); check HUBSPOT_BASE_URL")
    return _refused(route, status, body)


def _policy(operation: Operation, body: Any) -> Later:
    said = f"{text_of(body, 'policyName')} {text_of(body, 'message')}".upper()
    if "DAILY" in said:
        raise DailyLimitReached
    if "TEN_SECONDLY" in said:
        return TEN_SECONDLY
    if "SECONDLY" in said or operation.search:
        return SECONDLY
    return TEN_SECONDLY


def _asked_to_wait(
    headers: Mapping[str, str], reason: str, now: datetime | None, *, limited: bool = False
) -> Later | RemoteError | None:
    text = headers.get("Retry-After", "").strip()
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return None
    seconds = float(text)
    if seconds <= LONGEST_WAIT:
        return Later(f"HubSpot asks to wait ({reason})", seconds, exact=True, limited=limited)
    when = f"in {seconds / 60:.0f} minutes"
    if now:
        when = f"after {now + timedelta(seconds=seconds):%Y-%m-%d %H:%M} UTC"
    return RemoteError(f"HubSpot asks to wait ({reason}); run again {when}")


def _forbidden(route: Route, body: Any) -> ScopeError:
    need = purpose(route.operation.name, route.object)
    if said := required_scopes(body):
        scopes = _advised(said, need.any_of)
        return ScopeError(
            f"the token may not {need.what} {_FORBIDDEN}: add the scope {' or '.join(scopes)} {WHERE_SCOPES_ARE_ADDED}",
            scopes,
            route.object,
        )
    text = words(body)
    tail = f": {text}" if text and not route.operation.personal else ""
    return ScopeError(
        f"HubSpot does not let this token, or this plan, {need.what} {_FORBIDDEN}{tail}", (), route.object
    )


def _advised(said: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The scopes to ask for: those that `check` names where HubSpot agrees, and none for sensitive data otherwise."""
    plain = [scope for scope in said if "sensitive" not in scope]
    return tuple([scope for scope in known if scope in said] or plain or said)


def is_forbidden(reason: str) -> bool:
    """Whether a reason, perhaps one that was written down, is that HubSpot answered 403."""
    return _FORBIDDEN in reason


def without_place(reason: str) -> str:
    """A reason without the place where scopes are added, for lists that end with it."""
    return reason.replace(f" {WHERE_SCOPES_ARE_ADDED}", "")


def _refused(route: Route, status: int, body: Any) -> RefusedError:
    operation = route.operation
    category = text_of(body, "category")
    if operation.personal:
        said = " ".join(sorted(set(_hints(body))))
    elif isinstance(body, Mapping):
        said = words(body)
    else:
        said = f"no such address, {route.path}" if status in (404, 405) else ""
    tail = f": {said}" if said else ""
    named = f"{status} {category}".strip()
    return RefusedError(
        f"HubSpot refused {operation.name} ({named}){tail}", status=status, category=category, body=body
    )


def required_scopes(body: Any) -> tuple[str, ...]:
    """The scopes of a 403, of which any one is enough, from each of the three places HubSpot puts them."""
    found: list[str] = []
    for context in _contexts(body):
        for key in ("requiredGranularScopes", "requiredScopes", "missingScopes"):
            value = context.get(key)
            found += [str(scope) for scope in value] if isinstance(value, list) else []
    return tuple(dict.fromkeys(found))


def words(body: Any) -> str:
    """HubSpot's own words in an error body, cut to a readable length and without email addresses."""
    parts = [text_of(body, "message")]
    parts += [each for each in _errors(body) if isinstance(each, str)]
    return _EMAIL.sub("(email)", " ".join(part for part in parts if part))[:_WORDS_SHOWN]


def reason(body: Any) -> str:
    """Why HubSpot refused, with the values it quotes: the messages of its single errors, else its message."""
    message = text_of(body, "message")
    said = [text_of(each, "message") for each in _errors(body)]
    if not any(said):
        said = [text_of(each, "message") for each in _packed(message)]
    return "; ".join(dict.fromkeys(each for each in said if each)) or message or "HubSpot gave no reason"


def _packed(message: str) -> list[Any]:
    """The single errors that HubSpot packs as JSON into the text of a message."""
    start = message.find("[{")
    try:
        found = orjson.loads(message[start:]) if start >= 0 else []
    except orjson.JSONDecodeError:
        return []
    return found if isinstance(found, list) else []


def text_of(body: Any, key: str) -> str:
    """A text field of an error body, in which every field is optional."""
    value = body.get(key) if isinstance(body, Mapping) else None
    return value if isinstance(value, str) else ""


def error_codes(body: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The (code, property names) of each error in a validation answer."""
    found = []
    for each in _errors(body):
        if isinstance(each, Mapping):
            context = each.get("context")
            names = context.get("propertyName") if isinstance(context, Mapping) else None
            found.append((text_of(each, "code"), tuple(map(str, names)) if isinstance(names, list) else ()))
    return found


def _hints(body: Any) -> Iterator[str]:
    for code, names in error_codes(body):
        if code or names:
            yield " ".join((code, *names)).strip()


def _errors(body: Any) -> list[Any]:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    return errors if isinstance(errors, list) else []


def _contexts(body: Any) -> Iterator[Mapping[str, Any]]:
    for holder in (body, *_errors(body)):
        context = holder.get("context") if isinstance(holder, Mapping) else None
        if isinstance(context, Mapping):
            yield context
