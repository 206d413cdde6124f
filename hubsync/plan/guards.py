"""The guards: what a plan must keep to be written (design §5)."""
# Names are quoted by `name`, values by `literal`; both come from the catalog.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from hubsync.crm.client import BATCH
from hubsync.plan.moves import Writing, literal, name
from hubsync.scoring.configuration import Guards
from hubsync.store import Scratch
from hubsync.types import Guard

MOST_DAYS = 4
"""Days since the last write that the limits on tiers grow for."""

PULL_GUARD = "pull of "
"""How the name of a guard over a listing begins; the object follows."""

TierMoves = dict[tuple[str, str], int]


def tier_moves(scratch: Scratch, writing: Writing) -> TierMoves:
    """Records per (last published tier, new tier), moves and stays alike; "" is no tier yet."""
    rows = scratch.execute(
        f"SELECT coalesce(last_tier, ''), coalesce(tier, ''), count(*) FROM {name(writing.table)}"
        " WHERE tier IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    return {(str(old), str(new)): int(count) for old, new, count in rows}


def days_since_write(scratch: Scratch, now: datetime) -> int:
    """The days since anything was published; 0 when nothing was."""
    last = scratch.execute("SELECT max(as_of) FROM published")[0][0]
    return (now - last).days if last is not None else 0


def eased(limits: Guards, days: int) -> Guards:
    """The limits on tiers for moves of so many days: they are meant per day, and grow for up to four days.

    A worker that stood still for a week, and a model that is refreshed weekly, find a week's honest moves; a mistake
    moves far more.
    """
    days = min(max(days, 1), MOST_DAYS)
    shares = {"tier_changes": min(limits.tier_changes * days, 1.0), "acting_tier": min(limits.acting_tier * days, 1.0)}
    return limits.model_copy(update=shares)


def is_renewed(scratch: Scratch, writing: Writing) -> bool:
    """Whether values of the model that are published come from another version."""
    table = name(writing.table)
    return bool(scratch.execute(f"SELECT count(*) FROM {table} WHERE last_version IS NOT NULL AND new_version")[0][0])


def tier_guards(
    writing: Writing, moves: Mapping[tuple[str, str], int], limits: Guards, *, renewed: bool
) -> Iterator[Guard]:
    """At most so many tiered records change tier, and fewer enter a tier on which something acts."""
    tiered = sum(count for (old, _), count in moves.items() if old)
    if not tiered:
        return
    model = writing.model
    acting = {band.name for axis in model.body.axes if len(model.body.axes) == 1 for band in axis.bands
              if band.settles_at_once}  # fmt: skip
    moved = sum(count for (old, new), count in moves.items() if old and old != new)
    entered = sum(count for (old, new), count in moves.items() if old and old != new and new in acting)
    cause = " The model has a new version, which is the likely cause." if renewed else ""
    label = "change tier"
    yield share_guard(f"tier changes of {model.name}", moved, tiered, limits.tier_changes, limits.minimum, label, cause)
    if acting:
        label = f"enter {' or '.join(sorted(acting))}"
        guard = f"acting tiers of {model.name}"
        yield share_guard(guard, entered, tiered, limits.acting_tier, limits.minimum, label, cause)


def clear_guard(model: str, cleared: int, published: int, limits: Guards) -> Guard:
    """A model that leaves many records at once is held like one that changes many tiers."""
    return share_guard(
        f"clearing of {model}", cleared, max(published, 1), limits.tier_changes, limits.minimum,
        "lose its values, because they left 'who' or the model is off", "",
    )  # fmt: skip


def share_guard(guard: str, part: int, whole: int, limit: float, minimum: int, label: str, cause: str) -> Guard:
    """At most so large a part of the whole may be concerned, unless it is no more than `minimum`."""
    share = part / whole
    held = share > limit and part > minimum
    message = f"{part:,} of {whole:,} records ({share:.1%}) {label}; at most {limit:.0%} may, or {minimum}."
    message += cause if held else ""
    return Guard(guard, held, message, round(share, 6), limit)


def pull_guards(records: Mapping[str, tuple[int, int]], limits: Guards) -> Iterator[Guard]:
    """A listing that shows far fewer records than last time is not believed."""
    for object_, (seen, before) in sorted(records.items()):
        if before == 0:
            continue
        share = seen / before
        held = share < limits.pull and before - seen > limits.minimum
        yield Guard(
            f"{PULL_GUARD}{object_}", held,
            f"HubSpot shows {seen:,} {object_}, last time {before:,}; at least {limits.pull:.0%} must be there.",
            round(share, 6), limits.pull,
        )  # fmt: skip


def budget_guard(records: Mapping[str, int], left: int | None) -> Iterator[Guard]:
    """The writes must fit into what is left of the day's calls, if HubSpot says what is left."""
    calls = writes_calls(records)
    if calls and left is not None:
        yield Guard(
            "API calls", calls > left,
            f"Writing takes about {calls:,} calls; {left:,} are left for hubsync today.", calls, left,
        )  # fmt: skip


def published_count(scratch: Scratch, model: str, object_: str) -> int:
    """Records that carry values of a model."""
    rows = scratch.execute(
        f"SELECT count(*) FROM published WHERE model = {literal(model)} AND object = {literal(object_)}"
        " AND (score IS NOT NULL OR tier IS NOT NULL)"
    )
    return int(rows[0][0])


def writes_calls(records: Mapping[str, int]) -> int:
    """Batches needed to write so many records per object."""
    return sum(-(-count // BATCH) for count in records.values())


def any_held(guards: Sequence[Guard]) -> str:
    """The sentences of the guards that hold, as one text."""
    return " ".join(f"{guard.name}: {guard.message}" for guard in guards if guard.held)
