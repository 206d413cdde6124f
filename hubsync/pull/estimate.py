"""What a first pull will cost, for `check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from hubsync.catalog import Catalog
from hubsync.crm import Client
from hubsync.crm.client import PAGE
from hubsync.errors import ScopeError
from hubsync.pull.survey import needs
from hubsync.scoring.origins import OccurrenceSource
from hubsync.scoring.sources import Feeds
from hubsync.types import AsOf

# A stream's pages follow one another: this is how long one takes.
_SECONDS_PER_PAGE = 0.25
_SMALLEST_LIMIT = 100
_WINDOW = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls and minutes of the first pull; `records` has None for an object that the token may not read.

    `kinds` names the kinds of events whose number HubSpot does not tell beforehand: they come on top.
    """

    calls: int
    minutes: float
    records: Mapping[str, int | None]
    kinds: tuple[str, ...]


def estimate(client: Client, catalog: Catalog, as_of: AsOf) -> Estimate:
    """Ask for the number of records of each object, one call each."""
    needed, _ = needs(catalog, as_of, Feeds())
    records = {name: _count(client, name) for name in needed.objects}
    return reckon(catalog, as_of, records, client.transport.rate.maximum)


def reckon(catalog: Catalog, as_of: AsOf, records: Mapping[str, int | None], rate: int | None = None) -> Estimate:
    """What pulling everything costs when there are so many records; `rate` is the limit of calls in ten seconds."""
    needed, vocabulary = needs(catalog, as_of, Feeds())
    records = {name: records.get(name) for name in needed.objects}
    pages = {name: ceil((count or 0) / PAGE) or 1 for name, count in records.items()}
    kinds = {kind for kind, _, source in needed.sources(vocabulary) if isinstance(source, OccurrenceSource)}
    # Beside the pages: definitions and the recycle bin of each object, the event types, one page per kind of event.
    calls = sum(pages.values()) + 2 * len(pages) + (1 + len(kinds) if kinds else 0)
    per_second = (rate or _SMALLEST_LIMIT) / _WINDOW
    seconds = max(calls / per_second, max(pages.values(), default=0) * _SECONDS_PER_PAGE)
    return Estimate(calls, seconds / 60, records, tuple(sorted(kinds)))


def _count(client: Client, name: str) -> int | None:
    try:
        return client.search_page(name, ["hs_object_id"], limit=1).total
    except ScopeError:
        return None
