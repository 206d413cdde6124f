"""What HubSpot refuses to show, so that a plan can say which scores it lacks in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from hubsync.catalog import Catalog
from hubsync.crm.failures import is_forbidden
from hubsync.pull.result import Gap, SourceReport
from hubsync.scoring.requirements import Requirements


@dataclass
class _Found:
    objects: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    models: set[str] = field(default_factory=set)


def gaps(
    catalog: Catalog,
    wanted: Requirements,
    unavailable: Mapping[str, str],
    reports: Iterable[SourceReport],
    held: Collection[str],
) -> tuple[Gap, ...]:
    """What can't be read and nothing replaces, by the reason; a model that is held has its own sentence."""
    by_reason: dict[str, _Found] = {}
    for name, reason in sorted(unavailable.items()):
        found = by_reason.setdefault(reason, _Found())
        found.objects.append(name)
        found.models |= wanted.models["object", name]
    for report in reports:
        if report.status == "unavailable" and report.replaced_by is None and is_forbidden(report.reason):
            found = by_reason.setdefault(report.reason, _Found())
            found.kinds += [report.kind] if report.kind not in found.kinds else []
            found.models |= wanted.models["event", report.kind]
    scored = {model.model: str(model.object) for model in catalog.needed}
    made = []
    for reason, found in by_reason.items():
        models = sorted((_all(found.models, wanted) & scored.keys()) - set(held))
        if models:
            not_scored = tuple(model for model in models if scored.get(model) in unavailable)
            made.append(Gap(tuple(found.objects), tuple(sorted(found.kinds)), reason, tuple(models), not_scored))
    return tuple(made)


def _all(models: Collection[str], wanted: Requirements) -> set[str]:
    """These models, and those that are made of them."""
    return {*models, *(model for model, parts in wanted.made_of.items() if parts & set(models))}
