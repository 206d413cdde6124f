"""Sources that events.yaml does not name any more: what they brought is kept, and counts for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from hubsync.catalog import Catalog
from hubsync.pull.derivation import derived
from hubsync.pull.sources.counters import sighting
from hubsync.pull.sources.seeding import name_of
from hubsync.scoring.feeds import source_ids
from hubsync.store import SourceState, Stock, Writer


def settle_removed(
    writer: Writer, catalog: Catalog, known: Iterable[SourceState], stock: Mapping[str, Stock], at: datetime
) -> None:
    """Say of each removed source what is kept of it, and forget one of which nothing is left, with its cursors.

    Events are not deleted: a line that was commented out for a run would cost what HubSpot does not show again, such
    as the opens of last year or the growth of a counter. With its cursor a source that is back goes on where it was.
    """
    declared = {name for kind, each in catalog.events.items() for name, _ in source_ids(kind, each)}
    told: list[SourceState] = []
    for state in known:
        if state.source in declared:
            continue
        kept = stock[state.source].events if state.source in stock else 0
        if not kept:
            for cursor in (state.source, derived(state.source), name_of(state.source), sighting(state.source)):
                writer.drop_cursor(cursor)
            writer.forget_source(state.source)
            continue
        events = f"{kept:,} event{'s' if kept > 1 else ''}"
        reason = f"it is not in events.yaml any more; what it brought is kept ({events}) and counts for nothing"
        told.append(replace(state, status="unavailable", checked_at=at, reason=reason))
    writer.save_sources(told)
