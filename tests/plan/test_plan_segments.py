"""Who belongs to which segment: levels, durations and crossings by what was published, and what is written of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk, model
from segments_desk import SegmentsDesk

from hubsync.store import Store

LOYAL = "loyal: {object: companies, when: health >= 70, for: 180 days}\n"
FELL = "fell: {object: companies, crosses: health, below: 30, stays: 14 days}\n"
ROSE = "rose: {object: companies, crosses: health, above: 80}\n"


@pytest.fixture
def desk(tmp_path: Path) -> SegmentsDesk:
    return SegmentsDesk(tmp_path, Store.open(tmp_path / "data", "7"))


def test_a_segment_is_a_condition_on_scores_and_tiers(desk: SegmentsDesk) -> None:
    """Several scores and tiers make one condition; what belongs is written as one value, the keys in order."""
    desk.models["growth"] = model("growth", more=("{when: bit4, points: 10, reason: more}",))
    desk.on = ("health", "growth")
    desk.segments = (
        "upsell: {object: companies, when: health >= 80 and growth >= 90}\n"
        "best: {object: companies, when: health_tier = 'strong'}\n"
    )
    desk.put({"1": 84, "2": 80, "3": 20})
    desk.sync()

    assert desk.values("hubsync_segments") == {"1": "best;upsell", "2": "best"}


def test_only_a_change_of_membership_is_written(desk: SegmentsDesk) -> None:
    """The second plan is empty, also when HubSpot gives the values in another order; leaving all clears the value."""
    desk.segments = "a: {object: companies, when: health >= 80}\nb: {object: companies, when: health >= 60}\n"
    desk.put({"1": 84, "2": 64, "3": 20})
    desk.sync()
    desk.own("1", hubsync_segments="b;a")
    desk.later(hours=1)
    again = desk.plan()
    desk.put({"1": 64, "2": 20, "3": 24})
    desk.sync()

    assert again.changes == 0
    assert desk.values("hubsync_segments") == {"1": "b", "2": ""}


def test_what_somebody_edited_is_put_right(desk: SegmentsDesk) -> None:
    """A value that was changed in HubSpot is written again; a record without any is not touched."""
    desk.segments = "a: {object: companies, when: health >= 80}\n"
    desk.put({"1": 84, "2": 64, "3": 20})
    desk.sync()
    desk.own("1", hubsync_segments="a;b")
    desk.own("2", hubsync_segments="a")
    desk.later(hours=1)
    desk.plan()

    assert desk.values("hubsync_segments") == {"1": "a", "2": ""}


def test_the_score_that_is_published_counts(desk: SegmentsDesk) -> None:
    """A score that moved too little to be written moves no record into a segment: HubSpot shows why."""
    desk.segments = "a: {object: companies, when: health >= 60}\n"
    desk.put({"1": 59, "2": 59})
    desk.sync()
    desk.later(hours=1)
    desk.put({"1": 61, "2": 62})
    desk.sync()

    assert desk.values("health_score") == {"2": "62"}
    assert desk.values("hubsync_segments") == {"2": "a"}


@pytest.mark.parametrize(("days", "belongs"), [(179, False), (180, True), (400, True)])
def test_a_duration_is_exact_to_the_day(desk: SegmentsDesk, days: int, belongs: bool) -> None:
    """A condition that began so many days of the portal ago has held for that long, at whatever hour it began."""
    desk.segments = LOYAL
    desk.put({"1": 75})
    desk.sync()
    desk.later(days=days)
    desk.sync()

    assert desk.values("hubsync_segments") == ({"1": "loyal"} if belongs else {})


@pytest.mark.parametrize(
    ("gap", "since"),
    [
        ("none", 0), ("below", 120), ("not a customer", 120), ("model off", 120), ("new version", 100),
    ],
)  # fmt: skip
def test_a_duration_begins_anew_after_a_gap(desk: SegmentsDesk, gap: str, since: int) -> None:
    """A lower score, a record without a score, a model that was off and a new version each end what had held."""
    desk.segments, desk.minimum = LOYAL, 100
    desk.put({"1": 75})
    desk.sync()
    desk.later(days=100)
    if gap == "below":
        desk.put({"1": 60})
    elif gap == "not a customer":
        desk.put({"1": 75}, lifecyclestage="lead")
    elif gap == "model off":
        desk.on = ()
    elif gap == "new version":
        desk.models["health"] = model(more=("{when: bit4, points: 1, reason: more}",))
    desk.sync()
    desk.later(days=20)
    desk.on = ("health",)
    desk.put({"1": 75})
    desk.sync()
    found = []
    for day in (since + 179, since + 180):
        desk.later(days=day - desk.day)
        desk.sync()
        found += [day] * bool(desk.values("hubsync_segments").get("1"))

    assert found == [since + 180]


def test_a_duration_over_two_scores_holds_while_both_do(desk: SegmentsDesk) -> None:
    """With two models the time counts from the later of the two."""
    desk.models["growth"] = model("growth", more=("{when: met_on > '2000-01-01', points: -60, reason: met}",))
    desk.on, desk.minimum = ("health", "growth"), 100
    desk.segments = "both: {object: companies, when: health >= 70 and growth >= 70, for: 30 days}\n"
    desk.put({"1": 75}, met_on="2026-01-01")
    desk.sync()
    desk.later(days=10)
    desk.put({"1": 75}, met_on="")
    desk.sync()
    desk.later(days=29)
    desk.sync()
    early = desk.values("hubsync_segments")
    desk.later(days=1)
    desk.sync()

    assert (early, desk.values("hubsync_segments")) == ({}, {"1": "both"})


def scores(desk: SegmentsDesk, *values: int | None) -> list[str]:
    """Publish one score a day; returns the segments that HubSpot has after each."""
    found = []
    for value in values:
        desk.put({"1": value or 0}, lifecyclestage="customer" if value is not None else "lead")
        desk.sync()
        found.append(desk.hubspot("1", "hubsync_segments"))
        desk.later(days=1)
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((20, 18, 12), ["", "", ""]),
        ((40, 20, 16), ["", "fell", "fell"]),
        ((40, 30, 29, 31, 25), ["", "", "fell", "fell", "fell"]),
        ((40, 20, 40, 20), ["", "fell", "", "fell"]),
        ((40, None, 20), ["", "", ""]),
        ((31, 28, 33, 28), ["", "fell", "", "fell"]),
    ],
    ids=["first score below", "falls", "within the margin", "up and down again", "unknown between", "near"],
)
def test_a_crossing_is_a_movement(desk: SegmentsDesk, values: tuple[int | None, ...], expected: list[str]) -> None:
    """Who falls below belongs until it is back by the leave margin; who is below, or was unknown before, does not."""
    desk.segments, desk.minimum = FELL, 100
    desk.models["health"] = model(extra="write_if_changed_by: 0")

    assert scores(desk, *values) == expected


def test_a_crossing_ends_after_its_time_and_does_not_begin_again(desk: SegmentsDesk) -> None:
    """After fourteen days the record leaves; moving about within the margin is no second fall."""
    desk.segments = FELL
    scores(desk, 40, 20)
    desk.later(days=12)
    desk.sync()
    before = desk.hubspot("1", "hubsync_segments")
    desk.later(days=1)
    after = scores(desk, 20, 31, 26)

    assert (before, after) == ("fell", ["", "", ""])


def test_a_crossing_upwards(desk: SegmentsDesk) -> None:
    """`above` is the mirror: 80 is reached, and left at 77."""
    desk.segments = ROSE
    desk.models["health"] = model(extra="write_if_changed_by: 0")

    assert scores(desk, 70, 80, 78, 77, 80, 127) == ["", "rose", "rose", "", "rose", "rose"]


def test_a_new_version_crosses_nothing(desk: SegmentsDesk) -> None:
    """A score that falls because the model was changed is no fall of the customer; a later one is."""
    desk.segments, desk.minimum = FELL, 100
    scores(desk, 34)
    desk.models["health"] = model(more=("{when: bit2, points: -30, reason: less}",))
    changed = scores(desk, 34, 38, 64, 16)

    assert changed == ["", "", "", "fell"]


@pytest.mark.parametrize("survivor", ["1", "9"])
def test_a_merge_keeps_what_had_held(desk: SegmentsDesk, survivor: str) -> None:
    """Whether the merged record keeps its id or gets a new one, a duplicate that is merged in takes nothing away."""
    desk.segments, desk.minimum = LOYAL + FELL, 100
    desk.put({"1": 75, "2": 40})
    desk.sync()
    desk.later(days=100)
    desk.merge({"1", "2"} - {survivor}, survivor)
    desk.put({survivor: 79})
    desk.sync()
    desk.later(days=79)
    desk.sync()
    early = desk.values("hubsync_segments")
    desk.later(days=1)
    desk.sync()

    assert (early, desk.values("hubsync_segments")) == ({}, {survivor: "loyal"})


def test_a_merge_keeps_a_fall(desk: SegmentsDesk) -> None:
    """Who fell and was merged into another record is still there, until its time is over."""
    desk.segments, desk.minimum = FELL, 100
    scores(desk, 40, 20)
    desk.own("9", hubsync_segments="fell")
    desk.merge({"1"}, "9")
    desk.put({"9": 20})
    desk.sync()
    kept = desk.hubspot("9", "hubsync_segments")
    desk.later(days=13)
    desk.sync()

    assert (kept, desk.hubspot("9", "hubsync_segments")) == ("fell", "")


def test_a_segment_of_a_model_that_is_held_keeps_its_members(desk: SegmentsDesk) -> None:
    """While the inputs of a model can't be trusted nobody enters or leaves a segment that reads it."""
    desk.segments = "low: {object: companies, when: health < 30 and weight_of_people > 10}\n"
    desk.signals = "weight_of_people: {object: companies, label: weight, of: weight, over: contacts, take: sum}\n"
    desk.put({"1": 20})
    desk.people("7", company="1", weight="20")
    desk.sync()
    first = desk.values("hubsync_segments")
    desk.later(hours=1)
    desk.people("7", company="1", weight="5")
    held = desk.plan(held={"health": "broken"})
    free = desk.plan()

    assert first == {"1": "low"}
    assert (held.changes, free.changes) == (0, 1)


