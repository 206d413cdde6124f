"""From three columns of orders to a segment and a list in HubSpot (checklist 50, 117, 119, 120)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from ruamel.yaml import YAML
from thread_given import SHIPPED, Thread
from thread_small import COMPANY, CONTACT, DEAL, EVENT, LINK, small_thread, write_csv

TABLE = {
    "Acme Corp": (8, 24, 48_000), "Beta LLC": (15, 18, 31_000), "Gamma Inc": (62, 6, 12_000),
    "Delta Co": (140, 3, 5_200), "Epsilon Ltd": (310, 1, 800),
}  # fmt: skip
"""Days since the last order, orders in 12 months, and their money."""
CUTS = "cuts: {recency: [30, 60, 90, 180], frequency: [2, 5, 12, 20], monetary: [2000, 10000, 20000, 40000]}\n"
ORDERS = """
purchase:
  label: bought something
  sources:
    - {from: tables, file: orders.csv, subject: {companies: customer}, time: date, value: amount}
"""
SEGMENT = "best: {object: companies, label: Best customers, when: value_rfm >= 80}\n"
WRITTEN = ("name", "hubsync_rfm_code", "hubsync_rfm_segment", "hubsync_rfm_score", "hubsync_segments")


def orders(today: date) -> Iterator[tuple[int, date, float]]:
    """The orders behind the table, two weeks apart; the oldest of Acme are as old as the 12 months allow."""
    for number, (last, count, money) in enumerate(TABLE.values()):
        for each in range(count):
            yield 500 + number, today - timedelta(days=last + 14 * each), round(money / count, 6)


def signals(model: str) -> str:
    """The signals that ship and that a model reads."""
    shipped = YAML(typ="safe").load((SHIPPED / "signals.yaml").read_text(encoding="utf-8"))
    read = re.findall(r"\w+", re.sub("#.*", "", model))
    return "".join(f"{name}: {json.dumps(signal)}\n" for name, signal in shipped.items() if name in read)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Thread]:
    """A portal with five customers, and a file with a customer's id, a date and an amount for each order."""
    csv = tmp_path / "csv"
    for name, header in (("contacts", CONTACT), ("deals", DEAL), ("associations", LINK), ("events", EVENT)):
        write_csv(csv / f"{name}.csv", header, [])
    firms = [(500 + n, name, f"x{n}.example", "customer", 1) for n, name in enumerate(TABLE)]
    write_csv(csv / "companies.csv", COMPANY, firms)
    with small_thread(tmp_path, csv, ("hubsync.yaml", "[interest, account]", "[value_rfm]")) as thread:
        model = (SHIPPED / "models" / "value_rfm.yaml").read_text(encoding="utf-8")
        for file, text in (("events.yaml", ORDERS), ("signals.yaml", signals(model))):
            path = thread.config / file
            path.write_text(path.read_text() + text)
        (thread.config / "models" / "value_rfm.yaml").write_text(model + CUTS)
        (thread.config / "segments.yaml").write_text(SEGMENT)
        with thread.server.portal.lock:
            today = thread.server.portal.now.date()
        write_csv(thread.config / "orders.csv", ("customer", "date", "amount"), orders(today))
        yield thread


def ask(thread: Thread, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What HubSpot answers to somebody else."""
    headers = {"Authorization": f"Bearer {thread.server.token}"}
    answer = requests.request(method, f"{thread.server.url}{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


def listed(thread: Thread, name: str, property_: str, operation: dict[str, Any]) -> set[str]:
    """The names of the companies in a list of HubSpot that filters by a property."""
    filters = [{"filterType": "PROPERTY", "property": property_, "operation": operation}]
    group = {"filterBranchType": "AND", "filterBranches": [], "filters": filters}
    branch = {"filterBranchType": "OR", "filters": [], "filterBranches": [group]}
    body = {"name": name, "objectTypeId": "0-2", "processingType": "DYNAMIC", "filterBranch": branch}
    made = ask(thread, "POST", "/crm/lists/2026-09/", body)["list"]["listId"]
    rows = ask(thread, "GET", f"/crm/lists/2026-09/{made}/memberships")["results"]
    names = thread.in_hubspot("companies", ("name",))
    return {str(names[row["recordId"]]["name"]) for row in rows}


def test_the_table_from_a_file_to_lists(shop: Thread) -> None:
    """Customer, date and amount of orders give the article's codes and names in HubSpot; lists choose by them."""
    result = shop.run()

    assert result.status == "ok", result.reason
    found = {str(each["name"]): each for each in shop.in_hubspot("companies", WRITTEN).values()}
    assert {name: (each["hubsync_rfm_code"], each["hubsync_rfm_segment"]) for name, each in found.items()} == {
        "Acme Corp": ("555", "champion"), "Beta LLC": ("544", "loyal"), "Gamma Inc": ("333", "needs_attention"),
        "Delta Co": ("222", "at_risk"), "Epsilon Ltd": ("111", "lost"),
    }  # fmt: skip
    assert [found[name]["hubsync_rfm_score"] for name in TABLE] == ["100", "83", "50", "25", "0"]
    high = {"operationType": "NUMBER", "operator": "IS_GREATER_THAN_OR_EQUAL_TO", "value": 80}
    assert listed(shop, "High scores", "hubsync_rfm_score", high) == {"Acme Corp", "Beta LLC"}
    best = {"operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": ["best"]}
    assert listed(shop, "Best customers", "hubsync_segments", best) == {"Acme Corp", "Beta LLC"}
