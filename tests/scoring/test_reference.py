"""The SQL scores every record as the reference scorer does, line by line."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from generated_models import EVENTS, LINKS, NOWS, PROPERTIES, configs, portal, sources
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Reference
from reference_facts import Config, Event, Portal, Record, Sources
from reference_language import Now
from scratch_portal import TRIED, Scored, Scorer

SEEDS = st.integers(0, 2**32)


def assert_same(scorer: Scorer, portal: Portal) -> dict[str, dict[str, Scored]]:
    """Every model, record, line, total, score, band and share of known data is the same; the lines add up."""
    found = scorer.score(portal)
    reference = Reference(scorer.config, portal, scorer.now, scorer.sources)
    for model in scorer.config.models:
        expected = reference.score(model)
        assert set(found[model]) == set(expected), model
        for record_id, scored in found[model].items():
            want = expected[record_id]
            assert scored.lines == [(line.rule, line.points, line.known) for line in want.lines], (model, record_id)
            row = scored.row
            assert (row["score"], row["band"], row["known_data"]) == (want.score, want.band, want.known_data), (
                model,
                record_id,
            )
            assert scored.explanation.total == want.total == sum(points for _, points, _ in scored.lines)
            assert row["score"] in (None, want.total)
            assert len(row["why"]) <= 250
    return found


@settings(TRIED, max_examples=4)
@given(configs(), SEEDS, st.sampled_from(NOWS), st.booleans())
def test_generated(config: Config, seed: int, now: Now, all_sources: bool) -> None:
    """Generated models on generated portals are scored as in plain Python, whatever feeds the portal."""
    scorer = Scorer(config, now, None if all_sources else sources(seed, now))
    for number in range(3):
        assert_same(scorer, portal(seed + number, now))


NOW = NOWS[0]
ONE = {"kind": "points", "outcome": "x", "owner": "x", "known_data_floor": 0, "between": [-1000, 1000]}


def traps(object_: str, rules: list[dict[str, Any]], signals: dict[str, Any] | None = None) -> Config:
    """One model of these rules."""
    named = [{"reason": f"rule {number}", "points": 1, **rule} for number, rule in enumerate(rules)]
    model = {**ONE, "model": "m", "object": object_, "rules": named}
    return Config(EVENTS, signals or {}, {}, dict.fromkeys(LINKS, PROPERTIES), {"m": model})


def rows(config: Config, portal: Portal, feeds: Sources | None = None) -> dict[str, list[tuple[Decimal, bool | None]]]:
    """Points and known of the rules per record."""
    found = assert_same(Scorer(config, NOW, feeds), portal)["m"]
    return {id_: [line[1:] for line in scored.lines if line[0].startswith("rule")] for id_, scored in found.items()}


def test_no_event() -> None:
    """A covered record without events has nothing of each sort of rule; one that is not covered is unknown."""
    rules = [{"with": "login"}, {"with": "login", "fades": "half every 30 days"}, {"with": "login", "once_per": "week"}]
    people = {"covered": Record({"n": "1"}), "not": Record()}
    companies = {"covered": Record(), "not": Record(), "beside": Record()}
    links = {
        ("contacts", "companies"): [("covered", "covered", True), ("not", "not", True), ("covered", "beside", False)]
    }
    found = rows(traps("companies", rules), Portal({"contacts": people, "companies": companies}, {}, links))
    assert found == {"covered": [(0, True)] * 3, "not": [(0, False)] * 3, "beside": [(0, False)] * 3}


def test_faded_to_nothing() -> None:
    """An event that has faded to nothing was seen: the rule is known and gives 0."""
    happened = [Event("1", "order", NOW.day_start - timedelta(days=99))]
    config = traps("companies", [{"with": "order", "fades": "to zero in 60 days"}])
    assert rows(config, Portal({"companies": {"1": Record()}}, {"companies": happened})) == {"1": [(0, True)]}


def test_events_without_number() -> None:
    """Millions of events on rules of a million points are bounded, and the lines still add up."""
    rules = [
        {"with": "won", "points": 1_000_000},
        {"with": "won", "points": 999_999, "fades": "half every 30 days"},
    ] * 3
    happened = [Event("1", "won", NOW.day_start, times=2_000_000_000)] * 3
    found = rows(traps("deals", rules), Portal({"deals": {"1": Record()}}, {"deals": happened}))
    assert found == {"1": [(10**9, True)] * 6}


def test_value_beyond_sums() -> None:
    """A typo of three hundred digits in one record is left out of a sum; it does not stop the scores of all."""
    signals = {"r": {"object": "companies", "label": "r", "of": "n", "over": "contacts", "take": "sum"}}
    people = {"a": Record({"n": "1e300"}), "b": Record({"n": "7"})}
    links = {("contacts", "companies"): [("a", "c", True), ("b", "c", False)]}
    config = traps("companies", [{"when": "r = 7"}, {"when": "r > 0"}], signals)
    found = rows(config, Portal({"contacts": people, "companies": {"c": Record(), "d": Record()}}, {}, links))
    assert found == {"c": [(1, True)] * 2, "d": [(0, False)] * 2}


def test_silence() -> None:
    """Without an event, silence began with the record or with its source; without a creation it is unknown."""
    signals = {"quiet": {"label": "q", "since": "won"}}
    config = traps("contacts", [{"when": f"quiet = {days}"} for days in (0, 10, 50)], signals)
    ages = {"new": 0, "old": 50}
    people = {name: Record({}, NOW.day_start - timedelta(days=age)) for name, age in ages.items()} | {
        "unknown": Record()
    }
    whole = rows(config, Portal({"contacts": people}))
    assert whole["old"] == [(0, True), (0, True), (1, True)]
    young = rows(config, Portal({"contacts": people}), Sources({}, {"won/objects": NOW.day_start - timedelta(days=10)}))
    assert young["old"] == [(0, True), (1, True), (0, True)]
    assert young["new"] == whole["new"] == [(1, True), (0, True), (0, True)]
    assert young["unknown"] == whole["unknown"] == [(0, False)] * 3


def test_deals_come_first() -> None:
    """What covers a deal covers its contacts and companies; a source's own condition decides about its records."""
    links = {("deals", "contacts"): [("d", "1", False), ("e", "2", True)], ("deals", "companies"): [("d", "1", False)]}
    records = {"deals": {"d": Record({"counted": "0"}), "e": Record()}, "companies": {"1": Record(), "2": Record()}}
    records["contacts"] = {"1": Record({"b": "true"}), "2": Record({"b": "false"})}
    rules = [{"with": "staged"}, {"with": "rated"}]
    assert rows(traps("contacts", rules), Portal(records, {}, links)) == {"1": [(0, True)] * 2, "2": [(0, False)] * 2}
    assert rows(traps("companies", rules[:1]), Portal(records, {}, links)) == {"1": [(0, True)], "2": [(0, False)]}


