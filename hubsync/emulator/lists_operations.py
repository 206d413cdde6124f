"""What the operation of a list filter means for one value (api-facts §7).

The names of the operation types and their pairing with property types are HubSpot's. The operators that api-facts does
not name, the treatment of letters' case, the days of a rolling range (24 hours each) and the time zone in which a date
is compared are unverified.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment
from hubsync.emulator.lists_times import Operation, Setting, point, reader

Test = Callable[[str, int], bool]
"""Whether a value, which is not empty, passes at a moment (ms)."""

_DAY_MS = 86_400_000
_TEXT, _CHOICE, _NUMBER, _TIME = (
    ("STRING", "MULTISTRING"),
    ("ENUMERATION",),
    ("NUMBER", "NUMBER_RANGED"),
    ("TIME_POINT", "TIME_RANGED", "ROLLING_DATE_RANGE"),
)
_ALLOWED: dict[str, tuple[str, ...]] = {
    "number": _NUMBER,
    "string": _TEXT,
    "enumeration": _CHOICE,
    "bool": ("BOOL",),
    "date": _TIME,
    "datetime": _TIME,
}
TIMELY = frozenset(_TIME)
"""Operation types whose answer changes with time alone."""


def test_of(operation: Operation, setting: Setting) -> Test:
    """The test of an operation; HubSpot's 400 if it does not fit the type of the property."""
    kind, definition = str(operation.get("operationType")), setting.definition
    allowed = _ALLOWED.get(definition["type"], _TEXT)
    if definition["fieldType"] == "booleancheckbox":
        allowed = (*allowed, "BOOL")
    if kind not in allowed:
        # The text is unverified.
        raise errors.validation(
            f"operationType {kind} cannot be used with property {definition['name']} of type {definition['type']}; "
            f"allowed: {', '.join((*allowed, 'ALL_PROPERTY'))}"
        )
    return _MAKERS[kind](operation, setting)


def _need(operation: Operation, name: str) -> Any:
    if operation.get(name) is None:
        raise errors.validation(f"{operation.get('operationType')} needs {name}")
    return operation[name]


def _one_of(operation: Operation, tests: Mapping[str, Test]) -> Test:
    operator = str(operation.get("operator"))
    if operator not in tests:
        raise errors.validation(
            f"operator {operator} cannot be used with operationType {operation.get('operationType')}; "
            f"allowed: {', '.join(tests)}"
        )
    return tests[operator]


def _finite(text: Any) -> float:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _bound(operation: Operation, name: str) -> float:
    number = _finite(_need(operation, name))
    if math.isnan(number):
        raise errors.validation(f"{name} of {operation.get('operationType')} must be a number")
    return number


def _number(operation: Operation, _: Setting) -> Test:
    value = _bound(operation, "value")
    return _one_of(
        operation,
        {
            "IS_EQUAL_TO": lambda text, _: _finite(text) == value,
            "IS_NOT_EQUAL_TO": lambda text, _: _finite(text) != value,
            "IS_GREATER_THAN": lambda text, _: _finite(text) > value,
            "IS_GREATER_THAN_OR_EQUAL_TO": lambda text, _: _finite(text) >= value,
            "IS_LESS_THAN": lambda text, _: _finite(text) < value,
            "IS_LESS_THAN_OR_EQUAL_TO": lambda text, _: _finite(text) <= value,
        },
    )


def _number_ranged(operation: Operation, _: Setting) -> Test:
    low, high = _bound(operation, "lowerBound"), _bound(operation, "upperBound")
    return _one_of(
        operation,
        {
            "IS_BETWEEN": lambda text, _: low <= _finite(text) <= high,
            "IS_NOT_BETWEEN": lambda text, _: not low <= _finite(text) <= high,
        },
    )


