"""One alert per cause when it begins and one when it is over, and who has not been told yet. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hubsync.scoring.unattended import Cause

Turn = Literal["began", "over"]


class Notice(BaseModel):
    """Something to be told to one channel."""

    model_config = ConfigDict(frozen=True)

    channel: str
    cause: Cause
    state: Turn
    message: str
    run_id: str
    at: datetime


def turns(
    known: Mapping[Cause, str], judged: Mapping[Cause, str | None], on: Collection[Cause]
) -> Iterator[tuple[Cause, Turn, str]]:
    """What begins and what is over, with the sentence; `known` holds the causes that are there already."""
    for cause, message in judged.items():
        if cause not in on:
            continue
        if message is not None and cause not in known:
            yield cause, "began", message
        elif message is None and cause in known:
            yield cause, "over", known[cause]


def after(known: Mapping[Cause, str], judged: Mapping[Cause, str | None], on: Collection[Cause]) -> dict[Cause, str]:
    """The causes that are there now; one that nobody wants to hear of any more is dropped."""
    found = {cause: message for cause, message in known.items() if cause in on}
    for cause, turn, message in turns(known, judged, on):
        if turn == "began":
            found[cause] = message
        else:
            del found[cause]
    return found


def owe(owed: Iterable[Notice], notice: Notice) -> list[Notice]:
    """What is still to be told after one more notice; an end whose beginning was never told leaves nothing to tell."""
    before = list(owed)
    if notice.state == "over":
        for each in before:
            if (each.channel, each.cause, each.state) == (notice.channel, notice.cause, "began"):
                before.remove(each)
                return before
    return [*before, notice]