def test_a_segment_whose_model_is_off_is_inactive(desk: SegmentsDesk) -> None:
    """It is no mistake; its members leave, and the others stay."""
    desk.models["growth"] = model("growth")
    desk.on, desk.minimum = ("health", "growth"), 100
    desk.segments = "a: {object: companies, when: health >= 60}\nb: {object: companies, when: growth >= 60}\n"
    desk.put({"1": 84})
    desk.sync()
    desk.later(hours=1)
    desk.on = ("health",)
    desk.sync()

    assert desk.catalog().segments_off == {"b": ("growth",)}
    assert desk.values("hubsync_segments") == {"1": "a"}


def test_what_segments_wrote_is_cleared_when_there_are_none(desk: SegmentsDesk) -> None:
    """Without segments the property is cleared once, on the records that had one; the plan counts it as a guard."""
    desk.segments = "a: {object: companies, when: health >= 60}\n"
    desk.put({"1": 84, "2": 20})
    desk.sync()
    desk.later(hours=1)
    desk.segments = ""
    planned = desk.plan()
    desk.write()
    cleared = desk.values("hubsync_segments")
    desk.later(hours=1)

    assert cleared == {"1": ""}
    assert "clearing of segments_companies" in {guard.name for guard in planned.guards}
    assert desk.plan().changes == 0


