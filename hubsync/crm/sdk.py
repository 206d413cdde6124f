"""HubSpot's official SDK for the typed calls that are few, riding on hubsync's own transport.

The SDK knows only legacy paths; `ride.py` looks them up in `versions.py` and sends them to the version in
use. The SDK's own pool, retries, host and exceptions never come into play.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import hubspot
from hubspot.crm import owners, pipelines, properties
from hubspot.crm.objects import tasks

from hubsync.crm.directory import Owner, Pipeline, given, owner, pipeline
from hubsync.crm.objects import association_types
from hubsync.crm.paging import follow
from hubsync.crm.ride import Ride
from hubsync.crm.translate import understood
from hubsync.crm.transport import Transport
from hubsync.crm.versions import Versions
from hubsync.errors import InputError, RefusedError, RemoteError, UnsureError
from hubsync.types import PropertyDefinition

_BATCH = 100


@dataclass(frozen=True, slots=True)
class _OwnerPage:
    rows: Sequence[Owner]
    next_after: str | None


class Sdk:
    """The typed calls that hubsync makes through the official SDK."""

    def __init__(self, transport: Transport, versions: Versions) -> None:
        ride = Ride(transport, versions)

        def on_our_transport(package: Any, api: str, _config: Mapping[str, Any]) -> Any:
            configuration = package.Configuration()
            configuration.host = ""
            api_client = package.ApiClient(configuration)
            api_client.rest_client = ride
            return getattr(package, api)(api_client)

        self._crm = hubspot.HubSpot(api_factory=on_our_transport).crm

    @cached_property
    def _properties(self) -> Any:
        return self._crm.properties.core_api

    @cached_property
    def _property_batches(self) -> Any:
        return self._crm.properties.batch_api

    @cached_property
    def _groups(self) -> Any:
        return self._crm.properties.groups_api

    def property_definitions(self, object_type: str, *, archived: bool = False) -> list[PropertyDefinition]:
        """All properties of an object that are not sensitive data."""
        with _ours("properties.list"):
            found = self._properties.get_all(object_type, archived=archived).results
            return [_definition(object_type, each) for each in found]

    def ensure_group(self, object_type: str, name: str, label: str) -> bool:
        """Makes a property group unless it exists; True when it was made.

        A create whose answer was lost is settled by looking again.
        """
        if self._has_group(object_type, name):
            return False
        with _ours("groups.create"):
            group = properties.PropertyGroupCreate(name=name, label=label, display_order=-1)
            try:
                self._groups.create(object_type, group)
            except RefusedError as error:
                if error.status != 409:
                    raise
                return False
            except UnsureError:
                if not self._has_group(object_type, name):
                    self._groups.create(object_type, group)
        return True

    def _has_group(self, object_type: str, name: str) -> bool:
        with _ours("groups.get"):
            try:
                self._groups.get_by_name(object_type, name)
            except RefusedError as error:
                if error.status != 404:
                    raise
                return False
        return True

    def create_properties(
        self, object_type: str, wanted: Sequence[PropertyDefinition], *, absent: bool = False
    ) -> list[str]:
        """Makes those properties that do not exist and gives their names.

        When one exists with another type, nothing is made. A create whose answer was lost is settled by
        looking again. `absent` says that somebody has just looked, and none of them is there.
        """
        missing = list(wanted) if absent else self._missing(object_type, wanted)
        for start in range(0, len(missing), _BATCH):
            left = missing[start : start + _BATCH]
            refused = self._create(object_type, left)
            if refused is None:
                continue
            left = self._missing(object_type, left)
            if left and isinstance(refused, UnsureError):
                # The answer was lost, and HubSpot has not done it: now it is safe to ask again.
                refused = self._create(object_type, left)
                left = self._missing(object_type, left) if refused else []
            if left and refused:
                raise refused
        return [each.name for each in missing]

    def _create(self, object_type: str, some: Sequence[PropertyDefinition]) -> RemoteError | None:
        """Asks for these properties once; None when the answer has all of them, else what HubSpot has against it."""
        try:
            with _ours("properties.batch_create"):
                body = properties.BatchInputPropertyCreate(inputs=[_creation(each) for each in some])
                answer = self._property_batches.create(object_type, body)
                said = " ".join(str(each.message) for each in getattr(answer, "errors", None) or ())
                made = {str(each.name) for each in answer.results or ()}
        except RemoteError as error:
            return error
        lost = [each.name for each in some if each.name not in made]
        if not lost:
            return None
        return RefusedError(
            f"HubSpot did not make the property {lost[0]} of {object_type}: {said or 'no reason given'}", status=207
        )

    def _missing(self, object_type: str, wanted: Sequence[PropertyDefinition]) -> list[PropertyDefinition]:
        existing = {each.name: each for each in self.property_definitions(object_type)}
        for each in wanted:
            found = existing.get(each.name)
            if found and found.type != each.type:
                raise InputError(
                    f"the property {each.name} of {object_type} exists in HubSpot as {found.type}, hubsync "
                    f"needs {each.type}; let the model write to another name, or archive the one in HubSpot"
                )
        return [each for each in wanted if each.name not in existing]

    def set_options(self, object_type: str, wanted: PropertyDefinition, *, labels: bool) -> PropertyDefinition:
        """Gives an existing enumeration the options that are wanted; its others stay as they are.

        With `labels` those that are there get the wanted label, too. HubSpot replaces the whole list, so every option
        is sent, with what else HubSpot has of it.
        """
        with _ours("properties.get"):
            live = self._properties.get_by_name(object_type, wanted.name)
        existing = _definition(object_type, live)
        have, want = dict(existing.options), dict(wanted.options)
        options = have | (want if labels else {value: want[value] for value in want if value not in have})
        with _ours("properties.update"):
            # The live type is sent along because 2026-09 may require it.
            update = properties.PropertyUpdate(
                type=existing.type, field_type=existing.field_type, options=_options(options.items(), live.options)
            )
            self._properties.update(object_type, wanted.name, update)
        return replace(existing, options=tuple(options.items()))

    def owners(self, *, archived: bool = False) -> list[Owner]:
        """All owners of the portal."""
        api = self._crm.owners.owners_api

        def page(after: str | None) -> _OwnerPage:
            with _ours("owners.list"):
                answer = api.get_page(limit=100, archived=archived, **({"after": after} if after else {}))
                cursor = str(answer.paging.next.after) if answer.paging and answer.paging.next else None
                return _OwnerPage([owner(each) for each in answer.results], cursor)

        return [owner for each in follow(page) for owner in each.rows]

    def pipelines(self, object_type: str) -> list[Pipeline]:
        """The pipelines of deals or tickets."""
        with _ours("pipelines.list"):
            found = self._crm.pipelines.pipelines_api.get_all(object_type).results
            return [pipeline(each) for each in found if not each.archived]

    def create_task(self, task: Mapping[str, str], about: Sequence[tuple[str, str]]) -> str:
        """Makes a task about these (object, id) records and gives its id; it is never sent twice."""
        associations = [
            {
                "to": {"id": record_id},
                "types": [
                    {
                        "associationCategory": "HUBSPOT_DEFINED",
                        "associationTypeId": association_types("tasks", object_type)[0],
                    }
                ],
            }
            for object_type, record_id in about
        ]
        with _ours("tasks.create"):
            body = tasks.SimplePublicObjectInputForCreate(properties=dict(task), associations=associations)
            return given(self._crm.objects.tasks.basic_api.create(body).id)


# Each package of the SDK has a tree of exceptions of its own.
_FOREIGN: tuple[type[Exception], ...] = tuple(
    package.exceptions.OpenApiException for package in (owners, pipelines, properties, tasks)
)


@contextmanager
def _ours(what: str) -> Iterator[None]:
    """Turns what the SDK itself raises (answers that do not fit its models) into our errors."""
    with understood(what):
        try:
            yield
        except _FOREIGN as error:
            raise ValueError("the answer does not fit the SDK's model") from error


def _definition(object_type: str, raw: Any) -> PropertyDefinition:
    modification = raw.modification_metadata
    return PropertyDefinition(
        object=object_type,
        name=given(raw.name),
        label=raw.label or "",
        type=given(raw.type),
        field_type=raw.field_type or "",
        group=raw.group_name or "",
        description=raw.description or "",
        options=tuple((each.value, each.label) for each in raw.options or ()),
        read_only=bool(modification and modification.read_only_value),
        hubspot_defined=bool(raw.hubspot_defined),
        archived=bool(raw.archived),
    )


def _creation(each: PropertyDefinition) -> Any:
    return properties.PropertyCreate(
        name=each.name,
        label=each.label,
        type=each.type,
        field_type=each.field_type,
        group_name=each.group,
        description=each.description or None,
        options=_options(each.options) if each.options else None,
    )


def _options(options: Iterable[tuple[str, str]], live: Sequence[Any] | None = None) -> list[Any]:
    """Options in their order; those that are live keep their place, and whether they are hidden."""
    sent = {
        value: properties.OptionInput(value=value, label=label, display_order=number, hidden=False)
        for number, (value, label) in enumerate(options)
    }
    for each in live or ():
        option = sent[each.value]
        option.display_order, option.hidden, option.description = each.display_order, each.hidden, each.description
    return [*sent.values()]
