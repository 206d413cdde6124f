"""Dirty data through a whole run: what can be read is read in every form, what can't is unknown and counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from thread_given import Thread
from thread_small import COMPANY, CONTACT, DEAL, EVENT, LINK, small_thread, write_csv

from hubsync.emulator import EmulatorError, EmulatorServer, Options
from hubsync.journal import RunResult
from hubsync.scoring.explain import Explanation, explain

LONG = "x" * 65_536
MANY = "9" * 65_536

EDITS = (
    ("portal.yaml", "  budget_confirmed:", "  role: {contacts: jobtitle}\n  budget_confirmed:"),
    ("portal.yaml", "seen_at: datetime}", "seen_at: datetime, opens: number, opened_at: datetime}"),
    (
        "models/interest.yaml", "  - {name: logins",
        "  - {name: boss, when: \"contains(role, 'chief', '🚀')\", points: 5, reason: decides}\n"
        "  - {name: opens, with: open, within: 90 days, times: 1, points: 3, reason: opened mail}\n"
        "  - {name: trial, with: trial, within: 90 days, times: 1, points: 7, reason: began a trial}\n"
        "  - {name: logins",
    ),
    (
        "events.yaml", "deal_won:",
        "open:\n  label: opened mail\n  sources:\n    - {from: counters, count: opens, last: opened_at}\n"
        "trial:\n  label: began a trial\n  sources:\n"
        "    - {from: tables, file: trials.csv, subject: {email: who}, time: at}\n"
        "deal_won:",
    ),
)  # fmt: skip

YES, NO, UNKNOWN = True, False, None

NUMBERS = {
    "12": YES, " 12 ": YES, "12.5": YES, "+12": YES, "1.2e1": YES, "\u00a012": YES, "011": YES,
    "3": NO, "-12": NO, "0": NO, "": None,
    "N/A": UNKNOWN, "NaN": UNKNOWN, "nan": UNKNOWN, "Infinity": UNKNOWN, "-inf": UNKNOWN, "1e999": UNKNOWN,
    "1,200": UNKNOWN, "12 %": UNKNOWN, "0x20": UNKNOWN, "1_2": UNKNOWN, "--12": UNKNOWN, "\uff11\uff12": UNKNOWN,
    "12🙂": UNKNOWN, MANY: UNKNOWN,
}  # fmt: skip
BOOLS = {"true": YES, "TRUE": YES, "tRuE": YES, " true ": YES, "false": NO, "False": NO, "": None,
         "yes": UNKNOWN, "1": UNKNOWN, "wahr": UNKNOWN}  # fmt: skip
DATES = {
    # 10 September 2026, 11 days before; the rule looks back 29 days.
    "2026-09-10": YES, "2026-09-10T00:00:00Z": YES, "2026-09-10T00:00:00.000Z": YES, "2026-09-10T02:00:00+02:00": YES,
    "1788998400000": YES, "2026-09-10T00:00Z": YES, "2026-09-10 00:00:00": YES, "2026-08-10": NO, "1786320000000": NO,
    "": None,
    "2026-02-31": UNKNOWN, "2026-13-01": UNKNOWN, "0000-00-00": UNKNOWN, "2026-09-31": UNKNOWN, "10.09.2026": UNKNOWN,
    "yesterday": UNKNOWN, "1788998400": UNKNOWN, "9999999999999999": UNKNOWN, "2026-09-10T25:00:00Z": UNKNOWN,
}  # fmt: skip
MOMENTS = {
    # The rule looks back 9 portal days (Eastern time): to the 12th, 04:00 UTC.
    "2026-09-12T04:00:00Z": YES, "2026-09-12T04:00:00.000Z": YES, "2026-09-12T06:00:00+02:00": YES,
    "2026-09-12T00:00:00.000-0400": YES, "1789185600000": YES, "2026-09-12T03:59:59.999Z": NO,
    "2026-09-12T05:59:59+02:00": NO, "1789185599999": NO, "": None, "2026-02-30T10:00:00Z": UNKNOWN, "soon": UNKNOWN,
}  # fmt: skip
COUNTERS = {"2": YES, "0": NO, "": None, "N/A": UNKNOWN, "NaN": UNKNOWN, "1e999999999": UNKNOWN, "1_000": UNKNOWN}
TEXTS = {LONG + " chief": YES, "🚀 to the moon": YES, "Chief 🙂": YES, LONG: NO, "clerk": NO, " ": None}

CASES = {
    "tries": (NUMBERS, 10), "budget_ok": (BOOLS, 15), "met_on": (DATES, 20), "seen_at": (MOMENTS, 25),
    "opens": (COUNTERS, 3), "jobtitle": (TEXTS, 5),
}  # fmt: skip
RULES = {"tries": "tries", "budget_ok": "budget", "met_on": "met", "seen_at": "seen", "opens": "opens",
         "jobtitle": "boss"}  # fmt: skip


def _rows() -> Iterator[tuple[str, str, str]]:
    """(id, column, value) of every contact with one dirty value."""
    number = 1000
    for column, (values, _) in CASES.items():
        for value in values:
            yield str(number), column, value
            number += 1


DEALS = {
    # What one customer has won: (amount, currency, rate) of each deal, and what it gives.
    "600": ([("2000", "USD", ""), ("-500", "", "")], Decimal(20)),
    "601": ([("-500", "USD", "")], Decimal(-20)),
    "602": ([("2000", "EUR", "")], None),
    "603": ([("900", "EUR", "1.2")], Decimal(20)),
    "604": ([("2000", "usd", "")], Decimal(20)),
    "605": ([("2000", "USD", ""), ("N/A", "USD", "")], None),
    "606": ([("1e999", "USD", "")], None),
    "607": ([("2000", "EUR", "0")], None),
    "608": ([("2000", "EUR", "N/A")], None),
    "609": ([("600", "USD", "")], Decimal(0)),
}


def _portal(folder: Path) -> Path:
    people: list[dict[str, str]] = [
        {"id": id_, "email": f"c{id_}@x.example", "opened_at": "2026-09-01" if column == "opens" else "", column: value}
        for id_, column, value in _rows()
    ]
    people.append({"id": "900", "email": "", "tries": "50"})
    write_csv(folder / "contacts.csv", (*CONTACT, "opens:string", "opened_at:datetime"), people)
    firms = [{"id": id_, "name": f"🏢 {id_}", "lifecyclestage": "customer", "seats": "N/A"} for id_ in DEALS]
    write_csv(folder / "companies.csv", COMPANY, firms)
    deals: list[tuple[str, ...]] = []
    links = []
    for firm, (wins, _) in DEALS.items():
        for amount, currency, rate in wins:
            id_ = str(7000 + len(deals))
            deals.append((id_, "Deal", "default", "closedwon", "2026-06-01T10:00:00+02:00", amount, currency, rate))
            links += [("deals", id_, "companies", firm, "")] * 2
    deals.append(("7900", "Deal", "default", "closedwon", "2026-02-31", "5000", "USD", ""))
    links.append(("deals", "7900", "companies", "609", ""))
    write_csv(folder / "deals.csv", (*DEAL, "hs_exchange_rate"), deals)
    write_csv(folder / "associations.csv", LINK, links)
    write_csv(folder / "events.csv", EVENT, [("contacts", "900", "", "login", "1789185600000", "N/A", "")])
    return folder


@dataclass(frozen=True)
class Ran:
    """The dirty portal after its first run, with every explanation by record id."""

    thread: Thread
    result: RunResult
    explained: dict[str, Explanation]

    def rule(self, record_id: str, name: str) -> tuple[Decimal, bool]:
        """What a rule gave to a record, and whether it was known."""
        lines = [line for line in self.explained[record_id].contributions if line.rule.endswith(name)]
        assert len(lines) == 1, lines
        return lines[0].points, lines[0].known


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run over all the dirt."""
    folder = tmp_path_factory.mktemp("dirty")
    with small_thread(folder, _portal(folder / "csv"), *EDITS) as thread:
        (thread.config / "trials.csv").write_text(
            "who,at\nC1000@X.example ,2026-09-01\nlate@x.example,2026-09-02T10:00:00Z\nc1001@x.example,2026-02-31\n"
        )
        result = thread.run()
        with thread.scored() as (scratch, scores):
            explained = {
                explanation.record_id: explanation
                for model in scores.models
                for columns in [scratch.columns(model.relation)]
                for row in scratch.execute(f'SELECT * FROM "{model.relation}"')
                for explanation in [explain(model, dict(zip(columns, row, strict=True)))]
            }
        yield Ran(thread, result, explained)


