from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_given import Ear, Post, configure, listening

from hubsync.emulator import EmulatorServer, Options


@pytest.fixture(scope="module")
def emulator() -> Iterator[EmulatorServer]:
    """A portal with 30 contacts."""
    with EmulatorServer(Options(port=0, contacts=30)) as server:
        yield server


@pytest.fixture
def post(tmp_path: Path, emulator: EmulatorServer) -> Iterator[Post]:
    """A folder with a small configuration, and the portal."""
    configure(tmp_path / "config")
    yield Post(tmp_path, emulator)
    emulator.hub.faults.clear()


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Somebody who hears alerts."""
    with listening() as found:
        yield found
