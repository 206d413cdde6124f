"""Where events come from, for people: a table of sources, and each reason once with the sources that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from hubsync.cli import render
from hubsync.cli.output import clean


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source (`login/counters`) with its status, what stands in for it and why it is not used."""

    kind: str
    source: str
    status: str
    instead: str
    reason: str


def show_sources(console: Console, title: str, lines: Iterable[SourceLine]) -> None:
    """The table; of sources that are used nothing more is said."""
    made = render.table("event", "source", "", "instead", title=title)
    reasons: dict[str, list[str]] = {}
    for line in lines:
        used = line.status == "active"
        mark = Text("used", style="green") if used else Text(line.status, style="yellow")
        made.add_row(line.kind, line.source.partition("/")[2], mark, "" if used else line.instead)
        if not used:
            reasons.setdefault(line.reason, []).append(line.source)
    console.print(made)
    for reason, sources in reasons.items():
        console.print(Text.assemble(f"  {', '.join(sources)}: ", clean(reason, 300)), soft_wrap=True)
