from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_given import Desk

from hubsync.cli.init import write_starter
from hubsync.emulator import EmulatorServer, Options


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own settings, and no .env of the current folder."""
    for name in (
        "HUBSPOT_ACCESS_TOKEN",
        "HUBSPOT_ACCESS_TOKEN_FILE",
        "HUBSPOT_WRITE_TOKEN",
        "HUBSPOT_CLIENT_ID",
        "HUBSPOT_CLIENT_SECRET",
        "HUBSPOT_CLIENT_SECRET_FILE",
        "HUBSPOT_REFRESH_TOKEN",
        "HUBSPOT_REFRESH_TOKEN_FILE",
        "HUBSPOT_BASE_URL",
        "HUBSYNC_CONFIG",
        "HUBSYNC_DATA",
        "HUBSYNC_PORTAL",
        "HUBSYNC_PORTALS",
        "HUBSYNC_DEBUG",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def _prepared(folder: Path) -> Desk:
    made = Desk(folder)
    write_starter(made.config)
    made.rewrite("hubsync.yaml", "search_per_second: 2", "search_per_second: 5")
    return made


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with the starter configuration, and no portal."""
    return _prepared(tmp_path)


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorServer]:
    """A portal with 60 contacts on HubSpot's Pro plan."""
    with EmulatorServer(Options(port=0, contacts=60)) as server:
        yield server


@pytest.fixture
def portal(desk: Desk, emulator: EmulatorServer) -> Desk:
    """The same with a portal that another test may have written to."""
    desk.server = emulator
    return desk


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A portal of its own after its first sync."""
    made = _prepared(tmp_path_factory.mktemp("synced"))
    with EmulatorServer(Options(port=0, contacts=60)) as server:
        made.server = server
        said = made("sync", "--yes", "--json")
        assert said.code == 0, said.text
        made.first = said.json
        yield made
