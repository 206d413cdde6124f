"""The sources that are read by a stream of their own: for each declaration, how to open it and what it costs.

A new one is a declaration in `scoring/origins.py`, a file in this folder, and a line here; where it needs a scope of
its own, also a line in `crm/scopes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubsync.pull.sources import email_events, forms, history, lists, occurrences, sql
from hubsync.pull.sources.streams import EventStream, Opening
from hubsync.scoring.event_source import EventSource
from hubsync.scoring.marketing_sources import EmailEventSource, FormSource, ListSource
from hubsync.scoring.origins import HistorySource, OccurrenceSource, SqlSource


@dataclass(frozen=True, slots=True)
class Mechanism:
    """How the streams of one kind of source are opened, and the calls of a first pull.

    `least` gives the calls that one source takes at least when the models look so many days back; `once` are those
    that all sources of the kind share. `afterwards` is for streams that need the records of this pull.
    """

    open: Callable[[Opening, Any], EventStream]
    least: Callable[[Any, int], int]
    once: int = 0
    afterwards: bool = False


MECHANISMS: Mapping[type[EventSource], Mechanism] = {
    OccurrenceSource: Mechanism(occurrences.open_stream, lambda _source, _days: 1, once=1),
    EmailEventSource: Mechanism(email_events.open_stream, email_events.least_calls),
    FormSource: Mechanism(forms.open_stream, lambda _source, _days: 1, once=1),
    ListSource: Mechanism(lists.open_stream, lambda _source, _days: 2),
    HistorySource: Mechanism(history.open_stream, lambda _source, _days: 1, afterwards=True),
    SqlSource: Mechanism(sql.open_stream, lambda _source, _days: 0),
}
