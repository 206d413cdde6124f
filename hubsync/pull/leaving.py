"""What a pull concludes about records that HubSpot shows no more: merged, back again, or gone for good."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from hubsync.errors import StoreError
from hubsync.store import Store, Writer, rewrite

_LOG = logging.getLogger(__name__)


def take_leave(writer: Writer, objects: Iterable[str], at: datetime) -> int:
    """Note what is gone, and erase what has been gone for a week; returns how many records were erased.

    The last full listing that was believed says what is gone, also when it was another pull's.
    """
    cursors = writer.cursors()
    for name in objects:
        listed = cursors.get(name, {}).get("full_at")
        writer.take_leave(name, datetime.fromisoformat(listed) if listed else None, at)
    return writer.erase_gone(at)


def leave_no_byte(store: Store) -> None:
    """Write the file anew after an erasure; when there is no room for it, the run goes on and says so."""
    try:
        rewrite(store)
    except StoreError as error:
        _LOG.warning("Erased rows are gone, but their bytes stay in the file until the next erasure: %s", error)
