"""Associations between records, and their types (api-facts §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

Pair = tuple[str, str]


class AssociationType(NamedTuple):
    """One type of association from one object type to another."""

    type_id: int
    name: str
    label: str | None = None
    category: str = "HUBSPOT_DEFINED"


# from, to, unlabeled id, unlabeled id of the way back, primary id, primary id of the way back
_HUBSPOT_DEFINED: tuple[tuple[str, str, int, int, int | None, int | None], ...] = (
    ("contacts", "companies", 279, 280, 1, 2),
    ("deals", "contacts", 3, 4, None, None),
    ("deals", "companies", 341, 342, 5, 6),
    ("contacts", "tickets", 15, 16, None, None),
    ("companies", "tickets", 340, 339, 25, 26),
    ("deals", "tickets", 27, 28, None, None),
    ("deals", "line_items", 19, 20, None, None),
    ("contacts", "feedback_submissions", 97, 98, None, None),
    ("tickets", "feedback_submissions", 99, 100, None, None),
    ("companies", "calls", 181, 182, None, None),
    ("companies", "emails", 185, 186, None, None),
    ("companies", "meetings", 187, 188, None, None),
    ("companies", "notes", 189, 190, None, None),
    ("companies", "tasks", 191, 192, None, None),
    ("contacts", "calls", 193, 194, None, None),
    ("contacts", "emails", 197, 198, None, None),
    ("contacts", "meetings", 199, 200, None, None),
    ("contacts", "notes", 201, 202, None, None),
    ("contacts", "tasks", 203, 204, None, None),
    ("deals", "calls", 205, 206, None, None),
    ("deals", "emails", 209, 210, None, None),
    ("deals", "meetings", 211, 212, None, None),
    ("deals", "notes", 213, 214, None, None),
    ("deals", "tasks", 215, 216, None, None),
    ("tickets", "calls", 219, 220, None, None),
    ("tickets", "emails", 223, 224, None, None),
    ("tickets", "meetings", 225, 226, None, None),
    ("tickets", "notes", 227, 228, None, None),
    ("tickets", "tasks", 229, 230, None, None),
    # Only 81, 295 and 387 are documented here; their opposites and the company's pairs are guesses (mem).
    ("contacts", "communications", 82, 81, None, None),
    ("companies", "communications", 88, 87, None, None),
    ("contacts", "subscriptions", 296, 295, None, None),
    ("companies", "subscriptions", 298, 297, None, None),
    ("contacts", "commerce_payments", 388, 387, None, None),
    ("companies", "commerce_payments", 390, 389, None, None),
)
_SINGULAR = {"companies": "company"}
_FIRST_OTHER_ID = 900


def _word(object: str) -> str:
    return _SINGULAR.get(object, object.removesuffix("s"))


def _built_in() -> dict[Pair, list[AssociationType]]:
    table: dict[Pair, list[AssociationType]] = {}
    for left, right, there, back, primary, primary_back in _HUBSPOT_DEFINED:
        for start, end, plain, first in ((left, right, there, primary), (right, left, back, primary_back)):
            name = f"{_word(start)}_to_{_word(end)}"
            kinds = [AssociationType(plain, name + ("_unlabeled" if first else ""))]
            if first:
                kinds.append(AssociationType(first, name, "Primary"))
            table[start, end] = kinds
    return table


class Associations:
    """Who is associated with whom, in both directions, with one or more types each."""

    def __init__(self) -> None:
        self.types = _built_in()
        self._links: dict[Pair, dict[str, dict[str, dict[int, None]]]] = {}
        self._next_id = _FIRST_OTHER_ID
        self.on_link: Callable[[str, str, str, str], None] | None = None
        """Called with both records when an association between them came, changed or went."""

    def types_between(self, start: str, end: str) -> list[AssociationType]:
        """The types from one object type to another; the first is the unlabeled one."""
        if (start, end) not in self.types:
            name = f"{_word(start)}_to_{_word(end)}"
            self.types[start, end] = [AssociationType(self._next_id, name)]
            self._next_id += 1
        return self.types[start, end]

    def add_label(self, start: str, end: str, label: str) -> AssociationType:
        """Define a label of the portal's own, in both directions under one name."""
        for left, right in dict.fromkeys(((start, end), (end, start))):
            kinds = self.types_between(left, right)
            if all(kind.label != label for kind in kinds):
                name = label.lower().replace(" ", "_")
                kinds.append(AssociationType(self._next_id, name, label, "USER_DEFINED"))
                self._next_id += 1
        return next(kind for kind in self.types_between(start, end) if kind.label == label)

    def drop_label(self, start: str, end: str, kind: AssociationType) -> None:
        """Take a label of the portal's own away, in one direction, from all pairs that have it."""
        self.types[start, end].remove(kind)
        for links in self._links.get((start, end), {}).values():
            for kinds in links.values():
                kinds.pop(kind.type_id, None)

    def link(self, start: str, from_id: str, end: str, to_id: str, type_ids: Sequence[int] = ()) -> None:
        """Associate two records both ways; without types: unlabeled, and primary if none is primary yet."""
        if not type_ids and start == "companies" != end:
            start, from_id, end, to_id = end, to_id, start, from_id
        chosen = type_ids or self._default_types(start, from_id, end)
        for type_id in chosen:
            self._put(start, from_id, end, to_id, type_id)
            self._put(end, to_id, start, from_id, self._opposite(start, end, type_id))
        if self.on_link:
            self.on_link(start, from_id, end, to_id)

    def unlink(self, start: str, from_id: str, end: str, to_id: str, type_ids: Sequence[int] = ()) -> None:
        """Take types off a pair of records, or the whole association if none is named."""
        chosen = type_ids or tuple(self.of(start, from_id, end).get(to_id, ()))
        opposites = [self._opposite(start, end, type_id) for type_id in chosen]
        self._take(start, from_id, end, to_id, chosen)
        self._take(end, to_id, start, from_id, opposites)
        if self.on_link:
            self.on_link(start, from_id, end, to_id)

    def of(self, start: str, from_id: str, end: str) -> Mapping[str, Mapping[int, None]]:
        """The records of type `end` that one record is associated with, each with its type ids."""
        return self._links.get((start, end), {}).get(from_id, {})

    def all_of(self, object: str, id: str) -> Iterator[tuple[str, str, list[int]]]:
        """Every association of one record: object type, id, type ids."""
        for (start, end), links in list(self._links.items()):
            if start == object:
                for other, kinds in list(links.get(id, {}).items()):
                    yield end, other, list(kinds)

    def kind(self, start: str, end: str, type_id: int) -> AssociationType | None:
        """The type of this id, if it is one between these object types."""
        return next((kind for kind in self.types_between(start, end) if kind.type_id == type_id), None)

    def _default_types(self, start: str, from_id: str, end: str) -> tuple[int, ...]:
        kinds = self.types_between(start, end)
        primary = next((kind.type_id for kind in kinds if kind.label == "Primary"), None)
        plain = kinds[0].type_id
        if primary is None or end != "companies":
            return (plain,)
        taken = any(primary in types for types in self.of(start, from_id, end).values())
        return (plain,) if taken else (plain, primary)

    def _opposite(self, start: str, end: str, type_id: int) -> int:
        there, back = self.types_between(start, end), self.types_between(end, start)
        kind = self.kind(start, end, type_id) or there[0]
        return next((other.type_id for other in back if other.label == kind.label), back[0].type_id)

    def _put(self, start: str, from_id: str, end: str, to_id: str, type_id: int) -> None:
        links = self._links.setdefault((start, end), {}).setdefault(from_id, {})
        kinds = links.setdefault(to_id, {})
        kinds[type_id] = None
        plain = self.types_between(start, end)[0].type_id
        if type_id != plain:
            kinds.setdefault(plain)
        kind = self.kind(start, end, type_id)
        if kind and kind.label == "Primary" and end == "companies":
            for other, types in links.items():
                if other != to_id and types.pop(type_id, 0) is None:
                    opposite = self._opposite(start, end, type_id)
                    self._links[end, start][other][from_id].pop(opposite, None)

    def _take(self, start: str, from_id: str, end: str, to_id: str, type_ids: Sequence[int]) -> None:
        links = self._links.get((start, end), {}).get(from_id, {})
        kinds = links.get(to_id)
        if kinds is None:
            return
        for type_id in type_ids:
            kinds.pop(type_id, None)
        if not kinds:
            del links[to_id]
