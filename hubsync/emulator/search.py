"""Search: filters over a snapshot that lags behind, sorted and cut into pages (api-facts §3)."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from hubsync.emulator import errors
from hubsync.emulator.clock import read_moment
from hubsync.emulator.criteria import Criterion, sort_key, test_of
from hubsync.emulator.exchange import Call, Reply, answer, whole
from hubsync.emulator.records import ObjectType, Rec
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import View

T = TypeVar("T")

WALL = 10_000
LARGEST_PAGE = 200
LONGEST_BODY = 3_000
# Older texts say 5 groups.
MOST_GROUPS, MOST_IN_GROUP, MOST_FILTERS = 6, 6, 18


class SearchIndex:
    """The records as search sees them: as they were `lag_ms` ago."""

    def __init__(self, portal: Portal, lag_ms: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._portal = portal
        self.lag_ms = lag_ms
        self._lag = lag_ms / 1000
        self._monotonic = monotonic
        self._seen: dict[str, dict[str, Rec]] = {}
        self._due: deque[tuple[float, str, str, Rec | None]] = deque()
        self._applied: dict[str, int] = {}
        self._by_time: dict[str, tuple[int, list[int], list[Rec]]] = {}
        self._last: dict[str, tuple[int, bytes, list[Rec]]] = {}
        if lag_ms:
            self._seen = {
                name: {id: _copy(rec) for id, rec in records.items()} for name, records in portal.objects.items()
            }
            portal.watchers.append(self._note)

    def _note(self, object: str, id: str) -> None:
        rec = self._portal.objects[object].get(id)
        self._due.append((self._monotonic() + self._lag, object, id, _copy(rec) if rec else None))

    def records(self, object: str) -> tuple[int, Mapping[str, Rec]]:
        """A number that changes with the content, and the records."""
        if not self._lag:
            return self._portal.versions[object], self._portal.objects[object]
        now = self._monotonic()
        while self._due and self._due[0][0] <= now:
            _, name, id, rec = self._due.popleft()
            self._applied[name] = self._applied.get(name, 0) + 1
            if rec is None:
                self._seen[name].pop(id, None)
            else:
                self._seen[name][id] = rec
        return self._applied.get(object, 0), self._seen[object]

    def find(
        self, kind: ObjectType, groups: list[list[Criterion]], text: str, sort: tuple[str, bool] | None
    ) -> list[Rec]:
        """All records that pass, in order; the last result is kept, for the next page of the same query."""
        version, records = self.records(kind.name)
        key = orjson.dumps([groups, text, sort])
        last = self._last.get(kind.name)
        if last and last[:2] == (version, key):
            return last[2]
        tests = [[test_of(one, kind, self._portal) for one in group] for group in groups]
        found = [
            rec
            for rec in self._candidates(kind, version, records, groups)
            if not tests or any(all(test(rec) for test in group) for group in tests)
        ]
        if text:
            word = text.lower()
            found = [rec for rec in found if any(word in value.lower() for value in rec.properties.values())]
        found.sort(key=lambda rec: int(rec.id))
        if sort and sort[0] != "hs_object_id":
            # Records without the value come last, whichever the direction (unverified).
            value_of = sort_key(sort[0], kind, self._portal)
            known = [rec for rec in found if value_of(rec) is not None]
            unknown = [rec for rec in found if value_of(rec) is None]
            found = sorted(known, key=value_of, reverse=sort[1]) + unknown
        elif sort and sort[1]:
            found.reverse()
        self._last[kind.name] = (version, key, found)
        return found

    def _candidates(
        self, kind: ObjectType, version: int, records: Mapping[str, Rec], groups: list[list[Criterion]]
    ) -> Iterable[Rec]:
        """The records that can pass: cut by modified time when every group has a range of it."""
        ranges = [_range(group, kind.modified) for group in groups]
        if not ranges or None in ranges:
            return records.values()
        low = min(span[0] for span in ranges if span)
        high = max(span[1] for span in ranges if span)
        held = self._by_time.get(kind.name)
        if held is None or held[0] != version:
            ordered = sorted(records.values(), key=lambda rec: rec.updated_ms)
            held = self._by_time[kind.name] = (version, [rec.updated_ms for rec in ordered], ordered)
        return held[2][bisect_left(held[1], low) : bisect_left(held[1], high + 1)]


class Query(NamedTuple):
    """What a search asks for."""

    groups: list[list[Criterion]]
    text: str
    sort: tuple[str, bool] | None
    """A property, and whether the largest comes first."""
    start: int
    limit: int
    properties: list[str] | None


def query_of(call: Call) -> Query:
    """The body of a search; HubSpot's 400 for what is beyond its limits."""
    asked = call.json()
    _refuse_long(call, asked)
    groups = _groups(asked)
    limit, start = whole(asked, "limit", 10), whole(asked, "after", 0)
    if limit > LARGEST_PAGE:
        raise errors.validation(f"The limit of a search page is {LARGEST_PAGE}")
    if start + limit > WALL:
        raise errors.validation(f"A search cannot go beyond {WALL} results: after is {start} and limit {limit}")
    sort = _sort(asked.get("sorts") or [])
    return Query(groups, str(asked.get("query") or ""), sort, start, limit, asked.get("properties"))


