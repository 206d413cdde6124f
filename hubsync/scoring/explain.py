"""An explanation: the lines of one record's score, which add up to it exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hubsync.scoring.model import CompiledModel, extra_column
from hubsync.types import Contribution


@dataclass(frozen=True, slots=True)
class Explanation:
    """The score of one model for one record and every contribution to it.

    `score` is None when too little is known; `band` is the tier before the leave margin; `extras` are the values
    that the kind makes beside the score, such as a code.
    """

    model: str
    record_id: str
    score: int | None
    band: str | None
    known_data: float
    why: str
    contributions: tuple[Contribution, ...]
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """The sum of all contributions."""
        return sum((line.points for line in self.contributions), Decimal(0))


def explain(model: CompiledModel, row: Mapping[str, Any]) -> Explanation:
    """Read one row of the model's relation; lines that are no rule are left out when they give nothing."""
    contributions = []
    for line in model.lines:
        if not line.available:
            continue
        points = Decimal(row[line.column])
        known = bool(row[line.known_column]) if line.known_column else True
        if line.known_column or points != 0:
            contributions.append(Contribution(line.rule, points, line.reason, known))
    return Explanation(
        model.name,
        str(row["record_id"]),
        row["score"],
        row["band"],
        float(row["known_data"]),
        row["why"],
        tuple(contributions),
        {key: row[extra_column(key)] for key in model.body.extras},
    )
