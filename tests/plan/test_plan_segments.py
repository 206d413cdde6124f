"""Who belongs to which segment: levels, durations and crossings by what was published, and what is written of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from desk import Desk, model
from segments_desk import SegmentsDesk

from hubsync.store import Store

LOYAL = "loyal: {object: companies, when: health >= 70, for: 180 days}\n"
FELL = "fell: {object: companies, crosses: health, below: 30, stays: 14 days}\n"
ROSE = "rose: {object: companies, crosses: health, above: 80}\n"


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> SegmentsDesk:
    return SegmentsDesk(tmp_path, store)


def test_a_segment_is_a_condition_on_scores_and_tiers(desk: SegmentsDesk) -> None:
    """Several scores, tiers and signals make one condition; what belongs is written as one value, the keys in order.

    What is unknown does not belong.
    """
    desk.models["growth"] = model("growth", more=("{when: bit4, points: 10, reason: more}",))
    desk.on = ("health", "growth")
    desk.signals = "weight_of_people: {object: companies, label: weight, of: weight, over: contacts, take: sum}\n"
    desk.segments = (
        "upsell: {object: companies, when: health >= 80 and growth >= 90}\n"
        "best: {object: companies, when: health_tier = 'strong'}\n"
        "heavy: {object: companies, when: health >= 60 and weight_of_people > 10}\n"
    )
    desk.put({"1": 84, "2": 80, "3": 20, "4": 64, "5": 64})
    desk.people("7", company="4", weight="20")
    desk.sync()

    assert desk.values("hubsync_segments") == {"1": "best;upsell", "2": "best", "4": "heavy"}


def test_only_a_change_of_membership_is_written(desk: SegmentsDesk) -> None:
    """The second plan is empty, also when HubSpot gives the values in another order; leaving all clears the value.

    A value that was changed in HubSpot is written again; a record without any is not touched.
    """
    desk.segments = "a: {object: companies, when: health >= 80}\nb: {object: companies, when: health >= 60}\n"
    desk.put({"1": 84, "2": 64, "3": 20, "4": 84, "5": 20})
    desk.sync()
    desk.own("1", hubsync_segments="b;a")
    desk.later(hours=1)
    again = desk.plan()
    desk.own("4", hubsync_segments="a;b;c")
    desk.own("5", hubsync_segments="a")
    desk.sync()
    mended = desk.values("hubsync_segments")
    desk.put({"1": 64, "2": 20, "3": 24})
    desk.sync()

    assert again.changes == 0
    assert mended == {"4": "a;b", "5": ""}
    assert desk.values("hubsync_segments") == {"1": "b", "2": ""}


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


def test_a_duration_is_exact_to_the_day(desk: SegmentsDesk) -> None:
    """A condition that began so many days of the portal ago has held for that long, at whatever hour it began."""
    desk.put({"400": 75})
    desk.sync()
    desk.later(days=220, hours=3)
    desk.put({"180": 75})
    desk.sync()
    desk.later(days=1, hours=-6)
    desk.put({"179": 75})
    desk.sync()
    desk.later(days=179)
    desk.segments = LOYAL
    desk.sync()

    assert desk.values("hubsync_segments") == {"400": "loyal", "180": "loyal"}


def test_a_duration_begins_anew_after_a_gap(desk: SegmentsDesk) -> None:
    """A lower score, a record without a score, a model that was off and a new version each end what had held."""
    desk.models |= {"paused": model("paused"), "renewed": model("renewed")}
    desk.on, desk.minimum = ("health", "paused", "renewed"), 100
    desk.segments = LOYAL + (
        "on_day_300: {object: companies, when: health >= 70, for: 300 days}\n"
        "since_it_is_on: {object: companies, when: paused >= 70, for: 180 days}\n"
        "since_its_version: {object: companies, when: renewed >= 70, for: 200 days}\n"
    )
    desk.put({"steady": 75, "below": 75, "no customer": 75})
    desk.sync()
    desk.later(days=100)
    desk.put({"below": 60})
    desk.put({"no customer": 75}, lifecyclestage="lead")
    desk.models["renewed"] = model("renewed", more=("{when: bit4, points: 1, reason: more}",))
    desk.on = ("health", "renewed")
    desk.sync()
    desk.later(days=20)
    desk.on = ("health", "paused", "renewed")
    desk.put({"below": 75, "no customer": 75})
    desk.sync()
    found = []
    for days in (179, 1):
        desk.later(days=days)
        desk.sync()
        found.append(desk.hubspot("hubsync_segments"))

    assert desk.day == 300
    assert found[0] == {"steady": "loyal", "below": "", "no customer": ""}
    assert found[1] == {
        "steady": "loyal;on_day_300;since_it_is_on;since_its_version",
        "below": "loyal;since_it_is_on",
        "no customer": "loyal;since_it_is_on",
    }


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


def lives(desk: SegmentsDesk, values: Mapping[str, Sequence[int | None]]) -> dict[str, list[str]]:
    """Publish one score a day for each record; returns the segments that HubSpot has after each."""
    found: dict[str, list[str]] = {key: [] for key in values}
    for day in range(max(map(len, values.values()))):
        today = {key: each[day] for key, each in values.items() if day < len(each)}
        desk.put({key: score for key, score in today.items() if score is not None})
        desk.put({key: 0 for key, score in today.items() if score is None}, lifecyclestage="lead")
        desk.sync()
        shown = desk.hubspot("hubsync_segments")
        for key in today:
            found[key].append(shown[key])
        desk.later(days=1)
    return found


def scores(desk: SegmentsDesk, *values: int) -> list[str]:
    """Publish one score a day for one record; returns the segments that HubSpot has after each."""
    return lives(desk, {"1": values})["1"]


CROSSINGS: dict[str, list[tuple[int | None, str]]] = {
    "first score below": [(20, ""), (18, ""), (12, "")],
    "falls": [(40, ""), (20, "fell"), (16, "fell")],
    "within the margin": [(40, ""), (30, ""), (29, "fell"), (31, "fell"), (25, "fell")],
    "up and down again": [(40, ""), (20, "fell"), (40, ""), (20, "fell")],
    "unknown between": [(40, ""), (None, ""), (20, "")],
    "near": [(31, ""), (28, "fell"), (33, ""), (28, "fell")],
    "rises": [(70, ""), (80, "rose"), (78, "rose"), (77, ""), (80, "rose"), (127, "rose")],
}


def test_a_crossing_is_a_movement(desk: SegmentsDesk) -> None:
    """Who falls below belongs until it is back by the leave margin; who is below, or was unknown before, does not.

    `above` is the mirror: 80 is reached, and left at 77.
    """
    desk.segments, desk.minimum = FELL + ROSE, 100
    desk.models["health"] = model(extra="write_if_changed_by: 0")
    found = lives(desk, {name: [score for score, _ in each] for name, each in CROSSINGS.items()})

    assert found == {name: [segments for _, segments in each] for name, each in CROSSINGS.items()}


def test_a_crossing_ends_after_its_time_and_does_not_begin_again(desk: SegmentsDesk) -> None:
    """After fourteen days the record leaves; moving about within the margin is no second fall."""
    desk.segments = FELL
    scores(desk, 40, 20)
    desk.later(days=12)
    desk.sync()
    before = desk.hubspot("hubsync_segments")["1"]
    desk.later(days=1)
    after = scores(desk, 20, 31, 26)

    assert (before, after) == ("fell", ["", "", ""])


def test_a_new_version_crosses_nothing(desk: SegmentsDesk) -> None:
    """A score that falls because the model was changed is no fall of the customer; a later one is."""
    desk.segments, desk.minimum = FELL, 100
    scores(desk, 34)
    desk.models["health"] = model(more=("{when: bit2, points: -30, reason: less}",))
    changed = scores(desk, 34, 38, 64, 16)

    assert changed == ["", "", "", "fell"]


def test_a_merge_keeps_what_had_held(desk: SegmentsDesk) -> None:
    """Whether the merged record keeps its id or gets a new one, a duplicate that is merged in takes nothing away."""
    desk.segments, desk.minimum = LOYAL + FELL, 100
    desk.put({"1": 75, "2": 40, "3": 75, "4": 40})
    desk.sync()
    desk.later(days=100)
    desk.merge({"2"}, "1")
    desk.merge({"3", "4"}, "9")
    desk.put({"1": 79, "9": 79})
    desk.sync()
    desk.later(days=79)
    desk.sync()
    early = desk.values("hubsync_segments")
    desk.later(days=1)
    desk.sync()

    assert (early, desk.values("hubsync_segments")) == ({}, {"1": "loyal", "9": "loyal"})


def test_a_merge_keeps_a_fall(desk: SegmentsDesk) -> None:
    """Who fell and was merged into another record is still there, until its time is over."""
    desk.segments, desk.minimum = FELL, 100
    scores(desk, 40, 20)
    desk.own("9", hubsync_segments="fell")
    desk.merge({"1"}, "9")
    desk.put({"9": 20})
    desk.sync()
    kept = desk.hubspot("hubsync_segments")["9"]
    desk.later(days=13)
    desk.sync()

    assert (kept, desk.hubspot("hubsync_segments")["9"]) == ("fell", "")


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


def test_a_plain_desk_has_no_segments(tmp_path: Path, store: Store) -> None:
    """Without segments.yaml nothing is planned, read or kept for segments."""
    plain = Desk(tmp_path, store)
    plain.put({"1": 84})

    assert plain.plan().segment_moves == {}
