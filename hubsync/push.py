"""Stage 4: changes become batches, and batches become outcomes, settled as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from hubsync.crm import Client
from hubsync.scoring.declarations import Guards
from hubsync.store import Store
from hubsync.types import Outcome, Update

BATCH = 100
AT_ONCE = 1_000
"""Updates sent between two openings of the database: a crash repeats at most these."""

STREAMS = 4
OBJECTS = ("contacts", "companies", "deals")


@dataclass
class Pushed:
    """What HubSpot made of a plan: records written and refused, and why the push stopped early, if it did."""

    written: int = 0
    rejected: int = 0
    stopped: str = ""

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes."""
        self.written += sum(outcome.written for outcome in outcomes)
        self.rejected += sum(not outcome.written for outcome in outcomes)


Progress = Callable[[str, int], None]


def push(store: Store, client: Client, run_id: str, limits: Guards, at: datetime, progress: Progress) -> Pushed:
    """Publish a run's decisions and write its changes; what HubSpot refuses is settled record by record.

    The database is closed while HubSpot works. When more than the guard's share of the writes is refused, the
    rest is not sent. Raises what the client raises; what was settled before stays settled.
    """
    pushed = Pushed()
    with store.write() as writer:
        writer.publish(run_id, at)
    with ThreadPoolExecutor(STREAMS, thread_name_prefix="push") as pool:
        for object_ in OBJECTS:
            while updates := _next(store, run_id, object_):
                outcomes = _send(pool, client, object_, updates, run_id)
                with store.write() as writer:
                    writer.settle(run_id, object_, outcomes, at)
                pushed.take(outcomes)
                progress(object_, len(outcomes))
                pushed.stopped = _too_many(pushed, limits)
                if pushed.stopped:
                    _skip_rest(store, run_id, pushed.stopped, at)
                    return pushed
    return pushed


def _next(store: Store, run_id: str, object_: str) -> list[Update]:
    with store.read() as reader:
        return reader.updates(run_id, object_, AT_ONCE)


def _send(
    pool: ThreadPoolExecutor, client: Client, object_: str, updates: Sequence[Update], run_id: str
) -> list[Outcome]:
    batches = [updates[start : start + BATCH] for start in range(0, len(updates), BATCH)]
    sent = pool.map(lambda batch: client.batch_update(object_, batch, run_id), batches)
    return [outcome for outcomes in sent for outcome in outcomes]


def _too_many(pushed: Pushed, limits: Guards) -> str:
    total = pushed.written + pushed.rejected
    if pushed.rejected <= limits.minimum or pushed.rejected <= limits.rejects * total:
        return ""
    return (
        f"HubSpot refused {pushed.rejected:,} of {total:,} records, more than {limits.rejects:.0%}; the rest was not"
        " sent. See `hubsync status` for HubSpot's words."
    )


def _skip_rest(store: Store, run_id: str, reason: str, at: datetime) -> None:
    for object_ in OBJECTS:
        while updates := _next(store, run_id, object_):
            with store.write() as writer:
                writer.skip(run_id, object_, [update.record_id for update in updates], reason, at)
