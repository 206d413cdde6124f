"""The properties that hubsync writes: made once, compared ever after, and never changed but for their options.

Of a property that is hubsync's (in its group, or with its signature), the configuration labels the options that it
names: a label that was changed in the configuration, or by somebody in HubSpot, is set again, as an edited value is.
The value of an option never changes, no option is ever deleted, and options that the configuration does not name keep
their labels. A label is no reason to stop or to wait: labels are set after the scores were written, and what HubSpot
does not take is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hubsync.catalog import Catalog
from hubsync.crm import Client
from hubsync.errors import AccessError, HubsyncError, InputError, RefusedError, RemoteError, ScopeError
from hubsync.scoring.declarations import EXTRAS, ModelDeclaration
from hubsync.scoring.kinds import KINDS
from hubsync.scoring.segments import SEGMENT_MODELS
from hubsync.scoring.tiers import tier_labels
from hubsync.types import PropertyDefinition

GROUP = "hubsync"
SIGNATURE = "Written by hubsync"
"""How the description of every property begins that hubsync has made."""

GROUP_LABEL = "hubsync scores"
_SEVERAL = "checkbox"
"""The field of an enumeration that holds several values."""


@dataclass
class Provisioned:
    """What exists, what was made (or would be, in a dry run), and what stands in the way, by object.property."""

    groups_created: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    relabelled: list[str] = field(default_factory=list)
    """Those of which options had other labels."""
    refused: list[str] = field(default_factory=list)
    """Sentences about labels that HubSpot did not take."""
    existing: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    """Models with a property that hubsync wrote and that somebody changed since, with a sentence about it."""


Present = Mapping[str, Mapping[str, PropertyDefinition]]
"""The properties that a portal has, per object by name."""


def wanted(catalog: Catalog) -> Iterator[tuple[str, PropertyDefinition]]:
    """The definitions of all properties that the models that are on write, each with its model."""
    for model in catalog.on:
        for definition in _of_model(model):
            yield model.model, definition
    for name, object_ in SEGMENT_MODELS.items():
        if name in catalog.written:
            yield name, _of_segments(catalog, object_)


def compare(
    client: Client,
    catalog: Catalog,
    *,
    present: Present | None = None,
    left_out: Collection[str] = (),
    written: Collection[str] = (),
) -> tuple[Provisioned, list[PropertyDefinition]]:
    """What is there and what is missing; makes nothing. Returns also the definitions that are not there in full.

    `present` saves the calls for what was asked already; models that are `left_out` are not looked at. What stands in
    the way of a model that was `written` before came later: somebody changed it.
    """
    found, lacking = Provisioned(), []
    by_object: dict[str, list[tuple[str, PropertyDefinition]]] = {}
    for model, definition in wanted(catalog):
        if model not in left_out:
            by_object.setdefault(definition.object, []).append((model, definition))
    for object_, definitions in sorted(by_object.items()):
        there = (present or {}).get(object_)
        if there is None:
            there = {each.name: each for each in client.property_definitions(object_)}
        for model, definition in definitions:
            have = there.get(definition.name)
            if have is not None and (conflict := _conflict(have, definition)):
                if model in written or _is_ours(have):
                    found.changed.setdefault(model, conflict)
                else:
                    found.conflicts.append(conflict)
            elif _note(found, have, definition):
                lacking.append(definition)
    return found, lacking


def _note(found: Provisioned, have: PropertyDefinition | None, definition: PropertyDefinition) -> bool:
    """Note a property that is ours, or not there; true when something is lacking."""
    place = _place(definition)
    if have is None:
        found.created.append(place)
        return True
    labels = dict(have.options)
    is_whole = labels.keys() >= dict(definition.options).keys()
    (found.existing if is_whole else found.extended).append(place)
    if any(labels.get(value, label) != label for value, label in definition.options):
        found.relabelled.append(place)
    return not is_whole


def changed_by_others(client: Client, catalog: Catalog, present: Present, written: Collection[str]) -> dict[str, str]:
    """The models that can't be written any more because somebody changed a property of theirs, with a sentence each."""
    unseen = [model for model, (object_, _) in catalog.written.items() if object_ not in present]
    return compare(client, catalog, present=present, left_out=unseen, written=written)[0].changed


