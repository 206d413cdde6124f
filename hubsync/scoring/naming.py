"""The names of the lines of an explanation."""

from __future__ import annotations

import re


def line_name(name: str | None, reason: str) -> str:
    """The name that was given, or one made of the reason."""
    return name or re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")[:60] or "rule"
