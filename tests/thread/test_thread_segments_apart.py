"""Segments where nothing else is written, and under another name, in whole runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from thread_given import Thread
from thread_prepared import Prepared
from thread_small import DEAL, LEADS_ALONE, small_thread, write_csv, write_portal

DEALS = "large: {object: deals, label: Large, when: amount >= 800}\n"


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A small portal whose open deals have a segment, though no model is about deals, after its first sync."""
    folder = tmp_path_factory.mktemp("synced")
    csv = write_portal(folder / "csv", contacts=12, companies=6)
    header = (*DEAL, "hs_is_closed:bool")
    rows = [(9000 + n, "Deal", "default", "any", "", 400 * n, "USD", str(n % 3 == 0).lower()) for n in range(6)]
    write_csv(csv / "deals.csv", header, rows)
    with small_thread(
        folder, csv, ("hubsync.yaml", "api:", "guards: {minimum: 1000}\napi:"), LEADS_ALONE,
        ("portal.yaml", "  companies: {seats", "  deals: {amount: number}\n  companies: {seats"),
    ) as thread:  # fmt: skip
        (thread.config / "segments.yaml").write_text(DEALS)
        result = thread.run()
        assert result.status == "ok", result.reason
        return Prepared.of(thread)


@pytest.fixture
def small(tmp_path: Path, synced: Prepared) -> Iterator[Thread]:
    """That portal."""
    with synced.thread(tmp_path) as thread:
        yield thread


def members(thread: Thread, property_: str = "hubsync_segments") -> dict[str, str]:
    """The deals that have a segment in HubSpot."""
    found = thread.in_hubspot("deals", (property_,))
    return {key: str(each[property_]) for key, each in found.items() if each[property_]}


def test_an_object_without_a_model_has_segments(small: Thread) -> None:
    """Open deals get theirs, closed ones are frozen, the second run is empty, and an edit is taken back."""
    written = members(small)
    small.later()
    again = small.run()
    small.later()
    with small.server.portal.lock:
        small.server.portal.set("deals", "9004", {"hubsync_segments": ""}, at=small.server.portal.now)
    back = small.run()

    assert written == {"9002": "large", "9004": "large", "9005": "large"}
    assert again.plan is not None
    assert again.plan.changes == 0
    assert back.plan is not None
    assert back.plan.changes == 1
    assert members(small) == written
    (small.config / "segments.yaml").unlink()
    small.later()
    small.run()
    assert members(small) == {}


def test_under_another_name_the_old_property_is_cleared(small: Thread) -> None:
    """A new segments_property takes over what the old one held."""
    before = members(small)
    main = small.config / "hubsync.yaml"
    main.write_text(main.read_text() + "segments_property: our_segments\n")
    small.later()
    small.run()
    small.later()
    again = small.run()

    assert members(small) == {}
    assert members(small, "our_segments") == before
    assert again.plan is not None
    assert again.plan.changes == 0