def test_a_dirty_portal_is_scored_whole(ran: Ran) -> None:
    """The run ends well, every record has a score that adds up, and HubSpot took all of them."""
    assert (ran.result.status, ran.result.rejected) == ("ok", 0), ran.result.reason
    assert len(ran.explained) == len(list(_rows())) + 1 + len(DEALS)
    assert all(each.score is not None and each.total == each.score for each in ran.explained.values())


@pytest.mark.parametrize("column", CASES)
def test_a_value_counts_as_what_it_says_or_not_at_all(ran: Ran, column: str) -> None:
    """Every form of a number, bool, date, moment, counter and text gives what it means, or nothing as unknown."""
    points = CASES[column][1]
    wrong = {}
    for id_, name, value in _rows():
        if name == column:
            meant = CASES[column][0][value]
            expected = (Decimal(points if meant else 0), meant is not None)
            if (found := ran.rule(id_, RULES[column])) != expected:
                wrong[value[:40]] = (found, expected)

    assert not wrong


def test_what_can_not_be_read_is_counted(ran: Ran) -> None:
    """The run says how many values of each property could not be read; empty ones are not among them."""
    unknown = {
        f"contacts.{column}": sum(meant is None and value.strip() != "" for value, meant in CASES[column][0].items())
        for column in ("tries", "budget_ok", "met_on", "seen_at", "opens")
    }
    expected = unknown | {
        "companies.seats": len(DEALS), "deals.amount": 2, "deals.closedate": 1,
        "deal_won/objects": 1, "trial/tables": 1,
    }  # fmt: skip

    assert dict(ran.result.unreadable) == expected
    with ran.thread.store.read() as reader:
        last = reader.last_run()
    assert last is not None
    assert last.counts["unreadable"] == sum(expected.values())


