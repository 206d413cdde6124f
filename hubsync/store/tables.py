"""Files beside the configuration, read as tables: CSV with a header, and Parquet."""
# The file's name and the columns in the SQL here are quoted.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hubsync.errors import InputError
from hubsync.store import sql
from hubsync.store.engines import started


@dataclass(frozen=True, slots=True)
class Table:
    """A file as a relation: the SQL that reads it, and the SQL of each column's text."""

    relation: str
    columns: Mapping[str, str]


def look(folder: Path, file: str) -> Table:
    """Find the columns of a file below a folder; raises InputError when it can't be read as a table."""
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InputError(f"The file {file} lies outside of {folder}; put it into this folder.")
    relation = _relation(path)
    try:
        with closing(started({}, (path.parent,))) as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except duckdb.Error as error:
        raise not_a_table(file, error) from error
    return Table(relation, {name: _text(name, kind) for name, kind, *_ in described})


def not_a_table(file: str, error: BaseException) -> InputError:
    """The error for a file that can't be read, with the reader's first words."""
    words = str(error).strip().splitlines()[0][:200]
    return InputError(f"The file {file} can't be read as a table; write it as CSV with a header or Parquet ({words}).")


def _relation(path: Path) -> str:
    file = sql.text(str(path))
    if path.suffix.lower() in (".parquet", ".pq"):
        return f"read_parquet({file})"
    return f"read_csv({file}, all_varchar = true, header = true)"


def _text(name: str, kind: str) -> str:
    """A column as text that the readers of HubSpot's values understand; a moment with a zone as milliseconds."""
    quoted = sql.name(name)
    moment = f"epoch_ms({quoted})" if kind == "TIMESTAMP WITH TIME ZONE" else quoted
    return f"nullif(trim(CAST({moment} AS VARCHAR)), '')"
