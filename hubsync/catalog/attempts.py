"""Tries expressions one by one, so that each mistake is told once, where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from hubsync.catalog.reading import Document, Loc
from hubsync.catalog.tracing import BrokenNameError, Named, TracingVocabulary
from hubsync.scoring.meaning import ExpressionError

_Result = TypeVar("_Result")
_CIRCLE = "a circle of names: "
_TOO_LONG = "this leads through too many names to be followed"
_SHORTEN = "Shorten the chain of signals."


def attempt(
    document: Document, loc: Loc | Callable[[ExpressionError], Loc], action: Callable[[], _Result]
) -> _Result | None:
    """The result of compiling something, or None and its mistake noted at the path."""
    try:
        return action()
    except BrokenNameError:
        return None
    except ExpressionError as error:
        document.report(loc(error) if callable(loc) else loc, error.message, error.hint)
    except RecursionError:
        document.report(() if callable(loc) else loc, _TOO_LONG, _SHORTEN)
    return None


@dataclass(frozen=True)
class Entry:
    """A named expression that others may use: its sort and name, where it stands, and how it is tried."""

    sort: str
    name: str
    loc: Loc
    action: Callable[[], object]

    @property
    def named(self) -> Named:
        """Its sort and name."""
        return self.sort, self.name

    @property
    def what(self) -> str:
        """As the vocabulary speaks of it."""
        return f"{self.sort} {self.name}"


def settle(words: TracingVocabulary, document: Document, entries: Iterable[Entry]) -> None:
    """Try entries that may use each other; each mistake is noted at the entry in which it arises."""
    passed_on: list[tuple[Entry, str, ExpressionError]] = []
    for entry in entries:
        words.culprit = None
        try:
            entry.action()
        except BrokenNameError:
            continue
        except RecursionError:
            document.report(entry.loc, _TOO_LONG, _SHORTEN)
            words.broken.add(entry.named)
        except ExpressionError as error:
            circle = _circle(error)
            if (circle and entry.named != circle[0]) or (not circle and words.culprit not in (None, entry.what)):
                passed_on.append((entry, str(words.culprit), error))
                continue
            document.report(entry.loc, error.message, error.hint)
            words.broken |= {entry.named, *circle}
    for entry, culprit, told in passed_on:
        if _named(culprit) not in words.broken:
            document.report(entry.loc, told.message, told.hint)
            words.broken.add(entry.named)


def _circle(error: ExpressionError) -> list[Named]:
    """The signals or words of a circle, in the order in which they lead to each other."""
    if not error.message.startswith(_CIRCLE):
        return []
    return [_named(what) for what in error.message.removeprefix(_CIRCLE).split(" -> ")]


def _named(what: str) -> Named:
    sort, _, name = what.partition(" ")
    return sort, name
