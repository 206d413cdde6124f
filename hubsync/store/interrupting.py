"""Ends queries from another thread: one that runs on several threads may look for a signal only when it is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

_lock = threading.Lock()
_open: set[duckdb.DuckDBPyConnection] = set()


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let `interrupt_queries` end what this connection does."""
    with _lock:
        _open.add(connection)
    try:
        yield
    finally:
        with _lock:
            _open.discard(connection)


def interrupt_queries() -> None:
    """End every query under way in this process; it raises KeyboardInterrupt where it was asked."""
    with _lock:
        for connection in _open:
            with suppress(duckdb.Error):
                connection.interrupt()
