"""The database of one portal: what was pulled, what was found, what was done."""

from hubsync.store.audit import VALUES_HASH
from hubsync.store.reports import Published, Reader, Reject, Run, SourceState, StoredRecord, UsedModel
from hubsync.store.scratch import Link, Scratch
from hubsync.store.store import Store
from hubsync.store.writer import Writer

__all__ = [
    "VALUES_HASH",
    "Link",
    "Published",
    "Reader",
    "Reject",
    "Run",
    "Scratch",
    "SourceState",
    "Store",
    "StoredRecord",
    "UsedModel",
    "Writer",
]
