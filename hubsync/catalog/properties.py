"""The properties that every portal has, from the shipped list."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import cast

from hubsync.types import PropertyType


@cache
def standard_properties() -> dict[str, dict[str, PropertyType]]:
    """HubSpot's own properties and their types, by object."""
    found: dict[str, dict[str, PropertyType]] = {}
    # Contacts are from a portal's own list; of the other objects, names and types are from HubSpot's documentation
    # where it names them, and no portal's list was seen. A portal that differs says so in portal.yaml `properties`.
    with files("hubsync.catalog").joinpath("standard_properties.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            found.setdefault(row["object"], {})[row["name"]] = cast("PropertyType", row["type"])
    return found
