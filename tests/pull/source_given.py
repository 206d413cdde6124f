"""The small configuration with other sources of events, and a portal for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pull_bench import SMALL, Bench, bench

from hubsync.catalog import Catalog, load

CLICKS = "[{from: counters, count: hs_email_click, last: hs_email_last_click_date}]"
DEALS = """
    - from: objects
      object: deals
      when: dealtype = 'newbusiness'
      time: closedate
      value: amount
      currency: deal_currency_code
"""


def config_with(folder: Path, old: str, *sources: str, **files: str) -> Path:
    """The small configuration, where these sources stand for others in events.yaml, and files beside it."""
    shutil.copytree(SMALL, folder)
    events = folder / "events.yaml"
    text = events.read_text()
    assert old in text
    events.write_text(text.replace(old, "".join(f"\n    - {source}" for source in sources) + "\n"))
    portal = folder / "portal.yaml"
    portal.write_text(portal.read_text().replace("decision_role: text", "decision_role: text, visits: number"))
    for name, content in files.items():
        (folder / name.replace("_csv", ".csv")).write_text(content)
    return folder


@contextmanager
def portal_with(tmp_path: Path, old: str, *sources: str, **options: Any) -> Iterator[Bench]:
    """A portal without a record, whose events come from these sources."""
    catalog: Catalog = load(config_with(tmp_path / "config", old, *sources))
    with bench(tmp_path / "data", catalog, **{"empty": True, **options}) as portal:
        yield portal


def make_property(portal: Bench, name: str, type_: str = "number") -> None:
    """A custom property of contacts."""
    body = {"name": name, "label": name, "type": type_, "fieldType": type_, "groupName": "contactinformation"}
    portal.call("POST", "/crm/properties/2026-09/contacts", body)
