"""Events: occurrences, derived records, growth of counters, tables, and which of them is used."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from pull_bench import SMALL, Bench, bench, client_for
from source_given import opening

from hubsync.catalog import Catalog, load
from hubsync.errors import InputError
from hubsync.pull import estimate, feeds_of
from hubsync.pull.sources.occurrences import Asker, OccurrenceStream
from hubsync.pull.sources.streams import LATE, OVERLAP
from hubsync.scoring.origins import OccurrenceSource

CLICKED = {"hs_email_click": "3", "hs_email_last_click_date": "2026-09-10T08:00:00Z"}
TICKET = {"hs_pipeline": "0", "hs_pipeline_stage": "4"}
EVENTS = "SELECT count(*) FROM portal.event WHERE kind = ?"


def table_config(tmp_path: Path, csv: str | None, source: str) -> Path:
    """The small configuration with `email_click` from a table."""
    folder = shutil.copytree(SMALL, tmp_path / "config")
    events = (folder / "events.yaml").read_text()
    counter = "{from: counters, count: hs_email_click"
    (folder / "events.yaml").write_text(events.replace(counter, f"{source}, {counter}"))
    if csv is not None:
        (folder / "clicks.csv").write_text(csv)
    return folder


def test_occurrences_are_the_portals(pulled: Bench) -> None:
    """Page views are pulled with their addresses, as far back as the models look, each once."""
    found = pulled.sql("SELECT source_id, subject, json_extract_string(attributes, '$.url') FROM portal.event"
                       " WHERE source = 'page_view/occurrences'")  # fmt: skip
    since = pulled.last.day_start - timedelta(days=pulled.pull_days("page_view"))
    path = f"/events/event-occurrences/2026-09?eventType=e_visited_page&limit=1000&occurredAfter={since.isoformat()}Z"
    shown = pulled.call("GET", path)["results"]
    assert shown
    assert sorted(found) == sorted((each["id"], each["objectId"], each["properties"].get("hs_url")) for each in shown)


def test_later_occurrences_come_in_a_small_window(living: Bench) -> None:
    """A pull days later reads what happened since, and a week more for late events; it finds exactly the new ones."""
    living.pull()
    first, read = living.last.now, {}
    living.steer("clock", days=20)
    result = living.pull(progress=lambda stream, rows, _total: read.update({stream: rows}))
    stored = living.sql("SELECT count(*), count(DISTINCT source_id), count(*) FILTER (known_at > ?) FROM portal.event"
                        " WHERE source = 'page_view/occurrences'", first)[0]  # fmt: skip
    assert stored[0] == stored[1]
    assert stored[2] == result.events["page_view"] > 0
    since = living.sql(f"{EVENTS} AND occurred_at >= ?", "page_view", first - LATE)[0][0]
    assert read["page_view/occurrences"] == since < stored[0]
    ((cursor,),) = living.sql("SELECT position->>'watermark' FROM portal.cursor WHERE stream = 'page_view/occurrences'")
    assert cursor == living.last.now.isoformat()


def test_derived_events_follow_their_records(bare: Bench) -> None:
    """One event per record for which the condition holds; it goes when the condition or the record goes."""
    closed = bare.create("tickets", {**TICKET, "subject": "help", "closed_date": "2026-09-01T10:00:00Z"})
    bare.create("tickets", {**TICKET, "hs_pipeline_stage": "1", "subject": "wait"})
    bare.pull()
    query = "SELECT source_id, subject_type, subject, occurred_at::VARCHAR, attributes->>'about' FROM portal.event"
    row = (closed, "tickets", closed, "2026-09-01 10:00:00", "help")
    assert bare.sql(query) == [row]
    known = bare.sql("SELECT known_at FROM portal.event")
    bare.pull(full=True)
    assert bare.sql("SELECT known_at FROM portal.event") == known
    bare.change("tickets", closed, closed_date="")
    bare.pull()
    assert bare.sql(query) == []


def test_unreadable_times_are_counted(catalog: Catalog, tmp_path: Path) -> None:
    """A record whose time can't be read is no event, and is counted each time."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "deals.csv").write_text(
        "id,dealname,dealtype,closedate,amount\n1,a,newbusiness,2026-09-01T10:00:00Z,5\n2,b,newbusiness,,5\n"
    )
    with bench(tmp_path / "data", catalog, load=files) as portal:
        assert portal.pull().unreadable == {"deal_won/objects": 1}
        portal.later(minutes=20)
        portal.pull()
        result = portal.pull()
        assert result.rows["deals"] == 0
        assert result.unreadable == {"deal_won/objects": 1}
        assert portal.sql(EVENTS, "deal_won") == [(1,)]


