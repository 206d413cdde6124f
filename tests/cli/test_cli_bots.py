"""What programs did in people's place is shown wherever scores are."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import requests
from cli_given import Desk

from hubsync.emulator import EmulatorServer, Options
from hubsync.emulator.email_events import CLICK

MARKETING = Path(__file__).parents[1] / "pull" / "marketing"
SENTENCE = "Left out as the doing of programs (bots): 1 of 3 email_click."


def test_plan_and_status_count_what_programs_did(desk: Desk) -> None:
    """`plan` and `status` say how many clicks are the doing of programs, and `check` what the source needs."""
    shutil.rmtree(desk.config)
    shutil.copytree(MARKETING, desk.config)
    with EmulatorServer(Options(port=0, empty=True)) as desk.server:
        made = requests.post(
            f"{desk.server.url}/crm/objects/2026-09/contacts", json={"properties": {"email": "ann@acme.example"}},
            headers={"Authorization": f"Bearer {desk.server.token}"}, timeout=10,
        )  # fmt: skip
        portal, contact = desk.server.portal, made.json()["id"]
        with portal.lock:
            at = int((portal.now.replace(tzinfo=None) - datetime(1970, 1, 1)) / timedelta(milliseconds=1))
            for seconds in (1, 600, 900):
                sent = at - 86_400_000
                portal.tools.emails.note(
                    sent + seconds * 1000, CLICK, contact, "ann@acme.example", sent, "https://a.example"
                )

        checked, planned, status = desk("check"), desk("plan"), desk("status")

        assert "read marketing email events" in checked.text
        assert "email_click (at least 6)" in checked.text
        assert SENTENCE in planned.text
        assert SENTENCE in status.text
        bots = desk("status", "--json").json["bots"]
        assert (bots["email_click/email_events"]["events"], bots["email_click/email_events"]["bots"]) == (3, 1)
