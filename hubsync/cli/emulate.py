"""`hubsync emulate`: the emulator alone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hubsync.errors import InputError


class PlanName(StrEnum):
    """HubSpot's plans; `off` has no limits and every product."""

    FREE = "free"
    STARTER = "starter"
    PRO = "pro"
    ENTERPRISE = "enterprise"
    OFF = "off"


Contacts = Annotated[int, typer.Option(min=0, max=1_000_000, help="Contacts of the simulated portal.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same portal.")]
PlanOption = Annotated[PlanName, typer.Option("--plan", help="The HubSpot plan whose limits and products it has.")]


def emulate(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 picks a free one.")] = 8025,
    contacts: Contacts = 2_000,
    seed: Seed = 1,
    plan: PlanOption = PlanName.PRO,
    latency_ms: Annotated[int, typer.Option(min=0, help="Each answer takes this much longer.")] = 0,
    search_lag_ms: Annotated[int, typer.Option(min=0, help="Search sees changes this much later.")] = 0,
    empty: Annotated[bool, typer.Option("--empty", help="A portal without records.")] = False,
    load: Annotated[Path | None, typer.Option(metavar="DIR", help="A portal from CSV files.")] = None,
    portal_id: Annotated[int, typer.Option(min=1, help="The id of the portal, also part of its token.")] = 4_242_424,
) -> None:
    """Serve a simulated HubSpot until interrupted; the first line on stdout is JSON with url and token."""
    from hubsync.emulator import EmulatorError, Options, serve

    options = Options(
        port=port, contacts=contacts, seed=seed, plan=plan.value, latency_ms=latency_ms,
        search_lag_ms=search_lag_ms, empty=empty, load=load, portal_id=portal_id,
    )  # fmt: skip
    try:
        serve(options)
    except EmulatorError as error:
        raise InputError(str(error)) from error
