"""Writes the database anew: of deleted rows no byte stays in the file, and it is as small as it can be."""
# Every name in the SQL here comes from the database itself and is quoted.
# ruff: noqa: S608

from __future__ import annotations

from datetime import UTC, datetime

from hubsync.store import sql
from hubsync.store.migrations import migrate
from hubsync.store.store import Store, drafted


def rewrite(store: Store) -> None:
    """Put a copy of all rows, in their order, in the place of the file; the caller holds the run lock.

    A process that is killed meanwhile leaves the old file as it was.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with drafted(store.database) as draft:
        with draft.connect(read_only=False) as connection:
            migrate(connection, now)
        # The file lies in the folder above the draft's, which is the only one the connection may reach.
        with store.database.connect(read_only=False) as connection:
            connection.execute("CHECKPOINT portal")
            connection.execute(f"ATTACH {sql.text(str(draft.file))} AS fresh")
            tables = connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'portal' ORDER BY table_name"
            ).fetchall()
            connection.execute("DELETE FROM fresh.migration")
            for table in (sql.name(name) for (name,) in tables):
                connection.execute(f"INSERT INTO fresh.{table} BY NAME SELECT * FROM portal.{table} ORDER BY rowid")
            connection.execute("DETACH fresh")
