"""Marketing email events one by one: days, late ones, the end of the API, programs among the people."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from marketing_given import EMAILS, MARKETING, SITE, contact_of, counted, noted, now, status
from pull_bench import Bench, bench
from source_given import opening

from hubsync.catalog import Catalog, load
from hubsync.crm.marketing import _email_events
from hubsync.emulator.email_events import BOT, CLICK, shown
from hubsync.pull import estimate
from hubsync.pull.sources import bots
from hubsync.pull.sources.email_events import EmailEventStream
from hubsync.scoring.marketing_sources import Bots, EmailEventSource
from hubsync.types import Batch, EventRow

CALLS = "/email/public/v1/events"
DAY = timedelta(days=1)
STORED = f"SELECT subject, attributes->>'url', bot FROM portal.event WHERE source = '{EMAILS}' ORDER BY occurred_at"


@pytest.fixture(scope="module")
def clicks() -> Catalog:
    return load(MARKETING)


@pytest.fixture
def desk(clicks: Catalog, tmp_path: Path) -> Iterator[Bench]:
    """A portal with two contacts, Ann and Bob."""
    with bench(tmp_path / "data", clicks, empty=True) as made:
        for name in ("ann", "bob"):
            made.create("contacts", {"email": f"{name}@acme.example"})
        # Later than within the second in which they were made.
        made.steer("clock", minutes=1)
        yield made


def calls(desk: Bench, what: Any) -> int:
    """How many calls for email events something takes."""
    before = desk.calls_to(CALLS)
    what()
    return desk.calls_to(CALLS) - before


def with_bots(tmp_path: Path, rules: str) -> Catalog:
    folder = shutil.copytree(MARKETING, tmp_path / "config", dirs_exist_ok=True)
    text = (MARKETING / "events.yaml").read_text()
    (folder / "events.yaml").write_text(text.replace("days: 5", f"days: 5, bots: {rules}"))
    return load(folder)


def test_each_day_is_read_once_and_then_only_today(desk: Bench) -> None:
    """A first pull takes a call for each day, a second one for today alone, and finds what is new exactly once."""
    start = now(desk)
    noted(desk, "ann@acme.example", start - 4 * DAY)
    noted(desk, "bob@acme.example", start - DAY, detail=f"{SITE}/blog")

    assert calls(desk, desk.pull) == 6

    assert desk.sql(STORED) == [
        ("ann@acme.example", f"{SITE}/demo", None), ("bob@acme.example", f"{SITE}/blog", None)
    ]  # fmt: skip
    noted(desk, "ann@acme.example", now(desk))
    desk.later(minutes=10)
    assert calls(desk, desk.pull) == 1
    assert counted(desk, EMAILS) == [
        (contact_of(desk, "ann@acme.example"), 2), (contact_of(desk, "bob@acme.example"), 1)
    ]  # fmt: skip


def test_events_that_come_minutes_late_are_found_by_the_next_pull(desk: Bench) -> None:
    """HubSpot shows events some minutes late: a pull looks again at the last minutes of the one before."""
    desk.pull()
    noted(desk, "ann@acme.example", desk.last.now - timedelta(minutes=6))

    desk.later(minutes=20)
    desk.pull()

    assert len(desk.sql(STORED)) == 1


def test_late_events_are_found_while_a_day_is_not_settled(desk: Bench) -> None:
    """An event that comes late is found by the next reconciling pull; a day that ended three days ago is not asked."""
    desk.pull()
    start = desk.last.now
    noted(desk, "ann@acme.example", start - 2 * DAY)
    noted(desk, "ann@acme.example", start - 5 * DAY)

    desk.later(minutes=10)
    assert calls(desk, desk.pull) == 1
    assert desk.sql(STORED) == []

    # Today and the new day, and the days that had ended less than three days ago.
    desk.later(days=1)
    assert calls(desk, desk.pull) == 5
    assert len(desk.sql(STORED)) == 1


def test_a_first_pull_goes_on_where_it_stopped(desk: Bench, clicks: Catalog) -> None:
    """A pull that broke off between two days reads the days that are left; nothing is lost or read twice."""
    start = now(desk)
    for days in range(5):
        noted(desk, "ann@acme.example", start - days * DAY - timedelta(hours=1))
    desk.pull()

    def stream(position: Any) -> EmailEventStream:
        source = clicks.events["email_click"].sources[0]
        assert isinstance(source, EmailEventSource)
        return EmailEventStream(opening(desk, EMAILS, position), source)

    everything = [batch.events for batch in stream(None).batches()]
    broken = stream(None).batches()
    first = [next(broken), next(broken), next(broken)]
    rest: list[Batch] = []
    before = calls(desk, lambda: rest.extend(stream(first[-1].position).batches()))

    # The day after the last one that was read is looked at again for its last minutes only when it is young.
    assert before == 3
    assert [*(e for b in first for e in b.events), *(e for b in rest for e in b.events)] == [
        event for events in everything for event in events
    ]


@pytest.mark.parametrize(("code", "before"), [(404, False), (404, True), (410, True)])
def test_counters_take_over_when_the_api_ends(desk: Bench, *, code: int, before: bool) -> None:
    """Where HubSpot has no email events (any more), the counters feed the kind, and no model is held."""
    if before:
        desk.pull()
    desk.fault(CALLS, method="GET", status=code, times=100)

    result = desk.pull()

    assert result.feeds.active["email_click"] == "email_click/counters"
    assert status(result)[EMAILS] == "unavailable"
    assert result.held == {}


def test_a_token_without_the_scope_uses_counters(clicks: Catalog, tmp_path: Path) -> None:
    """Without the scope the counters are used, and the reason names the scope; one that was taken away holds."""
    with bench(tmp_path / "data", clicks, empty=True) as desk:
        forbidden = {
            "status": "error", "message": "no", "category": "MISSING_SCOPES",
            "errors": [{"message": "m", "context": {"requiredGranularScopes": ["content"]}}],
        }  # fmt: skip
        desk.fault(CALLS, method="GET", status=403, times=1, body=forbidden)
        result = desk.pull()
        report = {each.source: each for each in result.sources}[EMAILS]
        assert (report.status, report.replaced_by) == ("unavailable", "email_click/counters")
        assert "add the scope content" in report.reason

        assert status(desk.pull())[EMAILS] == "active"
        desk.fault(CALLS, method="GET", status=403, times=1, body=forbidden)
        assert desk.pull().held.keys() == {"engagement"}


def test_programs_are_counted_and_left_out(desk: Bench, tmp_path: Path) -> None:
    """Each rule marks what it is about; marked events stay in the store, and no score sees them."""
    start = now(desk) - DAY
    second = timedelta(seconds=1)
    noted(desk, "ann@acme.example", start, detail=BOT + SITE)
    noted(desk, "ann@acme.example", start + 60 * second, sent=start + 58 * second)
    for number, page in enumerate(("/a", "/b", "/c")):
        noted(desk, "bob@acme.example", start + number * 2 * second, detail=SITE + page, sent=start - DAY)
    noted(desk, "bob@acme.example", start + 90 * second, sent=start - DAY)

    result = desk.pull()

    assert sorted(bot for _, _, bot in desk.sql(STORED) if bot) == ["filtered", "links", "links", "links", "seconds"]
    assert counted(desk, EMAILS) == [(contact_of(desk, "bob@acme.example"), 1)]
    assert (result.bots[EMAILS].events, result.bots[EMAILS].bots) == (6, 5)

    desk.catalog = with_bots(tmp_path, "{filtered: false, seconds: 0, links: 4, proxies: false}")
    result = desk.pull()
    assert result.bots == {}
    assert sum(count for _, count in counted(desk, EMAILS)) == 6


def test_two_links_at_once_are_a_person(desk: Bench) -> None:
    """Few links, the same link again, or links of two mails within seconds are no sign of a program."""
    start, second = now(desk) - DAY, timedelta(seconds=1)
    for number, page in enumerate(("/a", "/b", "/a", "/b")):
        noted(desk, "ann@acme.example", start + number * second, detail=SITE + page, sent=start - DAY)
    for week in range(3):
        noted(desk, "bob@acme.example", start, detail=f"{SITE}/{week}", sent=start - (1 + 7 * week) * DAY)

    desk.pull()

    assert {bot for _, _, bot in desk.sql(STORED)} == {None}


@pytest.mark.parametrize(
    ("agent", "marked"),
    [
        ("Mozilla/5.0 (via ggpht.com GoogleImageProxy)", True),
        ("YahooMailProxy; https://help.yahoo.com", True),
        ("Mozilla/5.0", False),
        (None, False),
    ],
)
def test_opens_of_image_proxies(desk: Bench, agent: str | None, *, marked: bool) -> None:
    """An open that an image proxy names as its own is no person's; one that could be anybody's counts."""
    attributes = {"user_agent": agent} if agent else {}
    row = EventRow(EMAILS, "1", "email_open", "email", "ann@acme.example", datetime(2026, 9, 1), attributes=attributes)
    with desk.store.write() as writer:
        writer.commit_batches([Batch(EMAILS, events=[row])], own={}, counters=[], known_at=now(desk))
        writer.mark_bots(EMAILS, bots.rules(Bots()))
        stock = writer.stock()[EMAILS]

    assert (stock.events, stock.bots) == (1, int(marked))


def test_the_filter_leaves_exactly_what_people_did(pulled: Bench) -> None:
    """Of all clicks of a living portal, those are left that were followed by a visit; the world knows the others."""
    log = pulled.server.portal.tools.emails.between(0, 2**62)
    rows = _email_events([shown(row, 1) for row in log if row.type == CLICK])
    source = EmailEventSource(**{"from": "email_events", "type": "CLICK"})
    stream = EmailEventStream(opening(pulled, EMAILS), source)
    events = [event for row in rows if (event := stream._event(row))]
    with pulled.store.write() as writer:
        writer.commit_batches([Batch(EMAILS, events=events)], own={}, counters=[], known_at=pulled.last.now)
        writer.mark_bots(EMAILS, bots.rules(Bots()))
        people = writer._all("SELECT occurred_at FROM portal.event WHERE source = ? AND bot IS NULL", EMAILS)
        programs = writer._all("SELECT count(*) FROM portal.event WHERE source = ? AND bot <> 'filtered'", EMAILS)
        writer.drop_events(EMAILS)
    visits = {
        view.at_ms for view in pulled.server.portal.occurrences.of_type("e_visited_page", 0, 2**62)
        if view.properties.get("hs_referrer") == "https://mail.vendor.example/"
    }  # fmt: skip

    assert len(people) > 10
    assert {round((at - datetime(1970, 1, 1)).total_seconds() * 1000) for (at,) in people} == visits
    assert programs == [(pulled.server.hub.live.__self__.truth.bot_clicks,)]


def test_events_follow_the_person_through_a_merge(desk: Bench) -> None:
    """What a merged contact did under its old email counts for the one that lives on."""
    noted(desk, "ann@acme.example", now(desk) - DAY)
    noted(desk, "bob@acme.example", now(desk) - DAY)
    desk.pull()
    ann, bob = (contact_of(desk, f"{name}@acme.example") for name in ("ann", "bob"))
    merged = desk.call("POST", "/crm/objects/2026-09/contacts/merge", {"primaryObjectId": ann, "objectIdToMerge": bob})

    desk.pull()

    assert counted(desk, EMAILS) == [(merged["id"], 2)]


def test_the_erased_do_not_come_back(desk: Bench) -> None:
    """Of a contact that was erased no event stays, and none is taken in again when its day is read once more."""
    noted(desk, "ann@acme.example", now(desk) - DAY)
    desk.pull()
    with desk.store.write() as writer:
        writer.erase("contacts", [contact_of(desk, "ann@acme.example")], at=desk.last.now, reason="asked")
    assert desk.sql(STORED) == []

    desk.later(days=1)
    desk.pull()

    assert desk.sql(STORED) == []


def test_the_estimate_has_a_call_for_each_day(desk: Bench) -> None:
    """The days of email events are in the estimate of a first pull."""
    result = desk.pull()

    assert abs(estimate(desk.client, desk.catalog, desk.last).calls - result.calls) <= 5
