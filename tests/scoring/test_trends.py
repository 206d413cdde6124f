"""Signals that compare a record with its own past, or look ahead: first, until, trend, silence, streak, and so on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from generated_models import EVENTS, LINKS, NOWS, PROPERTIES, portal, sources, trend_signal
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Reference
from reference_facts import Config, Event, Portal, Record, Sources
from reference_language import Now
from scratch_portal import TRIED, Scorer, fill, vocabulary

from hubsync.scoring import sql
from hubsync.scoring.facts import ORDER, closure, facts_sql
from hubsync.scoring.model import compile_model
from hubsync.scoring.needs import Need
from hubsync.scoring.requirements import LONGEST_MEMORY, requirements

NOW = NOWS[0]
TODAY = NOW.day_start
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
OLD = Record({}, TODAY - 2000 * DAY)
SORTS = ["first", "until", "trend", "silence", "streak", "covered", "distinct"]


def configured(signals: dict[str, Any]) -> Config:
    """These signals, without models."""
    return Config(EVENTS, signals, {}, dict.fromkeys(LINKS, PROPERTIES), {})


def values(
    config: Config, portal: Portal, object_: str, now: Now = NOW, feeds: Sources | None = None
) -> dict[str, dict[str, Any]]:
    """Each signal of every record of an object, by SQL."""
    words = vocabulary(config, now, feeds)
    meanings = {name: words.scope(object_).resolve(name) for name in config.signals}
    needs = closure(frozenset[Need]().union(*(meaning.needs for meaning in meanings.values())), words)
    columns = ", ".join(sql.render(meaning.sql) for meaning in meanings.values())
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        fill(connection, portal)
        for each in ORDER:
            connection.execute(facts_sql(each, needs, words))
        rows = connection.execute(f"SELECT record_id, {columns} FROM facts_{object_}").fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    return {name: {row[0]: row[place] for row in rows} for place, name in enumerate(meanings, 1)}


def both(signal: dict[str, Any], portal: Portal, feeds: Sources | None = None) -> dict[str, Any]:
    """The signal of every deal, by SQL and by the reference, which agree."""
    config = configured({"it": {"label": "it", **signal}})
    found = values(config, portal, "deals", NOW, feeds)["it"]
    node = Reference(config, portal, NOW, feeds).name("it", "deals")
    assert found == {record_id: node.value(record_id) for record_id in portal.records["deals"]}
    return found


def deals(events: dict[str, Iterable[datetime]], record: Record = OLD, **event: Any) -> Portal:
    """Deals won at these times; each record has the name of its case."""
    return Portal(
        {"deals": dict.fromkeys(events, record)},
        {"deals": [Event(name, "won", at, **event) for name, times in events.items() for at in times]},
    )


def days_ago(*days: float) -> list[datetime]:
    """Moments in the middle of these whole days."""
    return [TODAY - each * DAY + DAY / 2 for each in days]


@settings(TRIED, max_examples=4)
@given(st.data(), st.integers(0, 2**32), st.sampled_from(NOWS), st.booleans())
def test_generated(data: Any, seed: int, now: Now, all_sources: bool) -> None:
    """Every sort of signal says on generated portals what plain Python says, whatever feeds the portal."""
    feeds = None if all_sources else sources(seed, now)
    for object_ in LINKS:
        kinds = [sort for sort in SORTS if sort != "distinct" or object_ != "deals"]
        signals = {f"s{number}": trend_signal(data.draw, object_, sort) for number, sort in enumerate(kinds * 2)}
        config, made = configured(signals), portal(seed, now)
        found = values(config, made, object_, now, feeds)
        reference = Reference(config, made, now, feeds)
        for name, signal in signals.items():
            node = reference.name(name, object_)
            expected = {record_id: node.value(record_id) for record_id in made.records[object_]}
            assert found[name] == expected, signal


TREND = {"trend": "won", "within": "28 days", "against": "180 days"}


def test_trend() -> None:
    """1 is as usual, 0.5 half of it; without events in the baseline, or too few, nothing is claimed."""
    weekly = range(1, 280, 7)
    found = both(TREND, deals({
        "as usual": days_ago(*range(1, 260)),
        "half": days_ago(*range(2, 29, 2), *range(29, 300)),
        "gone": days_ago(*(day for day in weekly if day > 28)),
        "zero baseline": days_ago(1, 2, 3, 300),
        "two before": days_ago(1, 100, 150, 300),
        "never": [],
    }))  # fmt: skip
    assert found == {"as usual": 1.0, "half": 0.5, "gone": 0.0, "zero baseline": None, "two before": None,
                     "never": None}  # fmt: skip


def test_trend_of_a_quarterly_user() -> None:
    """Who comes four times a year is measured by that: over two quarters there is no decline (checklist 66)."""
    signal = {**TREND, "within": "182 days", "against": "364 days"}
    assert both(signal, deals({"q": days_ago(60, 151, 242, 333, 424, 515, 606)})) == {"q": 1.0}


def test_trend_at_the_borders() -> None:
    """The windows do not overlap, and nothing is lost between them; today belongs to the recent one."""
    signal, border, end = {**TREND, "at_least": 1}, TODAY - 28 * DAY, TODAY - 208 * DAY
    old = [TODAY - 500 * DAY]
    found = both(signal, deals({
        "recent": [border, end, *old], "usual": [border - TICK, end, *old], "today": [NOW.now, end, *old],
        "before": [TODAY, end - TICK, *old],
    }))  # fmt: skip
    assert found == {"recent": 180 / 28, "usual": 0.0, "today": 180 / 28, "before": None}


def test_trend_of_newcomers() -> None:
    """A newcomer's baseline begins with its first event, uncounted; it must be as long as the recent days."""
    found = both({**TREND, "at_least": 4}, deals({
        "steady for 100 days": days_ago(*range(1, 101)),
        "declining": days_ago(*range(15, 101)),
        "too new": days_ago(*range(1, 56)),
        "just old enough": days_ago(*range(1, 57)),
    }))  # fmt: skip
    assert found == {"steady for 100 days": 72 * 28 / (71 * 28), "declining": 72 * 14 / (71 * 28), "too new": None,
                     "just old enough": 28 * 28 / (27 * 28)}  # fmt: skip


