"""What HubSpot does when it does not do what it should: runs that go on, end with a reason, or write what can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from thread_given import Thread, Waits
from thread_prepared import Prepared
from thread_small import CONTACT, LEADS_ALONE, OWN, At, small_thread, write_csv, write_portal

from hubsync.emulator.scopes import everything
from hubsync.errors import DailyLimitError, RemoteError, TokenError
from hubsync.types import RunStatus

CONTACTS = "/crm/objects/2026-09/contacts$"
WRITES = "/crm/objects/2026-09/contacts/batch/update"
PLACES = (CONTACTS, WRITES, "/crm/objects/2026-09/companies/batch/update", "/crm/properties/2026-09/deals$")
"""Where calls fail: of each pair of faults both hit one call that reads and one that writes."""
DAILY = {"status": "error", "message": "You have reached your daily limit.", "errorType": "RATE_LIMIT",
         "policyName": "DAILY"}  # fmt: skip
SECONDLY = DAILY | {"message": "You have reached your secondly limit.", "policyName": "SECONDLY"}

ALL_CONTACTS = 120
"""Two pages and two batches of them."""

Scores = dict[str, dict[str, dict[str, str | None]]]


@dataclass(frozen=True)
class Portal:
    """The CSV files of a portal, and the scores that an undisturbed run writes there."""

    csv: Path
    scores: Scores
    written: int
    after: Prepared
    """The portal after such a run."""


def _scores(thread: Thread) -> Scores:
    """What HubSpot holds, but for the moment at which it was written."""
    return {
        object_: thread.in_hubspot(object_, tuple(name for name in names if not name.endswith("changed")))
        for object_, names in OWN.items()
    }


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """Two pages of contacts and some companies."""
    folder = tmp_path_factory.mktemp("portal")
    csv = write_portal(folder / "csv", contacts=ALL_CONTACTS, companies=8)
    with small_thread(folder, csv) as thread:
        result = thread.run()
        assert (result.status, result.written) == ("ok", ALL_CONTACTS + 6), result.reason
        return Portal(csv, _scores(thread), result.written, Prepared.of(thread))


@pytest.fixture
def thread(tmp_path: Path, portal: Portal) -> Iterator[Thread]:
    """That portal, untouched."""
    with small_thread(tmp_path, portal.csv) as made:
        yield made


@pytest.fixture
def alone(tmp_path: Path, portal: Portal) -> Iterator[Thread]:
    """That portal, untouched, for the model of its contacts alone."""
    with small_thread(tmp_path, portal.csv, LEADS_ALONE) as made:
        yield made


def _as_undisturbed(alone: Thread, portal: Portal) -> bool:
    """Whether the contacts, and nobody else, have the scores of an undisturbed run."""
    found = _scores(alone)
    others = [values for object_ in found.keys() - {"contacts"} for values in found[object_].values()]
    return found["contacts"] == portal.scores["contacts"] and not any(any(values.values()) for values in others)


def _calls(thread: Thread, path: str) -> int:
    """The calls that end so."""
    return sum(count for call, count in thread.stats["by_call"].items() if call.endswith(path))


def _published(thread: Thread) -> int:
    """Rows of published scores."""
    with thread.store.read() as reader:
        return int(reader._all("SELECT count(*) FROM portal.score_history")[0][0])


FAULTS: dict[str, tuple[dict[str, Any], float]] = {
    "secondly": ({"status": 429, "body": SECONDLY}, 1.0),
    "moving": ({"status": 477, "headers": {"Retry-After": "4"}}, 4.0),
    "html": ({"status": 502, "body": "<html><body>Bad Gateway</body></html>"}, 1.0),
    "before": ({"drop": "before"}, 1.0),
    "after": ({"drop": "after"}, 1.0),
    "cut": ({"truncate": True}, 1.0),
}
"""What may befall a call, and the seconds to wait after it; test_thread_wire has all of them."""


@pytest.mark.parametrize(
    ("one", "other"),
    [("secondly", "moving"), ("html", "before"), ("after", "cut")],
)
def test_a_fault_that_passes_leaves_no_trace(thread: Thread, portal: Portal, one: str, other: str) -> None:
    """Each call that fails once is made again after the right pause; scores, history and next plan are undisturbed."""
    befalls = dict(zip(PLACES, (one, other, one, other), strict=True))
    thread.steer("faults", {"faults": [{"path": place, **FAULTS[name][0]} for place, name in befalls.items()]})
    clock = Waits()
    result = thread.run(waits=clock)
    stats = thread.stats

    assert (result.status, result.written, result.rejected) == ("ok", portal.written, 0), result.reason
    assert _scores(thread) == portal.scores
    assert _published(thread) == portal.written
    for name in {one, other}:
        assert clock.seconds.count(FAULTS[name][1]) >= 2
    assert _calls(thread, "batch/update") == 3 + 2
    assert stats["by_status"].get("dropped", 0) == 2 * sum("drop" in FAULTS[name][0] for name in (one, other))
    assert thread.run("plan", pull=False).plan.changes == 0  # type: ignore[union-attr]


def test_a_property_whose_making_was_not_answered_is_not_made_twice(alone: Thread, portal: Portal) -> None:
    """When the answer to making the properties is lost, they are looked for, found, and the run goes on."""
    alone.steer("faults", {"faults": [{"path": "/crm/properties/2026-09/contacts/batch/create", "drop": "after"}]})
    result = alone.run(waits=Waits())

    assert (result.status, result.written) == ("ok", ALL_CONTACTS), result.reason
    assert _calls(alone, "contacts/batch/create") == 1
    assert _as_undisturbed(alone, portal)


def test_a_write_whose_answer_says_nothing_is_healed_by_the_next_run(alone: Thread, portal: Portal) -> None:
    """A 200 without results ends the run; its records count neither as written nor as refused, and are written next."""
    alone.steer("faults", {"faults": [{"path": WRITES, "after": 1, "status": 200, "body": {}}]})
    with pytest.raises(RemoteError, match="the next run looks"):
        alone.run()
    with alone.store.read() as reader:
        states = dict(reader._all("SELECT state, count(DISTINCT record_id) FROM portal.change GROUP BY state"))
        assert list(reader.rejects()) == []
    result = alone.run()

    assert "rejected" not in states
    assert 0 < result.written == ALL_CONTACTS - states["written"]
    assert _as_undisturbed(alone, portal)


def test_a_token_that_dies_while_pages_come_ends_the_run(alone: Thread, portal: Portal) -> None:
    """A 401 in mid-run ends it with exit code 4; pages that came stay, and the next run begins behind them."""
    alone.steer("faults", {"faults": [{"path": CONTACTS, "after": 1, "status": 401}]})
    with pytest.raises(TokenError) as caught:
        alone.run()
    with alone.store.read() as reader:
        last = reader.last_run()
        kept = reader.counts()["contacts"]
    before = _calls(alone, "2026-09/contacts")
    result = alone.run()

    assert caught.value.exit_code == 4
    assert last is not None
    assert (last.status, kept) == ("failed", 100)
    assert "refuses the token (401)" in str(last.reason)
    assert result.status == "ok", result.reason
    # The second page and the recycle bin, beside the property definitions of contacts before and after.
    assert _calls(alone, "GET /crm/objects/2026-09/contacts") == 2 + 2
    assert before > 0
    assert _as_undisturbed(alone, portal)


def test_a_token_that_dies_while_batches_go_out_loses_nothing(alone: Thread, portal: Portal) -> None:
    """After a 401 between two batches the next run writes only what is missing, and publishes nothing twice."""
    alone.steer("faults", {"faults": [{"path": WRITES, "after": 1, "status": 401}]})
    with pytest.raises(TokenError):
        alone.run()
    done = sum(any(values.values()) for records in _scores(alone).values() for values in records.values())
    result = alone.run()

    assert 0 < done < ALL_CONTACTS
    assert (result.status, result.written) == ("ok", ALL_CONTACTS - done), result.reason
    assert _as_undisturbed(alone, portal)
    assert _published(alone) == ALL_CONTACTS


def test_a_day_without_calls_ends_the_run_and_the_next_goes_on(alone: Thread, portal: Portal) -> None:
    """DAILY is not tried again: the run ends with exit code 5 and says when it goes on; the next one does."""
    alone.steer("faults", {"faults": [{"path": CONTACTS, "after": 1, "status": 429, "body": DAILY}]})
    clock = Waits()
    with pytest.raises(DailyLimitError, match="the next run then goes on") as caught:
        alone.run(waits=clock)
    result = alone.run()

    assert caught.value.exit_code == 5
    assert not clock.seconds
    assert result.status == "ok", result.reason
    assert _as_undisturbed(alone, portal)


def test_a_fault_that_stays_ends_the_run_after_some_tries(alone: Thread, portal: Portal) -> None:
    """HubSpot being down ends the run with a sentence; nothing was written, and the next run writes all."""
    alone.steer("faults", {"faults": [{"path": CONTACTS, "status": 503, "times": 7}]})
    clock = Waits()
    with pytest.raises(Exception, match=r"HubSpot did not do objects.list, HubSpot failed \(503\); run again later"):
        alone.run(waits=clock)

    assert clock.seconds == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    assert not any(any(each.values()) for each in _scores(alone)["contacts"].values())
    assert alone.run().written == ALL_CONTACTS


@dataclass(frozen=True)
class Moved:
    """What a change at one contact and one company did to HubSpot."""

    status: RunStatus
    reason: str
    contact: bool
    company: bool


def _moved(thread: Thread) -> Moved:
    """Make a contact and a company worth other scores, run, and see which of them HubSpot has."""
    before = _scores(thread)
    thread.later()
    with thread.server.portal.lock:
        now = thread.server.portal.now
        thread.server.portal.set("contacts", "1001", {"tries": "99"}, at=now)
        thread.server.portal.set("companies", "500", {"seats": "999"}, at=now)
    result = thread.run()
    after = _scores(thread)
    assert {key: value for key, value in after["companies"].items() if key != "500"} == {
        key: value for key, value in before["companies"].items() if key != "500"
    }
    return Moved(
        result.status, result.reason,
        contact=after["contacts"]["1001"] != before["contacts"]["1001"],
        company=after["companies"]["500"] != before["companies"]["500"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("taken", "contact", "words"),
    [
        ("crm.objects.deals.read", True, "account: deal"),
        ("business-intelligence", False, "interest: login/occurrences worked before and fails now"),
    ],
)
def test_a_source_taken_away_holds_the_models_that_need_it(
    tmp_path: Path, portal: Portal, taken: str, contact: bool, words: str
) -> None:
    """Without a scope that was there before, models that need it, or are made of these, keep their old values."""
    with portal.after.thread(tmp_path) as thread:
        thread.token = thread.steer("tokens", {"scopes": sorted(everything() - {taken})})["token"]
        without = _moved(thread)
        thread.token = ""
        again = thread.run()

    assert (without.status, without.contact, without.company) == ("partial", contact, False), without.reason
    assert words in without.reason
    assert again.status == "ok", again.reason
    assert thread.in_hubspot("companies", OWN["companies"])["500"]["hubsync_account"] == "75"


def _hundred(folder: Path) -> Path:
    """A hundred contacts that are cold, but for one that is hot and one that is warm."""
    seen, met = {50: "2026-09-20T10:00:00Z"}, {50: "2026-09-20", 60: "2026-09-20"}
    rows = [(1000 + n, f"p{n}@x.example", "CEO", 11, "", met.get(n, ""), seen.get(n, "")) for n in range(100)]
    write_csv(folder / "contacts.csv", CONTACT, rows)
    return folder


@dataclass
class Refusing:
    """A portal in which something befalls contacts just before they are written."""

    thread: Thread

    def befall(self, *acts: Callable[[], object]) -> None:
        """Do it when the first batch arrives, before HubSpot looks at it."""

        def hit() -> None:
            with self.thread.server.portal.lock:
                for act in acts:
                    act()

        self.thread.server.hub.faults = At(1, hit, "contacts/batch/update")

    def require(self, tier: str) -> None:
        """Let an admin want a company name on every contact of a tier."""
        when = {"hubsync_lead_tier": tier}
        self.thread.steer("requirements", {"object": "contacts", "property": "company", "when": when})

    def forget(self, option: str) -> None:
        """Take away an option of the tier."""
        definition = self.thread.server.portal.properties["contacts"].live["hubsync_lead_tier"]
        definition["options"] = [each for each in definition["options"] if each["value"] != option]


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Refusing]:
    """The portal of a hundred contacts."""
    with small_thread(tmp_path, _hundred(tmp_path / "csv"), LEADS_ALONE) as thread:
        yield Refusing(thread)


WORDS = {
    "1010": "Could not get some CONTACT objects",
    "1020": "Could not get some CONTACT objects",
    "1050": "hot was not one of the allowed options",
    "1060": "Some required properties were not set",
}


def test_refused_records_keep_no_other_from_being_written(refusing: Refusing) -> None:
    """Of records archived, erased, with a lost option or without a required value only these are not written.

    They are remembered with HubSpot's words, left alone while nothing changes, and written once they can be; what was
    refused for a record is forgotten with the record.
    """
    thread, portal = refusing.thread, refusing.thread.server.portal
    refusing.require("warm")
    refusing.befall(
        lambda: portal.archive("contacts", "1010", portal.now),
        lambda: portal.purge("contacts", "1020"),
        lambda: refusing.forget("hot"),
    )
    first = thread.run()
    with thread.store.read() as reader:
        rejects = {each.record_id: each.message for each in reader.rejects()}
    thread.steer("reset", {})
    second = thread.run()
    calls = _calls(thread, "batch/update")
    thread.later()
    with portal.lock:
        for id_ in ("1050", "1060"):
            portal.set("contacts", id_, {"company": "Acme", "tries": "12"}, at=portal.now)
    third = thread.run()
    tiers = thread.in_hubspot("contacts", ("hubsync_lead_tier",))

    assert (first.status, first.written, first.rejected) == ("ok", 96, 4), first.reason
    assert rejects.keys() == WORDS.keys()
    assert [id_ for id_, words in WORDS.items() if words not in rejects[id_]] == []
    assert (second.status, second.written, second.rejected, calls) == ("ok", 0, 0, 0)
    assert (third.written, third.rejected) == (2, 0)
    assert [tiers[id_]["hubsync_lead_tier"] for id_ in ("1050", "1060")] == ["hot", "warm"]
    with thread.store.read() as reader:
        assert reader.rejects() == []


def test_a_merge_between_pull_and_push_is_healed_by_the_next_run(refusing: Refusing) -> None:
    """Two contacts merged in mid-run are no failure: the other 98 are written, and the survivor by the next run."""
    portal, thread = refusing.thread.server.portal, refusing.thread
    survivors: list[str] = []
    refusing.befall(lambda: survivors.append(portal.merge("contacts", "1050", "1051", portal.now)))
    first = thread.run()
    thread.steer("reset", {})
    thread.live(1)
    second = thread.run()
    held = thread.in_hubspot("contacts", OWN["contacts"])

    assert (first.status, first.written, first.rejected) == ("ok", 98, 2), first.reason
    assert (second.status, second.written, second.rejected) == ("ok", 1, 0), second.reason
    assert held[survivors[0]]["hubsync_lead_tier"] == "hot"
    assert _calls(thread, "batch/update") == 1


def test_a_rule_that_refuses_many_stops_the_push(refusing: Refusing) -> None:
    """When more than the allowed share is refused, the rest is not sent, and the run says why."""
    refusing.require("cold")
    result = refusing.thread.run(waits=Waits())

    assert result.status == "partial"
    assert "HubSpot refused 98 of 100 records, more than 2%" in result.reason
