"""Scores a million contacts with ten million events of a generated portal; prints one JSON line.

    python tests/benchmarks/scoring.py [--contacts 1000000] [--events 10000000] [--models all] [--engine spark]

The records are made by SQL straight into the store; the models are those of `config/` that are on, or those named.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
from speed import configuration

from hubsync.catalog import load
from hubsync.plan import Circumstances, plan
from hubsync.score import open_scores
from hubsync.scoring.feeds import Feeds
from hubsync.store import Store
from hubsync.workspace import moment

NOW = datetime(2026, 9, 21, 14)
ACTIVE = {
    "email_open": "email_open/counters",
    "email_click": "email_click/counters",
    "email_reply": "email_reply/counters",
    "form_submitted": "form_submitted/counters",
    "page_view": "page_view/occurrences",
    "login": "login/occurrences",
}


def generate(file: Path, contacts: int, companies: int, events: int) -> None:
    """Fill the tables; every value is a function of its row number."""
    kinds = list(ACTIVE.items())
    cases = " ".join(f"WHEN {number} THEN '{kind}'" for number, (kind, _) in enumerate(kinds))
    sources = " ".join(f"WHEN {number} THEN '{source}'" for number, (_, source) in enumerate(kinds))
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"""INSERT INTO record SELECT 'contacts', CAST(i AS VARCHAR), TIMESTAMP '2024-01-01',
            TIMESTAMP '2026-09-01', NULL, json_object('email', 'a' || i || '@x' || (i % 99991) || '.example',
            'lifecyclestage', CASE WHEN i % 10 < 7 THEN 'lead' ELSE 'customer' END,
            'jobtitle', CASE i % 5 WHEN 0 THEN 'VP Engineering' WHEN 1 THEN 'Student' WHEN 2 THEN 'CFO' ELSE NULL END,
            'industry', CASE WHEN i % 3 = 0 THEN 'Software' ELSE 'Retail' END, 'country', 'United States',
            'hs_email_optout', CASE WHEN i % 50 = 0 THEN 'true' END, 'hs_email_open', CAST(i % 40 AS VARCHAR),
            'hs_email_click', CAST(i % 11 AS VARCHAR), 'hs_email_replied', CAST(i % 3 AS VARCHAR),
            'num_conversion_events', CAST(i % 4 AS VARCHAR), 'budget_confirmed', CASE WHEN i % 7 = 0 THEN 'true' END,
            'hs_analytics_last_timestamp', '2026-09-0' || (1 + i % 9) || 'T10:00:00Z'),
            '{{}}', TIMESTAMP '2026-09-01', TIMESTAMP '2026-09-01', NULL FROM range({contacts}) t(i)"""
        )
        connection.execute(
            f"""INSERT INTO record SELECT 'companies', CAST(i AS VARCHAR), TIMESTAMP '2024-01-01',
            TIMESTAMP '2026-09-01', NULL, json_object(
            'lifecyclestage', CASE WHEN i % 2 = 0 THEN 'customer' ELSE 'lead' END,
            'numberofemployees', CAST(i % 3000 AS VARCHAR), 'seats_used', CAST(i % 50 AS VARCHAR), 'seats_total', '50'),
            '{{}}', TIMESTAMP '2026-09-01', TIMESTAMP '2026-09-01', NULL FROM range({companies}) t(i)"""
        )
        connection.execute(
            f"""INSERT INTO association SELECT 'contacts', CAST(i AS VARCHAR), 'companies',
            CAST(i % {companies} AS VARCHAR), 1, NULL, NULL, NULL FROM range({contacts}) t(i)"""
        )
        connection.execute(
            f"""INSERT INTO event SELECT CASE i % {len(kinds)} {sources} END, CAST(i AS VARCHAR),
            CASE i % {len(kinds)} {cases} END, 'contacts', CAST((i * 7919) % {contacts} AS VARCHAR),
            TIMESTAMP '2026-09-21' - to_hours((i * 31) % 9600), TIMESTAMP '2026-09-21', 1, NULL, NULL,
            CASE WHEN i % {len(kinds)} = 4 THEN json_object('url', 'https://x.example/' ||
            CASE i % 7 WHEN 0 THEN 'pricing' ELSE 'blog' END) END, NULL FROM range({events}) t(i)"""
        )


def main() -> None:
    """Generate, score, plan; say how long it took and how much memory it needed."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--contacts", type=int, default=1_000_000)
    arguments.add_argument("--events", type=int, default=10_000_000)
    arguments.add_argument("--models", help="which models are on: all, or names with commas")
    arguments.add_argument("--engine", choices=("duckdb", "spark"), default="duckdb", help="what makes the signals")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalog = load(configuration(Path(folder), given.models))
    catalog = replace(catalog, main=catalog.main.model_copy(update={"engine": given.engine}))
    as_of = moment(NOW, "US/Eastern")
    feeds = Feeds({kind: ACTIVE.get(kind) for kind in catalog.events})
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), "1")
        generate(store.file, given.contacts, given.contacts // 10, given.events)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        started = time.perf_counter()
        with open_scores(store, catalog, as_of, feeds) as found:
            scored = time.perf_counter()
            planned = plan(found.scratch, catalog, found.scores, found.vocabulary, Circumstances("run", {}))
            done = time.perf_counter()
        result = {
            "contacts": given.contacts, "models": len(found.scores.models), "events": given.events,
            "scores": found.scores.total, "changes": planned.changes,
            "engine": given.engine, "score_s": round(scored - started, 1), "plan_s": round(done - scored, 1),
            "file_mb": store.file.stat().st_size >> 20,
            "peak_mb_while_generating": before,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
