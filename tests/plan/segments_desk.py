"""A desk with segments: merges, people and values in HubSpot can be set, and segments are remembered as in a run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from desk import MAIN, PORTAL, START, Desk

from hubsync.catalog import Catalog, load
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

    def catalog(self) -> Catalog:
        """The configuration as it stands."""
        super().catalog()
        config = self.folder / "config"
        (config / "segments.yaml").unlink(missing_ok=True)
        main = MAIN.format(models=", ".join(self.on), minimum=self.minimum)
        (config / "hubsync.yaml").write_text(f"{main}segments_property: {self.written_to}\n")
        (config / "portal.yaml").write_text(PORTAL)
        if self.segments:
            (config / "segments.yaml").write_text(self.segments)
        return load(config)

    def own(self, record_id: str, **properties: str) -> None:
        """Let somebody write our properties in HubSpot."""
        self.later(minutes=1)
        found = self._properties(record_id) | properties
        self.pull([RecordRow("companies", record_id, self.now, found)])

    def _properties(self, record_id: str) -> dict[str, str | None]:
        with self.store.read() as reader:
            record = reader.find_record("companies", record_id)
        return {**record.properties, **record.own} if record is not None else {}

    def hubspot(self, record_id: str, property_: str) -> str:
        """What HubSpot has, as far as the desk wrote it."""
        with self.store.read() as reader:
            record = reader.find_record("companies", record_id)
        return (record.own.get(property_) if record is not None else None) or ""

    def put(self, scores: dict[str, int], *, object_: str = "companies", **properties: str) -> None:  # type: ignore[override]
        """Pull records with these scores; what HubSpot has of ours stays."""
        with self.store.read() as reader:
            own = {key: reader.find_record(object_, key) for key in scores}
        for key, value in scores.items():
            kept = own[key].own if own[key] is not None else {}  # type: ignore[union-attr]
            super().put({key: value}, object_=object_, **{k: v for k, v in kept.items() if v}, **properties)

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
        super().write(refuse=refuse)
        with self.store.write() as writer:
            counts = {"written": len(self.changes)}
            writer.finish_run(f"run{self.runs}", "ok", ended_at=self.now, counts=counts, calls=0)
