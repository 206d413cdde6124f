"""Forms and what was sent in with them (api-facts §5)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_NAMESPACE = uuid.UUID("0b7e5f56-6f3c-4e0c-a1b3-3f0d0a3b8c77")
_WITHOUT_ID = 7
"""One submission of so many comes without a conversion id."""


class Submission(NamedTuple):
    """One form sent in; the order is by time."""

    at_ms: int
    number: int
    contact_id: str
    values: Mapping[str, str]
    page_url: str

    @property
    def conversion_id(self) -> str | None:
        """Its id, which HubSpot does not always tell."""
        if self.number % _WITHOUT_ID == _WITHOUT_ID - 1:
            return None
        return str(uuid.uuid5(_NAMESPACE, f"{self.at_ms}|{self.number}|{self.contact_id}"))


class Forms:
    """All forms, by guid, each with its submissions."""

    def __init__(self) -> None:
        self.defined: dict[str, dict[str, Any]] = {}
        self.by_name: dict[str, str] = {}
        self._submissions: dict[str, list[Submission]] = {}
        self._used: dict[str, set[str]] = {}
        self._count = 0

    def define(self, name: str, *, at: str, fields: tuple[str, ...] = ("email", "firstname", "lastname")) -> str:
        """Add a form; its guid comes back."""
        guid = str(uuid.uuid5(_NAMESPACE, name))
        self.by_name[name] = guid
        self._submissions[guid] = []
        self.defined[guid] = {
            "id": guid,
            "name": name,
            "formType": "hubspot",
            "createdAt": at,
            "updatedAt": at,
            "archived": False,
            "fieldGroups": [
                {
                    "groupType": "default_group",
                    "richTextType": "text",
                    "fields": [
                        {
                            "objectTypeId": "0-1",
                            "name": field,
                            "label": field.capitalize(),
                            "required": field == "email",
                            "hidden": False,
                            "fieldType": "email" if field == "email" else "single_line_text",
                        }
                        for field in fields
                    ],
                }
            ],
            "configuration": {"language": "en", "postSubmitAction": {"type": "thank_you", "value": "Thank you"}},
        }
        return guid

    def submit(self, guid: str, at_ms: int, contact_id: str, values: Mapping[str, str], page_url: str) -> None:
        """Note a submission."""
        self._count += 1
        self._used.setdefault(contact_id, set()).add(guid)
        self._submissions[guid].append(Submission(at_ms, self._count, contact_id, values, page_url))

    def submissions(self, guid: str) -> list[Submission]:
        """The submissions of a form, newest first."""
        rows = self._submissions[guid]
        rows.sort()
        return rows[::-1]

    def used_by(self, contact_ids: Iterable[str]) -> set[str]:
        """The forms that a contact sent in, under all the ids it has had."""
        return set().union(*(self._used.get(id, set()) for id in contact_ids))
