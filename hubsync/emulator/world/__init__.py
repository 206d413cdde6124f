"""A simulated software company whose portal moves: deterministic in seed, record and day."""

from hubsync.emulator.world.population import HISTORY_DAYS
from hubsync.emulator.world.subjects import Truth
from hubsync.emulator.world.world import World

__all__ = ["HISTORY_DAYS", "Truth", "World"]