def test_money_is_the_companys_or_unknown(catalog: Catalog, tmp_path: Path) -> None:
    """A foreign amount is converted by the deal's exchange rate; without one it is unknown beside its currency."""
    files = tmp_path / "files"
    files.mkdir()
    deal = "newbusiness,2026-09-01T10:00:00Z"
    (files / "deals.csv").write_text(
        "id,dealname,dealtype,closedate,amount,deal_currency_code,hs_exchange_rate\n"
        f"1,home,{deal},100,USD,1\n2,silent,{deal},100,,\n3,rated,{deal},100,EUR,1.1\n4,unrated,{deal},100,EUR,\n"
    )
    with bench(tmp_path / "data", catalog, load=files) as portal:
        portal.pull()
        rows = portal.sql("SELECT subject, value::VARCHAR, currency FROM portal.event ORDER BY subject")
    assert rows == [
        ("1", "100.000000", None), ("2", "100.000000", None), ("3", "110.000000", None), ("4", None, "EUR"),
    ]  # fmt: skip


def test_counters_grow(catalog: Catalog, tmp_path: Path) -> None:
    """On a plan without event occurrences, the growth of a counter between two pulls is so many events."""
    with bench(tmp_path / "data", catalog, contacts=60, plan="free") as portal:
        portal.client = client_for(portal.server, search_per_second=4)
        result = portal.pull()
        status = {each.source: (each.status, each.replaced_by) for each in result.sources}
        assert status["page_view/occurrences"] == ("unavailable", "page_view/counters")
        assert status["page_view/counters"] == ("active", None)
        assert result.feeds.active["page_view"] == "page_view/counters"
        assert result.held == {}
        counted = "SELECT coalesce(sum((properties->>'hs_analytics_num_page_views')::INT), 0) FROM portal.record"
        (before,), first = portal.sql(counted)[0], portal.last.now
        portal.steer("clock", days=30)
        portal.pull()
        ((after,),) = portal.sql(counted)
        grown = "SELECT sum(times) FROM portal.event WHERE source = 'page_view/counters' AND known_at > ?"
        assert portal.sql(grown, first) == [(after - before,)]
        assert after > before


