"""Every table as a Parquet file, for other programs."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson

from hubsync.errors import InputError
from hubsync.store import migrations, sql
from hubsync.store.store import Store
from hubsync.store.trouble import on_disk

MANIFEST = "manifest.json"
_NOTE = (
    "Personal data of the portal's contacts: keep it as safe as the portal itself, and delete it when it is no longer"
    " needed. An erasure in hubsync does not reach these files."
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds; it stands in its manifest.json."""

    portal_id: str
    exported_at: datetime
    migration: int
    rows: dict[str, int]
    note: str = _NOTE


def export(store: Store, folder: Path) -> Exported:
    """Write all tables into an empty or new folder, for this user alone, while no run goes on.

    Times are UTC. Raises BusyError during a run, and InputError when the folder is not empty.
    """
    folder = folder.absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is no folder; name a folder that is empty or does not exist.")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty; name a folder that is empty or does not exist.")
    with on_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    try:
        with store.run_lock(), store.database.connect(read_only=True, tables=folder) as connection:
            found = _write(connection, store.portal_id, folder)
        with on_disk(folder):
            (folder / MANIFEST).write_bytes(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2))
    except BaseException:
        _empty(folder)
        raise
    return found


def _write(connection: duckdb.DuckDBPyConnection, portal_id: str, folder: Path) -> Exported:
    rows = {}
    for (table,) in connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'portal' ORDER BY table_name"
    ).fetchall():
        file = sql.text(str(folder / f"{table}.parquet"))
        written = connection.execute(
            f"COPY portal.{sql.name(table)} TO {file} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
        rows[table] = int(written[0]) if written else 0
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    return Exported(portal_id, now, migrations.applied(connection), rows)


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        with suppress(OSError):
            shutil.rmtree(each) if each.is_dir() else each.unlink()
