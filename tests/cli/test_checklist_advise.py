"""What `hubsync advise` shows of coverage, and says to portals with few customers (checklist 86, 112, 143)."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from hubsync.advice import Advice, ModelAdvice
from hubsync.cli.advise import show_advice

HEALTH = ModelAdvice("health", "renewal", "renews", "companies", False, 40, 30, 0.8, (), (), (), 1, ())


@pytest.mark.parametrize(("customers", "told"), [(499, True), (500, False), (0, False)])
def test_few_customers_begin_with_rules(customers: int, told: bool) -> None:
    """Under 500 customers five to eight signals by hand, and two quarters of checking, come before training (143)."""
    said = StringIO()
    show_advice(Console(file=said, width=200, markup=False), Advice((HEALTH,), ("health",), customers, 1), None)
    text = " ".join(said.getvalue().split())

    assert "health renewal 40 75% 80%" in text
    assert "In hubsync.yaml: models: [health]" in text
    advice = "keep to rules of five to eight signals, and check them against what happens for two quarters"
    assert (advice in text) == told
