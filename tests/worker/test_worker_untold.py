"""An alert for nobody is said once, and not as if somebody had been told."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from hubsync.cli.init import write_starter
from hubsync.settings import Settings
from hubsync.worker.portal import ServedPortal


def test_without_a_channel_nobody_is_alerted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A run without a token tells that no channel is set; that an alert began is said only of a channel."""
    folder = tmp_path / "config"
    write_starter(folder)
    settings = Settings.only({"HUBSYNC_CONFIG": folder, "HUBSYNC_DATA": tmp_path / "data"})
    portal = ServedPortal(settings, Settings.only({}), threading.Event())
    with caplog.at_level(logging.INFO, logger="hubsync"):
        first, second = portal.run(), portal.run()

    told = [record.getMessage() for record in caplog.records if "alert" in record.getMessage()]
    assert (first, second) == (4, 4)
    assert told == ["default: nobody is alerted: HUBSYNC_SLACK_URL and HUBSYNC_WEBHOOK_URL are not set"]