def test_money_is_summed_in_one_currency_or_is_unknown(ran: Ran) -> None:
    """Foreign money without a rate and amounts that can't be read make the sum unknown; negative ones count."""
    found = {
        firm: ran.rule(firm, "sales")[0] + ran.rule(firm, "losses")[0] if ran.rule(firm, "sales")[1] else None
        for firm in DEALS
    }

    assert found == {firm: points for firm, (_, points) in DEALS.items()}


def test_a_contact_without_email_is_scored(ran: Ran) -> None:
    """A contact without email gets its score and its events like any other."""
    assert ran.explained["900"].score == 10 + 30


def test_an_event_by_email_waits_for_its_contact(ran: Ran) -> None:
    """A row about an email that no contact has is kept, and counts when such a contact comes."""
    assert ran.rule("1000", "trial")[0] == 7
    assert ran.rule("1001", "trial")[0] == 0
    with ran.thread.server.portal.lock:
        portal = ran.thread.server.portal
        made = portal.put("contacts", {"email": "Late@X.example"}, at=portal.now.replace(microsecond=0))
    result = ran.thread.run()
    held = ran.thread.in_hubspot("contacts", ("hubsync_lead",))

    assert result.status == "ok", result.reason
    assert held[made]["hubsync_lead"] == "7"


def test_the_last_state_of_a_history_counts(tmp_path: Path) -> None:
    """Of a record given as of several moments the last state is scored, without what was taken away."""
    rows = [
        ("1", "a@x.example", "", "50", "true", "", "", "2026-06-01T00:00:00Z"),
        ("1", "a@x.example", "", "2", "", "", "", "2026-09-01T00:00:00Z"),
        ("2", "b@x.example", "", "2", "", "", "", "2026-06-01"),
        ("2", "b@x.example", "", "50", "true", "", "", "1788998400000"),
    ]
    write_csv(tmp_path / "csv" / "contacts.csv", (*CONTACT, "as_of"), rows)
    with small_thread(tmp_path, tmp_path / "csv") as thread:
        result = thread.run()
        held = thread.in_hubspot("contacts", ("hubsync_lead",))

    assert result.status == "ok", result.reason
    assert {id_: values["hubsync_lead"] for id_, values in held.items()} == {"1": "0", "2": "25"}


def test_an_event_of_nobody_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    """events.csv may only name contacts that contacts.csv has: HubSpot keeps no events of nobody."""
    write_csv(tmp_path / "contacts.csv", CONTACT, [{"id": "1", "email": "a@x.example"}])
    write_csv(tmp_path / "events.csv", EVENT, [("contacts", "", "b@x.example", "login", "2026-09-01", "", "")])
    with pytest.raises(EmulatorError, match=r"events.csv, line 2: email 'b@x.example' is none of the contacts"):
        EmulatorServer(Options(port=0, load=tmp_path))
