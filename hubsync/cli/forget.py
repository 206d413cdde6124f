"""`hubsync forget`: erases a person or company from the local data."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hubsync.cli.explain import object_name
from hubsync.cli.options import Json, settings
from hubsync.cli.output import clean, emit, moment, screen
from hubsync.errors import HeldError, InputError
from hubsync.store import ASKED, Store, rewrite
from hubsync.workspace import only_store

_UNTOUCHED = (
    "HubSpot itself is not touched: delete the record there, too. Backups that were made before still hold it, and so"
    " do plan files and exports; erasing is done again when a backup is restored over this database."
)


def forget(
    record: Annotated[str, typer.Argument(metavar="ID", help="Or a contact's email, or a company's domain.")],
    *,
    object_: Annotated[
        str, typer.Option("--object", metavar="contacts|companies|deals", help="Of which object it is.")
    ] = "contacts",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Erase everything about a record from the local data, for good; it is never pulled or scored again."""
    name = object_name(object_)
    store = only_store(settings())
    if not yes:
        _named(store, name, record)
        _ask(name, record, store.portal_id)
    with store.run_lock():
        # Only now: while somebody was asked, a run may have pulled more.
        ids, keys = _named(store, name, record)
        with store.write() as writer:
            found = writer.erase(name, ids, at=datetime.now(UTC).replace(tzinfo=None), reason=ASKED, keys=keys)
        rewrite(store)
    _show(store.portal_id, name, record, {table: count for table, count in found.items() if count}, json=json)


def _named(store: Store, object_: str, key: str) -> tuple[list[str], list[str]]:
    """The ids, and the emails or domains, that are to be erased; raises InputError when nothing is known of them."""
    with store.read() as reader:
        stone = reader.erased(object_, key)
        record = reader.find_record(object_, key)
        ids, keys = reader.traces(object_, record.record_id if record else key, key)
    if ids or keys:
        return ids, keys
    if stone is not None:
        raise InputError(f"'{clean(key)}' was erased already on {moment(stone.erased_at)}, {stone.reason}.")
    raise InputError(
        f"Nothing is known of '{clean(key)}' among {object_}; look for misspellings, and say with --object which"
        " object it is."
    )


def _ask(object_: str, record: str, portal_id: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise HeldError("Nothing was erased: say --yes to erase without being asked.")
    typer.echo(f"Everything about '{clean(record)}' of {object_} in portal {portal_id} will be erased here.", err=True)
    if not typer.confirm("Erase it for good?", err=True):
        raise HeldError("Nothing was erased.")


def _show(portal_id: str, object_: str, record: str, found: Mapping[str, int], *, json: bool) -> None:
    if json:
        data: dict[str, Any] = {"portal_id": portal_id, "object": object_, "erased": found, "note": _UNTOUCHED}
        emit(data)
        return
    console = screen()
    console.print(f"Erased '{clean(record)}' of {object_} in portal {portal_id}:", style="bold")
    for table, count in sorted(found.items()):
        console.print(f"  {count:,} in {table.replace('_', ' ')}")
    console.print(_UNTOUCHED, soft_wrap=True)
