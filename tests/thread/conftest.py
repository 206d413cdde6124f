from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from thread_given import Thread

from hubsync.emulator import EmulatorServer, Options
from hubsync.journal import RunResult


@pytest.fixture
def thread_of(tmp_path: Path) -> Iterator[Callable[..., Thread]]:
    """Portals made to order; each ends with the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> Thread:
            server = stack.enter_context(EmulatorServer(Options(port=0, **{"contacts": 60, **options})))
            return Thread(tmp_path / f"portal{len(list(tmp_path.iterdir()))}", server)

        yield make


@dataclass(frozen=True)
class FirstSync:
    """A portal after its first sync, how that went, and what the portal had counted by then."""

    thread: Thread
    result: RunResult
    stats: Mapping[str, Any]


@pytest.fixture(scope="session")
def first_sync(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstSync]:
    """A portal on Enterprise with the shipped models; tests only read it, or run again."""
    with EmulatorServer(Options(port=0, contacts=150, plan="enterprise")) as server:
        thread = Thread(tmp_path_factory.mktemp("synced"), server)
        result = thread.run()
        assert result.status == "ok", result.reason
        yield FirstSync(thread, result, thread.stats)


@pytest.fixture(scope="session")
def synced(first_sync: FirstSync) -> Thread:
    """The portal after its first sync."""
    return first_sync.thread
