"""The filter branch of a list or workflow: checked when it is given, and turned into a test of records.

The root is an OR of ANDs, whose filters are properties (PROPERTY) or lists (IN_LIST). HubSpot knows more kinds of
branches and filters; the emulator refuses those with a sentence of its own instead of guessing who passes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubsync.emulator import errors
from hubsync.emulator.lists_operations import TIMELY, test_of
from hubsync.emulator.lists_times import Setting
from hubsync.emulator.records import ObjectType, Rec
from hubsync.emulator.state import Portal

Branch = Mapping[str, Any]
Passes = Callable[[Rec, int], bool]
"""Whether a record passes at a moment (ms)."""
InList = Callable[[str, str], bool]
"""Whether the list (id) has the record (id) as a member."""

_EVER, _NEVER = "HAS_EVER_BEEN_", "HAS_NEVER_BEEN_"
_KNOWN = {"IS_KNOWN": True, "IS_UNKNOWN": False, "IS_NOT_BLANK": True, "IS_BLANK": False}


@dataclass(frozen=True, slots=True)
class Filter:
    """A checked filter branch."""

    passes: Passes
    branch: dict[str, Any]
    """As HubSpot shows it, with what it adds."""
    properties: frozenset[str]
    timely: bool
    """Whether who passes changes with time alone."""


def filter_of(portal: Portal, kind: ObjectType, branch: object, in_list: InList) -> Filter:
    """Check a root branch and make its test; HubSpot's 400 if something in it does not fit."""
    if not isinstance(branch, Mapping) or branch.get("filterBranchType") != "OR":
        raise errors.validation("The root filterBranch must have the filterBranchType OR")
    below = branch.get("filterBranches") or []
    if branch.get("filters") or not below:
        raise errors.validation(
            "The root filterBranch must have no filters, and one or more filterBranches of type AND"
        )
    parts = [_all_of(portal, kind, one, in_list) for one in below]
    ways = [part.passes for part in parts]
    return Filter(
        lambda rec, now: any(passes(rec, now) for passes in ways),
        _shown(branch, "OR", [part.branch for part in parts], []),
        frozenset().union(*(part.properties for part in parts)),
        any(part.timely for part in parts),
    )


def _shown(branch: Branch, operator: str, below: list[dict[str, Any]], filters: list[dict[str, Any]]) -> dict[str, Any]:
    return dict(branch) | {"filterBranchOperator": operator, "filterBranches": below, "filters": filters}


def _all_of(portal: Portal, kind: ObjectType, branch: object, in_list: InList) -> Filter:
    given = branch.get("filterBranchType") if isinstance(branch, Mapping) else None
    if not isinstance(branch, Mapping) or given != "AND":
        raise errors.validation(f"Below the root, this emulator evaluates filterBranches of type AND, not {given}")
    if branch.get("filterBranches"):
        raise errors.validation("This emulator evaluates no filterBranches below an AND")
    parts = [_filter(portal, kind, one, in_list) for one in branch.get("filters") or []]
    if not parts:
        raise errors.validation("A filterBranch of type AND needs filters")
    tests = [part.passes for part in parts]
    return Filter(
        lambda rec, now: all(passes(rec, now) for passes in tests),
        _shown(branch, "AND", [], [part.branch for part in parts]),
        frozenset().union(*(part.properties for part in parts)),
        any(part.timely for part in parts),
    )


def _filter(portal: Portal, kind: ObjectType, given: object, in_list: InList) -> Filter:
    one = given if isinstance(given, Mapping) else {}
    if one.get("filterType") == "IN_LIST":
        return _membership(portal, one, in_list)
    if one.get("filterType") != "PROPERTY":
        raise errors.validation(
            f"filterType {one.get('filterType')} is not evaluated by this emulator; use PROPERTY or IN_LIST"
        )
    name, operation = str(one.get("property")), one.get("operation")
    definition = portal.properties[kind.name].live.get(name)
    if definition is None:
        # The text is unverified.
        raise errors.validation(f'Property "{name}" does not exist for object type {kind.type_id}')
    if not isinstance(operation, Mapping):
        raise errors.validation(f"The filter on {name} needs an operation")
    passes = _property_test(name, operation, Setting(definition, portal.time_zone))
    shown = dict(one) | {"operation": {"includeObjectsWithNoValueSet": False} | dict(operation)}
    return Filter(passes, shown, frozenset({name}), operation.get("operationType") in TIMELY)


def _membership(portal: Portal, one: Branch, in_list: InList) -> Filter:
    id, wanted = str(one.get("listId")), one.get("operator") != "NOT_IN_LIST"
    if id not in portal.tools.lists.live:
        raise errors.validation(f"List {id} does not exist")
    return Filter(lambda rec, _: in_list(id, rec.id) is wanted, dict(one), frozenset(), timely=True)


def _property_test(name: str, operation: Branch, setting: Setting) -> Passes:
    operator = str(operation.get("operator"))
    if operation.get("operationType") == "ALL_PROPERTY":
        if operator not in _KNOWN:
            raise errors.validation(f"operator {operator} cannot be used with ALL_PROPERTY; use IS_KNOWN or IS_UNKNOWN")
        known = _KNOWN[operator]
        return lambda rec, _: bool(rec.properties.get(name)) is known
    without = bool(operation.get("includeObjectsWithNoValueSet"))
    for prefix, wanted in ((_EVER, True), (_NEVER, False)):
        if operator.startswith(prefix):
            now_operator = f"IS_{operator.removeprefix(prefix)}"
            test = test_of(dict(operation) | {"operator": now_operator}, setting)
            return lambda rec, now: (
                any(one.value and test(one.value, now) for one in rec.history.get(name, ())) is wanted
            )
    test = test_of(operation, setting)

    def passes(rec: Rec, now: int) -> bool:
        value = rec.properties.get(name)
        return test(value, now) if value else without

    return passes
