"""What is wrong with a source makes what it tells unknown, counted or one clear error; never a silent zero."""

from __future__ import annotations

from pathlib import Path

import pytest
from pull_bench import Bench, bench
from source_given import DEALS, config_with

from hubsync.catalog import load
from hubsync.errors import InputError
from hubsync.score import open_scores

SALES = "{from: tables, file: sales.csv, subject: {domain: domain}, time: at, value: amount, currency: code%s}"
HEADER = "domain,at,amount,code\n"
NAMES = ("home", "foreign", "silent", "ahead", "twin", "twin")


def companies(portal: Bench) -> list[str]:
    """Companies that have been there for a minute: what came within the second of a pull is not scored by it."""
    ids = [
        portal.create("companies", {"name": f"{name}{n}", "domain": f"{name}.example"}) for n, name in enumerate(NAMES)
    ]
    portal.steer("clock", minutes=1)
    return ids


def sold(portal: Bench) -> dict[str, float | None]:
    """The money that each company brought, as the model `money` reads it; None for unknown."""
    feeds = portal.pull().feeds
    with open_scores(portal.store, portal.catalog, portal.last, feeds) as found:
        (model,) = (each for each in found.scores.models if each.name == "money")
        rows = found.scratch.execute(f'SELECT record_id, known_data > 0, score FROM "{model.relation}"')
    return {record_id: (float(points) if points is not None else 0.0) if known else None
            for record_id, known, points in rows}  # fmt: skip


def portal_of(tmp_path: Path, rows: str, more: str = "") -> Path:
    return config_with(tmp_path / "config", DEALS, SALES % more, sales_csv=HEADER + rows)


def test_rows_that_can_not_be_added_up_are_unknown(tmp_path: Path) -> None:
    """Another currency, no row at all, or only rows of the future: the sum is unknown, not 0."""
    rows = "home.example,2026-09-01,2000,USD\nforeign.example,2026-09-01,2000,EUR\nforeign.example,2026-09-01,5000,\n"
    folder = portal_of(tmp_path, rows + "ahead.example,2030-01-01,2000,\nahead.example,2099-12-31,2000,\n")
    with bench(tmp_path / "data", load(folder), empty=True) as portal:
        ids = companies(portal)
        found = sold(portal)
        with portal.store.read() as reader:
            stock = reader.stock(portal.last.now)["deal_won/tables"]
    assert [found[each] for each in ids[:4]] == [5.0, None, None, None]
    assert (stock.events, stock.ahead, str(stock.last)) == (5, 2, "2026-09-01 00:00:00")


def test_a_row_that_stands_twice_counts_twice(tmp_path: Path) -> None:
    """A file's rows have no id: the same row twice is two sales; 600 and 600 are more than 1,000."""
    catalog = load(portal_of(tmp_path, "home.example,2026-09-01,600,\n" * 2))
    with bench(tmp_path / "data", catalog, empty=True) as portal:
        ids = companies(portal)
        assert sold(portal)[ids[0]] == 5.0


def test_a_key_that_two_records_have(tmp_path: Path) -> None:
    """Two companies with one domain both get its events, since nobody knows whose they are; each counts them once."""
    with bench(tmp_path / "data", load(portal_of(tmp_path, "TWIN.example,2026-09-01,600,\n")), empty=True) as portal:
        ids = companies(portal)
        first = [sold(portal)[each] for each in ids[4:]]
        (portal.catalog.folder / "sales.csv").write_text(HEADER + "twin.example,2026-09-01,1200,\n")
        assert first == [0.0, 0.0]
        assert [sold(portal)[each] for each in ids[4:]] == [5.0, 5.0]


def test_an_overdue_source_is_unknown_whatever_its_clock_says(tmp_path: Path) -> None:
    """A source without an event for longer than expected is not believed; a row of the future does not hide that."""
    rows = "home.example,2026-07-01,2000,\nahead.example,2030-01-01,2000,\n"
    folder = portal_of(tmp_path, rows, ", expected_every: 7 days")
    with bench(tmp_path / "data", load(folder), empty=True) as portal:
        ids = companies(portal)
        result = portal.pull()
        found = sold(portal)
    report = next(each for each in result.sources if each.source == "deal_won/tables")
    assert (report.status, report.reason) == (
        "overdue", "no event since 2026-07-01 00:00 UTC, one is expected every 7 days",
    )  # fmt: skip
    assert [found[each] for each in ids] == [None] * len(ids)


def test_a_column_that_is_renamed_ends_the_pull(tmp_path: Path) -> None:
    """A column that was there and is not is one error that names it; what was read before stays."""
    folder = portal_of(tmp_path, "home.example,2026-09-01,2000,\n")
    with bench(tmp_path / "data", load(folder), empty=True) as portal:
        companies(portal)
        portal.pull()
        (folder / "sales.csv").write_text("domain,at,total,code\nhome.example,2026-09-01,2000,\n")
        with pytest.raises(InputError, match=r"The file sales\.csv has no column amount; its columns are domain, at,"):
            portal.pull()
        assert portal.sql("SELECT count(*) FROM portal.event") == [(1,)]


def test_a_condition_that_nobody_has_mapped_is_unknown(tmp_path: Path) -> None:
    """Events that are told by a word which portal.yaml does not map are unknown, not none; mapped, they are there."""
    source = "{from: objects, object: deals, when: pipeline <> renewal_pipeline, time: closedate, value: amount}"
    folder = config_with(tmp_path / "config", DEALS, source)
    with bench(tmp_path / "data", load(folder), empty=True) as portal:
        ids = companies(portal)
        given = {"dealname": "d", "pipeline": "default", "dealstage": "closedwon", "closedate": "2026-09-01"}
        portal.create("deals", {**given, "amount": "2000"}, (ids[0], 5))
        result = portal.pull()
        unsaid = sold(portal)
        words = folder / "portal.yaml"
        words.write_text(words.read_text().replace("words:", "words:\n  renewal_pipeline: {deals: \"'renewals'\"}"))
        portal.catalog = load(folder)
        said = sold(portal)
        words.write_text(words.read_text().replace("{deals: \"'renewals'\"}", "unknown"))
        portal.catalog = load(folder)
        meant = portal.pull()
    report = next(each for each in result.sources if each.source == "deal_won/objects")
    assert report.status == "unavailable"
    assert report.reason == "portal.yaml does not say for deals what is meant by renewal_pipeline"
    assert set(unsaid.values()) == {None}
    assert [said[each] for each in ids[:2]] == [5.0, 0.0]
    assert meant.held == {} and meant.feeds.active["deal_won"] is None
