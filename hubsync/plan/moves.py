"""What each model would publish: the settled tier, and whether it is worth a write.

All in SQL over the scores, HubSpot's values as last pulled (`own_...`) and what was last published.
"""
# Names are quoted by `name`, values by `literal`; both come from the catalog.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hubsync.scoring import sql
from hubsync.scoring.body import Axis
from hubsync.scoring.declarations import EXTRAS, Writes
from hubsync.scoring.facts import closure
from hubsync.scoring.feeds import LINKS
from hubsync.scoring.model import CompiledModel, extra_column
from hubsync.scoring.needs import Need, RollupNeed
from hubsync.scoring.tiers import UNSCORED, axis_part, settled_sql
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.scoring.why import shortened
from hubsync.store import Scratch
from hubsync.types import AsOf


@dataclass(frozen=True)
class Writing:
    """One model with its version and the settings that decide whether a change is worth a write."""

    model: CompiledModel
    version: str
    at_least: Decimal
    time_moves_every: int
    due: bool = True
    """Whether published values may move now; else what was published stays, and is written again where it is lost."""

    @property
    def paced(self) -> bool:
        """Whether its values move weekly or monthly, so that nothing else has to slow them down."""
        return self.model.declaration.refresh != "every run"

    @property
    def table(self) -> str:
        """The relation of its moves."""
        return f"moves_{self.model.name}"

    @property
    def since(self) -> str:
        """The relation of the times at which tiers changed that HubSpot has lost."""
        return f"since_{self.model.name}"

    @property
    def writes(self) -> Writes:
        """The properties it writes."""
        return self.model.declaration.writes or Writes.model_construct()

    @property
    def extras(self) -> dict[str, str]:
        """The properties of what its kind makes beside the score, by key."""
        return {key: written for key in EXTRAS if (written := getattr(self.writes, key)) is not None}


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return sql.render(sql.text(value))


def name(value: str) -> str:
    """A name as a quoted SQL identifier."""
    return sql.render(sql.column(value))


def closed(object_: str, properties: str) -> str:
    """The condition under which a record is frozen: nothing is written to a closed deal any more (design §5)."""
    if object_ != "deals":
        return "FALSE"
    value = sql.render(sql.json_text(sql.column(properties), "hs_is_closed"))
    return f"lower(coalesce({value}, '')) = 'true'"


def make_touched(scratch: Scratch, models: Sequence[CompiledModel], vocabulary: Vocabulary) -> None:
    """Make `touched_<object>`: when each record, its events, its associations or what it rolls up last changed.

    `models` are all that are scored: a roll-up may be an ingredient's.
    """
    needs = closure(frozenset[Need]().union(*(model.needs for model in models)), vocabulary)
    rolled = sorted(
        {(need.object, str(vocabulary.signals[need.signal].over)) for need in needs if isinstance(need, RollupNeed)}
    )
    for object_ in sorted({model.object for model in models} | {object_ for pair in rolled for object_ in pair}):
        scratch.execute(
            f"CREATE OR REPLACE TABLE {_touched(object_)} AS"
            " SELECT r.record_id, greatest(r.changed_at, e.known_at, l.moved_at) AS touched_at"
            f" FROM {name(f'records_{object_}')} r"
            f" LEFT JOIN (SELECT record_id, max(known_at) AS known_at FROM {name(f'events_{object_}')}"
            " GROUP BY record_id) e ON e.record_id = r.record_id"
            f" LEFT JOIN {name(f'relinked_{object_}')} l ON l.record_id = r.record_id"
        )
    nested = {own for own, _ in rolled} & {over for _, over in rolled}
    for own, over in rolled * (2 if nested else 1):
        scratch.execute(
            f"CREATE OR REPLACE TABLE {_touched(own)} AS SELECT record_id, max(touched_at) AS touched_at FROM ("
            f"SELECT * FROM {_touched(own)} UNION ALL {_through(own, over)}) GROUP BY record_id"
        )


def _touched(object_: str) -> str:
    return name(f"touched_{object_}")


