"""The texts that the tests of the documentation read, and how they take them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from hubsync.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EMULATOR = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(title: str, text: str = README) -> str:
    """What stands under a heading, down to the next one of its rank or higher."""
    level, _, _ = title.partition(" ")
    start = text.index(f"\n{title}\n") + len(title) + 2
    end = re.search(rf"^#{{1,{len(level)}}} ", text[start:], re.MULTILINE)
    return text[start : start + end.start()] if end else text[start:]


def quoted(text: str) -> set[str]:
    """What stands in code quotes outside of code blocks, whole and word by word."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return {word for span in spans for word in (span, *re.split(r"[ ,:]+", span))}


def row(text: str, start: str) -> str:
    """The line of a table that begins with this cell."""
    found = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    assert found, f"no row begins with {start}"
    return found[0]


def commands() -> dict[str, Any]:
    """The commands of the program by name."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def options(command: Any) -> Iterator[str]:
    """The long options of a command."""
    for parameter in command.params:
        yield from (option for option in parameter.opts if option.startswith("--") and option != "--help")


def headings(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}
