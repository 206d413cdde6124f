"""Batches of records: read, create, update, upsert, archive, and their partial successes (api-facts §3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hubsync.emulator import errors, rules
from hubsync.emulator.clock import to_iso
from hubsync.emulator.errors import Refusal
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.records import ObjectType, Rec
from hubsync.emulator.records_api import OBJECTS, change, checked_links, create, locate, properties_of, written_view
from hubsync.emulator.route import COMMUNITY, OPENAPI, Route
from hubsync.emulator.state import Portal
from hubsync.emulator.wire import View, object_type

MOST_INPUTS, MOST_WITH_HISTORY = 100, 50

Input = Mapping[str, Any]
Apply = Callable[[], dict[str, Any]]


class Missing(Exception):  # noqa: N818
    """The record that an input names is not there."""


class MergedAway(Exception):  # noqa: N818
    """The record that an input names lives on under another id; HubSpot leaves such an input out silently."""


def inputs_of(call: Call, most: int = MOST_INPUTS) -> list[dict[str, Any]]:
    """The `inputs` of a body; without them a batch is silently empty."""
    given = call.json().get("inputs")
    inputs = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    if len(inputs) > most:
        raise errors.too_many_inputs(most)
    return inputs


def batch_reply(
    portal: Portal, results: Sequence[Any], mistakes: Sequence[Mapping[str, Any]], status: int = 200
) -> Reply:
    """The answer to a batch; 207 if something went wrong with a part of it."""
    now = to_iso(portal.now)
    body: dict[str, Any] = {"status": "COMPLETE", "results": list(results), "startedAt": now, "completedAt": now}
    if mistakes:
        body |= {"numErrors": len(mistakes), "errors": list(mistakes)}
    return answer(body, 207 if mistakes else status)


def batch_read(hub: Hub, call: Call) -> Reply:
    """Up to 100 records (50 with history), by id or `idProperty`; 207 names the missing ones in one error."""
    portal, kind, body = hub.portal, object_type(call.path_params["type"]), call.json()
    history = [str(name) for name in body.get("propertiesWithHistory") or []]
    inputs = inputs_of(call)
    if history and len(inputs) > MOST_WITH_HISTORY:
        raise errors.too_many_histories()
    view = View(portal, kind, call.version, body.get("properties"), history)
    id_property = str(body.get("idProperty") or "")
    found: dict[str, Rec] = {}
    missing = []
    for id in dict.fromkeys(str(one.get("id", "")) for one in inputs):
        rec = portal.in_bin(kind.name).get(id) if call.flag("archived") else locate(portal, kind, id, id_property)
        if rec is None:
            missing.append(id)
        else:
            found[rec.id] = rec
    mistakes = [errors.objects_not_found(kind.singular.upper(), missing)] if missing else []
    return batch_reply(portal, [view.show(rec) for rec in found.values()], mistakes)


def batch_create(hub: Hub, call: Call) -> Reply:
    """Up to 100 new records; all or none, or 207 if each input has its own `objectWriteTraceId`."""
    portal, kind = hub.portal, object_type(call.path_params["type"])
    claims = _Claims(portal, kind)

    def prepare(one: Input) -> Apply:
        values = _checked(portal, kind, call, properties_of(one), None)
        links = checked_links(portal, kind, one)
        claims.take(values)
        return lambda: written_view(portal, kind, call.version, values).show(create(portal, kind, values, links))

    return _write(portal, kind, inputs_of(call), prepare, 201)


def batch_update(hub: Hub, call: Call) -> Reply:
    """Up to 100 changes.

    207 for missing ids, 400 for ids given twice, merged ids are left out silently; all or none without trace ids.
    """
    portal, kind, inputs = hub.portal, object_type(call.path_params["type"]), inputs_of(call)
    _refuse_duplicates(inputs)
    claims = _Claims(portal, kind)

    def prepare(one: Input) -> Apply:
        id, id_property = str(one.get("id", "")), str(one.get("idProperty") or "")
        if id_property == "hs_object_id":
            raise errors.not_unique(kind.type_id, id_property, portal.portal_id)
        if not id_property and id in portal.merged[kind.name]:
            raise MergedAway
        rec = locate(portal, kind, id, id_property)
        if rec is None:
            raise Missing
        values = _checked(portal, kind, call, properties_of(one), rec)
        claims.take(values)
        return lambda: _changed(portal, kind, call, rec, values)

    return _write(portal, kind, inputs, prepare, 200)


def batch_upsert(hub: Hub, call: Call) -> Reply:
    """Up to 100 by a property with unique values; 409 for all if one conflicts and there are no trace ids."""
    portal, kind, inputs = hub.portal, object_type(call.path_params["type"]), inputs_of(call)
    _refuse_duplicates(inputs)
    claims = _Claims(portal, kind)

    def prepare(one: Input) -> Apply:
        id, id_property = str(one.get("id", "")), str(one.get("idProperty") or "hs_object_id")
        if id_property not in portal.properties[kind.name].unique:
            raise errors.not_unique(kind.type_id, id_property, portal.portal_id)
        rec = locate(portal, kind, id, id_property)
        given = properties_of(one)
        if rec is not None:
            values = _checked(portal, kind, call, given, rec)
            claims.take(values)
            return lambda: _changed(portal, kind, call, rec, values) | {"new": False}
        new = _checked(portal, kind, call, {id_property: id} | given, None)
        claims.take(new)
        view = written_view(portal, kind, call.version, new)
        return lambda: view.show(create(portal, kind, new, []), new=True)

    return _write(portal, kind, inputs, prepare, 200)


def batch_archive(hub: Hub, call: Call) -> Reply:
    """Archives up to 100; 204 whatever the ids."""
    portal, kind = hub.portal, object_type(call.path_params["type"])
    for one in inputs_of(call):
        id = str(one.get("id", ""))
        if id in portal.objects[kind.name]:
            portal.archive(kind.name, id, portal.now)
    return Reply(204)


def _checked(portal: Portal, kind: ObjectType, call: Call, given: Mapping[str, Any], rec: Rec | None) -> dict[str, str]:
    values, refusal = rules.check(portal, kind.name, given, call.version, rec)
    if refusal:
        raise refusal
    return values


def _changed(portal: Portal, kind: ObjectType, call: Call, rec: Rec, values: Mapping[str, str]) -> dict[str, Any]:
    change(portal, kind, rec, values)
    return written_view(portal, kind, call.version, values).show(rec)


class _Claims:
    """The unique values that the inputs of one batch take for themselves."""

    def __init__(self, portal: Portal, kind: ObjectType) -> None:
        self._unique = portal.properties[kind.name].unique
        self._taken: set[tuple[str, str]] = set()

    def take(self, values: Mapping[str, str]) -> None:
        claimed = {(name, values[name].strip().lower()) for name in self._unique & values.keys() if values[name]}
        for name, value in claimed & self._taken:
            # The text for two of a kind within one batch is unverified.
            raise errors.conflict(f"Duplicate {name} within the batch: {value}")
        self._taken |= claimed


def _refuse_duplicates(inputs: Sequence[Input]) -> None:
    seen: set[str] = set()
    twice = []
    for one in inputs:
        id = str(one.get("id", ""))
        if id in seen and id not in twice:
            twice.append(id)
        seen.add(id)
    if twice:
        raise errors.duplicate_ids(twice)


def _write(
    portal: Portal, kind: ObjectType, inputs: Sequence[Input], prepare: Callable[[Input], Apply], status: int
) -> Reply:
    """Check all inputs, then write: the good ones if each has its own trace id, else all or none."""
    traces = [str(one.get("objectWriteTraceId") or "") for one in inputs]
    partial = all(traces) and len(set(traces)) == len(traces)
    ready: list[tuple[Apply, str]] = []
    missing: list[tuple[str, str]] = []
    mistakes: list[dict[str, Any]] = []
    for one, trace in zip(inputs, traces, strict=True):
        try:
            ready.append((prepare(one), trace))
        except Missing:
            missing.append((str(one.get("id", "")), trace))
        except MergedAway:
            continue
        except Refusal as refusal:
            if not partial:
                raise
            mistakes.append(_input_error(refusal, trace))
    if missing:
        entry = errors.objects_not_found(kind.singular.upper(), [id for id, _ in missing])
        sent = [trace for _, trace in missing if trace]
        if sent:
            entry["context"]["objectWriteTraceId"] = sent
        mistakes.append(entry)
    results = [apply() | ({"objectWriteTraceId": trace} if trace else {}) for apply, trace in ready]
    return batch_reply(portal, results, mistakes, status)


def _input_error(refusal: Refusal, trace: str) -> dict[str, Any]:
    entry = {name: value for name, value in refusal.body.items() if name != "correlationId"}
    entry["context"] = dict(entry.get("context", {})) | {"objectWriteTraceId": [trace]}
    return entry


ROUTES: tuple[Route, ...] = (
    Route("POST", OBJECTS, "/{type}/batch/read", batch_read, "objects:read", source=COMMUNITY),
    Route("POST", OBJECTS, "/{type}/batch/create", batch_create, "objects:write"),
    Route("POST", OBJECTS, "/{type}/batch/update", batch_update, "objects:write", source=COMMUNITY),
    Route("POST", OBJECTS, "/{type}/batch/upsert", batch_upsert, "objects:write", source=COMMUNITY),
    Route("POST", OBJECTS, "/{type}/batch/archive", batch_archive, "objects:write", source=OPENAPI),
)
