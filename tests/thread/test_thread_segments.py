"""Segments, the history and refreshing in whole runs, through the real client against a portal that moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from thread_given import Thread
from thread_prepared import Prepared
from thread_small import LEADS_ALONE, small_thread, write_portal

from hubsync.cli.explaining import find
from hubsync.cli.lives import Tracing, segment_moves
from hubsync.emulator.scopes import everything
from hubsync.errors import InputError
from hubsync.workspace import Local

SEGMENTS = """\
hot: {object: contacts, label: "Hot, really", when: "interest >= 50 and interest_tier = 'hot'"}
cooled: {object: contacts, crosses: interest, below: 40, stays: 14 days}
good: {object: companies, when: account >= 70 and seats_used > 50}
"""
OFF = "waits: {object: contacts, when: interest > 10 and other > 3}\n"


LENIENT = ("hubsync.yaml", "api:", "guards: {minimum: 1000}\napi:")


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A small portal with segments after its first sync."""
    folder = tmp_path_factory.mktemp("synced")
    csv = write_portal(folder / "csv", contacts=40, companies=8)
    with small_thread(folder, csv, LENIENT) as thread:
        (thread.config / "segments.yaml").write_text(SEGMENTS)
        result = thread.run()
        assert result.status == "ok", result.reason
        return Prepared.of(thread)


@pytest.fixture
def small(tmp_path: Path, synced: Prepared) -> Iterator[Thread]:
    """That portal."""
    with synced.thread(tmp_path) as thread:
        yield thread


def ask(thread: Thread, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What HubSpot answers behind hubsync's back."""
    answer = requests.request(
        method, f"{thread.server.url}{path}", json=body, timeout=30,
        headers={"Authorization": f"Bearer {thread.server.token}"},
    )  # fmt: skip
    answer.raise_for_status()
    return answer.json()


def change(thread: Thread, record_id: str, **properties: str) -> None:
    """Change a contact in HubSpot."""
    thread.later()
    ask(thread, "PATCH", f"/crm/v3/objects/contacts/{record_id}", {"properties": properties})


def hottest(thread: Thread) -> str:
    """A contact with 50 points or more."""
    lead = thread.in_hubspot("contacts", ("hubsync_lead",))
    return next(key for key, each in sorted(lead.items()) if int(each["hubsync_lead"] or 0) >= 50)


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory, synced: Prepared) -> tuple[Prepared, str]:
    """The same portal after a hot contact became cold, and that contact."""
    with synced.thread(tmp_path_factory.mktemp("fallen")) as thread:
        record_id = hottest(thread)
        change(thread, record_id, tries="0", budget_ok="", met_on="", seen_at="")
        thread.run()
        return Prepared.of(thread), record_id


def members(thread: Thread, object_: str = "contacts") -> dict[str, str]:
    """The records that have a segment in HubSpot."""
    found = thread.in_hubspot(object_, ("hubsync_segments",))
    return {key: str(each["hubsync_segments"]) for key, each in found.items() if each["hubsync_segments"]}


def test_segments_are_written_as_one_checkbox_property(small: Thread) -> None:
    """The property has an option per segment, its members are those whose scores fit, and the second run is empty."""
    contacts = small.in_hubspot("contacts", ("hubsync_lead", "hubsync_lead_tier"))
    again = small.run()

    made = ask(small, "GET", "/crm/v3/properties/contacts/hubsync_segments")
    assert (made["type"], made["fieldType"]) == ("enumeration", "checkbox")
    assert [(each["value"], each["label"]) for each in made["options"]] == [
        ("hot", "Hot, really"),
        ("cooled", "Cooled"),
    ]
    hot = {key for key, each in contacts.items() if each["hubsync_lead_tier"] == "hot"}
    assert members(small) == dict.fromkeys(hot, "hot")
    assert hot
    assert set(members(small, "companies").values()) == {"good"}
    assert again.plan is not None
    assert again.plan.changes == 0


