"""Writes to the attached database, within one transaction; made by `Store.write` and `Scratch.writing`."""
# Every name in the SQL here comes from a fixed set or is quoted; values are parameters or quoted literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from hubsync.store import (
    associations,
    audit,
    derived,
    erasure,
    events,
    identity,
    outcomes,
    records,
    retention,
    scores,
    sql,
    tombstones,
)
from hubsync.store.database import changed
from hubsync.store.derived import Derived
from hubsync.store.identity import EVER, chains
from hubsync.store.reader import Reader
from hubsync.store.reports import SourceState, Tombstone
from hubsync.store.retention import RETAINED_ON, Horizons
from hubsync.types import Batch, Counter, Fit, Outcome, Plan, RunStatus

Fillable = Literal["change", "decision", "score_history", "action", "event", "version", "identity"]
"""Tables that are filled with rows made elsewhere."""


class Writer(Reader):
    """Reads and writes the attached database."""

    def commit_batches(
        self,
        batches: Sequence[Batch],
        *,
        own: Mapping[str, frozenset[str]],
        counters: Sequence[Counter],
        known_at: datetime,
    ) -> None:
        """Take in all these batches at once.

        `own` names, per object, the properties that hubsync writes itself; `known_at` is the run's `as_of.now`,
        so that a run sees exactly what it pulled.
        """
        link = self._connection
        sieve = tombstones.Sieve(tombstones.load(link))
        if sieve:
            batches = [sieve.rest(batch) for batch in batches]
            tombstones.lift(link, sieve.returned)
        arrivals = records.commit(link, [r for b in batches for r in b.records], own, known_at)
        associations.commit(
            link, [a for b in batches for a in b.associations], [x for b in batches for x in b.links], known_at
        )
        grown = events.growth(arrivals, counters, known_at, records.inherited(link, arrivals))
        replaced = [x for b in batches for x in b.replaced]
        events.commit(link, [e for b in batches for e in b.events], grown, replaced, known_at)
        for stream, position in {b.stream: b.position for b in batches if b.position is not None}.items():
            self.set_cursor(stream, position, known_at)

    def replace_events(
        self,
        source: str,
        kind: str,
        select: str,
        known_at: datetime,
        *,
        file: str | None = None,
        since: datetime | None = None,
    ) -> Derived:
        """Make the events of a source exactly what `select` gives; what is already there stays as it is.

        `select` gives source_id, subject_type, subject, occurred_at, times, value, currency and attributes. A row
        without time or subject is no event and is counted; what retention would delete, before `since`, is left
        out. Raises InputError when the `file` it reads is no table.
        """
        return derived.replace(self._connection, source, kind, select, known_at, file, since)

    def mark_bots(self, source: str, rules: str) -> None:
        """Mark the events of a source that programs made; they stay, and no score sees them.

        `rules` gives `place` and `bot`, the rule that an event falls under or NULL, from the relation `mine` with
        place, subject, occurred_at and attributes of all events of the source.
        """
        events.mark_bots(self._connection, source, rules)

    def adopt_events(
        self, staged: str, source: str, kind: str, known_at: datetime, *, since: datetime, unique: bool, all_of_it: bool
    ) -> int:
        """Give a source the events that were staged under another name; their ids end in a number that is theirs alone.

        With `unique` the last event of an id is the one; else events of one id are numbered. Of the source's other
        events those with these ids go, or with `all_of_it` all. Returns how many had an id that another one had.
        """
        return derived.adopt(self._connection, staged, source, kind, known_at, since, unique=unique, whole=all_of_it)

    def drop_events(self, source: str) -> int:
        """Delete all events of a source; returns how many."""
        return changed(self._connection, "DELETE FROM portal.event WHERE source = ?", source)

    def drop_inherited(self, source: str) -> int:
        """Delete events of a source that a record has twice: its own, and at the same time of one merged into it."""
        return changed(
            self._connection,
            f"DELETE FROM portal.event e WHERE e.source = $1 AND EXISTS (SELECT 1 FROM ({chains()}) c"
            " JOIN portal.event o ON o.source = $1 AND o.subject_type = c.object AND o.subject = c.old_id"
            " WHERE c.object = e.subject_type AND c.record_id = e.subject AND o.occurred_at = e.occurred_at)",
            source,
        )

    def set_cursor(self, stream: str, position: Mapping[str, Any], at: datetime) -> None:
        """Remember the position up to which a stream was pulled."""
        self._connection.execute(
            "INSERT INTO portal.cursor VALUES (?, ?, ?)"
            " ON CONFLICT (stream) DO UPDATE SET position = excluded.position, known_at = excluded.known_at",
            [stream, sql.as_json(dict(position)), at],
        )

    def drop_cursor(self, stream: str) -> None:
        """Forget a stream's position: it is pulled from the start again."""
        self._connection.execute("DELETE FROM portal.cursor WHERE stream = ?", [stream])

    def archive(self, object_name: str, ids: Sequence[str], at: datetime) -> None:
        """Mark these records as archived."""
        records.archive(self._connection, object_name, ids, at)

    def forget_own(self, object_name: str, names: Sequence[str]) -> None:
        """Forget the values of properties of our own that HubSpot does not have any more."""
        records.forget_own(self._connection, object_name, names)

    def archive_missing(self, object_name: str, seen_since: datetime, at: datetime) -> int:
        """Archive what a full listing that began at `seen_since` did not show; returns how many."""
        return records.archive_missing(self._connection, object_name, seen_since, at)

    def save_identity(
        self, object_name: str, old_id: str, record_id: str, merged_at: datetime | None, known_at: datetime
    ) -> None:
        """Remember that a record was merged into another one."""
        identity.save(self._connection, object_name, old_id, record_id, merged_at, known_at)

    def save_merges(self, object_name: str, since: datetime, known_at: datetime) -> int:
        """Remember the merges that HubSpot lists on records that changed since a moment; returns how many were new."""
        return identity.save_listed(self._connection, object_name, since, known_at)

    def take_leave(self, object_name: str, listed_at: datetime | None, at: datetime) -> int:
        """Note which records are gone for good, and which merges were taken back; returns how many are newly gone.

        `listed_at` is when the last full listing began, None when it can't be believed.
        """
        link = self._connection
        if identity.end_revived(link, object_name, listed_at, at):
            # What went through the revived id to the survivor goes there directly now.
            identity.save_listed(link, object_name, EVER, at)
        outcomes.forget_absent(link, object_name)
        if listed_at is None:
            return 0
        return records.mark_gone(link, object_name, listed_at, at)

    def save_sources(self, states: Iterable[SourceState]) -> None:
        """Write down how sources stand; a missing start or last event leaves the known one."""
        rows = [
            [each.source, each.kind, each.status, each.checked_at, each.reason, each.starts_at, each.last_event_at]
            for each in states
        ]
        if rows:
            self._connection.executemany(
                "INSERT INTO portal.source (source, kind, status, checked_at, reason, starts_at, last_event_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET kind = excluded.kind,"
                " status = excluded.status, checked_at = excluded.checked_at, reason = excluded.reason,"
                " starts_at = coalesce(excluded.starts_at, starts_at),"
                " last_event_at = coalesce(excluded.last_event_at, last_event_at)",
                rows,
            )

    def forget_source(self, source: str) -> None:
        """Forget how a source stands."""
        self._connection.execute("DELETE FROM portal.source WHERE source = ?", [source])

    def save_model(
        self, name: str, version: str, declaration: str, at: datetime, *, base: str = "", fit: Fit | None = None
    ) -> bool:
        """Remember a model's version with its declaration as JSON; True when it is new.

        A fit is remembered with it, and with `base`, the version of the declaration that was fitted.
        """
        return scores.save_model(self._connection, name, version, declaration, at, base, fit)

    def start_run(self, run_id: str, command: str, as_of: datetime, started_at: datetime, *, full: bool) -> None:
        """Begin a run; one that was cut off is marked as failed."""
        audit.start_run(self._connection, run_id, command, as_of, started_at, full=full)

    def resume_run(self, run_id: str, at: datetime) -> None:
        """Go on with a run that planned and stopped there; one that was cut off is marked as failed."""
        audit.resume_run(self._connection, run_id, at)

    def finish_run(
        self,
        run_id: str,
        status: RunStatus,
        *,
        ended_at: datetime,
        counts: Mapping[str, int],
        calls: int,
        reason: str = "",
    ) -> None:
        """End a run with what it counted and why it ended so."""
        audit.finish_run(self._connection, run_id, status, ended_at, counts, calls, reason)

    def save_plan(self, plan: Plan) -> None:
        """Keep the header of a plan with its run; its rows go to `change`."""
        audit.save_plan(self._connection, plan)

    def publish(self, run_id: str, at: datetime) -> int:
        """Append what a plan decided to the history of published scores, once; returns how many."""
        return audit.publish(self._connection, run_id, at)

    def retain(self, day: date, horizons: Horizons) -> Mapping[str, int]:
        """Delete what is older than these horizons, and remember the day; returns rows per table."""
        self.set_meta(RETAINED_ON, str(day))
        return retention.retain(self._connection, horizons)

    def set_meta(self, key: str, value: str) -> None:
        """Remember a fact about the whole database."""
        self._connection.execute(
            "INSERT INTO portal.meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [key, value]
        )

    def save_account(self, facts: Mapping[str, str]) -> None:
        """Remember what does not change about the portal, for commands that call nothing."""
        self.set_meta("account", sql.as_json(dict(facts)))

    def settle(self, run_id: str, object_name: str, found: Sequence[Outcome], at: datetime) -> None:
        """Take in what HubSpot made of updates: change rows, the snapshot and the rejects, together."""
        outcomes.settle(self._connection, run_id, object_name, found, at)

    def skip(self, run_id: str, message: str, at: datetime) -> None:
        """Mark the changes of a run that are still planned as not sent, and say why."""
        outcomes.skip(self._connection, run_id, message, at)

    def skip_archived(self, run_id: str, message: str, at: datetime) -> None:
        """Mark the planned changes of records that are archived by now as not sent, and say why."""
        outcomes.skip_archived(self._connection, run_id, message, at)

    def insert(self, table: Fillable, select: str, params: Sequence[object] = ()) -> int:
        """Append the rows of a query, matched by column name, and return how many."""
        return changed(self._connection, f"INSERT INTO portal.{table} BY NAME {select}", *params)

    def append(self, table: Fillable, rows: Sequence[Mapping[str, Any]]) -> int:
        """Append rows given as mappings with the same keys, and return how many."""
        if not rows:
            return 0
        types = {
            column: kind.replace("JSON", "VARCHAR")
            for column, kind in self._all(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'portal' AND table_name = ?",
                table,
            )
        }
        shape = sql.rows_of(**{column: types[column] for column in rows[0]})
        names = ", ".join(sql.name(column) for column in rows[0])
        return self.insert(table, f"SELECT {names} FROM {shape}", [sql.parameter(rows)])

    def erase(
        self, object_name: str, ids: Sequence[str], *, at: datetime, reason: str, keys: Sequence[str] = ()
    ) -> Mapping[str, int]:
        """Delete everything about records, and about the records merged into them; returns rows per table.

        `keys` are emails or domains of theirs that no record holds. Nothing brings them back afterwards.
        """
        return erasure.erase(self._connection, object_name, ids, at, reason, keys)

    def erase_gone(self, at: datetime) -> int:
        """Erase what has been gone from HubSpot for a week; returns how many records."""
        return erasure.erase_gone(self._connection, at)

    def adopt_tombstones(self, stones: Sequence[Tombstone]) -> Mapping[str, int]:
        """Take in the tombstones of another file of this portal, and erase what they cover; returns rows per table."""
        tombstones.adopt(self._connection, stones)
        return erasure.erase_covered(self._connection)
