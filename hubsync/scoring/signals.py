"""What signals may say: facts about one record, of its properties, of what happened to it, or of others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from hubsync.scoring.units import Days, Declaration, Name, Period, Scored, Take, Text, _take

EVENT_SIGNALS = ("count", "sum", "since", "first", "until", "trend", "silence", "streak", "covered", "distinct")
"""The keys of signals that name a kind of event."""

_REQUIRED = {
    "trend": {
        "within": "the recent days, for example 28 days",
        "against": "the days before them that show what is usual, for example 180 days",
    },
    "silence": {"against": "the days up to the last event that show what is usual, for example 365 days"},
    "streak": {"once_per": "day, week or month"},
    "distinct": {"by": "an attribute of the events"},
}
_TAKEN_BY = {
    "within": ("count", "sum", "first", "until", "trend", "streak", "covered", "distinct"),
    "url_contains": tuple(each for each in EVENT_SIGNALS if each != "covered"),
    "where": tuple(each for each in EVENT_SIGNALS if each != "covered"),
    "once_per": ("count", "streak"),
    "against": ("trend", "silence"),
    "at_least": ("trend",),
    "trend_of": ("trend",),
    "by": ("distinct",),
}


class EventFilter(Declaration):
    """Which events of a kind count: all of these must hold."""

    within: Days | None = None
    url_contains: str | None = None
    where: str | None = None


class Signal(EventFilter):
    """A named fact about one record: exactly one of value, of, or a key of EVENT_SIGNALS with a kind of event.

    `first` is days since the first event, `until` days to the next one; with `within` both are conditions. `trend`
    is the rate of the `within` days over the record's own rate of the `against` days before them (checklist 66);
    `silence` days since the last event over the record's own usual gap (66); `streak` periods in a row with an
    event (6); `covered` whether the source knows the record; `distinct` how many values an attribute has (74).
    """

    object: Scored | None = None
    label: Text
    value: str | None = None
    count: Name | None = None
    sum: Name | None = None
    since: Name | None = None
    first: Name | None = None
    until: Name | None = None
    trend: Name | None = None
    silence: Name | None = None
    streak: Name | None = None
    covered: Name | None = None
    distinct: Name | None = None
    once_per: Period | None = None
    against: Days | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    trend_of: Literal["count", "value"] | None = None
    by: Name | None = None
    of: Name | None = None
    over: Scored | None = None
    take: Annotated[Take, BeforeValidator(_take, json_schema_input_type=str)] | None = None
    via: Literal["primary", "any"] = "any"

    @property
    def sort(self) -> str:
        """Which of the keys it has: value, of, or one of EVENT_SIGNALS."""
        return next(key for key in ("value", "of", *EVENT_SIGNALS) if getattr(self, key) is not None)

    @property
    def event(self) -> str | None:
        """The kind of event it reads, if any."""
        return getattr(self, self.sort) if self.sort in EVENT_SIGNALS else None

    @property
    def is_condition(self) -> bool:
        """Whether a signal on events holds or not, and is no number."""
        return self.sort == "covered" or (self.sort in ("first", "until") and self.within is not None)

    @model_validator(mode="after")
    def _one_meaning(self) -> Signal:
        given = [key for key in ("value", "of", *EVENT_SIGNALS) if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"a signal has exactly one of value, of, {', '.join(EVENT_SIGNALS)}")
        if self.of is not None and (self.over is None or self.take is None):
            raise ValueError("a roll-up needs 'of', 'over' and 'take', for example 'take: max'")
        if self.of is None and (self.over is not None or self.take is not None):
            raise ValueError("'over' and 'take' belong to a roll-up; add 'of'")
        if self.event is None and self.object is None:
            raise ValueError("say which object it is a fact about: contacts, companies or deals")
        return self

    @model_validator(mode="after")
    def _fitting_keys(self) -> Signal:
        for key, meaning in _REQUIRED.get(self.sort, {}).items():
            if getattr(self, key) is None:
                raise ValueError(f"'{self.sort}' needs '{key}': {meaning}")
        for key, sorts in _TAKEN_BY.items():
            if getattr(self, key) is not None and self.sort not in sorts:
                if key == "within" and self.sort in ("since", "silence"):
                    raise ValueError(f"'{self.sort}' looks at the last event; leave out 'within'")
                listed = " and ".join(part for part in (", ".join(sorts[:-1]), sorts[-1]) if part)
                raise ValueError(f"'{key}' belongs to {listed}; leave it out")
        if self.trend is not None and self.against < self.within:  # type: ignore[operator]
            raise ValueError("'against' is at least as long as 'within': a trend compares with a longer past")
        return self
