"""What the wire may do to a run: each fault has one outcome, and nothing is ever written twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from thread_given import Thread, Waits
from thread_small import CONTACT, LEADS_ALONE, OWN, At, small_thread, write_csv, write_portal

from hubsync.emulator.scopes import everything
from hubsync.errors import DailyLimitError, HubsyncError, ScopeError, TokenError
from hubsync.store import Run

SEARCH = "/crm/objects/2026-09/contacts/search$"
CONTACTS = "/crm/objects/2026-09/contacts/batch/update$"
COMPANIES = "/crm/objects/2026-09/companies/batch/update$"

Revisions = dict[tuple[str, str, str], int]


@dataclass
class Disturbed:
    """A portal after its first sync, in which each test makes one contact and one company worth other scores."""

    thread: Thread
    tests: int = 0

    def change(self) -> str:
        """Let a contact try often or never, and company 500 have many seats or none, the other way each time.

        The contact, whose id is given, is one of a company that is no customer: its score moves no other.
        """
        portal, contact, company = self.thread.server.portal, str(1003 + 4 * (self.tests % 6)), "500"
        self.tests += 1
        self.thread.later()
        with portal.lock:
            tries = portal.objects["contacts"][contact].properties.get("tries", "0")
            seats = portal.objects["companies"][company].properties.get("seats", "0")
            portal.set("contacts", contact, {"tries": "0" if int(tries) > 10 else "99"}, at=portal.now)
            portal.set("companies", company, {"seats": "0" if int(seats) > 100 else "999"}, at=portal.now)
        return contact

    def arm(self, *faults: dict[str, Any]) -> None:
        self.thread.steer("reset", {})
        self.thread.steer("faults", {"faults": list(faults)})

    def revisions(self) -> Revisions:
        """How often each property that hubsync writes was set in HubSpot."""
        portal = self.thread.server.portal
        with portal.lock:
            return {
                (object_, id_, name): len(record.history.get(name, ()))
                for object_, names in OWN.items()
                for id_, record in portal.objects[object_].items()
                for name in names
            }

    def calls(self, ending: str) -> int:
        return sum(count for call, count in self.thread.stats["by_call"].items() if call.endswith(ending))

    def last_run(self) -> Run:
        with self.thread.store.read() as reader:
            last = reader.last_run()
        assert last is not None
        return last


def _written(before: Revisions, after: Revisions) -> dict[tuple[str, str], int]:
    """The records that were written, and how often the property that was set most often was."""
    found: dict[tuple[str, str], int] = {}
    for key, count in after.items():
        if count != before[key]:
            found[key[:2]] = max(found.get(key[:2], 0), count - before[key])
    return found


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    """A portal of some contacts and companies, without limits: time jumps for hubsync alone, not for the portal."""
    folder = tmp_path_factory.mktemp("wire")
    with small_thread(folder, write_portal(folder / "csv", contacts=24, companies=8), plan="off") as thread:
        result = thread.run()
        assert result.status == "ok", result.reason
        yield Disturbed(thread)


def _limit(policy: str, **more: Any) -> dict[str, Any]:
    said = {"status": "error", "message": f"You have reached your {policy.lower()} limit.", "errorType": "RATE_LIMIT"}
    return {"status": 429, "body": {**said, "policyName": policy}, **more}


AFTER = {"headers": {"Retry-After": "7"}}
PASSING: dict[str, tuple[dict[str, Any], float]] = {
    "ten seconds": (_limit("TEN_SECONDLY_ROLLING"), 10.0),
    "ten seconds, told when": (_limit("TEN_SECONDLY_ROLLING", **AFTER), 7.0),
    "a second": (_limit("SECONDLY"), 1.0),
    "a second, told when": (_limit("SECONDLY", **AFTER), 7.0),
    "locked": ({"status": 423}, 2.0),
    "moving": ({"status": 477}, 1.0),
    "moving, told when": ({"status": 477, **AFTER}, 7.0),
    "bad gateway": ({"status": 502, "body": "<html><body>Bad Gateway</body></html>"}, 1.0),
    "cloudflare gave up": ({"status": 524, "body": "<html>A timeout occurred</html>"}, 1.0),
    "dropped before": ({"drop": "before"}, 1.0),
    "dropped after HubSpot did it": ({"drop": "after"}, 1.0),
    "cut off": ({"truncate": True}, 1.0),
    "slow": ({"delay_ms": 250}, 0.0),
}
"""What befalls a call, and the seconds to wait after it; 0 where it is not made again. Two share a run."""


@pytest.mark.parametrize("pair", [list(PASSING)[n : n + 2] for n in range(0, len(PASSING), 2)], ids=" and ".join)
def test_a_fault_that_passes_is_waited_for_and_nothing_is_written_twice(disturbed: Disturbed, pair: list[str]) -> None:
    """The call that failed is made again after the right pause; each value reaches HubSpot once, and no other does."""
    one, other = PASSING[pair[0]], PASSING[pair[-1]]
    contact = disturbed.change()
    before = disturbed.revisions()
    disturbed.arm(
        *({"path": path, **fault} for path, (fault, _) in {SEARCH: one, CONTACTS: one, COMPANIES: other}.items())
    )
    clock = Waits()

    result = disturbed.thread.run(waits=clock)

    assert (result.status, result.written, result.rejected) == ("ok", 2, 0), result.reason
    assert _written(before, disturbed.revisions()) == {("contacts", contact): 1, ("companies", "500"): 1}
    assert disturbed.calls("batch/update") == 2 + sum(seconds > 0 for _, seconds in (one, other))
    assert {seconds for _, seconds in (one, other) if seconds} <= set(clock.seconds)
    last = disturbed.last_run()
    assert (last.status, last.counts["written"], last.counts["rejected"], last.reason) == ("ok", 2, 0, "")


ENDING: dict[str, tuple[dict[str, Any], type[HubsyncError], str]] = {
    "the day is used up": (_limit("DAILY"), DailyLimitError, "the next run then goes on"),
    "the day is used up, told when": (_limit("DAILY", **AFTER), DailyLimitError, "the next run then goes on"),
    "the token was revoked": ({"status": 401}, TokenError, r"refuses the token \(401\).*into HUBSPOT_ACCESS_TOKEN"),
}


@pytest.mark.parametrize("name", ENDING)
def test_a_fault_that_stays_ends_the_run_and_the_next_goes_on(disturbed: Disturbed, name: str) -> None:
    """The run ends at once with one sentence; what was written stays, and the next run writes the rest, once."""
    fault, error, words = ENDING[name]
    contact = disturbed.change()
    before = disturbed.revisions()
    disturbed.arm({"path": COMPANIES, **fault})
    clock = Waits()

    with pytest.raises(error, match=words):
        disturbed.thread.run(waits=clock)
    broken, between = disturbed.last_run(), disturbed.revisions()
    result = disturbed.thread.run()

    assert [each for each in clock.seconds if each > 1.5] == []
    assert _written(before, between) == {("contacts", contact): 1}
    assert _written(between, disturbed.revisions()) == {("companies", "500"): 1}
    assert (broken.status, broken.ended_at is not None) == ("failed", True)
    assert re.search(words, str(broken.reason))
    assert (result.status, result.written, disturbed.calls("batch/update")) == ("ok", 1, 3), result.reason


@dataclass
class Keyed(Thread):
    """A thread whose environment has more variables."""

    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, Any]:
        return {**super().environment, **self.extra}


@dataclass
class Tokens:
    """A portal before its first sync."""

    thread: Keyed

    def without(self, *scopes: str) -> str:
        return str(self.thread.steer("tokens", {"scopes": sorted(everything() - set(scopes))})["token"])

    def befall(self, act: Callable[[], object], call: str = "contacts/batch/update") -> None:
        """Do it in mid-run, when such a call arrives."""

        def hit() -> None:
            with self.thread.server.portal.lock:
                act()

        self.thread.server.hub.faults = At(1, hit, call)


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[Tokens]:
    """A portal of some contacts and companies, without limits: time jumps for hubsync alone, not for the portal."""
    with small_thread(tmp_path, write_portal(tmp_path / "csv", contacts=24, companies=8)) as thread:
        yield Tokens(Keyed(thread.folder, thread.server))


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Tokens]:
    """The same for the model of contacts alone."""
    csv = write_portal(tmp_path / "csv", contacts=24, companies=8)
    with small_thread(tmp_path, csv, LEADS_ALONE) as thread:
        yield Tokens(Keyed(thread.folder, thread.server))


def test_a_scope_taken_away_is_named_with_the_models_and_where_to_add_it(tokens: Tokens) -> None:
    """When the scope to write companies goes in mid-run, contacts stay written and the sentence says what to add."""
    thread = tokens.thread
    thread.token = tokens.without()
    granted = thread.server.portal.tokens
    tokens.befall(
        lambda: granted.__setitem__(thread.token, granted[thread.token] - {"crm.objects.companies.write"}),
        "companies/batch/create",
    )
    with pytest.raises(ScopeError) as caught:
        thread.run()
    done = {id_ for id_, values in thread.in_hubspot("contacts", OWN["contacts"]).items() if any(values.values())}
    thread.token = ""
    result = thread.run()

    said = str(caught.value)
    assert "crm.objects.companies.write" in said
    assert "the scores of account can't be written without it" in said
    assert "in HubSpot under Settings > Integrations" in said
    assert len(done) == 24
    assert (result.status, result.written) == ("ok", 6), result.reason


def test_a_source_whose_scope_is_missing_from_the_start_is_replaced_or_unknown(alone: Tokens) -> None:
    """A scope that was never there holds nothing: the run is ok, and its source is told with the scope to add."""
    alone.thread.token = alone.without("business-intelligence")
    result = alone.thread.run()
    with alone.thread.store.read() as reader:
        states = {state.source: state for state in reader.sources()}

    assert (result.status, result.written) == ("ok", 24), result.reason
    assert states["login/occurrences"].status == "unavailable"
    assert "business-intelligence" in states["login/occurrences"].reason
    assert "where the token was made" in states["login/occurrences"].reason


def test_the_token_that_writes_is_named_when_it_is_refused(alone: Tokens) -> None:
    """With two tokens, the sentence of a 401 names the variable of the one that was refused; reading was no waste."""
    thread = alone.thread
    write = alone.without()
    alone.befall(lambda: thread.server.portal.revoke(write))
    thread.extra = {"HUBSPOT_WRITE_TOKEN": write}
    with pytest.raises(TokenError, match=r"\(401\).*put it into HUBSPOT_WRITE_TOKEN$"):
        thread.run()
    with thread.store.read() as reader:
        kept, last = reader.counts()["contacts"], reader.last_run()
    thread.extra = {}

    assert last is not None
    assert (kept, last.status) == (24, "failed")
    assert thread.run().status == "ok"


def test_an_oauth_token_that_ends_in_mid_run_is_renewed(alone: Tokens) -> None:
    """A whole run with OAuth writes what a token's does; a token that ends in the middle is renewed, once."""
    thread, oauth = alone.thread, alone.thread.server.portal.oauth
    thread.extra = {
        "HUBSPOT_ACCESS_TOKEN": "", "HUBSPOT_CLIENT_ID": oauth.client_id,
        "HUBSPOT_CLIENT_SECRET": oauth.client_secret, "HUBSPOT_REFRESH_TOKEN": oauth.first,
    }  # fmt: skip
    alone.befall(lambda: setattr(thread.server.portal, "now", thread.server.portal.now + timedelta(minutes=31)))
    result = thread.run()

    assert (result.status, result.written, result.rejected) == ("ok", 24, 0), result.reason
    assert sum(count for call, count in thread.stats["by_call"].items() if call.endswith("/token")) == 2


