"""What the log says where nobody else hears of it: an alert for nobody, a run that could not be started."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest
from worker_given import configure

from hubsync.settings import Settings
from hubsync.worker.portal import ServedPortal
from hubsync.worker.serve import Options, run_once


def test_without_a_channel_nobody_is_alerted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A run without a token tells that no channel is set; that an alert began is said only of a channel."""
    folder = tmp_path / "config"
    configure(folder)
    settings = Settings.only({"HUBSYNC_CONFIG": folder, "HUBSYNC_DATA": tmp_path / "data"})
    portal = ServedPortal(settings, Settings.only({}), threading.Event())
    with caplog.at_level(logging.INFO, logger="hubsync"):
        first, second = portal.run(), portal.run()

    told = [record.getMessage() for record in caplog.records if "alert" in record.getMessage()]
    assert (first, second) == (4, 4)
    assert told == ["default: nobody is alerted: HUBSYNC_SLACK_URL and HUBSYNC_WEBHOOK_URL are not set"]


def test_a_run_that_can_not_be_started_is_told_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the machine refuses to one portal is one line with its words; `--once` goes on with the next portal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    for name in ("acme", "beta"):
        configure(tmp_path / "portals" / name / "config")

    code = run_once([Settings.of("acme"), Settings.of("beta")], Settings.of(None), Options("127.0.0.1", 0, 1))

    told = [message for message in caplog.messages if "could not be started" in message]
    words = "the run could not be started or followed: No such file or directory"
    assert (code, told) == (1, [f"acme: {words}", f"beta: {words}"])
