"""The command line: `hubsync`."""

from hubsync.cli.app import app, main

__all__ = ["app", "main"]
