"""One call and its reply, as plain values; the server turns HTTP into these and back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson

from hubsync.emulator import errors
from hubsync.emulator.bodies import well_formed

JSON = "application/json;charset=utf-8"
HTML = "text/html;charset=utf-8"
# What orjson, as HubSpot, takes for a number.
_LARGEST = 2**63 - 1


@dataclass(slots=True)
class Reply:
    """What goes back over the wire."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """What came over the wire, with what the router and the door found out about it."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes
    host: str
    token: str = ""
    version: str = ""
    path_params: dict[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as an object; HubSpot's 400 if it is none."""
        found = self.json_value()
        if not isinstance(found, dict):
            raise errors.bad_json(self.path)
        return found

    def json_value(self) -> Any:
        """The body as any JSON value; an empty body is an empty object."""
        try:
            found = orjson.loads(self.body) if self.body else {}
        except orjson.JSONDecodeError as mistake:
            raise errors.bad_json(self.path) from mistake
        if not well_formed(found):
            raise errors.bad_json(self.path)
        return found

    def names(self, parameter: str) -> list[str]:
        """A list parameter, given as `a,b` or repeated or both."""
        return [name for given in self.query.get(parameter, ()) for name in given.split(",") if name]

    def text(self, parameter: str, default: str = "") -> str:
        """A parameter's last value."""
        return self.query[parameter][-1] if parameter in self.query else default

    def flag(self, parameter: str) -> bool:
        """Whether a parameter says true, in any case of letters."""
        return self.text(parameter).lower() == "true"

    def number(self, parameter: str, default: int) -> int:
        """A whole number parameter; HubSpot's 400 if it is none."""
        given = self.text(parameter)
        if not given:
            return default
        number = _whole(given)
        if number is None:
            raise errors.validation(f"Unable to parse value for query parameter: {parameter}")
        return number

    def link(self, after: str) -> str:
        """The address of the same call with another `after`, on the host that was called."""
        kept = {name: values for name, values in self.query.items() if name != "after"}
        return f"{self.host}{self.path}?{urlencode(kept | {'after': [after]}, doseq=True)}"


def whole(body: Mapping[str, Any], name: str, default: int) -> int:
    """A whole number in a body; HubSpot's 400 if it is none."""
    given = body.get(name)
    if given in (None, ""):
        return default
    number = None if isinstance(given, bool) else _whole(str(given))
    if number is None:
        raise errors.validation(f"{name} must be a number")
    return number


def _whole(text: str) -> int | None:
    number = int(text) if text.isdecimal() and len(text) <= len(str(_LARGEST)) else None
    return number if number is not None and number <= _LARGEST else None


def answer(value: Any, status: int = 200) -> Reply:
    """A JSON reply."""
    return Reply(status, orjson.dumps(value))


def refused(refusal: errors.Refusal) -> Reply:
    """The reply that an error becomes; each has a correlation id of its own."""
    if refusal.html is not None:
        return Reply(refusal.status, refusal.html.encode(), HTML)
    body = dict(refusal.body)
    if "correlationId" in body:
        body["correlationId"] = str(uuid.uuid4())
    return Reply(refusal.status, orjson.dumps(body), headers=dict(refusal.headers))
