"""Faults on demand: what should go wrong with which calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

from hubsync.emulator.exchange import HTML, JSON, Reply


class Fault(BaseModel):
    """One rule: calls it matches are answered with `status`, delayed, cut short or dropped."""

    model_config = ConfigDict(extra="forbid")

    path: str = ""
    """A regular expression that must be found at the start of the path; a plain prefix is one."""
    method: str = ""
    status: int | None = None
    times: int | None = 1
    """How many calls it hits; None for all."""
    after: int = Field(default=0, ge=0)
    """How many matching calls pass before the first is hit."""
    body: Any = None
    headers: dict[str, str] = {}
    drop: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after the call took effect."""
    delay_ms: int = Field(default=0, ge=0)
    truncate: bool = False
    """Send half of the answer, then close."""

    @field_validator("path")
    @classmethod
    def _is_pattern(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as mistake:
            raise ValueError(f"path is no regular expression: {mistake}") from mistake
        return path

    def reply(self) -> Reply:
        """The answer instead of the real one; without a body, one that suits the status."""
        status = self.status or 500
        if isinstance(self.body, str):
            return Reply(status, self.body.encode(), HTML, dict(self.headers))
        if self.body is not None:
            return Reply(status, orjson.dumps(self.body), JSON, dict(self.headers))
        if status in _BODIES:
            return Reply(status, orjson.dumps(_BODIES[status]), JSON, dict(self.headers))
        page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
        return Reply(status, page.encode(), HTML, dict(self.headers))


# The body of 423 is a community's, that of 477 is unknown (api-facts §13).
_BODIES: Mapping[int, dict[str, str]] = {
    423: {"status": "error", "message": "Resource is locked", "category": "LOCKED"},
    429: {
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING",
    },
    477: {"status": "error", "message": "Migration in progress"},
    500: {"status": "error", "message": "internal error"},
}


class Faults:
    """The faults that are armed, in the order in which they were given."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, faults: list[Fault]) -> None:
        """Add faults."""
        self._armed += [fault.model_copy() for fault in faults]

    def clear(self) -> None:
        """Disarm all."""
        self._armed = []

    def hit(self, method: str, path: str) -> Fault | None:
        """The fault that hits this call, if any; used up faults disarm themselves."""
        found = None
        for fault in self._armed:
            if (fault.method and fault.method.upper() != method) or not re.match(fault.path, path):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif found is None:
                found = fault
        if found is not None and found.times is not None:
            found.times -= 1
            if found.times <= 0:
                self._armed.remove(found)
        return found
