"""`hubsync status` for people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from hubsync.cli import render
from hubsync.cli.output import clean, moment
from hubsync.store import Run

if TYPE_CHECKING:
    from hubsync.cli.status import Status

_STALE = timedelta(hours=24)


def show_status(console: Console, found: Status) -> None:
    """Everything, the most urgent first."""
    account = found.account
    about = ", ".join(filter(None, (account.get("ui_domain"), account.get("account_type"), account.get("time_zone"))))
    console.print(f"Portal {found.portal_id} ({about or 'no run yet'}), {moment(found.now)}", style="bold")
    _show_runs(console, found)
    _show_waiting(console, found)
    _show_rejects(console, found)
    records = ", ".join(f"{count:,} {name}" for name, count in sorted(found.records.items())) or "none yet"
    console.print(f"Records: {records}.", soft_wrap=True)
    _show_sources(console, found)
    _show_calls(console, found)
    _show_settings(console, found)


def run_line(run: Run | None) -> str:
    """A run in one line."""
    if run is None:
        return "none yet"
    counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in run.counts.items())
    return f"{run.run_id} {run.command} {run.status}, {moment(run.started_at)}{f', {counts}' if counts else ''}"


def _show_runs(console: Console, found: Status) -> None:
    console.print(f"Last run: {run_line(found.last_run)}", soft_wrap=True)
    if found.last_run and found.last_run.reason:
        console.print(f"  {found.last_run.reason}", style="yellow", soft_wrap=True)
    console.print(f"Last good run: {run_line(found.last_good_run)}", soft_wrap=True)
    if found.age is not None:
        hours = found.age.total_seconds() / 3600
        console.print(f"  {hours:.1f} hours ago", style="yellow" if found.age > _STALE else "green")


def _show_waiting(console: Console, found: Status) -> None:
    if found.waiting is None:
        return
    console.print("A guard holds the last run; nothing of it was written:", style="bold red")
    for guard in found.waiting.guards:
        if guard.held:
            console.print(f"  {guard.name}: {guard.message}", soft_wrap=True)
    console.print("  look with `hubsync plan --out plan.csv`, or accept it with"
                  f" `hubsync sync --accept {found.waiting.run_id}`", soft_wrap=True)  # fmt: skip


def _show_rejects(console: Console, found: Status) -> None:
    total = sum(found.rejects.values())
    console.print(f"Refused by HubSpot: {total:,} records.", style="yellow" if total else "")
    for words, count in found.rejects.items():
        console.print(Text.assemble(f"  {count:,} x ", clean(words, 300)), soft_wrap=True)


def _show_sources(console: Console, found: Status) -> None:
    if not found.sources:
        return
    made = render.table("event", "source", "", "", title="Sources")
    for source in found.sources:
        used = source.status == "active"
        why = "" if used else f"{source.reason}; instead: {source.replaced_by or 'nothing'}"
        mark = Text(source.status, style="green" if used else "yellow")
        made.add_row(source.kind, source.source.partition("/")[2], mark, clean(why, 300))
    console.print(made)


def _show_calls(console: Console, found: Status) -> None:
    live = found.live
    console.print(f"API calls today: {found.calls_today:,} by hubsync.")
    if live.usage is not None:
        left = "" if live.left is None else f"; hubsync may still make {live.left:,}"
        console.print(f"  {live.usage.used:,} of {live.usage.limit:,} by all apps{left}.")
    elif live.reason:
        console.print(f"  The account's usage is not known: {live.reason}", style="dim", soft_wrap=True)


def _show_settings(console: Console, found: Status) -> None:
    main = found.catalog.main
    console.print(
        f"Settings: models {', '.join(main.models) or 'none'}; a score is written when it moved by"
        f" {main.write_if_changed_by} points, and when only time passed every {main.time_moves_every} days; all ids"
        f" are compared every {main.reconcile_every} day(s); {main.api.own_share:.0%} of the day's calls are ours.",
        soft_wrap=True,
    )
    console.print(f"Database: {found.sizes.get('file', 0) / 1_000_000:,.1f} MB. HubSpot API {main.api.version}.")
    if found.legacy:
        console.print(f"  calls without a dated version: {', '.join(found.legacy)}", style="dim", soft_wrap=True)
