"""Property definitions and groups: HubSpot's own, read from `properties.tsv`, and the portal's."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Definition = dict[str, Any]

# HubSpot's own dates of definition are of no interest to anyone; one fixed moment keeps runs alike.
_DEFINED_AT = "2019-08-06T02:41:08.029Z"


class Properties:
    """The property definitions and groups of one object type."""

    def __init__(self, object: str) -> None:
        self.object = object
        self.live: dict[str, Definition] = {}
        self.archived: dict[str, Definition] = {}
        self.groups: dict[str, Definition] = {}
        self.unique: set[str] = {"email"} if object == "contacts" else set()
        for definition in _shipped().get(object) or bare(object):
            self.live[definition["name"]] = definition
            self.group(definition["groupName"])

    def define(self, given: Mapping[str, Any], *, at: str, hubspot_defined: bool = False) -> Definition:
        """Add or replace a definition; fields that are not given get HubSpot's defaults."""
        definition = complete(given, hubspot_defined=hubspot_defined, at=at)
        name = definition["name"]
        self.archived.pop(name, None)
        self.live[name] = definition
        if definition["hasUniqueValue"]:
            self.unique.add(name)
        self.group(definition["groupName"])
        return definition

    def group(self, name: str, label: str | None = None, display_order: int = -1) -> Definition:
        """Add a group; one that exists keeps its label unless a new one is given."""
        group = self.groups.setdefault(
            name,
            {
                "name": name,
                "label": label or name.replace("_", " ").capitalize(),
                "displayOrder": display_order,
                "archived": False,
            },
        )
        if label is not None:
            group["label"] = label
        return group

    def archive(self, name: str, at: str) -> None:
        """Take a definition away; creating the name again restores it."""
        definition = self.live.pop(name)
        self.archived[name] = definition | {"archived": True, "archivedAt": at}

    def read_only(self, name: str) -> bool:
        """Whether HubSpot refuses to have this property written."""
        return bool(self.live[name]["modificationMetadata"]["readOnlyValue"])

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.live.values())


def complete(given: Mapping[str, Any], *, hubspot_defined: bool, at: str) -> Definition:
    """A definition in the shape of the wire, from the fields that matter."""
    read_only = bool(given.get("readOnly", False)) or bool(given.get("calculated", False))
    definition: Definition = {
        "name": str(given["name"]),
        "label": str(given.get("label") or given["name"]),
        "type": str(given.get("type", "string")),
        "fieldType": str(given.get("fieldType", "text")),
        "description": str(given.get("description") or ""),
        "groupName": str(given.get("groupName") or "other"),
        "options": [_option(place, option) for place, option in enumerate(given.get("options") or ())],
        "displayOrder": given.get("displayOrder", -1),
        "calculated": bool(given.get("calculated", False)),
        "externalOptions": bool(given.get("externalOptions", False)),
        "hasUniqueValue": bool(given.get("hasUniqueValue", False)),
        "hidden": bool(given.get("hidden", False)),
        "hubspotDefined": hubspot_defined,
        "formField": bool(given.get("formField", False)),
        "archived": False,
        "modificationMetadata": {
            "archivable": not hubspot_defined,
            "readOnlyDefinition": hubspot_defined,
            "readOnlyValue": read_only,
            "readOnlyOptions": False,
        },
        "createdAt": at,
        "updatedAt": at,
        "dataSensitivity": "non_sensitive",
    }
    for name in ("calculationFormula", "referencedObjectType", "showCurrencySymbol"):
        if given.get(name) is not None:
            definition[name] = given[name]
    return definition


def _option(place: int, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": str(given.get("label", given["value"])),
        "value": str(given["value"]),
        "displayOrder": given.get("displayOrder", place),
        "hidden": bool(given.get("hidden", False)),
        "description": given.get("description", ""),
    }


@cache
def bare(object: str) -> list[Definition]:
    """The properties that every object type has, for those whose own properties are not known here."""
    given = (("hs_object_id", "number"), ("hs_createdate", "date"), ("hs_lastmodifieddate", "date"))
    return [
        complete(
            {
                "name": name,
                "type": "number" if field == "number" else "datetime",
                "fieldType": field,
                "groupName": f"{object}_information",
                "readOnly": True,
            },
            hubspot_defined=True,
            at=_DEFINED_AT,
        )
        for name, field in given
    ]


@cache
def _shipped() -> dict[str, list[Definition]]:
    """HubSpot's own properties by object type, shared by all portals; a cell of options reads `value=label;value`."""
    table: dict[str, list[Definition]] = {}
    lines = files(__package__).joinpath("properties.tsv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        external = row["options"] == "*"
        options = [] if external else [cell.partition("=") for cell in row["options"].split(";") if cell]
        given = {
            "name": row["name"],
            "label": row["label"],
            "type": row["type"],
            "fieldType": row["fieldType"],
            "groupName": row["group"],
            "readOnly": row["readOnly"] == "1",
            "hidden": row["hidden"] == "1",
            "calculated": row["calculated"] == "1",
            "externalOptions": external,
            "options": [{"value": value, "label": label or value} for value, _, label in options],
        }
        table.setdefault(row["object"], []).append(complete(given, hubspot_defined=True, at=_DEFINED_AT))
    return table
