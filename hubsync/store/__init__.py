"""The database of one portal: what was pulled, what was found, what was done."""

from hubsync.store.erasure import AFTER, ASKED
from hubsync.store.interrupting import interrupt, open_connections
from hubsync.store.lives import Life, Publication, Stretch
from hubsync.store.lookback import BEGINNING, FirstSight, Place
from hubsync.store.outcomes import VALUES_HASH
from hubsync.store.planned import Expected, Planned
from hubsync.store.reader import Reader
from hubsync.store.reports import (
    UNREADABLE,
    Published,
    Reject,
    Run,
    SourceState,
    SourceStatus,
    Stock,
    StoredRecord,
    Tombstone,
    UsedModel,
)
from hubsync.store.retention import RETAINED_ON, Horizons
from hubsync.store.rewriting import rewrite
from hubsync.store.routes import OTHER_EMAILS
from hubsync.store.scratch import Link, Scratch
from hubsync.store.store import Store
from hubsync.store.writer import Writer

__all__ = [
    "AFTER",
    "ASKED",
    "BEGINNING",
    "OTHER_EMAILS",
    "RETAINED_ON",
    "UNREADABLE",
    "VALUES_HASH",
    "Expected",
    "FirstSight",
    "Horizons",
    "Life",
    "Link",
    "Place",
    "Planned",
    "Publication",
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
    "Stretch",
    "Tombstone",
    "UsedModel",
    "Writer",
    "interrupt",
    "open_connections",
    "rewrite",
]
