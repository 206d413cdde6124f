"""`hubsync explain`: why a record has its scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from hubsync.cli import render
from hubsync.cli.belonging import Belongs, explain_segments
from hubsync.cli.explaining import Explained, find, scored
from hubsync.cli.options import AsOfText, Json, as_of, settings
from hubsync.cli.output import clean, emit, moment, points, screen
from hubsync.errors import InputError
from hubsync.scoring.units import OBJECTS
from hubsync.store import StoredRecord
from hubsync.workspace import Local

_SINGULAR = {"contact": "contacts", "company": "companies", "deal": "deals"}


def explain(
    object_: Annotated[str, typer.Argument(metavar="contacts|companies|deals")],
    record: Annotated[str, typer.Argument(metavar="ID", help="Or a contact's email, or a company's domain.")],
    *,
    as_of_text: AsOfText = None,
    json: Json = False,
) -> None:
    """Show every contribution to a record's scores with its reason; they add up exactly."""
    name = object_name(object_)
    local = Local.open(settings(), as_of=as_of(as_of_text))
    found = find(local.store, name, record)
    with scored(local.catalog, local.store, local.as_of, [name]) as scores:
        explained = scores.explain(found)
        segments = explain_segments(scores, found)
    outside = scores.outside(name, explained)
    if json:
        emit({
            "object": name,
            "record_id": found.record_id,
            "portal_id": local.store.portal_id,
            "as_of": local.as_of.now,
            "models": [each.data() for each in explained],
            "outside": outside,
            "segments": segments,
        })  # fmt: skip
        return
    console = screen()
    console.print(f"{title(found)}, as of {moment(local.as_of.now)}", style="bold")
    show(console, explained)
    for model, who in outside.items():
        console.print(f"{model}: this record is outside of 'who' ({who}), so it has no such score.", soft_wrap=True)
    _show_segments(console, segments)


def object_name(text: str) -> str:
    """The object that an argument names, in singular or plural; raises InputError."""
    name = _SINGULAR.get(text.lower(), text.lower())
    if name not in OBJECTS:
        raise InputError(f"'{text}' is none of contacts, companies, deals; those are the objects that have scores.")
    return name


def title(record: StoredRecord) -> str:
    """A record as a person knows it."""
    keys = {"contacts": "email", "companies": "domain"}
    shown = record.properties.get(keys.get(record.object, "")) or ""
    return f"{record.object} {record.record_id} {clean(shown)}".strip()


def show(console: Console, explained: Sequence[Explained]) -> None:
    """A table per model, its last line the sum."""
    for each in explained:
        _show_model(console, each)


def _show_model(console: Console, explained: Explained) -> None:
    found = explained.explanation
    head = Text.assemble((found.model, "bold cyan"), f"  {_score(explained)}  known data {found.known_data:.0%}")
    console.print(head)
    lines = render.table("#points", "rule", "reason")
    for line in found.contributions:
        if line.known and line.points:
            lines.add_row(points(line.points), line.rule, line.reason)
    lines.add_section()
    lines.add_row(Text(points(found.total, sign=False), style="bold"), Text("sum", style="bold"), _verdict(explained))
    console.print(lines)
    quiet = [line.reason for line in found.contributions if line.known and not line.points]
    unknown = [line.reason for line in found.contributions if not line.known]
    for key, value in found.extras.items():
        console.print(f"  {key.replace('_', ' ')}: {'unknown' if value is None else value}")
    if unknown:
        console.print(f"  unknown, so no points: {'; '.join(unknown)}", style="yellow", soft_wrap=True)
    if quiet:
        console.print(f"  known, and no points: {'; '.join(quiet)}", style="dim", soft_wrap=True)
    _show_published(console, explained)


def _show_segments(console: Console, segments: Sequence[Belongs]) -> None:
    if not segments:
        return
    table = render.table("segment", "belongs", "since", "condition", "why", title="Segments")
    marks = {True: Text("yes", style="green"), False: Text("no", style="dim"), None: Text("unknown", style="yellow")}
    for each in segments:
        since = f"{each.since:%Y-%m-%d}" if each.since is not None else ""
        table.add_row(each.segment, marks[each.belongs], since, each.condition, each.why)
    console.print(table)


def _score(explained: Explained) -> str:
    score, tier = explained.explanation.score, explained.tier
    number = "no score" if score is None else f"score {score}"
    return f"{number}, tier {tier}" if tier else number


def _verdict(explained: Explained) -> str:
    score = explained.explanation.score
    if score is None:
        return "too little is known to publish it"
    same = explained.explanation.total == score
    return "= the score" if same else f"differs from the score {score}; please report it"


def _show_published(console: Console, explained: Explained) -> None:
    last = explained.published
    if last is not None:
        score = "no score" if last.score is None else points(last.score, sign=False)
        console.print(f"  last published {moment(last.as_of)}: {score}{f', tier {last.tier}' if last.tier else ''}")
    if explained.refresh:
        console.print(f"  {explained.refresh}", soft_wrap=True)
    for name, value in explained.hubspot.items():
        shown = clean(value, 250) if value else "(empty)"
        console.print(Text.assemble(f"  in HubSpot  {name} = ", shown), soft_wrap=True)
    console.print()
