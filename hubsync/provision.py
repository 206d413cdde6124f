"""The properties that hubsync writes: made once, compared ever after, never changed when they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hubsync.catalog import Catalog
from hubsync.crm import Client
from hubsync.errors import InputError
from hubsync.scoring.declarations import ModelDeclaration
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.tiers import tier_labels
from hubsync.types import PropertyDefinition

GROUP = "hubsync"
SIGNATURE = "Written by hubsync"
"""How the description of every property begins that hubsync has made."""

GROUP_LABEL = "hubsync scores"


@dataclass
class Provisioned:
    """What exists, what was made (or would be, in a dry run), and what stands in the way, by object.property."""

    groups_created: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        """True when a sync needs something that is not there."""
        return bool(self.created or self.extended or self.conflicts)


def wanted(catalog: Catalog) -> Iterator[PropertyDefinition]:
    """The definitions of all properties that the models that are on write."""
    for model in catalog.on:
        yield from _of_model(model)


def compare(client: Client, catalog: Catalog) -> tuple[Provisioned, list[PropertyDefinition]]:
    """What is there and what is missing; makes nothing. Returns also the definitions that are missing or short."""
    found, missing = Provisioned(), []
    by_object: dict[str, list[PropertyDefinition]] = {}
    for definition in wanted(catalog):
        by_object.setdefault(definition.object, []).append(definition)
    for object_, definitions in sorted(by_object.items()):
        present = {each.name: each for each in client.property_definitions(object_)}
        for definition in definitions:
            place = f"{object_}.{definition.name}"
            have = present.get(definition.name)
            if have is None:
                found.created.append(place)
                missing.append(definition)
            elif conflict := _conflict(have, definition):
                found.conflicts.append(conflict)
            elif dict(definition.options).keys() - dict(have.options).keys():
                found.extended.append(place)
                missing.append(definition)
            else:
                found.existing.append(place)
    return found, missing


def provision(client: Client, catalog: Catalog, *, dry_run: bool) -> Provisioned:
    """Make the group and the properties that are missing; running it again changes nothing.

    Raises InputError, before anything is made, when a property exists with another type.
    """
    found, missing = compare(client, catalog)
    if found.conflicts:
        raise InputError(" ".join(found.conflicts))
    if dry_run:
        return found
    for object_ in sorted({definition.object for definition in missing}):
        if client.sdk.ensure_group(object_, GROUP, GROUP_LABEL):
            found.groups_created.append(object_)
        mine = [each for each in missing if each.object == object_]
        new = [each for each in mine if f"{object_}.{each.name}" in found.created]
        if new:
            client.sdk.create_properties(object_, new)
        for definition in mine:
            if definition not in new:
                client.sdk.add_options(object_, definition)
    return found


def _conflict(have: PropertyDefinition, definition: PropertyDefinition) -> str:
    place = f"{have.object}.{have.name}"
    if have.type != definition.type:
        return (
            f"The property {place} exists in HubSpot with type {have.type}, hubsync needs {definition.type}:"
            " name another property under 'writes' of its model, or archive the one in HubSpot. Nothing was changed."
        )
    if have.group != GROUP and not have.description.startswith(SIGNATURE):
        return (
            f"The property {place} exists in HubSpot and was not made by hubsync: name another property under 'writes'"
            f" of its model, or move it into the property group '{GROUP}' if hubsync may overwrite it. Nothing was"
            " changed."
        )
    if have.read_only:
        return (
            f"The property {place} is read-only in HubSpot: name another property under 'writes' of its model."
            " Nothing was changed."
        )
    return ""


def _of_model(model: ModelDeclaration) -> Iterator[PropertyDefinition]:
    writes, object_ = model.writes, str(model.object)
    if writes is None:
        return
    title = model.model.replace("_", " ").capitalize()
    about = f"{SIGNATURE}, model {model.model}: {model.outcome}. Owner: {model.owner}. Do not edit."
    if writes.score:
        yield _property(object_, writes.score, f"{title} score", "number", "number", about)
    if writes.tier:
        labels = tier_labels(KINDS[model.kind].tiers(model), model.tiers)
        yield _property(object_, writes.tier, f"{title} tier", "enumeration", "select", about, tuple(labels.items()))
    if writes.why:
        yield _property(object_, writes.why, f"{title} score: why", "string", "textarea", about)
    if writes.tier_changed_at:
        yield _property(object_, writes.tier_changed_at, f"{title} tier changed", "datetime", "date", about)


def _property(
    object_: str,
    name: str,
    label: str,
    kind: str,
    field_type: str,
    about: str,
    options: tuple[tuple[str, str], ...] = (),
) -> PropertyDefinition:
    return PropertyDefinition(object_, name, label, kind, field_type, GROUP, about, options)
