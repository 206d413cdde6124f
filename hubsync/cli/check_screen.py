"""What `hubsync check` found, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hubsync.catalog import Catalog, UnmappedWord
from hubsync.cli import render
from hubsync.cli.inspection import Inspection, ScopeCheck
from hubsync.cli.results import show_inactive
from hubsync.cli.source_screen import SourceLine, show_sources
from hubsync.crm.failures import WHERE_SCOPES_ARE_ADDED, without_place
from hubsync.workspace import Workspace

_MARKS = {
    True: Text("ok", style="green"),
    False: Text("missing", style="bold red"),
    None: Text("not told", style="dim"),
}


def show_config(console: Console, catalog: Catalog, words: Sequence[UnmappedWord]) -> None:
    """The configuration in a few lines, and the words it leaves unknown."""
    on = ", ".join(f"{model.model} ({model.object})" for model in catalog.on) or "none"
    console.print(f"Configuration {catalog.folder}: no mistakes. Models that are on: {on}.", soft_wrap=True)
    show_inactive(console, catalog)
    spark = catalog.main.on_spark
    console.print(f"Signals are made by {f'Spark (master: {spark.master})' if spark else 'DuckDB'}.", soft_wrap=True)
    if not words:
        console.print("Every word that the models use is mapped in portal.yaml.")
        return
    made = render.table("word", "of", "means", "unknown to", title="Words that portal.yaml does not map")
    for word in words:
        made.add_row(word.word, word.object, word.meaning, ", ".join(word.models))
    console.print(made)


def show_portal(console: Console, workspace: Workspace, found: Inspection) -> None:
    """What the portal, the token and the plan allow."""
    account = workspace.account
    console.print(
        f"Portal {account.portal_id} ({account.ui_domain}), account type {account.account_type}, time zone"
        f" {account.time_zone}, currency {account.currency}.",
        style="bold", soft_wrap=True,
    )  # fmt: skip
    _show_scopes(console, found)
    _show_sources(console, found)
    _show_properties(console, found)
    _show_budget(console, workspace, found)


def _show_scopes(console: Console, found: Inspection) -> None:
    made = render.table("to", "scope", "", "models", title="Scopes")
    for scope in found.scopes:
        made.add_row(scope.what, " or ".join(scope.any_of), _MARKS[scope.granted], ", ".join(scope.models))
    console.print(made)


def _show_sources(console: Console, found: Inspection) -> None:
    lines = []
    for each in found.sources:
        instead = (each.replaced_by or "").partition("/")[2] or "nothing: its rules count for nothing"
        if each.status == "failed":
            instead = "its models are held, their old values stay"
        lines.append(SourceLine(each.kind, each.source, each.status, instead, without_place(each.reason)))
    show_sources(console, "Where events come from", lines)


def _show_properties(console: Console, found: Inspection) -> None:
    if found.missing:
        made = render.table("property", "unknown to", title="Properties that the portal does not have")
        for place, models in found.missing.items():
            made.add_row(place, ", ".join(models))
        console.print(made)
    own = found.own
    console.print(f"Own properties: {len(own.existing)} are there, {len(own.created)} are missing.")
    if own.created or own.extended:
        console.print(
            f"  `hubsync provision` or the first sync makes {', '.join(own.created + own.extended)}.", soft_wrap=True
        )
    for object_ in sorted({place.partition(".")[0] for place in own.created + own.existing}):
        limit = (found.property_limits or {}).get(object_)
        if limit is not None:
            console.print(f"  {object_}: {limit.used:,} of {limit.limit:,} custom properties are in use.")


def _show_budget(console: Console, workspace: Workspace, found: Inspection) -> None:
    state, rate = workspace.client.transport.throttle.daily.state(), workspace.client.transport.rate
    if found.usage is not None:
        console.print(
            f"API calls today: {found.usage.used:,} of {found.usage.limit:,} by all apps; hubsync may still make"
            f" {state.left or 0:,} ({state.share:.0%} of the day, {state.reserve:.0%} are left to others).",
            soft_wrap=True,
        )
    elif not workspace.client.transport.credentials.metered:
        console.print("HubSpot has no daily limit for OAuth apps, so none is kept.")
    else:
        console.print("HubSpot does not tell how many calls the account has made today.")
    if rate.maximum:
        console.print(f"At most {rate.maximum} calls in 10 seconds.")
    estimate = found.estimate
    counts = ", ".join(f"{'?' if count is None else f'{count:,}'} {name}" for name, count in estimate.records.items())
    console.print(f"The portal has {counts}.", soft_wrap=True)
    kinds = ", ".join(f"{kind} (at least {least:,})" if least > 1 else kind for kind, least in estimate.kinds.items())
    more = f", and the pages of {kinds}, whose number HubSpot does not tell" if kinds else ""
    console.print(
        f"A first pull takes about {estimate.calls:,} calls{more}: {max(estimate.minutes, 0.1):.1f} minutes or more.",
        soft_wrap=True,
    )


def show_warnings(console: Console, warnings: Sequence[str]) -> None:
    """What may one day be in the way."""
    for warning in warnings:
        console.print(f"Warning: {warning}", style="yellow", soft_wrap=True)


def show_problems(
    console: Console,
    problems: Sequence[str],
    warnings: Sequence[str],
    scopes: Sequence[ScopeCheck],
    verdict: str,
) -> None:
    """What keeps a sync from working, what will one day, and what would work now."""
    show_warnings(console, warnings)
    for problem in problems:
        console.print(problem, style="bold red", soft_wrap=True)
    if any(scope.granted is False for scope in scopes):
        console.print(f"Scopes are added {WHERE_SCOPES_ARE_ADDED}.", soft_wrap=True)
    console.print(verdict, style="bold" if problems else "bold green", soft_wrap=True)
