"""Fifths of a measure, 1-5, 5 the best: where they begin, and in which of them a value is.

Bounds rise: where more is better (`rising`) they are the least of 2, 3, 4 and 5, else the most of 5, 4, 3 and 2. They
are measured over the records of a model, or pinned: equal values are in the same fifth, and the records beside one in a
run don't matter (T1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from hubsync.scoring import sql
from hubsync.scoring.fits import FEWEST, Fitted, Fitting, Rows, shares, too_few
from hubsync.scoring.needs import Need
from hubsync.scoring.sql import Sql

FIFTHS = 5

Bounds = Sequence[Any]
"""Four numbers, of which None stands for a fifth that no record reaches."""


def fitting(values: Mapping[str, Sql], needs: frozenset[Need], *, rising: Mapping[str, bool]) -> Fitting:
    """What measures where the fifths of some values begin; the fit keeps their bounds by name, as `cuts`."""
    query = shares({name: rising[name] for name in values}, FIFTHS)
    return Fitting(values, needs, partial(_fitted, {name: rising[name] for name in values}), query)


def placed(value: Sql, bounds: Bounds | None, *, rising: bool) -> Sql:
    """The fifth that a value is in, 1-5; unknown without bounds."""
    if bounds is None:
        return sql.null("INTEGER")
    fifths = [sql.cast(sql.integer(place), "INTEGER") for place in range(1, FIFTHS + 1)]
    sign, best_first = (">=", [*reversed(bounds)]) if rising else ("<=", [*bounds])
    reached = [
        (sql.template(f":v {sign} :b", v=value, b=sql.double(str(bound))), place)
        for place, bound in zip(reversed(fifths[1:]), best_first, strict=True)
        if bound is not None
    ]
    unknown = (sql.template(":v IS NULL", v=value), sql.null("INTEGER"))
    return sql.when(unknown, *reached, otherwise=fifths[0])


def _fitted(rising: Mapping[str, bool], rows: Rows) -> Fitted:
    """The bounds of each measure of which enough is known: at the fifths of its records, equal values together."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for name, *row in rows:
        found[name].append(tuple(row))
    cuts, notes = {}, []
    for name in rising:
        known = found[name][0][0] if found[name] else 0
        if known < FEWEST:
            notes.append(too_few(name, known))
        else:
            cuts[name] = _cuts([row[1:] for row in found[name]], rising=rising[name])
    return Fitted({"cuts": cuts} if cuts else None, tuple(notes))


def _cuts(parts: list[tuple[int, float, float]], *, rising: bool) -> list[float | None]:
    """The bounds between parts (place, least, most); None for a fifth that no record reaches, since many are equal."""
    if rising:
        return [min((least for at, least, _ in parts if at >= bound), default=None) for bound in range(1, FIFTHS)]
    return [max((most for at, _, most in parts if at >= bound), default=None) for bound in range(FIFTHS - 1, 0, -1)]
