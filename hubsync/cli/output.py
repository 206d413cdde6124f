"""What goes to the screen, and what goes to programs: one JSON object on stdout, people's words beside it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from hubsync.cli.options import typed

_WIDTH_OF_FILES = 120
_A_YEAR = 365


def screen() -> Console:
    """The console on stdout; wider than a terminal's default where the output goes to a file."""
    return _console(stderr=False)


def beside() -> Console:
    """The console on stderr, for progress and errors."""
    return _console(stderr=True)


class _Screen(Console):
    """A console whose sentences advise commands as they have to be typed."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a text of a string."""
        return super().render_str(typed(text), **options)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _WIDTH_OF_FILES
    return _Screen(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


class Beside(logging.Handler):
    """Shows what the parts of hubsync log, such as a wait for HubSpot, on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Show one message."""
        beside().print(f"  {record.getMessage()}", style="dim", soft_wrap=True)


def emit(data: Mapping[str, Any]) -> None:
    """Write one JSON object to stdout."""
    sys.stdout.write(orjson.dumps(plain(data), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """A value as JSON can say it: exact numbers, naive UTC times with Z, dataclasses as objects."""
    if isinstance(value, str):
        return typed(value)
    if isinstance(value, Decimal):
        # At most 13 digits: the shortest text of the float is the decimal itself.
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(each) for each in value)
    if isinstance(value, date | Path):
        return str(value)
    return value


def clean(value: object, longest: int = 80) -> Text:
    """Foreign text as it may stand on a screen: no control characters, no markup, not too long."""
    text = "".join(letter if letter.isprintable() else "·" for letter in typed(str(value)))
    return Text(text if len(text) <= longest else f"{text[: longest - 1]}…")


def megabytes(count: int) -> str:
    """A size for people."""
    return f"{count / 1_000_000:,.1f} MB"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 call, 2 calls."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def points(number: Decimal, *, sign: bool = True) -> str:
    """A number of points without needless zeros."""
    text = f"{number.normalize():{'+' if sign else ''}f}"
    return "0" if number == 0 else text


def lasting(days: int) -> str:
    """A span of days as hubsync.yaml says it: in years or months where it is so many whole ones."""
    for unit, length in (("year", 365), ("month", 30)):
        if days >= _A_YEAR and days % length == 0:
            return counted(days // length, unit)
    return counted(days, "day")


def moment(value: datetime | None) -> str:
    """A naive UTC time for people."""
    return "never" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"
