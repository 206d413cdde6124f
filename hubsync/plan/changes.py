"""The rows of a plan: old and new value of each property that would be written, and of each that is cleared."""
# Names are quoted by `name`, values by `literal`; both come from the catalog.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hubsync.plan.moves import Writing, closed, extra_differs, had, literal, name
from hubsync.scoring import sql
from hubsync.scoring.model import extra_column
from hubsync.store import VALUES_HASH, Scratch, Writer
from hubsync.types import AsOf, Plan

REJECTS_REST_DAYS = 7
"""A refused value is tried again after its record changes, or after this many days (design §5)."""

_DIGEST = (
    "bit_xor(md5_number(concat_ws(chr(31), object, record_id, model, property,"
    " coalesce(\"before\", ''), coalesce(\"after\", ''))))"
)


@dataclass(frozen=True)
class Retired:
    """A model that no longer writes to an object, to some of its records, or some of its properties."""

    model: str
    object: str
    version: str
    properties: frozenset[str]
    """What it ever wrote there and nothing else writes: cleared on the records that left."""
    dropped: frozenset[str] = frozenset()
    """Those of them that it writes no more: cleared on the records that stay."""
    scored: str | None = None
    """The relation of the records it still scores; None when it is off."""


def iso(as_of: AsOf) -> str:
    """The moment as HubSpot writes datetimes."""
    return as_of.now.isoformat(timespec="milliseconds") + "Z"


def make_tables(scratch: Scratch) -> None:
    """Make the empty relations of a plan's changes and decisions."""
    scratch.execute(
        "CREATE OR REPLACE TABLE changes (object VARCHAR, record_id VARCHAR, model VARCHAR, property VARCHAR,"
        ' "before" VARCHAR, "after" VARCHAR)'
    )
    scratch.execute(
        "CREATE OR REPLACE TABLE decisions (object VARCHAR, record_id VARCHAR, model VARCHAR, version VARCHAR,"
        " score INTEGER, tier VARCHAR, known_data DOUBLE, why VARCHAR, extras JSON)"
    )


def add_changes(scratch: Scratch, writing: Writing, as_of: AsOf) -> None:
    """Add the rows of one model: its properties are written together, and only what differs.

    A record that has our values without a history, as after a merge, enters the history all the same; so does one
    that keeps its values under a new version.
    """
    writes, model = writing.writes, writing.model
    # A tier that HubSpot merely lost has not changed.
    moved = "(tier_differs AND NOT (own_tier IS NULL AND tier IS NOT DISTINCT FROM last_tier))"
    then = "strftime(since, '%Y-%m-%dT%H:%M:%S.%gZ')"
    changed = f"CASE WHEN {moved} THEN {literal(iso(as_of))} ELSE {then} END"
    parts = [
        (writes.score, "own_score", "COALESCE(CAST(score AS VARCHAR), '')", "score_differs"),
        (writes.tier, "own_tier", "COALESCE(tier, '')", "tier_differs"),
        (writes.why, "own_why", "why", "COALESCE(own_why, '') <> why"),
        (writes.tier_changed_at, "own_changed", changed, f"({moved} OR since IS NOT NULL)"),
    ]
    for key, property_ in writing.extras.items():
        after = f"COALESCE(CAST({name(extra_column(key))} AS VARCHAR), '')"
        parts.append((property_, name(f"own_{key}"), after, extra_differs(key)))
    for written, before, after, differs in parts:
        if written is not None:
            scratch.execute(
                f"INSERT INTO changes SELECT {literal(model.object)}, record_id, {literal(model.name)},"
                f" {literal(written)}, {before}, {after} FROM {name(writing.table)} WHERE writes AND {differs}"
            )
    scratch.execute(
        f"INSERT INTO decisions SELECT {literal(model.object)}, record_id, {literal(model.name)},"
        f" {literal(writing.version)}, score, tier, known_data, why, {_beside(writing)} FROM {name(writing.table)}"
        " WHERE counts"
    )


