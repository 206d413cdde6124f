"""What hubsync knows of HubSpot's object types: names, type ids, modified properties, associations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One of HubSpot's object types; `modified` is the property that every change of a record bumps."""

    name: str
    type_id: str
    singular: str
    modified: str = "hs_lastmodifieddate"


OBJECT_TYPES: Mapping[str, ObjectType] = {
    each.name: each
    for each in (
        ObjectType("contacts", "0-1", "contact", modified="lastmodifieddate"),
        ObjectType("companies", "0-2", "company"),
        ObjectType("deals", "0-3", "deal"),
        ObjectType("tickets", "0-5", "ticket"),
        ObjectType("products", "0-7", "product"),
        ObjectType("line_items", "0-8", "line_item"),
        ObjectType("communications", "0-18", "communication"),
        ObjectType("feedback_submissions", "0-19", "feedback_submission"),
        ObjectType("tasks", "0-27", "task"),
        ObjectType("notes", "0-46", "note"),
        ObjectType("meetings", "0-47", "meeting"),
        ObjectType("calls", "0-48", "call"),
        ObjectType("emails", "0-49", "email"),
        ObjectType("subscriptions", "0-69", "subscription"),
        ObjectType("commerce_payments", "0-101", "commerce_payment"),
    )
}

ENGAGEMENTS: Sequence[str] = ("calls", "emails", "meetings", "notes", "tasks", "communications")

_BY_ANY_NAME = {
    alias: each.name for each in OBJECT_TYPES.values() for alias in (each.name, each.singular, each.type_id)
}

# The primary type first where there is one, then HubSpot's default without a label.
_ASSOCIATION_TYPES: Mapping[tuple[str, str], Sequence[int]] = {
    ("contacts", "companies"): (1, 279),
    ("companies", "contacts"): (2, 280),
    ("deals", "companies"): (5, 341),
    ("companies", "deals"): (6, 342),
    ("tickets", "companies"): (26, 339),
    ("companies", "tickets"): (25, 340),
    ("deals", "contacts"): (3,),
    ("contacts", "deals"): (4,),
    ("contacts", "tickets"): (15,),
    ("tickets", "contacts"): (16,),
    ("line_items", "deals"): (20,),
    ("deals", "line_items"): (19,),
    ("communications", "contacts"): (81,),
    ("contacts", "feedback_submissions"): (97,),
    ("feedback_submissions", "contacts"): (98,),
    ("contacts", "calls"): (193,),
    ("calls", "contacts"): (194,),
    ("contacts", "emails"): (197,),
    ("emails", "contacts"): (198,),
    ("contacts", "meetings"): (199,),
    ("meetings", "contacts"): (200,),
    ("contacts", "notes"): (201,),
    ("notes", "contacts"): (202,),
    ("contacts", "tasks"): (203,),
    ("tasks", "contacts"): (204,),
    ("calls", "companies"): (182,),
    ("emails", "companies"): (186,),
    ("meetings", "companies"): (188,),
    ("notes", "companies"): (190,),
    ("tasks", "companies"): (192,),
    ("calls", "deals"): (206,),
    ("emails", "deals"): (210,),
    ("meetings", "deals"): (212,),
    ("notes", "deals"): (214,),
    ("tasks", "deals"): (216,),
    ("tasks", "tickets"): (230,),
    ("subscriptions", "contacts"): (295,),
    ("commerce_payments", "contacts"): (387,),
}

UNKNOWN_TYPE = 0
"""Type id of an association whose type HubSpot gave by a name that is not in the table."""


def object_name(name: str) -> str:
    """The object's plural name for any of its names ("CONTACT", "0-1", "contacts"); others stay."""
    return _BY_ANY_NAME.get(name.lower(), name)


def modified_property(object_name: str) -> str:
    """The property that says when a record was last changed."""
    known = OBJECT_TYPES.get(object_name)
    return known.modified if known else "hs_lastmodifieddate"


def association_types(from_object: str, to_object: str) -> Sequence[int]:
    """HubSpot's own association type ids between two objects, the preferred (primary) one first."""
    return _ASSOCIATION_TYPES.get((from_object, to_object), ())


def inline_type(from_object: str, to_object: str, name: str) -> tuple[int, str | None]:
    """Type id and label for the type name that stands in a list answer ("contact_to_company_unlabeled")."""
    types = association_types(from_object, to_object)
    source, target = OBJECT_TYPES.get(from_object), OBJECT_TYPES.get(to_object)
    if not types or source is None or target is None:
        return UNKNOWN_TYPE, name
    plain = f"{source.singular}_to_{target.singular}"
    if name == f"{plain}_unlabeled":
        return types[-1], None
    if name == plain:
        return types[0], "Primary" if len(types) > 1 else None
    return UNKNOWN_TYPE, name