def _through(object_: str, over: str) -> str:
    forward = (over, object_) in LINKS
    pair = (over, object_) if forward else (object_, over)
    own, other = ("to_id", "from_id") if forward else ("from_id", "to_id")
    return (
        f"SELECT l.{own} AS record_id, b.touched_at FROM {name(f'links_{pair[0]}_{pair[1]}')} l"
        f" JOIN {_touched(over)} b ON b.record_id = l.{other}"
    )


def make_moves(scratch: Scratch, writing: Writing, as_of: AsOf) -> None:
    """Make the relation of one model's moves: every scored record, with what it had and whether to write.

    `writes` says that HubSpot gets it: a tier or a text beside the score (a code) that differs, whatever differs of
    another version or from what was published (edited there, or never arrived), what HubSpot has lost, and else only a
    large enough change. `counts` says that the history gets it: also a tier or a version that HubSpot needs no word
    about.
    """
    scratch.execute(f"CREATE OR REPLACE TABLE {name(writing.table)} AS {_decided(writing, as_of)}")


def own(property_: str | None) -> str:
    """The value of one of our properties in HubSpot, by the relation `o`; NULL when the model does not write it."""
    if property_ is None:
        return "NULL"
    return sql.render(sql.json_text(sql.column("own", "o"), property_))


def _joined(writing: Writing) -> str:
    model, writes = writing.model, writing.writes
    values = "".join(f", s.{name(f'x{number}')}" for number in range(len(model.body.axes)))
    extras = "".join(
        f", s.{name(extra_column(key))}, {own(property_)} AS {name(f'own_{key}')}"
        for key, property_ in writing.extras.items()
    )
    return (
        f"SELECT s.record_id, s.score, s.known_data, s.why, s.band{values},"
        f" CASE WHEN p.version = {literal(writing.version)} THEN p.tier END AS held,"
        " p.tier AS last_tier, p.score AS last_score, p.version AS last_version, p.as_of AS last_as_of,"
        " p.why AS last_why, p.extras AS last_extras,"
        f" {own(writes.score)} AS own_score, {own(writes.tier)} AS own_tier, {own(writes.why)} AS own_why,"
        f" {own(writes.tier_changed_at)} AS own_changed, n.since, t.touched_at{extras}"
        f" FROM {name(model.relation)} s"
        f" LEFT JOIN (SELECT * FROM published WHERE object = {literal(model.object)}"
        f" AND model = {literal(model.name)}) p ON p.record_id = s.record_id"
        f" LEFT JOIN {name(f'own_{model.object}')} o ON o.record_id = s.record_id"
        f" LEFT JOIN {name(writing.since)} n ON n.record_id = s.record_id"
        f" LEFT JOIN {_touched(model.object)} t ON t.record_id = s.record_id"
        f" JOIN {name(f'records_{model.object}')} r ON r.record_id = s.record_id"
        f" WHERE NOT {closed(model.object, 'properties')}"
    )


def settled(axes: tuple[Axis, ...], margin: Decimal, named: Sequence[str] = ()) -> str:
    """The tier of a row with columns band, held and x0, x1...: the band after the leave margin.

    Tiers that a condition names, and `unscored`, are entered and left at once.
    """
    if not axes:
        return "CAST(NULL AS VARCHAR)"
    none = Decimal(0)
    parts = [
        settled_sql(
            axis,
            sql.column(f"x{number}"),
            axis_part(axes, number, sql.column("held")),
            none if axis.at_once else margin,
        )
        for number, axis in enumerate(axes)
    ]
    kept = " || ".join(f"({sql.render(part)})" for part in parts)
    free = ", ".join(literal(tier) for tier in (UNSCORED, *named))
    return f"CASE WHEN held IS NULL OR band IN ({free}) OR held IN ({free}) THEN band ELSE {kept} END"


def extra_differs(key: str) -> str:
    """The condition under which HubSpot has another value than what is made beside the score."""
    if EXTRAS[key] == "text":
        return f"COALESCE({had(key)}, '') <> COALESCE({name(extra_column(key))}, '')"
    return f"({had(key)}) IS DISTINCT FROM CAST({name(extra_column(key))} AS DOUBLE)"


