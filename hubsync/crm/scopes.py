"""Which scopes a token needs for what the models ask, any one of each group being enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hubsync.crm.objects import ENGAGEMENTS


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that is to be done, and the scopes of which one is enough."""

    what: str
    any_of: tuple[str, ...]

    def met_by(self, granted: Iterable[str]) -> bool:
        """True when the token has one of the scopes."""
        return not self.any_of or not set(self.any_of).isdisjoint(granted)


_CONTACTS_READ = ("crm.objects.contacts.read",)

_READ: Mapping[str, Sequence[str]] = {
    "tickets": ("tickets", "crm.objects.tickets.read"),
    # HubSpot's documents disagree on the scope of logged emails; contacts alone may not be enough.
    "emails": ("sales-email-read", "crm.objects.emails.read"),
    **{each: (*_CONTACTS_READ, f"crm.objects.{each}.read") for each in ENGAGEMENTS if each != "emails"},
    "line_items": ("e-commerce", "crm.objects.line_items.read"),
    "products": ("e-commerce", "crm.objects.products.read"),
}

_WRITE: Mapping[str, Sequence[str]] = {
    "tickets": ("tickets", "crm.objects.tickets.write"),
    "tasks": ("crm.objects.contacts.write", "crm.objects.tasks.write"),
}

# (mem) Not found in HubSpot's documentation: names as remembered, to be verified on a portal.
_REMEMBERED_READ: Mapping[str, Sequence[str]] = {
    "commerce_payments": ("crm.objects.commercepayments.read",),
    "subscriptions": ("crm.objects.subscriptions.read",),
    "feedback_submissions": ("crm.objects.feedback_submissions.read",),
}
_REMEMBERED_EVENTS = ("business-intelligence",)

_OWNERS = ("crm.objects.owners.read",)

_SOURCES: Mapping[str, Need] = {
    "occurrences": Need("read events", _REMEMBERED_EVENTS),
    # HubSpot's page says content; another of its texts names a scope of marketing emails, which is unverified.
    "email_events": Need("read marketing email events", ("content",)),
    "forms": Need("read forms", ("forms",)),
    "lists": Need("read lists", ("crm.lists.read",)),
}


def read_scopes(object_name: str) -> tuple[str, ...]:
    """The scopes of which one is enough to read records of an object."""
    known = _READ.get(object_name) or _REMEMBERED_READ.get(object_name)
    return tuple(known or (f"crm.objects.{object_name}.read",))


def write_scopes(object_name: str) -> tuple[str, ...]:
    """The scopes of which one is enough to write records of an object."""
    return tuple(_WRITE.get(object_name, (f"crm.objects.{object_name}.write",)))


def source_scopes(source: str) -> Need | None:
    """What a token must be allowed for a source of events, named as in `from:`; None for no scope of its own."""
    return _SOURCES.get(source)


def needed_scopes(
    read: Iterable[str],
    written: Iterable[str] = (),
    *,
    sources: Iterable[str] = (),
    owners: bool = False,
    provision: bool = False,
) -> list[Need]:
    """All that a token must be allowed for these objects and sources of events.

    `provision` adds the making of properties.
    """
    writes = sorted(set(written))
    needs = [Need(f"read {each}", read_scopes(each)) for each in sorted(set(read))]
    needs += [Need(f"write {each}", write_scopes(each)) for each in writes]
    if provision:
        needs += [Need(f"make properties of {each}", _schema_scopes(each)) for each in writes]
    needs += [_SOURCES[each] for each in sorted(set(sources)) if each in _SOURCES]
    if owners:
        needs.append(Need("read owners", _OWNERS))
    return needs


_READS = ("objects.list", "objects.search", "objects.batch_read")
_WRITES = ("objects.batch_update", "objects.create")
_LOOKS = ("properties.list", "properties.get", "groups.get")
_MAKES = ("properties.update", "properties.batch_create", "groups.create")
_OTHERS: Mapping[str, Need] = {
    "associations.batch_read": Need("read associations", ()),
    "owners.list": Need("read owners", _OWNERS),
    "events.list": _SOURCES["occurrences"],
    "events.types": _SOURCES["occurrences"],
    "email_events.list": _SOURCES["email_events"],
    "forms.list": _SOURCES["forms"],
    "forms.submissions": _SOURCES["forms"],
    "lists.get": _SOURCES["lists"],
    "lists.get_by_name": _SOURCES["lists"],
    "lists.members": _SOURCES["lists"],
    "account.details": Need("read the account's details", ()),
    "account.usage": Need("read the account's use of the API", ()),
    "limits.custom_properties": Need("read the limits of custom properties", ()),
    "token.introspect": Need("read its own scopes", ()),
    "oauth.token": Need("renew itself", ()),
}


def purpose(operation: str, object_name: str) -> Need:
    """What an operation is for, in words, and the scopes of which one is enough for it."""
    if operation in _READS:
        return Need(f"read {object_name}", read_scopes(object_name))
    if operation in _WRITES:
        return Need(f"write {object_name}", write_scopes(object_name))
    if operation in _LOOKS:
        return Need(f"read the properties of {object_name}", read_scopes(object_name))
    if operation in _MAKES:
        return Need(f"make properties of {object_name}", _schema_scopes(object_name))
    if operation == "pipelines.list":
        return Need(f"read the pipelines of {object_name}", read_scopes(object_name))
    return _OTHERS[operation]


def _schema_scopes(object_name: str) -> tuple[str, ...]:
    if object_name == "tickets":
        return ("tickets", "crm.schemas.tickets.write")
    return (f"crm.schemas.{object_name}.write",)
