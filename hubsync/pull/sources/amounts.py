"""Amounts as rows give them: exact, in the company's currency, or unknown."""

from __future__ import annotations

from decimal import Decimal

from hubsync.store.values import finite

_MOST = Decimal(10) ** 12


def amount(text: str | None) -> Decimal | None:
    """The number, to six decimals; None for what is none, or too large to be added up exactly."""
    number = finite(text)
    return round(number, 6) if number is not None and abs(number) < _MOST else None


def money(text: str | None, currency: str | None, home: str) -> tuple[Decimal | None, str | None]:
    """An amount, and its currency unless that is the company's: a foreign amount is unknown."""
    code = (currency or "").strip().upper()
    return (amount(text), None) if code in ("", home.upper()) else (None, code)
