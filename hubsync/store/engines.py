"""Engines in memory, kept for the next use: starting one takes twenty times as long as attaching a file to it."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hubsync.store import sql

KEPT = 2
"""Engines that wait; a run works with one, and another waits for a second portal or a draft."""

Settings = Mapping[str, str | bool | int]
_Key = tuple[tuple[tuple[str, str | bool | int], ...], tuple[Path, ...]]

_lock = threading.Lock()
_idle: dict[_Key, duckdb.DuckDBPyConnection] = {}


@contextmanager
def engine(settings: Settings, folders: tuple[Path, ...]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an engine that reaches these folders alone, and to which `portal` is to be attached.

    It ends with all its temporary tables; what else was made in memory would stay, so nothing else may be. After an
    error the engine is not used again.
    """
    key = tuple(sorted(settings.items())), folders
    with _lock:
        root = _idle.pop(key, None)
    root = root or started(settings, folders)
    try:
        connection = root.cursor()
        try:
            yield connection
        finally:
            connection.close()
    except BaseException:
        root.close()
        raise
    try:
        root.execute("DETACH portal")
    except duckdb.Error:
        # What was committed stands in the log; only tidying it into the file failed, on a full disk for example.
        root.close()
    else:
        _keep(key, root, Path(str(settings["temp_directory"])))


def started(settings: Settings, folders: tuple[Path, ...]) -> duckdb.DuckDBPyConnection:
    """A new engine that reaches these folders and nothing else, for good."""
    root = duckdb.connect(":memory:", config=dict(settings))
    try:
        root.execute(f"SET allowed_directories = [{', '.join(sql.text(str(folder)) for folder in folders)}]")
        root.execute("SET enable_external_access = false")
        root.execute("SET lock_configuration = true")
    except BaseException:
        root.close()
        raise
    return root


def _keep(key: _Key, root: duckdb.DuckDBPyConnection, spill: Path) -> None:
    if spill.exists():
        # It believes that its files are there for good, and they are to be gone when nobody works.
        root.close()
        return
    with _lock:
        spare = [_idle.pop(key)] if key in _idle else []
        _idle[key] = root
        spare += [_idle.pop(oldest) for oldest in list(_idle)[:-KEPT]]
    for each in spare:
        each.close()


@atexit.register
def end_engines() -> None:
    """Close the engines that wait, which clears away the files they use for what does not fit in memory."""
    with _lock:
        waiting = list(_idle.values())
        _idle.clear()
    for each in waiting:
        each.close()
