"""The kind `clv`: what a customer will buy within a horizon, and what that is worth (checklist 95, 101).

How often somebody buys is told by BG/NBD, what a purchase is worth by Gamma-Gamma (`hubsync/scoring/btyd.py`); both
are fitted to all records of `who` that bought, which needs the extra `ml`. Scoring with a fit is SQL alone.

The score is the percentile of the expected value among the records of the fit. Its two lines are the percentile
that the expected purchases would have at the average value of a purchase, and what the record's own value moves it.

- Purchases of one day are one; what has no value above zero is no purchase, and is taken off the value (refunds).
- Of a record without a purchase nothing is known, so that it is not scored: the model speaks of buyers alone.
- Where a purchase has no value in the portal's currency, the value of the record is unknown: the second line gives
  0, and there is no expected value.
- The probability of being alive, which BG/NBD gives as well, is not offered: as a ranking of who will buy again it
  misleads (on CDNOW its AUC is .316, since whoever bought once gets 1; expected purchases reach .773).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from sqlglot import exp, select

from hubsync.scoring import btyd, sql
from hubsync.scoring.body import Body, Term
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.fits import FEWEST, FINENESS, Fitted, Fitting, Rows, percentile, scaled
from hubsync.scoring.kinds.base import Kind, Package
from hubsync.scoring.needs import EventNeed, Need, Shape
from hubsync.scoring.sql import Sql
from hubsync.scoring.units import PERIOD_DAYS, Days, Name, Period
from hubsync.scoring.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF = Decimal(50)
_PURCHASE = "coalesce(value, 1) > 0"
_SCIPY = Package("scipy", "ml")
_EDGE = 1e-6
"""The share by which scipy and SQL may differ at the ends of the knots; where `a` is near 1, scipy loses digits."""


class ClvModel(ModelDeclaration):
    """Purchases are a kind of event; those of `within` count, and the expectation is for the `horizon` from today."""

    kind: Literal["clv"]
    purchases: Name
    within: Days = 730
    horizon: Days = 365
    unit: Period = "week"


class ClvKind(Kind):
    """Expected purchases and their value."""

    name = "clv"
    declaration = ClvModel
    makes = frozenset({"expected_purchases", "expected_value"})
    package = _SCIPY

    def body(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Body:
        """Compile the expectation with the fit; without one everything is unknown. Raises ExpressionError."""
        assert isinstance(model, ClvModel)
        history, needs, available = _history(model, vocabulary)
        fit = vocabulary.fits.get(model.model)
        expectation = _expectation(model, fit.parameters) if fit is not None else _nothing()
        frequency, whole = sql.column("clv_frequency"), sql.column("clv_whole")
        terms = (
            _term("purchases", "how much it is expected to buy", frequency, frequency, available),
            _term("value", "what its purchases are worth beside the average",
                  sql.template(f"CAST(:a - :b AS {sql.SCALE})", a=whole, b=frequency), whole, available),
        )  # fmt: skip
        extras = {key: sql.column(f"clv_{key}") for key in sorted(self.makes)}
        return Body(Decimal(0), terms, self.tiers(model), steps=(history, *expectation), reads=needs, extras=extras)

    def attainable(self, model: ModelDeclaration) -> Decimal:
        """A percentile reaches 100."""
        return min(Decimal(100), model.between[1])

    def fitting(self, model: ModelDeclaration, vocabulary: Vocabulary) -> Fitting:
        """The purchases of every record that bought; raises ExpressionError."""
        assert isinstance(model, ClvModel)
        history, needs, _available = _history(model, vocabulary)
        return Fitting(history, needs, partial(_fitted, model), _buyers)


KIND = ClvKind()


def _history(model: ClvModel, vocabulary: Vocabulary) -> tuple[Mapping[str, Sql], frozenset[Need], bool]:
    """Purchases, age of the first, time from first to last (both in units), mean value; unknown without a purchase."""
    names, object_ = ("clv_days", "clv_age", "clv_last", "clv_mean"), str(model.object)
    needs = {shape: _need(shape, model, where) for shape, where in _READ.items()}
    source = vocabulary.events_of(model.purchases, object_)
    if source is None or not vocabulary.filters_available(needs["days"]):
        return dict.fromkeys(names, sql.null("DOUBLE")), frozenset(), False
    if source[0] in vocabulary.feeds.overdue:
        return dict.fromkeys(names, sql.null("DOUBLE")), frozenset(needs.values()), True
    days = sql.template("CAST(NULLIF(:n, 0) AS DOUBLE)", n=sql.column(needs["days"].column))
    first, last = (_units(sql.column(needs[shape].column), model, vocabulary) for shape in ("first", "last"))
    between = sql.template(":f - :l", f=first, l=last)
    mean = sql.template(
        "GREATEST(CAST(:sum AS DOUBLE), :zero) / :n",
        sum=sql.column(needs["sum"].column), n=days, zero=sql.double(0),
    )  # fmt: skip
    # GREATEST skips an unknown value.
    mean = sql.when((sql.template(":s IS NOT NULL", s=sql.column(needs["sum"].column)), mean))
    bought = sql.template(":n IS NOT NULL", n=days)
    values = (sql.when((bought, value)) for value in (days, first, between, mean))
    return dict(zip(names, values, strict=True)), frozenset(needs.values()), True


_READ: dict[Shape, str | None] = {"days": _PURCHASE, "first": _PURCHASE, "last": _PURCHASE, "sum": None}


def _need(shape: Shape, model: ClvModel, where: str | None) -> EventNeed:
    return EventNeed(str(model.object), model.purchases, shape, model.within, where=where)


def _units(moment: Sql, model: ClvModel, vocabulary: Vocabulary) -> Sql:
    age = sql.age(moment, "datetime", vocabulary.as_of)
    return sql.template("GREATEST(:age, 0) / :unit", age=age, unit=sql.double(PERIOD_DAYS[model.unit]))


def _buyers(measured: exp.Select) -> exp.Select:
    names = ("clv_days", "clv_age", "clv_last", "clv_mean")
    rows = select(*(sql.column(name) for name in names)).from_(
        exp.Subquery(this=measured, alias=exp.to_identifier("measured"))
    )
    # In an order: sums of doubles depend on it, and with them the last digits of the fit.
    return rows.where(sql.template(":n IS NOT NULL", n=sql.column("clv_days"))).order_by(
        *(sql.column(name) for name in names)
    )


# The fit


def _fitted(model: ClvModel, rows: Rows) -> Fitted:
    """The parameters of both models, and the percentiles of the expected value."""
    again = sum(1 for row in rows if row[0] > 1)
    if again < FEWEST:
        sentence = f"{again:,} records bought on more than one day, and at least {FEWEST} are needed"
        return Fitted(None, (f"{sentence}: nothing is expected",))
    try:
        return _measured(model, rows)
    except ImportError:
        return Fitted(None, (f"a fit of this kind needs {_SCIPY.module}; install it by `{_SCIPY.remedy}`",))


def _measured(model: ClvModel, rows: Rows) -> Fitted:
    import numpy as np

    days, age, last, mean = np.array([[math.nan if each is None else each for each in row] for row in rows], float).T
    horizon = model.horizon / PERIOD_DAYS[model.unit]
    purchases = btyd.fit_purchases(days - 1, last, age)
    if btyd.steps(purchases, horizon) > btyd.MOST_STEPS:
        sentence = f"the horizon of {model.horizon:,} days is too long for how quickly these records buy again"
        return Fitted(None, (f"{sentence}; choose a shorter one",))
    valued = mean > 0
    spend = btyd.fit_spend(days[valued], mean[valued]) if valued.sum() >= FEWEST else None
    expected = btyd.expected_purchases(purchases, days - 1, last, age, horizon)
    worth = expected
    if spend is not None:
        known = ~np.isnan(mean)
        worth = (expected[known]) * btyd.expected_spend(spend, days[known], mean[known])
    parameters: dict[str, Any] = {
        name: getattr(purchases, name) for name in ("r", "alpha", "a", "b", "log_likelihood")
    }  # fmt: skip
    parameters |= {name: getattr(spend, name) for name in ("p", "q", "gamma")} if spend is not None else {}
    parameters |= {"buyers": len(rows), "valued": int(valued.sum()), "knots": _knots(worth)}
    return Fitted(parameters, tuple(_notes(purchases, len(rows), int(np.isnan(mean).sum()))))


def _notes(purchases: btyd.Purchases, buyers: int, unvalued: int) -> list[str]:
    notes = []
    if purchases.at_the_end:
        names = ", ".join(purchases.at_the_end)
        notes.append(f"the purchases are too much alike to tell customers apart ({names} at the end of its range)")
    if unvalued:
        notes.append(f"of {unvalued:,} of {buyers:,} buyers no value is known: they are expected to buy at the average")
    return notes


def _knots(worth: NDArray[Any]) -> list[list[float]]:
    """(value, percentile) pairs, at most 101; the ends stand a little outside, as SQL may differ in the last digits."""
    import numpy as np

    values, equal = np.unique(worth, return_counts=True)
    upto, known = np.cumsum(equal), int(equal.sum())
    kept = (upto * FINENESS // known > (upto - equal) * FINENESS // known) | (len(values) <= FINENESS)
    kept[0] = True
    knots = [
        [float(value), percentile(int(most - same), int(same), known)]
        for value, same, most in zip(values[kept], equal[kept], upto[kept], strict=True)
    ]
    (least, lowest), (most, highest) = knots[0], knots[-1]
    # Where all are alike, one knot stands for both ends.
    return [[least * (1 - _EDGE), lowest], *knots[1:-1], [most * (1 + _EDGE), highest]]


# The expectation


def _term(name: str, reason: str, points: Sql, given: Sql, available: bool) -> Term:  # noqa: FBT001
    return Term(name, reason, points, sql.template(":v IS NOT NULL", v=given), HALF, None, available)


def _nothing() -> tuple[Mapping[str, Sql], ...]:
    doubles = dict.fromkeys(("clv_expected_purchases", "clv_expected_value"), sql.null("DOUBLE"))
    return ({**doubles, **dict.fromkeys(("clv_frequency", "clv_whole"), sql.null(sql.SCALE))},)


def _expectation(model: ClvModel, fitted: Mapping[str, Any]) -> tuple[Mapping[str, Sql], ...]:
    """Expected purchases, then their value, then the percentiles, step by step."""
    horizon = model.horizon / PERIOD_DAYS[model.unit]
    r, alpha, a, b, likelihood = (float(fitted[name]) for name in ("r", "alpha", "a", "b", "log_likelihood"))
    purchases = btyd.Purchases(r, alpha, a, b, likelihood)
    left = sql.template(
        "(:alpha + :age) / (:alpha + :age + :t)",
        alpha=sql.double(purchases.alpha), age=sql.column("clv_age"), t=sql.double(horizon),
    )  # fmt: skip
    expected = sql.column("clv_expected_purchases")
    if "p" not in fitted:
        average, own = expected, sql.null("DOUBLE")
    else:
        p, q, gamma = (float(fitted[name]) for name in ("p", "q", "gamma"))
        spend = btyd.Spend(p, q, gamma)
        average = sql.template(":e * :v", e=expected, v=sql.double(spend.average))
        own = sql.template(":e * :v", e=expected, v=_spend_sql(spend))
    knots = fitted["knots"]
    return (
        {"clv_left": left},
        {"clv_expected_purchases": _purchases_sql(purchases, btyd.steps(purchases, horizon))},
        {"clv_average": average, "clv_expected_value": own},
        {
            "clv_frequency": sql.points(scaled(sql.column("clv_average"), knots)),
            "clv_whole": sql.points(scaled(sql.column("clv_expected_value"), knots)),
        },
    )


def _spend_sql(spend: btyd.Spend) -> Sql:
    return sql.template(
        ":p * (:gamma + :n * :mean) / (:p * :n + :q - 1)",
        p=sql.double(spend.p), q=sql.double(spend.q), gamma=sql.double(spend.gamma),
        n=sql.column("clv_days"), mean=sql.column("clv_mean"),
    )  # fmt: skip


def _purchases_sql(fitted: btyd.Purchases, steps: int) -> Sql:
    """The expected purchases as a series of a fixed length.

    Equation 10 of Fader, Hardie, Lee 2005 after Euler's transformation, which takes the record's purchases out of
    the upper parameters of 2F1: with z = 1 - left and c = a + b + x - 1 it is, when alive,

        c (1 - left^(a-1)) / (a-1)  -  left^(a-1) (c - r - x) z  sum over m of (c-r-x+1)_m (a)_m / ((c+1)_m (2)_m) z^m

    where c - r - x = a + b - 1 - r is the same for all records, so that the length can be known beforehand (the
    series of x = 0 and of an age of 0 is the longest). Nothing divides by c, which may be 0, and a = 1 has a limit.
    """
    a, b, r = fitted.a, fitted.b, fitted.r
    part = sql.template(
        "LIST_REDUCE(LIST_TRANSFORM(RANGE(:steps, -1, -1), LAMBDA m : CAST(m AS DOUBLE)),"
        " LAMBDA s, m : 1 + (:above + m) * (:a + m) / ((:ab + :x + m) * (2 + m)) * (1 - :left) * s, :one)",
        steps=sql.integer(steps), above=sql.double(a + b - r), a=sql.double(a), ab=sql.double(a + b),
        x=_REPEATS, left=_LEFT, one=sql.double(1),
    )  # fmt: skip
    alive = sql.template(
        ":c * :fall - POW(:left, :lower) * :upper * (1 - :left) * :part",
        c=sql.template(":ab + :x", ab=sql.double(a + b - 1), x=_REPEATS), fall=_fall(a), left=_LEFT,
        lower=sql.double(a - 1), upper=sql.double(a + b - 1 - r), part=part,
    )  # fmt: skip
    gone = sql.template(
        "CASE WHEN :x > 0 THEN :a / (:b + :x - 1) * POW((:alpha + :age) / (:alpha + :last), :r + :x) ELSE :zero END",
        x=_REPEATS, a=sql.double(a), b=sql.double(b), alpha=sql.double(fitted.alpha), r=sql.double(r),
        age=sql.column("clv_age"), last=sql.column("clv_last"), zero=sql.double(0),
    )  # fmt: skip
    expected = sql.template("GREATEST(:alive, :zero) / (1 + :gone)", alive=alive, gone=gone, zero=sql.double(0))
    return sql.when((sql.template(":n IS NOT NULL", n=sql.column("clv_days")), expected))


_LEFT = sql.column("clv_left")
_REPEATS = sql.template(":n - 1", n=sql.column("clv_days"))


def _fall(a: float) -> Sql:
    """(1 - left^(a-1)) / (a-1), also where a is near 1."""
    if abs(a - 1) >= btyd.NEAR_ONE:
        return sql.template("(1 - POW(:left, :p)) / :p", left=_LEFT, p=sql.double(a - 1))
    return sql.template("-LN(:left) * (1 + :half * LN(:left))", left=_LEFT, half=sql.double((a - 1) / 2))