def test_trend_of_counters_and_values() -> None:
    """An event that stands for several counts as often; with `trend_of: value` what they are worth is compared."""
    many = deals({"d": days_ago(1, 100, 300)}, times=3, value=20)
    assert both(TREND, many) == {"d": 180 / 28}
    assert both({**TREND, "trend_of": "value"}, many) == {"d": 180 / 28}
    many.events["deals"][1].value = Decimal(-20)
    assert both({**TREND, "trend_of": "value"}, many) == {"d": None}
    many.events["deals"][1].value = None
    assert both({**TREND, "trend_of": "value"}, many) == {"d": None}


@pytest.mark.parametrize(("began", "created", "expected"), [(208, 500, 1.0), (207, 500, None), (207, 207, 1.0)])
def test_trend_needs_the_source_over_both_windows(began: int, created: int, expected: float | None) -> None:
    """A source that began later knows nothing of the baseline, but all of records that are younger than it."""
    start = {"won/objects": TODAY - began * DAY}
    regular = deals({"d": days_ago(*range(1, 300))}, Record({}, TODAY - created * DAY))
    for feeds in (Sources(starts=start), Sources(watched=start)):
        assert both(TREND, regular, feeds) == {"d": expected}
    assert both(TREND, regular, Sources(overdue=frozenset(start))) == {"d": None}


def test_silence() -> None:
    """Days since the last event in usual gaps: a quarterly user is not silent after two months (checklist 66)."""
    quarterly = [60 + 91 * number for number in range(5)]
    found = both({"silence": "won", "against": "365 days"}, deals({
        "quarterly": days_ago(*quarterly),
        "long gone": days_ago(*(day + 213 for day in quarterly)),
        "daily, a month ago": days_ago(*range(30, 90)),
        "today": days_ago(0, 1, 2),
        "often on one day": days_ago(5, 5, 5, 9),
        "two days": days_ago(5, 9),
        "one event": days_ago(5),
        "never": [],
    }))  # fmt: skip
    assert found == {"quarterly": 60 / 91, "long gone": 3.0, "daily, a month ago": 30.0, "today": 0.0,
                     "often on one day": None, "two days": None, "one event": None, "never": None}  # fmt: skip


