"""What a record is in the portal's state, and the object types it can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Revision(NamedTuple):
    """One value that a property had, and since when."""

    at_ms: int
    value: str
    source: str
    source_id: str


@dataclass(slots=True)
class Rec:
    """One record; empty values are absent; revisions are kept oldest first."""

    id: str
    properties: dict[str, str]
    created_at: str
    updated_at: str
    updated_ms: int
    history: dict[str, list[Revision]] = field(default_factory=dict)
    archived_at: str | None = None

    @property
    def merged_ids(self) -> list[str]:
        """The ids that went into this record by merges."""
        return [part for part in self.properties.get("hs_merged_object_ids", "").split(";") if part]


class Requirement(NamedTuple):
    """An admin's rule: the property `name` needs a value, always or when others have these values."""

    name: str
    when: Mapping[str, str]


class ObjectType(NamedTuple):
    """The names and habits of one object type (api-facts §4)."""

    name: str
    type_id: str
    singular: str
    defaults: tuple[str, ...]
    created: str = "hs_createdate"
    modified: str = "hs_lastmodifieddate"
    first_id: int = 50_000_000_001


_BARE = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")

# No world has records of these, but programs ask for them. The ids of quotes, goals, splits, discounts, fees, taxes,
# postal mail, courses, listings, services and appointments are unverified.
_SELDOM = {
    "quotes": "0-14",
    "invoices": "0-53",
    "marketing_events": "0-54",
    "deal_splits": "0-72",
    "goal_targets": "0-74",
    "discounts": "0-84",
    "fees": "0-85",
    "taxes": "0-86",
    "users": "0-115",
    "postal_mail": "0-116",
    "orders": "0-123",
    "leads": "0-136",
    "carts": "0-142",
    "services": "0-162",
    "courses": "0-410",
    "listings": "0-420",
    "appointments": "0-421",
}

OBJECT_TYPES: dict[str, ObjectType] = {
    kind.name: kind
    for kind in (
        ObjectType(
            "contacts",
            "0-1",
            "contact",
            ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
            "createdate",
            "lastmodifieddate",
            110_000_000_101,
        ),
        ObjectType(
            "companies",
            "0-2",
            "company",
            ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
            "createdate",
            first_id=21_000_000_001,
        ),
        ObjectType(
            "deals",
            "0-3",
            "deal",
            (
                "amount",
                "closedate",
                "createdate",
                "dealname",
                "dealstage",
                "hs_lastmodifieddate",
                "hs_object_id",
                "pipeline",
            ),
            "createdate",
            first_id=31_000_000_001,
        ),
        ObjectType(
            "tickets",
            "0-5",
            "ticket",
            (
                "content",
                "createdate",
                "hs_lastmodifieddate",
                "hs_object_id",
                "hs_pipeline",
                "hs_pipeline_stage",
                "hs_ticket_category",
                "hs_ticket_priority",
                "subject",
            ),
            "createdate",
            first_id=41_000_000_001,
        ),
        ObjectType(
            "products",
            "0-7",
            "product",
            ("createdate", "description", "hs_lastmodifieddate", "hs_object_id", "name", "price"),
            "createdate",
            first_id=51_000_000_001,
        ),
        ObjectType(
            "line_items",
            "0-8",
            "line_item",
            ("amount", "createdate", "hs_lastmodifieddate", "hs_object_id", "hs_product_id", "quantity"),
            "createdate",
            first_id=52_000_000_001,
        ),
        ObjectType("communications", "0-18", "communication", _BARE, first_id=61_000_000_001),
        ObjectType("feedback_submissions", "0-19", "feedback_submission", _BARE, first_id=62_000_000_001),
        ObjectType("tasks", "0-27", "task", _BARE, first_id=63_000_000_001),
        ObjectType("notes", "0-46", "note", _BARE, first_id=64_000_000_001),
        ObjectType("meetings", "0-47", "meeting", _BARE, first_id=65_000_000_001),
        ObjectType("calls", "0-48", "call", _BARE, first_id=66_000_000_001),
        ObjectType("emails", "0-49", "email", _BARE, first_id=67_000_000_001),
        ObjectType("subscriptions", "0-69", "subscription", _BARE, first_id=71_000_000_001),
        ObjectType("commerce_payments", "0-101", "commerce_payment", _BARE, first_id=72_000_000_001),
        *(
            ObjectType(
                plural,
                type_id,
                "tax" if plural == "taxes" else plural.removesuffix("s"),
                _BARE,
                first_id=80_000_000_001,
            )
            for plural, type_id in _SELDOM.items()
        ),
    )
}

ENGAGEMENTS = frozenset({"calls", "emails", "meetings", "notes", "tasks", "communications"})

OBJECT_NAMES: dict[str, str] = {
    alias: kind.name for kind in OBJECT_TYPES.values() for alias in (kind.name, kind.type_id, kind.singular)
}
"""Every name by which a path may call an object type, to its plural name."""


def revisions_kept(object: str) -> int:
    """How many values of one property HubSpot remembers: 45 for contacts, 20 for others (unverified)."""
    return 45 if object == "contacts" else 20
