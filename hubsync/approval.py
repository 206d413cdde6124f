"""A plan that a person approved: as a file, or by the id of its run; it is written exactly, or refused."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path

from hubsync.crm import Client
from hubsync.crm.client import BATCH
from hubsync.errors import HeldError, InputError
from hubsync.store import Expected, Store
from hubsync.types import Change, Plan

COLUMNS = ("run_id", *(each.name for each in fields(Change)), "plan_hash")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def write_plan(file: Path, plan: Plan, changes: Iterable[Change]) -> int:
    """Write all rows of a plan as CSV and return how many.

    A value that a spreadsheet would take for a formula gets an apostrophe in front, as does one that begins with
    an apostrophe; `Approved.of_file` takes it off again. Numbers stay as they are. Raises InputError when the
    file can't be written.
    """
    count = 0
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(COLUMNS)
            for change in changes:
                rows.writerow([plan.run_id, *map(_guarded, astuple(change)), plan.hash])
                count += 1
    except OSError as error:
        raise InputError(f"The file {file} can't be written: {error.strerror}. Choose another path.") from error
    return count


def first_write(plan: Plan, portal: str) -> str:
    """What it means that nothing was ever written from this data folder, as a sentence without its full stop."""
    said = (
        f"This is the first write to portal {portal} from here: {plan.changes:,} values on"
        f" {plan.records_changed:,} records"
    )
    if not plan.replaced:
        return said
    return f"{said}; {plan.replaced:,} of them stand in the place of values of hubsync that are in HubSpot already"


@dataclass(frozen=True)
class Approved:
    """A stored plan that may be written."""

    run_id: str
    hash: str

    @classmethod
    def of_run(cls, store: Store, run_id: str) -> Approved:
        """The plan of a run; raises InputError when there is none, or nothing of it is left to write."""
        with store.read() as reader:
            plan = reader.plan(run_id)
            states = reader.change_counts(run_id)
        if plan is None:
            raise InputError(f"There is no plan of a run '{run_id}'; `hubsync runs` lists them.")
        # A held plan without changes is accepted for its guard: what a small listing did not show is archived.
        if set(states) != {"planned"} and (states or not plan.held):
            raise InputError(f"The plan of run {run_id} was already written or changes nothing; make a new one.")
        return cls(run_id, plan.hash)

    @classmethod
    def of_file(cls, store: Store, file: Path) -> Approved:
        """The plan that a CSV file of `hubsync plan --out` holds; raises InputError when it was edited."""
        named: set[tuple[str, str]] = set()

        def changes() -> Iterator[Change]:
            for row in _rows(file):
                named.add((row[0], row[-1]))
                yield Change(*row[1:-1])

        found = digest(changes())
        if not named:
            raise InputError(f"{file} holds no change; there is nothing to write.")
        if len(named) > 1:
            raise InputError(f"{file} mixes the plans of several runs; take the file of one.")
        run_id, wanted = named.pop()
        approved = cls.of_run(store, run_id)
        if not approved.hash == wanted == found:
            raise InputError(
                f"{file} is not the plan that run {run_id} made: it was edited or cut. Nothing was written; make a new"
                " plan with `hubsync plan --out`."
            )
        return approved

    def verify(self, store: Store, client: Client) -> None:
        """Raise HeldError when HubSpot no longer has the values that the plan was made from."""
        planned = store.planned(self.run_id)
        different = sum(
            _differences(client, object_, page)
            for object_ in planned.objects
            for page in planned.expected(object_, BATCH)
        )
        if different:
            raise HeldError(
                f"Nothing was written: {different:,} of {planned.changes:,} values of plan {self.run_id} have changed"
                " in HubSpot since. Make a new plan and look at it again."
            )


def _differences(client: Client, object_: str, page: Sequence[Expected]) -> int:
    """How many values of these records HubSpot does not have any more."""
    names = sorted({name for record in page for name in record.properties})
    rows = client.batch_read(object_, [record.record_id for record in page], names)
    have = {row.record_id: row.properties for row in rows}
    return sum(
        record.record_id not in have or not same(have[record.record_id].get(name), value)
        for record in page
        for name, value in record.properties.items()
    )


def digest(changes: Iterable[Change]) -> str:
    """The hash of a plan's rows, the same that the plan stage computes in SQL."""
    count = together = 0
    for count, change in enumerate(changes, start=1):  # noqa: B007 (the last one counts)
        together ^= int.from_bytes(hashlib.md5(_line(change).encode(), usedforsecurity=False).digest(), "little")
    return f"{count:x}-{together:032x}"


def same(left: str | None, right: str | None) -> bool:
    """Whether two raw values are equal to HubSpot: empty is nothing, and 20.0 is 20."""
    if (left or "") == (right or ""):
        return True
    try:
        return Decimal(left or "x") == Decimal(right or "x")
    except InvalidOperation:
        return False


def _line(change: Change) -> str:
    return chr(31).join(value or "" for value in astuple(change))


def _guarded(value: str | None) -> str:
    if value and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value or ""


def _rows(file: Path) -> Iterator[list[str]]:
    try:
        # A spreadsheet saves a byte-order mark in front.
        with file.open(encoding="utf-8-sig", newline="") as source:
            rows = csv.reader(source)
            if tuple(next(rows, ())) != COLUMNS:
                raise InputError(f"{file} is no plan: its first line must be {','.join(COLUMNS)}.")
            for number, row in enumerate(rows, start=2):
                if not row:
                    # Editors and spreadsheets like to end a file with an empty line.
                    continue
                if len(row) != len(COLUMNS):
                    raise InputError(f"{file}:{number} has {len(row)} columns instead of {len(COLUMNS)}.")
                yield [value.removeprefix("'") for value in row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"The plan file {file} can't be read: {error}.") from error
