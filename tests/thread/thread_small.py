"""A small configuration and portals made from a few CSV lines: runs of it take a fraction of a second of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from thread_given import Thread

from hubsync.emulator import EmulatorServer, Options
from hubsync.emulator.faults import Fault, Faults

FILES = {
    "hubsync.yaml": "models: [interest, account]\napi: {search_per_second: 5}\n",
    "portal.yaml": """\
customers_are: companies
words:
  is_customer: {companies: lifecyclestage = 'customer'}
  seats_used: {companies: seats}
  budget_confirmed: {contacts: budget_ok}
properties:
  contacts: {tries: number, budget_ok: bool, met_on: date, seen_at: datetime}
  companies: {seats: number}
""",
    "events.yaml": """\
login:
  label: logged in
  sources:
    - {from: occurrences, event_type: "pe{portal}_login"}
deal_won:
  label: won a deal
  sources:
    - from: objects
      object: deals
      when: dealstage = 'closedwon'
      time: closedate
      value: amount
      currency: deal_currency_code
""",
    "signals.yaml": """\
best_interest: {object: companies, label: interest of the best contact, of: interest, over: contacts, take: max}
money_won: {label: money won in a year, sum: deal_won, within: 1 year}
""",
    "models/interest.yaml": """\
model: interest
kind: points
object: contacts
outcome: takes a meeting
owner: sales
known_data_floor: 0
between: [-100, 100]
rules:
  - {name: tries, when: tries > 10, points: 10, reason: tried it often}
  - {name: budget, when: budget_confirmed, points: 15, reason: has the budget}
  - {name: met, when: days_since(met_on) < 30, points: 20, reason: met us lately}
  - {name: seen, when: days_since(seen_at) < 10, points: 25, reason: was here lately}
  - {name: logins, with: login, within: 90 days, times: 1, points: 30, reason: logged in}
tiers:
  cold: {from: -100}
  warm: {from: 20}
  hot: {from: 50, label: "Hot (50+)"}
writes: {score: hubsync_lead, tier: hubsync_lead_tier, why: hubsync_lead_why, tier_changed_at: hubsync_lead_changed}
""",
    "models/account.yaml": """\
model: account
kind: points
object: companies
who: is_customer
outcome: renews
owner: cs-ops
known_data_floor: 0
starts_at: 50
rules:
  - {name: people, when: best_interest >= 50, points: 10, reason: has a hot contact}
  - {name: seats, when: seats_used > 100, points: 15, reason: uses many seats}
  - {name: sales, when: money_won >= 1000, points: 20, reason: bought a lot}
  - {name: losses, when: money_won < 0, points: -20, reason: took money back}
tiers: {steady: {from: 0}, strong: {from: 70}}
writes: {score: hubsync_account, tier: hubsync_account_tier, why: hubsync_account_why}
""",
}

LEADS_ALONE = ("hubsync.yaml", "[interest, account]", "[interest]")
"""An edit that leaves the model of contacts alone on."""

CONTACT = ("id", "email", "jobtitle", "tries:number", "budget_ok:bool", "met_on:date", "seen_at:datetime")
COMPANY = ("id", "name", "domain", "lifecyclestage", "seats:number")
DEAL = ("id", "dealname", "pipeline", "dealstage", "closedate", "amount", "deal_currency_code")
LINK = ("from_object", "from_id", "to_object", "to_id", "type")
EVENT = ("object", "id", "email", "kind", "occurred_at", "value", "currency")

OWN = {
    "contacts": ("hubsync_lead", "hubsync_lead_tier", "hubsync_lead_why", "hubsync_lead_changed"),
    "companies": ("hubsync_account", "hubsync_account_tier", "hubsync_account_why"),
}


def write_config(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """Write the configuration with edits (file, old text, new text)."""
    texts = dict(FILES)
    for file, old, new in edits:
        assert old in texts[file], f"{file} has no {old!r}"
        texts[file] = texts[file].replace(old, new, 1)
    for file, text in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def write_csv(file: Path, header: Sequence[str], rows: Iterable[Mapping[str, object] | Sequence[object]]) -> None:
    """Write rows, each a sequence or a mapping of column names without their types."""
    import csv

    file.parent.mkdir(parents=True, exist_ok=True)
    names = [column.partition(":")[0] for column in header]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        for row in rows:
            writer.writerow([row.get(name, "") for name in names] if isinstance(row, Mapping) else row)


def write_portal(folder: Path, contacts: int = 230, companies: int = 20) -> Path:
    """A portal with all tiers in it: three pages of contacts, customers, deals, links and logins."""
    people = [
        (
            1000 + n, f"p{n}@x{n % companies}.example", "CEO", n % 17, ("", "true", "FALSE")[n % 3],
            f"2026-{8 + n % 2:02}-{1 + n % 20:02}", f"2026-09-{1 + n % 20:02}T10:00:00Z",
        )
        for n in range(contacts)
    ]  # fmt: skip
    firms = [
        (500 + n, f"Firm {n}", f"x{n}.example", ("customer", "lead")[n % 4 == 3], 20 * n) for n in range(companies)
    ]
    deals = [
        (9000 + n, f"Deal {n}", "default", ("closedwon", "closedlost")[n % 3 == 2], "2026-06-01", 400 * n, "USD")
        for n in range(companies)
    ]
    links = [("contacts", 1000 + n, "companies", 500 + n % companies, "") for n in range(contacts)]
    links += [("deals", 9000 + n, "companies", 500 + n, "") for n in range(companies)]
    events = [
        ("contacts", 1000 + n, "", "login", f"2026-09-{1 + n % 20:02}T08:00:00Z", "", "") for n in range(0, contacts, 5)
    ]
    write_csv(folder / "contacts.csv", CONTACT, people)
    write_csv(folder / "companies.csv", COMPANY, firms)
    write_csv(folder / "deals.csv", DEAL, deals)
    write_csv(folder / "associations.csv", LINK, links)
    write_csv(folder / "events.csv", EVENT, events)
    return folder


@contextmanager
def small_thread(folder: Path, csv: Path, *edits: tuple[str, str, str], plan: str = "enterprise") -> Iterator[Thread]:
    """A portal loaded from CSV files, with the small configuration beside it."""
    write_config(folder / "config", *edits)
    with EmulatorServer(Options(port=0, load=csv, plan=plan)) as server:
        yield Thread(folder, server)


class At(Faults):
    """Does something when the n-th call that fits arrives, and may let a fault hit that call."""

    def __init__(self, number: int, act: Callable[[], Fault | None], path: str = "") -> None:
        super().__init__()
        self._left = number
        self._act = act
        self._path = path

    def hit(self, method: str, path: str) -> Fault | None:
        """The fault that hits this call, if any."""
        if path.endswith(self._path):
            self._left -= 1
            if self._left == 0:
                return self._act()
        return super().hit(method, path)
