"""The database of one portal: what was pulled, what was found, what was done."""

from hubsync.store.outcomes import VALUES_HASH
from hubsync.store.planned import Expected, Planned
from hubsync.store.reader import Reader
from hubsync.store.reports import (
    Published,
    Reject,
    Run,
    SourceState,
    SourceStatus,
    Stock,
    StoredRecord,
    UsedModel,
)
from hubsync.store.scratch import Link, Scratch
from hubsync.store.store import Store
from hubsync.store.writer import Writer

__all__ = [
    "VALUES_HASH",
    "Expected",
    "Link",
    "Planned",
    "Published",
    "Reader",
    "Reject",
    "Run",
    "Scratch",
    "SourceState",
    "SourceStatus",
    "Stock",
    "Store",
    "StoredRecord",
    "UsedModel",
    "Writer",
]
