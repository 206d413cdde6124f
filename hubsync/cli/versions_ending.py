"""The warning, well ahead, that HubSpot ends the version of its API that hubsync speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from hubsync.cli.output import counted

WARN_BEFORE_END = timedelta(days=183)
_NAMED = 5


def ending_sentences(ends: Mapping[date, Sequence[str]]) -> Iterator[str]:
    """What ends when, by operation, and what to do about it."""
    for day, operations in ends.items():
        some = ", ".join(operations[:_NAMED]) + (", ..." if len(operations) > _NAMED else "")
        yield (
            f"On {day} HubSpot ends its support of {counted(len(operations), 'kind of call', 'kinds of calls')} that"
            f" hubsync makes ({some}):"
            " install a newer hubsync before, or name a newer version under 'api' in hubsync.yaml."
        )
