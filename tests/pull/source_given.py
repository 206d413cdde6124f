"""The small configuration with other sources of events, and a portal for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pull_bench import SMALL, Bench, bench

from hubsync.catalog import Catalog, load
from hubsync.pull.glance import Glance
from hubsync.pull.portal import Portal
from hubsync.pull.sources.streams import Opening, Shared

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


def opening(portal: Bench, name: str, position: Mapping[str, Any] | None = None, *, days: int = 90) -> Opening:
    """What the stream of a source is opened with after a pull, when the models look so many days back."""
    return Opening(
        name, name.partition("/")[0], Portal(portal.client, str(portal.server.options.portal_id), "USD"), portal.last,
        days=days, position=position, full=False, every=1, folder=portal.catalog.folder, shared=Shared(),
        glance=Glance(portal.store), kept_since=portal.last.now - timedelta(days=750), secret=lambda _name: "",
    )  # fmt: skip


def make_property(portal: Bench, name: str, type_: str = "number") -> None:
    """A custom property of contacts."""
    body = {"name": name, "label": name, "type": type_, "fieldType": type_, "groupName": "contactinformation"}
    portal.call("POST", "/crm/properties/2026-09/contacts", body)
