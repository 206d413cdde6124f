"""What the database says about a portal when no run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hubsync.errors import HubsyncError
from hubsync.settings import Settings
from hubsync.workspace import only_store


@dataclass(frozen=True, slots=True)
class Facts:
    """What runs left behind; all of it is empty before the first."""

    portal_id: str = ""
    time_zone: str | None = None
    good_run: str = ""
    good_at: datetime | None = None
    stale: tuple[str, ...] = ()
    rejects: int = 0
    bytes: int = 0


def read_facts(settings: Settings) -> Facts | None:
    """Read the database; None when there is none yet or it can't be read now."""
    try:
        store = only_store(settings)
        with store.read() as reader:
            good = reader.last_good_run()
            ended = good.ended_at or good.started_at if good else None
            return Facts(
                portal_id=store.portal_id,
                time_zone=(reader.account() or {}).get("time_zone"),
                good_run=good.run_id if good else "",
                good_at=ended.replace(tzinfo=UTC) if ended else None,
                stale=tuple(each.source for each in reader.sources() if each.status in ("overdue", "failed")),
                rejects=len({(reject.object, reject.record_id) for reject in reader.rejects()}),
                bytes=reader.sizes()["file"],
            )
    except HubsyncError:
        return None
