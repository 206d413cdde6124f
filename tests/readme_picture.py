"""Draws `.readme/demo.svg`, the README's picture: an excerpt of what `hubsync demo` prints.

    python tests/readme_picture.py [--output FILE]

It runs the demo, takes the parts named in `PARTS` from its output, line by line as they are, and leaves `...` where
something is left out. With `--output`, a file with the demo's output (made under FORCE_COLOR=1) is read instead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE = Path(__file__).parents[1] / ".readme" / "demo.svg"
WIDTH = 100
# How each part begins, in the order of the output, and how many paragraphs of it are shown.
PARTS = (
    ("Pulled ", 1),
    ("customer  (", 1),
    ("combined  (", 1),
    ("the customer most at risk: ", 1),
    ("API calls: ", 1),
)
THEME = TerminalTheme(
    (22, 27, 34), (222, 226, 230),
    [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255), (57, 197, 207),
     (177, 186, 196)],
)  # fmt: skip
# The fonts of the reader's machine: a picture in a README may load nothing.
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>
<g transform="translate({terminal_x}, 18)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    """Draw the picture anew."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--output", type=Path)
    given = arguments.parse_args()
    output = given.output.read_text(encoding="utf-8") if given.output else _demo()
    console = Console(
        record=True, width=WIDTH, file=StringIO(), color_system="standard", force_terminal=True, highlight=False,
    )  # fmt: skip
    for line in excerpt(Text.from_ansi(output).split("\n")):
        console.print(line)
    svg = console.export_svg(theme=THEME, code_format=SVG, unique_id="demo")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text("".join(f"{line.rstrip()}\n" for line in svg.splitlines() if line.strip()), encoding="utf-8")
    sys.stdout.write(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes\n")


def excerpt(lines: list[Text]) -> Iterator[Text]:
    """The parts of the demo's output that the picture shows."""
    yield Text("$ hubsync demo", style="bold")
    end = 0
    for start, paragraphs in PARTS:
        at = next((place for place, line in enumerate(lines) if line.plain.startswith(start)), None)
        if at is None:
            sys.exit(f"The demo's output has no line that begins with '{start}'; see PARTS.")
        left_out = any(line.plain.strip() for line in lines[end:at])
        yield Text("..." if left_out else "", style="dim")
        end = at
        while paragraphs and end < len(lines):
            # A table's own margins are lines of spaces; only an empty line ends a paragraph.
            paragraphs -= lines[end].plain == ""
            if lines[end].plain.strip():
                yield lines[end]
            end += 1


def _demo() -> str:
    command = [str(Path(sys.executable).parent / "hubsync"), "demo"]
    environment = os.environ | {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": str(WIDTH)}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
