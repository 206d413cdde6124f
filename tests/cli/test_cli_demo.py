"""The demo and the emulator as processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from cli_given import Desk

from hubsync.cli.demo import _settings
from hubsync.cli.simulated import Simulated, simulated_portal
from hubsync.errors import RemoteError


def _children(process: subprocess.Popen[str]) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(each) for each in text.split()]


def _read_until(process: subprocess.Popen[str], word: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return
    pytest.fail(f"the demo never said {word}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setenv("TMPDIR", str(made))
    return made


def test_the_demo_holds(tmp_path: Path, folder: Path) -> None:
    """`demo --json` runs everything, exits with 0, and leaves nothing behind; the environment does not reach it."""
    desk = Desk(tmp_path, env={"HUBSPOT_BASE_URL": "http://127.0.0.1:9", "HUBSPOT_WRITE_TOKEN": "pat-na1-mine"})
    demo = desk.start("demo", "--contacts", "60", "--json")
    out, err = demo.communicate(timeout=120)
    assert demo.returncode == 0, out + err
    found = json.loads(out)
    assert {"run_id", "status", "records_scored", "written", "rejected", "calls"} <= found.keys()
    assert (found["ok"], found["status"], found["rejected"], found["failures"]) == (True, "ok", 0, [])
    assert found["written"] == found["records_scored"] > 60
    assert found["second_plan"]["changes"] == 0
    assert len(found["examples"]) == 3
    models = {each["model"]: each for each in found["models"]}
    assert models.keys() == found["scores"].keys() == {"engagement", "fit", "combined", "customer"}
    for name, each in models.items():
        assert each["scored"] == sum(each["distribution"].values())
        assert each["scored"] + each["unscored"] == found["scores"][name]
    assert sum(models["customer"]["tiers"].values()) == found["scores"]["customer"]
    assert found["explanations_checked"] > found["records_scored"]
    assert found["api"]["by_status"].get("429", 0) == 0
    assert found["api"]["peak_10s"] <= found["api"]["limit_10s"] == 190
    assert list(folder.iterdir()) == []
    assert "pat-" not in out + err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_ended_demo_leaves_nothing_behind(tmp_path: Path, folder: Path, number: signal.Signals, code: int) -> None:
    """Ctrl-C or a kill ends the simulated portal too, and removes the temporary folder."""
    demo = Desk(tmp_path).start("demo", "--contacts", "20")
    _read_until(demo, "provision")
    (emulator,) = _children(demo)
    demo.send_signal(number)
    out, err = demo.communicate(timeout=30)
    assert demo.returncode == code, out + err
    assert "Traceback" not in err
    assert not Path(f"/proc/{emulator}").exists()
    assert list(folder.iterdir()) == []


def test_the_demo_takes_nothing_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and addresses of the environment and of .env never become the demo's settings."""
    (tmp_path / ".env").write_text("HUBSPOT_WRITE_TOKEN=pat-na1-mine\nHUBSPOT_BASE_URL=https://api.hubapi.com\n")
    monkeypatch.setenv("HUBSPOT_WRITE_TOKEN", "pat-na1-mine")
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN_FILE", "/nowhere")
    settings = _settings(Simulated("http://127.0.0.1:1", "pat-emu-1"), tmp_path)
    assert (settings.token, settings.write_token) == ("pat-emu-1", "pat-emu-1")
    assert settings.address == "http://127.0.0.1:1"


def test_the_simulated_portal_ends_with_its_block() -> None:
    """However the block ends, the process is gone afterwards."""
    started: list[Simulated] = []

    def use() -> None:
        with simulated_portal(["--empty"]) as portal:
            assert portal.statistics()["calls"] == 0
            started.append(portal)
            raise KeyError

    with pytest.raises(KeyError):
        use()
    with pytest.raises(requests.ConnectionError):
        started[0].statistics()


def test_a_portal_that_does_not_start_is_told(tmp_path: Path) -> None:
    """What the emulator says before it ends is in the sentence."""
    with pytest.raises(RemoteError, match="did not start"), simulated_portal(["--load", str(tmp_path / "nowhere")]):
        pass


def test_emulate_serves_and_says_where(tmp_path: Path) -> None:
    """The first line on stdout is one JSON object with url and token; a port in use is exit code 2."""
    desk = Desk(tmp_path)
    serving = desk.start("emulate", "--port", "0", "--empty")
    try:
        assert serving.stdout is not None
        found: dict[str, Any] = json.loads(serving.stdout.readline())
        answer = requests.get(
            f"{found['url']}/crm/v3/objects/contacts", headers={"Authorization": f"Bearer {found['token']}"}, timeout=10
        )
        assert answer.json()["results"] == []
        said = desk("emulate", "--port", found["url"].rpartition(":")[2], "--empty")
        assert said.code == 2
        assert "--port" in said.err
    finally:
        serving.terminate()
    assert serving.wait(10) == 0