WHOLE = 100


@dataclass
class Befallen:
    """A hundred contacts of which all are to be written, and what may befall them when the batch arrives."""

    thread: Thread

    @property
    def portal(self) -> Any:
        return self.thread.server.portal

    def merged(self) -> None:
        self.portal.merge("contacts", "1011", "1010", self.portal.now, preserve_id=True)

    def read_only(self) -> None:
        why = self.portal.properties["contacts"].live["hubsync_lead_why"]
        why["modificationMetadata"] = {**why["modificationMetadata"], "readOnlyValue": True}


REFUSED: dict[str, tuple[Callable[[Befallen], None], set[int], str]] = {
    "merged": (Befallen.merged, {10}, "merged into another one"),
    "read-only": (Befallen.read_only, set(range(WHOLE)), "is a read only property"),
}
"""What befalls, whom, and HubSpot's words."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_record_keeps_no_other_from_being_written(tmp_path: Path, name: str) -> None:
    """It is rejected with HubSpot's words and remembered; the other 99 are written, once, without one more call."""
    befall, whom, words = REFUSED[name]
    rows = [(1000 + n, f"p{n}@x.example", "CEO", 11, "", "", "") for n in range(WHOLE)]
    write_csv(tmp_path / "csv" / "contacts.csv", CONTACT, rows)
    lenient = ("hubsync.yaml", "api:", "guards: {minimum: 1000}\napi:")
    with small_thread(tmp_path, tmp_path / "csv", lenient, LEADS_ALONE) as thread:
        befallen = Befallen(thread)
        thread.server.hub.faults = At(1, lambda: befall(befallen), "contacts/batch/update")
        result = thread.run()
        with thread.store.read() as reader:
            rejects = {each.record_id: each.message for each in reader.rejects()}
        held = thread.in_hubspot("contacts", OWN["contacts"])
        by_call = thread.stats["by_call"]

    hit = {str(1000 + n) for n in whom}
    assert (result.status, result.written, result.rejected) == ("ok", WHOLE - len(hit), len(hit)), result.reason
    assert rejects.keys() == hit
    assert all(words in message for message in rejects.values())
    assert {id_ for id_, values in held.items() if values["hubsync_lead"]} >= {
        str(1000 + n) for n in range(WHOLE)
    } - hit
    assert sum(count for call, count in by_call.items() if call.endswith("contacts/batch/update")) == 1
