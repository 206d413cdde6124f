"""A small honest HubSpot: one simulated portal behind HubSpot's public paths, with its limits and its errors."""

from hubsync.emulator.options import EmulatorError, Options
from hubsync.emulator.server import EmulatorServer, serve
from hubsync.emulator.state import Portal

__all__ = ["EmulatorError", "EmulatorServer", "Options", "Portal", "serve"]
