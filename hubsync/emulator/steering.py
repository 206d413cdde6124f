"""Steering the emulator over HTTP, without a token.

    GET  /_emulator/stats         -> {"calls": 12, "by_status": {"200": 12}, "by_path": {...}, "by_call": {...},
                                      "peak_10s": 12, "peak_search_1s": 0}
    POST /_emulator/reset         {"portal": true}        clears statistics and faults; with `portal` all starts anew
    POST /_emulator/clock         {"days": 7}             lives the next days
    POST /_emulator/faults        {"faults": [{"path": "/crm/objects/2026-09/contacts/batch/update",
                                               "method": "POST", "status": 502, "times": 1}]}
    POST /_emulator/tokens        {"scopes": ["crm.objects.contacts.read"]}  -> {"token": "pat-emu-..."}
    POST /_emulator/requirements  {"object": "deals", "property": "closed_lost_reason",
                                   "when": {"dealstage": "closedlost"}}      enforced in 2026-09
    POST /_emulator/settings      {"preserve_merged_ids": true}

A fault may also have `after` (let the first n matching calls pass), `body`, `headers`, `delay_ms`, `truncate`
(send half of the answer) and `drop` ("before" or "after" the call takes effect: close without an answer).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hubsync.emulator.clock import to_iso
from hubsync.emulator.errors import Refusal
from hubsync.emulator.exchange import Call, Reply, answer, refused
from hubsync.emulator.faults import Fault
from hubsync.emulator.hub import Hub
from hubsync.emulator.limits import Statistics
from hubsync.emulator.records import Requirement
from hubsync.emulator.wire import object_type

PREFIX = "/_emulator/"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Reset(_Body):
    portal: bool = False


class _Clock(_Body):
    days: int = Field(ge=0, le=3_650)


class _Faults(_Body):
    faults: list[Fault]


class _Token(_Body):
    scopes: list[str]


class _Required(_Body):
    object: str
    property: str
    when: dict[str, str] = {}


class _Settings(_Body):
    preserve_merged_ids: bool


def steer(hub: Hub, call: Call, renew: Callable[[], None]) -> Reply:
    """Answer one steering call; a bad body gets one sentence."""
    if call.path == "/_emulator/stats" and call.method == "GET":
        return answer(hub.statistics.shown())
    action = _ACTIONS.get(call.path.removeprefix(PREFIX)) if call.method == "POST" else None
    try:
        if call.path == "/_emulator/reset" and call.method == "POST":
            return _reset(hub, _Reset.model_validate(call.json()), renew)
        if action is None:
            return answer({"message": f"no such steering: {call.method} {call.path}"}, 404)
        return answer(action(hub, call.json()))
    except ValidationError as mistake:
        first = mistake.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer({"message": f"{where or 'body'}: {first['msg']}"}, 400)
    except Refusal as refusal:
        return refused(refusal)


def _reset(hub: Hub, body: _Reset, renew: Callable[[], None]) -> Reply:
    if body.portal:
        renew()
    hub.statistics = Statistics()
    hub.faults.clear()
    return answer({"now": to_iso(hub.portal.now)})


def _clock(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    days = _Clock.model_validate(given).days
    if hub.live:
        hub.live(days)
    else:
        hub.portal.now += timedelta(days=days)
    return {"now": to_iso(hub.portal.now)}


def _faults(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    faults = _Faults.model_validate(given).faults
    hub.faults.arm(faults)
    return {"armed": len(faults)}


def _token(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    scopes = frozenset(_Token.model_validate(given).scopes)
    token = f"pat-emu-{hub.portal.portal_id}-{len(hub.portal.tokens) + 1}"
    hub.portal.tokens[token] = scopes
    return {"token": token}


def _requirements(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    body = _Required.model_validate(given)
    rules = hub.portal.requirements.setdefault(object_type(body.object).name, [])
    rules.append(Requirement(body.property, body.when))
    return {"requirements": len(rules)}


def _settings(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    hub.portal.preserve_merged_ids = _Settings.model_validate(given).preserve_merged_ids
    return given


_ACTIONS: dict[str, Callable[[Hub, dict[str, Any]], dict[str, Any]]] = {
    "clock": _clock,
    "faults": _faults,
    "tokens": _token,
    "requirements": _requirements,
    "settings": _settings,
}
