"""What the handlers of calls share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from hubsync.emulator.exchange import Call, Reply
from hubsync.emulator.faults import Faults
from hubsync.emulator.limits import Limits, Statistics
from hubsync.emulator.search import SearchIndex
from hubsync.emulator.state import Portal


@dataclass(slots=True)
class Hub:
    """One portal with everything around it."""

    portal: Portal
    index: SearchIndex
    limits: Limits
    statistics: Statistics = field(default_factory=Statistics)
    faults: Faults = field(default_factory=Faults)
    live: Callable[[timedelta], None] | None = None
    """Lets time pass in the world and on the clock, if the portal has a world."""


Handler = Callable[[Hub, Call], Reply]
