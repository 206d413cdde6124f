"""Ends queries from another thread: one that runs on several threads may look for a signal only when it is done."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import duckdb

_lock = threading.Lock()
_open: set[duckdb.DuckDBPyConnection] = set()


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let `interrupt` end what this connection does."""
    with _lock:
        _open.add(connection)
    try:
        yield
    finally:
        with _lock:
            _open.discard(connection)


def open_connections() -> frozenset[duckdb.DuckDBPyConnection]:
    """The connections of this process that are open now."""
    with _lock:
        return frozenset(_open)


def interrupt(connections: Collection[duckdb.DuckDBPyConnection]) -> bool:
    """End the queries under way on these connections, each with KeyboardInterrupt; False when none is open any more."""
    with _lock:
        still = _open.intersection(connections)
        for connection in still:
            with suppress(duckdb.Error):
                connection.interrupt()
    return bool(still)
