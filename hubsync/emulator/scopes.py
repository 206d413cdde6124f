"""Which scopes a call needs; any one of those listed is enough (api-facts §1)."""

from __future__ import annotations

from hubsync.emulator.records import ENGAGEMENTS, OBJECT_TYPES

_CORE = ("contacts", "companies", "deals")

# Names marked so in api-facts §1 are unverified: feedback, commerce, line items, products, events.
_SPECIAL: dict[str, tuple[str, ...]] = {
    "tickets": ("tickets", "crm.objects.tickets"),
    "emails": ("sales-email-read", "crm.objects.emails"),
    "feedback_submissions": ("crm.objects.feedback_submissions",),
    "commerce_payments": ("crm.objects.commercepayments",),
    "subscriptions": ("crm.objects.subscriptions",),
    "line_items": ("e-commerce", "crm.objects.line_items"),
    "products": ("e-commerce", "crm.objects.products"),
}
FIXED: dict[str, tuple[str, ...]] = {
    "": (),
    "owners": ("crm.objects.owners.read",),
    # Unverified, as those of custom events.
    "events": ("business-intelligence",),
    "event definitions": ("behavioral_events.event_definitions.read_write",),
    "event send": ("analytics.behavioral_events.send",),
    "lists:read": ("crm.lists.read", "cms.membership.access_groups.write"),
    "lists:write": ("crm.lists.write", "cms.membership.access_groups.write"),
    "flows": ("automation",),
    "forms": ("forms",),
    "content": ("content",),
    # The names differ from text to text.
    "subscriptions": ("subscriptions-status-read", "communication_preferences.read"),
}
"""What a route needs that does not depend on an object type, and the scopes that give it."""


def objects(object: str, action: str) -> tuple[str, ...]:
    """Scopes to `read` or `write` records of one object type."""
    if object in _CORE:
        return (
            f"crm.objects.{object}.highly_sensitive.{action}.v2",
            f"crm.objects.{object}.sensitive.{action}.v2",
            f"crm.objects.{object}.{action}",
        )
    if object in _SPECIAL:
        return tuple(f"{name}.{action}" if name.startswith("crm.") else name for name in _SPECIAL[object])
    if object in ENGAGEMENTS:
        return (f"crm.objects.contacts.{action}", f"crm.objects.{object}.{action}")
    return (f"crm.objects.{object}.{action}",)


def schemas(object: str, action: str) -> tuple[str, ...]:
    """Scopes to read or write the property definitions of one object type."""
    if object not in _CORE:
        return objects(object, action)
    if action == "write":
        return (f"crm.schemas.{object}.write",)
    return (
        f"crm.schemas.{object}.read",
        f"crm.objects.{object}.sensitive.read.v2",
        f"crm.objects.{object}.read",
        f"crm.objects.{object}.highly_sensitive.read.v2",
    )


def everything() -> frozenset[str]:
    """The scopes of the token that the emulator prints."""
    plain = {
        "oauth",
        "tickets",
        "sales-email-read",
        "e-commerce",
        *(names[0] for names in FIXED.values() if names),
    }
    for object in OBJECT_TYPES:
        for action in ("read", "write"):
            plain |= {
                name
                for name in (*objects(object, action), *schemas(object, action))
                if "sensitive" not in name and not _shared(object, name)
            }
    return frozenset(plain)


def _shared(object: str, name: str) -> bool:
    return object in ENGAGEMENTS and name.startswith(f"crm.objects.{object}.")
