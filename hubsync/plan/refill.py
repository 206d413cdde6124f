"""Values that were published and that HubSpot holds no more: a property was deleted there, or a record's value."""
# Names are quoted by `name`, values by `literal`; both come from the catalog.
# ruff: noqa: S608

from __future__ import annotations

from hubsync.plan.moves import Writing, literal, name, own
from hubsync.store import Scratch


def make_since(scratch: Scratch, writing: Writing) -> None:
    """Make the relation of when tiers changed that HubSpot has no time for; the history is read only for these."""
    held = own(writing.writes.tier_changed_at) if writing.writes.tier_changed_at else "''"
    mine = f"p.object = {literal(writing.model.object)} AND p.model = {literal(writing.model.name)}"
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE {name(writing.since)} AS SELECT p.record_id, CAST(NULL AS TIMESTAMP) AS since"
        f" FROM published p JOIN {name(f'own_{writing.model.object}')} o ON o.record_id = p.record_id"
        f" WHERE {mine} AND p.tier IS NOT NULL AND ({held}) IS NULL"
    )
    if scratch.execute(f"SELECT count(*) FROM {name(writing.since)}")[0][0]:
        scratch.execute(
            f"UPDATE {name(writing.since)} SET since = p.since FROM tier_since p WHERE {mine}"
            f" AND p.record_id = {name(writing.since)}.record_id"
        )
