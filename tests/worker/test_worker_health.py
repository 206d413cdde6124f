from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hubsync.errors import InputError
from hubsync.worker.facts import Facts
from hubsync.worker.metrics import render
from hubsync.worker.standing import Last, Standing, health
from hubsync.worker.web import is_loopback, serving

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WELL = Standing("acme", NOW + HOUR, "r1", NOW - HOUR)
LATE = Standing("late", NOW - HOUR, "r0", NOW - 3 * HOUR)


def test_health_is_the_worst_of_all_portals() -> None:
    """One portal whose last good run is too old makes it 503, and each portal says how old and how old it may be."""
    status, body = health([WELL, LATE], NOW)

    assert (status, body["healthy"]) == (503, False)
    assert health([WELL], NOW)[0] == 200
    assert body["portals"]["acme"] == {
        "healthy": True, "state": "waiting", "last_good_run": "r1", "age_seconds": 3_600,
        "allowed_age_seconds": 7_200, "good_run_due_by": "2026-11-21T13:00:00Z", "alerts": (),
    }  # fmt: skip
    assert body["portals"]["late"]["healthy"] is False


def test_a_portal_that_never_had_a_good_run_has_no_age() -> None:
    """It is well until its deadline and late thereafter."""
    fresh = Standing("new", NOW)

    assert health([fresh], NOW)[1]["portals"]["new"]["age_seconds"] is None
    assert health([fresh], NOW)[0] == 200
    assert health([fresh], NOW + timedelta(seconds=1))[0] == 503


def test_a_good_run_in_the_future_is_no_good_sign() -> None:
    """Where the machine's clock was set back nothing is due for too long, and that is not well."""
    assert health([WELL], NOW - HOUR)[0] == 200
    assert health([WELL], NOW - HOUR - timedelta(minutes=6))[0] == 503


def test_the_state_is_what_goes_on_or_how_the_last_run_ended() -> None:
    """A run in progress hides how the last one ended."""
    last = Last("held", NOW, 2.0, {})

    assert replace(WELL, last=last).as_data(NOW)["state"] == "held"
    assert replace(WELL, last=last, running_since=NOW).as_data(NOW)["state"] == "running"


def test_metrics_are_figures_by_portal_and_nothing_unknown() -> None:
    """Each figure has its portal; what a run did not report is left out instead of being 0."""
    report = {"records_scored": 30, "calls": 12, "calls_left_today": None, "guards": []}
    alarmed = replace(
        WELL, last=Last("held", NOW, 2.5, report), facts=Facts(stale=("a", "b"), rejects=3, bytes=4_096),
        alerts=("held", "rejects"), runs={"ok": 2, "held": 1},
    )  # fmt: skip

    lines = render([alarmed, LATE]).decode().splitlines()

    assert {
        'hubsync_last_good_run_timestamp_seconds{portal="acme"} 1.7952588e+09',
        'hubsync_last_run_duration_seconds{portal="acme"} 2.5',
        'hubsync_last_run_records_scored{portal="acme"} 30.0',
        'hubsync_sources_stale{portal="acme"} 2.0',
        'hubsync_rejects{portal="acme"} 3.0',
        'hubsync_database_bytes{portal="acme"} 4096.0',
        'hubsync_held{portal="acme"} 1.0',
        'hubsync_held{portal="late"} 0.0',
        'hubsync_runs_total{portal="acme",status="ok"} 2.0',
        'hubsync_alert{cause="rejects",portal="acme"} 1.0',
    } <= set(lines)
    assert not [line for line in lines if line.startswith("hubsync_calls_left_today")]
    assert not [line for line in lines if line.startswith("hubsync_last_run") and "late" in line]


def test_only_this_machines_addresses_are_loopback() -> None:
    """Any other address is reached by others."""
    assert [host for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost") if not is_loopback(host)] == []
    assert [host for host in ("0.0.0.0", "10.0.0.1", "::", "example.org") if is_loopback(host)] == []


def test_a_port_that_is_taken_and_a_host_that_is_none_are_sentences() -> None:
    """Both say which option to change."""
    with serving("127.0.0.1", 0, list) as url:
        port = int(url.rsplit(":", 1)[1])
        with pytest.raises(InputError, match=f"Port {port} .* --port"), serving("127.0.0.1", port, list):
            pass
    with pytest.raises(InputError, match="--host"), serving("no.such.host.invalid", 0, list):
        pass