def test_a_segment_that_is_added_later_keeps_the_old_options(small: Thread) -> None:
    """A new segment becomes one option more; one that reads a model that is off waits, and says so.

    A label that HubSpot does not take is told, and keeps nothing from being written.
    """
    renamed = SEGMENTS.replace("hot:", "warm:", 1).replace("good: {", "good: {label: Best, ")
    (small.config / "segments.yaml").write_text(renamed + OFF.replace("other", "heat"))
    small.token = small.steer("tokens", {"scopes": sorted(everything() - {"crm.schemas.companies.write"})})["token"]
    (small.config / "models" / "heat.yaml").write_text(
        (small.config / "models" / "interest.yaml")
        .read_text()
        .replace("model: interest", "model: heat")
        .split("writes:")[0]
    )
    small.later()
    result = small.run("sync")

    options = ask(small, "GET", "/crm/v3/properties/contacts/hubsync_segments")["options"]
    assert {each["value"] for each in options} == {"hot", "cooled", "warm"}
    assert small.catalog.segments_off == {"waits": ("heat",)}
    assert result.plan is not None
    assert result.plan.segment_moves["contacts"]["hot"][2] > 0
    assert (result.status, result.written > 0) == ("ok", True), result.reason
    untold = "The labels of the options of companies.hubsync_segments stay as they are in HubSpot: "
    assert [note.startswith(untold) for note in small.heard.notes if "labels" in note] == [True]


def test_who_falls_is_there_for_a_fortnight(tmp_path: Path, fallen: tuple[Prepared, str]) -> None:
    """A score that falls below the bound brings the record in, and fourteen days take it out again."""
    portal, record_id = fallen
    with portal.thread(tmp_path) as thread:
        inside = members(thread)
        thread.live(13)
        thread.run()
        still = members(thread)
        thread.live(1)
        thread.run()
        outside = members(thread)

    assert inside.get(record_id) == "cooled"
    assert "cooled" in still.get(record_id, "")
    assert "cooled" not in outside.get(record_id, "")


def test_the_history_tells_each_move_with_the_lines_that_moved(tmp_path: Path, fallen: tuple[Prepared, str]) -> None:
    """The lines that are computed anew as of both days add up to the difference of the published scores."""
    portal, record_id = fallen
    with portal.thread(tmp_path) as thread:
        local = Local.open(thread.settings)
    tracing = Tracing(local.catalog, local.store, "UTC")
    record = find(local.store, "contacts", record_id)
    life = tracing.life(record)
    (course,) = tracing.courses(record, life, lines=5)
    first, second = course.moves

    assert first.causes == ("first score",)
    assert second.lines, second.note
    moved = sum(line.points for line in second.lines)
    assert second.entry.score is not None
    assert first.entry.score is not None
    assert moved == second.entry.score - first.entry.score < 0
    assert {line.rule for line in second.lines} <= {"tries", "budget", "met", "seen", "range"}
    assert segment_moves(life)[0].entered == ("hot",)


def test_clearing_segments_leaves_nothing_in_hubspot(small: Thread) -> None:
    """Without segments.yaml the values go, once."""
    assert members(small) and members(small, "companies")
    (small.config / "segments.yaml").unlink()
    small.later()
    cleared = small.run()

    assert cleared.status == "ok", cleared.reason
    assert members(small) == {}
    assert members(small, "companies") == {}
    small.later()
    assert small.run().plan.changes == 0  # type: ignore[union-attr]


def test_a_property_of_another_kind_is_a_conflict(tmp_path: Path) -> None:
    """A hubsync_segments that holds a single value is refused with what to do, and nothing is written."""
    csv = write_portal(tmp_path / "csv", contacts=4, companies=1)
    body = {"name": "hubsync_segments", "label": "Mine", "type": "enumeration", "fieldType": "select",
            "groupName": "contactinformation", "options": [{"label": "a", "value": "a"}]}  # fmt: skip
    with small_thread(tmp_path, csv, LEADS_ALONE) as small:
        (small.config / "segments.yaml").write_text(SEGMENTS.splitlines()[0])
        ask(small, "POST", "/crm/v3/properties/contacts", body)
        with pytest.raises(
            InputError, match=r"needs checkbox: name another property as segments_property in hubsync.yaml"
        ):
            small.run()
        assert not [path for path in small.stats["by_call"] if path.endswith("batch/update")]
