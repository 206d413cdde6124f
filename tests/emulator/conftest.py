"""One empty emulator for all tests here, made anew for each, and a small client that speaks plain HTTP to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_given import Api

from hubsync.emulator import EmulatorServer, Options

V = "/crm/objects/2026-09"


@pytest.fixture(scope="session")
def empty_server() -> Iterator[EmulatorServer]:
    with EmulatorServer(Options(port=0, empty=True, plan="off")) as server:
        yield server


@pytest.fixture
def api(empty_server: EmulatorServer) -> Iterator[Api]:
    api = Api(empty_server)
    assert api.post("/_emulator/reset", {"portal": True}).status_code == 200
    yield api
    api.session.close()


@pytest.fixture
def server_of() -> Iterator[Any]:
    """Starts further emulators: `server_of(plan="free")`; they end with the test."""
    running: list[EmulatorServer] = []

    def start(**options: Any) -> Api:
        running.append(EmulatorServer(Options(**{"port": 0, "empty": True} | options)))
        return Api(running[-1])

    yield start
    for server in running:
        server.stop()
