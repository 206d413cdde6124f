"""`hubsync history`: the life of a record's scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from hubsync.cli import render
from hubsync.cli.explain import object_name, title
from hubsync.cli.explaining import find
from hubsync.cli.lives import Course, Move, SegmentMove, Tracing, segment_moves
from hubsync.cli.options import Json, settings
from hubsync.cli.output import clean, counted, emit, points, screen
from hubsync.scoring.declarations import EXTRAS
from hubsync.store import Life
from hubsync.workspace import Local

_LEVELS = "▁▂▃▄▅▆▇█"
_SHOWN = 5


def history(
    object_: Annotated[str, typer.Argument(metavar="contacts|companies|deals")],
    record: Annotated[str, typer.Argument(metavar="ID", help="Or a contact's email, or a company's domain.")],
    *,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Of this model alone.")] = None,
    moves: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Of so many last moves, which lines moved; each scores two days anew."),
    ] = _SHOWN,
    json: Json = False,
) -> None:
    """Show every published score of a record, and what made it move."""
    name = object_name(object_)
    local = Local.open(settings())
    found = find(local.store, name, record)
    tracing = Tracing(local.catalog, local.store, local.account.get("time_zone", "UTC"))
    life = tracing.life(found)
    courses = tracing.courses(found, life, lines=moves, model=model)
    changed = segment_moves(life) if model is None else []
    if json:
        emit({
            "object": name,
            "record_id": found.record_id,
            "portal_id": local.store.portal_id,
            "models": [_data(course) for course in courses],
            "segments": changed,
            "merges": [{"record_id": old, "at": at} for old, at in life.merges],
        })  # fmt: skip
        return
    console = screen()
    console.print(f"{title(found)}: what was published", style="bold")
    for course in courses:
        _show(console, course)
    _show_segments(console, changed)
    _show_merges(console, life)


def _data(course: Course) -> dict[str, Any]:
    return {
        "model": course.model,
        "published": [_move(move) for move in course.moves],
        "held": course.held,
    }


def _move(move: Move) -> dict[str, Any]:
    entry, before = move.entry, move.before
    lines = [] if move.lines is None else move.lines
    return {
        "as_of": entry.as_of,
        "run_id": entry.run_id,
        "record_id": entry.own_id,
        "version": entry.version,
        "score": entry.score,
        "score_before": before.score if before else None,
        "tier": entry.tier,
        "tier_before": before.tier if before else None,
        "known_data": entry.known_data,
        "extras": {key: _typed(key, value) for key, value in entry.extras.items()},
        "causes": move.causes,
        "why": entry.why,
        "lines": None if move.lines is None else [
            {"rule": line.rule, "reason": line.reason, "before": line.before, "after": line.after,
             "points": line.points} for line in lines
        ],
        "note": move.note,
    }  # fmt: skip


def _show(console: Console, course: Course) -> None:
    head = Text.assemble((course.model, "bold cyan"), f"  {sparkline([move.entry.score for move in course.moves])}")
    console.print(head)
    table = render.table("date (UTC)", "#score", "tier", "what happened")
    for move in course.moves:
        table.add_row(f"{move.entry.as_of:%Y-%m-%d %H:%M}", _scores(move), _tiers(move), _told(move))
        for line in move.lines or ():
            step = f"{points(line.before, sign=False)} to {points(line.after, sign=False)}"
            table.add_row("", points(line.points), "", Text(f"{line.reason} ({line.rule}: {step})", style="dim"))
    console.print(table)
    for stretch in course.held:
        days = f"{stretch.first:%Y-%m-%d} to {stretch.last:%Y-%m-%d}"
        console.print(
            Text.assemble(f"  held {days}, {counted(stretch.runs, 'run')}: ", clean(stretch.reason, 250)),
            style="yellow", soft_wrap=True,
        )  # fmt: skip


def _told(move: Move) -> Text:
    """Causes first, then what stands beside the score, the reasons that were told then, and why no lines are shown."""
    parts = [*move.causes, *_beside(move), *([move.entry.why] if move.entry.why else [])]
    told = clean("; ".join(parts), 400)
    return Text.assemble(told, (f" [{move.note}]", "dim")) if move.note else told


def _beside(move: Move) -> Iterator[str]:
    for key, now in move.entry.extras.items():
        before = move.before.extras.get(key) if move.before else None
        told, told_before = (_spoken(_typed(key, each)) for each in (now, before))
        if told:
            yield f"{key.replace('_', ' ')} {f'{told_before} to ' if told_before not in ('', told) else ''}{told}"


def _spoken(value: Decimal | str | None) -> str:
    return points(value, sign=False) if isinstance(value, Decimal) else value or ""


def _typed(key: str, value: str | None) -> Decimal | str | None:
    return Decimal(value) if value is not None and EXTRAS.get(key) == "number" else value


def _scores(move: Move) -> str:
    now, before = move.entry.score, move.before.score if move.before else None
    if before is None or now is None or before == now:
        return _number(now)
    return f"{_number(before)} to {_number(now)}"


def _number(score: Decimal | None) -> str:
    return "none" if score is None else points(score, sign=False)


def _tiers(move: Move) -> str:
    now, before = move.entry.tier, move.before.tier if move.before else None
    return f"{before} to {now or 'none'}" if before and before != now else now or ""


def sparkline(scores: Sequence[Decimal | None]) -> str:
    """The scores as a row of bars between the least and the most of them; a gap where there was none."""
    known = [score for score in scores if score is not None]
    if not known:
        return ""
    least, width = min(known), max(known) - min(known)
    top = len(_LEVELS) - 1
    return "".join(
        " " if score is None else _LEVELS[round((score - least) / width * top) if width else top // 2]
        for score in scores
    )


def _show_segments(console: Console, changed: Sequence[SegmentMove]) -> None:
    if not changed:
        return
    table = render.table("date (UTC)", "entered", "left", "belongs to", title="Segments")
    for each in changed:
        cells = (", ".join(part) for part in (each.entered, each.left, each.segments))
        table.add_row(f"{each.as_of:%Y-%m-%d %H:%M}", *cells)
    console.print(table)


def _show_merges(console: Console, life: Life) -> None:
    for old, at in life.merges:
        console.print(f"Record {old} was merged into this one on {at:%Y-%m-%d}.")