def had(key: str) -> str:
    """What HubSpot has of a value beside the score, in its type."""
    value = sql.column(f"own_{key}")
    return sql.render(value if EXTRAS[key] == "text" else sql.to_number(value))


def _any_of(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(['FALSE', *conditions])})"


def _tier(model: CompiledModel) -> str:
    named = list(model.declaration.conditional_tiers)
    return settled(model.body.axes, model.declaration.leave_margin, named)


def _kept(writing: Writing, tiered: str) -> str:
    """While a model is not due, what was published of its version takes the place of what was computed."""
    if writing.due:
        return tiered
    parts = {"score": "CAST(last_score AS INTEGER)", "tier": "last_tier", "band": "last_tier", "why": "last_why"}
    for key in writing.extras:
        last = sql.json_text(sql.column("last_extras"), key)
        typed = sql.render(last if EXTRAS[key] == "text" else sql.to_number(last))
        # What was published before these texts were kept has none at all.
        untold = f"coalesce({had(key)}, {name(extra_column(key))})"
        parts[extra_column(key)] = f"CASE WHEN last_extras IS NULL THEN {untold} ELSE {typed} END"
    # A record that was cleared has nothing that could stay.
    same = f"last_version = {literal(writing.version)} AND (last_tier IS NOT NULL OR last_score IS NOT NULL)"
    kept = [f"CASE WHEN {same} THEN {last} ELSE {name(each)} END AS {name(each)}" for each, last in parts.items()]
    return f"SELECT * REPLACE ({', '.join(kept)}) FROM ({tiered})"


def _decided(writing: Writing, as_of: AsOf) -> str:
    model, writes = writing.model, writing.writes
    number = sql.render(sql.to_number(sql.column("own_score")))
    due = sql.render(sql.moment(as_of.now - timedelta(days=writing.time_moves_every)))
    score_differs = f"({number}) IS DISTINCT FROM CAST(score AS DOUBLE)" if writes.score else "FALSE"
    tier_differs = "COALESCE(own_tier, '') <> COALESCE(tier, '')" if writes.tier else "FALSE"
    texts_differ = _any_of(extra_differs(key) for key in writing.extras if EXTRAS[key] == "text")
    new_version = f"last_version IS DISTINCT FROM {literal(writing.version)}"
    owed = f"last_as_of IS NOT NULL AND ({number}) IS DISTINCT FROM CAST(last_score AS DOUBLE)"
    large = f"({number}) IS NULL OR score IS NULL OR abs(({number}) - score) >= {writing.at_least}"
    fresh = f"last_score IS NULL OR touched_at > last_as_of OR last_as_of <= {due}" if not writing.paced else "TRUE"
    lost = [f"{name(extra_column(key))} IS NOT NULL AND {name(f'own_{key}')} IS NULL" for key in writing.extras]
    lost += ["own_why IS NULL"] if writes.why else []
    lost_one = f"(last_tier IS NOT NULL OR last_score IS NOT NULL) AND {_any_of(lost)}"
    text = sql.render(shortened(sql.column("spoken")))
    spoken = (
        "CASE WHEN tier <> band THEN concat('Stays ', tier, ', ', band,"
        f" ' takes {model.declaration.leave_margin.normalize():f} points past the boundary. ', why) ELSE why END"
    )
    return (
        f"WITH joined AS ({_joined(writing)}),"
        f" tiered AS ({_kept(writing, f'SELECT *, {_tier(model)} AS tier FROM joined')}),"
        f" judged AS (SELECT *, {score_differs} AS score_differs, {tier_differs} AS tier_differs,"
        f" {new_version} AS new_version, ({owed}) AS owed, ({large}) AS large, ({fresh}) AS fresh,"
        f" {texts_differ} AS texts_differ, ({lost_one}) OR since IS NOT NULL AS lost, {spoken} AS spoken FROM tiered)"
        f" SELECT * EXCLUDE (why, spoken), {text} AS why,"
        " tier_differs OR texts_differ OR lost"
        " OR (score_differs AND (new_version OR owed OR (large AND fresh))) AS writes,"
        " writes OR new_version OR tier IS DISTINCT FROM last_tier AS counts FROM judged"
    )
