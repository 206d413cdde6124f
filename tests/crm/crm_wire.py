"""Constants and helpers for answers made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson
import responses

BASE = "https://api.hubapi.com"
TOKEN = "pat-na1-very-secret-0001"
DATE = "Sat, 21 Nov 2026 14:00:00 GMT"


@dataclass
class FakeTime:
    """A clock that only sleeping moves."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def bodies(wire: responses.RequestsMock) -> list[dict]:
    """The JSON bodies of all calls that were made."""
    return [orjson.loads(call.request.body) for call in wire.calls]


def error_body(name: str) -> dict:
    """One of HubSpot's error bodies, by its name in error_bodies.json."""
    return orjson.loads((Path(__file__).parent / "error_bodies.json").read_bytes())[name]


def utc(*parts: int) -> datetime:
    """A naive UTC time, as all times inside hubsync are."""
    return datetime(*parts)


def sent(wire: responses.RequestsMock, number: int) -> dict:
    """The JSON body of one call."""
    return orjson.loads(wire.calls[number].request.body)
