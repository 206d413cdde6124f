"""What one operation of the emulator is: where it answers, who may ask, what it does and how far that is known."""

from __future__ import annotations

from typing import Literal, NamedTuple

from hubsync.emulator.hub import Handler

DATES = ("2026-03", "2026-09")
"""The dated versions that are served."""

Source = Literal["HubSpot's documentation", "official SDK", "OpenAPI documents", "community code", "remembered"]
DOCS: Source = "HubSpot's documentation"
SDK: Source = "official SDK"
OPENAPI: Source = "OpenAPI documents"
COMMUNITY: Source = "community code"
REMEMBERED: Source = "remembered"


class Route(NamedTuple):
    """One operation: its method, its path under each prefix of a family, and what it needs."""

    method: str
    family: tuple[str, ...]
    template: str
    handler: Handler
    needs: str = ""
    """`objects:read` and the like follow the object type of the path; all others are named in `scopes.py`."""
    open: bool = False
    """Answers without a token."""
    does: str = ""
    """What the docs table says; without it, what the handler's docstring says."""
    source: Source = DOCS
    verified: bool = True
    """False if the specification marks it as remembered or unverified."""
    type: str = ""
    """The object type of a path that does not name one."""
    limit: Literal["normal", "search", "exempt"] = "normal"
    """How it counts against the ten seconds."""

    @property
    def told(self) -> str:
        """What the route does, in one line."""
        return self.does or " ".join((self.handler.__doc__ or "").split())


def heard(method: str, path: str, handler: Handler, needs: str, object: str = "") -> Route:
    """An operation that only community code tells of, at one path."""
    return Route(method, ("",), path, handler, needs, type=object, source=COMMUNITY, verified=False)


def dated(area: str, *legacy: str) -> tuple[str, ...]:
    """The prefixes of an area of the CRM: the old ones, then `/crm/{area}/{date}`."""
    return (*legacy, *(f"/crm/{area}/{date}" for date in DATES))
