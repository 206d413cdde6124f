from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worker_given import Ear

from hubsync.scoring.unattended import Alerts, Cause
from hubsync.settings import Settings
from hubsync.worker import outbound
from hubsync.worker.alerts import Notice, after, owe, turns
from hubsync.worker.channels import Channels
from hubsync.worker.memory import FILE, Memory

CAUSES: tuple[Cause, ...] = get_args(Cause)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOING = threading.Event()
judgements = st.dictionaries(st.sampled_from(CAUSES), st.sampled_from(["a", "b", None]), max_size=4)


def notice(cause: Cause = "failure", state: str = "began", channel: str = "slack") -> Notice:
    return Notice.model_validate(
        {"channel": channel, "cause": cause, "state": state, "message": "It broke.", "run_id": "r1", "at": NOW}
    )


def test_a_cause_is_told_when_it_begins_and_when_it_is_over_and_never_in_between() -> None:
    """Three failures and a good run make two alerts; another sentence for the same cause makes none."""
    known: dict[Cause, str] = {}
    told = []
    for message in ("one", "two", "two", None, None):
        told += list(turns(known, {"failure": message}, CAUSES))
        known = after(known, {"failure": message}, CAUSES)

    assert told == [("failure", "began", "one"), ("failure", "over", "one")]


def test_a_cause_that_was_not_judged_stays() -> None:
    """A run that HubSpot's token ended says nothing about the guard that held the run before."""
    assert after({"held": "too many"}, {"token": "refused"}, CAUSES) == {"held": "too many", "token": "refused"}


def test_causes_that_nobody_wants_to_hear_of_are_not_told_and_are_forgotten() -> None:
    """`alerts: {on: [...]}` chooses, also among causes that are there already."""
    assert list(turns({"held": "x"}, {"failure": "one", "held": None}, ("token",))) == []
    assert after({"held": "x"}, {"failure": "one"}, ("failure",)) == {"failure": "one"}


def test_all_causes_are_on_unless_some_are_chosen() -> None:
    """The default leaves no cause out."""
    assert set(Alerts().on) == set(CAUSES)


@given(st.lists(st.tuples(judgements, st.booleans()), max_size=12))
def test_whatever_happens_each_cause_begins_and_ends_in_turns(
    runs: list[tuple[Mapping[Cause, str | None], bool]],
) -> None:
    """With a channel that is down at times, what arrives alternates, begins with a beginning, and owes little."""
    known: dict[Cause, str] = {}
    owed: list[Notice] = []
    arrived: list[Notice] = []
    for judged, is_up in runs:
        for cause, turn, _ in turns(known, judged, CAUSES):
            owed = owe(owed, notice(cause, turn))
        known = after(known, judged, CAUSES)
        if is_up:
            arrived, owed = arrived + owed, []

    for cause in CAUSES:
        mine = [each.state for each in arrived + owed if each.cause == cause]
        assert mine == [("began", "over")[number % 2] for number in range(len(mine))]
        assert (mine[-1:] == ["began"]) == (cause in known)
    assert len(owed) <= 2 * len(CAUSES)


def test_an_alert_that_was_never_told_needs_no_end() -> None:
    """The end of a cause takes its untold beginning back, for this channel alone."""
    owed = [notice(channel="slack"), notice(channel="webhook")]

    assert owe(owed, notice(state="over", channel="slack")) == [notice(channel="webhook")]


def channels(slack: str = "", webhook: str = "", heartbeat: str = "") -> Channels:
    given = {"HUBSYNC_SLACK_URL": slack, "HUBSYNC_WEBHOOK_URL": webhook, "HUBSYNC_HEARTBEAT_URL": heartbeat}
    return Channels.of(Settings.only(given), Settings.only({}))


def test_slack_gets_a_text_and_a_webhook_the_facts(ear: Ear) -> None:
    """Each channel is told in its own form; the webhook's has the promised keys."""
    told = channels(slack=f"{ear.url}/slack", webhook=f"{ear.url}/hook")

    left = told.tell("acme", [notice(), notice(state="over"), notice("held", channel="webhook")], GOING)

    assert left == ()
    assert [body["text"] for body in ear.bodies("/slack")] == [
        "hubsync acme: the run failed. It broke. (run r1)", "hubsync acme: Over: the run failed. It broke. (run r1)",
    ]  # fmt: skip
    assert ear.bodies("/hook") == [
        {"portal": "acme", "cause": "held", "state": "began", "message": "It broke.", "run_id": "r1",
         "at": "2026-11-21T12:00:00Z"},
    ]  # fmt: skip


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_channel_that_fails_is_owed_the_alert_and_its_address_stays_secret(
    ear: Ear, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What is refused or sent elsewhere is kept for the next run, and nobody reads the address in the log."""
    ear.status = status
    told = channels(slack=f"{ear.url}/secret")

    left = told.tell("acme", [notice()], GOING)

    assert left == (notice(),)
    assert [path for _, path, _ in ear.heard] == ["/secret"]
    assert f"answered {status}" in caplog.text and "secret" not in caplog.text + repr(told)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/secret", "no address", "ftp://secret/", "http://[secret"])
def test_an_address_that_nobody_answers_is_no_error(address: str) -> None:
    """A broken address is a reason in words without the address."""
    reason = outbound.ping(address)

    assert reason.startswith("it could not be reached") and "secret" not in reason


def test_an_alert_to_a_channel_that_is_gone_is_dropped_and_a_worker_that_ends_sends_nothing(ear: Ear) -> None:
    """Without its address nothing is owed to a channel; while the worker ends, all waits for the next start."""
    ending = threading.Event()
    ending.set()

    assert channels().tell("acme", [notice()], GOING) == ()
    assert channels(slack=ear.url).tell("acme", [notice()], ending) == (notice(),)
    assert ear.heard == []


def test_a_portal_without_channels_uses_those_of_all_but_never_anothers_watchdog(ear: Ear) -> None:
    """Slack and webhook may be shared, since alerts name the portal; a heartbeat does not."""
    shared = {name: f"{ear.url}/{name}" for name in ("HUBSYNC_SLACK_URL", "HUBSYNC_HEARTBEAT_URL")}
    found = Channels.of(Settings.only({}), Settings.only(shared))

    found.beat("acme")

    assert (list(found.addresses), ear.heard) == (["slack"], [])


def test_the_watchdog_is_called_with_a_plain_get(ear: Ear) -> None:
    """HUBSYNC_HEARTBEAT_URL gets a call without a body."""
    channels(heartbeat=f"{ear.url}/beat").beat("acme")

    assert ear.heard == [("GET", "/beat", None)]


def test_what_is_remembered_survives_in_a_file_for_its_user_alone(tmp_path: Path) -> None:
    """The file holds all of it, readable by its user only, and nothing is left beside it."""
    memory = Memory(good_run="r1", good_at=NOW, alerts={"held": "too many"}, owed=(notice(),))

    memory.save(tmp_path)

    assert Memory.load(tmp_path) == memory
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"alerts": {"fire": 1}}'])
def test_a_broken_memory_is_none(tmp_path: Path, text: str) -> None:
    """A file that holds something else is started anew."""
    (tmp_path / FILE).write_text(text)

    assert Memory.load(tmp_path) == Memory()