def test_silence_looks_at_the_time_before_the_last_event() -> None:
    """What is usual comes from the days up to the last event, the farthest one included."""
    signal = {"silence": "won", "against": "30 days"}
    found = both(signal, deals({"in": days_ago(100, 110, 130), "out": days_ago(100, 110, 131)}))
    assert found == {"in": 100 / 15, "out": None}


def test_streak() -> None:
    """Weeks in a row; the current one may still be empty, one more may not."""
    found = both({"streak": "won", "once_per": "week"}, deals({
        "three": [TODAY, TODAY - 8 * DAY, TODAY - 15 * DAY, TODAY - 40 * DAY],
        "at the borders": [TODAY - 7 * DAY, TODAY - 7 * DAY - TICK, TODAY - 21 * DAY],
        "none yet": days_ago(8, 15),
        "broken": days_ago(15, 22),
        "same moment": [TODAY - DAY] * 3,
        "never": [],
    }))  # fmt: skip
    assert found == {"three": 3.0, "at the borders": 3.0, "none yet": 2.0, "broken": 0.0, "same moment": 1.0,
                     "never": 0.0}  # fmt: skip


def test_streak_in_a_window() -> None:
    """A streak is no longer than its window, and 0 only where the source knows the window."""
    signal = {"streak": "won", "once_per": "week", "within": "21 days"}
    weekly = deals({"weekly": days_ago(*range(1, 100, 7)), "never": []})
    assert both(signal, weekly) == {"weekly": 3.0, "never": 0.0}
    young = Sources(starts={"won/objects": TODAY - 20 * DAY})
    assert both(signal, weekly, young) == {"weekly": 3.0, "never": None}


def test_first() -> None:
    """Days since the first event; with `within`, whether it began in these days, the first moment included."""
    made = deals({
        "old": days_ago(3, 200), "new": days_ago(3), "border": [TODAY - 30 * DAY], "earlier": [TODAY - 30 * DAY - TICK],
        "never": [],
    })  # fmt: skip
    assert both({"first": "won"}, made) == {"old": 200.0, "new": 3.0, "border": 30.0, "earlier": 31.0, "never": None}
    began = {"old": False, "new": True, "border": True, "earlier": False, "never": False}
    assert both({"first": "won", "within": "30 days"}, made) == began
    young = Sources(watched={"won/objects": TODAY - 29 * DAY})
    unknown = {"old": False, "new": None, "border": None, "earlier": False, "never": None}
    assert both({"first": "won", "within": "30 days"}, made, young) == unknown
    made.records["deals"] = dict.fromkeys(made.records["deals"], Record({}, TODAY - 29 * DAY))
    assert both({"first": "won", "within": "30 days"}, made, young) == began


def test_until() -> None:
    """Days to the next event of today or later; what was yesterday is not next, and is counted as before."""
    made = deals({"today": [], "both": days_ago(1), "far": [], "none": days_ago(5)})
    coming = {"today": [TODAY], "both": [TODAY + 8 * DAY, TODAY + 40 * DAY], "far": [TODAY + 30 * DAY + TICK]}
    made.coming["deals"] = [Event(name, "won", at) for name, times in coming.items() for at in times]
    assert both({"until": "won"}, made) == {"today": 0.0, "both": 8.0, "far": 30.0, "none": None}
    assert both({"until": "won", "within": "29 days"}, made) == {"today": True, "both": True, "far": False,
                                                                 "none": False}  # fmt: skip
    assert both({"until": "won", "within": "30 days"}, made)["far"] is True
    assert both({"count": "won"}, made) == {"today": 0.0, "both": 1.0, "far": 0.0, "none": 1.0}
    assert both({"since": "won"}, made) == {"today": 2000.0, "both": 1.0, "far": 2000.0, "none": 5.0}


def test_covered() -> None:
    """Whether the source knows the record, and with `within` the whole window; with no source it is unknown."""
    records = {"known": Record({"counted": "0"}, TODAY - 50 * DAY), "not": Record({}, TODAY - 50 * DAY)}
    made, feeds = Portal({"deals": records}), Sources(starts={"staged/counters": TODAY - 40 * DAY})
    assert both({"covered": "staged"}, made) == {"known": True, "not": False}
    assert both({"covered": "staged", "within": "41 days"}, made, feeds) == {"known": False, "not": False}
    assert both({"covered": "staged", "within": "40 days"}, made, feeds) == {"known": True, "not": False}
    assert both({"covered": "staged"}, made, Sources({"staged": None})) == {"known": None, "not": None}