def _strings(operation: Operation, _: Setting) -> Test:
    several = operation.get("operationType") == "MULTISTRING"
    given = _need(operation, "values") if several else [_need(operation, "value")]
    words = [str(one).lower() for one in given]
    return _one_of(
        operation,
        {
            "IS_EQUAL_TO": lambda text, _: text.lower() in words,
            "IS_NOT_EQUAL_TO": lambda text, _: text.lower() not in words,
            "CONTAINS": lambda text, _: any(word in text.lower() for word in words),
            "DOES_NOT_CONTAIN": lambda text, _: not any(word in text.lower() for word in words),
            "STARTS_WITH": lambda text, _: any(text.lower().startswith(word) for word in words),
            "ENDS_WITH": lambda text, _: any(text.lower().endswith(word) for word in words),
        },
    )


def _enumeration(operation: Operation, _: Setting) -> Test:
    wanted = {str(one) for one in _need(operation, "values")}

    def chosen(text: str) -> set[str]:
        return {part for part in text.split(";") if part}

    return _one_of(
        operation,
        {
            "IS_ANY_OF": lambda text, _: not wanted.isdisjoint(chosen(text)),
            "IS_NONE_OF": lambda text, _: wanted.isdisjoint(chosen(text)),
            "IS_EXACTLY": lambda text, _: wanted == chosen(text),
            "IS_NOT_EXACTLY": lambda text, _: wanted != chosen(text),
            "CONTAINS_ALL": lambda text, _: wanted <= chosen(text),
            "DOES_NOT_CONTAIN_ALL": lambda text, _: not wanted <= chosen(text),
        },
    )


def _bool(operation: Operation, _: Setting) -> Test:
    value = str(_need(operation, "value")).lower()
    return _one_of(
        operation,
        {
            "IS_EQUAL_TO": lambda text, _: text.lower() == value,
            "IS_NOT_EQUAL_TO": lambda text, _: text.lower() != value,
        },
    )


def _rolling(operation: Operation, _: Setting) -> Test:
    span = _bound(operation, "numberOfDays") * _DAY_MS

    def ago(text: str, now: int) -> float:
        moment = read_moment(text)
        return math.nan if moment is None else now - moment

    return _one_of(
        operation,
        {
            "IS_LESS_THAN_X_DAYS_AGO": lambda text, now: 0 <= ago(text, now) < span,
            "IS_MORE_THAN_X_DAYS_AGO": lambda text, now: ago(text, now) > span,
            "IS_LESS_THAN_X_DAYS_FROM_NOW": lambda text, now: 0 <= -ago(text, now) < span,
            "IS_MORE_THAN_X_DAYS_FROM_NOW": lambda text, now: -ago(text, now) > span,
        },
    )


def _time_point(operation: Operation, setting: Setting) -> Test:
    bound = point(_need(operation, "timePoint"), setting)
    read = reader(operation["timePoint"], setting)
    included = operation.get("endpointBehavior") == "INCLUSIVE"
    return _one_of(
        operation,
        {
            "IS_AFTER": lambda text, now: read(text) > bound(now) or (included and read(text) == bound(now)),
            "IS_BEFORE": lambda text, now: read(text) < bound(now) or (included and read(text) == bound(now)),
        },
    )


def _time_ranged(operation: Operation, setting: Setting) -> Test:
    low = point(_need(operation, "lowerBoundTimePoint"), setting)
    high = point(_need(operation, "upperBoundTimePoint"), setting)
    read = reader(operation["lowerBoundTimePoint"], setting)
    return _one_of(
        operation,
        {
            "IS_BETWEEN": lambda text, now: low(now) <= read(text) <= high(now),
            "IS_NOT_BETWEEN": lambda text, now: not low(now) <= read(text) <= high(now),
        },
    )


_MAKERS: dict[str, Callable[[Operation, Setting], Test]] = {
    "NUMBER": _number,
    "NUMBER_RANGED": _number_ranged,
    "STRING": _strings,
    "MULTISTRING": _strings,
    "ENUMERATION": _enumeration,
    "BOOL": _bool,
    "ROLLING_DATE_RANGE": _rolling,
    "TIME_POINT": _time_point,
    "TIME_RANGED": _time_ranged,
}
