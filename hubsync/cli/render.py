"""Tables, matrices and bars for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hubsync.cli.output import clean
from hubsync.types import Change, Guard

_NONE = "(none)"
_BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def table(*headers: str, title: str | None = None) -> Table:
    """An empty table; headers that begin with `#` are columns of numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        number = header.startswith("#")
        made.add_column(header.removeprefix("#"), justify="right" if number else "left", overflow="fold")
    return made


def bar(share: float, width: int = _BAR) -> str:
    """A bar of block characters for a share between 0 and 1."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def histogram(title: str, bins: Sequence[tuple[str, int]]) -> RenderableType:
    """How many records fall into each bin, as bars."""
    total = sum(count for _, count in bins)
    most = max((count for _, count in bins), default=0) or 1
    lines = [Text(f"{title}  ({total:,} records)", style="bold")]
    for label, count in bins:
        lines.append(Text(f"  {label:>9}  {bar(count / most):<{_BAR}} {count:>7,}"))
    return Group(*lines, Text())


def matrix(model: str, moves: Mapping[tuple[str, str], int], order: Sequence[str]) -> RenderableType:
    """Records by old tier (rows) and new tier (columns); those that stay are dim."""
    old = _ordered({old for old, _ in moves}, order)
    new = _ordered({new for _, new in moves}, order)
    made = table("from / to", *(f"#{each or _NONE}" for each in new), title=f"Tiers of {model}")
    for before in old:
        cells = []
        for after in new:
            count = moves.get((before, after), 0)
            cells.append(Text(f"{count:,}" if count else "·", style="dim" if before == after or not count else "bold"))
        made.add_row(before or _NONE, *cells)
    return made


def _ordered(tiers: set[str], order: Sequence[str]) -> list[str]:
    rank = {tier: number for number, tier in enumerate(order)}
    return sorted(tiers, key=lambda tier: (tier != "", rank.get(tier, len(rank)), tier))


def changes(rows: Iterable[Change]) -> Table:
    """Changes, old and new side by side."""
    made = table("object", "record", "property", "now in HubSpot", "would be")
    for row in rows:
        made.add_row(row.object, clean(row.record_id), row.property, _value(row.before), _value(row.after))
    return made


def _value(value: str | None) -> Text:
    return clean(value, 60) if value else Text("(empty)", style="dim")


def guards(checked: Sequence[Guard]) -> Table:
    """The guards with what they found."""
    made = table("guard", "", "what it found")
    for guard in sorted(checked, key=lambda each: not each.held):
        verdict = Text("HELD", style="bold red") if guard.held else Text("ok", style="green")
        made.add_row(guard.name, verdict, guard.message)
    return made
