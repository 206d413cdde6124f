"""Buy till you die: BG/NBD for when customers buy, Gamma-Gamma for how much, fitted by maximum likelihood.

Customers buy at rates of their own (a gamma distribution over them: `r`, `alpha`), and after each purchase leave
with a chance of their own (a beta distribution: `a`, `b`). Fader, Hardie, Lee 2005, "Counting your customers the
easy way"; Fader, Hardie 2013, "The Gamma-Gamma model of monetary value". Times are in one unit of the caller's.

Fitting needs scipy (the extra `ml`); the SQL in `kinds/clv.py` that scores with a fit does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

MOST_STEPS = 4_000
"""Terms of the series beyond which a horizon is too long for the pace of the purchases."""

NEAR_ONE = 1e-5
"""So near to 1, `a - 1` is not divided by: the limit is taken."""

_PRECISION = 1e-13
# Beyond these ends customers are alike, never leave or leave at once; the series keeps its precision inside them.
_R, _A, _B = (1e-3, 20.0), (1e-3, 50.0), (1e-3, 1e4)
_SHAPE = (1e-3, 1e4)


@dataclass(frozen=True)
class Purchases:
    """The fitted BG/NBD; `at_the_end` names parameters that lie at the end of what is allowed."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    at_the_end: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spend:
    """The fitted Gamma-Gamma: what one purchase is worth."""

    p: float
    q: float
    gamma: float

    @property
    def average(self) -> float:
        """The expected value of a purchase of someone of whom nothing is known."""
        return self.p * self.gamma / (self.q - 1)


def fit_purchases(repeats: Column, last: Column, age: Column) -> Purchases:
    """Fit the BG/NBD to customers: repeat purchases, time of the last one and age, both since the first purchase.

    Raises ModuleNotFoundError without scipy.
    """
    import numpy as np

    rows, times = np.unique(np.stack([repeats, last, age], axis=1), axis=0, return_counts=True)
    columns, weights = rows.T, times / times.sum()
    scale = max(float(age.mean()), 1.0)
    ends = {"r": _R, "alpha": (scale * 1e-3, scale * 1e3), "a": _A, "b": _B}
    found, worth = _most_likely(
        lambda parameters: _purchases(parameters, columns, weights), (1.0, scale / 4, 1.0, 1.0), list(ends.values())
    )
    tight = (name for value, (name, (low, high)) in zip(found, ends.items(), strict=True)
             if not low * 1.001 < value < high / 1.001)  # fmt: skip
    r, alpha, a, b = found
    return Purchases(r, alpha, a, b, worth * int(times.sum()), tuple(tight))


def fit_spend(purchases: Column, mean: Column) -> Spend:
    """Fit the Gamma-Gamma to customers: how many purchases and their mean value, above zero.

    Raises ModuleNotFoundError without scipy.
    """
    scale = float(mean.mean())
    found, _worth = _most_likely(
        lambda parameters: _spend(parameters, purchases, mean), (1.0, 2.0, scale),
        [_SHAPE, (1.0 + 1e-3, _SHAPE[1]), (scale * 1e-4, scale * 1e4)],
    )  # fmt: skip
    p, q, gamma = found
    return Spend(p, q, gamma)


def expected_purchases(model: Purchases, repeats: Column, last: Column, age: Column, horizon: float) -> Column:
    """The purchases that are expected within the horizon, by the hypergeometric function of scipy.

    Fader, Hardie, Lee 2005, equation 10. Raises ModuleNotFoundError without scipy.
    """
    if abs(model.a - 1) >= NEAR_ONE:
        return _expected(model, repeats, last, age, horizon)
    # The limit, between its two sides: one of them alone would be off in the fifth digit.
    sides = (replace(model, a=1 - NEAR_ONE), replace(model, a=1 + NEAR_ONE))
    below, above = (_expected(side, repeats, last, age, horizon) for side in sides)
    return below + (model.a - sides[0].a) / (2 * NEAR_ONE) * (above - below)


