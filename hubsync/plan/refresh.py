"""When the values of models that are refreshed weekly or monthly may move (checklist 141).

Nothing is kept for it but the days in the header of the last plan that was carried out: a model is due unless it was
refreshed in the same week, from Monday, or the same calendar month of the portal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hubsync.scoring.declarations import ModelDeclaration, Refresh

_LONGEST_MONTH = 31


@dataclass(frozen=True)
class Refreshing:
    """The models that move now and then: `days`, when each was last refreshed, and `waiting`, when each is next."""

    days: Mapping[str, str]
    waiting: Mapping[str, str]


def begins(refresh: Refresh, day: date) -> date:
    """The day on which the period of a day began."""
    if refresh == "monthly":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if refresh == "weekly" else day


def follows(refresh: Refresh, day: date) -> date:
    """The day on which the next period begins."""
    start = begins(refresh, day)
    if refresh == "monthly":
        return begins(refresh, start + timedelta(days=_LONGEST_MONTH))
    return start + timedelta(days=7 if refresh == "weekly" else 1)


def days_since(last: Mapping[str, str], model: str, day: date) -> int:
    """The days since a model was refreshed; 0 for one that moves in every run."""
    return (day - date.fromisoformat(last[model])).days if model in last else 0


def refreshing(
    models: Iterable[ModelDeclaration], last: Mapping[str, str], day: date, held: Collection[str]
) -> Refreshing:
    """Which models wait, given the days of the last plan that was carried out; held ones are not refreshed."""
    days: dict[str, str] = {}
    waiting: dict[str, str] = {}
    for model in models:
        if model.refresh == "every run":
            continue
        before = last.get(model.model)
        if model.model in held:
            days |= {model.model: before} if before is not None else {}
        elif before is None or not begins(model.refresh, day) <= date.fromisoformat(before) <= day:
            days[model.model] = day.isoformat()
        else:
            days[model.model] = before
            waiting[model.model] = follows(model.refresh, day).isoformat()
    return Refreshing(days, waiting)
