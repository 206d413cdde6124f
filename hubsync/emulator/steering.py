"""Steering the emulator over HTTP, without a token.

    GET  /_emulator/stats         -> {"calls": 12, "by_status": {"200": 12}, "by_path": {...}, "by_call": {...},
                                      "peak_10s": 12, "peak_search_1s": 0}
    GET  /_emulator/flows         -> {"enrolments": 3, "flows": [{"id": "1000001", "enrolments": 3, "records": 2, ...}]}
    POST /_emulator/reset         {"portal": true}        clears statistics and faults; with `portal` all starts anew
    POST /_emulator/clock         {"days": 7, "hours": 1, "minutes": 31}  the world lives on until then
    POST /_emulator/faults        {"faults": [{"path": "/crm/objects/2026-09/contacts/batch/update",
                                               "method": "POST", "status": 502, "times": 1}]}
    POST /_emulator/tokens        {"scopes": ["crm.objects.contacts.read"]}  -> {"token": "pat-emu-..."}
    POST /_emulator/oauth         {"scopes": [...]}        an install -> client_id, client_secret, refresh_token, code
    POST /_emulator/revoke        {"token": "..."}         ends a token of any kind
    POST /_emulator/requirements  {"object": "deals", "property": "closed_lost_reason",
                                   "when": {"dealstage": "closedlost"}}      enforced in 2026-09
    POST /_emulator/settings      {"preserve_merged_ids": true, "rotate_refresh_tokens": true,
                                   "list_lag_ms": 60000}  how long after a change lists are evaluated
    POST /_emulator/restore       {"object": "contacts", "id": "101"}  out of the recycle bin

A fault may also have `after` (let the first n matching calls pass), `body`, `headers`, `delay_ms`, `truncate`
(send half of the answer) and `drop` ("before" or "after" the call takes effect: close without an answer).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hubsync.emulator import errors
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
    days: int = Field(default=0, ge=0, le=3_650)
    hours: int = Field(default=0, ge=0, le=24 * 3_650)
    minutes: int = Field(default=0, ge=0, le=24 * 60 * 3_650)

    @model_validator(mode="after")
    def _moves(self) -> _Clock:
        if not self.model_fields_set:
            raise ValueError("days, hours or minutes must be given")
        return self


class _Faults(_Body):
    faults: list[Fault]


class _Token(_Body):
    scopes: list[str]


class _Required(_Body):
    object: str
    property: str
    when: dict[str, str] = {}


class _Settings(_Body):
    preserve_merged_ids: bool | None = None
    rotate_refresh_tokens: bool | None = None
    list_lag_ms: int | None = Field(default=None, ge=0)


class _Install(_Body):
    scopes: list[str] | None = None


class _Revoked(_Body):
    token: str


class _Restored(_Body):
    object: str
    id: str


def steer(hub: Hub, call: Call, renew: Callable[[], None]) -> Reply:
    """Answer one steering call; a bad body gets one sentence."""
    if call.method == "GET" and call.path in _TOLD:
        return answer(_TOLD[call.path](hub))
    action = ACTIONS.get(call.path.removeprefix(PREFIX)) if call.method == "POST" else None
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
    body = _Clock.model_validate(given)
    span = timedelta(days=body.days, hours=body.hours, minutes=body.minutes)
    if hub.live:
        hub.live(span)
    else:
        hub.portal.now += span
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
    body, portal = _Settings.model_validate(given), hub.portal
    if body.preserve_merged_ids is not None:
        portal.preserve_merged_ids = body.preserve_merged_ids
    if body.rotate_refresh_tokens is not None:
        portal.oauth.rotates = body.rotate_refresh_tokens
    if body.list_lag_ms is not None:
        portal.tools.lists.lag_ms = body.list_lag_ms
    return given


def _install(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    scopes, oauth = _Install.model_validate(given).scopes, hub.portal.oauth
    refresh_token, code = oauth.install(None if scopes is None else frozenset(scopes))
    return {
        "client_id": oauth.client_id,
        "client_secret": oauth.client_secret,
        "refresh_token": refresh_token,
        "code": code,
    }


def _revoke(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    hub.portal.revoke(_Revoked.model_validate(given).token)
    return {}


def _restore(hub: Hub, given: dict[str, Any]) -> dict[str, Any]:
    body, portal = _Restored.model_validate(given), hub.portal
    name = object_type(body.object).name
    if body.id not in portal.archived[name]:
        raise errors.not_found()
    portal.restore(name, body.id, portal.now)
    return {"id": body.id}


_TOLD: dict[str, Callable[[Hub], dict[str, Any]]] = {
    "/_emulator/stats": lambda hub: hub.statistics.shown() | hub.portal.tools.flows.counted(),
    "/_emulator/flows": lambda hub: hub.portal.tools.flows.shown(),
}
ACTIONS: dict[str, Callable[[Hub, dict[str, Any]], dict[str, Any]]] = {
    "clock": _clock,
    "faults": _faults,
    "tokens": _token,
    "requirements": _requirements,
    "settings": _settings,
    "oauth": _install,
    "revoke": _revoke,
    "restore": _restore,
}