def _beside(writing: Writing) -> str:
    """What HubSpot has beside the score once the plan is written, as JSON of its texts by key."""
    if not writing.extras:
        return "NULL"
    pairs = []
    for key in writing.extras:
        after, before = (f"CAST({value} AS VARCHAR)" for value in (name(extra_column(key)), had(key)))
        pairs.append(f"{literal(key)}, CASE WHEN writes THEN {after} ELSE {before} END")
    return f"json_object({', '.join(pairs)})"


def add_clears(scratch: Scratch, retired: Retired) -> int:
    """Clear once what a model wrote and writes no more; return how many records left it.

    A record it never wrote to is never touched, and a closed deal is frozen.
    """
    stays = f"p.record_id IN (SELECT record_id FROM {name(retired.scored)})" if retired.scored else "FALSE"
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE written AS SELECT p.record_id, o.own, {stays} AS stays FROM published p"
        f" JOIN {name(f'records_{retired.object}')} r ON r.record_id = p.record_id"
        f" JOIN {name(f'own_{retired.object}')} o ON o.record_id = p.record_id"
        f" WHERE p.object = {literal(retired.object)} AND p.model = {literal(retired.model)}"
        f" AND (p.score IS NOT NULL OR p.tier IS NOT NULL) AND NOT {closed(retired.object, 'properties')}"
    )
    for property_ in sorted(retired.properties):
        value = sql.render(sql.json_text(sql.column("own"), property_))
        cleared = "TRUE" if property_ in retired.dropped else "NOT stays"
        scratch.execute(
            f"INSERT INTO changes SELECT {literal(retired.object)}, record_id, {literal(retired.model)},"
            f" {literal(property_)}, {value}, '' FROM written WHERE {value} IS NOT NULL AND {cleared}"
        )
    rows = scratch.execute(
        f"INSERT INTO decisions SELECT {literal(retired.object)}, record_id, {literal(retired.model)},"
        f" {literal(retired.version)}, NULL, NULL, NULL, NULL, NULL FROM written WHERE NOT stays"
    )
    return int(rows[0][0])


def drop_rejected(scratch: Scratch, as_of: AsOf) -> int:
    """Leave out values that HubSpot refused and that nothing has changed about; return how many rest."""
    rested = sql.render(sql.moment(as_of.now - timedelta(days=REJECTS_REST_DAYS)))
    objects = [row[0] for row in scratch.execute("SELECT DISTINCT object FROM changes")]
    changed = " UNION ALL ".join(
        f"SELECT {literal(each)} AS object, record_id, updated_at FROM {name(f'records_{each}')}" for each in objects
    )
    if not changed:
        return 0
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE resting AS SELECT c.* FROM (SELECT object, record_id, model,"
        f" {VALUES_HASH} AS values_hash FROM changes GROUP BY ALL) c"
        " JOIN rejects j ON j.object = c.object AND j.record_id = c.record_id AND j.model = c.model"
        f" AND j.values_hash = c.values_hash AND j.last_at > {rested}"
        f" LEFT JOIN ({changed}) r ON r.object = c.object AND r.record_id = c.record_id"
        " WHERE r.updated_at IS NOT DISTINCT FROM j.changed_at"
    )
    for table in ("changes", "decisions"):
        scratch.execute(
            f"DELETE FROM {table} WHERE (object, record_id, model) IN (SELECT (object, record_id, model) FROM resting)"
        )
    return int(scratch.execute("SELECT count(*) FROM resting")[0][0])


def plan_hash(scratch: Scratch) -> str:
    """A digest of all change rows, whatever their order."""
    rows = scratch.execute(f"SELECT count(*), {_DIGEST} FROM changes")[0]
    return f"{int(rows[0]):x}-{int(rows[1] or 0):032x}"


def keep(writer: Writer, plan: Plan) -> None:
    """Keep a plan with its run: the header, the decisions, and the changes in the order in which they are sent."""
    changes = "SELECT ? AS run_id, *, 'planned' AS state FROM changes ORDER BY object, record_id"
    writer.insert("change", changes, [plan.run_id])
    writer.insert("decision", "SELECT ? AS run_id, * FROM decisions", [plan.run_id])
    writer.save_plan(plan)
