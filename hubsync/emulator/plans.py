"""What each plan of HubSpot allows: limits (api-facts §2) and products.

Which products a plan has is unverified, except that event occurrences need Enterprise; it is all in this file.
"""

from __future__ import annotations

from typing import NamedTuple

PLANS = ("free", "starter", "pro", "enterprise", "off")
"""`off` is a plan of the emulator: no limits, every product."""


class Quota(NamedTuple):
    """Calls allowed per token in ten seconds and per account in a day."""

    burst: int
    daily: int


QUOTAS: dict[str, Quota] = {
    "free": Quota(100, 250_000),
    "starter": Quota(100, 250_000),
    "pro": Quota(190, 625_000),
    "enterprise": Quota(190, 1_000_000),
}

_PRODUCTS: dict[str, frozenset[str]] = {
    "workflows": frozenset({"pro", "enterprise", "off"}),
    "custom events": frozenset({"enterprise", "off"}),
    "event occurrences": frozenset({"enterprise", "off"}),
    "feedback_submissions": frozenset({"pro", "enterprise", "off"}),
}

LISTS: dict[str, tuple[int, int]] = {
    "free": (5, 5),
    "starter": (25, 25),
    "pro": (1_500, 1_500),
    "enterprise": (1_500, 1_500),
}
"""How many active and how many static lists a portal can have: figures of 2019, that of Free a guess."""

FLOWS = {"pro": 300, "enterprise": 1_000}
"""How many workflows a portal can have, as the community says."""

CUSTOM_PROPERTIES = 1_000
"""How many custom properties one object type can have; commonly cited, and unverified for each plan."""

# Unverified, each of them.
CALCULATED_PROPERTIES = 25
RECORDS = 15_000_000
PIPELINES = {"free": 1, "starter": 2, "pro": 15, "enterprise": 100, "off": 100}


def includes(plan: str, product: str) -> bool:
    """Whether a plan has a product; products that are not named here are in all plans."""
    return plan in _PRODUCTS.get(product, PLANS)
