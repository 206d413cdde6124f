"""A model's SQL: the score of every record of `who`, with each line of its explanation as an exact column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp, select

from hubsync.scoring import sql
from hubsync.scoring.body import CAP, Body, Line, Term
from hubsync.scoring.declarations import EXTRAS, Limit, ModelDeclaration
from hubsync.scoring.expressions import compile_condition
from hubsync.scoring.facts import score_relations
from hubsync.scoring.fits import Fitting
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.needs import Need, RollupNeed
from hubsync.scoring.rollups import rollup
from hubsync.scoring.sql import Sql
from hubsync.scoring.tiers import UNSCORED, band_sql
from hubsync.scoring.vocabulary import Vocabulary
from hubsync.scoring.why import shortened, why_sql


@dataclass(frozen=True)
class CompiledModel:
    """A model ready to run: its parts, what it reads, and its lines in the order in which they add up."""

    declaration: ModelDeclaration
    body: Body
    who: Sql
    overrides: tuple[tuple[str, Sql], ...]
    """Tiers that a condition names, with it; the first that holds goes before the band."""
    needs: frozenset[Need]
    lines: tuple[Line, ...]
    fitting: Fitting | None = None
    """What it measures over its records, where its kind does."""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.declaration.model

    @property
    def object(self) -> str:
        """The object it scores."""
        return str(self.declaration.object)

    @property
    def relation(self) -> str:
        """The table of its scores: record_id, score, known_data, band, why, x0.., a column per extra and line."""
        return f"scores_{self.name}"

    @property
    def rules(self) -> tuple[Line, ...]:
        """The lines of the body's terms, in their order; each has a column that says whether its data is known."""
        return tuple(line for line in self.lines if line.known_column is not None)


def compile_model(declaration: ModelDeclaration, vocabulary: Vocabulary) -> CompiledModel:
    """Compile a declaration for the portal that `vocabulary` describes; raises ExpressionError."""
    kind = KINDS[declaration.kind]
    body, fitting = kind.body(declaration, vocabulary), kind.fitting(declaration, vocabulary)
    # Those of the fitting too: what is pulled must not depend on whether there is a fit.
    needs = body.needs | (fitting.needs if fitting is not None else frozenset())
    who: Sql = exp.true()
    if declaration.who is not None:
        condition = compile_condition(declaration.who, vocabulary.scope(str(declaration.object)))
        who, needs = condition.sql, needs | condition.needs
    overrides = []
    for name, text in declaration.conditional_tiers.items():
        condition = compile_condition(text, vocabulary.scope(str(declaration.object)))
        overrides.append((name, condition.sql))
        needs |= condition.needs
    return CompiledModel(declaration, body, who, tuple(overrides), needs, _lines(body), fitting)


def _lines(body: Body) -> tuple[Line, ...]:
    rules = [
        Line(term.rule, term.reason, f"t{number}", f"k{number}", term.available)
        for number, term in enumerate(body.terms)
    ]
    limits = [
        Line(f"limit: {group}", f"together at most what '{group}' allows", f"l{number}")
        for number, group in enumerate(body.limits)
    ]
    spoken = "; ".join(f"at most {cap.most.normalize():f}: {cap.reason}" for cap in body.caps)
    caps = [Line(CAP, spoken, "cap")] if body.caps else []
    return (
        Line("start", "where every record starts", "start"),
        *rules,
        *limits,
        Line("range", "the least and the most of this score", "range"),
        *caps,
        Line("rounding", "rounded to a whole number", "rounding"),
    )


def model_sql(model: CompiledModel, vocabulary: Vocabulary) -> str:
    """The statement that makes the model's relation from the facts."""
    steps = [_terms(model, vocabulary), *(_adding(columns) for columns in _totals(model))]
    query = _final(model).from_(f"s{len(steps) - 1}", copy=False)
    for number, step in enumerate(steps):
        relation = step.from_(f"s{number - 1}", copy=False) if number else step
        query = query.with_(f"s{number}", as_=relation, copy=False)
    return f'CREATE OR REPLACE TABLE "{model.relation}" AS {sql.render(query)}'


def fitting_sql(model: CompiledModel, vocabulary: Vocabulary) -> tuple[str, str]:
    """The query of the rows that the model's fit is made of, and that of how many records they speak of."""
    assert model.fitting is not None
    source = _rows(model, vocabulary)
    values = [sql.alias(value, name) for name, value in model.fitting.values.items()]
    measured = select("record_id", *values, copy=False).from_(source, copy=False).where(_of_who(model), copy=False)
    counted = select(sql.template("COUNT(*)"), copy=False).from_(
        exp.Subquery(this=measured, alias=exp.to_identifier("m")), copy=False
    )
    query = measured if model.fitting.query is None else model.fitting.query(measured)
    return sql.render(query), sql.render(counted)


