"""What follows from pulled records and from tables: their events and merges, made inside the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hubsync.pull.sources import objects, tables
from hubsync.pull.sources.records import RecordStream
from hubsync.pull.survey import MERGED, Survey
from hubsync.scoring.origins import ObjectSource, TableSource
from hubsync.store import Writer

_LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 (naive UTC)


def derived(source_id: str) -> str:
    """The name of the cursor that remembers what a source's events were made of."""
    return f"derived/{source_id}"


class Derivation:
    """Makes the events of a source anew when something that they come from has changed.

    Each gives how much had no readable time or subject and is no event.
    """

    def __init__(self, writer: Writer, survey: Survey, folder: Path) -> None:
        self._writer = writer
        self._survey = survey
        self._folder = folder
        self._now = survey.mode.as_of.now
        self._since = survey.mode.as_of.day_start - timedelta(days=survey.catalog.main.retention.events)

    def from_records(self, source_id: str, source: ObjectSource, *, moved: bool) -> int:
        """The events of an object's records; `moved` says whether records came in this pull."""
        query = objects.select_events(source, self._survey.vocabulary, self._home(source.currency))
        definition = objects.fingerprint(query)
        past, records, objects_ = self._survey.past.cursors, self._survey.records, sorted(source.reads)
        pulled = [past.get(name, {}).get("watermark") for name in objects_]
        was = self._position(source_id)
        unchanged = not moved and was == {"definition": definition, "records": pulled}
        position = {"definition": definition, "records": [records[name].watermark for name in objects_]}
        return self._make(source_id, query, position, unchanged=unchanged)

    def from_table(self, source_id: str, source: TableSource) -> int:
        """The events of a file; raises InputError when a column is missing or a row can't be read."""
        query = tables.select_events(source, self._folder, self._home(source.currency))
        position = tables.position(source, self._folder, query)
        unchanged = self._position(source_id) == position
        return self._make(source_id, query, position, unchanged=unchanged, file=source.file)

    def merges(self, stream: RecordStream) -> None:
        """Remember which of an object's records were merged into which, since the last pull that came to its end."""
        if MERGED in stream.asked.properties:
            watermark = self._survey.past.cursors.get(stream.name, {}).get("watermark")
            since = _LONG_AGO if stream.listed or not watermark else datetime.fromisoformat(watermark)
            self._writer.save_merges(stream.name, since, self._now)

    def _make(
        self, source_id: str, query: str, position: Mapping[str, Any], *, unchanged: bool, file: str | None = None
    ) -> int:
        kind = self._survey.choice.reports[source_id].kind
        count = self._cursor(source_id).get("unreadable", 0)
        if not unchanged:
            made = self._writer.replace_events(source_id, kind, query, self._now, file=file, since=self._since)
            count = made.unreadable
        self._writer.set_cursor(derived(source_id), {**position, "unreadable": count}, self._now)
        return int(count)

    def _home(self, currency: str | None) -> str:
        return self._survey.portal.currency if currency is not None else ""

    def _cursor(self, source_id: str) -> Mapping[str, Any]:
        return self._survey.past.cursors.get(derived(source_id), {})

    def _position(self, source_id: str) -> Mapping[str, Any]:
        return {key: value for key, value in self._cursor(source_id).items() if key != "unreadable"}
