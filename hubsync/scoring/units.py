"""The small parts of all declarations: names, durations, shares, points, fading and taking.

Durations are whole days: a week is 7, a month 30, a year 365.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Scored = Literal["contacts", "companies", "deals"]
OBJECTS: tuple[str, ...] = get_args(Scored)
"""Objects that can carry a score."""

Pulled = Literal[
    "contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks",
    "communications", "feedback_submissions", "commerce_payments", "subscriptions", "line_items",
]  # fmt: skip
"""Objects whose records can be pulled and turned into events."""

Period = Literal["day", "week", "month"]

FINEST = Decimal("0.000001")
"""The finest step of points: a contribution has six decimals (design §8)."""

PERIOD_DAYS = {"day": 1, "week": 7, "month": 30}
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_DURATION = re.compile(r"(\d{1,5}) (day|week|month|year)s?")
_LONGEST = 36_500
_LARGEST = 1_000_000_000_000
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


def _day(text: object) -> date:
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError:
        raise ValueError(f"'{text}' is no day; write for example '2026-09-21'") from None


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


def _number(value: object) -> Decimal:
    """Read a number with as many decimals as it is written: a coefficient, a bound of money."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or abs(number) > _LARGEST:
        raise ValueError(f"'{value}' is no number; use at most {_LARGEST:,}")
    return number


def _whole(value: object) -> Decimal:
    """Read a bound of the score: a whole number, since scores are written without decimals."""
    number = _exact(value)
    if number != number.to_integral_value():
        raise ValueError(f"'{value}' is no whole number; scores have no decimals")
    return number


PropertyName = Annotated[str, BeforeValidator(_property)]
Days = Annotated[int, BeforeValidator(days, json_schema_input_type=int | str)]
Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=str)]
Name = Annotated[str, BeforeValidator(_name)]
Share = Annotated[float, BeforeValidator(_share, json_schema_input_type=float | str)]
Points = Annotated[Decimal, BeforeValidator(_exact)]
Number = Annotated[Decimal, BeforeValidator(_number, json_schema_input_type=float | str)]
Whole = Annotated[Decimal, BeforeValidator(_whole)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=250)]


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
