"""What the YAML files may say: the declarations, each a frozen pydantic model.

The shapes are design §8. Durations are whole days (a week is 7, a month 30, a year 365).
Nothing here knows other declarations: names are checked against each other by the catalog.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hubsync.types import PropertyType

OBJECTS = ("contacts", "companies", "deals")
"""Objects that can carry a score."""

EVENT_OBJECTS = (
    "contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks",
    "communications", "feedback_submissions", "commerce_payments", "subscriptions",
)  # fmt: skip
"""Objects whose records can be pulled and turned into events."""

Scored = Literal["contacts", "companies", "deals"]
Pulled = Literal[
    "contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks",
    "communications", "feedback_submissions", "commerce_payments", "subscriptions",
]  # fmt: skip
Period = Literal["day", "week", "month"]

PERIOD_DAYS = {"day": 1, "week": 7, "month": 30}
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_DURATION = re.compile(r"(\d{1,5}) (day|week|month|year)s?")
_LONGEST = 36_500
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_PROPERTY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_HALF = re.compile(r"half every (day|week|month|year|\d{1,5} (?:day|week|month|year)s?)")
_SHARE = re.compile(r"(\d{1,3}) ?% every (day|week|month|year|\d{1,5} (?:day|week|month|year)s?)")
_ZERO = re.compile(r"to zero in (.+)")
_TAKE = re.compile(r"(max|min|avg|sum|count)|top (\d{1,2}) (avg|sum)")


def days(text: object) -> int:
    """Read a duration such as `30 days`, `2 weeks` or `12 months` as whole days; raises ValueError."""
    if isinstance(text, int) and not isinstance(text, bool):
        count = text
    else:
        match = _DURATION.fullmatch(str(text).strip())
        count = int(match[1]) * _UNIT_DAYS[match[2]] if match else 0
    if not 0 < count <= _LONGEST:
        raise ValueError(f"'{text}' is no duration; write for example '30 days', '2 weeks' or '12 months'")
    return count


def _name(text: object) -> str:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ValueError(f"'{text}' is no name; use lower-case letters, digits and underscores, a letter first")
    return text


def _property(text: object) -> str:
    if not isinstance(text, str) or not _PROPERTY.fullmatch(text):
        raise ValueError(f"'{text}' is no name of a property; take HubSpot's internal name, as in its settings")
    return text


def _share(text: object) -> float:
    """Read `5 %`, `5%` or `0.05` as a share between 0 and 1."""
    raw = str(text).strip()
    try:
        share = float(raw[:-1]) / 100 if raw.endswith("%") else float(raw)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"'{text}' is no share; write for example '5 %'")
    return share


def _exact(value: object) -> Decimal:
    """Read a number of points exactly: at most six decimals, as the contributions are."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"'{value}' is no number")
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"'{value}' is no number") from None
    if not number.is_finite() or abs(number) > 1_000_000 or number != round(number, 6):
        raise ValueError(f"'{value}' is no number of points; use at most 1,000,000 and six decimals")
    return number


def _whole(value: object) -> Decimal:
    """Read a bound of the score: a whole number, since scores are written without decimals."""
    number = _exact(value)
    if number != number.to_integral_value():
        raise ValueError(f"'{value}' is no whole number; scores have no decimals")
    return number


PropertyName = Annotated[str, BeforeValidator(_property)]
Days = Annotated[int, BeforeValidator(days, json_schema_input_type=int | str)]
Name = Annotated[str, BeforeValidator(_name)]
Share = Annotated[float, BeforeValidator(_share, json_schema_input_type=float | str)]
Points = Annotated[Decimal, BeforeValidator(_exact)]
Whole = Annotated[Decimal, BeforeValidator(_whole)]
Text = Annotated[str, Field(min_length=1, max_length=250)]


