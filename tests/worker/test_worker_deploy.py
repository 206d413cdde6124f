from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
import typer
from ruamel.yaml import YAML

from hubsync.cli import app
from hubsync.scoring.unattended import Alerts, Cause, Schedule
from hubsync.settings import Settings
from hubsync.worker.metrics import render
from hubsync.worker.standing import Standing
from hubsync.worker.verdict import Status

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("hubsync.service", "hubsync-once.service", "hubsync-once.timer")


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_the_units_are_accepted_by_systemd(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say about the service and the timer."""
    for name in UNITS:
        unit = re.sub(r"/opt/hubsync/\S+/hubsync ", f"{sys.executable} ", text(name))
        (tmp_path / name).write_text(unit, encoding="utf-8")

    for name in ("hubsync.service", "hubsync-once.timer"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / name], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_what_is_started_exists() -> None:
    """The commands, options and variables of the units and of the container are those of the program."""
    group = typer.main.get_command(app)
    known = {option for each in group.commands["serve"].params for option in each.opts}  # type: ignore[attr-defined]
    variables = {str(field.alias) for field in Settings.model_fields.values()}
    files = "\n".join(text(name) for name in (*UNITS, "Containerfile", "compose.yaml"))

    commands = re.findall(r"^ExecStart=\S+/hubsync (.*)$", files, re.MULTILINE)
    commands += [" ".join(re.findall(r'"([^"]+)"', line)) for line in re.findall(r"^CMD (.*)$", files, re.MULTILINE)]

    assert [words.split()[0] for words in commands] == ["serve"] * 3
    assert {word for words in commands for word in words.split() if word.startswith("--")} <= known
    assert set(re.findall(r"\b(?:HUBSPOT|HUBSYNC)_[A-Z_]+", files)) <= variables


def test_both_services_are_hardened_alike() -> None:
    """The service that stays and the one that runs once differ in how they run, not in what they may."""

    def hardening(name: str) -> list[str]:
        return text(name).split("CapabilityBoundingSet=")[1].split("\n[")[0].split()

    assert hardening("hubsync.service") == hardening("hubsync-once.service")
    for name in UNITS[:2]:
        assert {"User=hubsync", "StateDirectoryMode=0700", "UMask=0077"} <= set(text(name).split())


def test_there_is_time_to_end_cleanly() -> None:
    """Every way to stop the worker waits longer than the ten seconds that it may need."""
    compose = YAML(typ="safe", pure=True).load(text("compose.yaml"))
    (wait,) = re.findall(r"^TimeoutStopSec=(\d+)$", text("hubsync.service"), re.MULTILINE)

    assert int(wait) > 10
    assert int(compose["services"]["hubsync"]["stop_grace_period"].removesuffix("s")) > 10


def test_nothing_runs_as_root_or_is_published_to_the_world() -> None:
    """The container has its own user and keeps its port on the machine."""
    compose = YAML(typ="safe", pure=True).load(text("compose.yaml"))

    assert "USER hubsync" in text("Containerfile")
    assert compose["services"]["hubsync"]["ports"] == ["127.0.0.1:9464:9464"]


def test_the_operators_page_names_everything() -> None:
    """Keys, causes, figures, variables, states and options of the worker stand in docs/operations.md."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```.*?```", page, re.DOTALL)
    named = set(re.findall(r"[\w.-]+", " ".join([*blocks, *re.findall(r"`([^`\n]+)`", page)])))
    standing = Standing("p", datetime(2026, 11, 21, tzinfo=UTC), alerts=("held",), runs={"ok": 1})
    figures = set(re.findall(r"^# HELP (\w+)", render([standing]).decode(), re.MULTILINE))
    options = {option for each in typer.main.get_command(app).commands["serve"].params for option in each.opts}  # type: ignore[attr-defined]

    assert {*Schedule.model_fields, *Alerts.model_fields, "reconcile_at"} <= named
    assert {*get_args(Cause), *get_args(Status)} <= named
    assert figures <= named
    assert {"HUBSYNC_SLACK_URL", "HUBSYNC_WEBHOOK_URL", "HUBSYNC_HEARTBEAT_URL"} <= named
    assert options - {"--help", "--port"} <= named
    assert set(standing.as_data(standing.deadline)) <= named | {"healthy"}
