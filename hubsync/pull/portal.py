"""What this portal allows: its property definitions and event types, each asked for once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property

from hubsync.crm import Abreast, Client
from hubsync.errors import ScopeError
from hubsync.types import PropertyDefinition


class Portal:
    """The portal behind a client, as far as it was asked."""

    def __init__(self, client: Client, portal_id: str, currency: str | None = None) -> None:
        self.client = client
        self.portal_id = portal_id
        self._currency = currency
        self._definitions: dict[str, dict[str, PropertyDefinition] | ScopeError] = {}

    def definitions(self, object_name: str) -> dict[str, PropertyDefinition]:
        """The properties that an object has here; raises ScopeError."""
        if object_name not in self._definitions:
            try:
                found = self.client.property_definitions(object_name)
                self._definitions[object_name] = {each.name: each for each in found}
            except ScopeError as error:
                self._definitions[object_name] = error
        known = self._definitions[object_name]
        if isinstance(known, ScopeError):
            raise known
        return known

    def read_definitions(self, object_names: Iterable[str]) -> None:
        """Ask for the properties of several objects at once, so that latency is waited for once."""
        names = sorted(object_names)
        if names:
            with Abreast(len(names), "definitions") as pool:
                for asked in [pool.submit(self._remember, name) for name in names]:
                    asked.result()

    def _remember(self, object_name: str) -> None:
        with suppress(ScopeError):
            self.definitions(object_name)

    def lacks(self, object_name: str, names: set[str]) -> str | None:
        """Why these properties can't be read, or None when they can."""
        try:
            missing = sorted(names - self.definitions(object_name).keys())
        except ScopeError as error:
            return str(error)
        if not missing:
            return None
        return f"the portal has no {object_name} propert{'ies' if len(missing) > 1 else 'y'} {', '.join(missing)}"

    @cached_property
    def event_types(self) -> frozenset[str]:
        """The event types that exist here; raises ScopeError."""
        return frozenset(self.client.event_types())

    @property
    def currency(self) -> str:
        """The company's currency, asked for when nobody has said it."""
        if self._currency is None:
            self._currency = self.client.account().currency
        return self._currency
