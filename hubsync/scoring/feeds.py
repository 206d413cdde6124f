"""Which source feeds a kind of event, whose events they are, and which objects they reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hubsync.scoring.origins import AnySource, EventKind

LINKS = (
    ("contacts", "companies"),
    ("deals", "contacts"),
    ("deals", "companies"),
    ("tickets", "contacts"),
    ("tickets", "companies"),
    *(
        (activity, target)
        for activity in ("calls", "emails", "meetings", "notes", "tasks", "communications")
        for target in ("contacts", "companies")
    ),
    ("feedback_submissions", "contacts"),
    ("commerce_payments", "contacts"),
    ("commerce_payments", "companies"),
    ("subscriptions", "contacts"),
    ("subscriptions", "companies"),
)
"""The directions in which associations are pulled; events travel along them."""


def source_ids(kind: str, declaration: EventKind) -> Iterator[tuple[str, AnySource]]:
    """The sources of a kind in order, each with its id: `login/occurrences`, `login/tables2` for a second."""
    seen: dict[str, int] = {}
    for source in declaration.sources:
        number = seen[source.from_] = seen.get(source.from_, 0) + 1
        yield f"{kind}/{source.from_}{number if number > 1 else ''}", source


def reaches(from_object: str, to_object: str) -> bool:
    """Whether an event on one object counts for another (core rule: companies never pass events on)."""
    if from_object == to_object or (from_object, to_object) in LINKS:
        return True
    return to_object == "companies" and (from_object, "contacts") in LINKS


@dataclass(frozen=True)
class Feeds:
    """What feeds each kind of event in this portal now.

    `active` maps a kind to the id of the source in use, None when the portal allows none; a kind that is not in
    it uses its first source. `starts` says from when on a source knows; `overdue` sources are not believed. `watched`
    says since when a counter is watched: what it counted before has no dates but that of its last.
    """

    active: Mapping[str, str | None] = field(default_factory=dict)
    starts: Mapping[str, datetime] = field(default_factory=dict)
    overdue: frozenset[str] = frozenset()
    watched: Mapping[str, datetime] = field(default_factory=dict)

    def source(self, kind: str, declaration: EventKind) -> tuple[str, AnySource] | None:
        """The source in use for a kind, with its id."""
        sources = dict(source_ids(kind, declaration))
        if kind not in self.active:
            return next(iter(sources.items()))
        chosen = self.active[kind]
        return (chosen, sources[chosen]) if chosen in sources else None
