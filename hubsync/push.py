"""Stage 4: changes become batches, and batches become outcomes, settled as they arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from hubsync.crm import Client
from hubsync.crm.client import BATCH, chunks
from hubsync.errors import HubsyncError
from hubsync.scoring.configuration import Guards
from hubsync.store import Store
from hubsync.types import Outcome, Update

AT_ONCE = 1_000
"""Updates sent between two openings of the database: a crash repeats at most these."""

STREAMS = 4


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
    rest is not sent. Raises what the client raises; what was written before is settled.
    """
    pushed, done = Pushed(), Counter[str]()
    with store.write() as writer:
        writer.publish(run_id, at)
    with store.planned(run_id) as planned, ThreadPoolExecutor(STREAMS, thread_name_prefix="push") as pool:
        for object_ in planned.objects:
            for updates in planned.updates(object_, AT_ONCE):
                outcomes, error = _send(pool, client, object_, updates, run_id)
                pushed.take(outcomes)
                pushed.stopped = _too_many(pushed, limits)
                with store.write() as writer:
                    writer.settle(run_id, object_, outcomes, at)
                    if pushed.stopped:
                        writer.skip(run_id, pushed.stopped, at)
                if error is not None:
                    raise error
                done[object_] += len(outcomes)
                progress(object_, done[object_])
                if pushed.stopped:
                    return pushed
    return pushed


def _send(
    pool: ThreadPoolExecutor, client: Client, object_: str, updates: Sequence[Update], run_id: str
) -> tuple[list[Outcome], HubsyncError | None]:
    """The outcomes of what came through, and the first error of what did not."""
    sent = [pool.submit(client.batch_update, object_, some, run_id) for some in chunks(updates, BATCH)]
    outcomes: list[Outcome] = []
    error: HubsyncError | None = None
    for each in sent:
        try:
            outcomes += each.result()
        except HubsyncError as raised:
            error = error or raised
    return outcomes, error


def _too_many(pushed: Pushed, limits: Guards) -> str:
    total = pushed.written + pushed.rejected
    if pushed.rejected <= limits.minimum or pushed.rejected <= limits.rejects * total:
        return ""
    return (
        f"HubSpot refused {pushed.rejected:,} of {total:,} records, more than {limits.rejects:.0%}; the rest was not"
        " sent. See `hubsync status` for HubSpot's words."
    )
