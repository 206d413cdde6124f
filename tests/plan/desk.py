"""A desk to plan at: a small configuration whose scores a test can set to any number, on a real store."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hubsync.catalog import Catalog, load
from hubsync.plan import Circumstances, footprints, keep, plan, segment_writings
from hubsync.score import open_scores, remember
from hubsync.scoring.feeds import Feeds
from hubsync.store import Store, Writer
from hubsync.types import Batch, Change, Outcome, Plan, RecordRow
from hubsync.workspace import moment

BITS = (1, 2, 4, 8, 16, 32, 64)
START = datetime(2026, 9, 21, 14)
MAIN = "models: [{models}]\nguards: {{minimum: {minimum}}}\n"
PORTAL = """
words: {is_customer: {companies: lifecyclestage = 'customer', deals: not hs_is_closed}}
properties:
  companies: {bit1: bool, bit2: bool, bit4: bool, bit8: bool, bit16: bool, bit32: bool, bit64: bool, met_on: date}
  contacts: {weight: number}
"""
MODEL = """
model: {name}
kind: points
object: {object}
who: is_customer
outcome: stays
owner: cs-ops
{extra}
rules:
{rules}
tiers:
  risk: {{from: 0, worse: true}}
  at_risk: {{from: 30}}
  steady: {{from: 51}}
  strong: {{from: 70}}
writes: {{score: {name}_score, tier: {name}_tier, why: {name}_why, tier_changed_at: {name}_changed}}
"""


def model(name: str = "health", object_: str = "companies", *, extra: str = "", more: tuple[str, ...] = ()) -> str:
    """A model whose points are the bits that are true, so that any score can be set."""
    bits = BITS if object_ == "companies" else ()
    rules = [f"  - {{when: bit{bit}, points: {bit}, reason: bit {bit}}}" for bit in bits]
    rules += [f"  - {rule}" for rule in more]
    return MODEL.format(name=name, object=object_, rules="\n".join(rules), extra=extra)


def bits(score: int) -> dict[str, str]:
    """The properties that make a score."""
    return {f"bit{bit}": "true" if score & bit else "false" for bit in BITS}


@dataclass
class Desk:
    """Records go in with `put`, `plan` plans at `now`, `write` pretends that HubSpot took everything."""

    folder: Path
    store: Store
    now: datetime = START
    minimum: int = 10
    command: str = "plan"
    """What the runs are called; the last plan of a `sync` that ended well is remembered."""
    signals: str = "{}\n"
    models: dict[str, str] = field(default_factory=lambda: {"health": model()})
    on: tuple[str, ...] = ("health",)
    runs: int = 0
    changes: list[Change] = field(default_factory=list)
    loaded: tuple[dict[str, str], Catalog] | None = None
    """The configuration that was read last, and what it says: it is read again when it has changed."""

    def files(self) -> dict[str, str]:
        """The files of the configuration."""
        return {
            "hubsync.yaml": MAIN.format(models=", ".join(self.on), minimum=self.minimum),
            "portal.yaml": PORTAL,
            "signals.yaml": self.signals,
            "events.yaml": "{}\n",
            **{f"models/{name}.yaml": text for name, text in self.models.items()},
        }

    def catalog(self) -> Catalog:
        """The configuration as it stands."""
        files = self.files()
        if self.loaded is None or self.loaded[0] != files:
            config = self.folder / "config"
            shutil.rmtree(config, ignore_errors=True)
            (config / "models").mkdir(parents=True)
            for name, text in files.items():
                (config / name).write_text(text)
            self.loaded = files, load(config)
        return self.loaded[1]

    def put(self, scores: Mapping[str, int], *, object_: str = "companies", **properties: str) -> None:
        """Pull records with these scores, by id."""
        rows = [
            RecordRow(object_, key, self.now, {"lifecyclestage": "customer", **bits(value), **properties})
            for key, value in scores.items()
        ]
        self.pull(rows)

    def pull(self, rows: list[RecordRow], **more: Any) -> None:
        """Take records, and what else a batch has, in as a pull would."""
        batch, own = Batch("records", records=rows, **more), self.catalog().own
        with self.store.write() as writer:
            writer.commit_batches([batch], own=own, counters=(), known_at=self.now)

    def plan(self, **circumstances: object) -> Plan:
        """Plan now; `changes` has the rows."""
        self.runs += 1
        run_id, catalog, as_of = f"run{self.runs}", self.catalog(), moment(self.now, "UTC")
        with self.store.write() as writer:
            writer.start_run(run_id, self.command, self.now, self.now, full=False)
            known = {"footprints": footprints(writer.models()), "refreshed": writer.refreshed()}
        with open_scores(self.store, catalog, as_of, Feeds()) as found:
            given = Circumstances(run_id, **{"pulled": {}, **known, **circumstances})  # type: ignore[arg-type]
            planned = plan(found.scratch, catalog, found.scores, found.vocabulary, given)
            self.changes = [Change(*row) for row in found.scratch.execute("SELECT * FROM changes ORDER BY ALL")]
            with found.scratch.writing() as writer:
                keep(writer, planned)
                remember(writer, catalog, found.scores, self.now)
                for each in segment_writings(catalog, found.vocabulary):
                    writer.save_model(each.model, each.version, each.declaration, self.now)
        return planned

    def write(self, *, refuse: frozenset[str] = frozenset()) -> None:
        """Let HubSpot take the last plan, except the records in `refuse`."""
        with self.store.write() as writer:
            self.settle(writer, refuse)

    def settle(self, writer: Writer, refuse: frozenset[str]) -> None:
        """Publish the last plan and write down what HubSpot took of it."""
        run_id = f"run{self.runs}"
        writer.publish(run_id, self.now)
        for object_ in sorted({change.object for change in self.changes}):
            ids = sorted({change.record_id for change in self.changes if change.object == object_})
            outcomes = [Outcome(each, each not in refuse, self.now, "no" if each in refuse else "") for each in ids]
            writer.settle(run_id, object_, outcomes, self.now)

    def sync(self) -> list[Change]:
        """Plan and write; returns the changes."""
        self.plan()
        self.write()
        return self.changes

    def later(self, **time: int) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def values(self, property_: str) -> dict[str, str | None]:
        """The new values of one property in the last plan, by record."""
        return {change.record_id: change.after for change in self.changes if change.property == property_}