def extra_column(key: str) -> str:
    """The column of an extra value in the model's relation."""
    return f"extra_{key}"


def _rows(model: CompiledModel, vocabulary: Vocabulary) -> exp.Subquery:
    return exp.Subquery(this=row(model.needs, model.object, vocabulary), alias=exp.to_identifier("r"))


def _of_who(model: CompiledModel) -> Sql:
    return sql.template("COALESCE(:w, FALSE)", w=sql.paren(model.who))


def row(needs: frozenset[Need], object_: str, vocabulary: Vocabulary) -> exp.Select:
    """The facts of an object joined with the scores and roll-ups that an expression needs."""
    query = select("f.*", copy=False).from_(exp.to_table(f"facts_{object_}").as_("f"), copy=False)
    for number, need in enumerate(score_relations(needs)):
        alias = f"m{number}"
        on = sql.template(":a = :b", a=sql.column("record_id", "f"), b=sql.column("record_id", alias))
        query = query.join(exp.to_table(f"scores_{need.model}").as_(alias), on=on, join_type="left", copy=False)
        query = query.select(
            sql.alias(sql.column("score", alias), need.column),
            sql.alias(sql.column("why", alias), need.why_column),
            copy=False,
        )
    rollups = sorted((need for need in needs if isinstance(need, RollupNeed)), key=lambda need: need.signal)
    for number, rolled in enumerate(rollups):
        alias = f"r{number}"
        signal = vocabulary.signals[rolled.signal]
        meaning = vocabulary.scope(str(signal.over)).resolve(str(signal.of))
        inner = row(meaning.needs, str(signal.over), vocabulary)
        on = sql.template(":a = :b", a=sql.column("record_id", "f"), b=sql.column("record_id", alias))
        rolls = exp.Subquery(this=rollup(signal, meaning, inner))
        query = query.join(rolls, on=on, join_type="left", join_alias=alias, copy=False)
        value: Sql = sql.column("value", alias)
        if signal.take is not None and signal.take.how == "count":
            value = sql.template("COALESCE(:v, :zero)", v=value, zero=sql.double(0))
        query = query.select(sql.alias(value, rolled.column), copy=False)
    return query


def _terms(model: CompiledModel, vocabulary: Vocabulary) -> exp.Select:
    body = model.body
    query = select("record_id", sql.alias(sql.decimal(body.start), "start"), copy=False)
    zero = sql.decimal(Decimal(0))
    for number, term in enumerate(body.terms):
        known = sql.template("COALESCE(:k, FALSE)", k=term.known) if term.available else exp.false()
        given = _given(term, known) if term.available else zero
        query = query.select(sql.alias(given, f"t{number}"), sql.alias(known, f"k{number}"), copy=False)
    for number, cap in enumerate(body.caps):
        holds = sql.template("COALESCE(:c, FALSE)", c=cap.holds)
        query = query.select(sql.alias(holds, f"cap{number}"), copy=False)
    for number, axis in enumerate(body.axes):
        if axis.value is not None:
            query = query.select(sql.alias(axis.value, f"x{number}"), copy=False)
    for number, (_, condition) in enumerate(model.overrides):
        holds = sql.template("COALESCE(:c, FALSE)", c=condition)
        query = query.select(sql.alias(holds, f"o{number}"), copy=False)
    if body.why is not None:
        query = query.select(sql.alias(body.why, "reasons"), copy=False)
    for key, value in body.extras.items():
        query = query.select(sql.alias(value, extra_column(key)), copy=False)
    source = _rows(model, vocabulary)
    for number, step in enumerate(body.steps):
        added = _adding(step).from_(source, copy=False)
        source = exp.Subquery(this=added, alias=exp.to_identifier(f"r{number}"))
    return query.from_(source, copy=False).where(_of_who(model), copy=False)


def _given(term: Term, known: Sql) -> Sql:
    """The points of a term, 0 where it is not known."""
    if term.settled:
        return term.points
    zero = sql.decimal(Decimal(0))
    return sql.when((known, sql.template("COALESCE(:p, :zero)", p=term.points, zero=zero)), otherwise=zero)


def _clamped(value: Sql, least: Decimal | None, most: Decimal | None) -> Sql:
    if most is not None:
        value = sql.template("LEAST(:v, :most)", v=value, most=sql.decimal(most))
    if least is not None:
        value = sql.template("GREATEST(:v, :least)", v=value, least=sql.decimal(least))
    return value


def _correction(wanted: Sql, value: Sql) -> Sql:
    return sql.template(f"CAST(:a - :b AS {sql.SCALE})", a=wanted, b=value)


