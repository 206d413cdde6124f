from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from thread_given import Thread

from hubsync.emulator import EmulatorServer, Options


@pytest.fixture
def thread_of(tmp_path: Path) -> Iterator[Callable[..., Thread]]:
    """Portals made to order; each ends with the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> Thread:
            server = stack.enter_context(EmulatorServer(Options(port=0, **{"contacts": 60, **options})))
            return Thread(tmp_path / f"portal{len(list(tmp_path.iterdir()))}", server)

        yield make


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thread]:
    """A portal on Enterprise after its first sync; tests only read it."""
    with EmulatorServer(Options(port=0, contacts=150, plan="enterprise")) as server:
        thread = Thread(tmp_path_factory.mktemp("synced"), server)
        result = thread.run()
        assert result.status == "ok", result.reason
        yield thread
