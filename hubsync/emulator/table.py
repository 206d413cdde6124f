"""The table of all routes for the docs: `python -m hubsync.emulator.table docs/emulator.md` renews it in a file."""

from __future__ import annotations

import sys
from pathlib import Path

from hubsync.emulator.route import Route
from hubsync.emulator.routes import ROUTES

BEGIN, END = "<!-- routes: made by python -m hubsync.emulator.table -->", "<!-- end of routes -->"


def table() -> str:
    """All routes in the order of their paths, as Markdown."""
    lines = ["| Route | What it does | Known from | Verified |", "|---|---|---|---|"]
    lines += [_row(route) for route in sorted(ROUTES, key=lambda one: (one.family[0] + one.template, one.method))]
    return "\n".join(lines)


def _row(route: Route) -> str:
    paths = "<br>".join(f"`{prefix}{route.template}`" for prefix in route.family)
    verified = "yes" if route.verified else "no"
    told = route.told.replace("|", "\\|")
    return f"| {route.method} {paths} | {told} | {route.source} | {verified} |"


def renewed(text: str) -> str:
    """The text of the docs with the table of now between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