def test_another_property_takes_the_place_of_the_old(desk: SegmentsDesk) -> None:
    """Under another name the segments are written anew, and the old property is cleared."""
    desk.segments = "a: {object: companies, when: health >= 60}\n"
    desk.put({"1": 84})
    desk.sync()
    desk.later(hours=1)
    desk.written_to = "our_segments"
    desk.sync()

    assert (desk.values("our_segments"), desk.values("hubsync_segments")) == ({"1": "a"}, {"1": ""})


def test_moves_of_segments_are_counted_and_guarded(desk: SegmentsDesk) -> None:
    """The plan says who enters and leaves each segment; too many at once hold it, the first segments do not."""
    desk.segments, desk.minimum = "a: {object: companies, when: health >= 60}\n", 2
    desk.models["health"] = model().replace("worse: true", "worse: false")
    desk.put({str(number): 84 if number < 5 else 55 for number in range(40)})
    first = desk.plan()
    desk.write()
    desk.later(hours=1)
    desk.put({"0": 55, "30": 64, "31": 64, "32": 64})
    second = desk.plan()

    assert first.segment_moves == {"companies": {"a": [0, 5, 0]}}
    assert second.segment_moves == {"companies": {"a": [5, 3, 1]}}
    assert [guard.held for guard in (*first.guards, *second.guards) if guard.name == "segments of companies"] == [True]


def test_a_roll_up_in_a_segment_reads_the_scores_of_its_people(desk: SegmentsDesk) -> None:
    """A segment may look at signals and words beside scores; what is unknown does not belong."""
    desk.signals = "weight_of_people: {object: companies, label: weight, of: weight, over: contacts, take: sum}\n"
    desk.segments = "heavy: {object: companies, when: health >= 60 and weight_of_people > 10}\n"
    desk.put({"1": 84, "2": 84})
    desk.people("7", company="1", weight="20")
    desk.sync()

    assert desk.values("hubsync_segments") == {"1": "heavy"}


def test_a_plain_desk_has_no_segments(tmp_path: Path) -> None:
    """Without segments.yaml nothing is planned, read or kept for segments."""
    plain = Desk(tmp_path, Store.open(tmp_path / "data", "7"))
    plain.put({"1": 84})

    assert plain.plan().segment_moves == {}
