"""Short looks into the database while a pull goes on."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hubsync.store import FirstSight, Place, Store
from hubsync.types import Counter

LOOK = 1_000
"""Records that are looked for in the database at a time."""


@dataclass(frozen=True)
class Glance:
    """Reads the database for the threads of a pull.

    One thread at a time opens the file, under the gate: within a process it can't be open for reading and for writing
    at once.
    """

    store: Store
    gate: threading.Lock = field(default_factory=threading.Lock)

    def known(self, object_name: str, ids: Sequence[str]) -> Mapping[str, datetime]:
        """When the records of an object with these ids were changed, as far as the store knows them."""
        with self.gate, self.store.read() as reader:
            return reader.updated_at(object_name, ids)

    def changed_in(self, object_name: str, name: str, after: Place, limit: int) -> Sequence[Place]:
        """When a property was last seen to change, for so many records of an object after a place."""
        with self.gate, self.store.read() as reader:
            return reader.changed_in(object_name, name, after, limit)

    def first_sights(self, counter: Counter, after: Place, limit: int) -> Sequence[FirstSight]:
        """How so many records after a place had a counter when it was seen first."""
        with self.gate, self.store.read() as reader:
            return reader.first_sights(counter, after, limit)