class Declaration(BaseModel):
    """Base of all declarations: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Fade(Declaration):
    """How the points of one event shrink with its age: `factor(age)` goes from 1 towards 0."""

    shape: Literal["half", "linear"]
    interval: int
    share: float = 1.0


def _interval(text: str) -> int:
    return days(text if text[0].isdigit() else f"1 {text}")


def _fade(text: object) -> Fade | object:
    if isinstance(text, Fade):
        return text
    raw = str(text).strip()
    if match := _HALF.fullmatch(raw):
        return Fade(shape="half", interval=_interval(match[1]))
    if match := _SHARE.fullmatch(raw):
        return Fade(shape="linear", interval=_interval(match[2]), share=int(match[1]) / 100)
    if match := _ZERO.fullmatch(raw):
        return Fade(shape="linear", interval=days(match[1]))
    raise ValueError(f"'{text}' is no fading; write 'half every 30 days', '50 % every month' or 'to zero in 60 days'")


Fading = Annotated[Fade, BeforeValidator(_fade, json_schema_input_type=str)]


class Take(Declaration):
    """How a roll-up reduces the values of the associated records."""

    how: Literal["max", "min", "avg", "sum", "count"]
    top: int | None = None


def _take(text: object) -> Take | object:
    if isinstance(text, Take):
        return text
    match = _TAKE.fullmatch(str(text).strip())
    if not match:
        raise ValueError(f"'{text}' is no way to take; write max, min, avg, sum, count or 'top 3 avg'")
    return Take(how=match[1]) if match[1] else Take(how=match[3], top=int(match[2]))  # type: ignore[arg-type]


class EventFilter(Declaration):
    """Which events of a kind count: all of these must hold."""

    within: Days | None = None
    url_contains: str | None = None
    where: str | None = None


class Signal(EventFilter):
    """A named fact about one record: exactly one of value, count, sum, since, of."""

    object: Scored | None = None
    label: Text
    value: str | None = None
    count: Name | None = None
    sum: Name | None = None
    since: Name | None = None
    once_per: Period | None = None
    of: Name | None = None
    over: Scored | None = None
    take: Annotated[Take, BeforeValidator(_take, json_schema_input_type=str)] | None = None
    via: Literal["primary", "any"] = "any"

    @property
    def event(self) -> str | None:
        """The kind of event it reads, if any."""
        return self.count or self.sum or self.since

    @model_validator(mode="after")
    def _one_meaning(self) -> Signal:
        given = [key for key in ("value", "count", "sum", "since", "of") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("a signal has exactly one of value, count, sum, since, of")
        if self.of is not None and (self.over is None or self.take is None):
            raise ValueError("a roll-up needs 'of', 'over' and 'take', for example 'take: max'")
        if self.of is None and (self.over is not None or self.take is not None):
            raise ValueError("'over' and 'take' belong to a roll-up; add 'of'")
        if self.event is None and (self.within or self.url_contains or self.where or self.once_per):
            raise ValueError("within, url_contains, where and once_per belong to count, sum and since")
        if self.event is None and self.object is None:
            raise ValueError("say which object it is a fact about: contacts, companies or deals")
        if self.once_per and self.count is None:
            raise ValueError("once_per belongs to count")
        if self.since is not None and self.within is not None:
            raise ValueError("'since' looks at the last event; leave out 'within'")
        return self


class Rule(EventFilter):
    """A condition (`when`) or a kind of event (`with`), its points and its reason; or a cap (`at_most`)."""

    name: Name | None = None
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


class Writes(Declaration):
    """The HubSpot properties a model writes; what is left out is not written."""

    score: Name | None = None
    tier: Name | None = None
    why: Name | None = None
    tier_changed_at: Name | None = None

    @model_validator(mode="after")
    def _something(self) -> Writes:
        if not self.model_dump(exclude_none=True):
            raise ValueError("'writes' names no property; remove it or name at least 'score'")
        return self


class ModelDeclaration(Declaration):
    """What every kind of model declares; kinds add their own keys."""

    model: Name
    kind: str
    object: Literal["contacts", "companies", "deals", "customers"]
    who: str | None = None
    outcome: Text
    owner: Text
    covers: tuple[int, ...] = ()
    between: tuple[Whole, Whole] = (Decimal(0), Decimal(100))
    tiers: dict[Name, Tier] = Field(default_factory=dict)
    writes: Writes | None = None
    known_data_floor: Share = 0.5
    leave_margin: Annotated[Points, Field(ge=0)] = Decimal(3)
    write_if_changed_by: Annotated[Points, Field(ge=0)] | None = None

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


class Attributes(Declaration):
    """Base of event sources: which mechanism, and how its columns map to an event."""

    expected_every: Days | None = None
    covers: str | None = None


class OccurrenceSource(Attributes):
    """Event occurrences of HubSpot (page views, custom events); `{portal}` stands for the portal's id."""

    from_: Literal["occurrences"] = Field(alias="from")
    object: Scored = "contacts"
    event_type: str
    attributes: dict[Name, str] = Field(default_factory=dict)
    value: str | None = None
    currency: str | None = None


class ObjectSource(Attributes):
    """Events derived from records: a ticket closed, a meeting held, a deal won; all but `object` are expressions."""

    from_: Literal["objects"] = Field(alias="from")
    object: Pulled
    when: str | None = None
    time: str
    value: str | None = None
    currency: str | None = None
    attributes: dict[Name, str] = Field(default_factory=dict)


class CounterSource(Attributes):
    """Growth of a counter between snapshots, dated by its `last ...` property."""

    from_: Literal["counters"] = Field(alias="from")
    object: Scored = "contacts"
    count: str
    last: str


class TableSource(Attributes):
    """Rows of a CSV or Parquet file outside HubSpot; paths are relative to the config folder."""

    from_: Literal["tables"] = Field(alias="from")
    file: str
    subject: dict[Literal["email", "domain", "contacts", "companies", "deals"], str]
    time: str
    value: str | None = None
    currency: str | None = None
    attributes: dict[Name, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_subject(self) -> TableSource:
        if len(self.subject) != 1:
            raise ValueError("name one column that says whose event it is, for example 'subject: {email: user_email}'")
        return self


Source = Annotated[OccurrenceSource | ObjectSource | CounterSource | TableSource, Field(discriminator="from_")]


class EventKind(Declaration):
    """A kind of event and where it comes from: the first source that the portal allows is used."""

    label: Text
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


class Guards(Declaration):
    """Shares that a plan must keep to be written (design §5); groups under `minimum` records are exempt."""

    tier_changes: Share = 0.05
    acting_tier: Share = 0.02
    pull: Share = 0.95
    rejects: Share = 0.02
    minimum: Annotated[int, Field(ge=0)] = 10


class Api(Declaration):
    """How hubsync uses the account's API limits."""

    version: Literal["2026-09", "2026-03", "v3"] = "2026-09"
    search_per_second: Annotated[int, Field(ge=1, le=5)] = 2
    own_share: Share = 0.20
    reserve: Share = 0.30


class Main(Declaration):
    """`hubsync.yaml`: which models are on, and the settings of a run."""

    models: tuple[Name, ...]
    write_if_changed_by: Annotated[Points, Field(ge=0)] = Decimal(3)
    time_moves_every: Days = 7
    reconcile_every: Days = 1
    guards: Guards = Guards()
    api: Api = Api()


class PortalMap(Declaration):
    """`portal.yaml`: what the models' words mean in this portal, and its custom properties."""

    customers_are: Literal["contacts", "companies"] = "companies"
    words: dict[str, Any] = Field(default_factory=dict)
    properties: dict[Pulled, dict[PropertyName, PropertyType]] = Field(default_factory=dict)