def test_first_sight_of_a_counter(catalog: Catalog, tmp_path: Path) -> None:
    """A counter above zero is at first one event, dated by its last one."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "contacts.csv").write_text(
        "id,email,hs_email_click,hs_email_last_click_date\n1,a@x.example,3,2026-09-10T08:00:00Z\n2,b@x.example,0,\n"
    )
    with bench(tmp_path / "data", catalog, load=files) as portal:
        portal.pull()
        rows = portal.sql("SELECT subject, times, occurred_at::VARCHAR FROM portal.event")
    assert rows == [("1", 1, "2026-09-10 08:00:00")]


def test_silent_source_is_overdue(bare: Bench) -> None:
    """A source that is silent for longer than expected is not believed; a run without a pull knows it too."""
    result = bare.pull()
    status = {each.source: each.status for each in result.sources}
    assert status["page_view/occurrences"] == "overdue"
    assert result.feeds.overdue == {"page_view/occurrences"}
    assert "page_view/occurrences" in result.feeds.starts
    with bare.store.read() as reader:
        assert feeds_of(bare.catalog, reader.sources()) == result.feeds


def test_tables(tmp_path: Path) -> None:
    """Rows of a CSV are events of its subjects; unreadable ones are counted, what left the file goes."""
    header = "user,at,amount,code\n"
    good = "Ada@x.example,2026-09-01 10:00:00,5,usd\n" * 2 + "bob@x.example,1756713600000,7,EUR\n"
    source = "{from: tables, file: clicks.csv, subject: {email: user}, time: at, value: amount, currency: code}"
    folder = table_config(tmp_path, header + good + "carl@x.example,yesterday,1,\n,2026-09-01,1,\n", source)
    with bench(tmp_path / "data", load(folder), empty=True) as portal:
        result = portal.pull()
        assert result.unreadable == {"email_click/tables": 2}
        columns = "subject_type, subject, occurred_at::VARCHAR, value::VARCHAR, currency"
        query = f"SELECT {columns} FROM portal.event ORDER BY subject"
        ada = ("email", "ada@x.example", "2026-09-01 10:00:00", "5.000000", None)
        bob = ("email", "bob@x.example", "2025-09-01 08:00:00", None, "EUR")
        assert portal.sql(query) == [ada, ada, bob]
        assert result.feeds.starts["email_click/tables"].isoformat() == "2025-09-01T08:00:00"
        assert portal.pull().events["email_click"] == 0
        (folder / "clicks.csv").write_text(header + good.splitlines()[0] + "\n")
        portal.pull()
        assert portal.sql(query) == [ada]


def test_parquet_table(tmp_path: Path) -> None:
    """A Parquet file's own times are read, also with a zone."""
    source = "{from: tables, file: clicks.parquet, subject: {contacts: id}, time: at}"
    folder = table_config(tmp_path, None, source)
    duckdb.execute(f"COPY (SELECT 7 AS id, make_timestamptz(1756713600000000) AS at) TO '{folder}/clicks.parquet'")
    with bench(tmp_path / "data", load(folder), empty=True) as portal:
        portal.pull()
        assert portal.sql("SELECT subject_type, subject, occurred_at::VARCHAR FROM portal.event") == [
            ("contacts", "7", "2025-09-01 08:00:00")
        ]


