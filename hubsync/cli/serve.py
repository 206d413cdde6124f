"""`hubsync serve`: runs by schedule, with nobody looking."""

from __future__ import annotations

from typing import Annotated

import typer

from hubsync.cli.options import settings
from hubsync.settings import Settings, portal_names


def serve(
    *,
    host: Annotated[str, typer.Option(help="Where /healthz and /metrics answer.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 picks a free one.")] = 9464,
    side_by_side: Annotated[int, typer.Option(min=1, max=64, help="So many portals may run at the same time.")] = 1,
    once: Annotated[bool, typer.Option("--once", help="Run every portal once, now, and end.")] = False,
) -> None:
    """Run every portal by its schedule until it is ended; alerts, /healthz and /metrics say how it goes."""
    from hubsync.worker.serve import Options, run_once
    from hubsync.worker.serve import serve as serve_portals

    chosen, options = settings(every=True), Options(host, port, side_by_side)
    served = [chosen] if chosen.portal else [Settings.of(name) for name in portal_names()] or [chosen]
    if once:
        raise typer.Exit(run_once(served, Settings.of(None), options))
    serve_portals(served, Settings.of(None), options, lambda line: typer.echo(line))
