"""What DuckDB and the file system complain about, as sentences that say what to do; nobody else translates."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hubsync.errors import DamagedError, NewerDatabaseError, StoreError

_FULL = ("No space left", "Disk quota exceeded", "File too large")
_LOCKED_AWAY = ("Read-only file system", "Permission denied", "Operation not permitted")
_DAMAGED = ("not a valid DuckDB database", "Corrupt database file", "checksum", "Could not read enough bytes")
_INTERRUPTED = "Query interrupted"

FULL = (
    "The disk is full: the database could not be written, and everything committed before is safe. Free some space"
    " and run again; the run goes on from there."
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn DuckDB's errors into ours, once; an interrupted query is an interrupt."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise _ours(error) from error
    except RuntimeError as error:
        if str(error) == _INTERRUPTED:
            raise KeyboardInterrupt from error
        raise


@contextmanager
def on_disk(place: Path) -> Iterator[None]:
    """Turn what the file system refuses about a place into a StoreError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StoreError(FULL) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise StoreError(_locked_away(str(place))) from error
        raise StoreError(f"{place} can't be used: {error.strerror}; see what is there, and try again.") from error


def _ours(error: duckdb.Error) -> StoreError:
    """The error with the remedy; only the first line of DuckDB's words is shown, the others may quote statements."""
    words = str(error).strip().splitlines()[0]
    if isinstance(error, duckdb.IOException | duckdb.SerializationException) and "newer" in str(error):
        return NewerDatabaseError(f"The database was written by a newer version; update hubsync ({words})")
    if any(said in str(error) for said in _FULL):
        return StoreError(FULL)
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError(f"The database ran out of memory or disk; give it more room and run again ({words})")
    if any(said in words for said in _LOCKED_AWAY):
        return StoreError(_locked_away(words))
    if isinstance(error, duckdb.FatalException) or any(said in words for said in _DAMAGED):
        return damaged(words)
    return StoreError(f"The database can't do this: {words}")


def damaged(how: str) -> DamagedError:
    """The error for a database that is damaged in this way, with both ways on."""
    return DamagedError(
        f"The database is damaged ({how}); bring a backup back with `hubsync restore FILE --force`, or move the"
        " file away: the next run then pulls everything anew, without the history of scores."
    )


def _locked_away(where: str) -> str:
    return (
        f"The data folder may not be written or read by this user ({where}); give the user of hubsync that right, or"
        " name another folder in HUBSYNC_DATA."
    )
