"""HubSpot's JSON into hubsync's nouns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hubsync.crm.failures import text_of
from hubsync.crm.objects import inline_type, object_name
from hubsync.crm.paging import Occurrence
from hubsync.crm.times import parse_time, require_time
from hubsync.errors import RemoteError
from hubsync.types import Account, AssociationRow, RecordRow, Revision, Usage

Json = Mapping[str, Any]


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turns an answer of another shape than documented into a RemoteError that names the operation."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise RemoteError(
            f"HubSpot's answer to {what} has another shape than hubsync knows; see if there is a newer hubsync, or if a"
            " proxy on the way to HubSpot changes answers"
        ) from error


def record_rows(object_type: str, results: Iterable[Json]) -> list[RecordRow]:
    """The records of an answer, their values as they came."""
    return [
        RecordRow(
            object_type,
            raw["id"],
            require_time(raw["updatedAt"]),
            raw["properties"],
            parse_time(raw.get("createdAt")),
            parse_time(raw["archivedAt"]) if raw.get("archivedAt") else None,
        )
        for raw in results
    ]


def revisions(results: Iterable[Json], name: str) -> dict[str, list[Revision]]:
    """What a property was in each record, the oldest value first; of several at one moment the last one.

    HubSpot gives the newest first. (mem) It keeps 45 values of a contact's property and 20 of other objects'.
    """
    found: dict[str, list[Revision]] = {}
    for raw in results:
        newest_first = raw["propertiesWithHistory"].get(name) or []
        times = {require_time(each["timestamp"]): str(each["value"] or "") for each in reversed(newest_first)}
        found[str(raw["id"])] = [Revision(times[at], at) for at in sorted(times)]
    return found


def inline_associations(
    object_type: str, results: Iterable[Json]
) -> tuple[list[AssociationRow], list[tuple[str, str, str]]]:
    """Associations in a list answer, and those record sides of which HubSpot sent only the first part."""
    rows: list[AssociationRow] = []
    truncated: list[tuple[str, str, str]] = []
    for raw in results:
        for target, found in (raw.get("associations") or {}).items():
            # HubSpot writes "line items" with a space here.
            to_object = object_name(target.replace(" ", "_"))
            for each in found["results"]:
                kind = inline_type(object_type, to_object, each["type"])
                rows.append(AssociationRow(object_type, raw["id"], to_object, str(each["id"]), *kind))
            if (found.get("paging") or {}).get("next"):
                truncated.append((object_type, raw["id"], to_object))
    return rows, truncated


def association_rows(from_object: str, to_object: str, results: Iterable[Json]) -> list[AssociationRow]:
    """The associations of a batch read, one row for each type; ids come as numbers or as text."""
    return [
        AssociationRow(
            from_object,
            str(raw["from"]["id"]),
            to_object,
            str(to["toObjectId"]),
            int(kind["typeId"]),
            kind.get("label"),
        )
        for raw in results
        for to in raw["to"]
        for kind in to["associationTypes"]
    ]


def occurrences(results: Iterable[Json]) -> list[Occurrence]:
    """The events of an answer."""
    return [
        Occurrence(
            str(raw["id"]),
            raw["eventType"],
            object_name(raw["objectType"]),
            str(raw["objectId"]),
            require_time(raw["occurredAt"]),
            raw.get("properties") or {},
        )
        for raw in results
    ]


def account(data: Json, server_time: Any) -> Account:
    """The portal as the account details describe it; its id names a folder, so it is digits and nothing else."""
    return Account(
        portal_id=number(data["portalId"]),
        account_type=_text(data.get("accountType") or ""),
        time_zone=_text(data["timeZone"]),
        currency=_text(data.get("companyCurrency") or ""),
        currencies=_texts(data.get("additionalCurrencies") or []),
        ui_domain=_text(data.get("uiDomain") or ""),
        server_time=server_time,
    )


def token_info(data: Json) -> tuple[str, frozenset[str]]:
    """The portal's id and the scopes of a token."""
    return number(data["hubId"]), frozenset(_texts(data["scopes"]))


def number(value: Any) -> str:
    """An id that came as a number or its digits; ValueError for anything else, such as null."""
    digits = str(value)
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError("an id is no number")
    return digits


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError("a list is none")
    return tuple(map(_text, values))


def usage(results: Sequence[Json]) -> Usage | None:
    """The account's calls of the day; None when HubSpot could not say."""
    if not results:
        return None
    raw = results[0]
    limit, used = raw.get("usageLimit"), raw.get("currentUsage")
    if limit is None or used is None:
        return None
    return Usage(int(limit), int(used), parse_time(raw.get("resetsAt")))


def only_missing(what: str, data: Json) -> None:
    """RemoteError unless all errors of a 207 say that a record or its associations do not exist."""
    for error in data.get("errors") or ():
        kinds = text_of(error, "category"), text_of(error, "subCategory")
        if not any("NOT_FOUND" in kind or kind.endswith("NO_ASSOCIATIONS_FOUND") for kind in kinds):
            raise RemoteError(
                f"HubSpot did only part of {what} ({' '.join(kinds).strip() or 'it gave no reason'}); run again later"
            )


def further(results: Iterable[Json], seen: set[tuple[str, str]]) -> list[dict[str, str]]:
    """The inputs that ask for the next page of each record with more associations."""
    inputs = []
    for raw in results:
        cursor = ((raw.get("paging") or {}).get("next") or {}).get("after")
        if cursor is None:
            continue
        one = str(raw["from"]["id"]), str(cursor)
        if one in seen:
            raise RemoteError("HubSpot gave the same page of associations twice; run again later")
        seen.add(one)
        inputs.append({"id": one[0], "after": one[1]})
    return inputs