def _expected(model: Purchases, repeats: Column, last: Column, age: Column, horizon: float) -> Column:
    import numpy as np
    from scipy.special import hyp2f1

    s, c, a = model.r + repeats, model.a + model.b + repeats - 1, model.a
    left = (model.alpha + age) / (model.alpha + age + horizon)
    series = left ** (a - 1) * hyp2f1(c - s, a - 1, c, 1 - left)
    gone = np.where(
        repeats > 0, a / (model.b + np.maximum(repeats, 1) - 1) * ((model.alpha + age) / (model.alpha + last)) ** s, 0
    )
    return np.asarray(c / (a - 1) * (1 - series) / (1 + gone), dtype=np.float64)


def expected_spend(model: Spend, purchases: Column, mean: Column) -> Column:
    """The expected value of a customer's next purchases: between the mean of all and their own."""
    return model.p * (model.gamma + purchases * mean) / (model.p * purchases + model.q - 1)


def steps(model: Purchases, horizon: float) -> int:
    """How many terms the series of the expected purchases needs for any customer; at most MOST_STEPS + 1."""
    most = horizon / (model.alpha + horizon)
    term, total = 1.0, 1.0
    for number in range(MOST_STEPS):
        share = (model.a + model.b - model.r + number) * (model.a + number)
        ratio = share / ((model.a + model.b + number) * (2 + number)) * most
        term *= ratio
        total += term
        if abs(ratio) < 1 and abs(term) / (1 - min(abs(ratio), most)) < _PRECISION * max(abs(total), 1.0):
            return number + 1
    return MOST_STEPS + 1


def _most_likely(
    value: Callable[[Any], tuple[float, Any]], start: tuple[float, ...], ends: list[tuple[float, float]]
) -> tuple[list[float], float]:
    """The parameters of the greatest mean log-likelihood, sought over their logarithms, and its value."""
    import numpy as np
    from scipy.optimize import minimize

    def loss(logarithms: Any) -> tuple[float, Any]:
        parameters = np.exp(logarithms)
        worth, slope = value(parameters)
        return -worth, -slope * parameters

    bounds = [(float(np.log(low)), float(np.log(high))) for low, high in ends]
    found = minimize(
        loss, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1_000},
    )  # fmt: skip
    return [float(each) for each in np.exp(found.x)], -float(found.fun)


def _purchases(parameters: Any, rows: Any, weights: Any) -> tuple[float, Any]:
    """The mean log-likelihood of the BG/NBD and its slope."""
    import numpy as np
    from scipy.special import digamma, gammaln

    r, alpha, a, b = parameters
    x, last, age = rows
    before = b + np.maximum(x, 1) - 1
    gone = np.where(x > 0, np.log(a) - np.log(before) - (r + x) * np.log(alpha + last), -np.inf)
    there = -(r + x) * np.log(alpha + age)
    either = np.logaddexp(there, gone)
    worth = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + either
    worth += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    w, v = np.exp(there - either), np.exp(gone - either)
    both = digamma(a + b) - digamma(a + b + x)
    slopes = (
        digamma(r + x) - digamma(r) + np.log(alpha) - w * np.log(alpha + age) - v * np.log(alpha + last),
        r / alpha - (r + x) * (w / (alpha + age) + v / (alpha + last)),
        both + v / a,
        both + digamma(b + x) - digamma(b) - v / before,
    )
    return float(weights @ worth), np.array([weights @ slope for slope in slopes])


def _spend(parameters: Any, n: Any, mean: Any) -> tuple[float, Any]:
    """The mean log-likelihood of the Gamma-Gamma and its slope."""
    import numpy as np
    from scipy.special import digamma, gammaln

    p, q, gamma = parameters
    total, shape = gamma + n * mean, p * n + q
    worth = gammaln(shape) - gammaln(p * n) - gammaln(q) + q * np.log(gamma) - shape * np.log(total)
    worth += (p * n - 1) * np.log(mean) + p * n * np.log(n)
    slopes = (
        n * (digamma(shape) - digamma(p * n) + np.log(mean) + np.log(n) - np.log(total)),
        digamma(shape) - digamma(q) + np.log(gamma) - np.log(total),
        q / gamma - shape / total,
    )
    return float(worth.mean()), np.array([slope.mean() for slope in slopes])