def provision(
    client: Client,
    catalog: Catalog,
    *,
    dry_run: bool,
    present: Present | None = None,
    left_out: Collection[str] = (),
) -> Provisioned:
    """Make the group, the properties and the options that are missing; `set_labels` is the second half.

    Raises InputError, before anything is made, when a property exists with another type, and for options that HubSpot
    refuses.
    """
    found, lacking = compare(client, catalog, present=present, left_out=left_out)
    if found.conflicts or found.changed:
        raise InputError(" ".join([*found.conflicts, *found.changed.values()]))
    if dry_run:
        return found
    new = [each for each in lacking if _place(each) in found.created]
    for object_ in sorted({each.object for each in new}):
        if client.sdk.ensure_group(object_, GROUP, GROUP_LABEL):
            found.groups_created.append(object_)
        client.sdk.create_properties(object_, [each for each in new if each.object == object_], absent=True)
    for definition in lacking:
        if _place(definition) in found.extended:
            _extend(client, definition, renames=_place(definition) in found.relabelled)
    return found


def _extend(client: Client, definition: PropertyDefinition, *, renames: bool) -> None:
    try:
        client.sdk.set_options(definition.object, definition, labels=False)
    except RefusedError as error:
        if renames:
            # A new option may have the label that another one gives up.
            with suppress(RefusedError):
                client.sdk.set_options(definition.object, definition, labels=True)
                return
        raise InputError(
            f"HubSpot does not take another option for {_place(definition)} ({error}): see that no two options of the"
            " property have one label, in HubSpot and in the files."
        ) from error


def set_labels(client: Client, catalog: Catalog, found: Provisioned) -> None:
    """Set the labels that differ; those that HubSpot does not take now stay, with a sentence in `found.refused`.

    When HubSpot is in trouble, the others are not tried.
    """
    trouble: HubsyncError | None = None
    for _, definition in wanted(catalog):
        place = _place(definition)
        if place not in found.relabelled:
            continue
        refused = trouble
        if trouble is None:
            try:
                client.sdk.set_options(definition.object, definition, labels=True)
            except (RefusedError, ScopeError) as error:
                refused = error
            except (RemoteError, AccessError) as error:
                refused = trouble = error
        if refused is not None:
            found.relabelled.remove(place)
            found.refused.append(f"The labels of the options of {place} stay as they are in HubSpot: {refused}")


def _place(definition: PropertyDefinition) -> str:
    return f"{definition.object}.{definition.name}"


def _conflict(have: PropertyDefinition, definition: PropertyDefinition) -> str:
    place = _place(have)
    several = definition.field_type == _SEVERAL
    where = "as segments_property in hubsync.yaml" if several else "under 'writes' of its model"
    if have.type != definition.type or (several and have.field_type != _SEVERAL):
        has, needs = (have.field_type, _SEVERAL) if have.type == definition.type else (have.type, definition.type)
        return (
            f"The property {place} exists in HubSpot with type {has}, hubsync needs {needs}:"
            f" name another property {where}, or archive the one in HubSpot. Nothing was changed."
        )
    if not _is_ours(have):
        return (
            f"The property {place} exists in HubSpot and was not made by hubsync: name another property {where}, or"
            f" move it into the property group '{GROUP}' if hubsync may overwrite it. Nothing was changed."
        )
    if have.read_only:
        return f"The property {place} is read-only in HubSpot: name another property {where}. Nothing was changed."
    return ""


def _is_ours(have: PropertyDefinition) -> bool:
    return have.group == GROUP or have.description.startswith(SIGNATURE)


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
    for key, type_ in EXTRAS.items():
        written, label = getattr(writes, key), f"{title} {key.replace('_', ' ')}"
        if written is not None:
            kind, field_type = ("string", "text") if type_ == "text" else ("number", "number")
            yield _property(object_, written, label, kind, field_type, about)


def _of_segments(catalog: Catalog, object_: str) -> PropertyDefinition:
    """The checkboxes of an object's segments, one option each; those of segments that are gone stay in HubSpot."""
    options = tuple(
        (name, segment.shown(name))
        for name, segment in catalog.segments.items()
        if segment.object == object_ and name not in catalog.segments_off
    )
    about = f"{SIGNATURE}: the segments that the record belongs to, see segments.yaml. Do not edit."
    return _property(
        object_, catalog.main.segments_property, "hubsync segments", "enumeration", _SEVERAL, about, options
    )


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
