"""A desk with segments: merges, people and values in HubSpot can be set, and segments are remembered as in a run."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from desk import START, Desk, bits

from hubsync.types import AssociationRow, RecordRow


@dataclass
class SegmentsDesk(Desk):
    """What a run does with segments, at a desk."""

    command: str = "sync"
    segments: str = ""
    written_to: str = "hubsync_segments"

    @property
    def day(self) -> int:
        """The days since the desk was opened."""
        return (self.now - START).days

    def files(self) -> dict[str, str]:
        """The files of the configuration."""
        files = super().files()
        files["hubsync.yaml"] += f"segments_property: {self.written_to}\n"
        return {**files, "segments.yaml": self.segments} if self.segments else files

    def own(self, record_id: str, **properties: str) -> None:
        """Let somebody write our properties in HubSpot."""
        self.later(minutes=1)
        found = self._properties(record_id) | properties
        self.pull([RecordRow("companies", record_id, self.now, found)])

    def _properties(self, record_id: str) -> dict[str, str | None]:
        with self.store.read() as reader:
            record = reader.find_record("companies", record_id)
        return {**record.properties, **record.own} if record is not None else {}

    def _own(self, object_: str) -> dict[str, dict[str, str | None]]:
        query = "SELECT record_id, own FROM portal.record WHERE object = ?"
        with self.store.database.connect(read_only=True) as connection:
            return {key: json.loads(own) for key, own in connection.execute(query, [object_]).fetchall()}

    def hubspot(self, property_: str) -> dict[str, str]:
        """What HubSpot has of each company, as far as the desk wrote it."""
        return {key: own.get(property_) or "" for key, own in self._own("companies").items()}

    def put(self, scores: Mapping[str, int], *, object_: str = "companies", **properties: str) -> None:
        """Pull records with these scores; what HubSpot has of ours stays."""
        own = self._own(object_)
        self.pull([
            RecordRow(
                object_, key, self.now,
                {"lifecyclestage": "customer", **bits(value), **_filled(own.get(key, {})), **properties},
            )
            for key, value in scores.items()
        ])  # fmt: skip

    def people(self, record_id: str, *, company: str, weight: str) -> None:
        """Pull a contact of a company."""
        self.pull(
            [RecordRow("contacts", record_id, self.now, {"weight": weight})],
            associations=[AssociationRow("contacts", record_id, "companies", company, 1)],
            links=[("contacts", "companies", [record_id])],
        )

    def merge(self, gone: Collection[str], survivor: str) -> None:
        """Merge records into one, which may be new."""
        with self.store.write() as writer:
            for old in sorted(gone):
                writer.save_identity("companies", old, survivor, self.now, self.now)

    def write(self, *, refuse: frozenset[str] = frozenset()) -> None:
        """Let HubSpot take the last plan, and end its run well."""
        with self.store.write() as writer:
            self.settle(writer, refuse)
            counts = {"written": len(self.changes)}
            writer.finish_run(f"run{self.runs}", "ok", ended_at=self.now, counts=counts, calls=0)


def _filled(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
