"""What a first pull will cost, for `check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from hubsync.catalog import Catalog
from hubsync.crm import Client
from hubsync.crm.client import HISTORY_BATCH, PAGE
from hubsync.errors import ScopeError
from hubsync.pull.sources.registry import MECHANISMS
from hubsync.pull.survey import needs
from hubsync.scoring.feeds import Feeds
from hubsync.scoring.origins import AnySource, CounterSource, HistorySource
from hubsync.scoring.requirements import Requirements
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.types import AsOf

# A stream's pages follow one another: this is how long one takes.
_SECONDS_PER_PAGE = 0.25
_SMALLEST_LIMIT = 100
_WINDOW = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls and minutes of the first pull; `records` has None for an object that the token may not read.

    `kinds` has the kinds of events whose number HubSpot does not tell beforehand, with the calls that they take at
    least; these are among `calls`, more come on top.
    """

    calls: int
    minutes: float
    records: Mapping[str, int | None]
    kinds: Mapping[str, int]


def estimate(client: Client, catalog: Catalog, as_of: AsOf) -> Estimate:
    """Ask for the number of records of each object, one call each."""
    needed, vocabulary = needs(catalog, as_of, Feeds())
    records = {name: _count(client, name) for name in needed.objects}
    return cost(needed, vocabulary, records, client.transport.rate.maximum)


def reckon(catalog: Catalog, as_of: AsOf, records: Mapping[str, int | None], rate: int | None = None) -> Estimate:
    """What pulling everything costs when there are so many records; `rate` is the limit of calls in ten seconds."""
    return cost(*needs(catalog, as_of, Feeds()), records, rate)


def cost(
    needed: Requirements, vocabulary: Vocabulary, records: Mapping[str, int | None], rate: int | None = None
) -> Estimate:
    """What pulling just this costs when there are so many records."""
    records = {name: records.get(name) for name in needed.objects}
    pages = {name: ceil((count or 0) / PAGE) or 1 for name, count in records.items()}
    # The source that stands first is the one that is used where the plan allows it.
    streamed = {
        kind: source for kind, _, source in reversed([*needed.sources(vocabulary)])
        if source.in_hubspot and type(source) in MECHANISMS
    }  # fmt: skip
    shared = {type(source) for source in streamed.values()}
    # Beside the pages: definitions and the recycle bin of each object, and what is known to be read of events.
    calls = sum(pages.values()) + 2 * len(pages) + sum(MECHANISMS[each].once for each in shared)
    kinds = {kind: MECHANISMS[type(of)].least(of, needed.events[kind]) for kind, of in sorted(streamed.items())}
    calls += sum(kinds.values())
    calls += sum(_histories(source, records) for _, _, source in needed.sources(vocabulary))
    per_second = (rate or _SMALLEST_LIMIT) / _WINDOW
    seconds = max(calls / per_second, max(pages.values(), default=0) * _SECONDS_PER_PAGE)
    return Estimate(calls, seconds / 60, records, kinds)


def _histories(source: AnySource, records: Mapping[str, int | None]) -> int:
    """Calls for the property history of all records, as far as a source reads it."""
    if not isinstance(source, HistorySource) and not (isinstance(source, CounterSource) and source.seed):
        return 0
    return ceil((records.get(source.object) or 0) / HISTORY_BATCH)


def _count(client: Client, name: str) -> int | None:
    try:
        return client.search_page(name, ["hs_object_id"], limit=1).total
    except ScopeError:
        return None