def test_source_that_does_not_reach() -> None:
    """Where the source in use stops at companies, a rule on contacts is not available, not a mistake."""
    config = traps("contacts", [{"with": "login"}, {"when": "true"}])
    portal = Portal({"contacts": {"1": Record({"n": "1"})}})
    assert assert_same(Scorer(config, NOW), portal)["m"]["1"].row["known_data"] == 1
    far = assert_same(Scorer(config, NOW, Sources({"login": "login/counters"})), portal)["m"]["1"]
    assert [line.rule for line in far.explanation.contributions if line.rule.startswith("rule")] == ["rule_1"]
    assert far.row["known_data"] == 1


def test_edges_of_windows() -> None:
    """An event at the very start of a window counts, one a microsecond earlier does not; blocks of weeks end today."""
    rules = [{"with": "won", "within": "7 days"}, {"with": "won", "once_per": "week"}]
    start, day, tick = NOW.day_start, timedelta(days=1), timedelta(microseconds=1)
    happened = {
        "at the start": [start - 7 * day],
        "before it": [start - 7 * day - tick],
        "one week": [start, start - tick, start - 7 * day],
        "two weeks": [start - 7 * day, start - 7 * day - tick],
    }
    events = [Event(name, "won", at) for name, times in happened.items() for at in times]
    found = rows(traps("deals", rules), Portal({"deals": dict.fromkeys(happened, Record())}, {"deals": events}))
    points = {name: [given for given, _ in lines] for name, lines in found.items()}
    assert points == {"at the start": [1, 1], "before it": [0, 1], "one week": [3, 1], "two weeks": [1, 2]}


def test_unknown_is_not_zero() -> None:
    """No event is 0 only where the source knows the record and the whole window; otherwise it is unknown."""
    signals = {"logins": {"label": "l", "count": "login", "within": "30 days"}}
    config = traps("contacts", [{"when": "logins = 0"}, {"with": "login", "within": "30 days"}], signals)
    portal = Portal({"contacts": {"covered": Record({"n": "1"}), "not": Record(), "seen": Record()}})
    portal.events["contacts"] = [Event("seen", "login", NOW.day_start)]
    seen, nothing, unknown = [(0, True), (1, True)], [(1, True), (0, True)], [(0, False)] * 2
    assert rows(config, portal) == {"covered": nothing, "not": unknown, "seen": seen}
    for days, expected in ((30, nothing), (29, unknown)):
        young = Sources({}, {"login/occurrences": NOW.day_start - timedelta(days=days)})
        assert rows(config, portal, young) == {"covered": expected, "not": unknown, "seen": seen}
    late = Sources(overdue=frozenset({"login/occurrences"}))
    assert rows(config, portal, late) == dict.fromkeys(("covered", "not", "seen"), unknown)


def test_rollups() -> None:
    """A roll-up takes the largest known values, of primary associations alone when it says so."""
    takes = {"top 2 avg": 2.5, "top 1 sum": 3, "max": 3, "min": -1, "sum": 5, "avg": 1.25, "count": 4}
    signals = {
        f"r{number}": {"object": "companies", "label": "r", "of": "n", "over": "contacts", "take": take}
        for number, take in enumerate(takes)
    }
    signals["main"] = {**signals["r0"], "take": "sum", "via": "primary"}
    values = {"a": "1", "b": "2", "c": "3", "d": "-1", "e": "N/A", "f": "0"}
    people = {name: Record({"n": value}) for name, value in values.items()}
    links = {("contacts", "companies"): [(name, "c", name == "b") for name in "abcde"] + [("f", "zero", True)]}
    wanted = [*({"when": f"r{number} = {value}"} for number, value in enumerate(takes.values())), {"when": "main = 2"}]
    portal = Portal({"contacts": people, "companies": {"c": Record(), "none": Record()}}, {}, links)
    found = rows(traps("companies", wanted, signals), portal)
    assert found["c"] == [(1, True)] * 8
    assert [known for _, known in found["none"]] == [name == "count" for name in [*takes, "main"]]
