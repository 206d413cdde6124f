"""What a counter counted before it was watched has no dates, and scoring knows since when it is watched."""

from __future__ import annotations

from pathlib import Path

from pull_bench import bench

from hubsync.catalog import Catalog
from hubsync.pull import feeds_of
from hubsync.pull.choice import is_watched
from hubsync.scoring.origins import CounterSource

COUNTERS = "email_click/counters"


def test_counters_are_watched_from_the_first_pull(catalog: Catalog, tmp_path: Path) -> None:
    """A counter is watched since the first pull, in later pulls and in runs without one; it limits no silence."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "contacts.csv").write_text(
        "id,email,hs_email_click,hs_email_last_click_date\n1,a@x.example,3,2026-09-10T08:00:00Z\n"
    )
    with bench(tmp_path / "data", catalog, load=files) as portal:
        first = portal.pull().feeds
        began = portal.last.now
        portal.steer("clock", days=3)
        later = portal.pull().feeds
        with portal.store.read() as reader:
            known = feeds_of(catalog, reader.sources())
    assert first.watched[COUNTERS] == later.watched[COUNTERS] == known.watched[COUNTERS] == began
    assert COUNTERS not in later.starts
    assert known.starts == later.starts


def test_a_counter_whose_past_was_read_is_not_watched_only() -> None:
    """A counter that is seeded from property history has dates for what it counted before the first pull."""
    counter = {"from": "counters", "count": "n", "last": "at"}
    assert is_watched(CounterSource.model_validate(counter))
    assert not is_watched(CounterSource.model_validate({**counter, "seed": True}))
