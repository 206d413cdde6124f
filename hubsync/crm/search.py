"""The conditions and the order of a search, as HubSpot reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a search; all of them must hold."""

    property: str
    operator: str
    value: str | None = None
    high_value: str | None = None
    values: tuple[str, ...] = ()

    def wire(self) -> dict[str, Any]:
        """The condition as HubSpot reads it."""
        shape: dict[str, Any] = {"propertyName": self.property, "operator": self.operator}
        if self.value is not None:
            shape["value"] = self.value
        if self.high_value is not None:
            shape["highValue"] = self.high_value
        if self.values:
            shape["values"] = list(self.values)
        return shape


def sort(text: str) -> Mapping[str, str]:
    """The order by a property, descending after "-"."""
    name = text.removeprefix("-")
    return {"propertyName": name, "direction": "DESCENDING" if name != text else "ASCENDING"}
