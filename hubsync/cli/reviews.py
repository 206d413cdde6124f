"""When each model was last looked at, and when it is due for another look (checklist 84, 139 and 141, trap T3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hubsync.catalog import Catalog
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.store import UsedModel
from hubsync.types import AsOf
from hubsync.workspace import moment


@dataclass(frozen=True, slots=True)
class Review:
    """One model: who answers for it, and since when nobody has changed, fitted or reviewed it.

    `due_on` is None before a run has used the model; `every` is in days.
    """

    model: str
    owner: str
    changed_at: datetime | None
    changed_on: date | None
    """The portal's day of it, as `fitted_on` is."""
    fitted_at: datetime | None
    fitted_on: date | None
    reviewed_on: date | None
    every: int
    due_on: date | None
    is_due: bool

    def data(self) -> dict[str, Any]:
        """As JSON says it."""
        return {
            "model": self.model,
            "owner": self.owner,
            "changed_at": self.changed_at,
            "fitted_at": self.fitted_at,
            "reviewed_on": self.reviewed_on,
            "review_every_days": self.every,
            "review_due_on": self.due_on,
            "review_due": self.is_due,
        }


def reviews(catalog: Catalog, used: Iterable[UsedModel], today: AsOf, time_zone: str) -> list[Review]:
    """Every model that is scored; days are the portal's, and a `reviewed_on` that is still to come does not count."""
    versions: dict[str, list[UsedModel]] = {}
    for each in used:
        versions.setdefault(each.name, []).append(each)
    return [_review(model, catalog, versions.get(model.model, []), today.day, time_zone) for model in catalog.needed]


def _review(
    model: ModelDeclaration, catalog: Catalog, versions: Sequence[UsedModel], today: date, time_zone: str
) -> Review:
    changed_at = max((each.first_used_at for each in versions), default=None)
    fitted_at = max((each.fitted_at for each in versions if each.fitted_at is not None), default=None)
    every = model.review_every or catalog.main.review_every
    due_on = None
    changed_on, fitted_on = (None if at is None else moment(at, time_zone).day for at in (changed_at, fitted_at))
    if changed_on is not None:
        looks = [each for each in (changed_on, fitted_on) if each is not None]
        if model.reviewed_on is not None and model.reviewed_on <= today:
            looks.append(model.reviewed_on)
        due_on = max(looks) + timedelta(days=every)
    is_due = due_on is not None and due_on <= today
    return Review(
        model.model, model.owner, changed_at, changed_on, fitted_at, fitted_on, model.reviewed_on, every, due_on, is_due
    )  # fmt: skip