def page_of(query: Query, found: Sequence[T], show: Callable[[Sequence[T]], list[dict[str, Any]]]) -> dict[str, Any]:
    """One page of what was found."""
    end = query.start + query.limit
    page: dict[str, Any] = {"total": len(found), "results": show(found[query.start : end])}
    if end < len(found):
        page["paging"] = {"next": {"after": str(end)}}
    return page


def search(portal: Portal, index: SearchIndex, call: Call, kind: ObjectType) -> Reply:
    """`POST .../search`."""
    query = query_of(call)
    groups, beyond = _keyset(query.groups, query.sort)
    found = index.find(kind, groups, query.text, query.sort)
    if beyond is not None:
        found = found[bisect_right(found, beyond, key=lambda rec: int(rec.id)) :]
    view = View(portal, kind, call.version, query.properties)
    return answer(page_of(query, found, lambda page: [view.show(rec) for rec in page]))


def _refuse_long(call: Call, asked: Mapping[str, Any]) -> None:
    """The documentation limits the whole body, but programs that send every property name are served."""
    if len(call.body) > LONGEST_BODY:
        rest = {name: value for name, value in asked.items() if name != "properties"}
        if len(orjson.dumps(rest)) > LONGEST_BODY:
            raise errors.validation("The request body is longer than 3000 characters")


def _groups(asked: Mapping[str, Any]) -> list[list[Criterion]]:
    given = asked.get("filterGroups") or []
    if asked.get("filters"):
        given = [*given, {"filters": asked["filters"]}]
    if len(given) > MOST_GROUPS:
        raise errors.validation(f"No more than {MOST_GROUPS} filter groups are allowed")
    groups = [[dict(one) for one in group.get("filters") or []] for group in given]
    if any(len(group) > MOST_IN_GROUP for group in groups):
        raise errors.validation(f"No more than {MOST_IN_GROUP} filters are allowed in a filter group")
    if sum(map(len, groups)) > MOST_FILTERS:
        raise errors.validation(f"No more than {MOST_FILTERS} filters are allowed")
    return [group for group in groups if group]


def _keyset(groups: list[list[Criterion]], sort: tuple[str, bool] | None) -> tuple[list[list[Criterion]], int | None]:
    """Take `hs_object_id > n` out of a walk by id, so that all its pages are one kept result."""
    if len(groups) != 1 or sort != ("hs_object_id", False):
        return groups, None
    bounds = [one for one in groups[0] if one.get("propertyName") == "hs_object_id" and one.get("operator") == "GT"]
    if len(bounds) != 1 or not str(bounds[0].get("value", "")).isdecimal():
        return groups, None
    rest = [one for one in groups[0] if one is not bounds[0]]
    return [rest] if rest else [], int(bounds[0]["value"])


def _sort(sorts: list[Any]) -> tuple[str, bool] | None:
    if len(sorts) > 1:
        raise errors.validation("Only one sort is allowed")
    if not sorts:
        return None
    if isinstance(sorts[0], str):
        return sorts[0].lstrip("-"), sorts[0].startswith("-")
    return str(sorts[0].get("propertyName")), sorts[0].get("direction") == "DESCENDING"


def _range(group: list[Criterion], modified: str) -> tuple[int, int] | None:
    low, high, bounded = 0, 2**62, False
    for one in group:
        if one.get("propertyName") != modified:
            continue
        value, last = read_moment(str(one.get("value", ""))), read_moment(str(one.get("highValue", "")))
        operator = one.get("operator")
        if operator in ("GTE", "GT", "EQ", "BETWEEN") and value is not None:
            low, bounded = max(low, value), True
        top = last if operator == "BETWEEN" else value if operator in ("LT", "LTE", "EQ") else None
        if top is not None:
            high, bounded = min(high, top), True
    return (low, high) if bounded else None


def _copy(rec: Rec) -> Rec:
    return Rec(rec.id, dict(rec.properties), rec.created_at, rec.updated_at, rec.updated_ms)
