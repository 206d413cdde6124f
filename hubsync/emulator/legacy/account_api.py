"""What else v1 tells: pipelines, the account, its usage, and the outcomes of calls."""

from __future__ import annotations

from typing import Any

from hubsync.emulator.account_api import account
from hubsync.emulator.clock import read_moment
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.route import DOCS, Route, heard
from hubsync.emulator.wire import object_type

_DISPOSITIONS = {
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
}


def deal_pipelines(hub: Hub, call: Call) -> Reply:
    """The deal pipelines as a bare list; ends in HubSpot on 2026-12-04."""
    del call
    return answer(
        [
            {
                "pipelineId": one["id"],
                "label": one["label"],
                "active": not one["archived"],
                "displayOrder": one["displayOrder"],
                "staticDefault": one["id"] == "default",
                "stages": [
                    {
                        "stageId": stage["id"],
                        "label": stage["label"],
                        "probability": float(stage["metadata"].get("probability", 0)),
                        "active": not stage["archived"],
                        "displayOrder": stage["displayOrder"],
                        "closedWon": stage["metadata"].get("probability") == "1.0",
                    }
                    for stage in one["stages"]
                ],
            }
            for one in hub.portal.directory.pipelines["deals"].values()
        ]
    )


def pipelines(hub: Hub, call: Call) -> Reply:
    """The pipelines of deals or tickets; ends in HubSpot on 2026-12-04."""
    kind = object_type(call.path_params["type"])
    shown = []
    for one in hub.portal.directory.pipelines.get(kind.name, {}).values():
        stages = [
            {
                "stageId": stage["id"],
                "label": stage["label"],
                "displayOrder": stage["displayOrder"],
                "metadata": stage["metadata"],
                **_dates(stage),
                "active": not stage["archived"],
            }
            for stage in one["stages"]
        ]
        shown.append(
            {
                "pipelineId": one["id"],
                "objectType": kind.singular.upper(),
                "objectTypeId": kind.type_id,
                "label": one["label"],
                "displayOrder": one["displayOrder"],
                "active": not one["archived"],
                "stages": stages,
                **_dates(one),
                "default": one["displayOrder"] == 0,
            }
        )
    return answer({"results": shown})


def _dates(one: dict[str, Any]) -> dict[str, Any]:
    return {name: read_moment(one[name]) for name in ("createdAt", "updatedAt")}


def me(hub: Hub, call: Call) -> Reply:
    """The account: id, time zone, currency."""
    del call
    told = account(hub.portal)
    names = {"portalId": "portalId", "timeZone": "timeZone", "currency": "companyCurrency"}
    same = ("utcOffset", "utcOffsetMilliseconds")
    return answer({name: told[of] for name, of in names.items()} | {name: told[name] for name in same})


def daily_limit(hub: Hub, call: Call) -> Reply:
    """The calls of the account's day, with times in milliseconds."""
    del call
    told = hub.limits.usage()
    moments = {name: read_moment(told[name]) for name in ("collectedAt", "resetsAt")}
    return answer([told | moments | {"name": "api-calls-daily"}])


def dispositions(hub: Hub, call: Call) -> Reply:
    """The outcomes that a call can have."""
    del hub, call
    return answer([{"id": id, "label": label, "deleted": False} for id, label in _DISPOSITIONS.items()])


ROUTES: tuple[Route, ...] = (
    heard("GET", "/deals/v1/pipelines", deal_pipelines, "schemas:read", "deals"),
    heard("GET", "/crm-pipelines/v1/pipelines/{type}", pipelines, "schemas:read"),
    heard("GET", "/integrations/v1/me", me, ""),
    heard("GET", "/integrations/v1/limit/daily", daily_limit, ""),
    Route("GET", ("/calling/v1",), "/dispositions", dispositions, source=DOCS, verified=False),
)