def test_distinct() -> None:
    """How many values an attribute has; unknown ones are none, and a source without it makes the signal unknown."""
    signal = {"it": {"label": "it", "distinct": "visit", "by": "url", "within": "30 days"}}
    urls = ["/a", "/a", "/b", "", None]
    events = [Event("1", "visit", TODAY - DAY, {"url": url}) for url in urls]
    events.append(Event("1", "visit", TODAY - 31 * DAY, {"url": "/c"}))
    made = Portal({"contacts": {"1": OLD, "2": OLD}}, {"contacts": events})
    assert values(configured(signal), made, "contacts")["it"] == {"1": 2.0, "2": 0.0}
    counted = Sources({"visit": "visit/counters"})
    assert values(configured(signal), made, "contacts", NOW, counted)["it"] == {"1": None, "2": None}
    assert not vocabulary(configured(signal), NOW, counted).scope("contacts").resolve("it").available


MODEL = {"kind": "points", "outcome": "x", "owner": "x", "known_data_floor": 0, "model": "m"}


def test_roll_ups_of_trends() -> None:
    """A company's people whose usage falls are counted, and their trends averaged; who is unknown is left out."""
    signals = {
        "usage": {"label": "u", "trend": "visit", "within": "28 days", "against": "180 days"},
        "falls": {"label": "f", "object": "contacts", "value": "usage < 0.5"},
        "falling": {"label": "p", "object": "companies", "of": "falls", "over": "contacts", "take": "count"},
        "mean": {"label": "m", "object": "companies", "of": "usage", "over": "contacts", "take": "avg"},
        "began": {"label": "b", "object": "companies", "of": "fresh", "over": "contacts", "take": "sum"},
        "fresh": {"label": "n", "first": "visit", "within": "400 days"},
    }
    steady, gone, new = days_ago(*range(1, 300)), days_ago(*range(29, 300)), days_ago(1, 2)
    events = [Event(name, "visit", at) for name, times in zip("abc", (steady, gone, new), strict=True) for at in times]
    links = {("contacts", "companies"): [("a", "x", True), ("b", "x", False), ("c", "x", False), ("c", "y", True)]}
    made = Portal(
        {"contacts": dict.fromkeys("abc", OLD), "companies": {"x": OLD, "y": OLD}}, {"contacts": events}, links
    )
    rules = [{"when": test, "points": 1, "reason": test} for test in
             ("falling = 1", "mean = 0.5", "began >= 1", "began = 3")]  # fmt: skip
    config = configured(signals)
    config.models["m"] = {**MODEL, "object": "companies", "rules": rules}
    found = Scorer(config, NOW).score(made)["m"]
    expected = Reference(config, made, NOW).score("m")
    for record_id, points in {"x": [1, 1, 1, 1], "y": [0, 0, 1, 0]}.items():
        lines = found[record_id].lines
        assert lines == [(line.rule, line.points, line.known) for line in expected[record_id].lines]
        assert [given for _, given, _ in lines[1:5]] == points


@pytest.mark.parametrize(
    ("signal", "days"),
    [
        ({"trend": "won", "within": "28 days", "against": "180 days"}, LONGEST_MEMORY),
        ({"trend": "won", "within": "200 days", "against": "500 days"}, 700),
        ({"silence": "won", "against": "700 days"}, 700),
        ({"silence": "won", "against": "90 days"}, LONGEST_MEMORY),
        ({"streak": "won", "once_per": "week", "within": "70 days"}, 70),
        ({"first": "won", "within": "30 days"}, LONGEST_MEMORY),
        ({"until": "won", "within": "30 days"}, 1),
        ({"covered": "won"}, None),
    ],
)
def test_history_to_pull(signal: dict[str, Any], days: int | None) -> None:
    """A trend needs both its windows pulled; what looks for the first event, or the last, all that is kept in view."""
    config = configured({"it": {"label": "it", **signal}})
    config.models["m"] = {**MODEL, "object": "deals", "rules": [{"when": "known(it)", "points": 1, "reason": "x"}]}
    words = vocabulary(config, NOW)
    found = requirements([compile_model(words.models["m"], words)], words)
    assert found.events == ({"won": days} if days else {})
    assert "deals" in found.objects