def _adding(columns: Mapping[str, Sql]) -> exp.Select:
    """A step that keeps all there is and adds columns."""
    return select("*", *(sql.alias(value, name) for name, value in columns.items()), copy=False)


def _totals(model: CompiledModel) -> Iterator[Mapping[str, Sql]]:
    """What is made of the terms, one step after the other."""
    body, (least, most) = model.body, model.declaration.between
    if body.limits:
        yield {f"l{number}": _limited(body, group, limit) for number, (group, limit) in enumerate(body.limits.items())}
    summands = [sql.column("start"), *(sql.column(f"t{i}") for i in range(len(body.terms)))]
    summands += [sql.column(f"l{i}") for i in range(len(body.limits))]
    yield {"raw": sql.total(summands)}
    inside = _clamped(sql.column("raw"), least, most)
    yield {"range": _correction(inside, sql.column("raw")), "inside": inside}
    last: Sql = sql.column("inside")
    if body.caps:
        # A cap below the range would leave it; the range's lower end wins.
        capped = last
        for number, cap in enumerate(body.caps):
            bound = sql.decimal(max(cap.most, least))
            held = sql.column(f"cap{number}")
            capped = sql.when((held, sql.template("LEAST(:v, :b)", v=capped, b=bound)), otherwise=capped)
        last = sql.column("capped")
        yield {"cap": _correction(capped, sql.column("inside")), "capped": capped}
    whole = sql.half_up(last)
    yield {"rounding": _correction(whole, last), "total": whole, "known_data": _known(body)}
    # In a step of its own: it is long, and its length is asked before it is shortened.
    yield {"told": why_sql(model.lines, _scored(model), body)}


def _limited(body: Body, group: str, limit: Limit) -> Sql:
    """What the limit of a rule group takes or gives."""
    together = sql.total([sql.column(f"t{i}") for i, term in enumerate(body.terms) if term.group == group])
    return _correction(_clamped(together, limit.min, limit.max), together)


def _known(body: Body) -> Sql:
    """The share of the weight of all terms whose inputs are known."""
    alike: dict[Decimal, list[Sql]] = {}
    for number, term in enumerate(body.terms):
        if term.available:
            alike.setdefault(term.weight, []).append(sql.cast(sql.column(f"k{number}"), "INTEGER"))
    weight = sum((each * len(counts) for each, counts in alike.items()), Decimal(0))
    if weight == 0:
        return sql.double(0)
    shares = [sql.template(":w * :n", w=sql.decimal(each), n=sql.added(counts)) for each, counts in alike.items()]
    return sql.template("ROUND(CAST(:k AS DOUBLE) / :w, 4)", k=sql.total(shares), w=sql.double(str(weight)))


def _scored(model: CompiledModel) -> Sql:
    floor = sql.double(model.declaration.known_data_floor)
    return sql.template(":k >= :floor", k=sql.column("known_data"), floor=floor)


def _final(model: CompiledModel) -> exp.Select:
    body, scored = model.body, _scored(model)
    score = sql.when((scored, sql.template("CAST(:t AS INTEGER)", t=sql.column("total"))))
    query = select("record_id", sql.alias(score, "score"), sql.column("known_data"), copy=False)
    values = [axis.value if axis.value is None else sql.column(f"x{n}") for n, axis in enumerate(body.axes)]
    bands: Sql = sql.null("VARCHAR")
    for number, axis in enumerate(body.axes):
        value = values[number] if values[number] is not None else sql.column("total")
        assert value is not None
        part = band_sql(axis, value)
        bands = part if number == 0 else sql.template(":a || :b", a=bands, b=part)
        query = query.select(sql.alias(value, f"x{number}"), copy=False)
    named = [(sql.column(f"o{number}"), sql.text(name)) for number, (name, _) in enumerate(model.overrides)]
    tier = sql.when(*named, (scored, bands), otherwise=sql.text(UNSCORED)) if body.axes else bands
    query = query.select(sql.alias(tier, "band"), sql.alias(shortened(sql.column("told")), "why"), copy=False)
    for key in body.extras:
        value = _extra(key) if EXTRAS[key] == "number" else sql.column(extra_column(key))
        query = query.select(sql.alias(sql.when((scored, value)), extra_column(key)), copy=False)
    for line in model.lines:
        query = query.select(sql.column(line.column), copy=False)
        if line.known_column:
            query = query.select(sql.column(line.known_column), copy=False)
    return query


def _extra(key: str) -> Sql:
    """A number beside the score, with four decimals; what does not fit is unknown."""
    return sql.template("TRY_CAST(ROUND(:v, 4) AS DECIMAL(18, 4))", v=sql.column(extra_column(key)))
