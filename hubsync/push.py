"""Stage 4: changes become batches, and batches become outcomes, settled as they arrive."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime

from hubsync.crm import Abreast, Client
from hubsync.crm.client import BATCH
from hubsync.errors import HubsyncError
from hubsync.scoring.configuration import Guards
from hubsync.store import Planned, Store
from hubsync.types import Outcome, Update

AT_ONCE = 1_000
"""Outcomes settled in one opening of the database: a crash repeats at most these."""

SHOWN_NO_MORE = "HubSpot shows this record no more."

IN_FLIGHT = 8
"""Batches under way at the same time, so that latency does not waste the limit."""


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


def push(
    store: Store, client: Client, run_id: str, limits: Guards, at: datetime, progress: Progress, pushed: Pushed
) -> None:
    """Publish a run's decisions and write its changes; what HubSpot refuses is settled record by record.

    The database is closed while HubSpot works. When more than the guard's share of the writes is refused, the
    rest is not sent. Raises what the client raises; what was written before is settled, and counted in `pushed`.
    """
    done = Counter[str]()
    with store.write() as writer:
        # Gone since the moment that the scores speak of, as the pull found afterwards.
        writer.skip_archived(run_id, SHOWN_NO_MORE, at)
        writer.publish(run_id, at)
    with (
        _settling(store, run_id, at) as settle,
        closing(_sent(client, _batches(store.planned(run_id)), run_id, lambda: bool(pushed.stopped))) as sent,
    ):
        for object_, outcomes in sent:
            pushed.take(outcomes)
            settle(object_, outcomes)
            pushed.stopped = pushed.stopped or _too_many(pushed, limits)
            done[object_] += len(outcomes)
            progress(object_, done[object_])
    if pushed.stopped:
        with store.write() as writer:
            writer.skip(run_id, pushed.stopped, at)


def _batches(planned: Planned) -> Iterator[tuple[str, Sequence[Update]]]:
    for object_ in planned.objects:
        for updates in planned.updates(object_, BATCH):
            yield object_, updates


def _sent(
    client: Client, batches: Iterator[tuple[str, Sequence[Update]]], run_id: str, enough: Callable[[], bool]
) -> Generator[tuple[str, list[Outcome]]]:
    """The outcomes of each batch in the order of sending; the first error is raised when all under way has come."""
    flying: deque[tuple[str, Future[list[Outcome]]]] = deque()
    error: HubsyncError | None = None
    with Abreast(IN_FLIGHT, "push") as pool:
        more = True
        while more or flying:
            more = more and error is None and not enough()
            if more and len(flying) < IN_FLIGHT:
                following = next(batches, None)
                more = following is not None
                if following is not None:
                    flying.append((following[0], pool.submit(client.batch_update, *following, run_id)))
                continue
            if flying:
                object_, future = flying.popleft()
                try:
                    yield object_, future.result()
                except HubsyncError as raised:
                    error = error or raised
    if error is not None:
        raise error


@contextmanager
def _settling(store: Store, run_id: str, at: datetime) -> Iterator[Callable[[str, list[Outcome]], None]]:
    """Take outcomes into the store a thousand at a time, and what is left however it ends."""
    waiting: defaultdict[str, list[Outcome]] = defaultdict(list)

    def flush() -> None:
        if waiting:
            with store.write() as writer:
                for object_, outcomes in waiting.items():
                    writer.settle(run_id, object_, outcomes, at)
        waiting.clear()

    def settle(object_: str, outcomes: list[Outcome]) -> None:
        waiting[object_] += outcomes
        if sum(map(len, waiting.values())) >= AT_ONCE:
            flush()

    try:
        yield settle
    finally:
        flush()


def _too_many(pushed: Pushed, limits: Guards) -> str:
    total = pushed.written + pushed.rejected
    if pushed.rejected <= limits.minimum or pushed.rejected <= limits.rejects * total:
        return ""
    return (
        f"HubSpot refused {pushed.rejected:,} of {total:,} records, more than {limits.rejects:.0%}; the rest was not"
        " sent. See `hubsync status` for HubSpot's words."
    )
