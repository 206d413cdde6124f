"""Events from CSV and Parquet files beside the configuration: product usage and billing that live outside HubSpot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlglot import select

from hubsync.errors import InputError
from hubsync.pull.sources.objects import exact, fingerprint, json_of
from hubsync.scoring import sql
from hubsync.scoring.origins import TableSource
from hubsync.scoring.sql import Sql
from hubsync.store.tables import Table, look


def why_not(source: TableSource, folder: Path) -> str | None:
    """Why this source can't be used, or None when its file is there; raises InputError when it does not fit."""
    if not (folder / source.file).is_file():
        return f"there is no file {source.file} in {folder}"
    _look(source, folder)
    return None


def select_events(source: TableSource, folder: Path, currency: str) -> str:
    """The query that gives the events of a file; raises InputError when a column is missing."""
    table = _look(source, folder)
    subject_type, subject_column = next(iter(source.subject.items()))
    columns = {
        "subject": subject_column, "time": source.time, "value": source.value, "currency": source.currency,
        **{f"a_{name}": column for name, column in source.attributes.items()},
    }  # fmt: skip
    raw = ", ".join(f'{table.columns[column]} AS "{name}"' for name, column in columns.items() if column is not None)
    # A row has no id: it is what it says, and the how-manieth that says it.
    told = ", ".join(f'"{name}"' for name, column in columns.items() if column is not None)
    rows = (
        f"SELECT *, md5(CAST(({told}) AS VARCHAR)) AS told, row_number() OVER (PARTITION BY {told}) AS number"  # noqa: S608
        f" FROM (SELECT {raw} FROM {table.relation}) AS file"
    )
    subject = sql.template("LOWER(subject)") if subject_type in ("email", "domain") else sql.column("subject")
    amount, code = _money(source, currency)
    query = select(
        sql.alias(sql.template("told || '-' || number"), "source_id"),
        sql.alias(sql.text(subject_type), "subject_type"),
        sql.alias(subject, "subject"),
        sql.alias(sql.to_moment(sql.column("time")), "occurred_at"),
        sql.alias(sql.integer(1), "times"),
        sql.alias(amount, "value"),
        sql.alias(code, "currency"),
        sql.alias(json_of({name: sql.column(f"a_{name}") for name in source.attributes}), "attributes"),
    )
    return f"{sql.render(query)} FROM ({rows}) AS told_rows"


def position(source: TableSource, folder: Path, query: str) -> Mapping[str, Any]:
    """What tells whether the file, or what is read from it, has changed since."""
    state = (folder / source.file).stat()
    return {"definition": fingerprint(query), "size": state.st_size, "modified": state.st_mtime_ns}


def _look(source: TableSource, folder: Path) -> Table:
    table = look(folder, source.file)
    wanted = [*source.subject.values(), source.time, source.value, source.currency, *source.attributes.values()]
    missing = sorted({column for column in wanted if column is not None and column not in table.columns})
    if missing:
        raise InputError(
            f"The file {source.file} has no column {' or '.join(missing)}; its columns are {', '.join(table.columns)}."
        )
    return table


def _money(source: TableSource, currency: str) -> tuple[Sql, Sql]:
    """The amount and its currency; NULL stands for the company's, and a foreign amount is unknown."""
    if source.value is None:
        return sql.null(sql.SCALE), sql.null("VARCHAR")
    number = exact(sql.to_number(sql.column("value")))
    if source.currency is None:
        return number, sql.null("VARCHAR")
    code = sql.template("NULLIF(UPPER(currency), :home)", home=sql.text(currency.upper()))
    return sql.when((sql.template(":c IS NULL", c=code), number)), code
