"""A portal and a data folder as a first sync left them, of which each test gets a copy of its own."""

from __future__ import annotations

import copy
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from thread_given import Thread
from thread_small import small_thread

from hubsync.emulator import EmulatorServer, Options, Portal
from hubsync.emulator.clock import Clock
from hubsync.emulator.limits import Limits
from hubsync.emulator.reactions import watch
from hubsync.emulator.search import SearchIndex


@dataclass(frozen=True)
class Prepared:
    """What stands after a portal was prepared: tests copy it and never change it."""

    folder: Path
    portal: Portal
    now: datetime
    stats: Mapping[str, Any]
    """What the portal had counted by then."""

    @classmethod
    def of(cls, thread: Thread) -> Prepared:
        """What a thread has come to; nothing may happen to the thread afterwards.

        Only a portal loaded from files, without a world, lists or workflows: these hold on to the portal they are in.
        """
        tools = thread.server.portal.tools
        assert thread.server.hub.live is None and not tools.lists.live and not tools.flows.live
        stats = thread.stats
        with thread.server.portal.lock:
            return cls(thread.folder, thread.server.portal, thread.server.portal.now, stats)

    @contextmanager
    def thread(self, folder: Path) -> Iterator[Thread]:
        """A thread of its own that goes on from there, at the same moment; its calls are counted from zero."""
        for name in ("config", "data"):
            shutil.copytree(self.folder / name, folder / name)
        with EmulatorServer(Options(port=0, empty=True, plan=self.portal.plan)) as server:
            hub, portal = server.hub, self._copied()
            hub.portal, hub.index, hub.limits = portal, SearchIndex(portal, 0), Limits(portal)
            yield Thread(folder, server)

    def _copied(self) -> Portal:
        """The portal with a lock and a clock of its own, and nobody but itself that follows its changes."""
        of = self.portal
        portal = copy.deepcopy(
            of, {id(of.lock): threading.RLock(), id(of.watchers): list[Any](), id(of.clock): Clock(self.now)}
        )
        watch(portal)
        return portal


def after_sync(folder: Path, csv: Path, *edits: tuple[str, str, str], plan: str = "enterprise") -> Prepared:
    """A small portal after its first sync."""
    with small_thread(folder, csv, *edits, plan=plan) as thread:
        result = thread.run()
        assert result.status == "ok", result.reason
        return Prepared.of(thread)
