"""`hubsync status` for people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from hubsync.cli import render
from hubsync.cli.bots import bot_sentence
from hubsync.cli.output import clean, counted, lasting, megabytes, moment
from hubsync.cli.source_screen import SourceLine, show_sources
from hubsync.cli.versions_ending import ending_sentences
from hubsync.store import Run

if TYPE_CHECKING:
    from hubsync.cli.status import Status

_STALE = timedelta(hours=24)
_LARGEST = 6
_TOLD_ELSEWHERE = ("unreadable", "listed")


def show_status(console: Console, found: Status) -> None:
    """Everything, the most urgent first."""
    account = found.account
    about = ", ".join(filter(None, (account.get("ui_domain"), account.get("account_type"), account.get("time_zone"))))
    console.print(f"Portal {found.portal_id} ({clean(about or 'no run yet')}), {moment(found.now)}", style="bold")
    _show_runs(console, found)
    _show_waiting(console, found)
    _show_held(console, found)
    _show_rejects(console, found)
    records = ", ".join(f"{count:,} {name}" for name, count in sorted(found.records.items())) or "none yet"
    console.print(f"Records: {records}.", soft_wrap=True)
    _show_unreadable(console, found)
    if found.ahead:
        some = ", ".join(f"{counted(count, 'event')} of {name}" for name, count in sorted(found.ahead.items()))
        console.print(f"Dated in the future, and counted from then on: {some}.", style="yellow", soft_wrap=True)
    if bots := bot_sentence(found.bots):
        console.print(bots, soft_wrap=True)
    _show_sources(console, found)
    _show_reviews(console, found)
    _show_calls(console, found)
    _show_settings(console, found)


def run_line(run: Run | None) -> str:
    """A run in one line."""
    if run is None:
        return "none yet"
    told = {name: count for name, count in run.counts.items() if count and name not in _TOLD_ELSEWHERE}
    counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in told.items())
    command = f"{run.command}, then written," if run.command == "plan" and run.counts.get("written") else run.command
    return f"{run.run_id} {command} {run.status}, {moment(run.started_at)}{f', {counts}' if counts else ''}"


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
    if not found.waiting.held:
        console.print("The first write to this portal waits for your yes.", style="bold red")
        return
    console.print("A guard holds the last run; nothing of it was written:", style="bold red")
    for guard in found.waiting.guards:
        if guard.held:
            console.print(f"  {guard.name}: {guard.message}", soft_wrap=True)
    console.print("  look with `hubsync plan --out plan.csv`, or accept it with"
                  f" `hubsync sync --accept {found.waiting.run_id}`", soft_wrap=True)  # fmt: skip


def _show_held(console: Console, found: Status) -> None:
    for model, reason in found.held.items():
        console.print(
            Text.assemble(f"Held, the old values stay: {model}. ", clean(f"{reason[:1].upper()}{reason[1:]}", 500)),
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    named = " ".join(found.held.values())
    for each in found.lost:
        if each.reason not in named:
            console.print(f"Lost: {clean(each.reason, 500)}.", style="yellow", soft_wrap=True)


def _show_rejects(console: Console, found: Status) -> None:
    total = sum(found.rejects.values())
    console.print(f"Refused by HubSpot: {counted(total, 'record')}.", style="yellow" if total else "")
    for words, count in found.rejects.items():
        console.print(Text.assemble(f"  {count:,} x ", clean(words, 300)), soft_wrap=True)


def _show_sources(console: Console, found: Status) -> None:
    lines = [
        SourceLine(each.kind, each.source, each.status, _instead(each.replaced_by), each.reason)
        for each in found.sources
    ]
    if lines:
        show_sources(console, "Sources", lines)


def _instead(replaced_by: str | None) -> str:
    return (replaced_by or "").partition("/")[2] or "nothing"


def _show_reviews(console: Console, found: Status) -> None:
    """Who answers for each model and when it was last looked at; then, in one sentence, which ones are due."""
    if not found.reviews:
        return
    made = render.table("model", "owner", "changed", "fitted", "reviewed", "due for a look", title="Models")
    for each in found.reviews:
        days = (each.changed_on, each.fitted_on, each.reviewed_on, each.due_on)
        *looks, due_on = (f"{day:%Y-%m-%d}" if day is not None else "" for day in days)
        made.add_row(each.model, each.owner, *looks, Text(due_on, style="yellow" if each.is_due else ""))
    console.print(made)
    due = ", ".join(f"{each.model} ({each.owner}, {lasting(each.every)})" for each in found.reviews if each.is_due)
    if due:
        console.print(
            f"Due for a look, since nobody has changed, fitted or reviewed them for so long: {due}. Compare their"
            " scores with what really happened, then mend their rules or run `hubsync fit`; where all is well, write"
            f" `reviewed_on: {found.today}` into their files.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip


def _show_unreadable(console: Console, found: Status) -> None:
    """Values that are no number or date although the property is one, and rows of sources without a time."""
    told = {name: count for name, count in found.unreadable.items() if count}
    if told:
        some = ", ".join(f"{counted(count, 'value')} of {name}" for name, count in sorted(told.items()))
        console.print(f"Not readable, and taken as unknown: {some}.", style="yellow", soft_wrap=True)


def _show_calls(console: Console, found: Status) -> None:
    meter, live = found.meter, found.live
    share = "" if meter.share is None else f", {meter.share:.1%} of its share of {meter.own_limit:,} a day"
    left = "" if meter.left is None else f"; it may still make {meter.left:,}"
    console.print(f"API calls today: {meter.own:,} by hubsync{share}{left}.", soft_wrap=True)
    if meter.account is not None:
        console.print(f"  All private apps together: {meter.account:,} of {meter.account_limit:,}.")
    elif live.reason:
        console.print(f"  The account's usage is not known: {live.reason}", style="dim", soft_wrap=True)
    which = "all records are compared" if meter.next_lists else "what changed is pulled"
    known = [(meter.changes, "the last run of changes took"), (meter.everything, "the last of all records took")]
    told = [f"{words} {calls:,}" for calls, words in known if calls is not None]
    console.print(
        f"  The next run takes about {counted(meter.next_run, 'call')} ({'; '.join([which, *told])}); a first pull of"
        f" everything about {meter.anew:,}.",
        style="yellow" if meter.left is not None and meter.next_run > meter.left else "", soft_wrap=True,
    )  # fmt: skip


def _show_settings(console: Console, found: Status) -> None:
    main = found.catalog.main
    console.print(
        f"Settings: models {', '.join(main.models) or 'none'}; a score is written when it moved by"
        f" {main.write_if_changed_by} points, and when only time passed every {counted(main.time_moves_every, 'day')};"
        f" all ids are compared every {counted(main.reconcile_every, 'day')};"
        f" {main.api.own_share:.0%} of the day's calls are ours.",
        soft_wrap=True,
    )
    kept = main.retention
    console.print(
        f"Kept: events for {lasting(kept.events)}, history for {lasting(kept.history)}, plans for"
        f" {lasting(kept.before_images)}.",
        soft_wrap=True,
    )
    rows = sorted(((count, name) for name, count in found.sizes.items() if name != "file" and count), reverse=True)
    most = ", ".join(f"{count:,} {name}" for count, name in rows[:_LARGEST])
    console.print(
        f"Database: {megabytes(found.sizes.get('file', 0))}; rows: {most}. HubSpot API {main.api.version}.",
        soft_wrap=True,
    )
    if found.restored_at is not None:
        console.print(
            f"It was restored from a backup on {moment(found.restored_at)}; no run has written since.", style="yellow"
        )
    for sentence in ending_sentences(found.ending):
        console.print(sentence, style="yellow", soft_wrap=True)
