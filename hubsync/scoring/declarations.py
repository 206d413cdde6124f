"""What models may say: the declarations, each a frozen pydantic model.

The shapes are design §8. Nothing here knows other declarations: names are checked against each other by the
catalog.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from hubsync.scoring.signals import EventFilter
from hubsync.scoring.units import (
    Day,
    Days,
    Declaration,
    Fading,
    Name,
    Period,
    Points,
    Share,
    Text,
    Whole,
)
from hubsync.types import PropertyType


class Rule(EventFilter):
    """A condition (`when`) or a kind of event (`with`), its points and its reason; or a cap (`at_most`).

    With `only` it counts for the records for which that condition holds; for others it gives 0 and is known. Where
    the condition itself is unknown, so is the rule (checklist 78).
    """

    name: Name | None = None
    only: str | None = None
    when: str | None = None
    event: Name | None = Field(default=None, alias="with")
    once_per: Period | None = None
    fades: Fading | None = None
    times: Annotated[int, Field(ge=1, le=1000)] | None = None
    points: Points | None = None
    at_most: Whole | None = None
    reason: Text

    @model_validator(mode="after")
    def _one_meaning(self) -> Rule:
        if (self.when is None) == (self.event is None):
            raise ValueError("a rule has either 'when' (a condition) or 'with' (a kind of event)")
        if (self.points is None) == (self.at_most is None):
            raise ValueError("a rule has either 'points' or 'at_most' (a cap on the score)")
        if self.points is not None and self.points == 0 and self.event is not None:
            raise ValueError("a rule on events that gives 0 points changes nothing; remove it")
        if self.event is None and (self.within or self.url_contains or self.where or self.once_per or self.fades):
            raise ValueError("within, url_contains, where, once_per and fades belong to rules on events ('with')")
        if self.event is None and self.times is not None:
            raise ValueError("times belongs to rules on events ('with')")
        if self.at_most is not None and self.when is None:
            raise ValueError("a cap ('at_most') needs a condition ('when')")
        if self.once_per and self.fades:
            raise ValueError("once_per and fades do not go together; choose one")
        if self.times is not None and self.fades:
            raise ValueError("times and fades do not go together; limit a fading rule by the limit of its group")
        return self


class Limit(Declaration):
    """The least and the most that a rule group may give together."""

    min: Points | None = None
    max: Points | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Limit:
        if self.min is None and self.max is None:
            raise ValueError("a limit has 'min', 'max' or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("the limit's min is above its max")
        return self


class RuleGroup(Declaration):
    """Rules with a common limit."""

    name: Name
    limit: Limit | None = None
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


class Tier(Declaration):
    """A band of the score with a name, from its lower bound to the next tier's; or a condition that names the tier.

    A tier with `when` holds while its condition does, whatever the score: new customers are `onboarding` (T6).
    """

    from_: Points | None = Field(default=None, alias="from")
    when: str | None = None
    label: Text | None = None
    worse: bool = False
    acts: bool = False

    @model_validator(mode="after")
    def _one_meaning(self) -> Tier:
        if (self.from_ is None) == (self.when is None):
            raise ValueError("a tier has either 'from' (its lower bound) or 'when' (a condition)")
        return self


EXTRAS: dict[str, PropertyType] = {
    "code": "text", "probability": "number", "expected_value": "number", "expected_purchases": "number",
}  # fmt: skip
"""What some kinds write beside the score, with its type."""


class Writes(Declaration):
    """The HubSpot properties a model writes; what is left out is not written."""

    score: Name | None = None
    tier: Name | None = None
    why: Name | None = None
    tier_changed_at: Name | None = None
    code: Name | None = None
    probability: Name | None = None
    expected_value: Name | None = None
    expected_purchases: Name | None = None

    @model_validator(mode="after")
    def _something(self) -> Writes:
        if not self.model_dump(exclude_none=True):
            raise ValueError("'writes' names no property; remove it or name at least 'score'")
        return self


Refresh = Literal["every run", "weekly", "monthly"]
"""When a model's published values may move (checklist 141): see `ModelDeclaration`."""


Job = Literal["renewal", "value", "growth", "churn", "lead", "account", "adoption", "credit"]
JOBS: tuple[str, ...] = get_args(Job)
"""The jobs to be done that a model may serve; which one to begin with stands first (checklist 97, 100)."""


class ModelDeclaration(Declaration):
    """What every kind of model declares; kinds add their own keys.

    With `refresh` weekly or monthly, published values move in the first run that writes in a week of the portal
    (from Monday) or in a calendar month. In between nothing moves, no tier either, worse or not: who looks at a monthly
    score must be able to rely on it for the month. Written all the same are records that have no value of this version
    yet, values that HubSpot lost or somebody edited (what was published comes back), and clears.
    """

    model: Name
    kind: str
    object: Literal["contacts", "companies", "deals", "customers"]
    who: str | None = None
    job: Job | None = None
    outcome: Text
    owner: Text
    covers: tuple[int, ...] = ()
    between: tuple[Whole, Whole] = (Decimal(0), Decimal(100))
    tiers: dict[Name, Tier] = Field(default_factory=dict)
    writes: Writes | None = None
    known_data_floor: Share = 0.5
    leave_margin: Annotated[Points, Field(ge=0)] = Decimal(3)
    write_if_changed_by: Annotated[Points, Field(ge=0)] | None = None
    refresh: Refresh = "every run"
    review_every: Days | None = None
    reviewed_on: Day | None = None

    @model_validator(mode="after")
    def _bounds(self) -> ModelDeclaration:
        if self.between[0] >= self.between[1]:
            raise ValueError("'between' names the least score first, then the most")
        bounds = [tier.from_ for tier in self.tiers.values() if tier.from_ is not None]
        if bounds != sorted(set(bounds)):
            raise ValueError("tiers stand from the lowest 'from' to the highest, each once")
        if bounds and bounds[0] > self.between[0]:
            raise ValueError(f"the lowest of the tiers begins at {bounds[0]}, above the least score {self.between[0]}")
        if self.tiers and not bounds:
            raise ValueError("tiers with 'when' need tiers with 'from' beside them")
        if "unscored" in self.tiers:
            raise ValueError("'unscored' is the tier of records with too little known data; choose another name")
        return self

    @property
    def conditional_tiers(self) -> dict[str, str]:
        """The tiers that a condition names, in order, with their conditions."""
        return {name: tier.when for name, tier in self.tiers.items() if tier.when is not None}

    @property
    def written(self) -> dict[str, str]:
        """The properties that it writes, by their keys under `writes`."""
        return self.writes.model_dump(exclude_none=True) if self.writes is not None else {}
