"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

from collections.abc import Collection
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer

from hubsync.errors import InputError
from hubsync.scoring.meaning import nearest
from hubsync.settings import Settings, advised

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
AsOfText = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="As of this moment or day (ISO, UTC) instead of now; never writes."),
]
Full = Annotated[bool, typer.Option("--full", help="Pull everything anew, not only what changed.")]
Portal = Annotated[
    str | None,
    typer.Option(
        "--portal", metavar="NAME", envvar="HUBSYNC_PORTAL",
        help="Which of several portals, each with a folder portals/NAME; before or after the command.",
    ),
]  # fmt: skip

_NOON = time(12)
_portal: ContextVar[str | None] = ContextVar("portal", default=None)


def choose(*, portal: Portal = None) -> None:
    """Take what stands before the command: which portal it is about."""
    _portal.set(portal or None)


def settings(*, new: bool = False, every: bool = False) -> Settings:
    """The settings of the chosen portal; InputError when .env can't be read or, unless `new`, nothing is there.

    Where all portals are named, one has to be chosen, unless the command is for `every` one of them.
    """
    found = Settings.of(_portal.get(), new=new)
    if not (new or every):
        found.refuse_no_choice()
    return found


def typed(text: str) -> str:
    """A text with the commands that it advises as they have to be typed for the chosen portal."""
    return advised(text, _portal.get())


def refuse_unknown_model(name: str, models: Collection[str]) -> None:
    """Raise InputError for the name of a model that is not declared."""
    if name not in models:
        raise InputError(f"There is no model '{name}', only {', '.join(models)}. {nearest(name, models)}".strip())


def as_of(text: str | None) -> datetime | None:
    """A moment as naive UTC; raises InputError for what is none.

    A day alone stands for noon in UTC: then it is that day nearly everywhere on earth, also in the portal.
    """
    if text is None:
        return None
    try:
        if len(text) == len("2026-09-21"):
            return datetime.combine(date.fromisoformat(text), _NOON)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise InputError(f"--as-of '{text}' is no time; write 2026-09-21 or 2026-09-21T14:00:00Z.") from None