@pytest.mark.parametrize(
    ("csv", "source", "message"),
    [
        ("who,at\na@x.example,2026-09-01\n", "subject: {email: user}, time: at", r"no column user; its columns"),
        ("user,at\n\xff,2026-09-01\n", "subject: {email: user}, time: at", r"clicks.csv can't be read as a table"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit(tmp_path: Path, csv: str, source: str, message: str) -> None:
    """A missing column or a file that is no table is one sentence that names the file."""
    folder = table_config(tmp_path, None, f"{{from: tables, file: clicks.csv, {source}}}")
    (folder / "clicks.csv").write_bytes(csv.encode("latin-1"))
    with bench(tmp_path / "data", load(folder), empty=True) as portal, pytest.raises(InputError, match=message):
        portal.pull()


def test_missing_table_falls_back_and_then_fails(tmp_path: Path) -> None:
    """A file that is not there is named and replaced; one that was there and is gone holds its models."""
    source = "{from: tables, file: clicks.csv, subject: {email: user}, time: at}"
    folder = table_config(tmp_path, None, source)
    with bench(tmp_path / "data", load(folder), empty=True) as portal:
        result = portal.pull()
        report = {each.source: each for each in result.sources}
        assert report["email_click/tables"].replaced_by == "email_click/counters"
        assert "clicks.csv" in report["email_click/tables"].reason
        (folder / "clicks.csv").write_text("user,at\na@x.example,2026-09-01\n")
        assert portal.pull().feeds.active["email_click"] == "email_click/tables"
        (folder / "clicks.csv").unlink()
        result = portal.pull()
        assert result.held.keys() == {"engagement"}
        assert portal.sql(EVENTS, "email_click") == [(1,)]


def test_large_pages_may_be_refused(living: Bench) -> None:
    """When HubSpot refuses large pages of events, small ones bring the same."""
    living.fault("/events/event-occurrences/2026-09$", method="GET", status=400, times=1)
    living.pull()
    views = living.sql("SELECT count(*), count(DISTINCT source_id) FROM portal.event WHERE kind = 'page_view'")[0]
    stats = requests.get(f"{living.server.url}/_emulator/stats", timeout=10).json()
    assert views[0] == views[1] > 0
    assert stats["by_status"]["400"] == 1


def test_estimate(pulled: Bench) -> None:
    """The estimate of a first pull is near its calls, and costs one call per object."""
    before = pulled.client.transport.calls.total
    told = estimate(pulled.client, pulled.catalog, pulled.last)
    assert pulled.client.transport.calls.total - before == len(told.records)
    assert told.records["contacts"] == len(pulled.alive("contacts"))
    assert abs(told.calls - pulled.first.calls) <= 5


def test_first_pull_of_occurrences_goes_on(living: Bench) -> None:
    """A first pull that broke off between two pages goes on with the next page; nothing is lost or read twice."""
    living.pull()

    def stream(position: Mapping[str, Any] | None) -> OccurrenceStream:
        source = living.catalog.events["page_view"].sources[0]
        assert isinstance(source, OccurrenceSource)
        given = opening(living, "page_view/occurrences", position, days=400)
        given.shared.of(Asker).size = 50
        return OccurrenceStream(given, source)

    everything = [batch.events for batch in stream(None).batches()]
    assert len(everything) > 3
    broken = stream(None).batches()
    first = [next(broken), next(broken)]
    rest = [event for batch in stream(first[1].position).batches() for event in batch.events]
    all_events = [event for events in everything for event in events]
    before = [event for batch in first for event in batch.events]
    recent = {event.source_id for event in all_events if event.occurred_at >= living.last.now - OVERLAP}
    assert [event for event in before + rest if event.source_id not in recent] == [
        event for event in all_events if event.source_id not in recent
    ]


def test_a_longer_memory_while_a_first_pull_goes_on(living: Bench) -> None:
    """Models that look further back by the time a first pull goes on get the older events with the rest of it."""
    living.pull()
    source = living.catalog.events["page_view"].sources[0]
    assert isinstance(source, OccurrenceSource)
    begun = opening(living, "page_view/occurrences", days=200)
    begun.shared.of(Asker).size = 5
    first = next(OccurrenceStream(begun, source).batches())
    later = OccurrenceStream(opening(living, "page_view/occurrences", first.position, days=400), source)
    found = {
        event.source_id for event in [*first.events, *(each for batch in later.batches() for each in batch.events)]
    }
    assert first.position is not None and first.position["window"]
    everything = OccurrenceStream(opening(living, "page_view/occurrences", days=400), source)
    assert found == {event.source_id for batch in everything.batches() for event in batch.events}


def test_longer_memory_and_other_attributes(living: Bench, tmp_path: Path) -> None:
    """A model that looks further back brings older events; a source that is declared anew is pulled anew."""
    living.pull()
    oldest = "SELECT min(occurred_at) FROM portal.event WHERE source = 'page_view/occurrences'"
    ((before,),) = living.sql(oldest)
    folder = shutil.copytree(SMALL, tmp_path / "config")
    model = folder / "models" / "engagement.yaml"
    model.write_text(model.read_text().replace("with: page_view, within: 90 days", "with: page_view, within: 300 days"))
    living.catalog = load(folder)
    result = living.pull()
    ((after,),) = living.sql(oldest)
    assert after < before
    assert result.feeds.starts["page_view/occurrences"] == living.last.day_start - timedelta(days=300)
    events = folder / "events.yaml"
    events.write_text(events.read_text().replace("{url: hs_url}", "{url: hs_url, title: hs_title}"))
    count = living.sql(EVENTS, "page_view")
    living.catalog = load(folder)
    living.pull()
    assert living.sql(EVENTS, "page_view") == count
    assert living.sql("SELECT count(*) FROM portal.event WHERE attributes->>'title' IS NOT NULL") == count
