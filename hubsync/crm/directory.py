"""Owners and pipelines, as the SDK's answers tell them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Owner:
    """Someone to whom records belong; records refer to `id`, never to `user_id`."""

    id: str
    email: str
    name: str
    user_id: str = ""
    archived: bool = False
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a pipeline; `probability` is that of deals."""

    id: str
    label: str
    closed: bool
    probability: float | None = None

    @property
    def won(self) -> bool:
        """True for the stage of deals that were won."""
        return self.closed and self.probability == 1.0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of deals or tickets, its stages in their order."""

    id: str
    label: str
    stages: tuple[Stage, ...]


def given(value: Any) -> str:
    """The text of what must be there; ValueError when it is not."""
    if value is None:
        raise ValueError("HubSpot left out a name, type or id")
    return str(value)


def owner(raw: Any) -> Owner:
    """An owner of the SDK as hubsync's own."""
    name = f"{raw.first_name or ''} {raw.last_name or ''}".strip()
    teams = tuple(str(team.name) for team in raw.teams or ())
    return Owner(given(raw.id), raw.email or "", name, str(raw.user_id or ""), archived=bool(raw.archived), teams=teams)


def pipeline(raw: Any) -> Pipeline:
    """A pipeline of the SDK as hubsync's own, without archived stages."""
    stages = sorted((each for each in raw.stages if not each.archived), key=lambda each: each.display_order)
    return Pipeline(given(raw.id), raw.label, tuple(_stage(each) for each in stages))


def _stage(raw: Any) -> Stage:
    metadata = raw.metadata or {}
    probability = metadata.get("probability")
    closed = metadata.get("isClosed") == "true" or metadata.get("ticketState") == "CLOSED"
    return Stage(given(raw.id), raw.label, closed, None if probability is None else float(probability))
