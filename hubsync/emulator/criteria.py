"""One filter of a search: which records pass it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment
from hubsync.emulator.records import OBJECT_NAMES, ObjectType, Rec
from hubsync.emulator.state import Portal

Criterion = dict[str, Any]
Test = Callable[[Rec], bool]
Value = float | int | str

_TOKEN = re.compile(r"[^\w@.*-]+")
_RELATIONS = ("LT", "LTE", "GT", "GTE", "BETWEEN")


def test_of(given: Criterion, kind: ObjectType, portal: Portal) -> Test:
    """The test that a filter means; HubSpot's 400 for unknown properties, operators and values."""
    name, operator = str(given.get("propertyName")), str(given.get("operator"))
    if name.startswith("associations."):
        return _association_test(name, operator, given, kind, portal)
    if name not in portal.properties[kind.name].live:
        # The text is unverified.
        raise errors.validation(f'There was a problem with the request: property "{name}" does not exist')
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        wanted = operator == "HAS_PROPERTY"
        return lambda rec: bool(rec.properties.get(name)) is wanted
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return _token_test(name, str(given.get("value", "")), wanted=operator == "CONTAINS_TOKEN")
    value_of = sort_key(name, kind, portal)
    read = _reader(name, kind, portal)
    if operator in ("IN", "NOT_IN"):
        members = {read(str(one)) for one in _list(given)}
        wanted = operator == "IN"
        # A record without a value passes NOT_IN and NEQ (unverified).
        return lambda rec: (value_of(rec) in members) is wanted
    return _comparison(operator, given, read, value_of)


def _comparison(
    operator: str, given: Criterion, read: Callable[[str], Value | None], value_of: Callable[[Rec], Any]
) -> Test:
    value = read(str(given.get("value", "")))
    if operator in ("EQ", "NEQ"):
        wanted = operator == "EQ"
        return lambda rec: (value_of(rec) == value) is wanted
    if operator not in _RELATIONS:
        raise errors.validation(f"Unknown operator: {operator}")
    high: Any = read(str(given.get("highValue", ""))) if operator == "BETWEEN" else value
    if value is None or high is None:
        raise errors.validation(f"{given.get('propertyName')}: {given.get('value')} cannot be compared")
    low: Any = value
    tests: dict[str, Callable[[Any], bool]] = {
        "LT": lambda found: found < low,
        "LTE": lambda found: found <= low,
        "GT": lambda found: found > low,
        "GTE": lambda found: found >= low,
        "BETWEEN": lambda found: low <= found <= high,
    }
    compare = tests[operator]

    def test(rec: Rec) -> bool:
        found = value_of(rec)
        return found is not None and compare(found)

    return test


def sort_key(name: str, kind: ObjectType, portal: Portal) -> Callable[[Rec], Any]:
    """Reads a property's value from a record in a form that compares; None when it has none."""
    if name == "hs_object_id":
        return lambda rec: int(rec.id)
    if name == kind.modified:
        return lambda rec: rec.updated_ms
    read = _reader(name, kind, portal)

    def value_of(rec: Rec) -> Value | None:
        text = rec.properties.get(name)
        return read(text) if text else None

    return value_of


def _reader(name: str, kind: ObjectType, portal: Portal) -> Callable[[str], Value | None]:
    definition = portal.properties[kind.name].live.get(name)
    type_ = definition["type"] if definition else "string"
    if name == "hs_object_id":
        return lambda text: int(text) if text.isdecimal() else None
    if type_ == "number":
        return _number
    if type_ in ("date", "datetime"):
        return read_moment
    if type_ == "enumeration":
        return str
    return str.lower


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _list(given: Criterion) -> list[Any]:
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise errors.validation(f"{given.get('operator')} needs a list of values")
    return values


def _token_test(name: str, value: str, *, wanted: bool) -> Test:
    patterns = [re.compile(re.escape(word).replace(r"\*", ".*")) for word in _TOKEN.split(value.lower()) if word]

    def test(rec: Rec) -> bool:
        text = rec.properties.get(name, "").lower()
        words = [text, *_TOKEN.split(text), *re.split(r"[^\w]+", text)]
        return all(any(pattern.fullmatch(word) for word in words) for pattern in patterns) is wanted

    return test


def _association_test(name: str, operator: str, given: Criterion, kind: ObjectType, portal: Portal) -> Test:
    end = OBJECT_NAMES.get(name.removeprefix("associations."))
    if end is None:
        raise errors.unknown_object_type(name.removeprefix("associations."))
    if operator not in ("EQ", "IN"):
        raise errors.validation(f"Unknown operator for {name}: {operator}")
    ids = {str(one) for one in (_list(given) if operator == "IN" else [given.get("value")])}
    return lambda rec: not ids.isdisjoint(portal.associations.of(kind.name, rec.id, end))
