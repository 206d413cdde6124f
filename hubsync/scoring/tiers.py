"""Bands, and tiers: the band after the leave margin, compared with what was last published (design §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from hubsync.scoring import sql
from hubsync.scoring.body import Axis, Band
from hubsync.scoring.declarations import Tier
from hubsync.scoring.sql import Sql

UNSCORED = "unscored"


def band_sql(axis: Axis, value: Sql) -> Sql:
    """The highest band whose lower bound the value reaches (T5); the lowest band catches the rest."""
    reached = [
        (sql.template(":v >= :least", v=value, least=sql.decimal(band.least)), sql.text(band.name))
        for band in reversed(axis.bands[1:])
    ]
    lowest = sql.text(axis.bands[0].name)
    return sql.when(*reached, otherwise=lowest) if reached else lowest


def settled_sql(axis: Axis, value: Sql, published: Sql, margin: Decimal) -> Sql:
    """The band after the leave margin: each boundary has one side that takes effect at once.

    Entering a worse or acting band is immediate, and so is climbing out of an ordinary one; every other move
    takes `margin` points beyond the boundary of the published band.
    """
    band = band_sql(axis, value)
    branches = [
        (
            sql.template(":p = :name", p=published, name=sql.text(held.name)),
            _leaving(axis.bands, number, value, margin),
        )
        for number, held in enumerate(axis.bands)
    ]
    return sql.when(*branches, otherwise=band)


def _leaving(bands: Sequence[Band], number: int, value: Sql, margin: Decimal) -> Sql:
    held = bands[number]
    reached: list[tuple[Sql, Sql]] = []
    for index in range(len(bands) - 1, -1, -1):
        band = bands[index]
        at_least = sql.template(":v >= :least", v=value, least=sql.decimal(band.least))
        if index == number or band.settles_at_once:
            reached.append((at_least, sql.text(band.name)))
        elif index > number:
            reached.append((at_least, _up(bands, number, band, value, margin)))
        else:
            far = sql.template(":v <= :edge", v=value, edge=sql.decimal(held.least - margin))
            reached.append((at_least, sql.when((far, sql.text(band.name)), otherwise=sql.text(held.name))))
    lowest = reached.pop()[1]
    return sql.when(*reached, otherwise=lowest) if reached else lowest


def _up(bands: Sequence[Band], number: int, band: Band, value: Sql, margin: Decimal) -> Sql:
    if not bands[number].settles_at_once:
        return sql.text(band.name)
    far = sql.template(":v >= :edge", v=value, edge=sql.decimal(bands[number + 1].least + margin))
    return sql.when((far, sql.text(band.name)), otherwise=sql.text(bands[number].name))


def axis_part(axes: Sequence[Axis], number: int, published: Sql) -> Sql:
    """The part of a published tier that names the band of one axis."""
    if len(axes) == 1:
        return published
    start = 1 + sum(len(axis.bands[0].name) for axis in axes[:number])
    length = len(axes[number].bands[0].name)
    return sql.template(
        "SUBSTR(:p, :start, :length)", p=published, start=sql.integer(start), length=sql.integer(length)
    )


def tier_names(axes: Sequence[Axis], declared: Mapping[str, Tier]) -> list[str]:
    """All tiers in order, those with conditions after the bands, `unscored` last; empty for a model without tiers."""
    if not axes:
        return []
    names = [""]
    for axis in axes:
        names = [name + band.name for name in names for band in axis.bands]
    return [*names, *(name for name, tier in declared.items() if tier.when is not None), UNSCORED]


def tier_labels(axes: Sequence[Axis], declared: Mapping[str, Tier]) -> dict[str, str]:
    """The label of each tier for people; the ids are what HubSpot stores and never change."""
    labels = {UNSCORED: "Unscored"}
    given = {name: tier.label for name, tier in declared.items()}
    if len(axes) == 1:
        given |= {band.name: band.label for band in axes[0].bands if band.label}
    for name in tier_names(axes, declared):
        if name != UNSCORED:
            spoken = name.upper() if len(axes) > 1 else name.replace("_", " ").capitalize()
            labels[name] = given.get(name) or spoken
    return labels
